import type { EpochMs } from '../../units/time.ts';
import type { Account } from '../account.ts';
import type { Ceilings, Sums } from './sums.ts';

/**
 * Who holds slices: one incarnation of one process. A process that restarts is another holder.
 */
export interface HolderIdentity {
  /** Random, chosen once for each incarnation; never used again. */
  readonly holder: string;
  readonly host: string;
  /** Identifies the boot of the host; a journal written before another boot proves nothing. */
  readonly boot: string;
  readonly pid: number;
  /** Start of the process as the host counts it: with `pid`, no other process has the same. */
  readonly incarnation: string;
  /** Where its journal lies on its host; `null` when it keeps none. */
  readonly journal: string | null;
  readonly openedAt: EpochMs;
}

/**
 * What a holder says to the store. One is in flight at a time; one whose fate is unknown is sent
 * again, word for word.
 *
 * What was answered `redeclare` or `lost` was not applied, and its number is used again: after
 * `redeclare` by a declaration, which says other things, and after `lost` by the same message. A
 * copy that is still under way then arrives as a repeat that says something else.
 */
export interface HolderMessage {
  readonly holder: string;
  /** 1 for the first message of a holder, then one more for each that was applied. */
  readonly seq: number;
  readonly at: EpochMs;
  /** 0 to `ITEMS_MAX`, no two with one key. */
  readonly items: readonly SliceItem[];
  /**
   * Where the store asked its holders to declare what they hold (`redeclare`): `some` of the
   * slices, to be continued, or with this message `all`. Such items ask for nothing.
   */
  readonly declares: 'none' | 'some' | 'all';
}

/** Most items in one message. */
export const ITEMS_MAX = 256;

/**
 * What a holder says about its slice of one account. `spent` and `returned` are totals since the
 * holder began, so a later message repairs the loss of an earlier one.
 */
export interface SliceItem {
  /** The account as the holder's policy sees it; the slice is of its last part. */
  readonly account: Account;
  /** Total granted as the holder last heard. A store that knows less has lost state. */
  readonly known: Sums;
  /** Total booked as spent, above the slice too; may fall when a correction lowers it. */
  readonly spent: Sums;
  /** Total given back: no longer spendable by the holder whatever becomes of this message. */
  readonly returned: Sums;
  /**
   * Held by open reservations now, or set aside for a call that it is enough for: what no recall
   * can bring back.
   */
  readonly inFlight: Sums;
  /** What the first waiting call is short of; nothing when none waits. */
  readonly need: Sums;
  /**
   * What all waiting calls are short of together, and so counts as in flight when it is granted:
   * at least `need`, or nothing when no call waits and `need` is the least that is worth a grant.
   */
  readonly demand: Sums;
  /** What the holder would like to have in stock: at least `need` and `demand`. */
  readonly want: Sums;
}

/** What the store says to a message. */
export type ExchangeReply =
  /** Applied, or applied before. `slices` stand in the order of the items. */
  | { readonly kind: 'applied'; readonly seq: number; readonly slices: readonly SliceState[] }
  /** The holder was closed: nothing of this message was applied, and nothing ever will be. */
  | { readonly kind: 'fenced' }
  /**
   * The store has lost what it once acknowledged, or cannot say that it has not: nothing was
   * granted. `reason` says what was noticed.
   */
  | { readonly kind: 'lost'; readonly reason: string }
  /**
   * The store may have lost its tail. Nothing was applied; it grants again when every open holder
   * has declared all its slices, or was closed.
   */
  | { readonly kind: 'redeclare'; readonly reason: string };

/** What the store knows of one slice after a message, and of the account it is a slice of. */
export interface SliceState {
  readonly key: string;
  /** Totals of this holder. What it may still spend is `granted - returned - spent`. */
  readonly granted: Sums;
  readonly returned: Sums;
  readonly spent: Sums;
  /** `need` did not fit. */
  readonly isRefused: boolean;
  /** Less than a few percent is left: grants are exact, and refunds are wanted at once. */
  readonly isNear: boolean;
  /** Somebody waits: what the holder does not need for calls in flight is wanted back. */
  readonly isRecalled: boolean;
  /** What other holders have and do not need for calls in flight, as they last said. */
  readonly idleElsewhere: Sums;
  /** Spent and held on this account by everybody else. */
  readonly othersSpent: Sums;
  readonly othersHeld: Sums;
  /**
   * Spent and held together, by everybody, in each part of the account's window, in the order of
   * `account.parts`; empty for an account with one part.
   */
  readonly parts: readonly Sums[];
  /**
   * The ceiling with what operators raised in it; 0 in each capped dimension of a closed scope.
   */
  readonly ceiling: Ceilings;
}

/** Ends a holder: what it spent is booked, the rest of its slices goes back or is charged. */
export interface CloseOrder {
  readonly holder: string;
  readonly at: EpochMs;
  /** Who closes it: the holder itself, another process, or an operator by name. */
  readonly by: string;
  readonly reason: string;
  /**
   * `proven`: `finals` say all that may have been spent, calls in flight at their bound; the rest
   * of each slice goes back. `charged`: nobody can say, so each slice is spent whole.
   */
  readonly how: 'proven' | 'charged';
  /**
   * Total spent by account, in `proven` only; a slice without a final keeps what it last reported.
   * Where the holder has no slice, because it died before it first spoke of the account, one is
   * opened as a message would open it, and ended with the others.
   */
  readonly finals: readonly SliceFinal[];
  /** Calls that were in flight and were charged at their bound. */
  readonly inDoubt: readonly InDoubt[];
}

/** What a holder spent from one account in all. */
export interface SliceFinal {
  /**
   * As in an item: the store may never have heard of it. Of several window parts the first and the
   * last may stand for all, since nothing is asked for.
   */
  readonly account: Account;
  readonly spent: Sums;
}

/** A call whose outcome nobody recorded: charged at its bound until somebody knows better. */
export interface InDoubt {
  /** Id of the reservation. */
  readonly id: string;
  readonly at: EpochMs;
  readonly amounts: Sums;
  /** Keys of the accounts it was charged to. */
  readonly keys: readonly string[];
}

/** What the store says to the end of a holder. */
export type CloseReply =
  | { readonly kind: 'closed'; readonly freed: Sums; readonly charged: Sums }
  /** It ended before; nothing changed. */
  | { readonly kind: 'already-closed' }
  | { readonly kind: 'unknown-holder' };

/** One holder as the store knows it. */
export interface HolderState extends HolderIdentity {
  readonly isOpen: boolean;
  readonly seq: number;
  readonly lastSeenAt: EpochMs;
}
