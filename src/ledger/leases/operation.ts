import type { EpochMs } from '../../units/time.ts';
import type { InDoubt } from './message.ts';
import type { Ceilings, Sums } from './sums.ts';

/** What every order of an operator says. */
interface Ordered {
  /** Own id: the same order twice changes nothing. */
  readonly id: string;
  readonly at: EpochMs;
  readonly who: string;
  /** Why; never empty. */
  readonly reason: string;
}

/** Corrects what is booked as spent on each of `keys`: first takes `subtract` away, then adds. */
export interface AdjustOperation extends Ordered {
  readonly kind: 'adjust';
  readonly keys: readonly string[];
  readonly subtract: Sums;
  readonly add: Sums;
  /** The call in doubt that this resolves; `null` for any other correction. */
  readonly resolves: string | null;
}

/** Raises the ceiling of one cap for one scope value, in all its windows, until `until`. */
export interface RaiseOperation extends Ordered {
  readonly kind: 'raise';
  readonly capId: string;
  readonly scope: string;
  /** By how much; `null` leaves a dimension as it is. */
  readonly by: Ceilings;
  /** When the raise ends by the clock of the store; `null` until it is undone. */
  readonly until: EpochMs | null;
}

/** Closes one scope value for every cap, or opens it again. */
export interface ScopeOperation extends Ordered {
  readonly kind: 'close-scope' | 'reopen-scope';
  readonly scope: string;
}

/** What an operator can order. */
export type Operation = AdjustOperation | RaiseOperation | ScopeOperation;

/** What the store says to an order. */
export type OperationReply =
  | { readonly kind: 'done'; readonly isRepeated: boolean }
  /** The id was used for another order. Nothing changed. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown-account'; readonly key: string }
  /** `subtract` is more than is booked there. Nothing changed. */
  | { readonly kind: 'below-zero'; readonly key: string }
  | { readonly kind: 'unknown-doubt' };

/** A call that was charged at its bound when its holder was recovered. */
export interface DoubtState extends InDoubt {
  readonly holder: string;
}

/**
 * One record of the store's journal. `hash` is SHA-256, in lower-case hex, of `previous`, a line
 * feed and `body`; the first record's `previous` is 64 zeros. So nobody can change, drop or swap a
 * record and leave the chain whole.
 */
export interface JournalEntry {
  /** 1 for the first, then one more each. */
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  /** JSON of the operation, or of the end of a holder. */
  readonly body: string;
}
