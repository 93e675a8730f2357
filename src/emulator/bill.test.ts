import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Charge } from './bill.ts';
import { priceNanoUsd, servedTier, sumBill } from './bill.ts';
import { createBooks } from './books.ts';
import type { ModelPrice } from './price.ts';
import { factorOf, picoRates } from './price.ts';
import { DEFAULT_PRICES } from './prices.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, mergeUsage } from './usage.ts';

const charge = (
  model: string,
  usage: Partial<BilledUsage>,
  more: Partial<Charge> = {},
): Charge => ({
  model,
  usage: { ...NO_USAGE, ...usage },
  tier: 'standard',
  isFast: false,
  geo: undefined,
  iterations: [],
  ...more,
});

const price = (given: Charge): bigint => priceNanoUsd(given, DEFAULT_PRICES);

describe('the price of a charge', () => {
  it('is exact far above 2^53 pico-dollars', () => {
    // 10^15 + 1 tokens at 15,000 nano.
    const usage = { outputTokens: 1_000_000_000_000_001 };
    expect(price(charge('claude-sonnet-4-6', usage))).toBe(15_000_000_000_000_015_000n);
  });

  it('charges a class without a rate as its plain kind', () => {
    const writes = { cacheWriteTokens: 10, cacheWrite1hTokens: 10, imageInputTokens: 10 };
    expect(price(charge('gpt-4o', writes))).toBe(30n * 2_500n);
    expect(price(charge('gpt-4o', { imageOutputTokens: 3 }))).toBe(30_000n);
    const image = { inputTokens: 10, imageInputTokens: 10, imageOutputTokens: 10 };
    expect(price(charge('gpt-image-1', image))).toBe(550_000n);
  });

  it('rounds once, over all rounds of an answer together', () => {
    const usage = { ...NO_USAGE, cacheReadTokens: 1 };
    const one = charge('gpt-5-nano', usage, { tier: 'flex' });
    // 2.5 nano-dollars, and 5 for two of them.
    expect(price(one)).toBe(3n);
    expect(price({ ...one, iterations: [{ model: 'gpt-5-nano', usage }] })).toBe(5n);
  });

  it('does not multiply fees by any factor', () => {
    const usage = { webSearches: 2 };
    const more = { tier: 'batch', isFast: true, geo: 'us' } as const;
    expect(price(charge('claude-opus-4-6', usage, more))).toBe(20_000_000n);
  });

  it('a region without a factor and fast mode without one change nothing', () => {
    const usage = { inputTokens: 1_000 };
    const plain = price(charge('claude-sonnet-4-5', usage));
    expect(price(charge('claude-sonnet-4-5', usage, { geo: 'us', isFast: true }))).toBe(plain);
  });

  it('an unknown model throws: it never costs nothing', () => {
    expect(() => price(charge('gpt-none', {}))).toThrow(RangeError);
  });

  it('a tier with rates of its own ends at the long-context step, a factor does not', () => {
    const long = { ...NO_USAGE, inputTokens: 300_000 };
    expect(servedTier(DEFAULT_PRICES['gpt-5.4']!, long, 'priority')).toBe('standard');
    expect(servedTier(DEFAULT_PRICES['gpt-5.4']!, NO_USAGE, 'priority')).toBe('priority');
    expect(servedTier(DEFAULT_PRICES['claude-sonnet-4-5']!, long, 'batch')).toBe('batch');
    // Half of 300,000 x 6,000.
    expect(price(charge('claude-sonnet-4-5', long, { tier: 'batch' }))).toBe(900_000_000n);
  });

  it('is the exact rational cost rounded up by less than one nano-dollar', () => {
    const count = fc.integer({ min: 0, max: 2_000_000 });
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 99_999 }), (input, output, factor) => {
        const own: ModelPrice = {
          provider: 'openai',
          rates: { input: '0.000003', output: '1.234567' },
          fastFactor: `1.${factor}`,
        };
        const usage = { inputTokens: input, outputTokens: output };
        const nano = priceNanoUsd(charge('own', usage, { isFast: true }), { own });
        // Pico-dollars times 10^digits, without a fraction.
        const digits = String(factor).length;
        const scale = 10n ** BigInt(digits);
        const exact = (BigInt(input) * 3n + BigInt(output) * 1_234_567n) * (scale + BigInt(factor));
        const over = nano * 1_000n * scale - exact;
        expect(over >= 0n && over < 1_000n * scale).toBe(true);
      }),
    );
  });
});

describe('the default prices', () => {
  it('are each readable, and no discount is dearer than the plain rate', () => {
    for (const [id, { rates, tiers }] of Object.entries(DEFAULT_PRICES)) {
      const pico = picoRates(rates);
      expect([id, pico.input > 0n]).toEqual([id, true]);
      expect([id, pico.cacheRead <= pico.input]).toEqual([id, true]);
      expect([id, pico.cacheWrite1h >= pico.cacheWrite]).toEqual([id, true]);
      for (const discount of [tiers?.flex, tiers?.batch]) {
        if (discount === undefined || 'factor' in discount) continue;
        expect([id, picoRates(discount.rates).input * 2n]).toEqual([id, pico.input]);
      }
    }
  });

  it('read decimals exactly and refuse what is none', () => {
    expect(factorOf('1.10')).toEqual({ over: 110n, under: 100n });
    expect(factorOf(1e-7)).toEqual({ over: 1n, under: 10_000_000n });
    expect(factorOf('2e3')).toEqual({ over: 2_000n, under: 1n });
    for (const bad of ['', '-1', 'NaN', '1,5', '0x1', Infinity]) {
      expect(() => factorOf(bad)).toThrow(RangeError);
    }
  });
});

describe('books', () => {
  const entry = {
    id: 'msg_1',
    provider: 'anthropic',
    requestIndex: 0,
    at: 0,
    charge: charge('claude-sonnet-4-6', { inputTokens: 1, outputTokens: 10, reasoningTokens: 8 }),
  } as const;

  it('B1. an entry is booked in full when generation begins', () => {
    const books = createBooks(DEFAULT_PRICES, 'generated');
    books.open(entry);
    expect(books.bill()).toMatchObject({ totalNanoUsd: 153_000n, totalUsd: '0.000153' });
    expect(books.bill().entries[0]?.delivery).toBe('pending');
  });

  it('B2. only a broken-off stream under the rule generated lowers an entry', () => {
    const total = (rule: 'full' | 'generated', ...end: ['partial' | 'complete', number?]) => {
      const books = createBooks(DEFAULT_PRICES, rule);
      books.open(entry).close(...end);
      return books.bill().totalNanoUsd;
    };
    expect(total('generated', 'partial', 4)).toBe(63_000n);
    expect(total('generated', 'partial', 99)).toBe(153_000n);
    expect(total('generated', 'partial')).toBe(153_000n);
    expect(total('generated', 'complete', 4)).toBe(153_000n);
    expect(total('full', 'partial', 4)).toBe(153_000n);
  });

  it('an entry that ends after clear() stays forgotten', () => {
    const books = createBooks(DEFAULT_PRICES, 'full');
    const open = books.open(entry);
    books.clear();
    open.close('complete');
    expect(books.bill().entries).toEqual([]);
  });

  it('sum by model and write the total as exact dollars', () => {
    expect(sumBill([]).totalUsd).toBe('0');
    const books = createBooks(DEFAULT_PRICES, 'full');
    books.open(entry);
    books.open({ ...entry, charge: charge('claude-opus-4-5', { outputTokens: 40_000 }) });
    expect(books.bill()).toMatchObject({
      totalUsd: '1.000153',
      byModel: { 'claude-sonnet-4-6': 153_000n, 'claude-opus-4-5': 1_000_000_000n },
    });
  });
});

describe('given usage', () => {
  it('must be whole numbers from 0', () => {
    for (const inputTokens of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => mergeUsage(NO_USAGE, { inputTokens })).toThrow(RangeError);
    }
  });
});
