import type { BilledUsage } from './usage.ts';
import { promptTokens } from './usage.ts';
import type {
  Factor,
  ModelPrice,
  PicoRates,
  ProviderName,
  ServedTier,
  TokenPrices,
} from './price.ts';
import { factorOf, picoPerPiece, picoRates } from './price.ts';
import type { Repricing } from './repricing.ts';

/** Which part of the answer left this machine before the connection closed. */
export type Delivery = 'pending' | 'complete' | 'partial' | 'none';

/** What other models, or other rounds of the same one, added to one answer. */
export interface BilledIteration {
  readonly model: string;
  readonly usage: BilledUsage;
}

/** What is charged for one answer, before it has a price. */
export interface Charge {
  readonly model: string;
  readonly usage: BilledUsage;
  readonly tier: ServedTier;
  readonly isFast: boolean;
  readonly geo: string | undefined;
  readonly iterations: readonly BilledIteration[];
  /** What the provider bills otherwise than its list and its answer say. */
  readonly repricing?: Repricing;
}

/** One part of a price: a class of tokens, or the searches, of one model. */
export interface BilledPart {
  readonly model: string;
  readonly kind: keyof TokenPrices | 'webSearch';
  /** Tokens, or searches. */
  readonly count: number;
  /** Pico-dollars, exactly. */
  readonly pico: Factor;
}

/** One billed attempt. */
export interface BillEntry extends Charge {
  /** The id the answer carries: `msg_…`, `chatcmpl-…`, `resp_…`. */
  readonly id: string;
  readonly provider: ProviderName;
  /** Which request it answers: its place in `requests`. */
  readonly requestIndex: number;
  /** Whole nano-dollars (10^-9 USD), rounded up once, from exact pico-dollars. */
  readonly nanoUsd: bigint;
  readonly delivery: Delivery;
  /** When generation began: milliseconds since the epoch. */
  readonly at: number;
}

/** What the provider charges, in whole nano-dollars. */
export interface Bill {
  readonly totalNanoUsd: bigint;
  /** The total as exact dollars: `'0.078'`. */
  readonly totalUsd: string;
  readonly byModel: Readonly<Record<string, bigint>>;
  readonly entries: readonly BillEntry[];
}

/**
 * The price of a charge in whole nano-dollars: exact pico-dollars, then one rounding up.
 *
 * Throws a `RangeError` for a model without a price.
 */
export function priceNanoUsd(charge: Charge, prices: Readonly<Record<string, ModelPrice>>): bigint {
  const { over, under } = sumFactors(priceParts(charge, prices).map(({ pico }) => pico));
  const perNano = under * 1000n;
  return (over + perNano - 1n) / perNano;
}

/**
 * The same price in its parts, exactly; parts of nothing are left out.
 *
 * Throws a `RangeError` for a model without a price.
 */
export function priceParts(
  charge: Charge,
  prices: Readonly<Record<string, ModelPrice>>,
): readonly BilledPart[] {
  const lines = [{ model: charge.model, usage: charge.usage }, ...charge.iterations];
  return lines.flatMap((line) => lineParts(line, charge, priceOf(line.model, prices)));
}

/** The exact sum. */
export function sumFactors(factors: readonly Factor[]): Factor {
  let [over, under] = [0n, 1n];
  for (const factor of factors) {
    if (factor.under === under) over += factor.over;
    else [over, under] = [over * factor.under + factor.over * under, under * factor.under];
  }
  return { over, under };
}

/** The tier that really serves: not one that the model lacks, or that ends below this prompt. */
export function servedTier(price: ModelPrice, usage: BilledUsage, asked: ServedTier): ServedTier {
  if (asked === 'standard') return 'standard';
  const tier = price.tiers?.[asked];
  if (tier === undefined) return 'standard';
  return 'rates' in tier && isLongContext(price, usage) ? 'standard' : asked;
}

/** The sum of the entries, and the same by model. */
export function sumBill(entries: readonly BillEntry[]): Bill {
  const byModel: Record<string, bigint> = {};
  let total = 0n;
  for (const entry of entries) {
    byModel[entry.model] = (byModel[entry.model] ?? 0n) + entry.nanoUsd;
    total += entry.nanoUsd;
  }
  return { totalNanoUsd: total, totalUsd: usdText(total), byModel, entries };
}

function lineParts(
  { model, usage }: BilledIteration,
  charge: Charge,
  price: ModelPrice,
): readonly BilledPart[] {
  const { repricing } = charge;
  const tier = servedTier(price, usage, repricing?.tier ?? charge.tier);
  const isLong = repricing?.isLongContext ?? isLongContext(price, usage);
  const rates = ratesFor(price, tier, isLong);
  const all = factorOf(repricing?.factor ?? 1);
  let tokens: Factor = all;
  for (const factor of factorsFor(price, charge, tier)) tokens = timesFactor(tokens, factor);
  const searched = picoPerPiece(price.webSearchPerThousand ?? 0);
  const parts: BilledPart[] = TOKEN_PARTS.map(([kind, field]) => ({
    model,
    kind,
    count: usage[field],
    pico: timesFactor(tokens, { over: BigInt(usage[field]) * rates[kind], under: 1n }),
  }));
  const searches = { over: BigInt(usage.webSearches) * searched, under: 1n };
  const fee = { count: usage.webSearches, pico: timesFactor(all, searches) };
  return [...parts, { model, kind: 'webSearch' as const, ...fee }].filter(({ count }) => count > 0);
}

const TOKEN_PARTS: readonly (readonly [keyof TokenPrices, keyof BilledUsage])[] = [
  ['input', 'inputTokens'],
  ['cacheRead', 'cacheReadTokens'],
  ['cacheWrite', 'cacheWriteTokens'],
  ['cacheWrite1h', 'cacheWrite1hTokens'],
  ['imageInput', 'imageInputTokens'],
  ['output', 'outputTokens'],
  ['imageOutput', 'imageOutputTokens'],
];

function timesFactor(left: Factor, right: Factor): Factor {
  return { over: left.over * right.over, under: left.under * right.under };
}

function ratesFor(price: ModelPrice, tier: ServedTier, isLong: boolean): PicoRates {
  const own = tier === 'standard' ? undefined : price.tiers?.[tier];
  if (own !== undefined && 'rates' in own) return picoRates(own.rates);
  return picoRates(isLong && price.longContext ? price.longContext.rates : price.rates);
}

function factorsFor(price: ModelPrice, charge: Charge, tier: ServedTier): readonly Factor[] {
  const own = tier === 'standard' ? undefined : price.tiers?.[tier];
  const factors: Factor[] = [];
  const isFast = charge.repricing?.isFast ?? charge.isFast;
  const region = charge.repricing?.geo ?? charge.geo;
  if (own !== undefined && 'factor' in own) factors.push(factorOf(own.factor));
  if (isFast && price.fastFactor !== undefined) factors.push(factorOf(price.fastFactor));
  const geo = region === undefined ? undefined : price.geoFactors?.[region];
  if (geo !== undefined) factors.push(factorOf(geo));
  return factors;
}

function isLongContext(price: ModelPrice, usage: BilledUsage): boolean {
  const { longContext } = price;
  return longContext !== undefined && promptTokens(usage) > longContext.aboveInputTokens;
}

function priceOf(model: string, prices: Readonly<Record<string, ModelPrice>>): ModelPrice {
  const price = prices[model];
  if (price === undefined) throw new RangeError(`The emulator has no price for ${model}`);
  return price;
}

function usdText(nano: bigint): string {
  const digits = nano.toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -9) : `${digits.slice(0, -9)}.${fraction}`;
}
