import { AMOUNT_MAX, SATURATED, saturatingAdd } from '../../kernel/arithmetic.ts';
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
export const NO_SUMS: Sums = [0, 0, 0];

/** Amounts in the order in which they travel. */
export function sumsOf({ usd, tokens, calls }: Amounts): Sums {
  return [usd, tokens, calls];
}

/** The same as amounts. Throws `INVARIANT_BROKEN` when one is no integer from 0 to 2^53. */
export function amountsOfSums([usd, tokens, calls]: Sums): Amounts {
  return amountsFromCounters(usd, tokens, calls);
}

/** A ceiling in the order in which it travels. */
export function ceilingsOf({ usd, tokens, calls }: Ceiling): Ceilings {
  return [usd ?? null, tokens ?? null, calls ?? null];
}

/** The sum in every dimension, held at 2^53 - 1. */
export function plus(left: Sums, right: Sums): Sums {
  return [
    held(saturatingAdd(left[0], right[0])),
    held(saturatingAdd(left[1], right[1])),
    held(saturatingAdd(left[2], right[2])),
  ];
}

/** The difference in every dimension, and 0 where that is negative. */
export function minus(left: Sums, right: Sums): Sums {
  return [
    Math.max(0, left[0] - right[0]),
    Math.max(0, left[1] - right[1]),
    Math.max(0, left[2] - right[2]),
  ];
}

/** The smaller in every dimension. */
export function least(left: Sums, right: Sums): Sums {
  return [Math.min(left[0], right[0]), Math.min(left[1], right[1]), Math.min(left[2], right[2])];
}

/** The larger in every dimension. */
export function most(left: Sums, right: Sums): Sums {
  return [Math.max(left[0], right[0]), Math.max(left[1], right[1]), Math.max(left[2], right[2])];
}

/** Whether `left` is at most `right` in every dimension. */
export function isWithin(left: Sums, right: Sums): boolean {
  return left[0] <= right[0] && left[1] <= right[1] && left[2] <= right[2];
}

/** Whether there is nothing in any dimension. */
export function isNothing([usd, tokens, calls]: Sums): boolean {
  return usd === 0 && tokens === 0 && calls === 0;
}

function held(counter: number): number {
  return counter === SATURATED ? AMOUNT_MAX : counter;
}
