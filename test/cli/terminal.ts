/** The program run in this process, with a terminal that remembers what was written on it. */

import { COMMANDS } from '../../src/cli/commands.ts';
import type { Stream, World } from '../../src/cli/command.ts';
import { paintOf } from '../../src/cli/frame/paint.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { systemClock, type Clock } from '../../src/units/time.ts';

/** What a run of the program came to. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** What was written, as JSON. Throws when it is none. */
  // The caller says of which form it must be; the tests are what checks it.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  readonly json: <T>() => T;
}

/** What of the world is other than that of a plain pipe. */
export interface Around {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly signal?: AbortSignal;
}

/** A screen whose keys a test presses, and whose size it changes. */
export interface Terminal {
  readonly world: World;
  written(): string;
  told(): string;
  press(key: string): void;
  resize(columns: number, rows: number): void;
  /** How many listen to keys now. */
  listeners(): number;
}

/** A world of its own for one run. */
export function terminal(around: Around = {}): Terminal {
  const { cwd = process.cwd(), env = {}, clock = systemClock, isTerminal = false } = around;
  let size = { columns: around.columns ?? 200, rows: around.rows ?? 24 };
  const texts = { out: '', err: '' };
  const [keys, resizes] = [new Set<(key: string) => void>(), new Set<() => void>()];
  const stream = (name: 'out' | 'err'): Stream => ({
    write: (text) => (texts[name] += text),
    isTerminal,
    size: () => size,
    paint: paintOf({ env, isTerminal }),
  });
  const listening =
    <T>(set: Set<T>) =>
    (listener: T) => {
      set.add(listener);
      return () => void set.delete(listener);
    };
  return {
    world: {
      cwd,
      env: { USER: 'ada', ...env },
      clock,
      out: stream('out'),
      err: stream('err'),
      keys: { isTerminal, listen: listening(keys) },
      onResize: listening(resizes),
      signal: around.signal ?? new AbortController().signal,
    },
    written: () => texts.out,
    told: () => texts.err,
    press: (key) => keys.forEach((listener) => listener(key)),
    resize(columns, rows) {
      size = { columns, rows };
      resizes.forEach((listener) => listener());
    },
    listeners: () => keys.size + resizes.size,
  };
}

/** Runs one command line to its end. */
export async function hardcap(args: readonly string[], around: Around = {}): Promise<Ran> {
  const one = terminal(around);
  const exit = await runProgram(args, { commands: COMMANDS, version: '0.0.0' }, one.world);
  const [out, err] = [one.written(), one.told()];
  return { exit, out, err, json: () => JSON.parse(out) };
}

/** Words of a command line, as a shell takes it apart: quotes, and nothing after `>` or `|`. */
export function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  );
  const end = words.findIndex((word) => word === '>' || word === '|');
  return end < 0 ? words : words.slice(0, end);
}
