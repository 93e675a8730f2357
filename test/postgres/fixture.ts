/** What tests of the PostgreSQL store share: a server of their own, schemas, messages. */

import pg from 'pg';
import postgres from 'postgres';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { PostgresClient } from '../../src/stores/postgres/database/driver.ts';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { EPOCH_MS_MAX, type EpochMs } from '../../src/units/time.ts';

/** A client under test and how to let go of it. */
export interface OpenClient {
  readonly client: PostgresClient;
  readonly end: () => Promise<void>;
}

/** Both clients that the store takes. */
export const CLIENTS = {
  pg: (url: string, max = 4): OpenClient => {
    const pool = new pg.Pool({ connectionString: url, max });
    // A connection that is ended by the server is no failure of the test.
    pool.on('error', () => undefined);
    return { client: pool, end: async () => await pool.end() };
  },
  postgres: (url: string, max = 4): OpenClient => {
    const sql = postgres(url, { max, onnotice: () => undefined });
    return { client: sql, end: async () => await sql.end() };
  },
} as const;

let schemas = 0;

/** A schema name that no other test of this process has. */
export function freshSchema(): string {
  schemas += 1;
  return `t${process.pid}_${schemas}`;
}

/** A store over its own schema, and a clock that the test moves. */
export interface MovedStore {
  readonly store: LeaseStore;
  readonly schema: string;
  reopened(): LeaseStore;
  pass(ms: number): void;
}

/** Opens an empty store at `start`. */
export function moved(client: PostgresClient, start: number): MovedStore {
  const schema = freshSchema();
  let now = start;
  const clock = () => Math.min(now, EPOCH_MS_MAX) as EpochMs;
  const open = () => createPostgresLeaseStore({ client, schema, clock, trustUnsafeSettings: true });
  return { store: open(), schema, reopened: open, pass: (ms) => void (now += ms) };
}

/** One statement as the superuser, in a connection of its own. */
export async function sqlOf(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(text);
    return rows ?? [];
  } finally {
    await client.end();
  }
}

/** Accounts of the schema whose books do not add up: `held` is the sum over open slices. */
export async function unbalanced(url: string, schema: string): Promise<readonly unknown[]> {
  return await sqlOf(
    url,
    `select a.key, a.held_usd, s.held from ${schema}.accounts a left join lateral (
       select coalesce(sum(granted_usd - returned_usd - spent_usd), 0) as held, count(*) as n,
         coalesce(sum(in_flight_usd), 0) as in_flight
       from ${schema}.slices s where s.key = a.key) s on true
     where a.held_usd <> s.held or a.slices <> s.n or a.in_flight_usd <> s.in_flight`,
  );
}
