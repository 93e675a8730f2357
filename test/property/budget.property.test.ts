import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandleSpentError } from '../../src/errors/handle-spent-error.ts';
import { HardcapError } from '../../src/errors/error.ts';
import { Budget } from '../../src/budget/budget.ts';
import type { BudgetHold } from '../../src/budget/hold.ts';
import { BudgetMint } from '../../src/budget/mint.ts';
import { traceMoves } from '../../src/budget/move.ts';
import type { Pool } from '../../src/budget/pool.ts';

traceMoves(false);
const mint = BudgetMint.take();

/** One step of a random program: which operation, on which of the live handles, how much. */
const step = fc.record({
  operation: fc.constantFrom(
    'spend',
    'split',
    'carve',
    'delegate',
    'merge',
    'close',
    'reserve',
    'settle',
    'release',
    'overspend',
    'stale',
  ),
  at: fc.nat(1000),
  other: fc.nat(1000),
  nano: fc.nat(400),
  calls: fc.nat(5),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Everything that a random program has made, and what it did, told a second time. */
class World {
  live: Budget[] = [];
  dead: Budget[] = [];
  holds: BudgetHold[] = [];
  pools = new Set<Pool>();
  /** What was booked on each pool itself, in nano-dollars. */
  own = new Map<Pool, number>();
  readonly before = mint.audit();

  start(count: number): void {
    for (let index = 0; index < count; index++) {
      // Every other root has no limit on calls: what leaves it is minted as it goes.
      const calls = index % 2 === 0 ? 20 : undefined;
      this.keep(Budget.create(mint, { usd: 1e-6, calls }, `root ${index}`));
    }
  }

  keep(budget: Budget): void {
    this.live.push(budget);
    this.pools.add(poolOf(budget));
  }

  used(budget: Budget): void {
    this.live = this.live.filter((one) => one !== budget);
    this.dead.push(budget);
  }

  book(pool: Pool, nano: number): void {
    this.own.set(pool, (this.own.get(pool) ?? 0) + nano);
  }
}

function poolOf(budget: Budget): Pool {
  const pool = Budget.poolOf(budget);
  if (pool === undefined) throw new Error('a live handle has a pool');
  return pool;
}

const usd = (nano: number) => nano / 1e9;

function act(world: World, { operation, at, other, nano, calls }: Step): void {
  const budget = world.live[at % Math.max(1, world.live.length)];
  const amounts = { usd: usd(nano), calls };
  if (operation === 'settle' || operation === 'release' || operation === 'overspend') {
    const hold = world.holds.splice(at % Math.max(1, world.holds.length), 1)[0];
    if (hold === undefined) return;
    const held = Math.round((hold.amounts.usd ?? 0) * 1e9);
    const pool = pools.get(hold);
    if (pool === undefined) throw new Error('a hold has a pool');
    if (operation === 'release') return hold.release('a test');
    const spent = operation === 'settle' ? Math.min(held, nano) : held + nano;
    hold.settle({ usd: usd(spent), calls: 0 });
    world.book(pool, spent);
    return;
  }
  if (operation === 'stale') {
    const stale = world.dead[at % Math.max(1, world.dead.length)];
    if (stale === undefined) return;
    expect(() => stale.remaining).toThrow(HandleSpentError);
    expect(() => stale.spend({ usd: 0 })).toThrow(HandleSpentError);
    expect(() => stale.split({ usd: 0 })).toThrow(HandleSpentError);
    return;
  }
  if (budget === undefined) return;
  const pool = poolOf(budget);
  switch (operation) {
    case 'spend':
      world.keep(budget.spend(amounts));
      world.book(pool, nano);
      break;
    case 'split':
    case 'delegate': {
      const [part, rest] = budget[operation](amounts, `${operation} ${world.pools.size}`);
      world.keep(part);
      world.keep(rest);
      break;
    }
    case 'carve':
      world.keep(budget.carve(amounts));
      return;
    case 'merge': {
      const second = world.live[other % world.live.length];
      if (second === undefined || second === budget) return;
      const merged = budget.merge(second);
      world.used(second);
      world.keep(merged);
      break;
    }
    case 'close':
      budget.close();
      break;
    case 'reserve': {
      const [rest, hold] = budget.reserve(amounts);
      pools.set(hold, pool);
      world.holds.push(hold);
      world.keep(rest);
      break;
    }
  }
  world.used(budget);
}

const pools = new WeakMap<BudgetHold, Pool>();

/** Runs one step; a refusal must have changed nothing. */
function run(world: World, next: Step): void {
  const before = next.operation === 'overspend' ? undefined : figures(world);
  try {
    act(world, next);
  } catch (error) {
    if (!(error instanceof HardcapError) || error instanceof HandleSpentError) throw error;
    if (before !== undefined) expect(figures(world)).toEqual(before);
  }
}

function figures(world: World) {
  return [...world.pools].map((pool) => pool.balance());
}

function checkBooks(world: World, mayOvershoot: boolean): void {
  for (const pool of world.pools) {
    const { granted, spent, held, room } = pool.balance();
    const below = [...world.pools].filter((one) => one.isWithin(pool));
    const booked = below.reduce((sum, one) => sum + (world.own.get(one) ?? 0), 0);
    expect(spent[0], 'what is spent above equals all that was spent below').toBe(booked);
    for (const index of [0, 2]) {
      const rest = (granted[index] ?? 0) - (spent[index] ?? 0) - (held[index] ?? 0);
      if (!mayOvershoot) expect(rest, 'nothing is overdrawn').toBeGreaterThanOrEqual(0);
      expect(room[index]).toBeLessThanOrEqual(Math.max(0, rest));
      expect(held[index]).toBeGreaterThanOrEqual(0);
    }
  }
}

/** Minted + overage = spent + returned + outstanding, exactly, and the last is in the roots. */
function checkConservation(world: World): void {
  const now = mint.audit();
  const roots = [...world.pools].filter((pool) => pool.parent === undefined);
  for (const [index, name, unit] of COUNTED) {
    const change = (sum: 'minted' | 'overage' | 'spent' | 'returned' | 'outstanding') =>
      Math.round((now[sum][name] ?? 0) * unit) - Math.round((world.before[sum][name] ?? 0) * unit);
    const standing = roots
      .map((pool) => pool.balance())
      .map(({ granted, spent }) => (granted[index] ?? 0) - (spent[index] ?? 0))
      .filter((figure) => Number.isFinite(figure));
    const left = standing.reduce((sum, figure) => sum + Math.max(0, figure), 0);
    const over = standing.reduce((sum, figure) => sum + Math.max(0, -figure), 0);
    expect(change('outstanding'), name).toBe(left);
    expect(change('overage'), name).toBe(over);
    expect(change('minted') + over, name).toBe(change('spent') + change('returned') + left);
  }
}

const COUNTED = [
  [0, 'usd', 1e9],
  [2, 'calls', 1],
] as const;

/** Ends every hold and closes every handle; then nothing may be left anywhere. */
function endAll(world: World): void {
  for (const hold of world.holds.splice(0)) hold.release('the end');
  for (const budget of world.live) budget.close();
  for (const pool of world.pools) {
    if (pool.parent === undefined) expect(pool.balance().held).toEqual([0, 0, 0, 0]);
  }
}

describe('budgets', () => {
  it('B1, B3: any sequence of operations conserves money to the nano-dollar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 60 }),
        (roots, steps) => {
          const world = new World();
          world.start(roots);
          for (const next of steps) {
            run(world, next);
            checkConservation(world);
          }
          endAll(world);
          checkConservation(world);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('B2: ancestors equal the sum of descendants, and without overage nothing is overdrawn', () => {
    const honest = step.filter(({ operation }) => operation !== 'overspend');
    fc.assert(
      fc.property(fc.array(honest, { maxLength: 60 }), (steps) => {
        const world = new World();
        world.start(2);
        for (const next of steps) {
          run(world, next);
          checkBooks(world, false);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('B2: overage is booked on every ancestor, once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World();
        world.start(1);
        for (const next of steps) {
          run(world, next);
          checkBooks(world, true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
