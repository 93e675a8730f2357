/** Decimal text as exact integers, for figures that others write. */

const DECIMAL = /^(\d{1,30})(?:\.(\d{0,60}))?(?:e([+-]?\d{1,2}))?$/i;

/** A decimal at some scale. */
export interface Scaled {
  /** The value times ten to the power of the digits asked for, rounded up where it is finer. */
  readonly scaled: bigint;
  /** Whether nothing was rounded. */
  readonly isExact: boolean;
}

/**
 * The value times `10^digits`, from a plain decimal or a number's shortest decimal form.
 *
 * `undefined` for anything that is not a plain decimal from zero up: a sign, blanks, a thousands
 * separator, more than 30 digits before the point or 60 behind it.
 */
export function scaledDecimal(value: number | string, digits: number): Scaled | undefined {
  const match = DECIMAL.exec(String(value));
  if (match === null) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const significand = BigInt(whole + fraction);
  const shift = digits + Number(exponent) - fraction.length;
  if (shift >= 0) return { scaled: significand * 10n ** BigInt(shift), isExact: true };
  const under = 10n ** BigInt(-shift);
  const isExact = significand % under === 0n;
  return { scaled: significand / under + (isExact ? 0n : 1n), isExact };
}
