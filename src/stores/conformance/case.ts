import type { Account } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** A ledger under test, with the handles that some cases need beyond the port. */
export interface ConformanceLedger extends Ledger {
  /**
   * Charges up to one window later count against an order in an older part of a rolling window,
   * whatever came after them: a store of many clocks cannot tell which of them is right.
   */
  readonly countsAhead?: boolean;
  /** A fresh ledger made from nothing but what this one has recorded so far. */
  replayed?(): Promise<Ledger> | Ledger;
  /**
   * Ends this ledger as the death of its process would, and opens another one over what is left of
   * it, which knows how `accounts` stand. Open reservations are closed as spent; what ended stays
   * as it ended.
   */
  recovered?(accounts: readonly Account[]): Promise<Ledger> | Ledger;
  /** Makes every write to what keeps the records fail from now on, or work again. */
  failWrites?(isFailing: boolean): void;
}

/** Opens an empty ledger; called one or more times by a case. */
export type MakeLedger = () => Promise<ConformanceLedger> | ConformanceLedger;

/** One test that every ledger must pass. */
export interface ConformanceCase {
  /** Begins with the number of the guarantee in `Ledger`: `L3. ...`. */
  readonly title: string;
  /**
   * The handle without which the case fails. A store that cannot offer it skips the case by name
   * and says why.
   */
  readonly needs: 'replayed' | 'recovered' | 'failWrites' | undefined;
  /** Rejects when the guarantee does not hold. */
  readonly run: (make: MakeLedger) => Promise<void>;
}
