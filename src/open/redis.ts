import { createRedisLeaseStore, type RedisLeaseStoreOptions } from '../stores/redis/lease-store.ts';
import {
  openLedger,
  type JournalPlace,
  type OpenedLedger,
  type OpenOptions,
} from './open-ledger.ts';

export type { OpenedLedger } from './open-ledger.ts';

/** What the ledger of a Redis or Valkey server can be told. */
export interface RedisLedgerOptions extends OpenOptions, Omit<RedisLeaseStoreOptions, 'clock'> {
  /** On a local disk of this host; `null`: a crash charges the slices of this process whole. */
  readonly journal: JournalPlace;
}

/**
 * Opens a ledger that is kept in Redis or Valkey and shared by every host that opens it there. The
 * client is yours: it is neither opened nor closed here.
 *
 * Holders of this host that ended without closing are recovered first. Rejects with
 * `CONFIG_INVALID` and `STORE_UNAVAILABLE`.
 *
 * @example
 * const journal = { directory: 'spend.holders' };
 * const ledger = await openRedisLedger({ client: new Redis(), journal });
 * const guard = new BudgetGuard({ global_cap_per_day_usd: 50 }, { ledger });
 */
export async function openRedisLedger(options: RedisLedgerOptions): Promise<OpenedLedger> {
  const { clock, ...rest } = options;
  // Raises end by the clock of the server.
  const store = await createRedisLeaseStore(rest);
  return openLedger({ ...rest, clock, store });
}
