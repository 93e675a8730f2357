import { ALL, MAX_DIMS, type Dimension } from './dimension.ts';

/**
 * The kernel's answer to a charge, as one small integer: 0 continue, `8 | dimension` warn,
 * `16 | dimension` exhausted. Comparing two verdicts with `===` compares what they say.
 */

declare const verdictBrand: unique symbol;

/** Continue, warn or exhausted, the latter two with the dimension that caused them. */
export type Verdict = number & { readonly [verdictBrand]: true };

const WARN_BIT = 8;
const EXHAUSTED_BIT = 16;
const SEVERITY_SHIFT = 3;

/** Nothing to report: every counter asked about is within its limit and its warn threshold. */
export const CONTINUE = 0 as Verdict;

/** The verdict that `dimension` is above its warn threshold and within its limit. */
export function warn(dimension: Dimension): Verdict {
  return (WARN_BIT | dimension) as Verdict;
}

/** The verdict that `dimension` is, or would be, above its limit. */
export function exhausted(dimension: Dimension): Verdict {
  return (EXHAUSTED_BIT | dimension) as Verdict;
}

/** Whether the caller may go on: true for continue and for warn. */
export function isContinuing(verdict: Verdict): boolean {
  return verdict < EXHAUSTED_BIT;
}

/** Whether a limit is passed, or would have been. */
export function isExhausted(verdict: Verdict): boolean {
  return verdict >= EXHAUSTED_BIT;
}

/** Whether a warn threshold is passed and the limit is not. */
export function isWarn(verdict: Verdict): boolean {
  return verdict >= WARN_BIT && verdict < EXHAUSTED_BIT;
}

/** The dimension that caused a warn or exhausted verdict; `undefined` for continue. */
export function dimensionOf(verdict: Verdict): Dimension | undefined {
  return verdict === CONTINUE ? undefined : ALL[verdict & (MAX_DIMS - 1)];
}

/**
 * The more severe of two verdicts: exhausted before warn before continue.
 *
 * At equal severity the left one is kept, so a fold over charges names the dimension that was
 * charged first. Associative and idempotent, with `CONTINUE` as its identity. A fold is not atomic:
 * what the earlier charges added stays; `tryChargeAll` is the atomic form.
 */
export function worst(left: Verdict, right: Verdict): Verdict {
  return right >> SEVERITY_SHIFT > left >> SEVERITY_SHIFT ? right : left;
}
