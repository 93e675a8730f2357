import { BudgetBuilder } from './budget-builder.ts';
import { charge, refund, tryCharge, tryChargeAll, tryChargeVector, type Costs } from './charge.ts';
import type { Dimension } from './dimension.ts';
import {
  isOverflowedIn,
  remainingIn,
  resetIn,
  snapshotOf,
  spentIn,
  stateFrom,
  type Snapshot,
} from './state.ts';
import type { Verdict } from './verdict.ts';

// Local names, which V8 can fold where it would load and compare imported ones on every call.
const chargeIn = charge;
const tryChargeIn = tryCharge;
const tryChargeAllIn = tryChargeAll;

/**
 * What may be spent in up to eight dimensions, and what has been.
 *
 * Deterministic: the verdict is a function of the declarations and of the charges so far. Limits
 * are inclusive. Amounts are integers from 0 to 2^53 - 1; a sum above that saturates, and a
 * saturated counter is exhausted until `reset()`. An amount of 0 only asks.
 *
 * Outcomes are verdicts. What throws is a mistake of the caller, `ChargeError` or `BuilderError`,
 * and leaves every counter as it was.
 *
 * @example
 * const budget = Budget.builder().limitWithWarn(TOKENS, 100, 80).limit(CALLS, 2).build();
 * budget.charge(TOKENS, 80); // CONTINUE
 * budget.tryCharge(TOKENS, 21); // exhausted(TOKENS), and still 80 spent
 * budget.tryChargeAll(TOKENS, 20, CALLS, 1); // warn(TOKENS)
 * budget.remaining(CALLS); // 1
 */
export class Budget {
  readonly #state: Float64Array;

  private constructor(state: Float64Array) {
    this.#state = state;
  }

  /** Begins the declaration of a budget; `build()` checks it. */
  static builder(): BudgetBuilder<Budget> {
    return new BudgetBuilder((state) => new Budget(state));
  }

  /**
   * A budget that answers from here on as the one that the snapshot was taken of.
   * Throws `ILLEGAL_SNAPSHOT` for anything that no budget can have stood at.
   */
  static restore(snapshot: Snapshot): Budget {
    return new Budget(stateFrom(snapshot));
  }

  /**
   * Records `amount` always, also above the limit: for what has already happened.
   * Exhausted when the counter is then above its limit, else warn when above its threshold.
   */
  charge(dimension: Dimension, amount: number): Verdict {
    return chargeIn(this.#state, 0, dimension, amount);
  }

  /** Records `amount` only if the counter stays within its limit; exhausted means not recorded. */
  tryCharge(dimension: Dimension, amount: number): Verdict {
    return tryChargeIn(this.#state, 0, dimension, amount);
  }

  /**
   * Records two or three amounts or, when one of them does not fit, none. The verdict names the
   * first dimension in the order given that does not fit, else the first that warns. A dimension
   * may stand once only (`REPEATED_DIMENSION`).
   */
  tryChargeAll(
    first: Dimension,
    firstAmount: number,
    second: Dimension,
    secondAmount: number,
    third?: Dimension,
    thirdAmount?: number,
  ): Verdict {
    const isPair = third === undefined && thirdAmount === undefined;
    return tryChargeAllIn(
      this.#state,
      0,
      first,
      firstAmount,
      second,
      secondAmount,
      isPair ? first : third,
      isPair ? firstAmount : thirdAmount,
      isPair,
    );
  }

  /**
   * The same for a vector of eight amounts in index order. Every declared dimension takes part,
   * also with 0: one already above its limit refuses the whole. An undeclared one may only be given
   * 0.
   */
  tryChargeVector(costs: Costs): Verdict {
    return tryChargeVector(this.#state, 0, costs);
  }

  /**
   * Takes `amount` back, never below zero, and answers what the counter then stands at.
   * A saturated counter stays saturated: only `reset()` opens it again.
   */
  refund(dimension: Dimension, amount: number): Verdict {
    return refund(this.#state, 0, dimension, amount);
  }

  /** What is left until the limit, never below 0; `undefined` for an undeclared dimension. */
  remaining(dimension: Dimension): number | undefined {
    return remainingIn(this.#state, 0, dimension);
  }

  /**
   * What is spent, which may be above the limit, at most 2^53 - 1; `undefined` for an
   * undeclared dimension.
   */
  spent(dimension: Dimension): number | undefined {
    return spentIn(this.#state, 0, dimension);
  }

  /** Whether more than 2^53 - 1 was spent, so that `spent` is too low; `undefined` as above. */
  overflowed(dimension: Dimension): boolean | undefined {
    return isOverflowedIn(this.#state, 0, dimension);
  }

  /** Sets every counter to 0, saturated ones too; limits and warn thresholds stay. */
  reset(): void {
    resetIn(this.#state, 0);
  }

  /** The whole budget as 24 plain numbers that survive JSON; see `Snapshot`. */
  snapshot(): Snapshot {
    return snapshotOf(this.#state, 0);
  }
}
