import type { EpochMs } from '../units/time.ts';
import type { Account, Amounts } from './account.ts';

interface Recorded {
  /** 1 for the first event of a journal, then one more each: a lost record shows as a gap. */
  readonly seq: number;
  /** The reservation's id. */
  readonly id: string;
  readonly at: EpochMs;
}

/** A hold of `amounts` was put on each of `accounts`. */
export interface ReservedEvent extends Recorded {
  readonly kind: 'reserved';
  readonly amounts: Amounts;
  readonly accounts: readonly Account[];
}

/** An open hold grew by `by` on each of its accounts. */
export interface ExtendedEvent extends Recorded {
  readonly kind: 'extended';
  readonly by: Amounts;
}

/** The hold ended and `amounts` were booked as spent. */
export interface SettledEvent extends Recorded {
  readonly kind: 'settled';
  readonly amounts: Amounts;
}

/** The hold ended and nothing was spent, on the proof in `reason`. */
export interface ReleasedEvent extends Recorded {
  readonly kind: 'released';
  readonly reason: string;
}

/** The hold was abandoned and the whole of it booked as spent. */
export interface ExpiredEvent extends Recorded {
  readonly kind: 'expired';
  readonly reason: string;
}

/** What stands booked for an ended reservation was replaced by `amounts`. */
export interface AdjustedEvent extends Recorded {
  readonly kind: 'adjusted';
  readonly adjustmentId: string;
  readonly amounts: Amounts;
  readonly reason: string;
}

/** One change of the books. Plain JSON values: what `JSON.parse` gives back replays the same. */
export type JournalEvent =
  | ReservedEvent
  | ExtendedEvent
  | SettledEvent
  | ReleasedEvent
  | ExpiredEvent
  | AdjustedEvent;

/**
 * Where the books record each change before they make it.
 *
 * Returning means that the record is kept; throwing means that it is not and will never be read
 * back, and then the change is not made and the caller gets `unavailable`. Must be synchronous:
 * one that returns a promise has kept nothing yet and counts as failed. It must not call the
 * ledger that it records.
 */
export type JournalSink = (event: JournalEvent) => void;
