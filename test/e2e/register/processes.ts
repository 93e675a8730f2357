/** Programs that start others. */

import { fork, spawn } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { byHttp, CLAUDE, seen } from './calls.ts';

const PROGRAM = process.argv[1] ?? '';

function ended(child: { once(name: 'exit', fn: (code: number | null) => void): unknown }) {
  return new Promise<number | null>((resolve) => child.once('exit', resolve));
}

/** A child from another folder, and one that is forked, each until something says no. */
export async function children() {
  const options = { cwd: '/', stdio: 'ignore' } as const;
  return [
    await ended(spawn(process.execPath, [PROGRAM, 'runaway'], options)),
    await ended(fork(PROGRAM, ['runaway'], { stdio: 'ignore' })),
  ];
}

/** The same at once, and a thread with them. */
export async function family() {
  const spawned = () => ended(spawn(process.execPath, [PROGRAM, 'runaway'], { stdio: 'ignore' }));
  const thread = new Worker(PROGRAM, { argv: ['runaway'] });
  return Promise.all([spawned(), spawned(), ended(thread)]);
}

/** What a thread may do by itself. */
export async function inThread() {
  // With neither the options of its process nor its environment.
  const bare = process.env['BARE'] === 'yes' ? { execArgv: [], env: addresses() } : {};
  const worker = new Worker(PROGRAM, { argv: ['oneEach'], stdout: true, ...bare });
  let text = '';
  worker.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const code = await ended(worker);
  return { code, seen: JSON.parse(text.split('RESULT ')[1] ?? 'null') as unknown };
}

function addresses(): NodeJS.ProcessEnv {
  const names = ['ANTHROPIC_URL', 'HARDCAP_HOSTS', 'HARDCAP_GLOBAL_CAP_PER_DAY_USD'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}

export async function oneEach() {
  const { ANTHROPIC } = await import('./calls.ts');
  const body = JSON.stringify(CLAUDE);
  const web = await fetch(`${ANTHROPIC}/v1/messages`, { method: 'POST', body });
  const low = await seen(() => byHttp(body));
  // Only now: whoever imports it is guarded from then on.
  const { registeredGuard } = await import('../../../src/register/register.ts');
  let guard = 'there';
  try {
    registeredGuard();
  } catch (error) {
    guard = String((error as { code?: unknown }).code);
  }
  return { web: web.status, low: low.status ?? low.code, guard };
}

/** Says that it ran, which a process that cannot be guarded must not. */
export function hello() {
  return 'hello';
}

/** One call under the scopes of the environment, and one under more. */
export async function scoped() {
  const { registeredGuard } = await import('../../../src/register/register.ts');
  const guard = registeredGuard();
  const scopes: string[][] = [];
  guard.on('reserved', ({ draws }) => scopes.push(draws.map(({ scope }) => scope)));
  await byHttp(JSON.stringify(CLAUDE));
  await guard.run({ feature: 'chat' }, () => byHttp(JSON.stringify(CLAUDE)));
  return scopes;
}
