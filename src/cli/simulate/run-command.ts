import { spawn, type ChildProcess } from 'node:child_process';
import type { DurationMs } from '../../units/time.ts';
import type { World } from '../command.ts';
import { usageError } from '../usage-error.ts';
import type { Environment } from './child-environment.ts';

/** A program to run, and with what. */
export interface CommandTerms {
  /** The program and its arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly env: Environment;
  /** It is ended after so long, and that is as good as ending by itself; `undefined`: never. */
  readonly endAfterMs: DurationMs | undefined;
}

/** How long a command that was asked to end may take, until it is ended. */
const GRACE_MS = 5_000;

/**
 * Runs it to its end and resolves to its exit code, or `null` where a signal ended it. What it and
 * its own children print goes to standard error. Rejects with `COMMAND_INVALID` where it cannot be
 * started.
 */
export function runCommand(
  { command: [program = '', ...args], env, endAfterMs }: CommandTerms,
  { cwd, err, signal }: Pick<World, 'cwd' | 'err' | 'signal'>,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that all that it started can be ended with it.
    const child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timers: NodeJS.Timeout[] = [];
    let isTimeUp = false;
    const end = (): void => {
      endGroup(child, 'SIGTERM');
      timers.push(setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS));
    };
    const rest = (): void => {
      signal.removeEventListener('abort', end);
      for (const timer of timers) clearTimeout(timer);
    };
    const timeUp = (): void => {
      isTimeUp = true;
      end();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    if (endAfterMs !== undefined) timers.push(setTimeout(timeUp, endAfterMs));
    child.stdout.setEncoding('utf8').on('data', (text: string) => err.write(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => err.write(text));
    child.once('error', (error) => {
      rest();
      reject(
        usageError(
          `${JSON.stringify(program)} cannot be started (${error.message})`,
          'Say a program and its arguments behind --, as in: hardcap simulate -- npm test',
        ),
      );
    });
    child.once('close', (code) => {
      rest();
      resolve(isTimeUp ? 0 : code);
    });
  });
}

function endGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // There is no group of that number: it is gone already, or the system has no groups.
    child.kill(signal);
  }
}
