/** The programs of the corpus, with what their comments say of them. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './execute.ts';

/** The folder of the corpus, with a slash at its end. */
export const CORPUS = fileURLToPath(new URL('../corpus/', import.meta.url));

/** A line that a rule must report; `tsc` where the compiler does. */
export interface Label {
  readonly line: number;
  readonly rule: string;
}

/** One program. */
export interface Program {
  /** Relative to the corpus. */
  readonly file: string;
  /** The rule whose folder it lies in, or `nine` or `race`. */
  readonly rule: string;
  readonly verdict: 'good' | 'bad';
  readonly labels: readonly Label[];
  /** Believed out of reach of an analysis: a bad one may be missed, a good one may be reported. */
  readonly hard: boolean;
  /** How the runtime meets it; `null` where it cannot be run by itself. */
  readonly runtime: Outcome | null;
  /** SHA-256 of its text. */
  readonly hash: string;
}

/** What a label may name. */
const RULES: ReadonlySet<string> = new Set([
  'no-use-after-move',
  'no-alias',
  'no-fan-out',
  'no-leaked-budget',
  'no-floating-reservation',
  'no-unguarded-client',
  'no-swallowed-cap-error',
  'require-output-ceiling',
  'tsc',
]);

/** All programs, in the order of their paths. */
export function readPrograms(): readonly Program[] {
  return readdirSync(CORPUS, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.includes('/') && path.endsWith('.ts'))
    .sort()
    .map((file) => programOf(file, readFileSync(CORPUS + file, 'utf8')));
}

function programOf(file: string, text: string): Program {
  const [rule = '', folder = ''] = file.split('/');
  const verdict = folder === 'good' ? 'good' : 'bad';
  const labels = labelsOf(file, text);
  if (labels.length > 0 !== (verdict === 'bad')) {
    throw new Error(`${file}: a bad program has labels, a good one has none.`);
  }
  if (!/^\/\/ [^!].*\n/.test(text)) throw new Error(`${file}: say in line 1 what it is about.`);
  return {
    file,
    rule,
    verdict,
    labels,
    hard: /^\/\/ hard: /m.test(text),
    runtime: runtimeOf(file, text),
    hash: createHash('sha256').update(text).digest('hex'),
  };
}

function labelsOf(file: string, text: string): readonly Label[] {
  return text.split('\n').flatMap((line, at) => {
    const names = line.split('// ! ')[1]?.split(' ') ?? [];
    const unknown = names.find((name) => !RULES.has(name));
    if (unknown !== undefined) throw new Error(`${file}:${at + 1}: ${unknown} is no rule.`);
    return names.map((rule) => ({ line: at + 1, rule }));
  });
}

/** What `// runtime: ` says; a program that can be run and says nothing is silent. */
function runtimeOf(file: string, text: string): Outcome | null {
  if (!/^export (async )?function run\(/m.test(text)) return null;
  const said = /^\/\/ runtime: (.*)$/m.exec(text)?.[1] ?? 'silent';
  if (said === 'throws' || said === 'audit' || said === 'silent') return said;
  throw new Error(`${file}: runtime is throws, audit or silent, not ${said}.`);
}
