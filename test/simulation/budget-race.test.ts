import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../src/errors/budget-cap-error.ts';
import { RefusalError } from '../../src/errors/error.ts';
import { Budget } from '../../src/budget/budget.ts';
import { BudgetMint } from '../../src/budget/mint.ts';
import { traceMoves } from '../../src/budget/move.ts';
import type { Pool } from '../../src/budget/pool.ts';
import { randomOf } from './random.ts';

traceMoves(false);
const mint = BudgetMint.take();

const CHILDREN = 32;
const LEVELS = 8;
const CALLS_EACH = 12;
const SEEDS = 20;

/** Lets one waiting task go on at a time, in an order that only the seed decides. */
class Scheduler {
  readonly #waiting: (() => void)[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  pause(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async runAll(): Promise<void> {
    for (;;) {
      // Everything that can go on without us has gone on.
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
      const at = Math.floor(this.#random() * this.#waiting.length);
      const [next] = this.#waiting.splice(at, 1);
      if (next === undefined) return;
      next();
    }
  }
}

interface Tally {
  admitted: number;
  refused: number;
  spentNano: number;
}

/** A worker that holds, waits, and settles at no more than its hold, until it is refused. */
async function work(
  start: Budget,
  terms: { readonly scheduler: Scheduler; readonly random: () => number; readonly tally: Tally },
): Promise<void> {
  const { scheduler, random, tally } = terms;
  let budget = start;
  for (let call = 0; call < CALLS_EACH; call++) {
    await scheduler.pause();
    const bound = 1 + Math.floor(random() * 100);
    try {
      const [rest, hold] = budget.reserve({ usd: bound / 1e9 });
      budget = rest;
      await scheduler.pause();
      const actual = Math.floor(random() * (bound + 1));
      hold.settle({ usd: actual / 1e9 });
      tally.admitted += 1;
      tally.spentNano += actual;
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      tally.refused += 1;
    }
  }
}

function poolOf(budget: Budget): Pool {
  const pool = Budget.poolOf(budget);
  if (pool === undefined) throw new Error('a live handle has a pool');
  return pool;
}

describe('32 children, 8 levels deep, racing over one pool', () => {
  it.each(Array.from({ length: SEEDS }, (_, index) => index + 1))(
    'overshoots nothing, and ancestors equal the sum of descendants (seed %i)',
    async (seed) => {
      const random = randomOf(`budget race ${seed}`);
      const scheduler = new Scheduler(random);
      const tally = { admitted: 0, refused: 0, spentNano: 0 };
      const cap = 40_000;
      let root = Budget.create(mint, { usd: cap / 1e9 }, 'root');
      const rootPool = poolOf(root);
      const branches: Pool[] = [];
      const tasks: Promise<void>[] = [];
      for (let child = 0; child < CHILDREN; child++) {
        const [branch, rest] = root.delegate({ usd: (cap * 0.2) / 1e9 }, `child ${child}`);
        root = rest;
        branches.push(poolOf(branch));
        let at = branch;
        for (let level = 1; level < LEVELS; level++) {
          const isFenced = random() < 0.2;
          const ceiling = { usd: Math.floor(cap * 0.2 * random() + 1) / 1e9 };
          const canFence = isFenced && at.canSpend(ceiling);
          const [below, own] = canFence ? at.split(ceiling) : at.delegate(ceiling);
          tasks.push(work(own, { scheduler, random, tally }));
          at = below;
        }
        tasks.push(work(at, { scheduler, random, tally }));
      }
      await scheduler.runAll();
      await Promise.all(tasks);
      const { spent, granted } = rootPool.balance();
      expect(spent[0]).toBeLessThanOrEqual(granted[0] ?? 0);
      expect(spent[0]).toBe(tally.spentNano);
      const below = branches.reduce((sum, branch) => sum + (branch.balance().spent[0] ?? 0), 0);
      expect(below).toBe(spent[0]);
      expect(tally.admitted).toBeGreaterThan(CHILDREN);
      expect(tally.refused).toBeGreaterThan(0);
    },
  );

  it('a refusal is the one error that a cap gives', () => {
    const budget = Budget.create(mint, { usd: 1 });
    expect(() => budget.spend({ usd: 2 })).toThrow(BudgetCapError);
  });
});
