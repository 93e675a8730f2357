import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { PolicyName } from '../policies/policy.ts';
import type { Play } from './play.ts';

/** What the first process is told. */
export interface FirstLifeTask {
  readonly incident: Play['incident'];
  readonly variant: string;
  readonly policy: PolicyName;
  readonly folder: string;
  readonly url: string;
  readonly openaiUrl: string;
  readonly startedAt: number;
}

/** What it says, line by line: what became of each call, and that it may be killed. */
export type FirstLifeEvent = 'answered' | 'refused' | 'in flight' | 'ready';

const ARRIVES_MS_MAX = 5_000;

/**
 * Runs the calls before the crash in a process of its own and kills it with SIGKILL once its last
 * call has reached the provider.
 */
export async function runFirstLife(of: {
  readonly play: Play;
  readonly policy: PolicyName;
  readonly folder: string;
  readonly emulator: Emulator;
}): Promise<{ readonly answered: number; readonly refused: number }> {
  const { emulator, folder, play, policy } = of;
  const task: FirstLifeTask = {
    incident: play.incident,
    variant: play.variant,
    policy,
    folder,
    url: emulator.url,
    openaiUrl: emulator.openaiUrl,
    startedAt: Date.now(),
  };
  const child = spawn(process.execPath, [program(), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const counts = { answered: 0, refused: 0, inFlight: 0 };
  for await (const line of createInterface({ input: child.stdout })) {
    const event = line as FirstLifeEvent;
    if (event === 'ready') break;
    if (event === 'answered') counts.answered += 1;
    if (event === 'refused') counts.refused += 1;
    if (event === 'in flight') counts.inFlight += 1;
  }
  const deadline = Date.now() + ARRIVES_MS_MAX;
  const arrives = counts.answered + counts.inFlight;
  while (emulator.bill().entries.length < arrives && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill('SIGKILL');
  await ended;
  return counts;
}

let compiled: string | undefined;

/** The child as one file, which starts at once; compiled when it is first needed. */
function program(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-incidents-program-'));
  const file = join(folder, 'first-life.mjs');
  const root = new URL('../../', import.meta.url);
  symlinkSync(fileURLToPath(new URL('node_modules', root)), join(folder, 'node_modules'));
  buildSync({
    entryPoints: [fileURLToPath(new URL('first-life.child.ts', import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  compiled = file;
  return file;
}
