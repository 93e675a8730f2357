import { boundCost } from '../../pricing/cost.ts';
import { addTokens, timesTokens, type Tokens } from '../../units/count.ts';
import type { Quote } from '../call.ts';
import { isUnpriced } from '../settlement.ts';
import type { StepTerms } from './expected.ts';

/**
 * The call held for the first two steps of its answer; for all of it where its ceiling is not above
 * them. Its `bound` and `amounts` say what is held, `stepped.whole` what it can cost.
 */
export function inSteps(quote: Quote, terms: StepTerms): Quote {
  const { bound, amounts } = quote;
  return heldFor({ ...quote, stepped: { ...terms, whole: { bound, amounts } } }, ahead(0, terms));
}

/**
 * What must be held when so many tokens were seen: to the end of the step that they are in, and one
 * step more, since the provider goes on while nobody looks.
 */
export function ahead(seen: number, { stepTokens }: Pick<StepTerms, 'stepTokens'>): Tokens {
  return timesTokens(stepTokens, Math.floor(seen / stepTokens) + 2);
}

/** The same call held for so much of its answer, at most for all of it. */
export function heldFor(quote: Quote, outputTokens: Tokens): Quote {
  const { stepped, card } = quote;
  if (stepped === undefined || outputTokens >= stepped.whole.bound.outputTokens) {
    return heldWhole(quote);
  }
  const bound = { ...stepped.whole.bound, outputTokens };
  const usd = boundCost(bound, card);
  if (isUnpriced(usd)) return heldWhole(quote);
  const tokens = addTokens(bound.inputTokens, outputTokens);
  return { ...quote, bound, amounts: { ...quote.amounts, usd, tokens } };
}

/** The same call held for its whole ceiling. */
export function heldWhole(quote: Quote): Quote {
  const { stepped } = quote;
  return stepped === undefined ? quote : { ...quote, ...stepped.whole, stepped: undefined };
}
