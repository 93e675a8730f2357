import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { World } from '../../src/cli/command.ts';
import { paintOf } from '../../src/cli/frame/paint.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { simulate } from '../../src/cli/simulate/command.ts';
import { epochMs, type EpochMs } from '../../src/units/time.ts';

/** The day on which tests simulate; its prices count. */
export const TODAY = epochMs(Date.UTC(2026, 10, 22, 10))!;

/** What a run of the program came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-simulate-test-'));
  folders.push(folder);
  return folder;
}

/** The world of a command: what it writes is kept, and it is always `TODAY` unless `clock` is. */
export function worldOf(
  cwd: string,
  {
    env = {},
    isTerminal = false,
    clock = () => TODAY,
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly isTerminal?: boolean;
    readonly clock?: () => EpochMs;
  } = {},
) {
  const written = { out: '', err: '' };
  const paint = paintOf({ env: { NO_COLOR: '1' }, isTerminal: false });
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => void (written[name] += text),
    isTerminal,
    size: () => ({ columns: 120, rows: 40 }),
    paint,
  });
  const world: World = {
    cwd,
    // The preload is run from its source here, which takes a loader.
    env: { PATH: process.env['PATH'], NODE_OPTIONS: `--import ${TSX}`, ...env },
    clock,
    out: stream('out'),
    err: stream('err'),
    keys: { isTerminal: false, listen: () => () => undefined },
    onResize: () => () => undefined,
    signal: new AbortController().signal,
  };
  return { world, written };
}

/** Runs `hardcap simulate` with these arguments. */
export async function simulated(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { world, written } = worldOf(cwd, { env });
  const program = { commands: [simulate], version: '0' };
  const code = await runProgram(['simulate', ...args], program, world);
  return { code, ...written };
}

const TSX = import.meta.resolve('tsx');

/** A program of `test/simulate/apps`. */
export function appFile(name: string): string {
  return fileURLToPath(new URL(`apps/${name}.ts`, import.meta.url));
}
