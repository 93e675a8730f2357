import { DEFAULT_PRICES, type ModelPrice, type TokenPrices } from '../../emulator/emulator.ts';
import { bundledCards } from '../../pricing/price-book.ts';
import type { PriceCard, Rates, Ratio } from '../../pricing/price-card.ts';
import type { Pricing } from './priced.ts';

const PICO_PER_USD = 1e12;
const PER_MILLION = 1e6;
const PER_THOUSAND = 1e3;

/**
 * What the emulator charges in a dry run: its own table for the models that it knows, and the price
 * book for all others, so that no model is refused that has a price. `own` are the user's cards,
 * which go before both.
 */
export function emulatorPrices(
  { book, at }: Pricing,
  own: readonly PriceCard[],
): Readonly<Record<string, ModelPrice>> {
  const prices: Record<string, ModelPrice> = {};
  for (const { provider, model } of bundledCards()) {
    if (Object.hasOwn(DEFAULT_PRICES, model)) continue;
    const card = book.find(provider, model, at);
    const price = card === undefined ? undefined : modelPrice(card);
    if (price !== undefined) prices[model] = price;
  }
  for (const card of own) {
    const price = modelPrice(card);
    if (price !== undefined) prices[card.model] = price;
  }
  return prices;
}

/** The card in the emulator's own form; `undefined` where it emulates no such provider. */
function modelPrice(card: PriceCard): ModelPrice | undefined {
  const { provider, rates, longContext, priority, flex, batch, fast, geos, fees } = card;
  if (provider !== 'anthropic' && provider !== 'openai') return undefined;
  const tiers = Object.entries({ priority, flex, batch }).flatMap(([name, own]) =>
    own === undefined ? [] : [[name, { rates: tokenPrices(own) }] as const],
  );
  return {
    provider,
    rates: tokenPrices(rates),
    ...(longContext === undefined
      ? {}
      : {
          longContext: {
            aboveInputTokens: longContext.aboveInputTokens,
            rates: tokenPrices(longContext.rates),
          },
        }),
    ...(tiers.length === 0 ? {} : { tiers: Object.fromEntries(tiers) }),
    ...(fast === undefined ? {} : { fastFactor: decimal(fast) }),
    geoFactors: Object.fromEntries(
      Object.entries(geos).map(([name, ratio]) => [name, decimal(ratio)] as const),
    ),
    ...(fees.webSearch === undefined
      ? {}
      : { webSearchPerThousand: (fees.webSearch * PER_THOUSAND) / PICO_PER_USD }),
    ...(card.inputTokensMax === undefined ? {} : { inputTokensMax: card.inputTokensMax }),
    ...(card.outputTokensMax === undefined ? {} : { outputTokensMax: card.outputTokensMax }),
  };
}

/** Dollars per million tokens. A class that is left out is charged as its plain kind. */
function tokenPrices(rates: Rates): TokenPrices {
  const usd = (name: keyof Rates) => {
    const rate = rates[name];
    return rate === undefined ? undefined : (rate * PER_MILLION) / PICO_PER_USD;
  };
  const others = {
    cacheRead: usd('cacheRead'),
    cacheWrite: usd('cacheWrite5m'),
    cacheWrite1h: usd('cacheWrite1h'),
    imageInput: usd('imageInput'),
    imageOutput: usd('imageOutput'),
  };
  const known = Object.entries(others).filter(([, price]) => price !== undefined);
  return { input: usd('input') ?? 0, output: usd('output') ?? 0, ...Object.fromEntries(known) };
}

function decimal({ over, under }: Ratio): string {
  return String(over / under);
}
