import { nearestOf } from '../../policy/nearest.ts';
import type { Usage } from '../../meter/usage.ts';
import { cost } from '../../pricing/cost.ts';
import { bundledCards, type PriceBook } from '../../pricing/price-book.ts';
import type { NanoUsd } from '../../units/money.ts';
import type { EpochMs } from '../../units/time.ts';
import { usageError } from '../usage-error.ts';

/** The prices that a simulation goes by: one book, on one day. */
export interface Pricing {
  readonly book: PriceBook;
  readonly at: EpochMs;
}

/** Whose model, and what it used. */
export interface Billed {
  readonly provider: string;
  readonly model: string;
  readonly usage: Usage;
}

/**
 * What the usage costs by the price book. Throws `COMMAND_INVALID` where any of it has no price: a
 * forecast never guesses one.
 */
export function costOf({ provider, model, usage }: Billed, { book, at }: Pricing): NanoUsd {
  const usd = cost(usage, (other) => book.find(provider, other ?? model, at));
  if (typeof usd === 'number') return usd;
  throw noPrice(`${provider} ${usd.model}: ${usd.reason}`, usd.model);
}

/** The provider that has a price for exactly this model. Throws `COMMAND_INVALID` when none has. */
export function providerOf(model: string, { book, at }: Pricing): string {
  const found = PROVIDERS.find((provider) => book.find(provider, model, at) !== undefined);
  if (found !== undefined) return found;
  throw noPrice(`No provider has a price for exactly ${JSON.stringify(model)}`, model);
}

const PROVIDERS = ['anthropic', 'openai'] as const;

/** Says which model has no price, the nearest one that has, and where to set one. */
export function noPrice(what: string, model: string): Error {
  const nearest = nearestOf(model, [...new Set(bundledCards().map((card) => card.model))]);
  const meant = nearest === undefined || nearest === model ? '' : `Did you mean ${nearest}? `;
  return usageError(
    `${what}, so nothing is forecast`,
    `${meant}Set its price under \`prices\` in budget-guard.config.json`,
  );
}
