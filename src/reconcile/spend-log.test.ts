import { describe, expect, it } from 'vitest';
import type { SettledEvent } from '../guard/events.ts';
import type { UsageLine } from '../meter/usage.ts';
import { tokens } from '../units/count.ts';
import { SpendLog } from './spend-log.ts';

const AT = Date.UTC(2026, 10, 16, 12);

const line = (own: Partial<UsageLine> = {}): UsageLine => ({
  model: 'gpt-4o-2024-08-06',
  tokens: { input: tokens(1_000)!, output: tokens(500)! },
  fees: {},
  serviceTier: 'standard',
  isFast: false,
  geo: undefined,
  ...own,
});

const settled = (own: Partial<SettledEvent> = {}): SettledEvent => ({
  id: 'r1',
  at: AT,
  provider: 'openai',
  model: 'gpt-4o',
  route: 'chat.completions',
  draws: [],
  held_nano_usd: 10_000_000,
  cost_nano_usd: 7_500_000,
  reported_cost_nano_usd: null,
  outcome: 'complete',
  usage: { lines: [line()] },
  reason: null,
  ...own,
});

const logged = (...events: readonly Partial<SettledEvent>[]) => {
  const log = new SpendLog();
  for (const event of events) log.add(settled(event));
  return log;
};

describe('the books’ side', () => {
  it('adds up calls, tokens by class and money by UTC day and model', () => {
    const log = logged(
      {},
      {},
      { at: Date.UTC(2026, 10, 16, 23, 59, 59, 999) },
      { at: Date.UTC(2026, 10, 17) },
    );
    expect(log.rows()).toMatchObject([
      {
        day: '2026-11-16',
        provider: 'openai',
        model: 'gpt-4o',
        calls: 3,
        nanoUsd: 22_500_000,
        tokens: { input: 3_000, output: 1_500 },
      },
      { day: '2026-11-17', calls: 1 },
    ]);
  });

  it('knows what its calls would have cost at each tier of the card', () => {
    // Per million: priority $4.25 and $17, batch $1.25 and $5.
    expect(logged({}, {}).rows()[0]?.servedAs).toMatchObject({
      standard: 15_000_000,
      priority: 25_500_000,
      batch: 7_500_000,
    });
  });

  it('leaves out what was released, and marks what is booked at a bound', () => {
    const log = logged(
      { outcome: 'unsent', cost_nano_usd: 0, usage: null },
      { outcome: 'refused', cost_nano_usd: 0, usage: null },
      {},
      { outcome: 'unknown', cost_nano_usd: 10_000_000, usage: null },
      { outcome: 'partial', cost_nano_usd: 9_000_000 },
    );
    expect(log.rows()).toMatchObject([
      { calls: 3, unmetered: 2, nanoUsd: 26_500_000, tokens: { input: 1_000, output: 500 } },
    ]);
  });

  it('keeps other models of one answer, and fees, on rows of their own, and loses nothing', () => {
    const other = line({ model: 'gpt-4o-mini', fees: { webSearch: 1 } });
    // gpt-4o-mini: 1,000 x $0.15 and 500 x $0.60 per million; a search.
    const log = logged({ usage: { lines: [line(), other] }, cost_nano_usd: 17_950_000 });
    const rows = log.rows();
    expect(rows).toMatchObject([
      { model: 'gpt-4o', calls: 1, nanoUsd: 7_500_000 },
      { model: 'gpt-4o-mini', calls: 0, nanoUsd: 450_000 },
      { model: '(web_search)', nanoUsd: 10_000_000 },
    ]);
    expect(rows.reduce((sum, { nanoUsd = 0 }) => sum + nanoUsd, 0)).toBe(17_950_000);
  });

  it('is the same log again out of its JSON', () => {
    const log = logged({}, { outcome: 'unknown', usage: null });
    const again = new SpendLog({ rows: JSON.parse(JSON.stringify(log)) as unknown[] });
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(log)));
    again.add(settled());
    expect(again.rows()[0]?.calls).toBe(3);
  });

  it('refuses rows that are none', () => {
    expect(() => new SpendLog({ rows: [{ day: 'yesterday' }] })).toThrow(/row 1/);
  });
});
