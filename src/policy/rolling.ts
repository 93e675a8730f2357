import { shifted, type DurationMs, type EpochMs } from '../units/time.ts';
import type { Span } from './calendar.ts';

/** How many parts of its width make up the duration of a rolling window. */
export const ROLLING_PARTS = 60;

/**
 * How long one part of a rolling window lasts: a sixtieth of the duration, rounded up to whole
 * milliseconds.
 */
export function rollingPartMs(duration: DurationMs): number {
  return Math.ceil(duration / ROLLING_PARTS);
}

/**
 * The part that `at` lies in. Parts are aligned to the epoch, so every process has the same ones.
 */
export function rollingPart(duration: DurationMs, at: EpochMs): Span {
  const width = rollingPartMs(duration);
  const start = shifted(at, Math.floor(at / width) * width - at);
  return { start, end: shifted(start, width) };
}

/**
 * The parts that count while time is in the part that begins at `start`: that one and the 60
 * before.
 *
 * A charge in a part counts until `leavesAt`, 61 widths after the part began. So every charge
 * counts for longer than the duration and for at most 61 widths (a sixtieth, and the rounding,
 * more): the window errs on the side of the cap, by less than 2 % for durations from 6 s.
 */
export function rollingParts(
  duration: DurationMs,
  start: EpochMs,
): readonly { readonly start: EpochMs; readonly leavesAt: EpochMs }[] {
  const width = rollingPartMs(duration);
  return Array.from({ length: ROLLING_PARTS + 1 }, (_, position) => {
    const partStart = shifted(start, (position - ROLLING_PARTS) * width);
    return { start: partStart, leavesAt: shifted(partStart, (ROLLING_PARTS + 1) * width) };
  });
}
