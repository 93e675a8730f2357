/** Time as whole milliseconds: instants since the Unix epoch, and durations. */

declare const epochMsBrand: unique symbol;
declare const durationMsBrand: unique symbol;

/** An instant: whole milliseconds since 1970-01-01T00:00:00Z, within the range of `Date`. */
export type EpochMs = number & { readonly [epochMsBrand]: true };

/** A length of time in whole milliseconds, never negative. */
export type DurationMs = number & { readonly [durationMsBrand]: true };

/** Where every clock reading comes from; handed in, so that tests and simulation own time. */
export type Clock = () => EpochMs;

/** The wall clock of this machine. */
export const systemClock: Clock = () => Date.now() as EpochMs;

/** The last instant that `Date` can show: 8.64e15 ms, in the year 275760 (ECMA-262, 21.4.1.1). */
export const EPOCH_MS_MAX = 8_640_000_000_000_000 as EpochMs;

/** The integer as an instant; `undefined` unless it is an integer of at most 8.64e15 either way. */
export function epochMs(value: unknown): EpochMs | undefined {
  if (!Number.isSafeInteger(value)) return undefined;
  return Math.abs(value as number) <= EPOCH_MS_MAX ? (value as EpochMs) : undefined;
}

/** The integer as a duration; `undefined` unless it is an integer from 0 to 2^53 - 1. */
export function durationMs(value: unknown): DurationMs | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as DurationMs) : undefined;
}

/** The instant `duration` after `start`, held at `EPOCH_MS_MAX`, so that it always has a date. */
export function after(start: EpochMs, duration: DurationMs): EpochMs {
  return Math.min(start + duration, EPOCH_MS_MAX) as EpochMs;
}

/** The instant `byMs` whole milliseconds after `instant`; before it when negative. */
export function shifted(instant: EpochMs, byMs: number): EpochMs {
  return (instant + byMs) as EpochMs;
}

/** How long from `start` to `end`; zero when `end` is not later. */
export function between(start: EpochMs, end: EpochMs): DurationMs {
  return Math.max(0, end - start) as DurationMs;
}

/** Whole seconds, rounded up, as HTTP and `retry_after` count them. */
export function secondsCeil(duration: DurationMs): number {
  return Math.ceil(duration / 1000);
}
