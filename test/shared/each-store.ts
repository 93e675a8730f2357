import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from '../servers/servers.ts';
import {
  openStoreAt,
  serverPlaces,
  sqlitePlaces,
  type OpenStore,
  type Places,
  type StorePlace,
} from './subjects.ts';

/** How the servers of a test are to be. */
export interface EachStoreOptions {
  /** Syncs before it answers, as in production. Off: quicker, for tests without a crash. */
  readonly isDurable?: boolean;
}

/** What the tests of one kind of store are given. */
export interface StoreTests {
  /** Names a fresh, empty store each time; its clock stands at `now`, in the suite's day. */
  readonly next: Places['next'];
  /** Opens a store; it is ended after the test. */
  readonly open: (place: StorePlace) => Promise<LeaseStore>;
}

/** Describes the same tests for every store that processes can share. */
export function describeEachStore(
  name: string,
  tests: (given: StoreTests) => void,
  { isDurable = false }: EachStoreOptions = {},
): void {
  describe(`${name}, SQLite`, () => {
    const places = sqlitePlaces(isDurable ? 'full' : 'normal');
    afterAll(places.end);
    tests({ next: places.next, open: opener() });
  });
  describeWith('redis', `${name}, Redis`, () => {
    const appendonly = isDurable ? 'always' : 'everysec';
    const next = serverOf(async () => await startRedis({ appendonly }), 'redis');
    tests({ next, open: opener() });
  });
  describeWith('postgres', `${name}, PostgreSQL`, () => {
    const settings = isDurable ? {} : { synchronous_commit: 'off' };
    const next = serverOf(async () => await startPostgres({ settings }), 'postgres');
    tests({ next, open: opener() });
  });
}

function serverOf(start: () => Promise<PrivateServer>, kind: 'redis' | 'postgres'): Places['next'] {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => await server.stop());
  return serverPlaces(kind, () => server).next;
}

function opener(): StoreTests['open'] {
  const opened: OpenStore[] = [];
  afterEach(async () => {
    for (const { end } of opened.splice(0)) await end();
  });
  return async (place) => {
    const store = await openStoreAt(place);
    opened.push(store);
    return store.store;
  };
}
