import { invariant } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { LeaseStore, StoreBalance } from '../../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  HolderState,
} from '../../ledger/leases/message.ts';
import type {
  DoubtState,
  JournalEntry,
  Operation,
  OperationReply,
} from '../../ledger/leases/operation.ts';
import type { Clock } from '../../units/time.ts';
import { queryOf, type PostgresClient, type Query } from './database/driver.ts';
import { failureOf, retried } from './database/failure.ts';
import { readSchema, SCHEMA } from './database/migrations.ts';
import { makeReady } from './database/readiness.ts';
import * as wire from './database/wire.ts';

/** What a PostgreSQL lease store can be told. */
export interface PostgresLeaseStoreOptions {
  /** A Pool or Client of `pg`, or a tag function of `postgres`; it stays the caller's to close. */
  readonly client: PostgresClient;
  /** Where the tables lie: `hardcap` unless given. */
  readonly schema?: string | undefined;
  /** By what raises end; the clock of the server unless given. */
  readonly clock?: Clock | undefined;
  /** Whether the store may make or update its own tables: it may unless told otherwise. */
  readonly migrate?: boolean | undefined;
  /** Goes on where `fsync` or `full_page_writes` is off: what was granted can be forgotten. */
  readonly trustUnsafeSettings?: boolean | undefined;
}

/** How long a change waits for one row before it gives up with nothing changed. */
export const LOCK_WAIT_MS_MAX = 5000;

/**
 * A lease store in PostgreSQL, shared by every process that reaches the same schema.
 *
 * The server is asked for its settings and its tables at the first use. Every method rejects with
 * `STORE_UNAVAILABLE` when the server did not answer (what became of a change is then unknown: say
 * it again), with `CONFIG_INVALID` where somebody must act first, and with `INVARIANT_BROKEN`
 * where the tables refuse what a bug would have booked.
 *
 * Throws `CONFIG_INVALID` for a client or a schema that cannot be meant.
 */
export function createPostgresLeaseStore(options: PostgresLeaseStoreOptions): LeaseStore {
  return new PostgresLeaseStore(options);
}

class PostgresLeaseStore implements LeaseStore {
  readonly isSynchronous = false;
  readonly #query: Query;
  readonly #schema: string;
  readonly #clock: Clock | undefined;
  readonly #makeReady: () => Promise<void>;
  #ready: Promise<void> | undefined;

  constructor(options: PostgresLeaseStoreOptions) {
    const { client, schema = SCHEMA, migrate = true, trustUnsafeSettings = false } = options;
    this.#query = queryOf(client);
    this.#schema = readSchema(schema);
    this.#clock = options.clock;
    this.#makeReady = async () =>
      await makeReady(this.#query, { schema, migrate, trustUnsafeSettings });
  }

  async open(identity: HolderIdentity): Promise<void> {
    await this.#tell('open', wire.textOf(identity));
  }

  async exchange(message: HolderMessage): Promise<ExchangeReply> {
    return (await this.#tell('exchange', wire.messageText(message))) as ExchangeReply;
  }

  async close(order: CloseOrder): Promise<CloseReply> {
    const body = wire.closeBody(order);
    return (await this.#tell('close', wire.closeText(order), body)) as CloseReply;
  }

  async operate(operation: Operation): Promise<OperationReply> {
    const body = JSON.stringify(operation);
    return (await this.#tell('operate', wire.operationText(operation), body)) as OperationReply;
  }

  async holders(): Promise<readonly HolderState[]> {
    return (await this.#ask('open_holders()')) as readonly HolderState[];
  }

  async balances(accounts: readonly Account[]): Promise<readonly StoreBalance[]> {
    const parts = wire.partsText(accounts);
    return (await this.#ask('balances($1::text::jsonb)', parts)) as readonly StoreBalance[];
  }

  async doubts(): Promise<readonly DoubtState[]> {
    return (await this.#ask('open_doubts()')) as readonly DoubtState[];
  }

  async journal(after = 0): Promise<readonly JournalEntry[]> {
    const records = await this.#ask('records($1::text::bigint)', String(after));
    return records as readonly JournalEntry[];
  }

  async end(): Promise<void> {
    // Nothing was opened.
  }

  /** Changes something: one statement, one transaction of its own. */
  async #tell(what: string, said: string, body: string | null = null): Promise<unknown> {
    const now = this.#clock === undefined ? null : String(this.#clock());
    const text = `call "${this.#schema}".tell($1::text, $2::text::jsonb, $3::text,
      $4::text::bigint, $5::text::bigint, null)`;
    return await this.#reply(text, [what, said, body, now, String(LOCK_WAIT_MS_MAX)]);
  }

  async #ask(call: string, ...values: readonly string[]): Promise<unknown> {
    return await this.#reply(`select "${this.#schema}".${call}::text as reply`, values);
  }

  async #reply(text: string, values: readonly (string | null)[]): Promise<unknown> {
    await this.#prepared();
    const [row] = await retried(async () => await this.#query(text, values));
    const hasReply = typeof row === 'object' && row !== null && 'reply' in row;
    invariant(hasReply && typeof row.reply === 'string', 'the server answers with one text');
    return wire.valueOf(row.reply);
  }

  /** Asks the server once; again at the next use if it was not ready. */
  async #prepared(): Promise<void> {
    this.#ready ??= this.#makeReady();
    try {
      await this.#ready;
    } catch (cause) {
      this.#ready = undefined;
      throw failureOf(cause);
    }
  }
}
