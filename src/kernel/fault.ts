import { AMOUNT_MAX } from './arithmetic.ts';
import { isDimension, nameOf, type Dimension } from './dimension.ts';

/**
 * What the kernel throws. Only mistakes of the calling program throw: an undeclared dimension, an
 * illegal amount, a budget that cannot be built. Running out is not a mistake but a verdict.
 *
 * `instanceof` works across copies of the package: it asks for the `Symbol.for` marker.
 */

/** Why a budget could not be built, restored or opened. */
export type BuilderErrorCode =
  | 'DUPLICATE_DIMENSION'
  | 'ILLEGAL_DIMENSION'
  | 'NO_DIMENSIONS'
  | 'ILLEGAL_LIMIT'
  | 'ZERO_LIMIT'
  | 'ILLEGAL_WARN'
  | 'WARN_NOT_BELOW_LIMIT'
  | 'BUILDER_SPENT'
  | 'ILLEGAL_SNAPSHOT'
  | 'ILLEGAL_CAPACITY'
  | 'ARENA_FULL';

/** Why a charge, a refund or a reading made no sense. Nothing was changed. */
export type ChargeErrorCode =
  | 'UNKNOWN_DIMENSION'
  | 'ILLEGAL_DIMENSION'
  | 'REPEATED_DIMENSION'
  | 'ILLEGAL_AMOUNT'
  | 'ILLEGAL_COSTS'
  | 'STALE_HANDLE';

/** Every code the kernel can throw. */
export type KernelErrorCode = BuilderErrorCode | ChargeErrorCode;

/** A mistake in how the kernel was called. Either class below; nothing was changed. */
export class KernelError extends Error {
  readonly code: KernelErrorCode;
  /** The dimension at fault; `undefined` where the fault is not in one dimension. */
  readonly dimension: Dimension | undefined;

  static readonly marker: symbol = Symbol.for('hardcap.kernel.error');

  constructor(code: KernelErrorCode, dimension: unknown, detail: string) {
    const named = isDimension(dimension) ? dimension : undefined;
    super(`${named === undefined ? '' : `${nameOf(named)}: `}${detail}`);
    this.code = code;
    this.dimension = named;
    mark(this, KernelError.marker, 'KernelError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && Reflect.get(value, this.marker) === true;
  }

  /** The error's fields as plain JSON-safe values; the dimension by name. */
  toJSON(): Record<string, unknown> {
    const dimension = this.dimension === undefined ? null : nameOf(this.dimension);
    return { name: this.name, code: this.code, dimension, message: this.message };
  }
}

/** The declarations, the snapshot or the arena do not allow this budget. No budget was made. */
export class BuilderError extends KernelError {
  static override readonly marker: symbol = Symbol.for('hardcap.kernel.error.builder');
  declare readonly code: BuilderErrorCode;

  constructor(code: BuilderErrorCode, dimension: unknown, detail: string) {
    super(code, dimension, detail);
    mark(this, BuilderError.marker, 'BuilderError');
  }
}

/** The charge cannot be meant: wrong dimension, amount or handle. No counter was changed. */
export class ChargeError extends KernelError {
  static override readonly marker: symbol = Symbol.for('hardcap.kernel.error.charge');
  declare readonly code: ChargeErrorCode;

  constructor(code: ChargeErrorCode, dimension: unknown, detail: string) {
    super(code, dimension, detail);
    mark(this, ChargeError.marker, 'ChargeError');
  }
}

/** The fault of a dimension that the budget does not count. */
export function unknownDimension(dimension: unknown): ChargeError {
  return new ChargeError('UNKNOWN_DIMENSION', dimension, 'this budget declares no limit for it.');
}

/** The fault of a value that is not one of the eight dimensions. */
export function illegalDimension(dimension: unknown): ChargeError {
  const detail = `${display(dimension)} is not a dimension; give one of the integers 0 to 7.`;
  return new ChargeError('ILLEGAL_DIMENSION', dimension, detail);
}

/** The fault of an amount that cannot be counted. */
export function illegalAmount(dimension: unknown, amount: unknown): ChargeError {
  const detail = `${display(amount)} is not an amount; give ${LEGAL}.`;
  return new ChargeError('ILLEGAL_AMOUNT', dimension, detail);
}

/** The fault of one dimension that stands twice in an atomic charge. */
export function repeatedDimension(dimension: unknown): ChargeError {
  const detail = 'given twice in one atomic charge; add the amounts first.';
  return new ChargeError('REPEATED_DIMENSION', dimension, detail);
}

/** The fault of a cost vector that does not give every dimension one amount. */
export function illegalCosts(costs: unknown): ChargeError {
  const detail = `${display(costs)} is not a cost vector; give an array of 8 amounts.`;
  return new ChargeError('ILLEGAL_COSTS', undefined, detail);
}

/** What a legal amount is, for messages. */
export const LEGAL = `an integer from 0 to ${AMOUNT_MAX}`;

/** A value as it would stand in source, without ever throwing. */
export function display(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null || value === undefined) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : `a ${typeof value}`;
}

function mark(error: KernelError, marker: symbol, name: string): void {
  Object.defineProperty(error, marker, { value: true, configurable: true });
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
}
