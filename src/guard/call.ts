import type { UsageBound } from '../estimate/usage-bound.ts';
import type { Account, Amounts } from '../ledger/account.ts';
import type { CallOptions, ReadCallOptions } from '../policy/call-options.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';
import type { PriceCard } from '../pricing/price-card.ts';
import type { Tokens } from '../units/count.ts';
import type { Expected, SteppedHold } from './expect/expected.ts';
import type { InputMeasure } from './tight.ts';
import type { JsonObject, Provider, RequestFacts } from '../providers/provider.ts';

/** One attempt that somebody wants to make, before it leaves. */
export interface Call {
  /** `'anthropic'` or `'openai'`. */
  readonly provider: string;
  /** The provider's word for the endpoint; default `messages` and `chat.completions`. */
  readonly route?: string;
  /** The request body as an object. It is read, never changed or kept. */
  readonly body: JsonObject;
  /** @internal What an adapter has read already, so that it is not read twice. */
  readonly facts?: RequestFacts;
  /**
   * Narrow the scopes of the surrounding `run`; a list goes from the outermost to the innermost.
   */
  readonly scopes?: Scopes | readonly Scopes[];
  /** What to do near a cap; over the options of the surrounding `run`, field by field. */
  readonly options?: CallOptions;
  /** @internal What the client says that makes the call: the outermost options. */
  readonly clientOptions?: ReadCallOptions | undefined;
  /**
   * @internal Asks the provider's own counter for the input tokens of the call; `undefined` when it
   * does not answer.
   */
  readonly countInput?: CountInput;
  /** @internal Whoever asks sends what is held for and meters the answer as it passes. */
  readonly isSent?: boolean;
}

/** Asks over the network how many tokens the input of these facts is. */
export type CountInput = (
  facts: RequestFacts,
  signal: AbortSignal | undefined,
) => Promise<Tokens | undefined>;

/** A call that has been bounded, priced and planned: all that is needed to hold money for it. */
export interface Quote {
  readonly provider: Provider;
  readonly facts: RequestFacts;
  readonly card: PriceCard;
  readonly bound: UsageBound;
  /** The bound as money, tokens and one call: what is held on every account. */
  readonly amounts: Amounts;
  readonly accounts: readonly Account[];
  readonly scopes: ScopeSet;
  /** How its input was measured, where not by the hard bound: it learns from what was billed. */
  readonly measure: InputMeasure | undefined;
  /** What is expected of its answer; `undefined`: nothing. */
  readonly expected?: Expected | undefined;
  /** What its input was measured at, where `expected` holds for less. */
  readonly measuredInput?: Tokens | undefined;
  /** There while less is held than the call can cost; `bound` and `amounts` are what is held. */
  readonly stepped?: SteppedHold | undefined;
}

/** The endpoint meant when a call names none. */
export const DEFAULT_ROUTES: Readonly<Record<string, string>> = {
  anthropic: 'messages',
  openai: 'chat.completions',
};

/** Scopes as a list, outermost first. */
export function scopeList(scopes: Scopes | readonly Scopes[] | undefined): readonly Scopes[] {
  if (scopes === undefined) return [];
  return isList(scopes) ? scopes : [scopes];
}

function isList(scopes: Scopes | readonly Scopes[]): scopes is readonly Scopes[] {
  return Array.isArray(scopes);
}
