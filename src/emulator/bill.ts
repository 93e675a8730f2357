import type { BilledUsage } from './usage.ts';
import { promptTokens } from './usage.ts';
import type { Factor, ModelPrice, PicoRates, ProviderName, ServedTier } from './price.ts';
import { factorOf, picoPerPiece, picoRates } from './price.ts';

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
  const lines = [{ model: charge.model, usage: charge.usage }, ...charge.iterations];
  let over = 0n;
  let under = 1n;
  for (const line of lines) {
    const part = linePico(line, charge, priceOf(line.model, prices));
    over = over * part.under + part.over * under;
    under *= part.under;
  }
  const perNano = under * 1000n;
  return (over + perNano - 1n) / perNano;
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

function linePico(line: BilledIteration, charge: Charge, price: ModelPrice): Factor {
  const { usage } = line;
  const tier = servedTier(price, usage, charge.tier);
  const rates = ratesFor(price, usage, tier);
  const tokens =
    BigInt(usage.inputTokens) * rates.input +
    BigInt(usage.cacheReadTokens) * rates.cacheRead +
    BigInt(usage.cacheWriteTokens) * rates.cacheWrite +
    BigInt(usage.cacheWrite1hTokens) * rates.cacheWrite1h +
    BigInt(usage.imageInputTokens) * rates.imageInput +
    BigInt(usage.outputTokens) * rates.output +
    BigInt(usage.imageOutputTokens) * rates.imageOutput;
  let product: Factor = { over: tokens, under: 1n };
  for (const factor of factorsFor(price, charge, tier)) {
    product = { over: product.over * factor.over, under: product.under * factor.under };
  }
  const fees = BigInt(usage.webSearches) * picoPerPiece(price.webSearchPerThousand ?? 0);
  return { over: product.over + fees * product.under, under: product.under };
}

function ratesFor(price: ModelPrice, usage: BilledUsage, tier: ServedTier): PicoRates {
  const own = tier === 'standard' ? undefined : price.tiers?.[tier];
  if (own !== undefined && 'rates' in own) return picoRates(own.rates);
  const isLong = isLongContext(price, usage);
  return picoRates(isLong && price.longContext ? price.longContext.rates : price.rates);
}

function factorsFor(price: ModelPrice, charge: Charge, tier: ServedTier): readonly Factor[] {
  const own = tier === 'standard' ? undefined : price.tiers?.[tier];
  const factors: Factor[] = [];
  if (own !== undefined && 'factor' in own) factors.push(factorOf(own.factor));
  if (charge.isFast && price.fastFactor !== undefined) factors.push(factorOf(price.fastFactor));
  const geo = charge.geo === undefined ? undefined : price.geoFactors?.[charge.geo];
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
