import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runRandomLeases } from '../conformance/lease-random-cases.ts';
import { createMemoryLeaseStore } from '../memory/lease-store.ts';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startRedis, type PrivateServer } from '../../../test/servers/servers.ts';
import type { ConformanceLeaseStore } from '../conformance/lease-case.ts';
import { leaseStoreConformance } from '../conformance/lease-suite.ts';
import { DAY, DAY_MS, instant } from '../conformance/orders.ts';
import type { RedisClient } from './server/driver.ts';
import { createRedisLeaseStore } from './lease-store.ts';

let server: PrivateServer;
let ioredis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

describeWith('redis', 'the Redis lease store', () => {
  beforeAll(async () => {
    server = await startRedis({ appendonly: 'no' });
    ioredis = new Redis(server.url);
    nodeRedis = createClient({ url: server.url });
    await nodeRedis.connect();
  });
  afterAll(async () => {
    ioredis.disconnect();
    nodeRedis.destroy();
    await server.stop();
  });

  describe('through ioredis', () => {
    conforms(() => ioredis);
  });

  it.each(SEEDS)(
    'answers every random command as the memory store does (seed %i)',
    async (seed) => {
      const memory = createMemoryLeaseStore({ clock: () => instant(DAY) });
      const { store } = await made(ioredis);
      expect(await said(store, seed)).toEqual(await said(memory, seed));
    },
  );

  describe('through node-redis', () => {
    conforms(() => nodeRedis);
  });
});

let stores = 0;

function conforms(client: () => RedisClient): void {
  for (const { title, run } of leaseStoreConformance) {
    it(title, async () => {
      await run(() => made(client()));
    });
  }
}

async function made(client: RedisClient): Promise<ConformanceLeaseStore> {
  const prefix = `t${(stores += 1)}`;
  let now = DAY;
  const open = async () =>
    await createRedisLeaseStore({
      client,
      prefix,
      clock: () => instant(now),
      retentionMs: 500 * DAY_MS,
    });
  return {
    store: await open(),
    reopened: open,
    pass: (ms) => {
      now += ms;
    },
  };
}

/** What a store says to the same random commands. */
async function said(store: ConformanceLeaseStore['store'], seed: number): Promise<unknown[]> {
  const log: unknown[] = [];
  const saw = (told: string, reply: unknown): void => void log.push([told, reply]);
  await runRandomLeases(store, { seed, steps: 200, saw });
  return log;
}

const SEEDS = Array.from({ length: Number(process.env['REDIS_SEEDS'] ?? 3) }, () =>
  Math.floor(Math.random() * 1e9),
);
