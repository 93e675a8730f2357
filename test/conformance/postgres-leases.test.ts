import pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ConformanceLeaseStore } from '../../src/stores/conformance/lease-case.ts';
import { NOON, instant } from '../../src/stores/conformance/orders.ts';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../servers/servers.ts';
import { leaseConformance } from './lease-stores.ts';

describeWith('postgres', 'the PostgreSQL lease store', () => {
  let server: PrivateServer;
  const pools: pg.Pool[] = [];
  let count = 0;

  beforeAll(async () => {
    // Durability has tests of its own; without a sync for each commit this one is quick.
    server = await startPostgres({ settings: { synchronous_commit: 'off' } });
  });

  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.end();
  });

  afterAll(async () => await server.stop());

  leaseConformance(() => {
    count += 1;
    const schema = `ledger_${count}`;
    let now: number = NOON;
    const open = () => {
      const client = new pg.Pool({ connectionString: server.url, max: 8 });
      pools.push(client);
      return createPostgresLeaseStore({ client, schema, clock: () => instant(now) });
    };
    return {
      store: open(),
      reopened: open,
      pass: (ms) => {
        now += ms;
      },
    } satisfies ConformanceLeaseStore;
  });
});
