import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { complete } from '../../scripts/prices/complete.ts';
import { docsOf } from '../../scripts/prices/docs.ts';
import { dataOf, moduleOf } from '../../scripts/prices/emit.ts';
import { joinSources } from '../../scripts/prices/join.ts';
import { applyOverlay, readOverlay } from '../../scripts/prices/overlay.ts';
import { readSources } from '../../scripts/prices/sources.ts';
import { faultsOf } from '../../scripts/prices/validate.ts';
import { tokens } from '../units/count.ts';
import { picoUsd } from '../units/money.ts';
import { PRICE_DATA } from './data/cards.ts';
import { lookupIn } from './data-reader.ts';
import { bundledCards } from './price-book.ts';
import type { PriceCard } from './price-card.ts';

const cards = bundledCards();
const named = (model: string): PriceCard => cards.find((card) => card.model === model)!;

describe('the bundled prices', () => {
  it('are plausible, every one of them', () => {
    expect(cards.length).toBeGreaterThan(150);
    const faults = cards.flatMap((card) =>
      faultsOf(card).map((fault) => `${card.model}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  it('are at most 15 kB compressed', () => {
    const text = readFileSync(new URL('data/cards.ts', import.meta.url));
    expect(gzipSync(text).length).toBeLessThan(15_000);
  });

  it('say where each figure comes from', () => {
    for (const card of cards) expect(card.source, card.model).toMatch(/\(\d{4}-\d{2}-\d{2}\)/);
  });

  it('price input and, but for embeddings, output of every model', () => {
    for (const card of cards) {
      expect(card.rates.input, card.model).toBeGreaterThan(0);
      const hasOutput = card.rates.output !== undefined;
      expect(hasOutput || card.neverBilled?.includes('output') === true, card.model).toBe(true);
    }
  });

  it('have cache rates wherever the provider caches by itself or on request', () => {
    for (const card of cards) {
      expect(card.rates.cacheRead, card.model).toBeDefined();
      expect(card.rates.cacheWrite5m, card.model).toBeDefined();
      if (card.provider === 'anthropic') expect(card.rates.cacheWrite1h, card.model).toBeDefined();
    }
  });

  it('leave out gpt-5-nano at priority, which one source lists at fifty times standard', () => {
    expect(named('gpt-5-nano').priority).toBeUndefined();
  });

  it('set no input maximum where a request may carry many inputs', () => {
    for (const model of ['text-embedding-3-small', 'gpt-3.5-turbo-instruct', 'davinci-002']) {
      expect(named(model).inputTokensMax, model).toBeUndefined();
    }
  });

  it('are what the script makes of its sources: same sources, same bytes', async () => {
    const sources = await readSources();
    const build = () => {
      const { drafts, longPriority } = applyOverlay(
        joinSources(sources, () => undefined),
        readOverlay(),
        () => undefined,
      );
      complete(drafts, longPriority, () => undefined);
      const sourceNames = {
        'genai-prices': PRICE_DATA.sources.find((name) => name.startsWith('@pydantic'))!,
        LiteLLM: PRICE_DATA.sources.find((name) => name.startsWith('LiteLLM (2'))!,
      };
      return dataOf(drafts, { generatedAt: PRICE_DATA.generatedAt, sourceNames });
    };
    const text = moduleOf(build());
    expect(text).toBe(moduleOf(build()));
    expect(text).toBe(readFileSync(new URL('data/cards.ts', import.meta.url), 'utf8'));
    const docs = readFileSync(new URL('../../docs/reference/prices.md', import.meta.url), 'utf8');
    expect(docs).toBe(docsOf(cards, PRICE_DATA));
  });

  it('are expanded once a model', () => {
    const lookup = lookupIn(PRICE_DATA);
    expect(lookup('openai', 'gpt-4o')).toBe(lookup('openai', 'gpt-4o'));
    expect(lookup('openai', 'gpt-4')).not.toBe(lookup('openai', 'gpt-4o'));
  });
});

describe('the rules for prices refuse', () => {
  const card = named('claude-sonnet-4-5');
  const rate = (value: number) => picoUsd(value)!;
  const with_ = (part: Partial<PriceCard['rates']>): PriceCard => ({
    ...card,
    longContext: undefined,
    rates: { ...card.rates, ...part },
  });
  const cases: readonly (readonly [string, PriceCard, RegExp])[] = [
    [
      'a priority price of fifty times the standard one',
      { ...card, priority: { input: rate(150_000_000), output: rate(15_000_000) } },
      /priority input is over 3x/,
    ],
    [
      'a cache write over 2.5 times',
      with_({ cacheWrite5m: rate(7_500_001) }),
      /cache write is over 2.5x/,
    ],
    [
      'an hour write of another model',
      with_({ cacheWrite1h: rate(72_000_000) }),
      /1 h cache write is over/,
    ],
    ['a cache read over the input', with_({ cacheRead: rate(3_000_001) }), /cache read is over 1x/],
    [
      'a batch price over the standard one',
      { ...card, batch: with_({ output: rate(15_000_001) }).rates },
      /batch output is over standard/,
    ],
    [
      'long-context rates under the short ones',
      {
        ...card,
        longContext: {
          ...card.longContext!,
          rates: { ...card.longContext!.rates, output: rate(1) },
        },
      },
      /long output is under/,
    ],
    [
      'a class with a rate at one length only',
      {
        ...card,
        longContext: {
          ...card.longContext!,
          rates: { input: rate(6_000_000), output: rate(22_500_000) },
        },
      },
      /cacheRead has a rate at one length only/,
    ],
    [
      'an output maximum over the context',
      { ...card, outputTokensMax: tokens(1_000_001) },
      /over the context/,
    ],
    ['more than $1000 per million', with_({ input: rate(1_000_000_001) }), /over \$1000/],
    ['a negative price', with_({ output: -1 as never }), /not whole pico-dollars/],
    ['a fraction of a pico-dollar', with_({ output: 0.5 as never }), /not whole pico-dollars/],
    ['no input price', with_({ input: rate(0) }), /no input rate/],
    ['fast mode as a discount', { ...card, fast: { over: 1, under: 2 } }, /fast is not from 1/],
    [
      'a region at eleven times',
      { ...card, geos: { us: { over: 11, under: 1 } } },
      /geo us is not from 1/,
    ],
    ['no source', { ...card, source: '' }, /no source/],
  ];
  it.each(cases)('%s', (_, broken, message) => {
    expect(faultsOf(broken).join('; ')).toMatch(message);
  });

  it('nothing of a good card', () => {
    expect(faultsOf(card)).toEqual([]);
  });
});
