import { describe, expect, it } from 'vitest';
import type { Budget } from '../../budget/budget.ts';
import type { BudgetCapError } from '../../errors/budget-cap-error.ts';
import type { Call } from '../call.ts';
import { BudgetGuard } from '../guard.ts';
import { BudgetAccount } from './budget-account.ts';
import { WatchedTrees } from './watched-trees.ts';
import { Pool } from '../../budget/pool.ts';

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

/** A guard whose timers never ring: who waits goes on by being woken, or never. */
const newGuard = () =>
  new BudgetGuard({ caps: [], onShort: 'wait' }, { schedule: () => () => undefined });

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What a call that waits on `budget` comes to when `change` has been made. */
async function afterChange(guard: BudgetGuard, budget: Budget, change: () => void) {
  let answer: unknown = 'waiting';
  guard
    .run({ budget }, () => guard.reserveAsync(call))
    .then(
      () => (answer = 'held'),
      (error: unknown) => (answer = error),
    );
  await settled();
  expect(answer).toBe('waiting');
  change();
  await settled();
  return answer;
}

describe('a call that waits on a budget goes on', () => {
  it('when a part that was split off is closed', async () => {
    const guard = newGuard();
    const [part, rest] = guard.budget({ usd: usdOf(1.5) }).split({ usd: usdOf(1) });
    expect(await afterChange(guard, rest, () => part.close())).toBe('held');
  });

  it('when another budget is merged into it', async () => {
    const guard = newGuard();
    const budget = guard.budget({ usd: usdOf(1.5) });
    const more = guard.budget({ usd: usdOf(1) });
    guard.run({ budget }, () => guard.reserve(call));
    expect(await afterChange(guard, budget, () => budget.merge(more))).toBe('held');
  });

  it('when a hold that was taken by hand ends', async () => {
    const guard = newGuard();
    const [rest, hold] = guard.budget({ usd: usdOf(1.5) }).reserve({ usd: usdOf(1) });
    expect(await afterChange(guard, rest, () => hold.release('not used'))).toBe('held');
  });

  it('with a refusal at once when its budget is closed or spent by hand', async () => {
    const guard = newGuard();
    for (const [change, code] of [
      [(budget: Budget) => budget.close(), 'SCOPE_CLOSED'],
      [(budget: Budget) => budget.charge({ usd: usdOf(0.7) }), 'BUDGET_CAP'],
    ] as const) {
      const [budget] = guard.budget({ usd: usdOf(1.5) }).reserve({ usd: usdOf(0.6) });
      const answer = await afterChange(guard, budget, () => void change(budget));
      expect((answer as BudgetCapError).code).toBe(code);
    }
  });
});

describe('trees of budgets', () => {
  it('are watched while somebody waits for them, and not longer', async () => {
    const told: (readonly unknown[])[] = [];
    const trees = new WatchedTrees((accounts) => told.push(accounts));
    const ignored = () => undefined;
    const book = { minted: ignored, spent: ignored, returned: ignored, overage: ignored };
    const pool = Pool.root('root', [10, 10, 10, 10], book);
    const chain = BudgetAccount.chainOf(pool);

    trees.add(chain);
    trees.add(chain);
    trees.remove(chain);
    pool.spend([1, 0, 0, 0]);
    pool.spend([1, 0, 0, 0]);
    await settled();
    expect(told).toEqual([chain]);

    trees.remove(chain);
    expect(trees.size).toBe(0);
    pool.spend([1, 0, 0, 0]);
    await settled();
    expect(told).toHaveLength(1);
  });
});
