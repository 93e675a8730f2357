import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres, openRedis } from './clients.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-clients-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A project with packages that were written for the test: their sources by their names. */
function project(name: string, packages: Readonly<Record<string, string>>) {
  const root = join(folder, name);
  for (const [dependency, source] of Object.entries(packages)) {
    const place = join(root, 'node_modules', dependency);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'index.js'), source);
    writeFileSync(
      join(place, 'package.json'),
      JSON.stringify({ name: dependency, version: '1.0.0' }),
    );
  }
  mkdirSync(root, { recursive: true });
  return { from: [join(root, 'package.json')] };
}

describe('a client comes from the user’s own project', () => {
  it.each([
    ['Redis', openRedis, 'npm install ioredis'],
    ['PostgreSQL', openPostgres, 'npm install pg'],
  ] as const)('%s: without one, says which to install', async (_store, open, said) => {
    const error: unknown = await open('x://y', project('none', {})).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', nearest: said });
  });

  it('ioredis goes before redis, and pg before postgres', async () => {
    const ioredis = `module.exports = class Redis {
      constructor(url) { this.url = url; }
      on() {}
      async connect() { this.isUp = true; }
      disconnect() { this.isUp = false; }
    };`;
    const redis = `exports.createClient = ({ url }) => ({
      url, on() {}, sendCommand() {}, async connect() {}, async close() {},
    });`;
    const both = await openRedis('redis://a', project('both', { ioredis, redis }));
    expect(both.client).toMatchObject({ url: 'redis://a', isUp: true });
    await both.end();
    expect(both.client).toMatchObject({ isUp: false });
    const only = await openRedis('redis://a', project('only', { redis }));
    expect(only.client).toHaveProperty('sendCommand');
    await only.end();

    const pg = 'exports.Pool = class { constructor(o) { this.o = o; } on() {} async end() {} };';
    const postgres = 'module.exports = (url) => ({ url, unsafe() {}, async end() {} });';
    const pool = await openPostgres('postgres://a', project('pools', { pg, postgres }));
    expect(pool.client).toMatchObject({ o: { connectionString: 'postgres://a' } });
    const tag = await openPostgres('postgres://a', project('tag', { postgres }));
    expect(tag.client).toHaveProperty('unsafe');
    await Promise.all([pool.end(), tag.end()]);
  });

  it('a package that exports something else is told, and its own failure passes', async () => {
    const odd = project('odd', { ioredis: 'module.exports = { answer: 42 };' });
    await expect(openRedis('redis://a', odd)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const broken = project('broken', { pg: "throw new Error('built for another Node');" });
    await expect(openPostgres('postgres://a', broken)).rejects.toThrow('built for another Node');
  });
});
