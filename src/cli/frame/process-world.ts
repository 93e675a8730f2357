import { userInfo } from 'node:os';
import type { Keyboard, Stream, World } from '../command.ts';
import { systemClock } from '../../units/time.ts';
import { paintOf } from './paint.ts';

const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;

/** What a shell says of a program that was ended by Ctrl+C: 128 and the number of the signal. */
const EXIT_INTERRUPTED = 130;

/** How long a command that was asked to end may take to do so. */
const GRACE_MS = 5_000;

/**
 * The process as a command sees it. The first Ctrl+C or SIGTERM asks the command to end; the second
 * ends the process, and so do five seconds in which it did not end.
 */
export function processWorld(): World {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (ending.signal.aborted) process.exit(EXIT_INTERRUPTED);
      ending.abort();
      setTimeout(() => process.exit(EXIT_INTERRUPTED), GRACE_MS).unref();
    });
  }
  return {
    cwd: process.cwd(),
    env: { USER: userName(), ...process.env },
    clock: systemClock,
    out: streamOf(process.stdout),
    err: streamOf(process.stderr),
    keys: keyboard(),
    onResize(listener) {
      process.stdout.on('resize', listener);
      return () => process.stdout.off('resize', listener);
    },
    signal: ending.signal,
  };
}

function streamOf(stream: NodeJS.WriteStream): Stream {
  // Whoever read has left (`hardcap journal | head`): nobody is there to be told anything.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const isTerminal = stream.isTTY;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    size: () => ({
      columns: positive(stream.columns) ?? COLUMNS_DEFAULT,
      rows: positive(stream.rows) ?? ROWS_DEFAULT,
    }),
    paint: paintOf({ env: process.env, isTerminal }),
  };
}

function keyboard(): Keyboard {
  const { stdin } = process;
  return {
    isTerminal: stdin.isTTY,
    listen(onKey) {
      const onText = (text: string): void => onKey(text);
      stdin.setEncoding('utf8');
      if (stdin.isTTY) stdin.setRawMode(true);
      stdin.on('data', onText);
      stdin.resume();
      return () => {
        stdin.off('data', onText);
        if (stdin.isTTY) stdin.setRawMode(false);
        stdin.pause();
      };
    },
  };
}

/** Who runs the program, where the shell does not say it. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number that no user has: then `--who` must say it.
    return undefined;
  }
}

/** A terminal that does not know its size says 0 or nothing. */
function positive(size: number | undefined): number | undefined {
  return size !== undefined && size > 0 ? size : undefined;
}
