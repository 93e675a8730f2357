import { TOKEN_CLASSES, type FeeKind, type TokenClass } from '../meter/usage.ts';
import { invariant } from '../errors/error.ts';
import { picoUsd, type PicoUsd } from '../units/money.ts';
import { tokens } from '../units/count.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import {
  CLASS_KEYS,
  FEE_KEYS,
  type PriceTable,
  type PriceRow,
  type RateRow,
} from './data-format.ts';
import type { LongContext, PriceCard, Rates, Ratio } from './price-card.ts';

/** All dated cards of one model, newest first. */
export type CardLookup = (provider: string, model: string) => readonly PriceCard[] | undefined;

/** Looks cards up in compact data by exact id; a model is expanded when first asked for. */
export function lookupIn(data: PriceTable): CardLookup {
  const expanded = new Map<string, Map<string, readonly PriceCard[]>>();
  return (provider, model) => {
    const known = expanded.get(provider)?.get(model);
    if (known !== undefined) return known;
    const models = Object.hasOwn(data.models, provider) ? data.models[provider] : undefined;
    if (models === undefined || !Object.hasOwn(models, model)) return undefined;
    const cards = expandModel(data, provider, model);
    const own = expanded.get(provider) ?? new Map<string, readonly PriceCard[]>();
    expanded.set(provider, own.set(model, cards));
    return cards;
  };
}

/** Every card in compact data, by provider and model as listed there. */
export function allCards(data: PriceTable): readonly PriceCard[] {
  const cards: PriceCard[] = [];
  for (const [provider, models] of Object.entries(data.models)) {
    for (const model of Object.keys(models)) cards.push(...expandModel(data, provider, model));
  }
  return cards;
}

/** Midnight UTC of a date written `YYYY-MM-DD`. */
export function dateMs(date: string): EpochMs {
  const at = epochMs(Date.parse(`${date}T00:00:00Z`));
  invariant(at !== undefined, `"${date}" is a date`);
  return at;
}

function expandModel(data: PriceTable, provider: string, model: string): readonly PriceCard[] {
  const rows = data.rows[data.models[provider]?.[model] ?? -1];
  invariant(rows !== undefined, `the price data has rows for ${provider}/${model}`);
  return rows.map((row) => expandRow(row, { provider, model, sources: data.sources }));
}

function expandRow(
  row: PriceRow,
  of: { readonly provider: string; readonly model: string; readonly sources: readonly string[] },
): PriceCard {
  return {
    provider: of.provider,
    model: of.model,
    effectiveFrom: epochMs(row.d) ?? null,
    rates: ratesOf(row.r),
    longContext: longContextOf(row.l),
    priority: optionalRates(row.p),
    flex: optionalRates(row.f),
    batch: optionalRates(row.b),
    fast: row.x === undefined ? undefined : ratioOf(row.x),
    geos: Object.fromEntries(Object.entries(row.g ?? {}).map(([geo, x]) => [geo, ratioOf(x)])),
    fees: feesOf(row.e ?? {}),
    neverBilled: row.n === undefined ? undefined : classesOf(row.n),
    inputTokensMax: row.m[0] === 0 ? undefined : tokens(row.m[0]),
    outputTokensMax: row.m[1] === 0 ? undefined : tokens(row.m[1]),
    source: row.s.map((index) => of.sources[index] ?? '').join('; '),
  };
}

function longContextOf(row: PriceRow['l']): LongContext | undefined {
  if (row === undefined) return undefined;
  const aboveInputTokens = tokens(row.a);
  invariant(aboveInputTokens !== undefined, 'a long-context threshold is a count of tokens');
  return {
    aboveInputTokens,
    rates: ratesOf(row.r),
    priority: optionalRates(row.p),
    flex: optionalRates(row.f),
    batch: optionalRates(row.b),
  };
}

function optionalRates(row: RateRow | undefined): Rates | undefined {
  return row === undefined ? undefined : ratesOf(row);
}

function ratesOf(row: RateRow): Rates {
  const rates: Partial<Record<TokenClass, PicoUsd>> = {};
  for (const name of TOKEN_CLASSES) {
    const rate = row[CLASS_KEYS[name]];
    if (rate !== undefined) rates[name] = picoOf(rate);
  }
  return rates;
}

function feesOf(row: RateRow): PriceCard['fees'] {
  const fees: Partial<Record<FeeKind, PicoUsd>> = {};
  for (const kind of ['webSearch', 'fileSearch', 'codeSession', 'image'] as const) {
    const fee = row[FEE_KEYS[kind]];
    if (fee !== undefined) fees[kind] = picoOf(fee);
  }
  return fees;
}

function classesOf(keys: readonly string[]): readonly TokenClass[] {
  return TOKEN_CLASSES.filter((name) => keys.includes(CLASS_KEYS[name]));
}

function ratioOf([over, under]: readonly [number, number]): Ratio {
  return { over, under };
}

function picoOf(value: number): PicoUsd {
  const pico = picoUsd(value);
  invariant(pico !== undefined, `${value} is a whole number of pico-dollars`);
  return pico;
}
