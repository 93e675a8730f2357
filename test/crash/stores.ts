/** The stores that crash tests run over, opened by every process of a test by itself. */

import { Redis } from 'ioredis';
import pg from 'pg';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { createRedisLeaseStore } from '../../src/stores/redis/lease-store.ts';
import { createSqliteLeaseStore } from '../../src/stores/sqlite/lease-store.ts';

/** Where a store is. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  /** `name` is of this store alone: a prefix, or a schema. */
  | { readonly kind: 'redis' | 'postgres'; readonly url: string; readonly name: string };

/** A store as one process has it open. */
export interface OpenStore {
  readonly store: LeaseStore;
  end(): Promise<void>;
}

/** Opens the store for this process. */
export async function openStore(place: StorePlace): Promise<OpenStore> {
  switch (place.kind) {
    case 'sqlite': {
      const store = createSqliteLeaseStore({ path: place.path });
      return { store, end: async () => store.end() };
    }
    case 'redis': {
      const client = new Redis(place.url, { retryStrategy: () => 50 });
      // The server is killed in some cases; the store says so itself.
      client.on('error', () => undefined);
      const store = await createRedisLeaseStore({ client, prefix: place.name });
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
      client.on('error', () => undefined);
      const store = createPostgresLeaseStore({ client, schema: place.name });
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
