import { MisuseError } from '../errors/error.ts';
import { isAmount, SATURATED } from '../kernel/arithmetic.ts';
import { nanoUsd, nanoUsdFromUsd, NANO_USD_MAX, usdOf } from '../units/money.ts';

/** A sum of money and of other things that a budget counts. What is not named is not meant. */
export interface BudgetAmounts {
  /** Dollars, 0 to 9,007,199.254740991, no finer than a nano-dollar. */
  readonly usd?: number | undefined;
  /** Whole tokens. */
  readonly tokens?: number | undefined;
  /** Whole attempts: physical requests. */
  readonly calls?: number | undefined;
  /** Whole milliseconds, read by the caller from its own clock. */
  readonly millis?: number | undefined;
}

/** What a budget counts, in the order of every vector here. */
export const DIMENSIONS = ['usd', 'tokens', 'calls', 'millis'] as const;

/** One of the things that a budget counts. */
export type BudgetDimension = (typeof DIMENSIONS)[number];

/**
 * One figure for each of `DIMENSIONS`: nano-dollars, tokens, calls, milliseconds. Integers from 0
 * to 2^53 - 1, or `UNLIMITED` in a grant that does not name the dimension.
 */
export type Vector = readonly number[];

/** The grant of a dimension that a budget does not name: only those above it limit it. */
export const UNLIMITED = Number.POSITIVE_INFINITY;

const WIDTH = DIMENSIONS.length;

/** What is to be taken: a dimension that is not named takes nothing. Throws `REQUEST_INVALID`. */
export function costOf(amounts: BudgetAmounts): Vector {
  return read(amounts, 0);
}

/**
 * What is to be granted: a dimension that is not named has no limit of its own.
 *
 * Throws `REQUEST_INVALID`, also when nothing at all is named: that would be no limit.
 */
export function grantOf(amounts: BudgetAmounts): Vector {
  const grant = read(amounts, UNLIMITED);
  if (grant.every((figure) => figure === UNLIMITED)) {
    throw new MisuseError(
      'REQUEST_INVALID',
      'A budget names at least one of usd, tokens, calls and millis; without any it has no limit.',
    );
  }
  return grant;
}

/** Whether a grant limits the dimension at this index. */
export function isLimited(grant: Vector, index: number): boolean {
  return grant[index] !== UNLIMITED;
}

/** A vector for people and JSON; dimensions without a limit are left out. */
export function amountsOf(vector: Vector): BudgetAmounts {
  const amounts: { [D in BudgetDimension]?: number } = {};
  for (let index = 0; index < WIDTH; index++) {
    const [name, figure] = [DIMENSIONS[index], vector[index]];
    if (name === undefined || figure === undefined || figure === UNLIMITED) continue;
    amounts[name] = name === 'usd' ? dollars(figure) : figure;
  }
  return Object.freeze(amounts);
}

function dollars(nano: number): number {
  return usdOf(nanoUsd(Math.min(nano, NANO_USD_MAX)) ?? NANO_USD_MAX);
}

function read(amounts: BudgetAmounts, absent: number): Vector {
  if (typeof amounts !== 'object' || amounts === null) throw invalid('amounts', amounts);
  const known = Object.keys(amounts).every((name) =>
    (DIMENSIONS as readonly string[]).includes(name),
  );
  if (!known) throw invalid('amounts', Object.keys(amounts).join(', '));
  return [
    usdFigure(amounts.usd, absent),
    figure('tokens', amounts.tokens, absent),
    figure('calls', amounts.calls, absent),
    figure('millis', amounts.millis, absent),
  ];
}

function usdFigure(usd: number | undefined, absent: number): number {
  if (usd === undefined) return absent;
  const nano = typeof usd === 'number' && usd >= 0 ? wholeNano(usd) : undefined;
  if (nano === undefined) throw invalid('usd', usd);
  return nano;
}

/** The common case without text: dollars that are a whole number of nano-dollars as they stand. */
function wholeNano(usd: number): number | undefined {
  const nano = usd * 1e9;
  if (Number.isInteger(usd) && nano <= NANO_USD_MAX) return nano;
  return nanoUsdFromUsd(usd);
}

function figure(name: BudgetDimension, value: number | undefined, absent: number): number {
  if (value === undefined) return absent;
  if (!isAmount(value)) throw invalid(name, value);
  return value;
}

function invalid(field: string, value: unknown): MisuseError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new MisuseError(
    'REQUEST_INVALID',
    `${field} = ${shown}: a budget counts usd (dollars from 0, no finer than a nano-dollar), ` +
      'tokens, calls and millis (whole numbers from 0). Nothing was moved.',
  );
}

/** The sum, saturating above every legal amount; an unlimited figure stays unlimited. */
export function plus(left: number, right: number): number {
  if (left === UNLIMITED) return UNLIMITED;
  const sum = left + right;
  return sum >= SATURATED ? SATURATED : sum;
}
