import { fits, saturatingAdd } from '../kernel/arithmetic.ts';
import { invariant } from '../errors/error.ts';
import type { Account, Amounts, Balance, Ceiling, WindowPart } from './account.ts';
import {
  COUNTERS,
  HELD,
  NO_SLOT,
  lastPart,
  leavesAtOf,
  type AccountTable,
} from './account-table.ts';
import { AMOUNTS_ZERO, amountsFromCounters } from './amounts.ts';
import type { Short } from './ledger.ts';
import type { RollingWindows } from './rolling-windows.ts';

/** Where the balances are. */
export interface Balances {
  readonly table: AccountTable;
  readonly rolling: RollingWindows;
}

/** What is asked of the accounts. */
export interface Question {
  readonly accounts: readonly Account[];
  /** Slots of the accounts' last parts, `NO_SLOT` for a new one, in the same order. */
  readonly slots: readonly number[];
}

/** Why an order does not simply fit; `undefined` instead of this when it does. */
export interface Shortage {
  /** Enforced accounts with too little room. */
  readonly refused: readonly Short[];
  /** Observed accounts with too little room; they never refuse. */
  readonly observed: readonly Short[];
  /** The first enforced account whose balance was forgotten, so that nobody can decide. */
  readonly unknowable: Account | undefined;
}

/**
 * Decides whether `amounts` fit into every account, on top of what is spent and held there.
 *
 * Changes nothing, and allocates nothing when all fits.
 */
export function findShortage(
  balances: Balances,
  question: Question,
  amounts: Amounts,
): Shortage | undefined {
  const { accounts, slots } = question;
  let isAllRoomy = true;
  for (let index = 0; index < accounts.length; index += 1) {
    const account = accounts[index];
    invariant(account !== undefined, 'every index has an account');
    sumUp(balances, account, slots[index] ?? NO_SLOT);
    const isKnown = isAllKnown(balances, account, slots[index] ?? NO_SLOT);
    if (!isKnown || shortDimension(account.ceiling, amounts) !== undefined) isAllRoomy = false;
  }
  return isAllRoomy ? undefined : describeShortage(balances, question, amounts);
}

/** What stands in the account now, over the parts it names. A part never seen counts as empty. */
export function readBalance({ table }: Balances, account: Account): Balance {
  sums.fill(0);
  for (const part of account.parts) addPart(table, part);
  return balanceOfSums(account.ceiling);
}

/**
 * Those of a reservation's accounts whose spent passes their ceiling, judged by the newest window.
 * `accounts` are empty for an ended reservation: then the table names them.
 */
export function findOverdrawn(
  balances: Balances,
  slots: readonly number[],
  accounts: readonly Account[],
): readonly Account[] {
  let overdrawn: Account[] | undefined;
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] ?? NO_SLOT;
    const ordered = accounts[index];
    const named = ordered ?? balances.table.accountOf(slot);
    invariant(named !== undefined, 'the account of a remembered reservation is known');
    const account = ordered?.parts.length === 1 ? ordered : balances.rolling.newestOf(named);
    sumUp(balances, account, account === named ? slot : balances.table.find(lastPart(account).key));
    if (isOverdrawn(account.ceiling)) (overdrawn ??= []).push(account);
  }
  return overdrawn ?? NONE;
}

const NONE: readonly never[] = Object.freeze([]);

/**
 * Spent and held of the account last summed up; in a module variable so that deciding allocates
 * nothing.
 */
const sums = new Float64Array(COUNTERS);

/** Adds up the account into `sums`: its parts, and the later parts that share a window with it. */
function sumUp({ table, rolling }: Balances, account: Account, lastSlot: number): void {
  if (lastSlot === NO_SLOT) sums.fill(0);
  else table.copyTo(sums, lastSlot);
  if (account.parts.length === 1) return;
  for (let index = 0; index < account.parts.length - 1; index += 1) {
    const part = account.parts[index];
    if (part !== undefined) addPart(table, part);
  }
  for (const part of rolling.laterParts(account)) addPart(table, part);
}

function addPart(table: AccountTable, part: WindowPart): void {
  const slot = table.find(part.key);
  if (slot !== NO_SLOT) table.addTo(sums, slot);
}

/**
 * Whether nothing that counts here was forgotten: the part drawn on, every other part of its
 * window, and the later parts. Only a window that began to leave long ago fails this: a plan
 * from a clock
 * that stepped back, or an extension of a hold on a rolling account kept open past its window.
 */
function isAllKnown({ table, rolling }: Balances, account: Account, lastSlot: number): boolean {
  if (table.isUnknowable(lastPart(account), lastSlot)) return false;
  if (account.parts.length === 1) return true;
  if (rolling.isUnknowable(account)) return false;
  const isUnknowable = (part: WindowPart): boolean =>
    table.isUnknowable(part, table.find(part.key));
  const [oldest] = account.parts;
  if (oldest === undefined || leavesAtOf(oldest) > table.forgottenUpTo) return true;
  return !account.parts.some(isUnknowable) && !rolling.laterParts(account).some(isUnknowable);
}

/** The first dimension in which `amounts` do not fit on top of `sums`. */
function shortDimension(ceiling: Ceiling, amounts: Amounts): Short['dimension'] | undefined {
  if (!hasRoom(0, amounts.usd, ceiling.usd)) return 'usd';
  if (!hasRoom(1, amounts.tokens, ceiling.tokens)) return 'tokens';
  if (!hasRoom(2, amounts.calls, ceiling.calls)) return 'calls';
  return undefined;
}

function hasRoom(index: number, amount: number, ceiling: number | undefined): boolean {
  if (ceiling === undefined) return true;
  return fits(saturatingAdd(sums[index] ?? 0, sums[HELD + index] ?? 0), amount, ceiling);
}

function isOverdrawn({ usd, tokens, calls }: Ceiling): boolean {
  return isPast(sums[0], usd) || isPast(sums[1], tokens) || isPast(sums[2], calls);
}

function isPast(spent: number | undefined, ceiling: number | undefined): boolean {
  return spent !== undefined && ceiling !== undefined && spent > ceiling;
}

function describeShortage(
  balances: Balances,
  { accounts, slots }: Question,
  amounts: Amounts,
): Shortage {
  const refused: Short[] = [];
  const observed: Short[] = [];
  let unknowable: Account | undefined;
  for (const [index, account] of accounts.entries()) {
    const slot = slots[index] ?? NO_SLOT;
    sumUp(balances, account, slot);
    const isKnown = isAllKnown(balances, account, slot);
    if (!isKnown && account.mode === 'enforce') unknowable ??= account;
    const dimension = shortDimension(account.ceiling, amounts);
    if (dimension === undefined) continue;
    const balance = balanceOfSums(account.ceiling);
    const parts = account.parts.map((part) => takenBy(balances.table, part));
    const list = account.mode === 'enforce' ? refused : observed;
    list.push({ account, balance, dimension, parts });
  }
  return { refused, observed, unknowable };
}

/** What one part takes of the ceiling: spent and held together, since both leave with it. */
function takenBy(table: AccountTable, part: WindowPart): Amounts {
  const slot = table.find(part.key);
  if (slot === NO_SLOT) return AMOUNTS_ZERO;
  const taken = (index: number): number =>
    saturatingAdd(table.counter(slot, index), table.counter(slot, HELD + index));
  return amountsFromCounters(taken(0), taken(1), taken(2));
}

function balanceOfSums(ceiling: Ceiling): Balance {
  const [usd = 0, tokens = 0, calls = 0, heldUsd = 0, heldTokens = 0, heldCalls = 0] = sums;
  return {
    spent: amountsFromCounters(usd, tokens, calls),
    held: amountsFromCounters(heldUsd, heldTokens, heldCalls),
    overdrawn: isOverdrawn(ceiling),
  };
}
