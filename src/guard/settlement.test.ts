import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../providers/provider.ts';
import { BudgetGuard } from './guard.ts';

/** $1 a million tokens in, $2 out: 1,000 and 2,000 nano-dollars a token. */
const PRICES = [
  {
    provider: 'anthropic',
    model: 'house',
    usdPerMillion: { input: 1, output: 2, cacheWrite5m: 1 },
    inputTokensMax: 200_000,
  },
];
const MOST = { inputTokensMax: 100_000, outputTokensMax: 5000 };

/** What is booked when the answer to the request breaks off after `message_start`. */
function breakOff(more: JsonObject, allow: Record<string, typeof MOST> = {}) {
  const guard = new BudgetGuard({
    global_cap_per_day_usd: 1000,
    prices: PRICES,
    assume: { anthropic: { geo: 'global', serviceTier: 'standard' } },
    allow,
  });
  const settled: unknown[] = [];
  guard.on('settled', ({ outcome }) => settled.push(outcome));
  const messages = [{ role: 'user', content: 'Hello' }];
  const body = { model: 'house', max_tokens: 100, stream: true, messages, ...more };
  const reservation = guard.reserve({ provider: 'anthropic', body });
  const held = reservation.quote.amounts.usd;
  const meter = reservation.meter('text/event-stream');
  const usage = { input_tokens: 10, output_tokens: 1 };
  const start = { type: 'message_start', message: { model: 'house', usage } };
  meter.push(new TextEncoder().encode(`data: ${JSON.stringify(start)}\n\n`));
  reservation.finishAt(meter.read());
  const [account] = guard.balance();
  return { settled, held, spent: account?.spent_nano_usd };
}

describe('an answer that broke off', () => {
  it('is booked at its reported input and the bound of its output', () => {
    const { settled, held, spent } = breakOff({});
    expect(settled).toEqual(['partial']);
    expect(spent).toBe(10 * 1_000 + 100 * 2_000);
    expect(held).toBeGreaterThan(spent!);
  });

  const fetching = { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 3 };
  const added = { type: 'tool_addition', tool: { type: 'tool_definition', definition: fetching } };
  it.each<[string, JsonObject, Record<string, typeof MOST>]>([
    ['a tool of the provider', { tools: [fetching] }, {}],
    ['one that joins on the way', { messages: [{ role: 'user', content: [added] }] }, {}],
    ['compaction', { compaction: {} }, { compaction: MOST }],
    ['an allowed field without a rule', { someField: 1 }, { someField: MOST }],
  ])('is booked at the whole bound where the provider may sample again: %s', (_, more, allow) => {
    const { settled, held, spent } = breakOff(more, allow);
    expect(settled).toEqual(['unknown']);
    expect(spent).toBe(held);
  });
});
