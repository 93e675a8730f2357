import { describe, expect, it } from 'vitest';
import { tokens } from '../units/count.ts';
import { inputTotal, laterCounts } from './token-counts.ts';
import { laterLines } from './usage-lines.ts';
import type { TokenClass, UsageLine } from './usage.ts';

const counts = (figures: Partial<Record<TokenClass, number>>): UsageLine['tokens'] =>
  Object.fromEntries(Object.entries(figures).map(([name, count]) => [name, tokens(count)!]));
const line = (
  figures: Partial<Record<TokenClass, number>>,
  more: Partial<UsageLine> = {},
): UsageLine => ({
  model: 'm',
  tokens: counts(figures),
  fees: {},
  serviceTier: undefined,
  isFast: false,
  geo: undefined,
  ...more,
});

describe('laterCounts', () => {
  it.each<[string, Parameters<typeof counts>[0], Parameters<typeof counts>[0], object]>([
    ['both sides', { input: 5, output: 5 }, { input: 4, output: 4 }, { input: 5, output: 5 }],
    ['the output', { input: 5, output: 5 }, { input: 6 }, { input: 6, output: 5 }],
    ['the input', { input: 5, output: 5 }, { output: 6 }, { input: 5, output: 6 }],
    [
      'all input together',
      { input: 5, cacheRead: 5 },
      { cacheWrite5m: 3, cacheRead: 6 },
      { input: 5, cacheRead: 5 },
    ],
  ])('keeps the earlier figures where the later fall: %s', (_, earlier, later, kept) => {
    expect(laterCounts(counts(earlier), counts(later))).toEqual(kept);
  });

  it('takes the later split of the same totals', () => {
    const earlier = counts({ input: 10, output: 10 });
    const later = counts({ input: 4, cacheRead: 6, output: 7, audioOutput: 3 });
    expect(laterCounts(earlier, later)).toEqual(later);
  });
});

describe('inputTotal', () => {
  it('adds up every class of input and none of output', () => {
    const input = { input: 1, cacheRead: 2, cacheWrite5m: 4, cacheWrite1h: 8, audioInput: 16 };
    const images = { audioCacheRead: 32, imageInput: 64, imageCacheRead: 128 };
    const output = { output: 256, audioOutput: 512, imageOutput: 1024 };
    expect(inputTotal(counts({ ...input, ...images, ...output }))).toBe(255);
  });
});

describe('laterLines', () => {
  it('keeps lines and fees that the later report leaves out', () => {
    const earlier = [line({ input: 5 }, { fees: { webSearch: 2 } }), line({ output: 9 })];
    const later = [line({ input: 5, output: 1 }, { fees: { webSearch: 1, codeSession: 1 } })];
    expect(laterLines(earlier, later)).toEqual([
      line({ input: 5, output: 1 }, { fees: { webSearch: 2, codeSession: 1 } }),
      line({ output: 9 }),
    ]);
    expect(laterLines([], later)).toEqual(later);
  });
});
