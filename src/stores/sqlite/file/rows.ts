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
import { Updates, sumGroups } from './updates.ts';
import {
  asArray,
  bound,
  ceilingsAt,
  countAt,
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
  /** What stood above the ceiling then. */
  readonly excess: Sums;
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
const CEILING = ['ceiling', 'elsewhere', 'excess'].flatMap(three);
const STORED = of('a', ['id', 'key', ...ROW, ...CEILING, 'version']);
/** Where the columns of the slice begin, after those of the account. */
const SLICE_AT = 23;

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
  readonly #openSlice: SqliteStatement;
  readonly #accountUpdates: Updates;
  readonly #sliceUpdates: Updates;

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
    this.#openSlice = connection.prepare(`
      INSERT INTO slices (${SLICE.join(', ')}, holder_id, account_id)
      VALUES (${SLICE.map(() => '?').join(', ')}, ?, ?)`);
    this.#accountUpdates = new Updates(connection, {
      table: 'accounts',
      groups: [
        ...sumGroups('spent', 'held', 'in_flight'),
        ['slices'],
        ['recall'],
        three('ceiling'),
        ...sumGroups('elsewhere', 'excess'),
      ],
      rest: 'version = ? WHERE id = ? AND version = ?',
    });
    this.#sliceUpdates = new Updates(connection, {
      table: 'slices',
      groups: [
        ...sumGroups('granted', 'returned', 'spent', 'in_flight'),
        ['is_refused'],
        ['is_recalled'],
        ['recall'],
      ],
      rest: 'seq = ? WHERE holder_id = ? AND account_id = ? AND seq = ?',
    });
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
    const { holderId, item, before, row, slice } = kept;
    const stored = before.stored ?? this.#open(item.account);
    const isWritten = this.#hasChanged(stored.row, row) || before.stored === undefined;
    const next = isWritten ? changedBy(stored, kept) : stored;
    if (isWritten) this.#setAccount(stored, next);
    if (before.slice === undefined) this.#addSlice(slice, { holderId, accountId: stored.id });
    else this.#setSlice(before.slice, slice, { holderId, accountId: stored.id });
    this.#remember(holderId, { stored: next, slice });
  }

  /** Writes what a report, an end or a correction made of an account: no grant. */
  book(stored: StoredAccount, row: AccountRow): void {
    const taken = plus(plus(row.spent, row.held), stored.elsewhere);
    const excess = over(taken, stored.ceiling);
    this.#hasChanged(stored.row, row);
    this.#setAccount(stored, { ...stored, row, excess, version: stored.version + 1 });
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
    const ceiling = [null, null, null] as const;
    return { id, key, version: 0, row: NO_ROW, ceiling, elsewhere: NO_SUMS, excess: NO_SUMS };
  }

  /** Notes what changed of an account's balances; whether anything did. */
  #hasChanged(before: AccountRow, now: AccountRow): boolean {
    const updates = this.#accountUpdates;
    updates.begin();
    updates.sums(before.spent, now.spent);
    updates.sums(before.held, now.held);
    updates.sums(before.inFlight, now.inFlight);
    updates.count(before.slices, now.slices);
    updates.count(before.recall, now.recall);
    return updates.isAny;
  }

  /** Writes what was noted; the account must stand in the file as it was before. */
  #setAccount(before: StoredAccount, next: StoredAccount): void {
    const updates = this.#accountUpdates;
    updates.ceilings(before.ceiling, next.ceiling);
    updates.sums(before.elsewhere, next.elsewhere);
    updates.sums(before.excess, next.excess);
    this.#wrote(updates.run(next.version, next.id, before.version));
  }

  #addSlice(slice: SliceRow, { holderId, accountId }: SliceId): void {
    const values: SqliteValue[] = [];
    bind(values, slice.granted);
    bind(values, slice.returned);
    bind(values, slice.spent);
    bind(values, slice.inFlight);
    const [isRefused, isRecalled] = [slice.isRefused ? 1 : 0, slice.isRecalled ? 1 : 0];
    values.push(slice.seq, isRefused, isRecalled, slice.recall, holderId, accountId);
    this.#openSlice.run(...values);
  }

  #setSlice(before: SliceRow, slice: SliceRow, { holderId, accountId }: SliceId): void {
    const updates = this.#sliceUpdates;
    updates.begin();
    updates.sums(before.granted, slice.granted);
    updates.sums(before.returned, slice.returned);
    updates.sums(before.spent, slice.spent);
    updates.sums(before.inFlight, slice.inFlight);
    updates.count(before.isRefused ? 1 : 0, slice.isRefused ? 1 : 0);
    updates.count(before.isRecalled ? 1 : 0, slice.isRecalled ? 1 : 0);
    updates.count(before.recall, slice.recall);
    this.#wrote(updates.run(slice.seq, holderId, accountId, before.seq));
  }

  /** What was decided on is what is written over: anything else in the row, and nothing is kept. */
  #wrote(result: unknown): void {
    if (changesOf(result) === 1) return;
    throw unavailable(this.#connection.place, 'a row changed since it was read; say it again');
  }
}

interface SliceId {
  readonly holderId: number;
  readonly accountId: number;
}

const NO_SLOT: Slot = Object.freeze({ stored: undefined, slice: undefined });

const NO_ROW: AccountRow = Object.freeze({
  spent: NO_SUMS,
  held: NO_SUMS,
  inFlight: NO_SUMS,
  slices: 0,
  recall: 0,
});

function changedBy(stored: StoredAccount, kept: KeptItem): StoredAccount {
  const { row, ceiling, elsewhere } = kept;
  const { id, key, version } = stored;
  return { id, key, version: version + 1, row, ceiling, elsewhere, excess: excessOf(kept) };
}

/**
 * What stands above the ceiling before anything is granted: what holders spent without asking,
 * and what a lowered cap left behind. It is counted here again, apart from the granter, so that the
 * table refuses a grant that passes the ceiling.
 */
function excessOf({ item, before, row, ceiling, elsewhere }: KeptItem): Sums {
  if (isWithinCeiling(row, elsewhere, ceiling)) return NO_SUMS;
  const { granted, heldBefore } =
    before.slice === undefined
      ? { granted: NO_SUMS, heldBefore: NO_SUMS }
      : { granted: before.slice.granted, heldBefore: heldBy(before.slice) };
  const used = plus(item.spent, item.returned);
  const heldNow = minus(most(most(granted, item.known), used), used);
  const held = plus(minus(before.stored?.row.held ?? NO_SUMS, heldBefore), heldNow);
  return over(plus(plus(row.spent, held), elsewhere), ceiling);
}

function isWithinCeiling({ spent, held }: AccountRow, elsewhere: Sums, ceiling: Ceilings): boolean {
  return (
    spent[0] + held[0] + elsewhere[0] <= (ceiling[0] ?? Number.POSITIVE_INFINITY) &&
    spent[1] + held[1] + elsewhere[1] <= (ceiling[1] ?? Number.POSITIVE_INFINITY) &&
    spent[2] + held[2] + elsewhere[2] <= (ceiling[2] ?? Number.POSITIVE_INFINITY)
  );
}

/** What is above the ceiling in each capped dimension. */
function over(taken: Sums, [usd, tokens, calls]: Ceilings): Sums {
  return minus(taken, [usd ?? taken[0], tokens ?? taken[1], calls ?? taken[2]]);
}

function of(table: string, columns: readonly string[]): readonly string[] {
  return columns.map((column) => `${table}.${column}`);
}

function bind(values: SqliteValue[], sums: Sums): void {
  values.push(bound(sums[0]), bound(sums[1]), bound(sums[2]));
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
    excess: sumsAt(values, 19),
    version: countAt(values, 22),
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
