import { describe, expect, it } from 'vitest';
import { baselineField, baselineText, checkSameTerms, type Baseline } from './baseline.ts';
import { compare, readPercent } from './compare.ts';

const TERMS = {
  seed: 1,
  days: 1,
  runs: 200,
  calls_per_day: null,
  customers: null,
  customer_skew: 1,
};
const TEN_PERCENT = 100_000;

/** Features by name, each of 10 calls; the total is their sum. */
const baseline = (features: Readonly<Record<string, number>>): Baseline => ({
  terms: TERMS,
  calls_per_day: 10 * Object.keys(features).length,
  mean_nano_usd: Object.values(features).reduce((sum, cost) => sum + cost, 0),
  groups: Object.entries(features).map(([value, cost]) => ({
    dimension: 'feature',
    value,
    calls_per_day: 10,
    mean_nano_usd: cost,
  })),
});

const overs = (before: Baseline, after: Baseline) =>
  compare(before, after, TEN_PERCENT)
    .changes.filter(({ is_over: isOver }) => isOver)
    .map(({ dimension, value }) => `${dimension} ${value}`.trim());

describe('a forecast beside its baseline', () => {
  it('may rise by exactly what is allowed, and by no nano-dollar more', () => {
    const before = baseline({ chat: 1_000_000_007 });
    // 10 % of 1,000,000,007 is 100,000,000.7.
    expect(overs(before, baseline({ chat: 1_100_000_007 }))).toEqual([]);
    expect(overs(before, baseline({ chat: 1_100_000_008 }))).toEqual(['total', 'feature chat']);
    expect(compare(before, baseline({ chat: 1_100_000_008 }), TEN_PERCENT).is_over).toBe(true);
  });

  it('is exact where floating point is not', () => {
    const before = baseline({ chat: 9_000_000_000_000_000 / 2 });
    const allowed = (before.mean_nano_usd / 10) * 11;
    expect(overs(before, baseline({ chat: allowed }))).toEqual([]);
    expect(overs(before, baseline({ chat: allowed + 1 }))).toContain('total');
  });

  it('names a feature that became dearer under a total that did not', () => {
    const before = baseline({ chat: 1_000, search: 1_000 });
    expect(overs(before, baseline({ chat: 1_300, search: 600 }))).toEqual(['feature chat']);
  });

  it('does not hold cents of a small feature against it, unless the total rises', () => {
    const before = baseline({ chat: 100_000, tiny: 100 });
    expect(overs(before, baseline({ chat: 100_000, tiny: 900 }))).toEqual([]);
    expect(overs(before, baseline({ chat: 100_000, tiny: 1_200 }))).toEqual(['feature tiny']);
  });

  it('shows what is new or gone, and counts it in the total', () => {
    const { changes, is_over: isOver } = compare(
      baseline({ chat: 1_000 }),
      baseline({ search: 1_050 }),
      TEN_PERCENT,
    );
    expect(isOver).toBe(false);
    expect(
      changes.map(({ value, before, after }) => [value, before === null, after === null]),
    ).toEqual([
      ['', false, false],
      ['search', true, false],
      ['chat', false, true],
    ]);
    expect(overs(baseline({ chat: 1_000 }), baseline({ chat: 1_000, search: 200 }))).toEqual([
      'total',
    ]);
  });

  it('is over where anything came out of nothing', () => {
    expect(overs(baseline({ chat: 0 }), baseline({ chat: 1 }))).toContain('total');
  });

  it('leaves out what did not change', () => {
    const same = baseline({ chat: 1_000, search: 500 });
    const { changes, is_over: isOver } = compare(same, same, 0);
    expect(changes.map(({ dimension }) => dimension)).toEqual(['total']);
    expect(isOver).toBe(false);
  });
});

describe('the file of a baseline', () => {
  it('is read back as it was written, one group a line', () => {
    const written = baseline({ chat: 1_000, 'a "b"\n': 3 });
    const text = baselineText(written);
    expect(baselineField.read(JSON.parse(text), 'baseline')).toEqual({
      kind: 'hardcap-cost-baseline',
      version: 1,
      ...written,
    });
    expect(text.split('\n').filter((line) => line.includes('"dimension"'))).toHaveLength(2);
  });

  it('is not compared with a forecast that was asked for otherwise', () => {
    expect(() => checkSameTerms(TERMS, TERMS)).not.toThrow();
    const other = { ...TERMS, calls_per_day: 20_000 };
    expect(() => checkSameTerms(TERMS, other)).toThrow(/no --calls-per-day.*--calls-per-day 20000/);
    expect(() => checkSameTerms({ ...TERMS, seed: 2 }, TERMS)).toThrow(/--seed 2/);
  });
});

describe('a percentage', () => {
  it.each([
    ['10%', 100_000],
    ['0%', 0],
    ['2.5%', 25_000],
    ['0.0001%', 1],
  ])('%s', (text, ppm) => {
    expect(readPercent('max-increase', text)).toBe(ppm);
  });

  it.each(['10', '-1%', '1e3%', '%', '10 %', ''])('%j is none', (text) => {
    expect(() => readPercent('max-increase', text)).toThrow(/Say --max-increase 10%/);
  });
});
