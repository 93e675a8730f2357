import { describe, expect, it } from 'vitest';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { reconcile } from './compare.ts';
import { driftEvents, proposeAdjusts } from './propose.ts';
import type { SpendRow } from './row.ts';

const AT = Date.UTC(2026, 10, 17);

const row = (usd: number, own: Partial<SpendRow> = {}): SpendRow => ({
  day: '2026-11-16',
  provider: 'openai',
  model: 'gpt-4o',
  tokens: { input: tokens(10_000)! },
  nanoUsd: nanoUsd(usd)!,
  calls: calls(10)!,
  ...own,
});

const found = (ours: readonly SpendRow[], theirs: readonly SpendRow[]) =>
  reconcile(ours, theirs, { thresholdPercent: 1 });

const proposing = {
  who: 'nightly',
  at: AT,
  accountsOf: ({ model }: { readonly model: string }) => [
    { cap: 'global/day', scope: 'global' },
    { cap: 'model/day', scope: `model:${model}` },
  ],
};

describe('events', () => {
  it('a price that changed is `price-changed`, anything else `report-differs`', () => {
    const many = found(
      [row(1_000_000), row(1_000_000, { model: 'gpt-5' })],
      [
        row(7_500_000),
        row(1_000_000, { model: 'gpt-5', calls: calls(11)! }),
        row(5, { model: 'o3' }),
      ],
    );
    expect(driftEvents(many, AT)).toEqual([
      {
        at: AT,
        id: null,
        kind: 'price-changed',
        message:
          '2026-11-16 openai gpt-4o: billed at 7.5 times the price card; ' +
          '+6500000 nano-dollars (+650 %).',
      },
      {
        at: AT,
        id: null,
        kind: 'report-differs',
        message: '2026-11-16 openai gpt-5: 1 calls missing in the books.',
      },
      {
        at: AT,
        id: null,
        kind: 'report-differs',
        message: '2026-11-16 openai o3: billed, and never seen by the books; +5 nano-dollars.',
      },
    ]);
  });

  it('none of a clean day', () => {
    expect(driftEvents(found([row(1_000_000)], [row(1_000_000)]), AT)).toEqual([]);
  });
});

describe('proposals', () => {
  it('bring each account to what was billed, once however often they are made', () => {
    const differing = found([row(1_000_000)], [row(7_500_000, { calls: calls(12)! })]);
    const orders = proposeAdjusts(differing, proposing);
    expect(orders).toMatchObject([
      {
        id: 'reconcile 2026-11-16 openai gpt-4o global/day global',
        at: AT,
        who: 'nightly',
        cap: 'global/day',
        scope: 'global',
        nano_usd: 6_500_000,
        calls: 2,
      },
      { cap: 'model/day', scope: 'model:gpt-4o', nano_usd: 6_500_000 },
    ]);
    expect(orders[0]?.reason).toContain('2 calls missing in the books');
    expect(orders[0]).not.toHaveProperty('tokens');
    expect(proposeAdjusts(differing, proposing)).toEqual(orders);
  });

  it('never lower the books unless that is asked for', () => {
    const less = found([row(1_000_000)], [row(500_000, { calls: calls(5)! })]);
    expect(proposeAdjusts(less, proposing)).toEqual([]);
    expect(proposeAdjusts(less, { ...proposing, mayLower: true })).toMatchObject([
      { nano_usd: -500_000, calls: -5 },
      { nano_usd: -500_000, calls: -5 },
    ]);
  });

  it('none within the threshold, nor where a side knows no money', () => {
    const near = found([row(1_000_000)], [row(1_010_000)]);
    const counted = found([row(1_000_000)], [{ ...row(0), nanoUsd: undefined, calls: calls(99)! }]);
    expect(proposeAdjusts(near, proposing)).toEqual([]);
    expect(proposeAdjusts(counted, proposing)).toEqual([]);
  });
});
