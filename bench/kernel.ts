import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ALL, Budget, CALLS, MILLIS, TOKENS, type Dimension } from '../src/kernel/kernel.ts';

/**
 * What one charge of the kernel costs beside the least that any counter can cost: one unchecked addition
 * to an element of a `Float64Array`, which waits for its own previous store.
 *
 * All workloads run in turn within each round, so that a busy machine slows all of them alike. A figure is
 * the median over rounds of the fastest sample of each round; a ratio is taken inside one round,
 * and its median over rounds is given.
 */

/** Nanoseconds per operation of one workload, and how many times the baseline that is. */
export interface KernelFigure {
  readonly nsPerOperation: number;
  readonly ratioToBaseline: number;
}

/** Everything `benchKernel` measures. */
export interface KernelFigures {
  /** `array[0] += amount`, the amount read from a table as in every other workload. */
  readonly baseline: KernelFigure;
  /** `budget.charge(TOKENS, amount)`, far from its limit. */
  readonly chargeContinue: KernelFigure;
  /** `budget.charge(TOKENS, amount)`, already above its limit. */
  readonly chargeExhausted: KernelFigure;
  /** `budget.tryCharge(TOKENS, amount)`, far from its limit. */
  readonly tryCharge: KernelFigure;
  /** `budget.tryChargeAll(TOKENS, amount, MILLIS, 250, CALLS, 1)`: what one step of an agent costs. */
  readonly tryChargeAllThree: KernelFigure;
  /** The same with the milliseconds read from the table too, so two amounts vary. */
  readonly tryChargeAllThreeVarying: KernelFigure;
  /** `budget.charge` on a random dimension of eight, all three verdicts, a reset every 1024. */
  readonly mixedEight: KernelFigure;
  /** Garbage collections in `charges` charges after warm-up. */
  readonly collections: { readonly charges: number; readonly count: number };
}

const OPERATIONS = 20_000;
const SAMPLES = 200;
const ROUNDS = 15;
const ROUNDS_WARM_UP = 2;
const TABLE_LENGTH = 1024;
const CHARGES_COUNTED = 200_000_000;

interface Workload {
  readonly name: Exclude<keyof KernelFigures, 'collections'>;
  readonly run: () => number;
}

/** Measures the kernel in this process, in about ten seconds. Prints nothing. */
export async function benchKernel(): Promise<KernelFigures> {
  const workloads = [...single(), ...atomic(), mixed()];
  const rounds: Map<string, number>[] = [];
  for (let round = 0; round < ROUNDS_WARM_UP + ROUNDS; round++) {
    const minima = new Map(workloads.map(({ name, run }) => [name, fastest(run)]));
    if (round >= ROUNDS_WARM_UP) rounds.push(minima);
  }
  const figure = (name: Workload['name']): KernelFigure => {
    const own = rounds.map((minima) => minima.get(name) ?? Number.NaN);
    const ratios = rounds.map(
      (minima) => (minima.get(name) ?? Number.NaN) / (minima.get('baseline') ?? Number.NaN),
    );
    return { nsPerOperation: median(own), ratioToBaseline: median(ratios) };
  };
  return {
    baseline: figure('baseline'),
    chargeContinue: figure('chargeContinue'),
    chargeExhausted: figure('chargeExhausted'),
    tryCharge: figure('tryCharge'),
    tryChargeAllThree: figure('tryChargeAllThree'),
    tryChargeAllThreeVarying: figure('tryChargeAllThreeVarying'),
    mixedEight: figure('mixedEight'),
    collections: { charges: CHARGES_COUNTED, count: await collectionsIn(CHARGES_COUNTED) },
  };
}

/** How many garbage collections happen while `charges` charges run, after warm-up. */
async function collectionsIn(charges: number): Promise<number> {
  const [, charge] = single();
  if (charge === undefined) throw new Error('the single-charge workload is missing');
  for (let i = 0; i < 1000; i++) charge.run();
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().length;
  });
  // Finish whatever the measurements before left to collect, and let it report unheard.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  await pause(20);
  observer.observe({ entryTypes: ['gc'] });
  for (let done = 0; done < charges; done += OPERATIONS) charge.run();
  await pause(20);
  observer.disconnect();
  return count;
}

function single(): Workload[] {
  const amounts = table((i) => (i * 7919) % 97);
  const mask = TABLE_LENGTH - 1;
  const tokens = TOKENS;
  const counter = new Float64Array(24);
  const open = wide();
  const tried = wide();
  const shut = Budget.builder().limit(TOKENS, 1).build();
  return [
    {
      name: 'baseline',
      run() {
        for (let i = 0; i < OPERATIONS; i++) {
          counter[0] = (counter[0] ?? 0) + (amounts[i & mask] ?? 0);
        }
        return counter[0] ?? 0;
      },
    },
    {
      name: 'chargeContinue',
      run() {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) sum += open.charge(tokens, amounts[i & mask] ?? 0);
        return sum;
      },
    },
    {
      name: 'chargeExhausted',
      run() {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) sum += shut.charge(tokens, amounts[i & mask] ?? 0);
        return sum;
      },
    },
    {
      name: 'tryCharge',
      run() {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) sum += tried.tryCharge(tokens, amounts[i & mask] ?? 0);
        return sum;
      },
    },
  ];
}

function atomic(): Workload[] {
  const amounts = table((i) => (i * 7919) % 97);
  const mask = TABLE_LENGTH - 1;
  const tokens = TOKENS;
  const millis = MILLIS;
  const calls = CALLS;
  const step = wide();
  const varying = wide();
  return [
    {
      name: 'tryChargeAllThree',
      run() {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) {
          sum += step.tryChargeAll(tokens, amounts[i & mask] ?? 0, millis, 250, calls, 1);
        }
        return sum;
      },
    },
    {
      name: 'tryChargeAllThreeVarying',
      run() {
        let sum = 0;
        for (let i = 0; i < OPERATIONS; i++) {
          const took = amounts[i & mask] ?? 0;
          sum += varying.tryChargeAll(tokens, took, millis, amounts[(i + 7) & mask] ?? 0, calls, 1);
        }
        return sum;
      },
    },
  ];
}

function mixed(): Workload {
  const amounts = table((i) => (i * 7919) % 97);
  const mask = TABLE_LENGTH - 1;
  const random = seeded(7);
  const dimensions = Array.from({ length: TABLE_LENGTH }, () => (random() & 7) as Dimension);
  const builder = Budget.builder();
  for (const dimension of ALL) builder.limitWithWarn(dimension, 4_500, 2_250);
  const budget = builder.build();
  return {
    name: 'mixedEight',
    run() {
      let sum = 0;
      for (let i = 0; i < OPERATIONS; i++) {
        if ((i & mask) === 0) budget.reset();
        sum += budget.charge(dimensions[i & mask] ?? 0, amounts[i & mask] ?? 0);
      }
      return sum;
    },
  };
}

/** A budget whose limits no workload reaches. */
function wide(): Budget {
  const limit = Number.MAX_SAFE_INTEGER;
  const builder = Budget.builder();
  for (const dimension of ALL) builder.limitWithWarn(dimension, limit, limit - 1);
  return builder.build();
}

function table(amount: (index: number) => number): Float64Array {
  return Float64Array.from({ length: TABLE_LENGTH }, (_, index) => amount(index));
}

function fastest(run: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return (best * 1_000_000) / OPERATIONS;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** Xorshift, 32 bits: the same stream in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
