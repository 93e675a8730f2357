import { invariant } from '../errors/error.ts';
import { AMOUNTS_ZERO, checkAmounts } from './amounts.ts';
import { Books, type BooksOptions } from './books.ts';
import type { JournalEvent } from './journal.ts';
import {
  findSlots,
  postAdjusted,
  postEnded,
  postExtended,
  postReserved,
  type BooksState,
} from './posting.ts';
import type { OpenReservation } from './open-reservations.ts';

/**
 * Folds a journal back to the books that wrote it: the same balances, open holds, ended ids and
 * corrections, by the same posting functions. `options.journal` records what happens afterwards;
 * with another `endedMax` than the writer's, more or fewer ended ids are remembered.
 *
 * Nothing is judged again: what was admitted stays admitted under a changed ceiling. A journal
 * with a gap, a repeated record or an impossible one throws `INVARIANT_BROKEN`.
 */
export function replay(events: Iterable<JournalEvent>, options?: BooksOptions): Books {
  const books = new Books(options);
  for (const event of events) postEvent(books.state, event);
  return books;
}

function postEvent(state: BooksState, event: JournalEvent): void {
  invariant(event.seq === state.seq + 1, `journal record ${state.seq + 1} follows ${state.seq}`);
  state.seq = event.seq;
  switch (event.kind) {
    case 'reserved':
      return postReservedEvent(state, event);
    case 'extended':
      checkAmounts(event.by);
      return postExtended(state, openOne(state, event.id), event.by);
    case 'settled':
      checkAmounts(event.amounts);
      return postEnded(state, openOne(state, event.id), {
        outcome: 'settled',
        spent: event.amounts,
      });
    case 'released':
      return postEnded(state, openOne(state, event.id), {
        outcome: 'released',
        spent: AMOUNTS_ZERO,
      });
    case 'expired': {
      const reservation = openOne(state, event.id);
      return postEnded(state, reservation, { outcome: 'expired', spent: reservation.held });
    }
    case 'adjusted':
      return postAdjustedEvent(state, event);
    default:
      return neverKind(event);
  }
}

function postReservedEvent(
  state: BooksState,
  event: Extract<JournalEvent, { readonly kind: 'reserved' }>,
): void {
  checkAmounts(event.amounts);
  const isNew = state.open.get(event.id) === undefined && !state.ended.has(event.id);
  invariant(isNew, `reservation ${event.id} is recorded once`);
  const slots: number[] = [];
  const opened = findSlots(state, event.accounts, slots);
  invariant(state.table.hasRoomFor(opened), 'the books have room for what they held before');
  postReserved(state, { ...event, slots });
}

function postAdjustedEvent(
  state: BooksState,
  event: Extract<JournalEvent, { readonly kind: 'adjusted' }>,
): void {
  checkAmounts(event.amounts);
  // Books that remember fewer ended ids than the writer did cannot tell what this replaced.
  const reservation = state.ended.get(event.id);
  invariant(reservation !== undefined, `reservation ${event.id} ended before`);
  const isNew = state.ended.adjustment(event.adjustmentId) === undefined;
  invariant(isNew, `correction ${event.adjustmentId} is recorded once`);
  postAdjusted(state, reservation, { id: event.adjustmentId, amounts: event.amounts });
}

function openOne(state: BooksState, id: string): OpenReservation {
  const reservation = state.open.get(id);
  invariant(reservation !== undefined, `reservation ${id} was recorded before its one end`);
  return reservation;
}

function neverKind(event: never): never {
  invariant(false, `a journal record is of a known kind, not ${JSON.stringify(event)}`);
  throw new Error('unreachable');
}
