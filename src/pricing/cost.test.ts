import { describe, expect, it } from 'vitest';
import type { UsageBound } from '../estimate/usage-bound.ts';
import type { Usage, UsageLine } from '../meter/usage.ts';
import { epochMs } from '../units/time.ts';
import { NANO_USD_MAX } from '../units/money.ts';
import { tokens } from '../units/count.ts';
import { boundCost, cost } from './cost.ts';
import { createPriceBook } from './price-book.ts';
import type { PriceCard } from './price-card.ts';

const book = createPriceBook();
const AT = epochMs(Date.parse('2026-11-21T12:00:00Z'))!;

function card(provider: string, model: string): PriceCard {
  const found = book.find(provider, model, AT);
  if (found === undefined) throw new Error(`no card for ${provider}/${model}`);
  return found;
}

type Counts = Partial<Record<keyof UsageLine['tokens'], number>>;

function usage(counts: Counts, rest: Partial<Omit<UsageLine, 'tokens'>> = {}): Usage {
  return { lines: [line(counts, rest)] };
}

function line(counts: Counts, rest: Partial<Omit<UsageLine, 'tokens'>> = {}): UsageLine {
  const entries = Object.entries(counts).map(([name, count]) => [name, tokens(count)!]);
  return {
    model: undefined,
    tokens: Object.fromEntries(entries) as UsageLine['tokens'],
    fees: {},
    serviceTier: 'standard',
    isFast: false,
    geo: undefined,
    ...rest,
  };
}

function bill(provider: string, model: string, of: Usage): unknown {
  return cost(of, () => card(provider, model));
}

function bound(part: Partial<UsageBound>): UsageBound {
  return {
    inputTokens: tokens(0)!,
    outputTokens: tokens(0)!,
    inputClasses: ['input'],
    outputClasses: ['output'],
    fees: {},
    serviceTiers: ['standard'],
    mayBeFast: false,
    geos: [],
    maySampleAgain: false,
    ...part,
  };
}

describe('cost: bills worked by hand, in nano-dollars', () => {
  it('adds input, cache read, five-minute write and output of a $3/$15 model to $0.0780', () => {
    // 1,000 x $3/M + 100,000 x $0.30/M + 10,000 x $3.75/M + 500 x $15/M
    const expected = 3_000_000 + 30_000_000 + 37_500_000 + 7_500_000;
    expect(expected).toBe(78_000_000);
    const of = { input: 1_000, cacheRead: 100_000, cacheWrite5m: 10_000, output: 500 };
    expect(bill('anthropic', 'claude-sonnet-4-5', usage(of))).toBe(expected);
    expect(bill('anthropic', 'claude-sonnet-4-6', usage(of))).toBe(expected);
  });

  it('bills a one-hour cache write at twice the input', () => {
    // as above, the write at 10,000 x $6/M
    const of = { input: 1_000, cacheRead: 100_000, cacheWrite1h: 10_000, output: 500 };
    expect(bill('anthropic', 'claude-sonnet-4-5', usage(of))).toBe(
      3_000_000 + 30_000_000 + 60_000_000 + 7_500_000,
    );
  });

  it('bills the cached part of an OpenAI prompt at the cached rate only', () => {
    // a prompt of 10,000 of which 8,000 cached: 2,000 x $2.50/M + 8,000 x $1.25/M + 1,000 x $10/M
    const of = { input: 2_000, cacheRead: 8_000, output: 1_000 };
    expect(bill('openai', 'gpt-4o', usage(of))).toBe(5_000_000 + 10_000_000 + 10_000_000);
  });

  it('bills all of a request at the long rates from 200,001 input tokens, not 200,000', () => {
    // 200,000 x $3/M + 1,000 x $15/M; 200,001 x $6/M + 1,000 x $22.50/M
    const at = (input: number) =>
      bill('anthropic', 'claude-sonnet-4-5', usage({ input, output: 1_000 }));
    expect(at(200_000)).toBe(600_000_000 + 15_000_000);
    expect(at(200_001)).toBe(1_200_006_000 + 22_500_000);
  });

  it('counts cache reads and writes towards the long-context threshold', () => {
    // 1 x $6/M + 100,000 x $0.60/M + 100,000 x $7.50/M
    const of = { input: 1, cacheRead: 100_000, cacheWrite5m: 100_000 };
    expect(bill('anthropic', 'claude-sonnet-4-5', usage(of))).toBe(
      6_000 + 60_000_000 + 750_000_000,
    );
  });

  it('steps over 272,000 for GPT-6 ("more than 272K") and at 272,000 for GPT-5.4 ("<272K")', () => {
    const at = (model: string, input: number) =>
      bill('openai', model, usage({ input, output: 1_000 }));
    // $2/M and $10/M, then $4/M and $15/M
    expect(at('gpt-6-sol', 272_000)).toBe(544_000_000 + 10_000_000);
    expect(at('gpt-6-sol', 272_001)).toBe(1_088_004_000 + 15_000_000);
    // $2.50/M and $15/M, then $5/M and $22.50/M
    expect(at('gpt-5.4', 271_999)).toBe(679_997_500 + 15_000_000);
    expect(at('gpt-5.4', 272_000)).toBe(1_360_000_000 + 22_500_000);
  });

  it('bills the tier that served: batch and flex at half, priority at its own rates', () => {
    const of = { input: 1_000, output: 500 };
    const at = (provider: string, model: string, serviceTier: 'batch' | 'flex' | 'priority') =>
      bill(provider, model, usage(of, { serviceTier }));
    expect(at('anthropic', 'claude-sonnet-4-5', 'batch')).toBe(1_500_000 + 3_750_000);
    expect(at('openai', 'gpt-4o', 'batch')).toBe(1_250_000 + 2_500_000);
    expect(at('openai', 'o4-mini', 'flex')).toBe(550_000 + 1_100_000);
    expect(at('openai', 'gpt-5.4', 'priority')).toBe(5_000_000 + 15_000_000);
    // $12.50/M and $75/M: https://openai.com/api-fast-mode/
    expect(at('openai', 'gpt-5.5', 'priority')).toBe(12_500_000 + 37_500_000);
  });

  it('bills a long request at priority at twice the long rates where that is served', () => {
    const of = usage({ input: 272_001, output: 1_000 }, { serviceTier: 'priority' });
    expect(bill('openai', 'gpt-6-sol', of)).toBe(2_176_008_000 + 30_000_000);
    expect(bill('openai', 'gpt-5.4', of)).toMatchObject({ kind: 'unpriced' });
  });

  it('bills one web search at one cent, whatever the region and speed', () => {
    const of = usage({}, { fees: { webSearch: 1 }, geo: 'us', isFast: true });
    expect(bill('anthropic', 'claude-opus-4-6', of)).toBe(10_000_000);
    expect(bill('openai', 'gpt-5.4', usage({}, { fees: { webSearch: 1 } }))).toBe(10_000_000);
  });

  it('multiplies fast mode and the region exactly, before the one rounding', () => {
    // Opus 4.6: 1,000 x $5/M + 500 x $25/M = 17,500,000; x 6 fast; x 1.1 in the US
    const of = { input: 1_000, output: 500 };
    const at = (rest: Partial<UsageLine>) => bill('anthropic', 'claude-opus-4-6', usage(of, rest));
    expect(at({ isFast: true })).toBe(105_000_000);
    expect(at({ geo: 'us' })).toBe(19_250_000);
    expect(at({ isFast: true, geo: 'us' })).toBe(115_500_000);
    expect(at({ geo: 'global' })).toBe(17_500_000);
  });

  it('bills each model of one answer at its own rates', () => {
    const lines = [
      line({ input: 1_000 }, { model: 'claude-opus-4-6' }),
      line({ output: 1_000 }, { model: 'claude-haiku-4-5' }),
    ];
    // 1,000 x $5/M + 1,000 x $5/M
    const of = cost({ lines }, (model) => card('anthropic', model ?? ''));
    expect(of).toBe(5_000_000 + 5_000_000);
  });
});

describe('cost: rounding and range', () => {
  const pico = (input: number, part: Partial<PriceCard> = {}): PriceCard => ({
    ...card('openai', 'gpt-4o'),
    model: 'test',
    rates: { input, output: input } as PriceCard['rates'],
    ...part,
  });

  it('rounds up once over all lines, not once a line', () => {
    const cheap = pico(400);
    const lines = [line({ input: 1 }), line({ input: 1 }), line({ input: 1 })];
    expect(cost({ lines }, () => cheap)).toBe(2); // 1.2 nano-dollars; a line at a time would give 3
  });

  it('adds fractions of pico-dollars of several lines exactly', () => {
    const third = pico(1, { geos: { x: { over: 4, under: 3 } } });
    const lines = Array.from({ length: 750 }, () => line({ input: 1 }, { geo: 'x' }));
    expect(cost({ lines }, () => third)).toBe(1); // exactly 1,000 pico-dollars
  });

  it('is exact beyond 2^53 pico-dollars and saturates at the largest amount', () => {
    const dear = pico(1_000_000_001);
    // (10^9 + 1) x (10^9 + 1) = 10^18 + 2 x 10^9 + 1 pico-dollars, which no double holds
    expect(cost(usage({ input: 1_000_000_001 }), () => dear)).toBe(1_000_000_002_000_001);
    const most = Number.MAX_SAFE_INTEGER;
    expect(cost(usage({ input: most }), () => dear)).toBe(NANO_USD_MAX);
  });
});

describe('cost: unknown is never zero', () => {
  it('has no price for a model without a card', () => {
    const of = usage({ input: 1 }, { model: 'claude-sonnet-9' });
    const unpriced = cost(of, (model) => book.find('anthropic', model ?? '', AT));
    expect(unpriced).toMatchObject({ kind: 'unpriced', model: 'claude-sonnet-9' });
  });

  it('has no price for a billed class without a rate, and puts no other class in its place', () => {
    const { cacheWrite1h: _, ...rates } = card('anthropic', 'claude-sonnet-4-5').rates;
    const lacking: PriceCard = { ...card('anthropic', 'claude-sonnet-4-5'), rates };
    expect(cost(usage({ cacheWrite1h: 1 }), () => lacking)).toMatchObject({ kind: 'unpriced' });
    expect(cost(usage({ cacheWrite1h: 0, input: 1 }), () => lacking)).toBe(3_000);
  });

  it('has no price for a tier, a fee or a speed that the card lacks', () => {
    const at = (rest: Partial<UsageLine>) =>
      bill('anthropic', 'claude-sonnet-4-5', usage({ input: 1 }, rest));
    expect(at({ serviceTier: 'flex' })).toMatchObject({ kind: 'unpriced' });
    expect(at({ fees: { codeSession: 1 } })).toMatchObject({ kind: 'unpriced' });
    expect(at({ fees: { webSearch: 0.5 } })).toMatchObject({ kind: 'unpriced' });
    expect(at({ isFast: true })).toMatchObject({ kind: 'unpriced' });
  });

  it('prices a tier that was not reported as the caller says', () => {
    const of = usage({ input: 1_000 }, { serviceTier: undefined });
    const gpt = card('openai', 'gpt-5.4');
    expect(cost(of, () => gpt)).toBe(2_500_000);
    expect(cost(of, () => gpt, { serviceTier: 'priority' })).toBe(5_000_000);
  });
});

describe('boundCost: the dearest that the request leaves open', () => {
  const sonnet = card('anthropic', 'claude-sonnet-4-5');
  const gpt = card('openai', 'gpt-5.4');

  it('prices every input token at the dearest open class', () => {
    const of = bound({
      inputTokens: tokens(1_000)!,
      outputTokens: tokens(100)!,
      inputClasses: ['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'],
    });
    // 1,000 x $6/M + 100 x $15/M
    expect(boundCost(of, sonnet)).toBe(6_000_000 + 1_500_000);
  });

  it('takes the long rates when the bound passes the threshold', () => {
    const at = (count: number) =>
      boundCost(bound({ inputTokens: tokens(count)!, outputTokens: tokens(100)! }), sonnet);
    expect(at(200_000)).toBe(600_000_000 + 1_500_000);
    expect(at(200_001)).toBe(1_200_006_000 + 2_250_000);
  });

  it('takes the dearest open tier; a discount lowers it only when nothing else is open', () => {
    const at = (serviceTiers: UsageBound['serviceTiers']) =>
      boundCost(bound({ inputTokens: tokens(1_000)!, serviceTiers }), gpt);
    expect(at(['standard'])).toBe(2_500_000);
    expect(at(['standard', 'priority'])).toBe(5_000_000);
    expect(at(['flex', 'standard', 'batch'])).toBe(2_500_000);
    expect(at(['flex'])).toBe(1_250_000);
  });

  it('leaves out a tier that is not served, and has no price when none is', () => {
    const at = (serviceTiers: UsageBound['serviceTiers']) =>
      boundCost(bound({ inputTokens: tokens(1_000)!, serviceTiers }), card('openai', 'o1'));
    expect(at(['standard', 'priority'])).toBe(15_000_000);
    expect(at(['priority'])).toMatchObject({ kind: 'unpriced' });
    expect(at([])).toMatchObject({ kind: 'unpriced' });
  });

  it('has no price when the only open tier does not serve a request as long as the bound', () => {
    const at = (count: number) =>
      boundCost(bound({ inputTokens: tokens(count)!, serviceTiers: ['priority'] }), gpt);
    expect(at(271_999)).toBe(1_359_995_000);
    expect(at(272_000)).toMatchObject({ kind: 'unpriced', reason: expect.stringMatching(/long/) });
  });

  it('adds fast mode, the dearest region and the most fees', () => {
    const of = bound({
      inputTokens: tokens(1_000)!,
      mayBeFast: true,
      geos: ['global', 'us'],
      fees: { webSearch: 5 },
    });
    // 1,000 x $5/M x 6 x 1.1 + 5 x $0.01
    expect(boundCost(of, card('anthropic', 'claude-opus-4-6'))).toBe(33_000_000 + 50_000_000);
    expect(boundCost(of, sonnet)).toMatchObject({ kind: 'unpriced' });
  });

  it('has no price for an open class without a rate, unless it is never billed', () => {
    const of = bound({ inputTokens: tokens(10)!, inputClasses: ['input', 'audioInput'] });
    expect(boundCost(of, gpt)).toMatchObject({ kind: 'unpriced' });
    expect(boundCost(of, sonnet)).toBe(30_000);
    const only = bound({ inputTokens: tokens(10)!, inputClasses: ['audioInput'] });
    expect(boundCost(only, sonnet)).toMatchObject({ kind: 'unpriced' });
  });

  it('needs no rate for tokens that cannot be billed', () => {
    const embedding = card('openai', 'text-embedding-3-small');
    expect(boundCost(bound({ inputTokens: tokens(1_000)! }), embedding)).toBe(20_000);
  });

  it('is exact beyond 2^53 and saturates', () => {
    const of = (count: number) => bound({ inputTokens: tokens(count)!, outputTokens: tokens(1)! });
    expect(boundCost(of(10_000_000_000), gpt)).toBe(50_000_000_022_500);
    expect(boundCost(of(Number.MAX_SAFE_INTEGER), gpt)).toBe(NANO_USD_MAX);
  });
});
