import { describe, expect, it } from 'vitest';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { reconcile } from './compare.ts';
import { readRows, type SpendRow } from './row.ts';

const DAY = '2026-11-16';

interface Plain {
  readonly day?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly input?: number;
  readonly output?: number;
  readonly usd?: number;
  readonly count?: number;
  readonly more?: Partial<SpendRow>;
}

/** 10 calls of 1,000 in and 500 out on gpt-4o: $0.075 by its card, unless said otherwise. */
function booked(plain: Plain = {}): SpendRow {
  const { input = 10_000, output = 5_000, usd = 75_000_000, count = 10 } = plain;
  return {
    day: plain.day ?? DAY,
    provider: plain.provider ?? 'openai',
    model: plain.model ?? 'gpt-4o',
    tokens: { input: tokens(input)!, output: tokens(output)! },
    nanoUsd: nanoUsd(usd)!,
    calls: calls(count)!,
    ...plain.more,
  };
}

const only = (ours: SpendRow, theirs: SpendRow, thresholdPercent: number | string = 1) => {
  const { rows } = reconcile([ours], [theirs], { thresholdPercent });
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

describe('drift', () => {
  it('is what the provider bills more, in percent of what is booked', () => {
    expect(only(booked(), booked({ usd: 76_500_000 }))).toMatchObject({
      driftNanoUsd: 1_500_000,
      driftPercent: '2',
      isOverThreshold: true,
    });
    expect(only(booked(), booked({ usd: 72_000_000 }))).toMatchObject({
      driftNanoUsd: -3_000_000,
      driftPercent: '-4',
      isOverThreshold: true,
    });
  });

  it('is over a threshold only above it, to the nano-dollar', () => {
    // 0.1 % of 75,000,000 is 75,000.
    const at = (more: number) => only(booked(), booked({ usd: 75_000_000 + more }), '0.1');
    expect(at(75_000).isOverThreshold).toBe(false);
    expect(at(75_001).isOverThreshold).toBe(true);
    expect(at(-75_001).isOverThreshold).toBe(true);
  });

  it('is exact where floating point is not', () => {
    // 3 of 9,007,199,254,740,991 is 3.3306690738754696e-14 %: six decimals of it are none.
    const [ours, theirs] = [
      booked({ usd: Number.MAX_SAFE_INTEGER - 3 }),
      booked({ usd: Number.MAX_SAFE_INTEGER }),
    ];
    expect(only(ours, theirs, 0)).toMatchObject({
      driftNanoUsd: 3,
      driftPercent: '0',
      isOverThreshold: true,
    });
  });

  it('is not over where the report itself rounds by more', () => {
    const rounded = booked({ usd: 80_000_000, more: { roundedBy: nanoUsd(5_000_000)! } });
    expect(only(booked(), rounded)).toMatchObject({ isOverThreshold: false, findings: [] });
  });

  it('has no percentage of nothing', () => {
    expect(only(booked({ usd: 0 }), booked({ usd: 5 }))).toMatchObject({
      driftNanoUsd: 5,
      driftPercent: null,
      isOverThreshold: true,
    });
  });

  it.each([-1, Number.NaN, 'a little', '1%'])('takes no threshold of %j', (thresholdPercent) => {
    expect(() => reconcile([], [], { thresholdPercent })).toThrow(/thresholdPercent/);
  });
});

describe('the same tokens at another price', () => {
  it.each([
    ['7.5', 562_500_000],
    ['27', 2_025_000_000],
    ['0.5', 37_500_000],
    ['1.1', 82_500_000],
    ['0', 0],
  ])('%s times the card is named', (factor, usd) => {
    expect(only(booked(), booked({ usd })).findings).toEqual([{ kind: 'multiplier', factor }]);
  });

  it('is named by the same factor where each call was rounded', () => {
    const ours = booked({ usd: 75_000_007 });
    expect(only(ours, booked({ usd: 562_500_003 })).findings).toEqual([
      { kind: 'multiplier', factor: '7.5' },
    ]);
  });

  it('is a reclassified tier where the card has a tier at that price', () => {
    const served = { priority: nanoUsd(127_500_000)!, batch: nanoUsd(37_500_000)! };
    const ours = booked({ more: { servedAs: served } });
    expect(only(ours, booked({ usd: 127_500_000 })).findings).toEqual([
      { kind: 'tier-reclassified', servedAs: 'priority', factor: '1.7' },
    ]);
    expect(only(ours, booked({ usd: 37_500_004 })).findings).toMatchObject([
      { kind: 'tier-reclassified', servedAs: 'batch' },
    ]);
    expect(only(ours, booked({ usd: 130_000_000 })).findings).toMatchObject([
      { kind: 'multiplier' },
    ]);
  });

  it('without token counts in the report is a difference in cost, with what would fit', () => {
    const ours = booked({ more: { servedAs: { priority: nanoUsd(127_500_000)! } } });
    const theirs = { ...booked({ usd: 127_500_000 }), tokens: undefined, calls: undefined };
    expect(only(ours, theirs).findings).toEqual([
      { kind: 'cost-differs', factor: '1.7', wouldFit: ['priority'] },
    ]);
  });
});

describe('other counts', () => {
  it.each([2, 5, 10])('an answer that says a %i-th of the tokens is told by the factor', (k) => {
    const ours = booked({ input: 10_000 / k, output: 5_000 / k, usd: 75_000_000 / k });
    expect(only(ours, booked()).findings).toEqual([
      { kind: 'tokens-differ', factor: String(k), ours: 15_000 / k, theirs: 15_000 },
    ]);
  });

  it('rounded down in each of many calls, they still tell the factor', () => {
    // Ten calls of 1,007 in and 503 out, each divided by 5 and rounded down: 201 and 100.
    const ours = booked({ input: 2_010, output: 1_000, usd: 15_025_000 });
    const theirs = booked({ input: 10_070, output: 5_030, usd: 75_475_000 });
    expect(only(ours, theirs).findings).toMatchObject([{ kind: 'tokens-differ', factor: '5' }]);
  });

  it('at another price besides are two findings', () => {
    const ours = booked({ input: 5_000, output: 2_500, usd: 37_500_000 });
    expect(only(ours, booked({ usd: 225_000_000 })).findings).toEqual([
      { kind: 'tokens-differ', factor: '2', ours: 7_500, theirs: 15_000 },
      { kind: 'multiplier', factor: '3' },
    ]);
  });

  it('of one class only have no common factor', () => {
    expect(only(booked(), booked({ output: 10_000, usd: 125_000_000 })).findings).toEqual([
      { kind: 'tokens-differ', factor: null, ours: 15_000, theirs: 20_000 },
    ]);
  });

  it('a token moved to another class differs, though the sum does not', () => {
    const moved = booked({ input: 8_000, more: {} });
    const theirs = { ...moved, tokens: { ...moved.tokens, cacheRead: tokens(2_000)! } };
    expect(only(booked(), theirs).findings).toMatchObject([
      { kind: 'tokens-differ', factor: null, ours: 15_000, theirs: 15_000 },
    ]);
  });

  it('a call that is missing on one side says no more about prices', () => {
    const fewer = booked({ input: 9_000, output: 4_500, usd: 67_500_000, count: 9 });
    expect(only(booked(), fewer).findings).toEqual(
      [
        { kind: 'calls-missing', missingIn: 'report', calls: 1 },
        { kind: 'tokens-differ', factor: null, ours: 15_000, theirs: 13_500 },
      ].map((finding) =>
        finding.kind === 'tokens-differ' ? { ...finding, factor: '0.9' } : finding,
      ),
    );
    expect(only(fewer, booked()).findings[0]).toEqual({
      kind: 'calls-missing',
      missingIn: 'books',
      calls: 1,
    });
  });

  it('a call booked at its bound keeps anything from being told of prices', () => {
    const ours = booked({ more: { unmetered: calls(1)! } });
    expect(only(ours, booked({ usd: 562_500_000 })).findings).toEqual([
      { kind: 'unmetered', calls: 1 },
    ]);
    expect(only(ours, booked()).findings).toEqual([]);
  });
});

describe('rows on one side only', () => {
  it('are calls that the books or the report miss, or a model nobody booked', () => {
    const ours = [booked(), booked({ day: '2026-11-17' })];
    const theirs = [
      booked({ day: '2026-11-15' }),
      booked(),
      booked({ day: '2026-11-18', model: 'gpt-5' }),
    ];
    const { rows, isClean } = reconcile(ours, theirs, { thresholdPercent: 1 });
    expect(
      rows.map(({ day, model, findings, driftNanoUsd }) => [day, model, driftNanoUsd, findings]),
    ).toEqual([
      [
        '2026-11-15',
        'gpt-4o',
        75_000_000,
        [{ kind: 'calls-missing', missingIn: 'books', calls: 10 }],
      ],
      ['2026-11-16', 'gpt-4o', 0, []],
      [
        '2026-11-17',
        'gpt-4o',
        -75_000_000,
        [{ kind: 'calls-missing', missingIn: 'report', calls: 10 }],
      ],
      ['2026-11-18', 'gpt-5', 75_000_000, [{ kind: 'unknown-model' }]],
    ]);
    expect(isClean).toBe(false);
  });

  it('count only on reported days of reported providers, or on the days that are named', () => {
    const ours = [
      booked({ provider: 'anthropic' }),
      booked({ day: '2026-11-15' }),
      booked(),
      booked({ day: '2026-11-17' }),
    ];
    const days = { first: '2026-11-15', last: '2026-11-16' };
    const daysOf = (found: ReturnType<typeof reconcile>) => found.rows.map(({ day }) => day);
    expect(daysOf(reconcile(ours, [booked()], { thresholdPercent: 1 }))).toEqual([DAY]);
    expect(daysOf(reconcile(ours, [booked()], { thresholdPercent: 1, days }))).toEqual([
      '2026-11-15',
      DAY,
    ]);
  });

  it('what is billed beside models is missed only by a report of money', () => {
    const ours = [
      booked(),
      booked({ model: '(web_search)', input: 0, output: 0, usd: 10_000_000 }),
    ];
    const counts = { ...booked(), nanoUsd: undefined };
    expect(reconcile(ours, [counts], { thresholdPercent: 1 }).rows).toHaveLength(1);
    expect(reconcile(ours, [booked()], { thresholdPercent: 1 }).rows).toHaveLength(2);
  });
});

describe('reports meet', () => {
  it('one of tokens and one of money, and snapshots of one model', () => {
    const counts = { ...booked({ model: 'gpt-4o-2024-08-06' }), nanoUsd: undefined };
    const money = { ...booked({ usd: 562_500_000 }), tokens: undefined, calls: undefined };
    const { rows } = reconcile([booked()], [counts, money], { thresholdPercent: 1 });
    expect(rows).toMatchObject([
      { model: 'gpt-4o', findings: [{ kind: 'multiplier', factor: '7.5' }] },
    ]);
  });

  it('rows survive JSON', () => {
    const rows = [booked({ more: { servedAs: { priority: nanoUsd(1)! } } })];
    const read = readRows(JSON.parse(JSON.stringify(rows)) as unknown[]);
    expect(reconcile(read, rows, { thresholdPercent: 0 })).toEqual(
      reconcile(rows, rows, { thresholdPercent: 0 }),
    );
    expect(reconcile(read, rows, { thresholdPercent: 0 }).isClean).toBe(true);
  });

  it.each([
    [null, 'row'],
    [{ ...booked(), day: '16.11.2026' }, 'day'],
    [{ ...booked(), provider: 1 }, 'provider'],
    [{ ...booked(), model: '' }, 'model'],
    [{ ...booked(), nanoUsd: 0.5 }, 'figures'],
    [{ ...booked(), tokens: { input: -1 } }, 'figures'],
  ])('rows that are none are refused by their number (%#)', (row, field) => {
    expect(() => readRows([booked(), row])).toThrow(
      expect.objectContaining({ code: 'REPORT_INVALID', row: 2, field }),
    );
  });
});
