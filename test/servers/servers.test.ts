import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from './describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from './servers.ts';

let server: PrivateServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

describeWith('redis', 'a private Redis server', () => {
  it('keeps acknowledged writes through kill -9 and a restart, and goes with its folder', async () => {
    const started = (server = await startRedis({ appendonly: 'always' }));
    await told(started, (client) => client.set('a', '1'));
    await started.kill('SIGKILL');
    await started.restart();
    expect(await told(started, (client) => client.get('a'))).toBe('1');
    await started.stop();
    expect(existsSync(started.dir)).toBe(false);
    expect(isRunning(started.pid)).toBe(false);
  });

  it('is gone a moment after the process that started it was killed', async () => {
    const { pid, dir } = await orphan('startRedis');
    await gone(pid, dir);
  });
});

describeWith('postgres', 'a private PostgreSQL server', () => {
  it('keeps committed rows through kill -9 and a restart, and goes with its folder', async () => {
    const started = (server = await startPostgres());
    await asked(started, 'CREATE TABLE t AS SELECT 7 AS n');
    await started.kill('SIGKILL');
    await started.restart();
    expect(await asked(started, 'SELECT n FROM t')).toEqual([{ n: 7 }]);
    expect(await asked(started, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    await started.stop();
    expect(existsSync(started.dir)).toBe(false);
    expect(isRunning(started.pid)).toBe(false);
  });

  it('is gone a moment after the process that started it was killed', async () => {
    const { pid, dir } = await orphan('startPostgres');
    await gone(pid, dir);
  });
});

async function told<T>({ url }: PrivateServer, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

async function asked({ url }: PrivateServer, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a server from a process of its own, and ends that process with SIGKILL. */
async function orphan(start: string): Promise<{ readonly pid: number; readonly dir: string }> {
  const module = JSON.stringify(new URL('./servers.ts', import.meta.url).href);
  const code = `
    const servers = await import(${module});
    const { pid, dir } = await servers.${start}();
    console.log(JSON.stringify({ pid, dir }));
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    child.once('exit', () => reject(new Error('ended before it had said anything')));
  });
  const found = JSON.parse(line) as { readonly pid: number; readonly dir: string };
  expect(isRunning(found.pid)).toBe(true);
  child.kill('SIGKILL');
  return found;
}

async function gone(pid: number, dir: string): Promise<void> {
  for (let tries = 0; tries < 100 && (isRunning(pid) || existsSync(dir)); tries += 1) {
    await sleep(50);
  }
  expect({ isRunning: isRunning(pid), isLeft: existsSync(dir) }).toEqual({
    isRunning: false,
    isLeft: false,
  });
}

function isRunning(pid: number): boolean {
  const found = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return found.stdout.trim() !== '' && !found.stdout.startsWith('Z');
}
