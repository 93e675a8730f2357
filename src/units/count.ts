/** Counted things: tokens, calls, bytes. Integers from 0 to 2^53 - 1, one brand each. */

declare const tokensBrand: unique symbol;
declare const callsBrand: unique symbol;
declare const bytesBrand: unique symbol;

/** A whole number of tokens as the provider counts them. */
export type Tokens = number & { readonly [tokensBrand]: true };

/** A whole number of attempts (physical requests). */
export type Calls = number & { readonly [callsBrand]: true };

/** A whole number of UTF-8 bytes. */
export type Bytes = number & { readonly [bytesBrand]: true };

/** No tokens, known to be none; what is unknown is `undefined` instead. */
export const TOKENS_ZERO = 0 as Tokens;

/** The largest figure a request may carry for tokens or choices before it is called absurd. */
export const REQUEST_TOKENS_MAX = 100_000_000 as Tokens;

/** No attempt. */
export const CALLS_ZERO = 0 as Calls;

/** What one attempt draws on a cap in calls. */
export const CALLS_ONE = 1 as Calls;

/** The integer as tokens; `undefined` unless it is an integer from 0 to 2^53 - 1. */
export function tokens(value: unknown): Tokens | undefined {
  return isCount(value) ? (value as Tokens) : undefined;
}

/** The integer as calls; `undefined` unless it is an integer from 0 to 2^53 - 1. */
export function calls(value: unknown): Calls | undefined {
  return isCount(value) ? (value as Calls) : undefined;
}

/** The integer as bytes; `undefined` unless it is an integer from 0 to 2^53 - 1. */
export function bytes(value: unknown): Bytes | undefined {
  return isCount(value) ? (value as Bytes) : undefined;
}

/** The sum of two counts of tokens, held at 2^53 - 1 when it would pass it. */
export function addTokens(left: Tokens, right: Tokens): Tokens {
  return Math.min(left + right, Number.MAX_SAFE_INTEGER) as Tokens;
}

/** The sum of two counts of calls, held at 2^53 - 1 when it would pass it. */
export function addCalls(left: Calls, right: Calls): Calls {
  return Math.min(left + right, Number.MAX_SAFE_INTEGER) as Calls;
}

/** `count` tokens `factor` times, held at 2^53 - 1; so it is when `factor` is no whole number. */
export function timesTokens(count: Tokens, factor: number): Tokens {
  if (!isCount(factor)) return Number.MAX_SAFE_INTEGER as Tokens;
  return Math.min(count * factor, Number.MAX_SAFE_INTEGER) as Tokens;
}

/** The smaller of two counts of tokens. */
export function minTokens(left: Tokens, right: Tokens): Tokens {
  return left < right ? left : right;
}

/** A bound in tokens from a byte count: no known tokenizer family yields more tokens than bytes. */
export function tokensFromBytes(count: Bytes): Tokens {
  return count as number as Tokens;
}

/** Whether `value` is a non-negative safe integer. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
