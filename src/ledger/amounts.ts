import { AMOUNT_MAX, isAmount } from '../kernel/arithmetic.ts';
import { invariant } from '../errors/error.ts';
import { addTokens, calls, CALLS_ZERO, tokens, TOKENS_ZERO } from '../units/count.ts';
import { addNanoUsd, nanoUsd, NANO_USD_ZERO, subtractNanoUsd } from '../units/money.ts';
import type { Amounts } from './account.ts';

/** Nothing in any dimension. */
export const AMOUNTS_ZERO: Amounts = Object.freeze({
  usd: NANO_USD_ZERO,
  tokens: TOKENS_ZERO,
  calls: CALLS_ZERO,
});

/** Three counters (0 to 2^53) as amounts; a saturated one reads 2^53 - 1. */
export function amountsFromCounters(usd: number, token: number, call: number): Amounts {
  const amounts = {
    usd: nanoUsd(Math.min(usd, AMOUNT_MAX)),
    tokens: tokens(Math.min(token, AMOUNT_MAX)),
    calls: calls(Math.min(call, AMOUNT_MAX)),
  };
  const isWhole = (found: typeof amounts): found is Amounts & typeof amounts =>
    found.usd !== undefined && found.tokens !== undefined && found.calls !== undefined;
  invariant(isWhole(amounts), 'a balance is an integer from 0 to 2^53 - 1');
  return amounts;
}

/** The caller's amounts in an object that the caller cannot change later. */
export function copyAmounts({ usd, tokens, calls }: Amounts): Amounts {
  return { usd, tokens, calls };
}

/** Whether two amounts are equal in every dimension. */
export function sameAmounts(left: Amounts, right: Amounts): boolean {
  return left.usd === right.usd && left.tokens === right.tokens && left.calls === right.calls;
}

/** The sum in every dimension, held at 2^53 - 1. */
export function addAmounts(left: Amounts, right: Amounts): Amounts {
  return {
    usd: addNanoUsd(left.usd, right.usd),
    tokens: addTokens(left.tokens, right.tokens),
    calls: calls(Math.min(left.calls + right.calls, AMOUNT_MAX)) ?? left.calls,
  };
}

/** What `left` has beyond `right` in each dimension; nothing where it has less. */
export function beyondAmounts(left: Amounts, right: Amounts): Amounts {
  return {
    usd: subtractNanoUsd(left.usd, right.usd),
    tokens: tokens(Math.max(0, left.tokens - right.tokens)) ?? TOKENS_ZERO,
    calls: calls(Math.max(0, left.calls - right.calls)) ?? CALLS_ZERO,
  };
}

/** States that amounts from outside are integers from 0 to 2^53 - 1. Throws `INVARIANT_BROKEN`. */
export function checkAmounts(amounts: Amounts): void {
  invariant(isAmount(amounts.usd), '`usd` is an integer from 0 to 2^53 - 1');
  invariant(isAmount(amounts.tokens), '`tokens` is an integer from 0 to 2^53 - 1');
  invariant(isAmount(amounts.calls), '`calls` is an integer from 0 to 2^53 - 1');
}
