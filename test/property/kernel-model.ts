import type { Dimension } from '../../src/kernel/kernel.ts';

/**
 * What the kernel must do, said a second time and differently: exact integers without a ceiling, one
 * plain record per dimension, outcomes as text. It shares nothing with the kernel but the
 * numbering of dimensions.
 */

const CEILING = 2n ** 53n - 1n;

/** One dimension of the model. */
interface Counter {
  /** The exact sum; where it passed the ceiling, `isLost` holds and this means nothing. */
  total: bigint;
  isLost: boolean;
  readonly limit: bigint;
  readonly warn: bigint | undefined;
}

/** One declared dimension: its index, its limit and its warn threshold if any. */
export interface Declaration {
  readonly dimension: Dimension;
  readonly limit: number;
  readonly warn: number | undefined;
}

/** `go`, `warn:3`, `exhausted:3`, or `error:<code>:<dimension or ->`. */
export type Outcome = string;

/** The fault that `build()` must name for these declarations; `undefined` when they are sound. */
export function faultOf(declarations: readonly Declaration[]): Outcome | undefined {
  const seen = new Set<Dimension>();
  for (const { dimension } of declarations) {
    if (seen.has(dimension)) return `error:DUPLICATE_DIMENSION:${dimension}`;
    seen.add(dimension);
  }
  if (seen.size === 0) return 'error:NO_DIMENSIONS:-';
  const ordered = [...declarations].sort((left, right) => left.dimension - right.dimension);
  for (const { dimension, limit, warn } of ordered) {
    if (limit === 0) return `error:ZERO_LIMIT:${dimension}`;
    if (warn !== undefined && warn >= limit) return `error:WARN_NOT_BELOW_LIMIT:${dimension}`;
  }
  return undefined;
}

/** The reference budget. Amounts given to it are legal. */
export class ModelBudget {
  readonly #counters = new Map<Dimension, Counter>();

  constructor(declarations: readonly Declaration[]) {
    for (const { dimension, limit, warn } of declarations) {
      const counter = { total: 0n, isLost: false, limit: BigInt(limit) };
      const threshold = warn === undefined ? undefined : BigInt(warn);
      this.#counters.set(dimension, { ...counter, warn: threshold });
    }
  }

  charge(dimension: Dimension, amount: number): Outcome {
    const counter = this.#counters.get(dimension);
    if (counter === undefined) return `error:UNKNOWN_DIMENSION:${dimension}`;
    counter.total += BigInt(amount);
    if (counter.total > CEILING) counter.isLost = true;
    return outcomeOf(dimension, counter);
  }

  tryCharge(dimension: Dimension, amount: number): Outcome {
    return this.tryChargeAll([[dimension, amount]]);
  }

  /** All or none, in the order given. */
  tryChargeAll(costs: readonly (readonly [Dimension, number])[]): Outcome {
    const missing = costs.find(([dimension]) => !this.#counters.has(dimension));
    if (missing !== undefined) return `error:UNKNOWN_DIMENSION:${missing[0]}`;
    for (const [dimension, amount] of costs) {
      const counter = this.#counters.get(dimension);
      if (counter === undefined) continue;
      const wouldBe = counter.total + BigInt(amount);
      if (counter.isLost || wouldBe > counter.limit) return `exhausted:${dimension}`;
    }
    const outcomes = costs.map(([dimension, amount]) => this.charge(dimension, amount));
    return outcomes.find((outcome) => outcome !== 'go') ?? 'go';
  }

  refund(dimension: Dimension, amount: number): Outcome {
    const counter = this.#counters.get(dimension);
    if (counter === undefined) return `error:UNKNOWN_DIMENSION:${dimension}`;
    const rest = counter.total - BigInt(amount);
    if (!counter.isLost) counter.total = rest < 0n ? 0n : rest;
    return outcomeOf(dimension, counter);
  }

  reset(): void {
    for (const counter of this.#counters.values()) {
      counter.total = 0n;
      counter.isLost = false;
    }
  }

  spent(dimension: Dimension): number | undefined {
    const counter = this.#counters.get(dimension);
    if (counter === undefined) return undefined;
    return Number(counter.isLost ? CEILING : counter.total);
  }

  remaining(dimension: Dimension): number | undefined {
    const counter = this.#counters.get(dimension);
    if (counter === undefined) return undefined;
    const left = counter.limit - counter.total;
    return counter.isLost || left < 0n ? 0 : Number(left);
  }

  overflowed(dimension: Dimension): boolean | undefined {
    return this.#counters.get(dimension)?.isLost;
  }
}

function outcomeOf(dimension: Dimension, counter: Counter): Outcome {
  if (counter.isLost || counter.total > counter.limit) return `exhausted:${dimension}`;
  if (counter.warn !== undefined && counter.total > counter.warn) return `warn:${dimension}`;
  return 'go';
}
