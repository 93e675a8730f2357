import { describe, expect, it } from 'vitest';
import type { Account, Amounts } from '../../ledger/account.ts';
import { createMemoryLedger } from '../../stores/memory/books/memory-ledger.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import { epochMs, type EpochMs } from '../../units/time.ts';
import { canCome, nextLeaving } from './hope.ts';

const at = (ms: number): EpochMs => epochMs(ms)!;
const usd = (amount: number): Amounts => ({
  usd: nanoUsd(amount)!,
  tokens: tokens(0)!,
  calls: calls(1)!,
});

/** An account of 100 with a part for each instant at which one leaves. */
function account(...leaving: readonly (number | null)[]): Account {
  return {
    capId: 'cap',
    scope: 'global',
    window: 'w',
    ceiling: { usd: nanoUsd(100)!, tokens: undefined, calls: undefined },
    mode: 'enforce',
    parts: leaving.map((leavesAt, index) => ({
      key: `part-${index}`,
      leavesAt: leavesAt === null ? null : at(leavesAt),
    })),
  };
}

/** A ledger in which `spent` stands in the parts of the account, and `held` in the last. */
function ledgerOf(one: Account, spent: readonly number[], held = 0) {
  const ledger = createMemoryLedger();
  const open = (id: string, amount: number, part: Account['parts'][number]) => {
    const accounts = [{ ...one, parts: [part] }];
    expect(ledger.reserve({ id, at: at(0), amounts: usd(amount), accounts }).kind).toBe('reserved');
  };
  spent.forEach((amount, index) => {
    open(`s${index}`, amount, one.parts[index]!);
    ledger.settle({ id: `s${index}`, at: at(0), amounts: usd(amount) });
  });
  if (held > 0) open('h', held, one.parts.at(-1)!);
  return ledger;
}

const hope = (
  one: Account,
  {
    spent,
    held = 0,
    need,
    until = 0,
  }: Record<'need', number> & {
    spent: readonly number[];
    held?: number;
    until?: number;
  },
) => canCome(ledgerOf(one, spent, held), { accounts: [one], amounts: usd(need) }, at(until));

describe('whether money can come', () => {
  it('what is held may come back, what is spent may not', () => {
    const one = account(null);
    expect(hope(one, { spent: [40], held: 60, need: 60 })).toBe(true);
    expect(hope(one, { spent: [40], held: 60, need: 61 })).toBe(false);
    expect(hope(one, { spent: [40], need: 61 })).toBe(false);
    expect(hope(one, { spent: [0], need: 101 })).toBe(false);
  });

  it('what is spent leaves with its part of the window, if that is in time', () => {
    const one = account(1_000, 2_000, 3_000);
    const spent = [50, 30, 10];
    expect(hope(one, { spent, need: 20, until: 999 })).toBe(false);
    expect(hope(one, { spent, need: 60, until: 1_000 })).toBe(true);
    expect(hope(one, { spent, need: 61, until: 1_000 })).toBe(false);
    expect(hope(one, { spent, need: 90, until: 2_000 })).toBe(true);
    expect(hope(one, { spent, held: 10, need: 90, until: 2_000 })).toBe(true);
    expect(hope(one, { spent, need: 100, until: 3_000 })).toBe(true);
    expect(hope(one, { spent, need: 101, until: 3_000 })).toBe(false);
  });

  it('an overdrawn account opens with its window only', () => {
    const one = account(1_000);
    const ledger = ledgerOf(one, [10]);
    ledger.reserve({ id: 'o', at: at(0), amounts: usd(10), accounts: [one] });
    ledger.settle({ id: 'o', at: at(0), amounts: usd(200) });
    const terms = { accounts: [one], amounts: usd(1) };
    expect(canCome(ledger, terms, at(999))).toBe(false);
    expect(canCome(ledger, terms, at(1_000))).toBe(true);
  });

  it('asks every account that is enforced', () => {
    const one = account(null);
    const other = { ...one, capId: 'other', parts: [{ key: 'other', leavesAt: null }] };
    const ledger = ledgerOf(one, [100]);
    const both = (mode: Account['mode']) =>
      canCome(ledger, { accounts: [{ ...one, mode }, other], amounts: usd(1) }, at(0));
    expect(both('enforce')).toBe(false);
    expect(both('observe')).toBe(true);
  });

  it('says when the next part leaves, if that is to come and in time', () => {
    const accounts = [account(500, 2_000), account(null), account(1_500)];
    const next = (now: number, deadline: number) =>
      nextLeaving(accounts, { at: at(now), deadline: at(deadline) });
    expect(next(0, 9_000)).toBe(500);
    expect(next(500, 9_000)).toBe(1_500);
    expect(next(500, 1_400)).toBeUndefined();
    expect(next(2_000, 9_000)).toBeUndefined();
  });
});
