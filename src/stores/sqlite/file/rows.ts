import type { Account } from '../../../ledger/account.ts';
import { heldBy, type AccountRow, type SliceRow } from '../../../ledger/leases/granter.ts';
import type { SliceItem } from '../../../ledger/leases/message.ts';
import {
  NO_SUMS,
  minus,
  most,
  plus,
  type Ceilings,
  type Sums,
} from '../../../ledger/leases/sums.ts';
import { changesOf, onlyValue, type Connection } from './connection.ts';
import type { SqliteStatement, SqliteValue } from './driver.ts';
import { unavailable } from './failure.ts';
import {
  asArray,
  bound,
  ceilingsAt,
  countAt,
  setThree,
  sumsAt,
  textAt,
  three,
  valuesOf,
  type Values,
} from './values.ts';

/** One account and one holder's slice of it, as they stand in the file. */
export interface Slot {
  /** `undefined` for an account that does not exist yet. */
  readonly stored: StoredAccount | undefined;
  /** `undefined` for a slice that does not exist yet. */
  readonly slice: SliceRow | undefined;
}

/** An account as it stands in the file, with what its ceiling was when it was last used. */
export interface StoredAccount {
  readonly id: number;
  /** Counts the changes of the row, so that none is written over. */
  readonly version: number;
  readonly key: string;
  readonly row: AccountRow;
  readonly ceiling: Ceilings;
  readonly elsewhere: Sums;
}

/** What an item makes of its slot. */
export interface KeptItem {
  readonly holderId: number;
  readonly item: SliceItem;
  readonly before: Slot;
  readonly row: AccountRow;
  readonly slice: SliceRow;
  readonly ceiling: Ceilings;
  readonly elsewhere: Sums;
}

const ROW = [...['spent', 'held', 'in_flight'].flatMap(three), 'slices', 'recall'];
const SLICE_SUMS = ['granted', 'returned', 'spent', 'in_flight'].flatMap(three);
const SLICE = [...SLICE_SUMS, 'seq', 'is_refused', 'is_recalled', 'recall'];
const CEILING = [...three('ceiling'), ...three('elsewhere')];
const STORED = of('a', ['id', 'key', ...ROW, ...CEILING, 'version']);
/** Where the columns of the slice begin, after those of the account. */
const SLICE_AT = 20;

/** Slots remembered at most. */
export const SLOTS_MAX = 10_000;

/**
 * Reads and writes accounts and slices, inside a transaction of the connection.
 *
 * It remembers the slots of one holder as they stand in the file, and so reads each once, until the
 * connection says that others may have written.
 */
export class Rows {
  readonly #connection: Connection;
  #remembered: { readonly holderId: number; readonly slots: Map<string, Slot> } | undefined;
  readonly #account: SqliteStatement;
  readonly #slot: SqliteStatement;
  readonly #slotsOf: SqliteStatement;
  readonly #openAccount: SqliteStatement;
  readonly #setAccount: SqliteStatement;
  readonly #openSlice: SqliteStatement;
  readonly #setSlice: SqliteStatement;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.watch(() => (this.#remembered = undefined));
    const slot = `SELECT ${asArray([...STORED, ...of('s', SLICE)])}`;
    this.#account = connection.prepare(`SELECT ${asArray(STORED)} FROM accounts a WHERE key = ?`);
    this.#slot = connection.prepare(`
      ${slot} FROM accounts a LEFT JOIN slices s ON s.holder_id = ? AND s.account_id = a.id
      WHERE a.key = ?`);
    this.#slotsOf = connection.prepare(`
      ${slot} FROM slices s JOIN accounts a ON a.id = s.account_id WHERE s.holder_id = ?`);
    this.#openAccount = connection.prepare(`
      INSERT INTO accounts (key, cap_id, scope, window, leaves_at) VALUES (?, ?, ?, ?, ?)
      RETURNING id`);
    this.#setAccount = connection.prepare(`
      UPDATE accounts SET ${setThree('spent', 'held', 'in_flight')}, slices = ?, recall = ?,
        ${setThree('ceiling', 'elsewhere', 'excess')}, version = ?
      WHERE id = ? AND version = ?`);
    this.#openSlice = connection.prepare(`
      INSERT INTO slices (${SLICE.join(', ')}, holder_id, account_id)
      VALUES (${SLICE.map(() => '?').join(', ')}, ?, ?)`);
    this.#setSlice = connection.prepare(`
      UPDATE slices SET ${SLICE.map((column) => `${column} = ?`).join(', ')}
      WHERE holder_id = ? AND account_id = ? AND seq = ?`);
  }

  account(key: string): StoredAccount | undefined {
    const found = onlyValue(this.#account.get(key));
    return found === undefined ? undefined : storedOf(valuesOf(found));
  }

  /** The account with this key and the holder's slice of it. */
  slot(holderId: number, key: string): Slot {
    const known = this.#slotsOfOne(holderId).get(key);
    if (known !== undefined) return known;
    const found = onlyValue(this.#slot.get(holderId, key));
    if (found === undefined) return NO_SLOT;
    const slot = slotOf(valuesOf(found));
    this.#remember(holderId, slot);
    return slot;
  }

  /** All slices of a holder. */
  slotsOf(holderId: number): readonly Slot[] {
    return this.#slotsOf.all(holderId).map((row) => slotOf(valuesOf(onlyValue(row))));
  }

  /** Writes what an item made of its slot; an account that it did not change is left alone. */
  keep(kept: KeptItem): void {
    const { holderId, item, before, row, slice, ceiling, elsewhere } = kept;
    const [stored, isNew] =
      before.stored === undefined ? [this.#open(item.account), true] : [before.stored, false];
    const next = { ...stored, row, ceiling, elsewhere, version: stored.version + 1 };
    const isWritten = isNew || !isSameRow(stored.row, row);
    if (isWritten) this.#set(next, excessOf(kept));
    this.#setSliceOf(before.slice, { holderId, accountId: stored.id, slice });
    this.#remember(holderId, { stored: isWritten ? next : stored, slice });
  }

  /** Writes what a report, an end or a correction made of an account: no grant. */
  book(stored: StoredAccount, row: AccountRow): void {
    const taken = plus(plus(row.spent, row.held), stored.elsewhere);
    this.#set({ ...stored, row, version: stored.version + 1 }, over(taken, stored.ceiling));
    this.#connection.forget();
  }

  #slotsOfOne(holderId: number): Map<string, Slot> {
    if (this.#remembered?.holderId !== holderId) this.#remembered = { holderId, slots: new Map() };
    return this.#remembered.slots;
  }

  #remember(holderId: number, slot: Slot): void {
    const slots = this.#slotsOfOne(holderId);
    if (slots.size >= SLOTS_MAX) slots.clear();
    if (slot.stored !== undefined) slots.set(slot.stored.key, slot);
  }

  #open({ capId, scope, window, parts }: Account): StoredAccount {
    const part = parts.at(-1);
    const [key = '', leavesAt = null] = [part?.key, part?.leavesAt];
    const id = Number(onlyValue(this.#openAccount.get(key, capId, scope, window, leavesAt)));
    return { id, key, version: 0, row: NO_ROW, ceiling: [null, null, null], elsewhere: NO_SUMS };
  }

  /** Writes the row after its last change, which must be the one before. */
  #set({ id, version, row, ceiling, elsewhere }: StoredAccount, excess: Sums): void {
    const { spent, held, inFlight, slices, recall } = row;
    const written = this.#setAccount.run(
      bound(spent[0]),
      bound(spent[1]),
      bound(spent[2]),
      bound(held[0]),
      bound(held[1]),
      bound(held[2]),
      bound(inFlight[0]),
      bound(inFlight[1]),
      bound(inFlight[2]),
      slices,
      recall,
      boundOrNull(ceiling[0]),
      boundOrNull(ceiling[1]),
      boundOrNull(ceiling[2]),
      bound(elsewhere[0]),
      bound(elsewhere[1]),
      bound(elsewhere[2]),
      bound(excess[0]),
      bound(excess[1]),
      bound(excess[2]),
      version,
      id,
      version - 1,
    );
    this.#wrote(written);
  }

  #setSliceOf(before: SliceRow | undefined, { holderId, accountId, slice }: KeptSlice): void {
    const { granted, returned, spent, inFlight, seq, isRefused, isRecalled, recall } = slice;
    const values = [
      bound(granted[0]),
      bound(granted[1]),
      bound(granted[2]),
      bound(returned[0]),
      bound(returned[1]),
      bound(returned[2]),
      bound(spent[0]),
      bound(spent[1]),
      bound(spent[2]),
      bound(inFlight[0]),
      bound(inFlight[1]),
      bound(inFlight[2]),
      seq,
      isRefused ? 1 : 0,
      isRecalled ? 1 : 0,
      recall,
      holderId,
      accountId,
    ];
    if (before === undefined) this.#openSlice.run(...values);
    else this.#wrote(this.#setSlice.run(...values, before.seq));
  }

  /** What was decided on is what is written over: anything else in the row, and nothing is kept. */
  #wrote(result: unknown): void {
    if (changesOf(result) === 1) return;
    throw unavailable(this.#connection.place, 'a row changed since it was read; say it again');
  }
}

interface KeptSlice {
  readonly holderId: number;
  readonly accountId: number;
  readonly slice: SliceRow;
}

const NO_SLOT: Slot = Object.freeze({ stored: undefined, slice: undefined });

const NO_ROW: AccountRow = Object.freeze({
  spent: NO_SUMS,
  held: NO_SUMS,
  inFlight: NO_SUMS,
  slices: 0,
  recall: 0,
});

/**
 * What stands above the ceiling before anything is granted: what holders spent without asking,
 * and what a lowered cap left behind. It is counted here again, apart from the granter, so that the
 * table refuses a grant that passes the ceiling.
 */
function excessOf({ item, before, row, ceiling, elsewhere }: KeptItem): Sums {
  const after = over(plus(plus(row.spent, row.held), elsewhere), ceiling);
  if (after[0] === 0 && after[1] === 0 && after[2] === 0) return after;
  const { granted, heldBefore } =
    before.slice === undefined
      ? { granted: NO_SUMS, heldBefore: NO_SUMS }
      : { granted: before.slice.granted, heldBefore: heldBy(before.slice) };
  const used = plus(item.spent, item.returned);
  const heldNow = minus(most(most(granted, item.known), used), used);
  const held = plus(minus(before.stored?.row.held ?? NO_SUMS, heldBefore), heldNow);
  return over(plus(plus(row.spent, held), elsewhere), ceiling);
}

/** What is above the ceiling in each capped dimension. */
function over(taken: Sums, [usd, tokens, calls]: Ceilings): Sums {
  return minus(taken, [usd ?? taken[0], tokens ?? taken[1], calls ?? taken[2]]);
}

function of(table: string, columns: readonly string[]): readonly string[] {
  return columns.map((column) => `${table}.${column}`);
}

function boundOrNull(amount: number | null): SqliteValue {
  return amount === null ? null : bound(amount);
}

function storedOf(values: Values): StoredAccount {
  return {
    id: countAt(values, 0),
    key: textAt(values, 1),
    row: {
      spent: sumsAt(values, 2),
      held: sumsAt(values, 5),
      inFlight: sumsAt(values, 8),
      slices: countAt(values, 11),
      recall: countAt(values, 12),
    },
    ceiling: ceilingsAt(values, 13),
    elsewhere: sumsAt(values, 16),
    version: countAt(values, 19),
  };
}

function slotOf(values: Values): Slot {
  const stored = storedOf(values);
  if (values[SLICE_AT] === null) return { stored, slice: undefined };
  const slice: SliceRow = {
    granted: sumsAt(values, SLICE_AT),
    returned: sumsAt(values, SLICE_AT + 3),
    spent: sumsAt(values, SLICE_AT + 6),
    inFlight: sumsAt(values, SLICE_AT + 9),
    seq: countAt(values, SLICE_AT + 12),
    isRefused: values[SLICE_AT + 13] === 1,
    isRecalled: values[SLICE_AT + 14] === 1,
    recall: countAt(values, SLICE_AT + 15),
  };
  return { stored, slice };
}

function isSameRow(left: AccountRow, right: AccountRow): boolean {
  return (
    isSame(left.spent, right.spent) &&
    isSame(left.held, right.held) &&
    isSame(left.inFlight, right.inFlight) &&
    left.slices === right.slices &&
    left.recall === right.recall
  );
}

function isSame(left: Sums, right: Sums): boolean {
  return left[0] === right[0] && left[1] === right[1] && left[2] === right[2];
}
