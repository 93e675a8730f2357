import type { EpochMs } from '../units/time.ts';
import type { Account, Amounts, Balance } from './account.ts';

/** How a reservation ended. */
export type Outcome = 'settled' | 'released' | 'expired';

/** Asks for one hold over several accounts. */
export interface ReserveOrder {
  /** Chosen by the caller, unique per attempt: this id makes every later message idempotent. */
  readonly id: string;
  readonly at: EpochMs;
  /** The bound of the attempt, drawn on each of `accounts`. */
  readonly amounts: Amounts;
  /** In a fixed order; no two share a key. May be empty (no cap applies). */
  readonly accounts: readonly Account[];
}

/** One account that has too little room, with its balance at the moment of the decision. */
export interface Short {
  readonly account: Account;
  readonly balance: Balance;
  readonly dimension: 'usd' | 'tokens' | 'calls';
  /**
   * Balance of each part, in the order of `account.parts`, for the reset time of rolling windows.
   */
  readonly parts: readonly Amounts[];
}

/** What a ledger says to a reserve. */
export type ReserveReply =
  | { readonly kind: 'reserved'; readonly observedShort: readonly Short[] }
  /** Nothing was held anywhere. `short` holds every enforced account that has too little room. */
  | { readonly kind: 'refused'; readonly short: readonly Short[] }
  /**
   * The ledger cannot decide locally; use `reserveAsync`. Nothing was held. `short` is what the
   * refusal would say to a caller that may not wait; absent when only the store knows.
   */
  | { readonly kind: 'ask'; readonly short?: readonly Short[] }
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  /** The id is known with other amounts or accounts. Nothing changed. */
  | { readonly kind: 'conflict' };

/** Ends a hold at what was billed. */
export interface SettleOrder {
  readonly id: string;
  readonly at: EpochMs;
  /** What was billed; may be above the hold. */
  readonly amounts: Amounts;
}

/** Ends a hold without a bill: released on proof, or closed as spent. */
export interface EndOrder {
  readonly id: string;
  readonly at: EpochMs;
  /** Why: the proof that nothing was billed, or what abandoned the hold. Kept in the journal. */
  readonly reason: string;
}

/** What a ledger says to the end of a hold. */
export type EndReply =
  /**
   * `overdrawn`: accounts whose spent now passes their ceiling. `repeated`: this id had ended just
   * so before.
   */
  | {
      readonly kind: 'ended';
      readonly outcome: Outcome;
      readonly repeated: boolean;
      readonly overdrawn: readonly Account[];
    }
  /** The id ended otherwise before; nothing changed. */
  | { readonly kind: 'already'; readonly outcome: Outcome }
  | { readonly kind: 'unknown-id' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** Asks for more on an open reservation (streams held in steps). All accounts or none. */
export interface ExtendOrder {
  readonly id: string;
  readonly at: EpochMs;
  readonly by: Amounts;
}

/** What a ledger says to an extension. */
export type ExtendReply =
  | { readonly kind: 'extended' }
  | { readonly kind: 'refused'; readonly short: readonly Short[] }
  | { readonly kind: 'already'; readonly outcome: Outcome }
  | { readonly kind: 'unknown-id' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** A correction of what an ended reservation spent, with a recorded reason. */
export interface AdjustOrder {
  /** Own id of the correction: applying one twice changes nothing. */
  readonly id: string;
  readonly reservationId: string;
  readonly at: EpochMs;
  /** What the attempt truly cost; replaces what was booked for it. */
  readonly amounts: Amounts;
  readonly reason: string;
}

/** What a ledger says to a correction. */
export type AdjustReply =
  | {
      readonly kind: 'adjusted';
      readonly repeated: boolean;
      readonly overdrawn: readonly Account[];
    }
  | { readonly kind: 'still-open' }
  | { readonly kind: 'unknown-id' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** One reservation that has not ended, for listing. */
export interface OpenHold {
  readonly id: string;
  readonly at: EpochMs;
  readonly amounts: Amounts;
  readonly scopes: readonly string[];
}

/**
 * The port that keeps accounts. Every implementation passes `hardcap/conformance`, whose test
 * titles repeat these numbers.
 *
 * L1. A reserve holds its amounts on all its accounts or on none.
 * L2. It is admitted exactly when, on every enforced account and in every capped dimension,
 *     `spent + held + amount <= ceiling` over all parts of the window.
 * L3. Two reserves never both take the last nano-dollar, whatever their interleaving.
 * L4. Every hold ends once: settled, released or expired. The first end wins; a repeat changes
 *     nothing.
 * L5. Settle books what was billed, above the hold and above the ceiling too; then the account is
 *     overdrawn and admits nothing until its window ends.
 * L6. Release returns the whole hold to every account; expire books the whole hold as spent.
 * L7. Messages are idempotent by id; one id with other content is a conflict and changes nothing.
 * L8. The charge belongs to the window of its hold, whenever it is settled.
 * L9. A refusal, a conflict and an unknown id change nothing.
 * L10. Spent and held are integers, never negative, never NaN; at 2^53 - 1 they stay and admit
 *     nothing.
 * L11. The journal folds back to the same balances (`replay`).
 * L12. Observed accounts record like enforced ones and never refuse.
 * L13. A ledger that cannot answer says `unavailable`; it never admits.
 */
export interface Ledger {
  reserve(order: ReserveOrder): ReserveReply;
  /** The same decision where a store must be asked; never answers `ask`. */
  reserveAsync(order: ReserveOrder): Promise<ReserveReply>;
  extend(order: ExtendOrder): ExtendReply;
  settle(order: SettleOrder): EndReply;
  release(order: EndOrder): EndReply;
  expire(order: EndOrder): EndReply;
  adjust(order: AdjustOrder): AdjustReply;
  balance(account: Account): Balance;
  /** Open holds, oldest first. At rest this is empty. */
  openHolds(): Iterable<OpenHold>;
}
