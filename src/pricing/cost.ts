import { TOKEN_CLASSES } from '../meter/usage.ts';
import type { FeeKind, ServiceTier, TokenClass, Usage, UsageLine } from '../meter/usage.ts';
import type { UsageBound } from '../estimate/usage-bound.ts';
import { isCount } from '../units/count.ts';
import { nanoUsdCeil, type NanoUsd } from '../units/money.ts';
import type { PriceCard, Rates, Ratio, Unpriced } from './price-card.ts';

/** What to assume where the provider did not report it. */
export interface Unreported {
  /** The tier of a line without one; default `standard`. Hand in the dearest tier that was open. */
  readonly serviceTier?: ServiceTier;
}

/**
 * What a usage costs by the cards: exact in pico-dollars, rounded up once to nano-dollars.
 *
 * `cardFor` gives the card of a line's model (`undefined`: the requested one). Each line is billed
 * whole at its tier's rates, at the long-context rates when all its input-side tokens together are
 * more than the card's threshold; fast and regional factors multiply tokens, never fees. Unpriced,
 * and never zero, when a line's model has no card or anything that it billed has no rate. No class
 * stands in for another: an hour's cache write without a rate is not priced as one of five minutes.
 * Totals above `NANO_USD_MAX` saturate there.
 */
export function cost(
  usage: Usage,
  cardFor: (model: string | undefined) => PriceCard | undefined,
  unreported: Unreported = {},
): NanoUsd | Unpriced {
  let total = 0;
  for (const line of usage.lines) {
    const card = cardFor(line.model);
    if (card === undefined) {
      return unpriced(line.model ?? '(not reported)', 'no price card for exactly this model');
    }
    const rates = lineRates(line, card, line.serviceTier ?? unreported.serviceTier ?? 'standard');
    if (isUnpriced(rates)) return rates;
    const pico = linePico(line, card, rates);
    if (typeof pico !== 'number') return pico;
    total += pico;
  }
  return total <= Number.MAX_SAFE_INTEGER
    ? nanoUsdCeil(total)
    : costWide(usage, cardFor, unreported);
}

/**
 * The most that any usage within `bound` costs on this card, rounded up once.
 *
 * Every token is priced at the dearest class, tier and context length that the request leaves open,
 * then at the dearest region and, where it may be, fast. A tier without rates on the card is not
 * served and is left out; a discount (flex, batch) counts only when nothing dearer is open.
 * Unpriced when an open class has no rate and is not listed as never billed, when no open tier is
 * served, or when a fee or fast mode has no price.
 */
export function boundCost(bound: UsageBound, card: PriceCard): NanoUsd | Unpriced {
  const { inputTokens, outputTokens } = bound;
  const isLong = card.longContext !== undefined && inputTokens > card.longContext.aboveInputTokens;
  const input = inputTokens === 0 ? 0 : dearest(bound, card, bound.inputClasses, isLong);
  if (typeof input !== 'number') return input;
  const output = outputTokens === 0 ? 0 : dearest(bound, card, bound.outputClasses, isLong);
  if (typeof output !== 'number') return output;
  const fees = feesPico(bound.fees, card);
  if (typeof fees === 'object') return fees;
  if (bound.mayBeFast && card.fast === undefined) return unpriced(card.model, 'no fast-mode price');
  const fast = bound.mayBeFast ? dearerOf(card.fast, ONE) : ONE;
  const geo = dearestGeo(bound.geos, card);

  const tokensPico = inputTokens * input + outputTokens * output;
  const over = fast.over * geo.over;
  const under = fast.under * geo.under;
  const scaled = tokensPico * over;
  if (scaled <= Number.MAX_SAFE_INTEGER && typeof fees === 'number') {
    const total = ceilDivide(scaled, under) + fees;
    if (total <= Number.MAX_SAFE_INTEGER) return nanoUsdCeil(total);
  }
  const wide = BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output);
  return nanoUsdCeil(ceilDivideWide(wide * BigInt(over), BigInt(under)) + BigInt(fees));
}

const ONE: Ratio = { over: 1, under: 1 };

/** The dearest rate of the open classes over all open tiers and, when reachable, both lengths. */
function dearest(
  bound: UsageBound,
  card: PriceCard,
  classes: readonly TokenClass[],
  isLong: boolean,
): number | Unpriced {
  let most = -1;
  for (const isLongRate of isLong ? BOTH_LENGTHS : SHORT_ONLY) {
    let isServed = false;
    for (const tier of bound.serviceTiers) {
      const rates = tierRates(card, tier, isLongRate);
      if (rates === undefined) continue;
      isServed = true;
      for (const name of classes) {
        const rate = rates[name];
        if (rate !== undefined) most = rate > most ? rate : most;
        else if (card.neverBilled?.includes(name) !== true) {
          return unpriced(card.model, `no rate for ${name} at tier ${tier}`);
        }
      }
    }
    if (!isServed) {
      const length = isLongRate ? ' for long requests' : '';
      return unpriced(card.model, `no rates for tier ${bound.serviceTiers.join(' or ')}${length}`);
    }
  }
  return most >= 0
    ? most
    : unpriced(card.model, 'tokens that may be billed are in no billed class');
}

const BOTH_LENGTHS = [false, true] as const;
const SHORT_ONLY = [false] as const;

/** The rates by which a line is billed whole: its tier's, of its length. */
function lineRates(line: UsageLine, card: PriceCard, tier: ServiceTier): Rates | Unpriced {
  const isLong =
    card.longContext !== undefined && inputTotal(line) > card.longContext.aboveInputTokens;
  const rates = tierRates(card, tier, isLong);
  if (rates !== undefined) return rates;
  return unpriced(card.model, `no rates for tier ${tier}${isLong ? ' for long requests' : ''}`);
}

function tierRates(card: PriceCard, tier: ServiceTier, isLong: boolean): Rates | undefined {
  if (!isLong) return tier === 'standard' ? card.rates : card[tier];
  return tier === 'standard' ? card.longContext?.rates : card.longContext?.[tier];
}

/** One line in whole pico-dollars; `NaN` when that takes more than safe integers. */
function linePico(line: UsageLine, card: PriceCard, rates: Rates): number | Unpriced {
  let tokensPico = 0;
  for (const name of TOKEN_CLASSES) {
    const count = line.tokens[name];
    if (count === undefined || count === 0) continue;
    const rate = rates[name];
    if (rate === undefined) return unpriced(card.model, `no rate for ${name}`);
    tokensPico += count * rate;
  }
  const factor = lineFactor(line, card);
  if (isUnpriced(factor)) return factor;
  const fees = feesPico(line.fees, card);
  if (typeof fees === 'object') return fees;
  const scaled = tokensPico * factor.over;
  const isWhole = scaled <= Number.MAX_SAFE_INTEGER && scaled % factor.under === 0;
  return isWhole && typeof fees === 'number' ? scaled / factor.under + fees : Number.NaN;
}

/** The same sum as in `cost`, in fractions of bigint, for totals that safe integers cannot hold. */
function costWide(
  usage: Usage,
  cardFor: (model: string | undefined) => PriceCard | undefined,
  unreported: Unreported,
): NanoUsd | Unpriced {
  let over = 0n;
  let under = 1n;
  for (const line of usage.lines) {
    const card = cardFor(line.model);
    if (card === undefined) return unpriced(line.model ?? '(not reported)', 'no price card');
    const rates = lineRates(line, card, line.serviceTier ?? unreported.serviceTier ?? 'standard');
    const factor = lineFactor(line, card);
    const fees = feesPico(line.fees, card);
    if (isUnpriced(rates)) return rates;
    if (isUnpriced(factor)) return factor;
    if (typeof fees === 'object') return fees;
    let tokensPico = 0n;
    for (const name of TOKEN_CLASSES) {
      tokensPico += BigInt(line.tokens[name] ?? 0) * BigInt(rates[name] ?? 0);
    }
    const lineUnder = BigInt(factor.under);
    const lineOver = tokensPico * BigInt(factor.over) + BigInt(fees) * lineUnder;
    over = over * lineUnder + lineOver * under;
    under *= lineUnder;
  }
  return nanoUsdCeil(ceilDivideWide(over, under));
}

/** Fast mode and region together. Fast without a price has none; a region without an entry is 1. */
function lineFactor(line: UsageLine, card: PriceCard): Ratio | Unpriced {
  if (line.isFast && card.fast === undefined) return unpriced(card.model, 'no fast-mode price');
  const fast = line.isFast && card.fast !== undefined ? card.fast : ONE;
  const geo = geoRatio(card, line.geo);
  return fast === ONE ? geo : { over: fast.over * geo.over, under: fast.under * geo.under };
}

function geoRatio(card: PriceCard, geo: string | undefined): Ratio {
  return geo !== undefined && Object.hasOwn(card.geos, geo) ? (card.geos[geo] ?? ONE) : ONE;
}

/** The dearest region that is open; running without an uplift is always open. */
function dearestGeo(geos: readonly string[], card: PriceCard): Ratio {
  let most = ONE;
  for (const geo of geos) {
    if (geo !== 'any') most = dearerOf(geoRatio(card, geo), most);
    else for (const name in card.geos) most = dearerOf(geoRatio(card, name), most);
  }
  return most;
}

function dearerOf(left: Ratio | undefined, right: Ratio): Ratio {
  return left !== undefined && left.over * right.under > right.over * left.under ? left : right;
}

/** Per-piece fees in pico-dollars; bigint above 2^53 - 1. An impossible count has no price. */
function feesPico(
  fees: Readonly<Partial<Record<FeeKind, number>>>,
  card: PriceCard,
): number | bigint | Unpriced {
  let total = 0;
  for (const kind of FEE_KINDS) {
    const count = fees[kind];
    if (count === undefined || count === 0) continue;
    if (!isCount(count)) return unpriced(card.model, `the count of ${kind} is not a whole number`);
    const fee = card.fees[kind];
    if (fee === undefined) return unpriced(card.model, `no fee for ${kind}`);
    total += count * fee;
  }
  if (total <= Number.MAX_SAFE_INTEGER) return total;
  let wide = 0n;
  for (const kind of FEE_KINDS) wide += BigInt(fees[kind] ?? 0) * BigInt(card.fees[kind] ?? 0);
  return wide;
}

const FEE_KINDS: readonly FeeKind[] = ['webSearch', 'fileSearch', 'codeSession', 'image'];

function inputTotal(line: UsageLine): number {
  const { tokens } = line;
  let total = 0;
  for (const name of INPUT_CLASSES) total += tokens[name] ?? 0;
  return total;
}

/** The classes whose tokens count towards the long-context threshold: everything that was read. */
const INPUT_CLASSES: readonly TokenClass[] = TOKEN_CLASSES.filter((name) => !/output/i.test(name));

/** `over / under` rounded up; exact for safe integers. */
function ceilDivide(over: number, under: number): number {
  const rest = over % under;
  return rest === 0 ? over / under : (over - rest) / under + 1;
}

function ceilDivideWide(over: bigint, under: bigint): bigint {
  return (over + under - 1n) / under;
}

function unpriced(model: string, reason: string): Unpriced {
  return { kind: 'unpriced', model, reason };
}

function isUnpriced(value: object): value is Unpriced {
  return 'kind' in value;
}
