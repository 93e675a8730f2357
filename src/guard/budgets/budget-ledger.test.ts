import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import { createMemoryLedger } from '../../stores/memory/books/memory-ledger.ts';
import { epochMs } from '../../units/time.ts';
import type { Call } from '../call.ts';
import { BudgetGuard } from '../guard.ts';
import { BudgetLedger } from './budget-ledger.ts';

const call: Call = {
  provider: 'anthropic',
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 1_000,
    messages: [{ role: 'user', content: 'Hello' }],
  },
};
const BOUND = new BudgetGuard({ caps: [] }).check(call).bound_nano_usd ?? 0;
const usdOf = (times: number) => Math.floor(times * BOUND) / 1e9;
const at = epochMs(Date.now())!;

describe('a draw on a budget', () => {
  it('ends as spent when its hold was expired in the ledger behind it', () => {
    const ledger = createMemoryLedger();
    const guard = new BudgetGuard({ caps: [] }, { ledger });
    const budget = guard.budget({ usd: usdOf(3) });
    const reservation = guard.run({ budget }, () => guard.reserve(call));
    ledger.expire({ id: reservation.id, at, reason: 'an operator closed it' });

    expect(() => reservation.release('late')).toThrow(/has already been expired/);
    expect(budget.held.usd).toBe(0);
    expect(budget.spent.usd).toBe(BOUND / 1e9);
  });

  it('comes back when its hold was released in the ledger behind it', () => {
    const ledger = createMemoryLedger();
    const guard = new BudgetGuard({ caps: [] }, { ledger });
    const budget = guard.budget({ usd: usdOf(3) });
    const reservation = guard.run({ budget }, () => guard.reserve(call));
    ledger.release({ id: reservation.id, at, reason: 'an operator proved it unsent' });

    expect(() => reservation.settle(undefined)).toThrow(/has already been released/);
    expect(budget.held.usd).toBe(0);
    expect(budget.spent.usd).toBe(0);
  });
});

describe('the account of a budget', () => {
  it('is read as itself when it is copied, as for one part of its window', () => {
    const ledger = new BudgetLedger(createMemoryLedger());
    const guard = new BudgetGuard({ caps: [] });
    const budget = guard.budget({ usd: usdOf(3) });
    const { accounts } = guard.run({ budget }, () => guard.reserve(call)).quote;
    const [account] = accounts;
    expect(ledger.balance({ ...account! })).toEqual(ledger.balance(account!));
    expect(ledger.balance({ ...account! }).held.usd).toBe(BOUND);
    expect({ ...account! }.ceiling).toEqual(account!.ceiling);
  });
});

describe('a refusal', () => {
  it('names the caps that are short beside the budget', () => {
    const guard = new BudgetGuard({ global_cap_per_day_usd: usdOf(0.5) });
    const budget = guard.budget({ usd: usdOf(0.7) }, 'run');
    const refusal = guard.run({ budget }, () => guard.tryReserve(call));
    expect(refusal).toBeInstanceOf(BudgetCapError);
    const { accounts } = refusal as BudgetCapError;
    expect(accounts.map(({ scope }) => scope).toSorted()).toEqual(['budget:run', 'global']);
  });

  it('is no refusal where the call can be cut to fit both a budget and a cap', () => {
    const guard = new BudgetGuard({
      global_cap_per_day_usd: usdOf(0.5),
      onShort: 'fit',
      minOutputTokens: 10,
    });
    const budget = guard.budget({ usd: usdOf(0.7) });
    const held = guard.run({ budget }, () => guard.reserve(call));
    expect(held.held_usd).toBeLessThanOrEqual(usdOf(0.5));
    expect(held.adaptation?.strategies).toEqual(['fit']);
    held.release('never sent');
    expect(budget.held.usd).toBe(0);
  });

  it('is told by `check` as by `reserve`', () => {
    const guard = new BudgetGuard({ caps: [] });
    const budget = guard.budget({ usd: usdOf(0.5) }, 'run');
    guard.run({ budget }, () => {
      const { error } = guard.check(call);
      expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run' });
      expect(guard.tryReserve(call)).toMatchObject({ message: error?.message });
    });
  });
});
