import { AMOUNT_MAX, SATURATED } from './arithmetic.ts';
import { ALL, isDimension, MAX_DIMS, type Dimension } from './dimension.ts';
import {
  illegalAmount,
  illegalCosts,
  illegalDimension,
  repeatedDimension,
  unknownDimension,
  type ChargeError,
} from './fault.ts';
import { LIMIT, UNDECLARED, WARN } from './state.ts';
import { CONTINUE, exhausted, isExhausted, warn, worst, type Verdict } from './verdict.ts';

/**
 * The charges, on a budget's 24 doubles beginning at `base`. Each checks first, then acts.
 *
 * One comparison decides the straight path: a sum that is not above the warn threshold is within the
 * limit too, because a threshold lies below its limit, or is the limit where none was declared, or is -1
 * where nothing was, which even 0 is above. Whatever is above it is sorted out beside the path, and so
 * are amounts above 2^53 - 1, whose sum is above every threshold.
 *
 * Parameters are positional and nothing is allocated, because this is the hot path. A place that
 * cannot be read counts as saturated or as undeclared, never as free.
 */

/** What a cost vector may be: eight amounts, one for each dimension in index order. */
export type Costs = Float64Array | readonly number[];

// Local names for what is imported: V8 folds a module's own constants and loads another's on every use.
const MASK = MAX_DIMS - 1;
const MAX = AMOUNT_MAX;
const FULL = SATURATED;
const LIMITS = LIMIT;
const WARNS = WARN;
const NONE = UNDECLARED;
const GO_ON = CONTINUE;
/** Stands for an amount that was not given; refused like every illegal one where it is needed. */
const ABSENT = Number.NaN;
const warnOf = warn;
const exhaustedOf = exhausted;
const isIndex = isDimension;

/** Adds `amount` always, also above the limit, and answers what the counter then stands at. */
export function charge(
  state: Float64Array,
  base: number,
  dimension: Dimension,
  amount: number,
): Verdict {
  if (!isIndex(dimension)) throw illegalDimension(dimension);
  const at = base + (dimension & MASK);
  if (!isWhole(amount)) throw illegalAmount(dimension, amount);
  const next = (state[at] ?? FULL) + amount;
  if (next > (state[at + WARNS] ?? NONE)) {
    const limit = state[at + LIMITS] ?? NONE;
    if (amount > MAX || limit < 0) throw misuse(dimension, amount);
    state[at] = next > MAX ? FULL : next;
    return next > limit ? exhaustedOf(dimension) : warnOf(dimension);
  }
  state[at] = next;
  return GO_ON;
}

/** Adds `amount` if the counter stays within its limit; otherwise changes nothing and says so. */
export function tryCharge(
  state: Float64Array,
  base: number,
  dimension: Dimension,
  amount: number,
): Verdict {
  if (!isIndex(dimension)) throw illegalDimension(dimension);
  const at = base + (dimension & MASK);
  if (!isWhole(amount)) throw illegalAmount(dimension, amount);
  const next = (state[at] ?? FULL) + amount;
  if (next > (state[at + WARNS] ?? NONE)) {
    const limit = state[at + LIMITS] ?? NONE;
    if (amount > MAX || limit < 0) throw misuse(dimension, amount);
    if (next > limit) return exhaustedOf(dimension);
    state[at] = next;
    return warnOf(dimension);
  }
  state[at] = next;
  return GO_ON;
}

/**
 * All charges or none, in whichever form they are given. What is left out is left out from the end: an
 * amount whose dimension is missing is a fault, never a cost dropped.
 */
export function tryChargeAll(
  state: Float64Array,
  base: number,
  first: Dimension | Costs,
  firstAmount = ABSENT,
  second: Dimension | undefined = undefined,
  secondAmount = ABSENT,
  third: Dimension | undefined = undefined,
  thirdAmount = ABSENT,
): Verdict {
  if (typeof first === 'object') return tryChargeCosts(state, base, first);
  if (third !== undefined && second !== undefined) {
    return tryChargeThree(
      state,
      base,
      first,
      firstAmount,
      second,
      secondAmount,
      third,
      thirdAmount,
    );
  }
  if (third !== undefined || !Number.isNaN(thirdAmount)) throw illegalDimension(undefined);
  if (second !== undefined) {
    return tryChargeTwo(state, base, first, firstAmount, second, secondAmount);
  }
  if (!Number.isNaN(secondAmount)) throw illegalDimension(undefined);
  return tryCharge(state, base, first, firstAmount);
}

/** Two charges, both or neither; the verdict names the first that does not fit, else that warns. */
function tryChargeTwo(
  state: Float64Array,
  base: number,
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
): Verdict {
  if (!isIndex(first)) throw illegalDimension(first);
  if (!isIndex(second)) throw illegalDimension(second);
  if (first === second) throw repeatedDimension(first);
  if (!isWhole(firstAmount)) throw illegalAmount(first, firstAmount);
  if (!isWhole(secondAmount)) throw illegalAmount(second, secondAmount);
  const i = base + (first & MASK);
  const j = base + (second & MASK);
  const firstNext = (state[i] ?? FULL) + firstAmount;
  const secondNext = (state[j] ?? FULL) + secondAmount;
  const isFirstAbove = firstNext > (state[i + WARNS] ?? NONE);
  if (isFirstAbove || secondNext > (state[j + WARNS] ?? NONE)) {
    const firstLimit = state[i + LIMITS] ?? NONE;
    const secondLimit = state[j + LIMITS] ?? NONE;
    if (firstAmount > MAX || firstLimit < 0) throw misuse(first, firstAmount);
    if (secondAmount > MAX || secondLimit < 0) throw misuse(second, secondAmount);
    if (firstNext > firstLimit) return exhaustedOf(first);
    if (secondNext > secondLimit) return exhaustedOf(second);
    state[i] = firstNext;
    state[j] = secondNext;
    return warnOf(isFirstAbove ? first : second);
  }
  state[i] = firstNext;
  state[j] = secondNext;
  return GO_ON;
}

/**
 * Three charges, all or none; the verdict names the first that does not fit, else that warns.
 *
 * V8 inlines it only while its bytecode is at most 460 bytes, and a call that is not inlined boxes every
 * amount: hence the short form, held by a test.
 */
function tryChargeThree(
  state: Float64Array,
  base: number,
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
  third: Dimension,
  thirdAmount: number,
): Verdict {
  // `isWhole`, written out: as three calls it costs a third more.
  if (
    !isIndex(first) ||
    !isIndex(second) ||
    !isIndex(third) ||
    first === second ||
    first === third ||
    second === third ||
    typeof firstAmount !== 'number' ||
    typeof secondAmount !== 'number' ||
    typeof thirdAmount !== 'number' ||
    !(firstAmount >= 0) ||
    !(secondAmount >= 0) ||
    !(thirdAmount >= 0) ||
    Math.floor(firstAmount) !== firstAmount ||
    Math.floor(secondAmount) !== secondAmount ||
    Math.floor(thirdAmount) !== thirdAmount
  ) {
    throw misuseOfThree(first, firstAmount, second, secondAmount, third, thirdAmount);
  }
  const i = base + (first & MASK);
  const j = base + (second & MASK);
  const k = base + (third & MASK);
  const x = (state[i] ?? FULL) + firstAmount;
  const y = (state[j] ?? FULL) + secondAmount;
  const z = (state[k] ?? FULL) + thirdAmount;
  if (
    x > (state[i + WARNS] ?? NONE) ||
    y > (state[j + WARNS] ?? NONE) ||
    z > (state[k + WARNS] ?? NONE)
  ) {
    return threeAbove(state, base, first, firstAmount, second, secondAmount, third, thirdAmount);
  }
  state[i] = x;
  state[j] = y;
  state[k] = z;
  return GO_ON;
}

/** The rest of `tryChargeThree`, where at least one sum is above its threshold. */
function threeAbove(
  state: Float64Array,
  base: number,
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
  third: Dimension,
  thirdAmount: number,
): Verdict {
  const i = base + first;
  const j = base + second;
  const k = base + third;
  const firstLimit = state[i + LIMITS] ?? NONE;
  const secondLimit = state[j + LIMITS] ?? NONE;
  const thirdLimit = state[k + LIMITS] ?? NONE;
  if (firstAmount > MAX || firstLimit < 0) throw misuse(first, firstAmount);
  if (secondAmount > MAX || secondLimit < 0) throw misuse(second, secondAmount);
  if (thirdAmount > MAX || thirdLimit < 0) throw misuse(third, thirdAmount);
  const firstNext = (state[i] ?? FULL) + firstAmount;
  const secondNext = (state[j] ?? FULL) + secondAmount;
  const thirdNext = (state[k] ?? FULL) + thirdAmount;
  if (firstNext > firstLimit) return exhaustedOf(first);
  if (secondNext > secondLimit) return exhaustedOf(second);
  if (thirdNext > thirdLimit) return exhaustedOf(third);
  state[i] = firstNext;
  state[j] = secondNext;
  state[k] = thirdNext;
  if (firstNext > (state[i + WARNS] ?? NONE)) return warnOf(first);
  return warnOf(secondNext > (state[j + WARNS] ?? NONE) ? second : third);
}

/**
 * One amount for each dimension, all or none; the verdict names the first in index order.
 *
 * Every declared dimension takes part, also with 0: one that is already above its limit refuses the
 * whole. An undeclared dimension may only be given 0. `costs` is read twice and must not change
 * in between, as shared memory could.
 */
function tryChargeCosts(state: Float64Array, base: number, costs: Costs): Verdict {
  if (!isCosts(costs)) throw illegalCosts(costs);
  let verdict = GO_ON;
  for (const dimension of ALL) {
    const amount = costs[dimension];
    const at = base + dimension;
    const limit = state[at + LIMITS] ?? NONE;
    if (!isWhole(amount) || amount > MAX) throw illegalAmount(dimension, amount);
    if (limit < 0 && amount > 0) throw unknownDimension(dimension);
    const next = (state[at] ?? FULL) + amount;
    if (limit < 0 || next <= (state[at + WARNS] ?? NONE)) continue;
    verdict = worst(verdict, next > limit ? exhausted(dimension) : warn(dimension));
  }
  if (isExhausted(verdict)) return verdict;
  for (let at = 0; at < MAX_DIMS; at++) {
    state[base + at] = (state[base + at] ?? FULL) + (costs[at] ?? 0);
  }
  return verdict;
}

/**
 * Takes `amount` back, never below zero, and answers what the counter then stands at. A saturated
 * counter stays saturated: what it truly holds is not known, so no part of it can be given back.
 */
export function refund(
  state: Float64Array,
  base: number,
  dimension: Dimension,
  amount: number,
): Verdict {
  if (!isIndex(dimension)) throw illegalDimension(dimension);
  const at = base + (dimension & MASK);
  const limit = state[at + LIMITS] ?? NONE;
  if (!isWhole(amount) || amount > MAX || limit < 0) throw misuse(dimension, amount);
  const spent = state[at] ?? FULL;
  const rest = spent > MAX ? FULL : Math.max(spent - amount, 0);
  state[at] = rest;
  if (rest > limit) return exhaustedOf(dimension);
  return rest > (state[at + WARNS] ?? NONE) ? warnOf(dimension) : GO_ON;
}

/**
 * Whether `amount` is a whole number of 0 or more. `isAmount` without its upper bound, which the straight
 * path checks for free: in this form the check costs nothing measurable beside one addition.
 */
function isWhole(amount: unknown): amount is number {
  return typeof amount === 'number' && amount >= 0 && Math.floor(amount) === amount;
}

function isCosts(costs: unknown): costs is Costs {
  return (Array.isArray(costs) || costs instanceof Float64Array) && costs.length === MAX_DIMS;
}

function misuse(dimension: Dimension, amount: number): ChargeError {
  if (!isWhole(amount) || amount > MAX) return illegalAmount(dimension, amount);
  return unknownDimension(dimension);
}

function misuseOfThree(
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
  third: Dimension,
  thirdAmount: number,
): ChargeError {
  for (const dimension of [first, second, third]) {
    if (!isIndex(dimension)) return illegalDimension(dimension);
  }
  if (first === second || first === third) return repeatedDimension(first);
  if (second === third) return repeatedDimension(second);
  if (!isWhole(firstAmount)) return illegalAmount(first, firstAmount);
  if (!isWhole(secondAmount)) return illegalAmount(second, secondAmount);
  return illegalAmount(third, thirdAmount);
}
