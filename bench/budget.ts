import { Budget } from '../src/budget/budget.ts';
import { BudgetMint } from '../src/budget/mint.ts';
import { traceMoves } from '../src/budget/move.ts';

/**
 * What the operations of an affine budget cost, on handles that live: time with all its garbage
 * collection, and bytes allocated.
 */

/** One operation: medians over rounds and batches. */
export interface BudgetFigure {
  readonly operation: string;
  /** As it is by default: each handle remembers where it was used up. */
  readonly traced: BudgetCost;
  /** After `traceMoves(false)`. */
  readonly untraced: BudgetCost;
}

/** What one operation takes. */
export interface BudgetCost {
  readonly ns: number;
  /** Bytes that the JavaScript heap grew by, with no collection in between. */
  readonly bytes: number;
}

const AMOUNTS = { usd: 0.0125, tokens: 900, calls: 1 };
const GRANT = { usd: 9_000_000, tokens: 9e15, calls: 9e15 };
const SHARE = { usd: 1 };
const OPERATIONS = 10_000;
const ROUNDS = 15;
const ROUNDS_WARM_UP = 3;
/** Few enough that nothing is collected meanwhile, many enough to share what a table grows by. */
const OPERATIONS_COUNTED = 400;
const BATCHES = 31;

interface Workload {
  readonly operation: string;
  readonly run: (times: number) => void;
}

/** All figures, with how often each was measured. */
export interface BudgetFigures {
  readonly rounds: number;
  readonly operations: number;
  readonly batches: number;
  readonly operationsCounted: number;
  readonly figures: readonly BudgetFigure[];
}

/** Measures budgets in this process, in about ten seconds. Needs `--expose-gc`; prints nothing. */
export function benchBudget(): BudgetFigures {
  const mint = BudgetMint.take();
  const traced = costsOf(workloadsOf(mint));
  traceMoves(false);
  const untraced = costsOf(workloadsOf(mint));
  traceMoves(true);
  const figures = traced.map(([operation, cost], at) => {
    const other = untraced[at]?.[1];
    if (other === undefined) throw new Error(`${operation} was measured once only`);
    return { operation, traced: cost, untraced: other };
  });
  return {
    rounds: ROUNDS,
    operations: OPERATIONS,
    batches: BATCHES,
    operationsCounted: OPERATIONS_COUNTED,
    figures,
  };
}

function workloadsOf(mint: BudgetMint): readonly Workload[] {
  const names = ['1 level deep', '4 levels deep', '8 levels deep'];
  const spends = [1, 4, 8].map((depth, at) => spendAt(mint, depth, names[at] ?? ''));
  return [...spends, charge(mint), splitAndMerge(mint), delegateAndClose(mint)];
}

function spendAt(mint: BudgetMint, depth: number, where: string): Workload {
  const { leaf, above } = chainOf(mint, depth);
  let budget = leaf;
  return {
    operation: `\`spend\`, ${where}`,
    run(times) {
      for (let done = 0; done < times; done++) budget = budget.spend(AMOUNTS);
      if (above.some(({ isLive }) => !isLive)) throw new Error('a budget above was used up');
    },
  };
}

/** A budget that many levels deep, and the live handles of those above it. */
function chainOf(mint: BudgetMint, depth: number) {
  let budget = Budget.create(mint, GRANT);
  const above: Budget[] = [];
  for (let level = 1; level < depth; level++) {
    const [child, rest] = budget.delegate(GRANT);
    above.push(rest);
    budget = child;
  }
  return { leaf: budget, above };
}

function charge(mint: BudgetMint): Workload {
  const budget = Budget.create(mint, GRANT);
  return {
    operation: '`charge`, 1 level deep',
    run(times) {
      for (let done = 0; done < times; done++) budget.charge(AMOUNTS);
    },
  };
}

function splitAndMerge(mint: BudgetMint): Workload {
  let budget = Budget.create(mint, GRANT);
  return {
    operation: '`split` and `merge` together',
    run(times) {
      for (let done = 0; done < times; done++) {
        const [part, rest] = budget.split(SHARE);
        budget = rest.merge(part);
      }
    },
  };
}

function delegateAndClose(mint: BudgetMint): Workload {
  let budget = Budget.create(mint, GRANT);
  return {
    operation: '`delegate` and `close` together',
    run(times) {
      for (let done = 0; done < times; done++) {
        const [child, rest] = budget.delegate(SHARE);
        child.close();
        budget = rest;
      }
    },
  };
}

/** All workloads run in turn within each round, so that a busy machine slows all of them alike. */
function costsOf(workloads: readonly Workload[]): readonly (readonly [string, BudgetCost])[] {
  const times = workloads.map((): number[] => []);
  for (let round = 0; round < ROUNDS_WARM_UP + ROUNDS; round++) {
    for (const [at, { run }] of workloads.entries()) {
      const from = process.hrtime.bigint();
      run(OPERATIONS);
      const ns = Number(process.hrtime.bigint() - from) / OPERATIONS;
      if (round >= ROUNDS_WARM_UP) times[at]?.push(ns);
    }
  }
  return workloads.map(({ operation, run }, at) => {
    const bytes = (grown(run) - grown(() => undefined)) / OPERATIONS_COUNTED;
    return [operation, { ns: median(times[at] ?? []), bytes }] as const;
  });
}

/** By how much the heap grows in one batch, right after a collection: the median of batches. */
function grown(run: (times: number) => void): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run with --expose-gc.');
  const changes = Array.from({ length: BATCHES }, () => {
    gc();
    const before = process.memoryUsage().heapUsed;
    run(OPERATIONS_COUNTED);
    return process.memoryUsage().heapUsed - before;
  });
  return median(changes);
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}
