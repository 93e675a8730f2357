import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from 'vitest';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { NOON } from '../../src/stores/conformance/orders.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from '../servers/servers.ts';
import { openStoreAt, serverPlaces, sqlitePlaces, type Places } from '../shared/subjects.ts';
import { leasedConformance, type MakeStore } from './leased-ledgers.ts';

const MODES = ['direct', 'leased'] as const;

for (const mode of MODES) {
  describe(`the ${mode} ledger over memory`, () => {
    leasedConformance(mode, async () => {
      return { store: createMemoryLeaseStore({ clock: () => NOON }), end: () => undefined };
    });
  });

  describe(`the ${mode} ledger over memory that takes its time`, () => {
    leasedConformance(mode, async () => {
      const store = createMemoryLeaseStore({ clock: () => NOON });
      return { store: withDelay(store), end: () => undefined };
    });
  });

  describe(`the ${mode} ledger over SQLite`, () => {
    const places = sqlitePlaces('normal');
    afterAll(places.end);
    leasedConformance(mode, storesAt(places));
  });
}

describeWith('redis', 'over Redis', () => {
  overServer('redis', async () => await startRedis({ appendonly: 'everysec' }));
});

describeWith('postgres', 'over PostgreSQL', () => {
  // Durability has tests of its own; without a sync for each commit this one is quick.
  const settings = { synchronous_commit: 'off' };
  overServer('postgres', async () => await startPostgres({ settings }));
});

function overServer(kind: 'redis' | 'postgres', start: () => Promise<PrivateServer>): void {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => await server.stop());
  const makeStore = storesAt(serverPlaces(kind, () => server));
  for (const mode of MODES) {
    describe(`the ${mode} ledger`, () => leasedConformance(mode, makeStore));
  }
}

function storesAt(places: Places): MakeStore {
  return async () => await openStoreAt(places.next());
}

/** The store behind a network: each answer comes some turns of the event loop later. */
function withDelay(store: LeaseStore): LeaseStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'isSynchronous') return false;
      if (typeof member !== 'function') return member;
      return async (...said: unknown[]): Promise<unknown> => {
        await nextTurn();
        const reply: unknown = Reflect.apply(member, target, said);
        await nextTurn();
        return reply;
      };
    },
  });
}
