import { usageError } from '../usage-error.ts';
import type { Baseline } from './baseline.ts';
import { DIMENSIONS, type Dimension } from './traffic.ts';

/** Mean calls and nano-dollars of a day. */
export interface Side {
  readonly calls_per_day: number;
  readonly mean_nano_usd: number;
}

/** One line of the comparison: everything, or one customer, feature or model. */
export interface Change {
  readonly dimension: Dimension | 'total';
  readonly value: string;
  /** `null`: it was not there. */
  readonly before: Side | null;
  readonly after: Side | null;
  /** Whether it costs more than is allowed. */
  readonly is_over: boolean;
}

/** A forecast beside its baseline. */
export interface Comparison {
  /** Parts of a million. */
  readonly max_increase_ppm: number;
  readonly is_over: boolean;
  /** The total first, then what changed by dimension, the largest change first. */
  readonly changes: readonly Change[];
}

const PER_WHOLE = 1_000_000;
/**
 * A group whose cost grew by less than this part of what everything costs is not held against the
 * change: in a group of cents any change is a large part.
 */
const SMALL_PPM = 10_000;
const PERCENT = /^(\d{1,5})(?:\.(\d{1,4}))?%$/;

/** Reads `10%` as parts of a million. Throws `COMMAND_INVALID`. */
export function readPercent(name: string, said: string): number {
  const [, whole, fraction = ''] = PERCENT.exec(said) ?? [];
  if (whole !== undefined) return Number(whole) * 10_000 + Number(fraction.padEnd(4, '0'));
  throw usageError(`--${name} ${JSON.stringify(said)} is no percentage`, `Say --${name} 10%`);
}

/**
 * Compares mean costs: everything together, and every customer, feature and model. What is new is
 * shown and counts in the total. Compared exactly, in whole numbers.
 */
export function compare(before: Baseline, after: Baseline, maxIncreasePpm: number): Comparison {
  const terms = {
    maxPpm: maxIncreasePpm,
    smallest: (before.mean_nano_usd * SMALL_PPM) / PER_WHOLE,
  };
  const total: Change = {
    dimension: 'total',
    value: '',
    before,
    after,
    is_over: isAbove(before, after, maxIncreasePpm),
  };
  const groups = DIMENSIONS.flatMap((dimension) =>
    changesOf(before, after, { dimension, ...terms }),
  );
  const changes = [plain(total), ...groups];
  return {
    max_increase_ppm: maxIncreasePpm,
    is_over: changes.some(({ is_over: isOver }) => isOver),
    changes,
  };
}

interface GroupTerms {
  readonly dimension: Dimension;
  readonly maxPpm: number;
  /** Nano-dollars below which more is not too much. */
  readonly smallest: number;
}

function changesOf(
  before: Baseline,
  after: Baseline,
  { dimension, maxPpm, smallest }: GroupTerms,
): readonly Change[] {
  const sides = ({ groups }: Baseline) =>
    new Map(
      groups.filter((each) => each.dimension === dimension).map((each) => [each.value, each]),
    );
  const [old, now] = [sides(before), sides(after)];
  const values = [...new Set([...old.keys(), ...now.keys()])];
  return values
    .map((value): Change => {
      const [was, is] = [old.get(value) ?? null, now.get(value) ?? null];
      const isLarge = deltaOf({ before: was, after: is }) >= smallest;
      const isOver = was !== null && is !== null && isLarge && isAbove(was, is, maxPpm);
      return plain({ dimension, value, before: was, after: is, is_over: isOver });
    })
    .filter((change) => !isSame(change))
    .toSorted(
      (left, right) =>
        Math.abs(deltaOf(right)) - Math.abs(deltaOf(left)) || (left.value < right.value ? -1 : 1),
    );
}

/** How many nano-dollars more it costs in a day. */
export function deltaOf({ before, after }: Pick<Change, 'before' | 'after'>): number {
  return (after?.mean_nano_usd ?? 0) - (before?.mean_nano_usd ?? 0);
}

function isAbove(before: Side, after: Side, maxPpm: number): boolean {
  const allowed = BigInt(Math.round(before.mean_nano_usd)) * BigInt(PER_WHOLE + maxPpm);
  return BigInt(Math.round(after.mean_nano_usd)) * BigInt(PER_WHOLE) > allowed;
}

function isSame({ before, after }: Change): boolean {
  return (
    before?.mean_nano_usd === after?.mean_nano_usd && before?.calls_per_day === after?.calls_per_day
  );
}

function plain(change: Change): Change {
  return { ...change, before: sideOf(change.before), after: sideOf(change.after) };
}

function sideOf(side: Side | null): Side | null {
  if (side === null) return null;
  return { calls_per_day: side.calls_per_day, mean_nano_usd: side.mean_nano_usd };
}
