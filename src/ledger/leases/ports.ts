import type { Account, Amounts } from '../account.ts';
import type { EpochMs } from '../../units/time.ts';
import type { InDoubt, SliceFinal } from './message.ts';

/** Milliseconds that only go forward, from any origin: for intervals, never for windows. */
export type MonotonicMs = () => number;

/** Runs `fn` once after `ms`; calling what it returns before that prevents it. */
export type Schedule = (ms: number, fn: () => void) => () => void;

/** One change of a holder's own reservations, as its journal keeps it. */
export type HolderRecord =
  | {
      readonly kind: 'reserved';
      readonly id: string;
      readonly at: EpochMs;
      readonly amounts: Amounts;
      readonly accounts: readonly Account[];
    }
  | { readonly kind: 'extended'; readonly id: string; readonly at: EpochMs; readonly by: Amounts }
  | {
      readonly kind: 'settled';
      readonly id: string;
      readonly at: EpochMs;
      readonly amounts: Amounts;
    }
  | {
      readonly kind: 'released' | 'expired';
      readonly id: string;
      readonly at: EpochMs;
      readonly reason: string;
    }
  | {
      readonly kind: 'adjusted';
      /** Id of the correction. */
      readonly id: string;
      readonly reservationId: string;
      readonly at: EpochMs;
      /** What was booked before, and now, on each account of the reservation. */
      readonly replaced: Amounts;
      readonly amounts: Amounts;
      readonly accounts: readonly Account[];
      readonly reason: string;
    };

/**
 * Where a holder records each change of its reservations before it makes it, and so before the
 * request leaves. What survives is the proof of what was not spent.
 */
export interface HolderJournal {
  /**
   * Returning means that the record outlives this process (not: this boot of the host). Throwing
   * means that it will never be read back. Synchronous.
   */
  record(record: HolderRecord): void;
  /**
   * Where the journal may ask for the present state, to begin a new file with it and drop the old.
   */
  attach(snapshot: () => HolderSnapshot): void;
  /** The holder ended and the store knows all: the journal is not needed any more. */
  discard(): void;
}

/** All that a journal must be able to prove, at one moment. */
export interface HolderSnapshot {
  /** Total spent by this holder, by account. */
  readonly spent: readonly { readonly account: Account; readonly amounts: Amounts }[];
  readonly open: readonly {
    readonly id: string;
    readonly at: EpochMs;
    readonly amounts: Amounts;
    readonly accounts: readonly Account[];
  }[];
}

/** What a journal proves about a holder that is gone. */
export interface JournalProof {
  readonly holder: string;
  readonly boot: string;
  /** Total spent by account, with calls in flight at their bound. */
  readonly finals: readonly SliceFinal[];
  readonly inDoubt: readonly InDoubt[];
}
