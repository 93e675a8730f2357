import { bundledCards, createPriceBook } from '../../pricing/price-book.ts';
import type { PriceCard } from '../../pricing/price-card.ts';
import { CONFIG_DEFAULTS, readConfig } from '../../policy/read-config.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import type { NanoUsd } from '../../units/money.ts';
import type { EpochMs } from '../../units/time.ts';
import type { ModelNamed } from './project.ts';

/** What the configuration is made of. */
export interface ConfigTerms {
  /** As the file names it, for editors. */
  readonly schema: string;
  readonly globalPerDay: NanoUsd;
  readonly customerPerDay: NanoUsd;
  /** Whether a cheaper model is asked before a call is refused. */
  readonly mayFallBack: boolean;
  readonly models: readonly ModelNamed[];
  readonly now: EpochMs;
}

/** The configuration as a file, and what is known of the models that the code names. */
export interface ConfigMade {
  readonly text: string;
  /** Models without a price: their calls are refused until `prices` has one. */
  readonly unpriced: readonly ModelNamed[];
  /** A cheaper model was found for one of them. */
  readonly hasFallback: boolean;
}

/** Days of the daily cap that a month may cost: a month of busy days is worth a look. */
export const DAYS_OF_A_MONTH = 20;

/** The same request so often in a minute is a retry storm; clients retry twice by themselves. */
const IDENTICAL_MAX = 30;

/** A handler that waits longer for money keeps its caller waiting too long. */
const WAIT_MS_MAX = 5_000;

const NANO = 1_000_000_000;

/** The largest cap that there is, in whole dollars. */
const USD_MAX = 9_007_199;

/**
 * `budget-guard.config.json`: caps by scope, what is tried near them, the cap on retries, where
 * alerts come, cheaper models, and room for prices. It is read as a guard reads it before it is
 * returned: what cannot be meant throws `CONFIG_INVALID`.
 */
export function configText(terms: ConfigTerms): ConfigMade {
  const { schema, globalPerDay, customerPerDay, mayFallBack, models, now } = terms;
  const fallback = fallbackRoutes(models, now);
  const usd = globalPerDay / NANO;
  const config: BudgetGuardConfig = {
    $schema: schema,
    global_cap_per_day_usd: usd,
    global_cap_per_month_usd: Math.min(usd * DAYS_OF_A_MONTH, USD_MAX),
    per_customer_cap_per_day_usd: customerPerDay / NANO,
    caps: [{ id: 'retries', scope: 'customer', window: 'rolling 1m', identical: IDENTICAL_MAX }],
    unattributed: CONFIG_DEFAULTS.unattributed,
    thresholds: [...CONFIG_DEFAULTS.thresholds],
    onShort: ['count', 'fit', 'wait', ...(mayFallBack ? (['fallback'] as const) : [])],
    minOutputTokens: CONFIG_DEFAULTS.minOutputTokens,
    waitMsMax: WAIT_MS_MAX,
    fallback,
    prices: [],
  };
  readConfig(config);
  const book = createPriceBook();
  const unpriced = models.filter(({ provider, model }) => !book.find(provider, model, now));
  const text = `${JSON.stringify(config, undefined, 2)}\n`;
  return { text, unpriced, hasFallback: Object.keys(fallback).length > 0 };
}

/** Families of a provider, the dearest first. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['opus', 'sonnet', 'haiku'],
};

/** For each model the next cheaper one of its provider, as the price book knows them. */
function fallbackRoutes(
  models: readonly ModelNamed[],
  now: EpochMs,
): Record<string, readonly string[]> {
  const book = createPriceBook();
  const cards = bundledCards();
  const routes: Record<string, readonly string[]> = {};
  for (const { provider, model } of models) {
    const card = book.find(provider, model, now);
    const cheaper = candidates(cards, { provider, model }).find((name) => {
      const other = book.find(provider, name, now);
      return card !== undefined && other !== undefined && isCheaper(other, card);
    });
    if (cheaper !== undefined) routes[model] = [cheaper];
  }
  return routes;
}

function candidates(
  cards: readonly PriceCard[],
  { provider, model }: ModelNamed,
): readonly string[] {
  if (provider === 'openai') return [`${model}-mini`, model.replace(/-mini$/, '-nano')];
  const families = FAMILIES[provider] ?? [];
  const own = families.findIndex((family) => model.includes(family));
  if (own < 0) return [];
  return families.slice(own + 1).flatMap((family) =>
    cards
      .filter((card) => card.provider === provider && card.model.includes(family))
      .map((card) => card.model)
      .filter((name) => !/latest|\d{8}/.test(name))
      .sort((a, b) => versionOf(b) - versionOf(a)),
  );
}

/** The version that a name says: 4.5 of `claude-haiku-4-5`. */
function versionOf(name: string): number {
  const [major = '0', minor = '0'] = [...name.matchAll(/\d+/g)].map(([digits]) => digits);
  return Number(major) * 100 + Number(minor);
}

function isCheaper(one: PriceCard, other: PriceCard): boolean {
  const [input, output] = [one.rates.input, one.rates.output];
  const [otherInput, otherOutput] = [other.rates.input, other.rates.output];
  if (input === undefined || output === undefined) return false;
  if (otherInput === undefined || otherOutput === undefined) return false;
  return input < otherInput && output < otherOutput;
}
