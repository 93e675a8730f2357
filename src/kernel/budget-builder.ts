import { isAmount } from './arithmetic.ts';
import { DimensionMap } from './dimension-map.ts';
import { ALL, isDimension, type Dimension } from './dimension.ts';
import { BuilderError, display, LEGAL } from './fault.ts';
import { declareIn, emptyState } from './state.ts';

const ABSENT = Symbol('absent');

/**
 * Collects what a budget shall count, and checks all of it once, in `build()`.
 *
 * The order of checks is fixed, so that one set of declarations always names one fault:
 * 1. the first dimension that was declared a second time: `DUPLICATE_DIMENSION`;
 * 2. the first declared value that is no dimension: `ILLEGAL_DIMENSION`;
 * 3. nothing declared at all: `NO_DIMENSIONS`;
 * 4. for each declared dimension in the order of `ALL`, whatever the order of declaration:
 *    `ILLEGAL_LIMIT`, `ZERO_LIMIT`, `ILLEGAL_WARN`, `WARN_NOT_BELOW_LIMIT`.
 *
 * A builder builds once: `build()` spends it, also when it throws, and every later use throws
 * `BUILDER_SPENT`.
 */
export class BudgetBuilder<Built> {
  readonly #limits = new DimensionMap<unknown>();
  readonly #warns = new DimensionMap<unknown>();
  readonly #make: (state: Float64Array) => Built;
  #duplicate: Dimension | undefined;
  #illegal: { readonly value: unknown } | undefined;
  #isSpent = false;

  /** A builder whose `build()` hands the checked state, a fresh array of 24 doubles, to `make`. */
  constructor(make: (state: Float64Array) => Built) {
    this.#make = make;
  }

  /** Declares an inclusive limit, 1 to 2^53 - 1: a counter equal to it is still within. */
  limit(dimension: Dimension, limit: number): this {
    this.#declare(dimension, limit);
    return this;
  }

  /**
   * Declares an inclusive limit and a warn threshold below it, 0 to `limit` - 1.
   * Every charge that leaves the counter above the threshold answers warn, not only the first.
   */
  limitWithWarn(dimension: Dimension, limit: number, warn: number): this {
    this.#declare(dimension, limit);
    if (isDimension(dimension)) this.#warns.insert(dimension, warn);
    return this;
  }

  /** Checks every declaration and makes the budget. Throws `BuilderError`, in the order above. */
  build(): Built {
    this.#spend();
    if (this.#duplicate !== undefined) {
      throw new BuilderError('DUPLICATE_DIMENSION', this.#duplicate, 'declared more than once.');
    }
    if (this.#illegal !== undefined) {
      const detail = `${display(this.#illegal.value)} is not a dimension; give 0 to 7.`;
      throw new BuilderError('ILLEGAL_DIMENSION', undefined, detail);
    }
    if (this.#limits.isEmpty) {
      throw new BuilderError('NO_DIMENSIONS', undefined, 'A budget needs at least one limit.');
    }
    const state = emptyState();
    for (const dimension of ALL) {
      const limit = this.#limits.getOr(dimension, ABSENT);
      if (limit === ABSENT) continue;
      const inclusive = checkedLimit(dimension, limit);
      const warn = this.#warns.getOr(dimension, ABSENT);
      const threshold = warn === ABSENT ? undefined : checkedWarn(dimension, inclusive, warn);
      declareIn(state, dimension, inclusive, threshold);
    }
    return this.#make(state);
  }

  #declare(dimension: Dimension, limit: unknown): void {
    if (this.#isSpent) this.#spend();
    if (!isDimension(dimension)) this.#illegal ??= { value: dimension };
    else if (this.#limits.contains(dimension)) this.#duplicate ??= dimension;
    else this.#limits.insert(dimension, limit);
  }

  #spend(): void {
    if (this.#isSpent) {
      throw new BuilderError('BUILDER_SPENT', undefined, 'This builder has already built.');
    }
    this.#isSpent = true;
  }
}

function checkedLimit(dimension: Dimension, limit: unknown): number {
  if (!isAmount(limit)) {
    const detail = `limit ${display(limit)} must be ${LEGAL}.`;
    throw new BuilderError('ILLEGAL_LIMIT', dimension, detail);
  }
  if (limit === 0) {
    throw new BuilderError('ZERO_LIMIT', dimension, 'limit 0 must be at least 1.');
  }
  return limit;
}

function checkedWarn(dimension: Dimension, limit: number, warn: unknown): number {
  if (!isAmount(warn)) {
    const detail = `warn ${display(warn)} must be ${LEGAL}.`;
    throw new BuilderError('ILLEGAL_WARN', dimension, detail);
  }
  if (warn >= limit) {
    const detail = `warn ${warn} must be below the limit ${limit}.`;
    throw new BuilderError('WARN_NOT_BELOW_LIMIT', dimension, detail);
  }
  return warn;
}
