import { describe, expect, it } from 'vitest';
import type { LeaseStore } from '../ledger/leases/lease-store.ts';
import { NOON, accountOf, reserveOrder } from '../stores/conformance/orders.ts';
import { MemoryLeaseStore } from '../stores/memory/lease-store.ts';
import { openLedgerNow } from './open-ledger.ts';

describe('an opened ledger', () => {
  it('that could not tell its store of its end tells it when it is closed again', async () => {
    const memory = new MemoryLeaseStore(() => NOON);
    let isAway = false;
    let ends = 0;
    const store: LeaseStore = {
      isSynchronous: true,
      open: (identity) => memory.open(identity),
      exchange: (message) => {
        if (isAway) throw new Error('connection refused');
        return memory.exchange(message);
      },
      close: (order) => memory.close(order),
      holders: () => memory.holders(),
      balances: (accounts) => memory.balances(accounts),
      operate: (operation) => memory.operate(operation),
      doubts: () => memory.doubts(),
      journal: (after) => memory.journal(after),
      end: () => void (ends += 1),
    };
    const policy = { messageTimeoutMs: 30 };
    const ledger = openLedgerNow({ store, journal: null, clock: () => NOON, policy });
    const account = accountOf({ cap: 'c', ceiling: { usd: 100 } });
    const order = reserveOrder({ id: 'r1', sum: { usd: 10 }, accounts: [account] });
    expect(ledger.reserve(order).kind).toBe('reserved');
    isAway = true;
    await expect(ledger.close()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([memory.holders().length, ends]).toEqual([1, 0]);
    isAway = false;
    const again = ledger.close();
    expect(ledger.close()).toBe(again);
    await again;
    expect([memory.holders().length, ends]).toEqual([0, 1]);
    expect(memory.balances([account])).toEqual([{ spent: [10, 0, 0], held: [0, 0, 0] }]);
  });
});
