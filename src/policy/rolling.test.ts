import { describe, expect, it } from 'vitest';
import { durationMs, epochMs } from '../units/time.ts';
import { rollingPart, rollingPartMs, rollingParts } from './rolling.ts';

const HOUR = durationMs(3_600_000)!;

describe('rolling windows', () => {
  it('a part is a sixtieth of the duration, rounded up to whole milliseconds', () => {
    expect(rollingPartMs(HOUR)).toBe(60_000);
    expect(rollingPartMs(durationMs(1000)!)).toBe(17);
    expect(rollingPartMs(durationMs(86_400_000)!)).toBe(1_440_000);
  });

  it('parts are aligned to the epoch and contain their instant', () => {
    const at = epochMs(1_763_764_123_456)!;
    const part = rollingPart(HOUR, at);
    expect(part).toEqual({ start: 1_763_764_080_000, end: 1_763_764_140_000 });
  });

  it('61 parts count, oldest first, without a gap; the oldest leaves as the next begins', () => {
    const part = rollingPart(HOUR, epochMs(1_763_764_123_456)!);
    const parts = rollingParts(HOUR, part.start);
    expect(parts).toHaveLength(61);
    expect(parts.at(-1)!.start).toBe(part.start);
    expect(parts[0]!.start).toBe(part.start - 60 * 60_000);
    expect(parts[0]!.leavesAt).toBe(part.end);
    for (const [index, { start }] of parts.slice(1).entries()) {
      expect(start - parts[index]!.start).toBe(60_000);
    }
  });
});
