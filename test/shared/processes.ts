/** Child processes that share a store: bundled once, started quickly, ended with this process. */

import { spawn, type ChildProcess } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { privateDir, removeAtExit } from '../servers/private-server.ts';
import type { Task, TaskResult } from './tasks.ts';

const PROCESS_MS_MAX = 60_000;
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

let bundled: Promise<string> | undefined;

/** The worker as one file of JavaScript, beside the packages that it loads. */
async function bundle(): Promise<string> {
  const dir = privateDir('worker');
  removeAtExit(dir);
  const outfile = join(dir, 'worker.mjs');
  symlinkSync(MODULES, join(dir, 'node_modules'));
  await build({
    entryPoints: [WORKER],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  return outfile;
}

/**
 * Gives each task to a process of its own; all begin at once, when the last is ready. Resolves to
 * what they report, in the order of the tasks.
 */
export async function runTogether(tasks: readonly Task[]): Promise<readonly TaskResult[]> {
  bundled ??= bundle();
  const file = await bundled;
  const children = tasks.map(() => start(file));
  const late = setTimeout(() => {
    for (const { child } of children) child.kill('SIGKILL');
  }, PROCESS_MS_MAX);
  try {
    const ready = children.map(async ({ said }, index) => await said('ready', tasks[index]));
    await Promise.all(ready);
    return await Promise.all(children.map(async ({ said }) => await said('result', 'go')));
  } finally {
    clearTimeout(late);
    for (const { child } of children) child.kill('SIGKILL');
  }
}

interface Started {
  readonly child: ChildProcess;
  /** Tells the child something and resolves to what it says next under the name. */
  readonly said: (name: string, tell: unknown) => Promise<TaskResult>;
}

function start(file: string): Started {
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const said = async (name: string, tell: unknown): Promise<TaskResult> =>
    await new Promise((resolve, reject) => {
      child.once('close', (code, signal) =>
        reject(new Error(`the process ended before "${name}" (${signal ?? code}):\n${errors}`)),
      );
      child.once('message', (message: Readonly<Record<string, TaskResult>>) => {
        const found = message[name];
        if (found === undefined) reject(new Error(JSON.stringify(message)));
        else resolve(found);
      });
      child.send(tell as object);
    });
  return { child, said };
}
