import { ConfigError, OperationError } from '../errors/error.ts';
import type { Account, Amounts, Balance } from './account.ts';
import { ACCOUNTS_MAX } from './account-table.ts';
import { findOverdrawn, findShortage, readBalance } from './admission.ts';
import { AMOUNTS_ZERO, checkAmounts, sameAmounts } from './amounts.ts';
import type { JournalEvent, JournalSink } from './journal.ts';
import type {
  AdjustOrder,
  AdjustReply,
  EndOrder,
  EndReply,
  ExtendOrder,
  ExtendReply,
  OpenHold,
  Outcome,
  ReserveOrder,
  ReserveReply,
  SettleOrder,
} from './ledger.ts';
import {
  findSlots,
  newBooksState,
  postAdjusted,
  postEnded,
  postExtended,
  postReserved,
  type BooksState,
} from './posting.ts';
import type { OpenReservation } from './open-reservations.ts';

/** Ended reservations remembered unless configured otherwise. */
export const ENDED_MAX_DEFAULT = 50_000;

/** Most open reservations, and the most ended ones that may be configured. */
export const RESERVATIONS_MAX = 8_000_000;

/** Corrections accepted for one reservation; each stays remembered as long as it does. */
export const ADJUSTMENTS_MAX = 100;

/** What books can be told when they are opened. */
export interface BooksOptions {
  /** Records each change before it is made. */
  readonly journal?: JournalSink | undefined;
  /**
   * Ended reservations remembered, 0 to 8,000,000; 50,000 unless given. First ended, first
   * forgotten.
   */
  readonly endedMax?: number | undefined;
}

/**
 * Accounts and reservations as a synchronous state machine: no clock, no I/O of its own, no
 * randomness.
 *
 * Each transition checks in a fixed order (the amounts, a repeat of its id, the state of the
 * reservation, room), then records the change in the journal, and from there on cannot fail. A
 * record that cannot be kept means `unavailable`, and nothing has changed. Amounts that are not
 * integers from 0 to 2^53 - 1, and accounts that share a key, throw `INVARIANT_BROKEN` and change
 * nothing.
 *
 * A reserve with the id of an *ended* reservation is a conflict, even with equal content: answering
 * `reserved` would send a second request on a hold that is gone. An extension has no id of its
 * own, so a repeated one holds more: the error is on the side of holding.
 */
export class Books {
  /** What the books are made of, for replay and inspection only. */
  readonly state: BooksState;
  readonly #journal: JournalSink | undefined;
  #isRecording = false;
  /** Slots of the order at hand, in the order of its accounts. */
  readonly #slots: number[] = [];

  /** Throws `CONFIG_INVALID` when `endedMax` is not an integer from 0 to 8,000,000. */
  constructor({ journal, endedMax = ENDED_MAX_DEFAULT }: BooksOptions = {}) {
    if (!Number.isInteger(endedMax) || endedMax < 0 || endedMax > RESERVATIONS_MAX) {
      const reason = `it must be an integer from 0 to ${RESERVATIONS_MAX}`;
      throw new ConfigError({ field: 'endedMax', value: endedMax, reason });
    }
    this.#journal = journal;
    this.state = newBooksState(endedMax);
  }

  /** Holds the amounts on all accounts or on none (L1, L2, L3). */
  reserve(order: ReserveOrder): ReserveReply {
    const { id, at, amounts, accounts } = order;
    checkAmounts(amounts);
    if (this.#isRecording) return unavailable(REENTERED);
    const slots = this.#slots;
    const opened = findSlots(this.state, accounts, slots);
    const known = this.state.open.get(id);
    if (known !== undefined) return isRepeat(known, { amounts, slots }) ? RESERVED : CONFLICT;
    if (this.state.ended.has(id)) return CONFLICT;

    const shortage = findShortage(this.state, { accounts, slots }, amounts);
    if (shortage !== undefined) {
      if (shortage.refused.length > 0) return { kind: 'refused', short: shortage.refused };
      if (shortage.unknowable !== undefined) return unavailable(staleWindow(shortage.unknowable));
    }
    if (this.state.open.size >= RESERVATIONS_MAX) return unavailable(HOLDS_FULL);
    if (opened > 0 && !this.state.table.hasRoomFor(opened)) return unavailable(ACCOUNTS_FULL);
    if (this.#journal !== undefined) {
      const seq = this.state.seq + 1;
      const failed = this.#record({ kind: 'reserved', seq, id, at, amounts, accounts });
      if (failed !== undefined) return failed;
    }

    postReserved(this.state, { id, at, amounts, accounts, slots });
    if (shortage === undefined) return RESERVED;
    return { kind: 'reserved', observedShort: shortage.observed };
  }

  /**
   * Holds more on an open reservation, in the window of its hold, on all its accounts or on none.
   */
  extend({ id, at, by }: ExtendOrder): ExtendReply {
    checkAmounts(by);
    if (this.#isRecording) return unavailable(REENTERED);
    const known = this.state.open.get(id);
    if (known === undefined) {
      const ended = this.state.ended.get(id);
      return ended === undefined ? UNKNOWN_ID : { kind: 'already', outcome: ended.outcome };
    }
    const { accounts, slots } = known;

    const shortage = findShortage(this.state, { accounts, slots }, by);
    if (shortage !== undefined) {
      if (shortage.refused.length > 0) return { kind: 'refused', short: shortage.refused };
      if (shortage.unknowable !== undefined) return unavailable(staleWindow(shortage.unknowable));
    }
    if (this.#journal !== undefined) {
      const failed = this.#record({ kind: 'extended', seq: this.state.seq + 1, id, at, by });
      if (failed !== undefined) return failed;
    }

    postExtended(this.state, known, by);
    return EXTENDED;
  }

  /** Replaces the hold by what was billed, whatever it is (L5). */
  settle({ id, at, amounts }: SettleOrder): EndReply {
    checkAmounts(amounts);
    return this.#end(id, 'settled', amounts, (seq) => ({ kind: 'settled', seq, id, at, amounts }));
  }

  /** Gives the whole hold back (L6). */
  release({ id, at, reason }: EndOrder): EndReply {
    return this.#end(id, 'released', AMOUNTS_ZERO, (seq) => ({
      kind: 'released',
      seq,
      id,
      at,
      reason,
    }));
  }

  /** Books the whole hold as spent (L6). */
  expire({ id, at, reason }: EndOrder): EndReply {
    return this.#end(id, 'expired', undefined, (seq) => ({ kind: 'expired', seq, id, at, reason }));
  }

  /** Replaces what stands booked for an ended reservation. At most 100 corrections for each. */
  adjust({ id, reservationId, at, amounts, reason }: AdjustOrder): AdjustReply {
    checkAmounts(amounts);
    if (this.#isRecording) return unavailable(REENTERED);
    const known = this.state.ended.get(reservationId);
    const before = this.state.ended.adjustment(id);
    if (before !== undefined) {
      const isSame = before.reservationId === reservationId && sameAmounts(before.amounts, amounts);
      if (!isSame || known === undefined) return CONFLICT;
      return { kind: 'adjusted', repeated: true, overdrawn: this.#overdrawn(known.slots) };
    }
    if (this.state.open.get(reservationId) !== undefined) return { kind: 'still-open' };
    if (known === undefined) return UNKNOWN_ID;
    if (known.adjustmentIds.length >= ADJUSTMENTS_MAX) return unavailable(ADJUSTMENTS_FULL);
    if (this.#journal !== undefined) {
      const kept = { seq: this.state.seq + 1, id: reservationId, at, amounts, reason };
      const failed = this.#record({ kind: 'adjusted', adjustmentId: id, ...kept });
      if (failed !== undefined) return failed;
    }

    postAdjusted(this.state, known, { id, amounts });
    return { kind: 'adjusted', repeated: false, overdrawn: this.#overdrawn(known.slots) };
  }

  /** What stands in the account. A window that was forgotten long after its end reads as empty. */
  balance(account: Account): Balance {
    return readBalance(this.state, account);
  }

  /** Open holds, oldest first, as they stand at the call. */
  *openHolds(): Generator<OpenHold> {
    for (const { id, at, held, accounts } of this.state.open.list()) {
      yield { id, at, amounts: held, scopes: accounts.map((account) => account.scope) };
    }
  }

  /** Ends a hold. `spent` is what to book; `undefined` is the whole hold. */
  #end(
    id: string,
    outcome: Outcome,
    spent: Amounts | undefined,
    event: (seq: number) => JournalEvent,
  ): EndReply {
    if (this.#isRecording) return unavailable(REENTERED);
    const known = this.state.open.get(id);
    if (known === undefined) return this.#repeatEnd(id, outcome, spent);
    if (this.#journal !== undefined) {
      const failed = this.#record(event(this.state.seq + 1));
      if (failed !== undefined) return failed;
    }

    const { slots, accounts } = known;
    postEnded(this.state, known, { outcome, spent: spent ?? known.held });
    const overdrawn = findOverdrawn(this.state, slots, accounts);
    return overdrawn.length === 0
      ? ENDED[outcome]
      : { kind: 'ended', outcome, repeated: false, overdrawn };
  }

  /** Answers an end for an id that is not open. */
  #repeatEnd(id: string, outcome: Outcome, spent: Amounts | undefined): EndReply {
    const known = this.state.ended.get(id);
    if (known === undefined) return UNKNOWN_ID;
    const isSame = known.outcome === outcome && sameAmounts(known.ended, spent ?? known.ended);
    if (!isSame) return { kind: 'already', outcome: known.outcome };
    return { kind: 'ended', outcome, repeated: true, overdrawn: this.#overdrawn(known.slots) };
  }

  #overdrawn(slots: readonly number[]): readonly Account[] {
    return findOverdrawn(this.state, slots, []);
  }

  /** Records one event; the reply to give when that failed. */
  #record(event: JournalEvent): Unavailable | undefined {
    this.#isRecording = true;
    try {
      const answer: unknown = this.#journal?.(event);
      if (isThenable(answer)) return unavailable(NOT_SYNCHRONOUS);
    } catch (cause) {
      return { kind: 'unavailable', cause };
    } finally {
      this.#isRecording = false;
    }
    this.state.seq = event.seq;
    return undefined;
  }
}

type Unavailable = Extract<ReserveReply, { readonly kind: 'unavailable' }>;

/** Replies that carry nothing of their own are shared, so that the usual way allocates none. */
const RESERVED = Object.freeze({ kind: 'reserved', observedShort: Object.freeze([]) } as const);
const EXTENDED = Object.freeze({ kind: 'extended' } as const);
const CONFLICT = Object.freeze({ kind: 'conflict' } as const);
const UNKNOWN_ID = Object.freeze({ kind: 'unknown-id' } as const);
const ENDED = { settled: ended('settled'), released: ended('released'), expired: ended('expired') };

const REENTERED = 'The journal called the ledger that it records; the order was not carried out.';
const NOT_SYNCHRONOUS = 'The journal returned a promise, so its record is not kept yet.';
const HOLDS_FULL = `${RESERVATIONS_MAX} reservations are open; end some before reserving more.`;
const ACCOUNTS_FULL = `The books are full with ${ACCOUNTS_MAX} accounts.`;
const ADJUSTMENTS_FULL = `The reservation was corrected ${ADJUSTMENTS_MAX} times already.`;

function ended(outcome: Outcome): Extract<EndReply, { readonly kind: 'ended' }> {
  return Object.freeze({ kind: 'ended', outcome, repeated: false, overdrawn: Object.freeze([]) });
}

function unavailable(message: string): Unavailable {
  return { kind: 'unavailable', cause: new OperationError('STORE_UNAVAILABLE', message) };
}

function staleWindow({ scope, window }: Account): string {
  return (
    `The ${window} window of ${scope} ended so long ago that its balance was forgotten. ` +
    'Plan the call again with the present time.'
  );
}

/** Whether an order says what the open reservation with its id says. */
function isRepeat(
  known: OpenReservation,
  order: { readonly amounts: Amounts; readonly slots: readonly number[] },
): boolean {
  return (
    known.slots.length === order.slots.length &&
    known.slots.every((slot, index) => slot === order.slots[index]) &&
    sameAmounts(known.asked, order.amounts)
  );
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}
