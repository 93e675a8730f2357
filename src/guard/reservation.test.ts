import { describe, expect, it } from 'vitest';
import { OperationError } from '../errors/error.ts';
import { createMemoryLedger } from '../stores/memory/books/memory-ledger.ts';
import { BudgetGuard } from './guard.ts';

describe('a reservation whose end the ledger cannot write', () => {
  it('stands, says so, and can be ended when the ledger writes again', () => {
    let isFailing = false;
    const ledger = createMemoryLedger({
      journal: () => {
        if (isFailing) throw new Error('disk full');
      },
    });
    /** $1 a million tokens in, $2 out: 1,000 and 2,000 nano-dollars a token. */
    const prices = [
      { provider: 'anthropic', model: 'house', usdPerMillion: { input: 1, output: 2 } },
    ];
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1, prices }, { ledger });
    const told: string[] = [];
    guard.on('settled', ({ outcome }) => told.push(outcome));
    guard.on('drift', ({ kind }) => told.push(kind));

    const messages = [{ role: 'user', content: 'Hello' }];
    const reservation = guard.reserve({
      provider: 'anthropic',
      body: { model: 'house', max_tokens: 100, messages },
    });
    const usage = { input_tokens: 10, output_tokens: 1 };
    isFailing = true;
    for (const end of [() => reservation.settle(usage), () => reservation.release('not sent')]) {
      expect(end).toThrow(OperationError);
      expect(reservation.isOpen).toBe(true);
      expect([...ledger.openHolds()]).toHaveLength(1);
    }
    expect(told).toEqual(['settle-failed', 'settle-failed']);

    isFailing = false;
    reservation.settle(usage);
    expect(told.at(-1)).toBe('complete');
    expect([...ledger.openHolds()]).toEqual([]);
    expect(guard.balance().map((account) => account.spent_nano_usd)).toEqual([10_000 + 2_000]);
  });
});

describe('a guard whose ledger cannot write the end of a hold', () => {
  const prices = [
    { provider: 'anthropic', model: 'house', usdPerMillion: { input: 1, output: 2 } },
  ];
  const messages = [{ role: 'user', content: 'Hello' }];
  const call = { provider: 'anthropic', body: { model: 'house', max_tokens: 100, messages } };
  const usage = { input_tokens: 10, output_tokens: 1 };

  function failing() {
    const state = { isFailing: false };
    const journal = () => {
      if (state.isFailing) throw new Error('disk full');
    };
    const ledger = createMemoryLedger({ journal });
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1, prices }, { ledger });
    const told: string[] = [];
    guard.on('settled', ({ outcome }) => told.push(outcome));
    guard.on('drift', ({ kind }) => told.push(kind));
    return { state, ledger, guard, told };
  }

  it('keeps the end and closes the hold at it when the ledger writes again', async () => {
    const { state, ledger, guard, told } = failing();
    const reservation = guard.reserve(call);
    state.isFailing = true;
    expect(() => reservation.settle(usage)).toThrow(OperationError);
    await expect(guard.flush()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    state.isFailing = false;
    await guard.flush();
    expect(told).toEqual(['settle-failed', 'complete']);
    expect(reservation.isOpen).toBe(false);
    expect([...ledger.openHolds()]).toEqual([]);
    expect(guard.balance()[0]?.spent_nano_usd).toBe(10_000 + 2_000);
  });

  it('keeps the first end: a release that comes later does not take its place', async () => {
    const { state, guard, told } = failing();
    const reservation = guard.reserve(call);
    state.isFailing = true;
    expect(() => reservation.settle(usage)).toThrow(OperationError);
    expect(() => reservation.release('changed my mind')).toThrow(OperationError);
    state.isFailing = false;
    await guard.flush();
    expect(told.at(-1)).toBe('complete');
    expect(guard.balance()[0]?.spent_nano_usd).toBe(10_000 + 2_000);
  });

  it('ends it once where its owner was faster', async () => {
    const { state, guard, told } = failing();
    const reservation = guard.reserve(call);
    state.isFailing = true;
    expect(() => reservation.settle(usage)).toThrow(OperationError);
    state.isFailing = false;
    reservation.settle(usage);
    await guard.flush();
    expect(told).toEqual(['settle-failed', 'complete']);
  });
});
