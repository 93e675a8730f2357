import { describe, expect, it } from 'vitest';
import {
  EPOCH_MS_MAX,
  after,
  between,
  durationMs,
  epochMs,
  secondsCeil,
  systemClock,
} from './time.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const DATE_MAX = 8_640_000_000_000_000;
const noon = epochMs(Date.UTC(2026, 0, 1, 12))!;

describe('an instant is a whole millisecond that has a date', () => {
  it.each([0, -1, DATE_MAX, -DATE_MAX])('%d is one', (value) => {
    expect(epochMs(value)).toBe(value);
    expect(() => new Date(value).toISOString()).not.toThrow();
  });

  it.each([DATE_MAX + 1, -DATE_MAX - 1, MAX, 0.5, Number.NaN, Infinity, '0', undefined])(
    '%s is none',
    (value) => {
      expect(epochMs(value)).toBeUndefined();
    },
  );

  it('the instant after any duration still has a date', () => {
    expect(after(noon, durationMs(1000)!)).toBe(noon + 1000);
    const farthest = after(noon, durationMs(MAX)!);
    expect(farthest).toBe(EPOCH_MS_MAX);
    expect(new Date(farthest).toISOString()).toBe('+275760-09-13T00:00:00.000Z');
  });

  it('the clock reads the time of this machine in milliseconds', () => {
    const before = Date.now();
    const read = systemClock();
    expect(read).toBeGreaterThanOrEqual(before);
    expect(read).toBeLessThanOrEqual(Date.now());
    expect(epochMs(read)).toBe(read);
  });
});

describe('a duration is a whole number of milliseconds, never negative', () => {
  it.each([-1, 0.5, Number.NaN, Infinity, MAX + 1, '5', undefined])('%s is none', (value) => {
    expect(durationMs(value)).toBeUndefined();
  });

  it('between two instants it is zero when the end is not later', () => {
    expect(between(noon, epochMs(noon + 5)!)).toBe(5);
    expect(between(noon, noon)).toBe(0);
    expect(between(epochMs(noon + 5)!, noon)).toBe(0);
  });

  it.each([
    [0, 0],
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [86_400_000, 86_400],
  ])('%d ms are %d whole seconds, rounded up', (duration, seconds) => {
    expect(secondsCeil(durationMs(duration)!)).toBe(seconds);
  });
});
