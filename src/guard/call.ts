import type { UsageBound } from '../estimate/usage-bound.ts';
import type { Account, Amounts } from '../ledger/account.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';
import type { PriceCard } from '../pricing/price-card.ts';
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
}

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
