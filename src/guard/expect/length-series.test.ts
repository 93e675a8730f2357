import { describe, expect, it } from 'vitest';
import { LengthSeries } from './length-series.ts';

function seriesOf(lengths: readonly (number | 'cut')[]): LengthSeries {
  const series = new LengthSeries();
  for (const length of lengths) series.observe(length);
  return series;
}

describe('the lengths of answers of one kind', () => {
  it('knows nothing at first', () => {
    expect(seriesOf([]).upper(0.99)).toBeUndefined();
  });

  it('gives the longest where there are too few for the rank', () => {
    expect(seriesOf([30, 10, 20]).upper(0.99)).toBe(30);
    expect(seriesOf([30, 10, 20]).upper(0.5)).toBe(20);
  });

  it('gives the length of rank (n + 1) x quantile, rounded up', () => {
    const series = seriesOf(Array.from({ length: 199 }, (_, index) => 199 - index));
    // 200 x 0.99 = 198, 200 x 0.95 = 190, 200 x 0.5 = 100.
    expect([0.99, 0.95, 0.5].map((quantile) => series.upper(quantile))).toEqual([198, 190, 100]);
  });

  it('counts a cut answer as longer than any', () => {
    const lengths = Array.from({ length: 199 }, (_, index) => index + 1);
    expect(seriesOf([...lengths, 'cut']).upper(0.99)).toBe(199);
    expect(seriesOf([...lengths, 'cut', 'cut', 'cut']).upper(0.99)).toBeUndefined();
  });

  it('forgets all but the last 512', () => {
    const series = seriesOf(Array.from({ length: 512 }, () => 1_000));
    for (let count = 0; count < 511; count += 1) series.observe(7);
    expect([series.size, series.upper(0.5), series.upper(0.9999)]).toEqual([512, 7, 1_000]);
    series.observe(7);
    expect([series.size, series.upper(0.9999)]).toEqual([512, 7]);
  });

  it('counts a length that is no sensible count as a cut answer', () => {
    expect(seriesOf([2 ** 40]).upper(0.99)).toBeUndefined();
  });
});
