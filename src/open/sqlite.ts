import { ConfigError } from '../errors/error.ts';
import {
  createSqliteLeaseStore,
  type SqliteLeaseStoreOptions,
} from '../stores/sqlite/lease-store.ts';
import {
  openLedgerNow,
  type JournalPlace,
  type OpenedLedger,
  type OpenOptions,
} from './open-ledger.ts';

export type { OpenedLedger } from './open-ledger.ts';

/** What the ledger of a SQLite file can be told. */
export interface SqliteLedgerOptions extends OpenOptions, SqliteLeaseStoreOptions {
  readonly clock?: OpenOptions['clock'];
  /** Where this process keeps its journal; the folder `<path>.holders` unless given. */
  readonly journal?: JournalPlace | undefined;
}

/**
 * Opens a ledger that is kept in a SQLite file and shared by all processes of this host that open
 * it. What it said survives `kill -9` of any of them, and a power cut too unless
 * `synchronous: 'normal'` says otherwise.
 *
 * Holders of this host that ended without closing are recovered first. Throws `CONFIG_INVALID`
 * for options, drivers and files that cannot be meant, and `STORE_UNAVAILABLE`.
 *
 * @example
 * const ledger = openSqliteLedger({ path: 'spend.db' });
 * const guard = new BudgetGuard({ global_cap_per_day_usd: 50 }, { ledger });
 */
export function openSqliteLedger(options: SqliteLedgerOptions): OpenedLedger {
  const journal = journalOf(options);
  const store = createSqliteLeaseStore(options);
  try {
    return openLedgerNow({ ...options, store, journal });
  } catch (error) {
    store.end();
    throw error;
  }
}

function journalOf({ journal, path }: SqliteLedgerOptions): JournalPlace {
  if (journal !== undefined) return journal;
  if (path !== undefined) return { directory: `${path}.holders` };
  const reason = 'say where the journal of this process lies, or `null` for none';
  throw new ConfigError({
    field: 'journal',
    value: journal,
    reason,
    nearest: "{ directory: '.' }",
  });
}
