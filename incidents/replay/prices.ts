import type { ModelPrice, ProviderName } from '../../src/emulator/emulator.ts';
import { createPriceBook, type PriceBook, type PriceCard } from '../../src/index.ts';
import { tokens } from '../../src/units/count.ts';
import { picoUsdFromUsd, picoUsdFromUsdPerMillion } from '../../src/units/money.ts';
import type { PriceName } from '../catalogue/incident.ts';

/** Micro-dollars per million tokens, which are pico-dollars per token: exact. */
export interface Profile {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** The price profiles of the catalogue, in pico-dollars per token. */
export const PROFILES: Readonly<Record<PriceName, Profile>> = {
  std: profile(3, 15, 0.3, 3.75),
  premium: profile(15, 75, 1.5, 18.75),
  opus45: profile(5, 25, 0.5, 6.25),
  cheap: profile(0.15, 0.6, 0.075, 0.15),
  openai_4o: profile(2.5, 10, 1.25, 2.5),
  embed: profile(0.13, 0, 0.13, 0.13),
  free: profile(0, 0, 0, 0),
  tiered: profile(3, 15, 0.3, 3.75),
  tiered_cheap: profile(0.25, 1, 0.25, 0.25),
  unpriced: profile(15, 75, 1.5, 18.75),
};

/** What one model costs in a scenario: its profile, and what is particular to the scenario. */
export interface Tariff {
  readonly model: string;
  readonly provider: ProviderName;
  readonly profile: PriceName;
  /** Prompt tokens above which the whole request costs double. */
  readonly doubleAbove?: number | undefined;
  /** Pico-dollars per search, storage command, or whatever is charged by the piece. */
  readonly picoPerUnit?: number | undefined;
  readonly outputTokensMax: number;
  /** What the guard's table says over what is true; 1: the truth. 0: the table has no entry. */
  readonly tableFactor: number;
  /** Whether the provider bills the writing of its cache for this model. */
  readonly writesCache: boolean;
}

/** The tariff as the emulator bills it: the truth. */
export function emulatorPrice(tariff: Tariff): ModelPrice {
  const rates = PROFILES[tariff.profile];
  const priced = (factor: number) => ({
    input: usd(rates.input * factor),
    output: usd(rates.output * factor),
    cacheRead: usd(rates.cacheRead * factor),
    cacheWrite: usd(rates.cacheWrite * factor),
    cacheWrite1h: usd(rates.cacheWrite * factor),
  });
  const { doubleAbove, picoPerUnit } = tariff;
  return {
    provider: tariff.provider,
    rates: priced(1),
    outputTokensMax: tariff.outputTokensMax,
    embeddingSize: 4,
    ...(doubleAbove === undefined
      ? {}
      : { longContext: { aboveInputTokens: doubleAbove, rates: priced(2) } }),
    ...(picoPerUnit === undefined
      ? {}
      : { webSearchPerThousand: decimal(picoPerUnit * 1_000, 12) }),
  };
}

/** The price book that the guard is given: the same tariffs, unless the table is what is wrong. */
export function guardBook(tariffs: readonly Tariff[]): PriceBook {
  const known = tariffs.filter(({ tableFactor }) => tableFactor > 0);
  return createPriceBook({ overrides: known.map(priceCard) });
}

function priceCard(tariff: Tariff): PriceCard {
  const { doubleAbove, picoPerUnit, tableFactor, writesCache } = tariff;
  const rates = ratesOf(tariff, tableFactor);
  const threshold = doubleAbove === undefined ? undefined : tokens(doubleAbove);
  const fee = picoPerUnit === undefined ? undefined : picoUsdFromUsd(decimal(picoPerUnit, 12));
  return {
    provider: tariff.provider,
    model: tariff.model,
    effectiveFrom: null,
    rates,
    longContext:
      threshold === undefined
        ? undefined
        : { aboveInputTokens: threshold, rates: ratesOf(tariff, tableFactor * 2) },
    priority: undefined,
    flex: undefined,
    batch: undefined,
    fast: undefined,
    geos: {},
    fees: fee === undefined ? {} : { webSearch: fee },
    neverBilled: writesCache ? ['cacheWrite1h'] : ['cacheWrite5m', 'cacheWrite1h'],
    inputTokensMax: undefined,
    outputTokensMax: tokens(tariff.outputTokensMax),
    source: 'the price profile of the scenario',
    isOwn: true,
  };
}

function ratesOf({ profile: name, writesCache }: Tariff, factor: number): PriceCard['rates'] {
  const { input, output, cacheRead, cacheWrite } = PROFILES[name];
  const rate = (pico: number) => picoUsdFromUsdPerMillion(usd(pico * factor));
  const rates = { input: rate(input), output: rate(output), cacheRead: rate(cacheRead) };
  const all = writesCache ? { ...rates, cacheWrite5m: rate(cacheWrite) } : rates;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function profile(input: number, output: number, cacheRead: number, cacheWrite: number): Profile {
  const pico = (usdPerMillion: number) => Math.round(usdPerMillion * 1e6);
  return {
    input: pico(input),
    output: pico(output),
    cacheRead: pico(cacheRead),
    cacheWrite: pico(cacheWrite),
  };
}

/** Pico-dollars per token as dollars per million tokens. */
function usd(pico: number): string {
  return decimal(Math.round(pico), 6);
}

/** A whole number with its point moved `digits` to the left. */
function decimal(whole: number, digits: number): string {
  const text = String(Math.round(whole)).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
