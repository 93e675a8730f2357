import { AMOUNT_MAX, isAmount, SATURATED } from './arithmetic.ts';
import { ALL, isDimension, MAX_DIMS, type Dimension } from './dimension.ts';
import { BuilderError, display, illegalDimension, LEGAL } from './fault.ts';

/**
 * How a budget lies in memory: 24 doubles that begin at `base` of a `Float64Array`. First eight
 * counters of what is spent, then eight inclusive limits, then eight warn thresholds. Where no
 * threshold was declared the limit stands in its place, so that nothing but what is above it needs
 * a second look.
 *
 * A counter holds 0 to 2^53; 2^53 means that it passed 2^53 - 1. That is above every legal limit,
 * so a saturated counter is exhausted until it is reset. No place ever holds NaN, a fraction or -0.
 */

/** How many doubles one budget takes. */
export const STATE_LENGTH = 3 * MAX_DIMS;
/** Where the inclusive limits begin. */
export const LIMIT = MAX_DIMS;
/** Where the warn thresholds begin. */
export const WARN = 2 * MAX_DIMS;
/** The limit, and the warn threshold, of a dimension that was not declared: even 0 is above it. */
export const UNDECLARED = -1;

/**
 * A budget as 24 plain numbers that survive JSON: eight counters (0 to 2^53, the last meaning
 * saturated), eight limits (-1 where undeclared), eight warn thresholds (-1 where none).
 */
export type Snapshot = readonly number[];

/** The state of a budget that declares nothing. */
export function emptyState(): Float64Array {
  return new Float64Array(STATE_LENGTH).fill(UNDECLARED, LIMIT);
}

/** Declares `dimension`; `warn` is below `limit`, or `undefined` for none. */
export function declareIn(
  state: Float64Array,
  dimension: Dimension,
  limit: number,
  warn: number | undefined,
): void {
  state[LIMIT + dimension] = limit;
  // Adding zero turns -0 into 0.
  state[WARN + dimension] = (warn ?? limit) + 0;
}

/** What is spent, 0 to 2^53 - 1; `undefined` for an undeclared dimension. */
export function spentIn(
  state: Float64Array,
  base: number,
  dimension: Dimension,
): number | undefined {
  if (limitIn(state, base, dimension) === undefined) return undefined;
  return Math.min(state[base + dimension] ?? SATURATED, AMOUNT_MAX);
}

/** What is left until the limit, never below 0; `undefined` for an undeclared dimension. */
export function remainingIn(
  state: Float64Array,
  base: number,
  dimension: Dimension,
): number | undefined {
  const limit = limitIn(state, base, dimension);
  if (limit === undefined) return undefined;
  return Math.max(limit - (state[base + dimension] ?? SATURATED), 0);
}

/** Whether the counter has passed 2^53 - 1; `undefined` for an undeclared dimension. */
export function isOverflowedIn(
  state: Float64Array,
  base: number,
  dimension: Dimension,
): boolean | undefined {
  if (limitIn(state, base, dimension) === undefined) return undefined;
  return (state[base + dimension] ?? SATURATED) > AMOUNT_MAX;
}

/** Sets every counter to 0, saturated ones too; limits and warn thresholds stay. */
export function resetIn(state: Float64Array, base: number): void {
  state.fill(0, base, base + MAX_DIMS);
}

/** The state as 24 plain numbers. */
export function snapshotOf(state: Float64Array, base: number): Snapshot {
  const places = Array.from(state.subarray(base, base + STATE_LENGTH));
  return places.map((value, at) =>
    at >= WARN && value === places[at - MAX_DIMS] ? UNDECLARED : value,
  );
}

/** The state that a snapshot describes. Throws `ILLEGAL_SNAPSHOT` unless a budget can stand so. */
export function stateFrom(snapshot: Snapshot): Float64Array {
  if (!Array.isArray(snapshot) || snapshot.length !== STATE_LENGTH) {
    const detail = `${display(snapshot)} is not a snapshot; give an array of ${STATE_LENGTH}.`;
    throw new BuilderError('ILLEGAL_SNAPSHOT', undefined, detail);
  }
  const state = emptyState();
  for (const dimension of ALL) {
    const spent: unknown = snapshot[dimension];
    const limit: unknown = snapshot[LIMIT + dimension];
    const warn: unknown = snapshot[WARN + dimension];
    if (limit === UNDECLARED) {
      if (spent === 0 && warn === UNDECLARED) continue;
      throw illegalPlace(dimension, 'an undeclared dimension is spent 0 and warn -1', spent);
    }
    if (!isAmount(limit) || limit === 0) {
      throw illegalPlace(dimension, 'the limit is -1 or at least 1', limit);
    }
    if (!isAmount(spent) && spent !== SATURATED) {
      throw illegalPlace(dimension, `what is spent is ${LEGAL}, or 2^53`, spent);
    }
    if (warn !== UNDECLARED && (!isAmount(warn) || warn >= limit)) {
      throw illegalPlace(dimension, 'the warn threshold is -1 or below the limit', warn);
    }
    // Adding zero turns -0 into 0.
    state[dimension] = spent + 0;
    declareIn(state, dimension, limit, warn === UNDECLARED ? undefined : warn);
  }
  if (ALL.every((dimension) => state[LIMIT + dimension] === UNDECLARED)) {
    throw new BuilderError('ILLEGAL_SNAPSHOT', undefined, 'The snapshot declares no limit.');
  }
  return state;
}

function limitIn(state: Float64Array, base: number, dimension: Dimension): number | undefined {
  if (!isDimension(dimension)) throw illegalDimension(dimension);
  const limit = state[base + LIMIT + dimension] ?? UNDECLARED;
  return limit < 0 ? undefined : limit;
}

function illegalPlace(dimension: Dimension, rule: string, value: unknown): BuilderError {
  return new BuilderError('ILLEGAL_SNAPSHOT', dimension, `${rule}, not ${display(value)}.`);
}
