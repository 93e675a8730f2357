import type { Strategy } from '../../policy/on-short.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import type { Quote } from '../call.ts';

/** What was made of a call so that it fits. Plain JSON; money in whole nano-dollars. */
export interface Adaptation {
  /** In the order of the list in the documentation, each once. */
  readonly strategies: readonly (Strategy | 'expect')[];
  /** The model that is asked. */
  readonly model: string;
  /** The output ceiling on the wire; `null`: the request has none. */
  readonly output_tokens_max: number | null;
  readonly waited_ms: number;
  /** The call as the caller wrote it. */
  readonly asked: {
    readonly model: string;
    readonly output_tokens_max: number | null;
    /** The most that it could have cost. */
    readonly needed_nano_usd: number;
  };
}

/** Where an answer's adaptation is found: `response[Symbol.for('hardcap.adaptation')]`. */
export const ADAPTATION: unique symbol = Symbol.for('hardcap.adaptation');

/** Beside the call as it was asked for, what is sent. */
export function adaptationOf(
  strategies: Adaptation['strategies'],
  { asked, quote, waitedMs }: { asked: Quote; quote: Quote; waitedMs: number },
): Adaptation {
  return Object.freeze({
    strategies: Object.freeze([...strategies]),
    model: quote.facts.model,
    output_tokens_max: ceilingOf(quote, quote.facts) ?? null,
    waited_ms: waitedMs,
    asked: Object.freeze({
      model: asked.facts.model,
      output_tokens_max: ceilingOf(asked, asked.facts) ?? null,
      needed_nano_usd: asked.amounts.usd,
    }),
  });
}

/** The same where the ceiling was lowered to what was expected, before anything else was tried. */
export function withExpected(made: Adaptation | undefined, quote: Quote): Adaptation | undefined {
  const asked = quote.expected?.asked;
  if (asked === undefined) return made;
  const { strategies, waited_ms: waitedMs } = made ?? { strategies: [], waited_ms: 0 };
  return adaptationOf(['expect', ...strategies], { asked, quote, waitedMs });
}

/** The output ceiling that a request sets; `undefined` where it leaves it to the model. */
export function ceilingOf(
  { provider }: Pick<Quote, 'provider'>,
  facts: RequestFacts,
): Tokens | undefined {
  const field = provider.outputField(facts);
  return field === undefined ? undefined : tokens(facts.body[field]);
}

/** The same as response headers, for clients that show only those. */
export function adaptationHeaders(adaptation: Adaptation): Readonly<Record<string, string>> {
  const { strategies, output_tokens_max: ceiling, model, waited_ms: waitedMs } = adaptation;
  const isLowered = strategies.includes('fit') || strategies.includes('expect');
  return {
    'x-hardcap-strategy': strategies.join(','),
    ...(isLowered ? { 'x-hardcap-output-tokens-max': String(ceiling) } : {}),
    ...(strategies.includes('fallback') ? { 'x-hardcap-model': encodeURIComponent(model) } : {}),
    ...(strategies.includes('wait') ? { 'x-hardcap-waited-ms': String(waitedMs) } : {}),
  };
}
