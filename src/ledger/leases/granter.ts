import { invariant } from '../../errors/error.ts';
import type { SliceItem, SliceState } from './message.ts';
import {
  NO_SUMS,
  asSums,
  isNothing,
  isWithin,
  least,
  minus,
  most,
  plus,
  replaced,
  type Ceilings,
  type Sums,
} from './sums.ts';

/**
 * The granting side's arithmetic, on one account and one holder's slice of it. Pure: rows in, rows
 * out. The memory and SQLite stores run it; the Lua and SQL of the others say the same in
 * their language and are tested against it.
 */

/** What a store keeps of one account: one part of a window. */
export interface AccountRow {
  readonly spent: Sums;
  /** The sum over open slices of `granted - returned - spent`. */
  readonly held: Sums;
  /** The part of `held` for calls in flight: as holders last said, and granted for such since. */
  readonly inFlight: Sums;
  /** Open slices. */
  readonly slices: number;
  /** Recalls so far; a slice that was told fewer is to be told. */
  readonly recall: number;
}

/** What a store keeps of one holder's slice of one account. */
export interface SliceRow {
  readonly granted: Sums;
  readonly returned: Sums;
  readonly spent: Sums;
  readonly inFlight: Sums;
  /** The last message that was applied to it. */
  readonly seq: number;
  /** Whether that message's `need` was refused: part of the answer, should it be asked again. */
  readonly isRefused: boolean;
  /** Whether the answer to that message said that somebody waits; part of the answer, too. */
  readonly isRecalled: boolean;
  /** The recall that it has been told of. */
  readonly recall: number;
}

/** Everything the decision about one item depends on. */
export interface ItemQuestion {
  readonly item: SliceItem;
  /** Number of the message that the item came in; `SEQ_OF_REPEAT` for one that came before. */
  readonly seq: number;
  /** `undefined` for one that does not exist yet. */
  readonly row: AccountRow | undefined;
  readonly slice: SliceRow | undefined;
  /** Spent and held in the other parts of the account's window, later ones included. */
  readonly elsewhere: { readonly spent: Sums; readonly held: Sums };
  /** What operators left of the ceiling. */
  readonly ceiling: Ceilings;
  /** The store takes the holder's word for what it was granted. */
  readonly isDeclared: boolean;
}

/** The rows after an item, and what to tell the holder. */
export type ItemAnswer =
  | {
      readonly kind: 'applied';
      readonly row: AccountRow;
      readonly slice: SliceRow;
      /** Without what stands in the parts of the window, which the store puts in. */
      readonly state: SliceState;
    }
  | { readonly kind: 'lost'; readonly reason: string };

/** In the place of a number: what is said changes nothing, also where it says something else. */
export const SEQ_OF_REPEAT = 0;

/** An account is near its cap when less than a 32nd of it is left. */
export const NEAR_PART = 32;

/** How many times more than what is left over each holder could be granted. */
export const SHARE_PARTS = 4;

const NO_PARTS: readonly Sums[] = Object.freeze([]);

const NEW_ROW: AccountRow = Object.freeze({
  spent: NO_SUMS,
  held: NO_SUMS,
  inFlight: NO_SUMS,
  slices: 0,
  recall: 0,
});

/** Applies one item: reports first, then returns, then the grant. A repeat changes nothing. */
export function applyItem(question: ItemQuestion): ItemAnswer {
  const { item, seq, ceiling, elsewhere } = question;
  const key = lastKey(item);
  const known = question.slice?.granted ?? NO_SUMS;
  if (!question.isDeclared && !isWithin(item.known, known)) {
    const [told, kept] = [item.known.join('/'), known.join('/')];
    const reason = `${key}: the holder was granted ${told}, the store knows ${kept}`;
    return { kind: 'lost', reason };
  }
  const opened = openSlice(question);
  if (opened.slice.seq >= seq) {
    return applied(question, opened);
  }

  const reported = report(opened, item, seq);
  const isAsked = !isNothing(item.need);
  const room = roomOf(reported.row, elsewhere, ceiling);
  if (!isAsked || isWithin(item.need, room)) {
    return applied(question, isAsked ? grant(reported, item, { room, ceiling }) : reported);
  }
  return applied(question, refuse(reported));
}

/** The rows after a holder's end, and what its slice gave back or was charged. */
export interface EndedSlice {
  readonly row: AccountRow;
  readonly freed: Sums;
  readonly charged: Sums;
}

/** Ends a slice: books `spent` in all, and nothing of it is held any more. */
export function endSlice(row: AccountRow, slice: SliceRow, spent: Sums): EndedSlice {
  const held = heldBy(slice);
  const charged = minus(spent, slice.spent);
  return {
    row: {
      ...row,
      spent: plus(minus(row.spent, slice.spent), spent),
      held: minus(row.held, held),
      inFlight: minus(row.inFlight, slice.inFlight),
      slices: row.slices - 1,
    },
    freed: minus(held, charged),
    charged,
  };
}

/** What a slice still holds of its account. */
export function heldBy({ granted, returned, spent }: SliceRow): Sums {
  return asSums(
    Math.max(0, granted[0] - returned[0] - spent[0]),
    Math.max(0, granted[1] - returned[1] - spent[1]),
    Math.max(0, granted[2] - returned[2] - spent[2]),
  );
}

// The rows below name every member: an item is decided for each call, and the engine takes a
// microsecond to copy one of them by spreading.

interface Rows {
  readonly row: AccountRow;
  readonly slice: SliceRow;
}

function applied(question: ItemQuestion, { row, slice }: Rows): ItemAnswer {
  return { kind: 'applied', row, slice, state: stateOf(question, { row, slice }) };
}

function openSlice({ row = NEW_ROW, slice }: ItemQuestion): Rows {
  if (slice !== undefined) return { row, slice };
  const opened: SliceRow = {
    granted: NO_SUMS,
    returned: NO_SUMS,
    spent: NO_SUMS,
    inFlight: NO_SUMS,
    seq: 0,
    isRefused: false,
    isRecalled: false,
    recall: row.recall,
  };
  return { row: { ...row, slices: row.slices + 1 }, slice: opened };
}

/** Books what was spent and takes back what was returned; what is above the slice widens it. */
function report({ row, slice }: Rows, item: SliceItem, seq: number): Rows {
  invariant(isWithin(slice.returned, item.returned), 'what was returned only grows');
  const used = plus(item.spent, item.returned);
  const next: SliceRow = {
    granted: most(most(slice.granted, item.known), used),
    returned: item.returned,
    spent: item.spent,
    inFlight: item.inFlight,
    seq,
    isRefused: false,
    isRecalled: row.recall > slice.recall,
    recall: row.recall,
  };
  return {
    slice: next,
    row: {
      spent: replaced(row.spent, { before: slice.spent, now: item.spent }),
      held: replaced(row.held, { before: heldBy(slice), now: heldBy(next) }),
      inFlight: replaced(row.inFlight, { before: slice.inFlight, now: item.inFlight }),
      slices: row.slices,
      recall: row.recall,
    },
  };
}

/** What is left in each dimension; where nothing is capped, nothing can be asked for. */
function roomOf(row: AccountRow, elsewhere: ItemQuestion['elsewhere'], ceiling: Ceilings): Sums {
  const { spent, held } = row;
  const [before, beside] = [elsewhere.spent, elsewhere.held];
  return asSums(
    roomIn(ceiling[0], spent[0] + held[0] + before[0] + beside[0]),
    roomIn(ceiling[1], spent[1] + held[1] + before[1] + beside[1]),
    roomIn(ceiling[2], spent[2] + held[2] + before[2] + beside[2]),
  );
}

/** A sum above 2^53 may be rounded, but never to below a cap. */
function roomIn(cap: number | null, taken: number): number {
  return cap === null ? 0 : Math.max(0, cap - taken);
}

function isNearIn(room: Sums, ceiling: Ceilings): boolean {
  return isNear(room[0], ceiling[0]) || isNear(room[1], ceiling[1]) || isNear(room[2], ceiling[2]);
}

function isNear(room: number, cap: number | null): boolean {
  return cap !== null && room < Math.floor(cap / NEAR_PART);
}

function grant(
  { row, slice }: Rows,
  item: SliceItem,
  { room, ceiling }: { readonly room: Sums; readonly ceiling: Ceilings },
): Rows {
  // The slice at hand is one of `row.slices`: the others and one more share what is left.
  const parts = SHARE_PARTS * row.slices;
  const share = asSums(
    Math.floor(room[0] / parts),
    Math.floor(room[1] / parts),
    Math.floor(room[2] / parts),
  );
  const { need, demand, want } = item;
  const asked = most(most(need, demand), least(want, share));
  const granted = least(room, isNearIn(room, ceiling) ? demand : asked);
  const taken = takenAtOnce(item, granted);
  const { returned, spent, seq, isRefused, isRecalled, recall } = slice;
  return {
    slice: {
      granted: plus(slice.granted, granted),
      returned,
      spent,
      inFlight: plus(slice.inFlight, taken),
      seq,
      isRefused,
      isRecalled,
      recall,
    },
    row: {
      spent: row.spent,
      held: plus(row.held, granted),
      inFlight: plus(row.inFlight, taken),
      slices: row.slices,
      recall: row.recall,
    },
  };
}

/**
 * The part of a grant that goes to waiting calls, and so cannot be recalled. Where it does not do
 * for all of them, only the first is sure to take it: what the others leave may come back.
 */
function takenAtOnce({ need, demand }: SliceItem, granted: Sums): Sums {
  const of = (at: 0 | 1 | 2): number =>
    granted[at] < demand[at] ? Math.min(need[at], granted[at]) : demand[at];
  return asSums(of(0), of(1), of(2));
}

/** Nothing is granted; where others have more than they need, they are told that somebody waits. */
function refuse({ row, slice }: Rows): Rows {
  const isRecalling = !isNothing(idleElsewhere(row, slice));
  const recall = isRecalling ? row.recall + 1 : row.recall;
  return { row: { ...row, recall }, slice: { ...slice, isRefused: true, recall } };
}

function idleElsewhere(row: AccountRow, slice: SliceRow): Sums {
  return idleOf(minus(row.held, heldBy(slice)), { row, slice });
}

/** What of `othersHeld` nobody said they need for calls in flight. */
function idleOf(othersHeld: Sums, { row, slice }: Rows): Sums {
  return minus(othersHeld, minus(row.inFlight, slice.inFlight));
}

function stateOf(question: ItemQuestion, rows: Rows): SliceState {
  const { row, slice } = rows;
  const { elsewhere, ceiling, item } = question;
  const othersHeld = minus(row.held, heldBy(slice));
  return {
    key: lastKey(item),
    granted: slice.granted,
    returned: slice.returned,
    spent: slice.spent,
    isRefused: slice.isRefused,
    isNear: isNearIn(roomOf(row, elsewhere, ceiling), ceiling),
    isRecalled: slice.isRecalled,
    idleElsewhere: idleOf(othersHeld, rows),
    othersSpent: plus(minus(row.spent, slice.spent), elsewhere.spent),
    othersHeld: plus(othersHeld, elsewhere.held),
    parts: NO_PARTS,
    ceiling,
  };
}

function lastKey({ account }: SliceItem): string {
  const part = account.parts[account.parts.length - 1];
  invariant(part !== undefined, 'an account has at least one window part');
  return part.key;
}
