import { AMOUNT_MAX } from '../../kernel/arithmetic.ts';
import type { Amounts, Ceiling } from '../account.ts';
import { amountsFromCounters } from '../amounts.ts';

/**
 * Nano-dollars, tokens and calls, in this order: integers from 0 to 2^53 - 1. The form in which
 * amounts travel between holders and stores, the same in JSON, Lua, SQL and a `Float64Array`.
 */
export type Sums = readonly [usd: number, tokens: number, calls: number];

/** A ceiling in the same order; `null` where that dimension is not capped. */
export type Ceilings = readonly [usd: number | null, tokens: number | null, calls: number | null];

/** The three dimensions as indexes, to loop over. */
export const DIMENSIONS = [0, 1, 2] as const;

/** Nothing in any dimension. */
export const NO_SUMS: Sums = asSums(0, 0, 0);

/**
 * Three amounts as sums. What is computed for each call is made here: arrays from one place have
 * one form in the engine, and turning those of another form takes it longer than the arithmetic.
 */
export function asSums(usd: number, tokens: number, calls: number): Sums {
  return [usd, tokens, calls];
}

/** Amounts in the order in which they travel. */
export function sumsOf({ usd, tokens, calls }: Amounts): Sums {
  return asSums(usd, tokens, calls);
}

/** The same as amounts. Throws `INVARIANT_BROKEN` when one is no integer from 0 to 2^53. */
export function amountsOfSums(sums: Sums): Amounts {
  return amountsFromCounters(sums[0], sums[1], sums[2]);
}

/** A ceiling in the order in which it travels. */
export function ceilingsOf({ usd, tokens, calls }: Ceiling): Ceilings {
  return [usd ?? null, tokens ?? null, calls ?? null];
}

// These run dozens of times in every message, so parts are read by index: taking an array apart
// goes through its iterator.

/** The sum in every dimension, held at 2^53 - 1. */
export function plus(left: Sums, right: Sums): Sums {
  return asSums(
    Math.min(AMOUNT_MAX, left[0] + right[0]),
    Math.min(AMOUNT_MAX, left[1] + right[1]),
    Math.min(AMOUNT_MAX, left[2] + right[2]),
  );
}

/** The difference in every dimension, and 0 where that is negative. */
export function minus(left: Sums, right: Sums): Sums {
  return asSums(
    Math.max(0, left[0] - right[0]),
    Math.max(0, left[1] - right[1]),
    Math.max(0, left[2] - right[2]),
  );
}

/** `total` with `before`, which is part of it, replaced by `now`. */
export function replaced(
  total: Sums,
  { before, now }: { readonly before: Sums; readonly now: Sums },
): Sums {
  return asSums(
    Math.min(AMOUNT_MAX, Math.max(0, total[0] - before[0]) + now[0]),
    Math.min(AMOUNT_MAX, Math.max(0, total[1] - before[1]) + now[1]),
    Math.min(AMOUNT_MAX, Math.max(0, total[2] - before[2]) + now[2]),
  );
}

/** The smaller in every dimension. */
export function least(left: Sums, right: Sums): Sums {
  return asSums(
    Math.min(left[0], right[0]),
    Math.min(left[1], right[1]),
    Math.min(left[2], right[2]),
  );
}

/** The larger in every dimension. */
export function most(left: Sums, right: Sums): Sums {
  return asSums(
    Math.max(left[0], right[0]),
    Math.max(left[1], right[1]),
    Math.max(left[2], right[2]),
  );
}

/** So many times the sums, held at 2^53 - 1. */
export function times(sums: Sums, factor: number): Sums {
  return asSums(
    Math.min(AMOUNT_MAX, sums[0] * factor),
    Math.min(AMOUNT_MAX, sums[1] * factor),
    Math.min(AMOUNT_MAX, sums[2] * factor),
  );
}

/** Whether `left` is at most `right` in every dimension. */
export function isWithin(left: Sums, right: Sums): boolean {
  return left[0] <= right[0] && left[1] <= right[1] && left[2] <= right[2];
}

/** Whether there is nothing in any dimension. */
export function isNothing(sums: Sums): boolean {
  return sums[0] === 0 && sums[1] === 0 && sums[2] === 0;
}
