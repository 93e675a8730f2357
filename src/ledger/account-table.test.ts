import { describe, expect, it } from 'vitest';
import { epochMs, type EpochMs } from '../units/time.ts';
import type { Account } from './account.ts';
import { AccountTable, FORGET_AFTER_MS, HELD, NO_SLOT } from './account-table.ts';
import { amountsFromCounters } from './amounts.ts';

const MINUTE = 60_000;
const FIVE = amountsFromCounters(5, 4, 3);

describe('the account table', () => {
  it('forgets an account long enough after its window, and gives its slot empty to another', () => {
    const table = new AccountTable();
    const slot = open(table, minute(0));
    table.add(slot, 0, FIVE);
    table.add(slot, HELD, FIVE);
    table.sweep(MINUTE + FORGET_AFTER_MS - 1, 1);
    expect(table.size).toBe(1);
    table.sweep(MINUTE + FORGET_AFTER_MS, 2);
    expect(table.size).toBe(0);
    const next = open(table, minute(500));
    expect(next).toBe(slot);
    for (let index = 0; index < 6; index += 1) expect(table.counter(next, index)).toBe(0);
  });

  it('never forgets an account that a reservation draws on', () => {
    const table = new AccountTable();
    const slot = open(table, minute(0));
    table.pin(slot, minute(0));
    table.pin(slot, minute(0));
    table.unpin(slot);
    table.sweep(Number.MAX_SAFE_INTEGER, 10);
    expect(table.find(keyOf(0))).toBe(slot);
    table.unpin(slot);
    table.sweep(Number.MAX_SAFE_INTEGER, 10);
    expect(table.find(keyOf(0))).toBe(NO_SLOT);
  });

  it('never forgets a lifetime account', () => {
    const table = new AccountTable();
    open(table, { ...minute(0), parts: [{ key: 'life', leavesAt: null }] });
    table.sweep(Number.MAX_SAFE_INTEGER, 10);
    expect(table.size).toBe(1);
  });

  it('cannot say what a forgotten window held, and knows that later ones are new', () => {
    const table = new AccountTable();
    for (const index of [3, 9]) open(table, minute(index));
    const isUnknowable = (index: number): boolean => {
      const part = minute(index).parts[0]!;
      return table.isUnknowable(part, table.find(part.key));
    };
    expect([0, 3, 9, 10].map(isUnknowable)).toEqual([false, false, false, false]);
    table.sweep(4 * MINUTE + FORGET_AFTER_MS, 10);
    expect(table.size).toBe(1);
    expect([0, 3, 4, 9, 10].map(isUnknowable)).toEqual([true, true, false, false, false]);
  });

  it('keeps every balance while it grows over a thousand accounts', () => {
    const table = new AccountTable();
    for (let index = 0; index < 1_000; index += 1) {
      const slot = open(table, minute(index));
      table.add(slot, 0, amountsFromCounters(index, 0, 1));
    }
    for (let index = 0; index < 1_000; index += 1) {
      const slot = table.find(keyOf(index));
      expect([table.counter(slot, 0), table.counter(slot, 2)]).toEqual([index, 1]);
    }
  });
});

function open(table: AccountTable, account: Account): number {
  expect(table.hasRoomFor(1)).toBe(true);
  return table.open(account);
}

function keyOf(index: number): string {
  return `minute|${index}`;
}

function minute(index: number): Account {
  const leavesAt: EpochMs = epochMs((index + 1) * MINUTE)!;
  return {
    capId: 'minute',
    scope: 'global',
    window: 'minute',
    ceiling: { usd: undefined, tokens: undefined, calls: undefined },
    mode: 'enforce',
    parts: [{ key: keyOf(index), leavesAt }],
  };
}
