import type { Account } from './account.ts';
import type { Ledger } from './ledger.ts';

/**
 * A ledger whose accounts outlive this process and may be shared with others. It decides from
 * slices that a store granted, in this process and at once; `reserve` answers `ask` when a slice is
 * too short and the store takes time to answer.
 */
export interface SharedLedger extends Ledger {
  /** Id of this incarnation among the holders of the store. */
  readonly holder: string;
  /** Leases slices of these accounts ahead of the calls that will need them. */
  warm(accounts: readonly Account[]): Promise<void>;
  /**
   * Brings `balance` of these accounts up to date with the store; between, others' part is as the
   * store last said. Rejects with `STORE_UNAVAILABLE`.
   */
  refresh(accounts: readonly Account[]): Promise<void>;
  /** Resolves when all that was booked here is in the store. Rejects with `STORE_UNAVAILABLE`. */
  flush(): Promise<void>;
  /**
   * Closes open holds as spent, reports everything, gives all slices back and ends this holder.
   * Afterwards every order is `unavailable`. Rejects with `STORE_UNAVAILABLE` when the store cannot
   * be told: calling it again tries again, and else recovery by the journal does the rest. While it
   * is under way, and once it is done, calling it again is the same end.
   */
  close(): Promise<void>;
}
