import { ConfigError } from '../errors/error.ts';
import { scaledDecimal } from '../units/decimal.ts';

/** A share of a whole, exactly: `scaled / 10^14` of it is the threshold. */
export interface Threshold {
  readonly scaled: bigint;
}

const PERCENT_DIGITS = 12;
const PER_WHOLE = 100n * 10n ** BigInt(PERCENT_DIGITS);

/** A threshold in percent as an exact share. Throws `CONFIG_INVALID` for what is no percentage. */
export function thresholdOf(thresholdPercent: number | string): Threshold {
  const read = scaledDecimal(thresholdPercent, PERCENT_DIGITS);
  if (read?.isExact === true) return { scaled: read.scaled };
  const reason = 'must be a percentage from 0 up, with at most 12 decimals';
  throw new ConfigError({ field: 'thresholdPercent', value: thresholdPercent, reason });
}

/** Whether a difference, less what rounding explains, is more than the threshold's share. */
export function exceeds(difference: bigint, { of, threshold, slack = 0n }: ShareTerms): boolean {
  const size = difference < 0n ? -difference : difference;
  return (size - slack) * PER_WHOLE > threshold.scaled * of;
}

interface ShareTerms {
  readonly of: bigint;
  readonly threshold: Threshold;
  readonly slack?: bigint;
}

const PERCENT_PLACES = 6;

/**
 * The difference in percent of `of`, with its sign, as text: exact to six decimals, rounded half
 * away from zero. `null` of nothing.
 */
export function percentText(difference: bigint, of: bigint): string | null {
  if (of === 0n) return null;
  const size = difference < 0n ? -difference : difference;
  const scaled = roundedQuotient(size * 100n * 10n ** BigInt(PERCENT_PLACES), of);
  const text = decimalText(scaled, PERCENT_PLACES);
  return difference < 0n && scaled > 0n ? `-${text}` : text;
}

const FACTOR_PLACES = 6;

/**
 * How many times `whole` the `part` is, as the shortest decimal that rounding allows for: with
 * `slack` in the unit of `part`, 7.5 is told as `7.5` and not as `7.500003`. At most six decimals.
 */
export function factorText(part: bigint, whole: bigint, slack: bigint): string {
  for (let places = 0; places < FACTOR_PLACES; places += 1) {
    const scale = 10n ** BigInt(places);
    const factor = roundedQuotient(part * scale, whole);
    const off = part * scale - factor * whole;
    const isWithin = (off < 0n ? -off : off) <= slack * scale;
    if (isWithin && (factor > 0n || part === 0n)) return decimalText(factor, places);
  }
  return decimalText(roundedQuotient(part * 10n ** BigInt(FACTOR_PLACES), whole), FACTOR_PLACES);
}

function roundedQuotient(over: bigint, under: bigint): bigint {
  return (2n * over + under) / (2n * under);
}

/** `scaled / 10^places` as text, without needless zeros. */
function decimalText(scaled: bigint, places: number): string {
  if (places === 0) return scaled.toString();
  const text = scaled.toString().padStart(places + 1, '0');
  const fraction = text.slice(-places).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -places) : `${text.slice(0, -places)}.${fraction}`;
}
