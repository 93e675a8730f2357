import { HardcapError } from '../../errors/error.ts';
import type { Short } from '../../ledger/ledger.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import { affordableOutputTokens } from '../affordable.ts';
import type { Quote } from '../call.ts';
import { ceilingOf } from './adaptation.ts';

/** Bounds changed facts again, by the measure of the quote that they come from. */
export type Requote = (facts: RequestFacts) => Quote | HardcapError;

/** How often a ceiling is lowered again because the request with it is longer than was thought. */
const TRIES_MAX = 6;

/**
 * The call with the largest output ceiling that all of `short` afford, bounded again from the body
 * that would be sent. `undefined` when that is less than `least`, or not less than was asked for.
 */
export function fitted(
  quote: Quote,
  short: readonly Short[],
  { least, requote }: { readonly least: Tokens; readonly requote: Requote },
): Quote | undefined {
  const { provider } = quote;
  const choices = Math.max(1, provider.choices(quote.facts));
  let ceiling = affordableOutputTokens(quote, short);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (ceiling === undefined || ceiling < least) return undefined;
    const lowered = lower(quote, ceiling, requote);
    if (lowered === undefined) return undefined;
    const affordable = affordableOutputTokens(lowered, short);
    const each = Math.floor(lowered.bound.outputTokens / choices);
    if (affordable === each) return isLess(lowered, quote) ? lowered : undefined;
    // Beside the ceiling there may be output that it does not hold for.
    const beyond = Math.max(0, each - ceiling);
    const next = Math.min(ceiling - 1, (affordable ?? 0) - beyond);
    ceiling = tokens(next);
  }
  return undefined;
}

/** The call with the least ceiling that `fit` may leave; `undefined` when it cannot be lowered. */
export function fittedLeast(quote: Quote, least: Tokens, requote: Requote): Quote | undefined {
  const lowered = lower(quote, least, requote);
  return lowered !== undefined && isLess(lowered, quote) ? lowered : undefined;
}

function lower(quote: Quote, ceiling: Tokens, requote: Requote): Quote | undefined {
  const facts = quote.provider.withOutputMax(quote.facts, ceiling);
  const lowered = facts === undefined ? undefined : requote(facts);
  return lowered === undefined || lowered instanceof HardcapError ? undefined : lowered;
}

/** Whether the ceiling on the wire is one that the caller did not ask for. */
function isLess(lowered: Quote, { facts, bound }: Quote): boolean {
  const isLower = lowered.bound.outputTokens < bound.outputTokens;
  return isLower && ceilingOf(lowered, lowered.facts) !== ceilingOf(lowered, facts);
}
