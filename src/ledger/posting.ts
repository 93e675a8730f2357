import { invariant } from '../errors/error.ts';
import type { EpochMs } from '../units/time.ts';
import type { Account, Amounts } from './account.ts';
import { AccountTable, HELD, NO_SLOT, lastPart } from './account-table.ts';
import { addAmounts, copyAmounts } from './amounts.ts';
import type { Balances } from './admission.ts';
import type { Outcome } from './ledger.ts';
import { EndedReservations, type EndedReservation } from './ended-reservations.ts';
import { OpenReservations, type OpenReservation } from './open-reservations.ts';
import { RollingWindows } from './rolling-windows.ts';

/**
 * All that the books are made of. Only the functions of this file change it, and none of them can
 * fail.
 */
export interface BooksState extends Balances {
  readonly open: OpenReservations;
  readonly ended: EndedReservations;
  /** Events recorded or replayed so far. */
  seq: number;
  /** The clock reading of the last reserve that opened an account. */
  atOpenedLast: number;
}

/** Books with nothing in them. */
export function newBooksState(endedMax: number): BooksState {
  return {
    table: new AccountTable(),
    rolling: new RollingWindows(),
    open: new OpenReservations(),
    ended: new EndedReservations(endedMax),
    seq: 0,
    atOpenedLast: Number.NEGATIVE_INFINITY,
  };
}

/**
 * Finds the slots of the accounts' last parts, in order, into `slots`; answers how many are new.
 * Throws `INVARIANT_BROKEN` when two accounts share a key: each would be let in by itself, and both
 * together pass the ceiling.
 */
export function findSlots(
  { table }: BooksState,
  accounts: readonly Account[],
  slots: number[],
): number {
  let opened = 0;
  if (slots.length !== accounts.length) slots.length = accounts.length;
  for (let index = 0; index < accounts.length; index += 1) {
    const key = lastKey(accounts, index);
    const slot = table.find(key);
    if (slot === NO_SLOT) opened += 1;
    for (let earlier = 0; earlier < index; earlier += 1) {
      const isSame = slots[earlier] === slot && lastKey(accounts, earlier) === key;
      invariant(!isSame, 'no two accounts of one order share a key');
    }
    slots[index] = slot;
  }
  return opened;
}

/** A hold that was admitted. */
export interface Hold {
  readonly id: string;
  readonly at: EpochMs;
  readonly amounts: Amounts;
  readonly accounts: readonly Account[];
  /** Slots of the accounts' last parts; `NO_SLOT` for each that is new. Room for them was made. */
  readonly slots: readonly number[];
}

/** Puts the hold on every account, opening the ones that are new. */
export function postReserved(state: BooksState, hold: Hold): void {
  const { table, rolling } = state;
  const held = copyAmounts(hold.amounts);
  const slots = hold.slots.slice();
  let opened = 0;
  for (let index = 0; index < hold.accounts.length; index += 1) {
    const account = hold.accounts[index];
    invariant(account !== undefined, 'every index has an account');
    let slot = slots[index] ?? NO_SLOT;
    if (slot === NO_SLOT) {
      slot = table.open(account);
      slots[index] = slot;
      opened += 1;
    }
    table.pin(slot, account);
    table.add(slot, HELD, held);
    if (account.parts.length > 1) rolling.note(account);
  }
  state.open.add(newReservation(hold, held, slots));
  if (opened > 0) sweep(state, hold.at, opened);
}

/** Grows the hold on every account. */
export function postExtended(state: BooksState, reservation: OpenReservation, by: Amounts): void {
  for (const slot of reservation.slots) state.table.add(slot, HELD, by);
  reservation.held = addAmounts(reservation.held, by);
}

/** Takes the hold from every account, books what was spent, and remembers how it ended. */
export function postEnded(
  state: BooksState,
  reservation: OpenReservation,
  { outcome, spent }: { readonly outcome: Outcome; readonly spent: Amounts },
): void {
  const { table, open, ended } = state;
  const { id, slots, held } = reservation;
  for (const slot of slots) {
    table.subtract(slot, HELD, held);
    table.add(slot, 0, spent);
  }
  open.remove(reservation);
  const forgotten = ended.remember({ id, slots, outcome, booked: spent });
  if (forgotten === undefined) return;
  for (const slot of forgotten) table.unpin(slot);
}

/** Replaces what stands booked for an ended reservation, on every account. */
export function postAdjusted(
  state: BooksState,
  reservation: EndedReservation,
  { id, amounts }: { readonly id: string; readonly amounts: Amounts },
): void {
  for (const slot of reservation.slots) {
    state.table.subtract(slot, 0, reservation.booked);
    state.table.add(slot, 0, amounts);
  }
  state.ended.adjust(id, reservation, copyAmounts(amounts));
}

function lastKey(accounts: readonly Account[], index: number): string {
  const account = accounts[index];
  invariant(account !== undefined, 'every index has an account');
  return lastPart(account).key;
}

function newReservation(hold: Hold, held: Amounts, slots: readonly number[]): OpenReservation {
  return {
    id: hold.id,
    at: hold.at,
    asked: held,
    held,
    slots,
    accounts: hold.accounts.slice(),
    older: undefined,
    newer: undefined,
  };
}

/**
 * The earlier of the last two readings decides what has left, so that one wild reading forgets
 * nothing.
 */
function sweep(state: BooksState, at: number, opened: number): void {
  const atSure = Math.min(at, state.atOpenedLast);
  state.atOpenedLast = at;
  state.table.sweep(atSure, opened);
  state.rolling.sweep(atSure, opened);
}
