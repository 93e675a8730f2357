/** The ledgers that grants are tested over, by a text that another process can be given. */

import { Redis } from 'ioredis';
import pg from 'pg';
import type { OpenedLedger } from '../../src/open/open-ledger.ts';
import { openPostgresLedger } from '../../src/open/postgres.ts';
import { openRedisLedger } from '../../src/open/redis.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';

/** Where a ledger is kept. */
export interface Place {
  readonly store: 'sqlite' | 'redis' | 'postgres';
  /** The file, or the address of the server. */
  readonly at: string;
  /** The folder of the holders' journals. */
  readonly journals: string;
  readonly mode: 'leased' | 'direct';
  /** How long a file that somebody writes is waited for: given where the store is to fail. */
  readonly busyMs?: number;
}

/** A ledger with what was opened for it. */
export interface Opened {
  readonly ledger: OpenedLedger;
  /** Lets go of the client; the ledger is closed by its guard. */
  readonly end: () => Promise<void>;
}

/** A machine that is busy with other tests is slow, and not out of reach. */
const MESSAGE_MS_MAX = 20_000;

/** Opens one more holder there. */
export async function openPlace(place: Place): Promise<Opened> {
  const { store, at, journals, mode: kind, busyMs } = place;
  const journal = { directory: journals };
  const policy = busyMs === undefined ? { messageTimeoutMs: MESSAGE_MS_MAX } : {};
  const mode = { mode: kind, policy };
  switch (store) {
    case 'sqlite': {
      const ledger = openSqliteLedger({
        path: at,
        journal,
        ...mode,
        busyTimeoutMs: busyMs ?? 5_000,
      });
      return { ledger, end: async () => undefined };
    }
    case 'redis': {
      const client = new Redis(at);
      const ledger = await openRedisLedger({ client, journal, ...mode });
      return { ledger, end: async () => client.disconnect() };
    }
    case 'postgres': {
      const client = new pg.Pool({ connectionString: at, max: 2 });
      const ledger = await openPostgresLedger({ client, journal, ...mode });
      return { ledger, end: async () => await client.end() };
    }
  }
}
