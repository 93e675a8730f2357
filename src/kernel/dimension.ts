/**
 * The eight things a budget can count. They are fixed, so that a budget is a flat array and a
 * verdict is an integer; what the three custom ones mean is the caller's own matter.
 */

/** One of the eight dimensions, as its dense index from 0 to 7. */
export type Dimension = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** The name of a dimension, lower case and stable. */
export type DimensionName = (typeof NAMES)[number];

/** How many dimensions there are. */
export const MAX_DIMS = 8;

/** Tokens, as the provider counts them. */
export const TOKENS = 0;
/** Elapsed milliseconds, read by the caller from its own clock. */
export const MILLIS = 1;
/** Bytes sent, received or stored. */
export const BYTES = 2;
/** Requests, tool calls or steps. */
export const CALLS = 3;
/** Memory, in the caller's unit. */
export const MEMORY = 4;
/** Free for the caller's own use. */
export const CUSTOM_0 = 5;
/** Free for the caller's own use. */
export const CUSTOM_1 = 6;
/** Free for the caller's own use. */
export const CUSTOM_2 = 7;

/** Every dimension, in index order: the order in which a builder is checked. */
export const ALL: readonly Dimension[] = Object.freeze<Dimension[]>([
  TOKENS,
  MILLIS,
  BYTES,
  CALLS,
  MEMORY,
  CUSTOM_0,
  CUSTOM_1,
  CUSTOM_2,
]);

// Not MAX_DIMS - 1: V8 folds a module's own constants and loads exported ones on every use.
const MASK = 7;

const NAMES = [
  'tokens',
  'millis',
  'bytes',
  'calls',
  'memory',
  'custom0',
  'custom1',
  'custom2',
] as const;

/** Whether `value` is a dimension: an integer from 0 to 7. */
export function isDimension(value: unknown): value is Dimension {
  return typeof value === 'number' && (value & MASK) === value;
}

/** Where a dimension stands in `ALL`, from 0 to 7; dense, and equal to the dimension itself. */
export function indexOf(dimension: Dimension): number {
  return dimension;
}

/** `'tokens'` for `TOKENS`, and so on; never empty, never shared by two dimensions. */
export function nameOf(dimension: Dimension): DimensionName {
  return NAMES[dimension];
}
