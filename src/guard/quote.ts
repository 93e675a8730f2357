import { type HardcapError, MisuseError, RefusalError } from '../errors/error.ts';
import type { Unbounded, UsageBound } from '../estimate/usage-bound.ts';
import type { Policy } from '../policy/plan.ts';
import type { GuardSettings } from '../policy/read-config.ts';
import type { ScopeSet } from '../policy/scope.ts';
import { boundCost } from '../pricing/cost.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import type { Assumptions, Provider, RequestFacts, Unreadable } from '../providers/provider.ts';
import { findProvider } from '../providers/registry.ts';
import { addTokens, CALLS_ONE, minTokens, type Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';
import type { HistoryMemory } from './history.ts';
import type { InputMeasure } from './tight.ts';
import { DEFAULT_ROUTES, type Call, type Quote } from './call.ts';
import { isUnpriced } from './settlement.ts';

/** What a quote is made with. */
export interface QuoteTerms {
  readonly scopes: ScopeSet;
  readonly at: EpochMs;
  readonly book: PriceBook;
  readonly policy: Policy;
  readonly assumptions: ProviderAssumptions;
  /** How input text is measured, where not by the hard bound. */
  readonly measure: InputMeasure | undefined;
  /** Whether the call may spend what caps keep for wrapping up. */
  readonly isWrapUp: boolean;
  /** What the provider's own counter said of the input. */
  readonly countedTokens?: Tokens | undefined;
}

/** The assumptions that hold for a provider, by its name. */
export type ProviderAssumptions = (provider: string) => Assumptions;

/**
 * Bounds, prices and plans a call: the pure part of the decision.
 *
 * The error, where one comes back, is `REQUEST_INVALID`, `PRICE_UNKNOWN`, `UNBOUNDED_REQUEST` or
 * `SCOPE_MISSING`, in this precedence.
 */
export function quoteCall(call: Call, terms: QuoteTerms): Quote | HardcapError {
  const provider = findProvider(call.provider);
  if (provider === undefined) return unknownProvider(call.provider);
  const read = call.facts ?? provider.readBody(routeOf(call), call.body);
  if ('kind' in read) return unreadable(read);
  return quoteFacts(provider, read, terms);
}

/** The same of a request that has been read. */
export function quoteFacts(
  provider: Provider,
  read: RequestFacts,
  terms: QuoteTerms,
): Quote | HardcapError {
  const assumptions = terms.assumptions(provider.name);
  const facts = placed(read, assumptions);
  const { book, at, measure, countedTokens } = terms;
  const card = book.find(provider.name, facts.model, at);
  if (card === undefined) return unknownPrice(provider, facts);
  const sizer = measure?.sizerFor(provider.name, facts.model);
  const measured = provider.bound(facts, card, assumptions, sizer);
  if ('kind' in measured) return unbounded(facts, measured);
  const bound = countedTokens === undefined ? measured : withCount(measured, countedTokens);
  const usd = boundCost(bound, card);
  if (isUnpriced(usd)) return unpricedBound(facts, usd.reason);
  const tokens = addTokens(bound.inputTokens, bound.outputTokens);
  const scopes = { ...terms.scopes, provider: [provider.name], model: [facts.model] };
  const accounts = terms.policy.plan(scopes, at, terms.isWrapUp);
  if ('kind' in accounts) return scopeMissing(accounts.dimension);
  const amounts = { usd, tokens, calls: CALLS_ONE };
  return { provider, facts, card, bound, amounts, accounts, scopes, measure };
}

/** A count of the first sampling says nothing of the ones that tools may bring. */
function withCount(bound: UsageBound, counted: Tokens): UsageBound {
  if (bound.maySampleAgain) return bound;
  return { ...bound, inputTokens: minTokens(bound.inputTokens, counted) };
}

/** The user's own region stands where the address names none. */
function placed(facts: RequestFacts, { geo }: Assumptions): RequestFacts {
  if (facts.geo !== undefined || geo === 'any' || geo === 'global') return facts;
  return { ...facts, geo };
}

function routeOf(call: Call): string {
  return call.route ?? DEFAULT_ROUTES[call.provider] ?? '';
}

/** What the user has said about each provider account; of an unnamed one nothing is known. */
export function assumptionsOf(
  settings: GuardSettings,
  history: HistoryMemory,
): ProviderAssumptions {
  const { assume, allow } = settings;
  const named = new Map<string, Assumptions>(
    Object.entries(assume).map(([provider, account]) => [
      provider,
      {
        ...account,
        allow,
        historyTokens: (id, model) => history.tokensOf({ provider, model, id }),
      },
    ]),
  );
  const unnamed: Assumptions = { serviceTier: 'any', geo: 'any', allow };
  return (provider) => named.get(provider) ?? unnamed;
}

function unknownProvider(name: string): HardcapError {
  const message = `provider = ${JSON.stringify(name)}: no such provider. Known: anthropic, openai.`;
  return new MisuseError('REQUEST_INVALID', message);
}

function unreadable({ field, reason }: Unreadable): HardcapError {
  return new MisuseError('REQUEST_INVALID', `${field}: ${reason}. Nothing was held or sent.`);
}

function unknownPrice(provider: Provider, { model }: RequestFacts): HardcapError {
  return new RefusalError(
    'PRICE_UNKNOWN',
    `No price card for exactly ${provider.name} ${JSON.stringify(model)}, so its cost has no ` +
      'bound. Nothing was sent. Set it under `prices`, or update the price book.',
  );
}

function unpricedBound({ model }: RequestFacts, reason: string): HardcapError {
  const message = `The bound of ${model} has no price: ${reason}. Nothing was sent.`;
  return new RefusalError('PRICE_UNKNOWN', message);
}

function unbounded({ model }: RequestFacts, { feature, reason, optIn }: Unbounded): HardcapError {
  return new RefusalError(
    'UNBOUNDED_REQUEST',
    `This call to ${model} uses ${feature}: ${reason}. Nothing was sent. ` +
      `Remove it, or allow it by saying how to bound it: ${optIn}.`,
  );
}

function scopeMissing(dimension: string): HardcapError {
  return new RefusalError(
    'SCOPE_MISSING',
    `A cap needs a value for ${dimension} and this call has none. Nothing was sent. ` +
      `Run it inside guard.run({ ${dimension}: ... }, fn).`,
  );
}
