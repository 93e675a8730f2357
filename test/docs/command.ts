/** Shell commands of the pages: found, taken apart, and matched with what runs them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { published, ROOT } from '../../scripts/docs/navigation.ts';

/** One command line of a page. */
export interface Command {
  readonly page: string;
  /** Its line on the page. */
  readonly line: number;
  /** As it stands there, without its comment and what follows `&&`. */
  readonly text: string;
}

/** A command that is not run here: why, and which test runs it. */
export interface RunElsewhere {
  readonly command: RegExp;
  readonly why: string;
  /** A test file that runs it, or the continuous integration itself. */
  readonly by: string;
}

const FENCE = /^```(sh|bash|shell|console)\b[^\n]*\n(.*?)^```$/gms;

/** Every command of a page’s shell blocks, in order. */
export function commandsOf(page: string, text = readFileSync(join(ROOT, page), 'utf8')) {
  const commands: Command[] = [];
  for (const found of text.matchAll(FENCE)) {
    const first = text.slice(0, found.index).split('\n').length + 1;
    for (const [index, line] of (found[2] ?? '').split('\n').entries()) {
      const bare = withoutComment(line).trim();
      for (const part of bare.split(' && ').filter((one) => one !== '')) {
        commands.push({ page, line: first + index, text: part });
      }
    }
  }
  return commands;
}

/** Every command of all pages. */
export function allCommands(): readonly Command[] {
  return published().flatMap((page) => commandsOf(page));
}

/** A line up to its comment; `#` inside quotes or a word is none. */
function withoutComment(line: string): string {
  const found = /^(?:[^'"#]|'[^']*'|"[^"]*"|(?<=\S)#)*/.exec(line)?.[0] ?? line;
  return found;
}

/** What `hardcap` is given, and the environment before it; `undefined` for another program. */
export function hardcapLine(text: string) {
  const found = /^((?:[A-Z][A-Z0-9_]*=\S+ )*)(?:npx )?hardcap( .*|$)/.exec(text);
  if (found === null) return undefined;
  const [, assignments = '', rest = ''] = found;
  const env = Object.fromEntries(
    assignments
      .trim()
      .split(' ')
      .filter(Boolean)
      .map((one) => one.split(/=(.*)/s).slice(0, 2)),
  ) as Readonly<Record<string, string>>;
  return { env, rest: rest.trim() };
}
