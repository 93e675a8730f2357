/** Every kind of lease store, opened from what can be told to another process. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { NOON, instant } from '../../src/stores/conformance/orders.ts';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { createRedisLeaseStore } from '../../src/stores/redis/lease-store.ts';
import { createSqliteLeaseStore } from '../../src/stores/sqlite/lease-store.ts';
import { systemClock } from '../../src/units/time.ts';
import { privateDir } from '../servers/private-server.ts';
import type { PrivateServer } from '../servers/servers.ts';

/** Where a store is, as JSON; with `now` its clock stands still there. */
export type StorePlace = { readonly now?: number } & (
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      readonly driver: 'better-sqlite3' | 'libsql';
      readonly synchronous?: 'full' | 'normal';
    }
  | { readonly kind: 'redis' | 'postgres'; readonly url: string; readonly space: string }
);

/** A store with what was opened for it. */
export interface OpenStore {
  readonly store: LeaseStore;
  /** Ends the store, then its client. */
  readonly end: () => Promise<void>;
}

/** Opens the store at a place; one that others have open already is shared with them. */
export async function openStoreAt(place: StorePlace): Promise<OpenStore> {
  const { now } = place;
  const clock = now === undefined ? systemClock : () => instant(now);
  switch (place.kind) {
    case 'sqlite': {
      const { path, driver, synchronous } = place;
      const store = createSqliteLeaseStore({ path, driver, synchronous, clock });
      return { store, end: async () => store.end() };
    }
    case 'redis': {
      const client = new Redis(place.url);
      const store = await createRedisLeaseStore({ client, prefix: place.space, clock });
      return {
        store,
        end: async () => {
          await store.end();
          client.disconnect();
        },
      };
    }
    case 'postgres': {
      const client = new pg.Pool({ connectionString: place.url, max: 4 });
      const store = createPostgresLeaseStore({ client, schema: place.space, clock });
      return {
        store,
        end: async () => {
          await store.end();
          await client.end();
        },
      };
    }
  }
}

/** Places of fresh stores of one kind. */
export interface Places {
  readonly next: (now?: number) => StorePlace;
  readonly end: () => void;
}

/** Fresh SQLite files in a private folder. */
export function sqlitePlaces(synchronous: 'full' | 'normal'): Places {
  const driver = 'better-sqlite3';
  // Made when it is needed: where all tests are filtered out, nobody would remove it.
  let dir: string | undefined;
  let count = 0;
  return {
    next: (now = NOON) => {
      count += 1;
      dir ??= privateDir('sqlite');
      const path = join(dir, `ledger-${count}.db`);
      return { kind: 'sqlite', path, driver, synchronous, now };
    },
    end: () => {
      if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Fresh key spaces of one Redis server, or fresh schemas of one PostgreSQL server. */
export function serverPlaces(kind: 'redis' | 'postgres', server: () => PrivateServer): Places {
  let count = 0;
  return {
    next: (now = NOON) => {
      count += 1;
      return { kind, url: server().url, space: `space_${count}`, now };
    },
    end: () => undefined,
  };
}
