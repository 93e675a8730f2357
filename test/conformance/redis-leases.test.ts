import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ConformanceLeaseStore } from '../../src/stores/conformance/lease-case.ts';
import { NOON, instant } from '../../src/stores/conformance/orders.ts';
import { createRedisLeaseStore } from '../../src/stores/redis/lease-store.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startRedis, type PrivateServer } from '../servers/servers.ts';
import { leaseConformance } from './lease-stores.ts';

describeWith('redis', 'the Redis lease store', () => {
  let server: PrivateServer;
  const clients: Redis[] = [];
  let count = 0;

  beforeAll(async () => {
    server = await startRedis({ appendonly: 'always' });
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });

  afterAll(async () => await server.stop());

  leaseConformance(async () => {
    count += 1;
    const prefix = `ledger_${count}`;
    let now: number = NOON;
    const open = async () => {
      const client = new Redis(server.url);
      clients.push(client);
      return await createRedisLeaseStore({ client, prefix, clock: () => instant(now) });
    };
    return {
      store: await open(),
      reopened: open,
      pass: (ms) => {
        now += ms;
      },
    } satisfies ConformanceLeaseStore;
  });
});
