import { addNanoUsd, subtractNanoUsd, NANO_USD_MAX, type NanoUsd } from '../units/money.ts';
import { tokens, type Tokens } from '../units/count.ts';
import type { Balance } from '../ledger/account.ts';
import type { Short } from '../ledger/ledger.ts';
import { boundCost } from '../pricing/cost.ts';
import type { Quote } from './call.ts';
import { isUnpriced } from './settlement.ts';

/**
 * The largest output ceiling (per choice) with which the call would fit all of `short` now.
 *
 * `undefined` when even one token of output would not fit, when an account counts calls only, or
 * when the route has no output ceiling to lower. At most 60 steps of bisection, on refusals only.
 */
export function affordableOutputTokens(quote: Quote, short: readonly Short[]): Tokens | undefined {
  if (quote.provider.outputField(quote.facts) === undefined) return undefined;
  if (short.some((item) => item.dimension === 'calls' || item.balance.overdrawn)) return undefined;
  const choices = Math.max(1, quote.provider.choices(quote.facts));
  const roomUsd = Math.min(...short.map(usdRoom));
  const roomTokens = Math.min(...short.map(tokenRoom));
  let low = 0;
  let high = Math.floor(quote.bound.outputTokens / choices);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fitsWith(quote, middle * choices, { roomUsd, roomTokens })) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? undefined : tokens(low);
}

function fitsWith(
  quote: Quote,
  output: number,
  { roomUsd, roomTokens }: { readonly roomUsd: number; readonly roomTokens: number },
): boolean {
  const outputTokens = tokens(output);
  if (outputTokens === undefined) return false;
  const usd = boundCost({ ...quote.bound, outputTokens }, quote.card);
  if (isUnpriced(usd)) return false;
  return usd <= roomUsd && quote.bound.inputTokens + outputTokens <= roomTokens;
}

function usdRoom({ account, balance }: Short): NanoUsd {
  const { usd } = account.ceiling;
  if (usd === undefined) return NANO_USD_MAX;
  return subtractNanoUsd(usd, used(balance));
}

function used({ spent, held }: Balance): NanoUsd {
  return addNanoUsd(spent.usd, held.usd);
}

function tokenRoom({ account, balance }: Short): number {
  const ceiling = account.ceiling.tokens;
  if (ceiling === undefined) return Number.MAX_SAFE_INTEGER;
  return ceiling - balance.spent.tokens - balance.held.tokens;
}
