import { TOKEN_CLASSES } from '../../src/meter/usage.ts';
import type { LongContext, PriceCard, Rates, Ratio } from '../../src/pricing/price-card.ts';

/** A rule that a card breaks, in words for whoever must mend it. */
export type Fault = string;

/** Dearer than anything ever listed: $1000 per million tokens. */
const INPUT_PICO_MAX = 1_000_000_000;
const RATIO_MAX = 10;

/**
 * What is implausible about a card; empty when nothing is.
 *
 * The rules are the known mistakes of the sources: a priority price of fifty times the standard one,
 * an hour's cache write of another model, an output limit larger than the context.
 */
export function faultsOf(card: PriceCard): readonly Fault[] {
  const { rates, longContext } = card;
  const faults = [
    ...ratesFaults(rates, 'standard'),
    ...tierFaults(rates, card, ''),
    ...longFaults(rates, longContext),
    ...ratioFaults(card.fast, 'fast'),
    ...Object.entries(card.geos).flatMap(([geo, ratio]) => ratioFaults(ratio, `geo ${geo}`)),
    ...limitFaults(card),
  ];
  for (const [kind, fee] of Object.entries(card.fees)) {
    if (!isWhole(fee) || fee > 1e12) faults.push(`fee ${kind} is ${fee} pico-dollars`);
  }
  if (card.source === '') faults.push('no source');
  return faults;
}

function ratesFaults(rates: Rates, what: string): Fault[] {
  const faults: Fault[] = [];
  for (const name of TOKEN_CLASSES) {
    const rate = rates[name];
    if (rate === undefined) continue;
    if (!isWhole(rate)) faults.push(`${what} ${name} is ${rate}, not whole pico-dollars from 0`);
    if (rate > INPUT_PICO_MAX) faults.push(`${what} ${name} is over $1000 per million tokens`);
  }
  const { input, cacheRead, cacheWrite5m = 0, cacheWrite1h = 0 } = rates;
  if (input === undefined || input <= 0) return [...faults, `${what} has no input rate`];
  if (cacheRead !== undefined && cacheRead > input)
    faults.push(`${what} cache read is over 1x input`);
  if (cacheWrite5m > 2.5 * input) faults.push(`${what} cache write is over 2.5x input`);
  if (cacheWrite1h > 2.5 * input) faults.push(`${what} 1 h cache write is over 2.5x input`);
  if (cacheWrite1h > 0 && cacheWrite1h < cacheWrite5m) {
    faults.push(`${what} 1 h cache write is under the 5 min one`);
  }
  return faults;
}

function tierFaults(
  base: Rates,
  tiers: Pick<LongContext, 'priority' | 'flex' | 'batch'>,
  length: string,
): Fault[] {
  const faults: Fault[] = [];
  for (const tier of ['priority', 'flex', 'batch'] as const) {
    const rates = tiers[tier];
    if (rates === undefined) continue;
    const what = `${tier}${length}`;
    faults.push(...ratesFaults(rates, what));
    for (const name of TOKEN_CLASSES) {
      const [standard, rate] = [base[name], rates[name]];
      if (rate === undefined) continue;
      if (standard === undefined) faults.push(`${what} prices ${name}, standard does not`);
      else if (tier === 'priority') {
        if (rate > 3 * standard && name !== 'cacheRead')
          faults.push(`${what} ${name} is over 3x standard`);
        if (rate < standard) faults.push(`${what} ${name} is under standard`);
      } else if (rate > standard) faults.push(`${what} ${name} is over standard`);
    }
    if (rates.output === undefined && base.output !== undefined)
      faults.push(`${what} has no output rate`);
  }
  return faults;
}

function longFaults(base: Rates, long: LongContext | undefined): Fault[] {
  if (long === undefined) return [];
  const faults = [...ratesFaults(long.rates, 'long'), ...tierFaults(long.rates, long, ' long')];
  if (long.aboveInputTokens < 32_000) faults.push('long-context threshold is under 32,000 tokens');
  for (const name of TOKEN_CLASSES) {
    const [short, rate] = [base[name], long.rates[name]];
    if (short === undefined && rate === undefined) continue;
    if (rate === undefined || short === undefined)
      faults.push(`${name} has a rate at one length only`);
    else if (rate < short) faults.push(`long ${name} is under the short rate`);
    else if (rate > 6 * short) faults.push(`long ${name} is over 6x the short rate`);
  }
  return faults;
}

function limitFaults({ inputTokensMax, outputTokensMax }: PriceCard): Fault[] {
  const faults: Fault[] = [];
  if (
    inputTokensMax !== undefined &&
    outputTokensMax !== undefined &&
    outputTokensMax > inputTokensMax
  ) {
    faults.push(`output maximum ${outputTokensMax} is over the context ${inputTokensMax}`);
  }
  if (inputTokensMax !== undefined && inputTokensMax < 1000)
    faults.push('context is under 1000 tokens');
  return faults;
}

function ratioFaults(ratio: Ratio | undefined, what: string): Fault[] {
  if (ratio === undefined) return [];
  const { over, under } = ratio;
  if (!isWhole(over) || !isWhole(under) || under === 0) return [`${what} is not a ratio`];
  if (over < under || over > RATIO_MAX * under) return [`${what} is not from 1 to ${RATIO_MAX}`];
  return [];
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
