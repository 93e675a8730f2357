import { describe, expect, it } from 'vitest';
import { BudgetGuard } from '../guard/guard.ts';
import type { DriftEvent } from '../guard/events.ts';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { epochMs } from '../units/time.ts';
import type { SpendRow } from './row.ts';
import { watchPrices } from './watch-prices.ts';

const NOON = Date.UTC(2026, 10, 16, 12);
const CALL_NANO_USD = 7_500_000;

const BODY = {
  model: 'gpt-4o',
  max_completion_tokens: 500,
  messages: [{ role: 'user', content: 'word'.repeat(1_000) }],
};
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 };

/** A guard under a watch, and calls of 1,000 in and 500 out on gpt-4o: $0.0075 by its card. */
function watched() {
  const guard = new BudgetGuard({ global_cap_per_day_usd: 100 }, { clock: () => epochMs(NOON)! });
  const drifts: DriftEvent[] = [];
  guard.on('drift', (event) => drifts.push(event));
  const watching = watchPrices(guard);
  const settle = (cost?: number) => {
    const usage = { ...USAGE, ...(cost === undefined ? {} : { cost }) };
    guard.reserve({ provider: 'openai', body: BODY }).settle({ service_tier: 'default', usage });
  };
  return { guard, drifts, watching, settle };
}

const report = (count: number, factor = 1, day = '2026-11-16'): SpendRow => ({
  day,
  provider: 'openai',
  model: 'gpt-4o',
  tokens: { input: tokens(1_000 * count)!, output: tokens(500 * count)! },
  nanoUsd: nanoUsd(count * CALL_NANO_USD * factor)!,
  calls: calls(count)!,
});

describe('a watch', () => {
  it('hears of a cost in a usage that is settled by hand', () => {
    const { drifts, watching, settle } = watched();
    settle(0.0075);
    expect(drifts).toEqual([]);
    settle(0.2025);
    expect(drifts).toMatchObject([{ kind: 'price-changed', at: NOON }]);
    expect(watching.changes).toMatchObject([{ factor: '27', provider: 'openai', model: 'gpt-4o' }]);
  });

  it('tells nothing more after it is stopped', () => {
    const { drifts, watching, settle } = watched();
    watching.stop();
    settle(0.2025);
    expect(drifts).toEqual([]);
    expect(watching.log.rows()).toEqual([]);
  });

  it('tells the price of what came since the last report, not its mean over the day', () => {
    const { drifts, watching, settle } = watched();
    for (let call = 0; call < 9; call += 1) settle();
    expect(watching.check([report(9)], NOON).isClean).toBe(true);
    settle();
    const both = { ...report(10), nanoUsd: nanoUsd(36 * CALL_NANO_USD)! };
    watching.check([both], NOON);
    expect(drifts.map(({ message }) => message)).toEqual([
      expect.stringContaining('billed at 27 times the price card'),
    ]);
    watching.check([both], NOON);
    expect(drifts).toHaveLength(1);
  });

  it('waits for a report that lags behind', () => {
    const { drifts, watching, settle } = watched();
    for (let call = 0; call < 4; call += 1) settle();
    watching.check([report(3, 27)], NOON);
    expect(drifts).toEqual([]);
    watching.check([report(4, 27)], NOON);
    expect(drifts.map(({ kind }) => kind)).toEqual(['price-changed']);
  });

  it('takes a report of less money for one that lags, until its day is over', () => {
    const { drifts, watching, settle } = watched();
    for (let call = 0; call < 4; call += 1) settle();
    const late = { ...report(4), nanoUsd: nanoUsd(CALL_NANO_USD)! };
    watching.check([late], NOON);
    expect(drifts).toEqual([]);
    watching.check([late], NOON + 86_400_000);
    expect(drifts.map(({ message }) => message)).toEqual([
      expect.stringContaining('billed at 0.25 times the price card'),
    ]);
  });

  it('tells of other counts once the day is over, and once', () => {
    const { drifts, watching, settle } = watched();
    settle();
    const later = NOON + 86_400_000;
    watching.check([report(2)], NOON);
    expect(drifts).toEqual([]);
    watching.check([report(2)], later);
    watching.check([report(3)], later);
    expect(drifts.map(({ kind, message }) => [kind, message])).toEqual([
      ['report-differs', expect.stringContaining('1 calls missing in the books')],
      ['report-differs', expect.stringContaining('3000 tokens reported and 1500 booked')],
    ]);
  });

  it('knows the user’s own prices', () => {
    const price = { provider: 'openai', model: 'gpt-4o', usdPerMillion: { input: 5, output: 20 } };
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1, prices: [price] });
    const { changes, log } = watchPrices(guard);
    const usage = { ...USAGE, cost: 0.015 };
    guard.reserve({ provider: 'openai', body: BODY }).settle({ service_tier: 'default', usage });
    expect(log.rows()).toMatchObject([{ nanoUsd: 15_000_000, servedAs: { standard: 15_000_000 } }]);
    expect(changes).toEqual([]);
  });
});
