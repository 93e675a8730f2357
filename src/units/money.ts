/**
 * Money. Ledgers, caps and holds are whole nano-dollars; rates are whole pico-dollars per token.
 *
 * Both are branded numbers, so the same value crosses JSON, Lua, SQL and `Float64Array` unchanged.
 * Why these two units: `docs/decisions/2026-11-21-money-unit.md`.
 */

import { scaledDecimal } from './decimal.ts';

declare const nanoUsdBrand: unique symbol;
declare const picoUsdBrand: unique symbol;

/** A whole number of nano-dollars (10^-9 USD), 0 to 2^53 - 1 ($9,007,199.254740991). */
export type NanoUsd = number & { readonly [nanoUsdBrand]: true };

/** A whole number of pico-dollars (10^-12 USD): the unit of a rate per token or per use. */
export type PicoUsd = number & { readonly [picoUsdBrand]: true };

/** The largest amount one account can count exactly: $9,007,199.254740991. */
export const NANO_USD_MAX = Number.MAX_SAFE_INTEGER as NanoUsd;

/** No money, known to be none; what is unknown is `undefined` instead. */
export const NANO_USD_ZERO = 0 as NanoUsd;

const NANO_DIGITS = 9;
const PICO_DIGITS = 12;
const PICO_PER_NANO = 1000;
const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/i;

/** Whether `value` is a legal amount of nano-dollars: an integer from 0 to 2^53 - 1. */
export function isNanoUsd(value: unknown): value is NanoUsd {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * Reads an integer that is already nano-dollars, as found in a journal, a store or an event.
 * Returns `undefined` for anything that is not an integer from 0 to 2^53 - 1.
 */
export function nanoUsd(value: unknown): NanoUsd | undefined {
  return isNanoUsd(value) ? value : undefined;
}

/**
 * Reads dollars exactly, from a decimal string or a number's shortest decimal form.
 *
 * `undefined` when the text is not a plain decimal, is negative, is finer than one nano-dollar,
 * or is above `NANO_USD_MAX`. Never rounds.
 */
export function nanoUsdFromUsd(usd: number | string): NanoUsd | undefined {
  const scaled = scaleDecimal(usd, NANO_DIGITS);
  return scaled === undefined ? undefined : (scaled as NanoUsd);
}

/**
 * Dollars as somebody else states them, rounded up to whole nano-dollars where they are finer.
 *
 * `undefined` when the text is not a plain decimal from zero up, or is above `NANO_USD_MAX`.
 */
export function nanoUsdCeilFromUsd(usd: number | string): NanoUsd | undefined {
  const nano = scaledDecimal(usd, NANO_DIGITS)?.scaled;
  return nano === undefined || nano > BigInt(NANO_USD_MAX) ? undefined : (Number(nano) as NanoUsd);
}

/** Dollars per million tokens (the unit of price lists) as exact pico-dollars per token. */
export function picoUsdFromUsdPerMillion(usdPerMillion: number | string): PicoUsd | undefined {
  const scaled = scaleDecimal(usdPerMillion, PICO_DIGITS - 6);
  return scaled === undefined ? undefined : (scaled as PicoUsd);
}

/** Dollars (of one token or one use) as exact pico-dollars. */
export function picoUsdFromUsd(usd: number | string): PicoUsd | undefined {
  const scaled = scaleDecimal(usd, PICO_DIGITS);
  return scaled === undefined ? undefined : (scaled as PicoUsd);
}

/** Reads an integer that is already pico-dollars, as found in a generated price card. */
export function picoUsd(value: unknown): PicoUsd | undefined {
  return isNanoUsd(value) ? (value as number as PicoUsd) : undefined;
}

/**
 * The one rounding of money: pico-dollars up to whole nano-dollars.
 *
 * Exact for every number up to 2^53 - 1 (a non-multiple of 1000 is at least 0.001 above the
 * integer below, the quotient's error is at most 2^-10); larger totals come as bigint. A total
 * above `NANO_USD_MAX` saturates there, and so does what is no total (negative, fractional, NaN, a
 * number that is not exact): it must fit under no cap, never count as free.
 */
export function nanoUsdCeil(picoTotal: number | bigint): NanoUsd {
  if (typeof picoTotal === 'number') {
    return isNanoUsd(picoTotal) ? (Math.ceil(picoTotal / PICO_PER_NANO) as NanoUsd) : NANO_USD_MAX;
  }
  if (picoTotal < 0n) return NANO_USD_MAX;
  const nano = (picoTotal + 999n) / 1000n;
  return nano > BigInt(NANO_USD_MAX) ? NANO_USD_MAX : (Number(nano) as NanoUsd);
}

/** The sum, held at `NANO_USD_MAX` when it would pass it. */
export function addNanoUsd(left: NanoUsd, right: NanoUsd): NanoUsd {
  const sum = left + right;
  return sum > NANO_USD_MAX ? NANO_USD_MAX : (sum as NanoUsd);
}

/** What `left` has more than `right`, never below zero. */
export function subtractNanoUsd(left: NanoUsd, right: NanoUsd): NanoUsd {
  return left > right ? ((left - right) as NanoUsd) : NANO_USD_ZERO;
}

/** Dollars as a number, for people and JSON fields named `*_usd`. Never compute with it. */
export function usdOf(amount: NanoUsd): number {
  return amount / 1e9;
}

/** Dollars as text, at least two decimals and no more than needed: `$0.05`, `$0.078`, `$12.00`. */
export function formatUsd(amount: NanoUsd): string {
  const whole = Math.floor(amount / 1e9);
  const nano = String(amount - whole * 1e9).padStart(NANO_DIGITS, '0');
  return `$${whole}.${nano.slice(0, 2)}${nano.slice(2).replace(/0+$/, '')}`;
}

/** `value * 10^digits` as a safe integer, or `undefined` if that is not exact and in range. */
function scaleDecimal(value: number | string, digits: number): number | undefined {
  const match = DECIMAL.exec(String(value));
  if (match === null) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const shift = digits + Number(exponent) - fraction.length;
  const significand = BigInt(whole + fraction);
  if (significand === 0n) return 0;
  if (shift > 40 || shift < -400) return undefined;
  const scale = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && significand % scale !== 0n) return undefined;
  const scaled = shift < 0 ? significand / scale : significand * scale;
  return scaled > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(scaled);
}
