import type { World } from '../../src/cli/command.ts';
import { paintOf } from '../../src/cli/frame/paint.ts';
import type { EpochMs } from '../../src/units/time.ts';
import { NOON } from './clock.ts';

/** A world without a terminal, and what was written in it. */
export interface FakeWorld extends World {
  readonly written: { out: string; err: string };
}

/** A world in a folder, at noon unless another instant is given. */
export function fakeWorld(cwd: string, now: EpochMs = NOON): FakeWorld {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTerminal: false,
    size: () => ({ columns: 100, rows: 40 }),
    paint: paintOf({ env: {}, isTerminal: false }),
  });
  return {
    cwd,
    env: {},
    clock: () => now,
    out: stream('out'),
    err: stream('err'),
    keys: { isTerminal: false, listen: () => () => undefined },
    onResize: () => () => undefined,
    signal: new AbortController().signal,
    written,
  };
}
