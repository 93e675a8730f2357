import type { CodeFile } from '../read/code-file.ts';
import type { Project } from '../project.ts';

/** A call of `guard.on(...)`, and which events it hears. */
export interface Listeners {
  readonly file: string;
  readonly line: number;
  readonly events: readonly string[];
}

const EVENTS = ['reserved', 'adapted', 'settled', 'refused', 'threshold', 'overdrawn', 'drift'];

/** Every place where somebody listens to a guard. */
export function listenersIn({ code }: Project): readonly Listeners[] {
  return code.filter(({ isTest }) => !isTest).flatMap(listeners);
}

function listeners(file: CodeFile): Listeners[] {
  return file.calls.flatMap((call): Listeners[] => {
    const [event] = call.args;
    if (!/(^|\.)on$/.test(call.path) || event === undefined || call.args.length < 2) return [];
    const said = file.source.said(event);
    // In a loop over a list of names, the names stand in the file.
    const events = said === undefined ? namedIn(file) : EVENTS.filter((one) => one === said);
    if (events.length === 0) return [];
    return [{ file: file.path, line: file.source.line(call.from), events }];
  });
}

function namedIn(file: CodeFile): string[] {
  const texts = new Set(
    file.source.tokens.map((_, at) => file.source.said({ from: at, to: at + 1 })),
  );
  return EVENTS.filter((event) => texts.has(event));
}
