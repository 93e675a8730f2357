import { invariant } from '../../../errors/error.ts';
import { AMOUNT_MAX } from '../../../kernel/arithmetic.ts';
import { asSums, type Ceilings, type Sums } from '../../../ledger/leases/sums.ts';
import { epochMs, type EpochMs } from '../../../units/time.ts';
import type { SqliteValue } from './driver.ts';

/** One row that a statement selected as a JSON array, which drivers hand over in one piece. */
export type Values = readonly unknown[];

/** The columns as one JSON array: many times cheaper to read than an object of many members. */
export function asArray(columns: readonly string[]): string {
  return `json_array(${columns.join(', ')})`;
}

/** The columns of one name in each dimension. */
export function three(name: string): readonly string[] {
  return [`${name}_usd`, `${name}_tokens`, `${name}_calls`];
}

/** Reads a JSON array. */
export function valuesOf(text: unknown): Values {
  const values: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
  invariant(Array.isArray(values), 'a row reads as a JSON array');
  return values;
}

/** The integer at `index`, from 0 to 2^53 - 1. */
export function countAt(values: Values, index: number): number {
  const value = values[index];
  invariant(isCount(value), 'a number in the file is an integer from 0 to 2^53 - 1');
  return value;
}

/** The amounts in the three columns from `index` on. */
export function sumsAt(values: Values, index: number): Sums {
  return asSums(countAt(values, index), countAt(values, index + 1), countAt(values, index + 2));
}

/** The ceilings in the three columns from `index` on. */
export function ceilingsAt(values: Values, index: number): Ceilings {
  return [ceilingAt(values, index), ceilingAt(values, index + 1), ceilingAt(values, index + 2)];
}

/** Reads the column at `index` as an instant. */
export function instantAt(values: Values, index: number): EpochMs {
  const instant = epochMs(values[index]);
  invariant(instant !== undefined, 'an instant in the file is one that has a date');
  return instant;
}

/** Reads the column at `index` as a text. */
export function textAt(values: Values, index: number): string {
  const value = values[index];
  invariant(typeof value === 'string', 'a text in the file is a text');
  return value;
}

/** The integer in the form in which every driver stores it exactly. */
export function bound(amount: number): SqliteValue {
  // Drivers bind a number as a double, which SQLite takes for an integer only up to 2^51.
  return amount < EXACT_AS_DOUBLE ? amount : BigInt(amount);
}

const EXACT_AS_DOUBLE = 2 ** 51;

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= AMOUNT_MAX;
}

function ceilingAt(values: Values, index: number): number | null {
  return values[index] === null ? null : countAt(values, index);
}
