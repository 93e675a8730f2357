import { AMOUNT_MAX, isAmount, SATURATED } from './arithmetic.ts';
import { ALL, isDimension, MAX_DIMS, TOKENS, type Dimension } from './dimension.ts';
import {
  illegalAmount,
  illegalCosts,
  illegalDimension,
  repeatedDimension,
  unknownDimension,
  type ChargeError,
} from './fault.ts';
import { LIMIT, UNDECLARED, WARN } from './state.ts';
import { CONTINUE, exhausted, warn, type Verdict } from './verdict.ts';

/**
 * The charges, on a budget's 24 doubles beginning at `base`. Each checks first, then acts.
 *
 * One comparison decides the straight path: a sum that is not above the warn threshold is within
 * the limit too, because a threshold lies below its limit, or is the limit where none was declared,
 * or is -1 where nothing was, which even 0 is above. Whatever is above it is sorted out beside the
 * path, and so are amounts above 2^53 - 1, whose sum is above every threshold.
 *
 * Parameters are positional and nothing is allocated, because this is the hot path. A place that
 * cannot be read counts as saturated or as undeclared, never as free.
 */

/** What a cost vector may be: eight amounts, one for each dimension in index order. */
export type Costs = Float64Array | readonly number[];

// Local names for what is imported: V8 folds a module's own constants and loads another's on every
// use.
const MASK = MAX_DIMS - 1;
const MAX = AMOUNT_MAX;
const FULL = SATURATED;
const LIMITS = LIMIT;
const WARNS = WARN;
const NONE = UNDECLARED;
const GO_ON = CONTINUE;
const PLACES = MAX_DIMS;
const NOBODY = -1;
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
 * Two or three charges, all or none; the verdict names the first that does not fit, else that
 * warns. For a pair the first is given as the last too: it is decided and stored alike a second
 * time.
 *
 * V8 inlines this only while its bytecode is at most 460 bytes, and a call that is not inlined
 * makes an object of every large amount. So it is short before it is pretty: one throw for every
 * misuse, no amount passed on but to it, and places read without a fallback (one that could not be
 * read gives NaN, which is not within any limit and refuses).
 */
export function tryChargeAll(
  state: Float64Array,
  base: number,
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
  last: Dimension | undefined,
  lastAmount: number | undefined,
  isPair: boolean,
): Verdict {
  if (
    isIndex(first) &&
    isIndex(second) &&
    isIndex(last) &&
    first !== second &&
    second !== last &&
    (isPair || first !== last) &&
    typeof firstAmount === 'number' &&
    typeof secondAmount === 'number' &&
    typeof lastAmount === 'number' &&
    firstAmount >= 0 &&
    secondAmount >= 0 &&
    lastAmount >= 0 &&
    Math.floor(firstAmount) === firstAmount &&
    Math.floor(secondAmount) === secondAmount &&
    Math.floor(lastAmount) === lastAmount
  ) {
    // MASK, LIMITS, WARNS and MAX stand as literals, which take less bytecode.
    const i = base + (first & 7);
    const j = base + (second & 7);
    const k = base + (last & 7);
    const x = (state[i] as number) + firstAmount;
    const y = (state[j] as number) + secondAmount;
    const z = (state[k] as number) + lastAmount;
    if (
      x <= (state[i + 16] as number) &&
      y <= (state[j + 16] as number) &&
      z <= (state[k + 16] as number)
    ) {
      state[i] = x;
      state[j] = y;
      state[k] = z;
      return GO_ON;
    }
    const isXIn = x <= (state[i + 8] as number);
    const isYIn = y <= (state[j + 8] as number);
    if (isXIn && isYIn && z <= (state[k + 8] as number)) {
      state[i] = x;
      state[j] = y;
      state[k] = z;
      return firstWarn(state, base, first, second, last);
    }
    if (
      firstAmount <= 9007199254740991 &&
      secondAmount <= 9007199254740991 &&
      lastAmount <= 9007199254740991
    ) {
      return firstRefusal(state, base, first, second, last, isXIn, isYIn);
    }
  }
  throw misuseOfAll(first, firstAmount, second, secondAmount, last, lastAmount, isPair);
}

/** Which of the three warns first, where they fit and at least one warns. */
function firstWarn(
  state: Float64Array,
  base: number,
  first: Dimension,
  second: Dimension,
  last: Dimension,
): Verdict {
  if ((state[base + first] ?? FULL) > (state[base + first + WARNS] ?? NONE)) return warnOf(first);
  const isSecond = (state[base + second] ?? FULL) > (state[base + second + WARNS] ?? NONE);
  return warnOf(isSecond ? second : last);
}

/** Which of the three does not fit, where at least one does not; throws if one is undeclared. */
function firstRefusal(
  state: Float64Array,
  base: number,
  first: Dimension,
  second: Dimension,
  last: Dimension,
  isFirstIn: boolean,
  isSecondIn: boolean,
): Verdict {
  if ((state[base + first + LIMITS] ?? NONE) < 0) throw unknownDimension(first);
  if ((state[base + second + LIMITS] ?? NONE) < 0) throw unknownDimension(second);
  if ((state[base + last + LIMITS] ?? NONE) < 0) throw unknownDimension(last);
  if (!isFirstIn) return exhaustedOf(first);
  return exhaustedOf(isSecondIn ? last : second);
}

/**
 * One amount for each dimension, all or none; the verdict names the first in index order.
 *
 * Every declared dimension takes part, also with 0: one that is already above its limit refuses the
 * whole. An undeclared dimension may only be given 0. `costs` is read twice and must not change
 * in between, as shared memory could.
 */
export function tryChargeVector(state: Float64Array, base: number, costs: Costs): Verdict {
  if (!isCosts(costs)) throw illegalCosts(costs);
  let refused = NOBODY;
  let warned = NOBODY;
  for (let at = PLACES - 1; at >= 0; at--) {
    const amount = costs[at];
    if (!isWhole(amount) || amount > MAX) throw firstMisuse(state, base, costs);
    const next = (state[base + at] ?? FULL) + amount;
    if (next > (state[base + at + WARNS] ?? NONE)) {
      const limit = state[base + at + LIMITS] ?? NONE;
      if (limit < 0) {
        if (amount > 0) throw firstMisuse(state, base, costs);
      } else if (next > limit) refused = at;
      else warned = at;
    }
  }
  if (refused !== NOBODY) return exhaustedOf(dimensionAt(refused));
  for (let at = 0; at < PLACES; at++) {
    state[base + at] = (state[base + at] ?? FULL) + (costs[at] ?? 0);
  }
  return warned === NOBODY ? GO_ON : warnOf(dimensionAt(warned));
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
 * Whether `amount` is a whole number of 0 or more. `isAmount` without its upper bound, which the
 * straight path checks for free: in this form the check costs nothing measurable beside one
 * addition.
 */
function isWhole(amount: unknown): amount is number {
  return typeof amount === 'number' && amount >= 0 && Math.floor(amount) === amount;
}

function dimensionAt(index: number): Dimension {
  return ALL[index] ?? TOKENS;
}

/** The fault to name when a cost vector has one: the first in index order. */
function firstMisuse(state: Float64Array, base: number, costs: Costs): ChargeError {
  const faulty = ALL.find((dimension) => {
    const amount = costs[dimension];
    const isUndeclared = (state[base + LIMIT + dimension] ?? NONE) < 0;
    return !isWhole(amount) || amount > MAX || (isUndeclared && amount > 0);
  });
  return faulty === undefined ? illegalCosts(costs) : misuse(faulty, costs[faulty]);
}

function isCosts(costs: unknown): costs is Costs {
  return (Array.isArray(costs) || costs instanceof Float64Array) && costs.length === MAX_DIMS;
}

function misuse(dimension: Dimension, amount: unknown): ChargeError {
  if (!isWhole(amount) || amount > MAX) return illegalAmount(dimension, amount);
  return unknownDimension(dimension);
}

function misuseOfAll(
  first: Dimension,
  firstAmount: number,
  second: Dimension,
  secondAmount: number,
  last: Dimension | undefined,
  lastAmount: number | undefined,
  isPair: boolean,
): ChargeError {
  if (!isIndex(first)) return illegalDimension(first);
  if (!isIndex(second)) return illegalDimension(second);
  if (!isIndex(last)) return illegalDimension(last);
  if (first === second || (first === last && !isPair)) return repeatedDimension(first);
  if (second === last) return repeatedDimension(second);
  if (!isAmount(firstAmount)) return illegalAmount(first, firstAmount);
  if (!isAmount(secondAmount)) return illegalAmount(second, secondAmount);
  return illegalAmount(last, lastAmount);
}
