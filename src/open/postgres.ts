import {
  createPostgresLeaseStore,
  type PostgresLeaseStoreOptions,
} from '../stores/postgres/lease-store.ts';
import {
  openLedger,
  type JournalPlace,
  type OpenedLedger,
  type OpenOptions,
} from './open-ledger.ts';

export type { OpenedLedger } from './open-ledger.ts';

/** What the ledger of a PostgreSQL database can be told. */
export interface PostgresLedgerOptions
  extends OpenOptions, Omit<PostgresLeaseStoreOptions, 'clock'> {
  /** On a local disk of this host; `null`: a crash charges the slices of this process whole. */
  readonly journal: JournalPlace;
}

/**
 * Opens a ledger that is kept in PostgreSQL and shared by every host that opens it there. The
 * client or pool is yours: it is neither opened nor closed here.
 *
 * Holders of this host that ended without closing are recovered first. Rejects with
 * `CONFIG_INVALID` and `STORE_UNAVAILABLE`.
 *
 * @example
 * const journal = { directory: 'spend.holders' };
 * const ledger = await openPostgresLedger({ client: new Pool(), journal });
 * const guard = new BudgetGuard({ global_cap_per_day_usd: 50 }, { ledger });
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<OpenedLedger> {
  const { clock, ...rest } = options;
  // Raises end by the clock of the server.
  return openLedger({ ...rest, clock, store: createPostgresLeaseStore(rest) });
}
