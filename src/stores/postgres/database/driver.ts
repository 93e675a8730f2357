import { ConfigError } from '../../../errors/error.ts';

/**
 * A `pg` Pool or Client, as far as the store needs it.
 *
 * A Pool has `totalCount`. Without it the store sends one query at a time.
 */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  readonly totalCount?: number;
}

/** A tag function of the `postgres` package, as far as the store needs it. */
export interface PostgresJsClient {
  unsafe(text: string, values?: never[]): PromiseLike<readonly unknown[]>;
}

/** What the store can speak through. */
export type PostgresClient = PgClient | PostgresJsClient;

/** Sends one statement and resolves to its rows; without `values`, several at once. */
export type Query = (
  text: string,
  values?: readonly (string | null)[],
) => Promise<readonly unknown[]>;

/** Most queries that wait for a client which takes one at a time. */
export const WAITING_MAX = 1000;

/**
 * One way to ask for any client. No statement is prepared by name, so that a pooler may hand each
 * one to another server connection.
 */
export function queryOf(client: PostgresClient): Query {
  if ('unsafe' in client && typeof client.unsafe === 'function') {
    if ('savepoint' in client) throw inTransaction();
    return async (text, values) =>
      values === undefined
        ? await client.unsafe(text)
        : // Texts, all of them: `never` only because its own type takes more than we know.
          await client.unsafe(text, [...values] as never[]);
  }
  if ('query' in client && typeof client.query === 'function') {
    const ask: Query = async (text, values) => {
      const { rows } = await client.query(text, values === undefined ? undefined : [...values]);
      return rows ?? [];
    };
    return client.totalCount === undefined ? oneAtATime(ask) : ask;
  }
  throw new ConfigError({
    field: 'client',
    value: typeof client,
    reason: 'is neither a pg Pool or Client nor a tag function of the postgres package',
  });
}

/** A client whose transaction is open could undo what the store has told. */
export function inTransaction(cause?: unknown): ConfigError {
  return new ConfigError(
    {
      field: 'client',
      value: 'a client inside a transaction',
      reason: 'a grant must be durable before it is told; give a pool, or a client of its own',
    },
    { cause },
  );
}

function oneAtATime(ask: Query): Query {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (text, values) => {
    if (waiting >= WAITING_MAX) throw new Error(`${WAITING_MAX} queries wait for one client`);
    waiting += 1;
    const before = last;
    const answer = (async () => {
      await before.catch(() => {
        // Whoever asked was told; the next query does not depend on it.
      });
      return await ask(text, values);
    })();
    last = answer;
    try {
      return await answer;
    } finally {
      waiting -= 1;
    }
  };
}
