import { REQUEST_OVERHEAD_TOKENS } from '../../estimate/body-tokens.ts';
import { boundCost } from '../../pricing/cost.ts';
import { addTokens, tokens, type Tokens } from '../../units/count.ts';
import type { Quote } from '../call.ts';
import { isUnpriced } from '../settlement.ts';
import type { Expected } from './expected.ts';
import { inSteps } from './steps.ts';

/** The call held for as it is expected to be. */
export function heldAsExpected(quote: Quote, expected: Expected): Quote {
  const closer = withInputPart({ ...quote, expected }, expected.inputPart);
  return expected.steps === undefined ? closer : inSteps(closer, expected.steps);
}

/** A quote of changed facts, held for as is expected of the call `like` that they come from. */
export function asExpected(quote: Quote, { expected, facts, measure }: Quote): Quote {
  if (expected === undefined) return quote;
  // What was learned of one model by one measure says nothing of others.
  const isSameModel = quote.facts.model === facts.model;
  const isSame = isSameModel && quote.measure === measure;
  const maySee = quote.provider.showsOutput(quote.facts);
  return heldAsExpected(quote, {
    ...expected,
    inputPart: isSame ? expected.inputPart : undefined,
    steps: maySee ? expected.steps : undefined,
  });
}

/** What the input was measured at, where less than that is held. */
export function measuredQuote(quote: Quote): Quote {
  const { measuredInput: inputTokens, bound } = quote;
  return inputTokens === undefined ? quote : { ...quote, bound: { ...bound, inputTokens } };
}

/** The part of a measure that varies with the request. */
export function varyingInput(inputTokens: Tokens): number {
  return Math.max(1, inputTokens - REQUEST_OVERHEAD_TOKENS);
}

function withInputPart(quote: Quote, part: number | undefined): Quote {
  const { bound, card } = quote;
  const inputTokens =
    part === undefined ? undefined : tokens(Math.ceil(varyingInput(bound.inputTokens) * part));
  if (inputTokens === undefined || inputTokens >= bound.inputTokens) return quote;
  const closer = { ...bound, inputTokens };
  const usd = boundCost(closer, card);
  if (isUnpriced(usd)) return quote;
  const amounts = { ...quote.amounts, usd, tokens: addTokens(inputTokens, bound.outputTokens) };
  return { ...quote, bound: closer, amounts, measuredInput: bound.inputTokens };
}
