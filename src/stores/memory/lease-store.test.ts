import { describe, expect, it } from 'vitest';
import type { Account } from '../../ledger/account.ts';
import type { HolderMessage, SliceItem } from '../../ledger/leases/message.ts';
import { NO_SUMS, type Sums } from '../../ledger/leases/sums.ts';
import { nanoUsd } from '../../units/money.ts';
import { epochMs } from '../../units/time.ts';
import { createMemoryLeaseStore, type MemoryLeaseStore } from './lease-store.ts';

const NOON = epochMs(1_800_000_000_000)!;

function account(usd: number): Account {
  return {
    capId: 'global/day',
    scope: 'global',
    window: 'day',
    ceiling: { usd: nanoUsd(usd), tokens: undefined, calls: undefined },
    mode: 'enforce',
    parts: [{ key: 'global/day|global|0', leavesAt: null }],
  };
}

function item(cap: number, said: Partial<Omit<SliceItem, 'account'>>): SliceItem {
  const need = said.need ?? NO_SUMS;
  const none = { known: NO_SUMS, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
  return { account: account(cap), ...none, demand: need, want: need, ...said, need };
}

function send(store: MemoryLeaseStore, holder: string, seq: number, ...items: SliceItem[]) {
  const message: HolderMessage = { holder, seq, at: NOON, items, declares: 'none' };
  const reply = store.exchange(message);
  if (reply.kind !== 'applied') throw new Error(reply.kind);
  return reply.slices[0]!;
}

function opened(...names: string[]): MemoryLeaseStore {
  const store = createMemoryLeaseStore({ clock: () => NOON });
  for (const holder of names) {
    const of = { host: 'h', boot: 'b', pid: 1, incarnation: 'i', journal: null, openedAt: NOON };
    store.open({ holder, ...of });
  }
  return store;
}

describe('the memory lease store', () => {
  it('S1. S8. grants need, and never past the ceiling', () => {
    const store = opened('a', 'b');
    expect(send(store, 'a', 1, item(100, { need: [60, 0, 0] })).granted).toEqual([60, 0, 0]);
    const refused = send(store, 'b', 1, item(100, { need: [41, 0, 0] }));
    expect(refused).toMatchObject({ isRefused: true, granted: [0, 0, 0], othersHeld: [60, 0, 0] });
    expect(send(store, 'b', 2, item(100, { need: [40, 0, 0] })).granted).toEqual([40, 0, 0]);
  });

  it('S8. far from the cap grants what is wanted, at most a fair share', () => {
    const store = opened('a');
    const asked = item(1000, { need: [1, 0, 0], want: [500, 0, 0] });
    expect(send(store, 'a', 1, asked).granted).toEqual([250, 0, 0]);
  });

  it('S3. a message that arrives again changes nothing and is answered alike', () => {
    const store = opened('a');
    const first = send(store, 'a', 1, item(100, { need: [60, 0, 0] }));
    expect(send(store, 'a', 1, item(100, { need: [60, 0, 0] }))).toEqual(first);
    const refused = send(store, 'a', 2, item(100, { known: [60, 0, 0], need: [60, 0, 0] }));
    expect(refused.isRefused).toBe(true);
    expect(send(store, 'a', 2, item(100, { known: [60, 0, 0], need: [60, 0, 0] }))).toEqual(
      refused,
    );
  });

  it('S3. a repeat that says something else is granted nothing and changes nothing', () => {
    const store = opened('a');
    send(store, 'a', 1, item(100, { need: [60, 0, 0] }));
    const other = { ...account(50), parts: [{ key: 'other', leavesAt: null }] };
    const altered = { ...item(50, { spent: [7, 0, 0], need: [30, 0, 0] }), account: other };
    const none = { granted: NO_SUMS, spent: NO_SUMS, isRefused: false };
    expect(send(store, 'a', 1, altered)).toMatchObject({ key: 'other', ...none });
    const first = item(100, { spent: [9, 0, 0], need: [70, 0, 0] });
    expect(send(store, 'a', 1, first)).toMatchObject({ granted: [60, 0, 0], spent: NO_SUMS });
    expect(store.accounts.has('other')).toBe(false);
    expect(store.balances([account(100)])).toEqual([{ spent: NO_SUMS, held: [60, 0, 0] }]);
  });

  it('S4. S5. books what was spent above the slice, and holds the rest', () => {
    const store = opened('a');
    send(store, 'a', 1, item(100, { need: [60, 0, 0] }));
    send(store, 'a', 2, item(100, { known: [60, 0, 0], spent: [130, 5, 1] }));
    expect(store.accounts.get('global/day|global|0')?.row).toMatchObject({
      spent: [130, 5, 1],
      held: [0, 0, 0],
    });
  });

  it('tells holders with more than they need that somebody waits, once', () => {
    const store = opened('a', 'b');
    send(store, 'a', 1, item(100, { need: [90, 0, 0] }));
    send(store, 'a', 2, item(100, { known: [90, 0, 0], inFlight: [20, 0, 0] }));
    const refused = send(store, 'b', 1, item(100, { need: [50, 0, 0] }));
    expect(refused).toMatchObject({ isRefused: true, idleElsewhere: [70, 0, 0] });
    const said = item(100, { known: [90, 0, 0], inFlight: [20, 0, 0] });
    expect(send(store, 'a', 3, said).isRecalled).toBe(true);
    expect(send(store, 'a', 3, said).isRecalled).toBe(true);
    expect(send(store, 'a', 4, said).isRecalled).toBe(false);
  });

  it('S6. ends a holder once: proven gives the rest back, charged spends it', () => {
    const store = opened('a', 'b');
    send(store, 'a', 1, item(100, { need: [40, 0, 0] }));
    send(store, 'b', 1, item(100, { need: [40, 0, 0] }));
    const key = 'global/day|global|0';
    const common = { at: NOON, by: 'test', reason: 'gone', inDoubt: [] };
    const finals = [{ account: account(100), spent: [15, 0, 0] as Sums }];
    const proven = { ...common, holder: 'a', how: 'proven' as const, finals };
    expect(store.close(proven)).toEqual({ kind: 'closed', freed: [25, 0, 0], charged: [15, 0, 0] });
    expect(store.close(proven)).toEqual({ kind: 'already-closed' });
    store.close({ ...common, holder: 'b', how: 'charged', finals: [] });
    expect(store.accounts.get(key)?.row).toMatchObject({ spent: [55, 0, 0], held: [0, 0, 0] });
    const late = { holder: 'a', seq: 2, at: NOON, items: [], declares: 'none' as const };
    expect(store.exchange(late)).toEqual({ kind: 'fenced' });
    expect(store.journal().map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('S9. says that it lost what a holder was told', () => {
    const store = opened('a');
    const message = { holder: 'a', seq: 1, at: NOON, declares: 'none' as const };
    const reply = store.exchange({ ...message, items: [item(100, { known: [5, 0, 0] })] });
    expect(reply.kind).toBe('lost');
  });
});
