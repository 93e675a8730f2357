import { describe, expect, it } from 'vitest';
import { epochMs } from '../units/time.ts';
import { readConfig } from '../policy/read-config.ts';
import { createPriceBook } from './price-book.ts';
import type { PriceCard } from './price-card.ts';

const day = (date: string) => epochMs(Date.parse(`${date}T00:00:00Z`))!;
const NOW = day('2026-11-21');
const book = createPriceBook();
const find = (provider: string, model: string, at = NOW) => book.find(provider, model, at);

describe('price book: exact match only', () => {
  it('finds a listed id of its own provider', () => {
    expect(find('anthropic', 'claude-sonnet-4-5')?.model).toBe('claude-sonnet-4-5');
    expect(find('openai', 'claude-sonnet-4-5')).toBeUndefined();
    expect(find('google', 'gemini-3-pro')).toBeUndefined();
  });

  it('never prices by a prefix', () => {
    for (const model of [
      'claude-sonnet-5-6',
      'claude-sonnet-5-',
      'claude-sonnet',
      'claude-opus-5-9',
    ]) {
      expect(find('anthropic', model), model).toBeUndefined();
    }
    for (const model of ['gpt-4o-mini-x', 'gpt-4', 'gpt-5.4-ultra', 'gpt-6', 'GPT-4o', 'gpt-4o ']) {
      expect(find('openai', model)?.model ?? model, model).toBe(model);
    }
    expect(find('openai', 'gpt-4o-mini')?.rates.input).not.toBe(
      find('openai', 'gpt-4o')?.rates.input,
    );
    expect(find('openai', 'gpt-5.4-ultra')).toBeUndefined();
  });

  it('does not mistake the names of object methods for models', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(find('anthropic', name)).toBeUndefined();
      expect(find(name, 'gpt-4o')).toBeUndefined();
    }
  });

  it('prices a dated snapshot of a listed id, in both spellings', () => {
    expect(find('anthropic', 'claude-haiku-5-5-20261007')?.model).toBe('claude-haiku-5-5');
    expect(find('openai', 'gpt-6-sol-2026-09-22')?.model).toBe('gpt-6-sol');
  });

  it('takes a listed snapshot before its base: it may have another price', () => {
    expect(find('openai', 'gpt-4o-2024-05-13')?.rates.input).toBe(5_000_000);
    expect(find('openai', 'gpt-4o')?.rates.input).toBe(2_500_000);
  });

  it.each([
    'gpt-4o-20241340', // no such month
    'gpt-4o-2025-02-29', // no such day
    'gpt-4o-2024-0806', // two spellings mixed
    'gpt-4o-2027-01-01', // not made yet
    'gpt-4o-0806',
    'gpt-9-2025-01-01', // base not listed
    'chatgpt-4o-latest-2025-01-01', // an alias has no snapshots
    'gpt-4o-2024-08-06-2025-01-01', // a snapshot of a snapshot
    'gpt-4o-2025-01-01-preview',
  ])('refuses %s', (model) => {
    expect(find('openai', model)).toBeUndefined();
  });

  it('refuses `-latest` unless that alias is listed', () => {
    expect(find('openai', 'chatgpt-4o-latest')?.model).toBe('chatgpt-4o-latest');
    expect(find('openai', 'gpt-4o-latest')).toBeUndefined();
  });
});

describe('price book: dates', () => {
  it('gives the rates in force at the time', () => {
    expect(find('openai', 'o3', day('2025-06-09'))?.rates.input).toBe(10_000_000);
    expect(find('openai', 'o3', day('2025-06-10'))?.rates.input).toBe(2_000_000);
    expect(find('anthropic', 'claude-opus-4-6', day('2026-03-12'))?.longContext).toBeDefined();
    expect(find('anthropic', 'claude-opus-4-6', day('2026-03-13'))?.longContext).toBeUndefined();
  });

  it('knows no price before the first one, nor for a snapshot made before it', () => {
    const [base] = [find('openai', 'gpt-4o')!];
    const card: PriceCard = { ...base, model: 'm', effectiveFrom: day('2026-01-01') };
    const own = createPriceBook({ cards: [card] });
    expect(own.find('openai', 'm', day('2025-12-31'))).toBeUndefined();
    expect(own.find('openai', 'm', day('2026-01-01'))).toBe(card);
    expect(own.find('openai', 'm-2026-01-02', NOW)).toBe(card);
    expect(own.find('openai', 'm-2025-12-31', NOW)).toBeUndefined();
  });

  it('gives the newest of several cards whatever their order', () => {
    const base = find('openai', 'gpt-4o')!;
    const old: PriceCard = { ...base, model: 'm', source: 'old' };
    const recent: PriceCard = { ...old, effectiveFrom: day('2026-06-01'), source: 'new' };
    for (const cards of [
      [old, recent],
      [recent, old],
    ]) {
      const own = createPriceBook({ cards });
      expect(own.find('openai', 'm', NOW)?.source).toBe('new');
      expect(own.find('openai', 'm', day('2026-05-31'))?.source).toBe('old');
    }
  });

  it('tells its age in whole days', () => {
    const own = createPriceBook({ cards: [], at: day('2026-10-01') });
    expect(own.ageDays(day('2026-11-21'))).toBe(51);
    expect(own.ageDays(day('2026-09-01'))).toBe(0);
    expect(book.ageDays(book.generatedAt)).toBe(0);
  });
});

describe('price book: overrides', () => {
  const overrides = readConfig({
    caps: [],
    prices: [
      { provider: 'openai', model: 'gpt-4o', usdPerMillion: { input: 1, output: 2 } },
      { provider: 'local', model: 'llama', usdPerMillion: { input: 0, output: 0 } },
    ],
  }).prices;
  const own = createPriceBook({ overrides });

  it('go before the bundled cards and add models', () => {
    expect(own.find('openai', 'gpt-4o', NOW)?.rates).toEqual({
      input: 1_000_000,
      output: 2_000_000,
    });
    expect(own.find('local', 'llama', NOW)?.rates).toEqual({ input: 0, output: 0 });
    expect(own.find('openai', 'gpt-4o-mini', NOW)?.rates.input).toBe(150_000);
  });

  it('do not touch the price of a listed snapshot', () => {
    expect(own.find('openai', 'gpt-4o-2024-08-06', NOW)?.rates.input).toBe(2_500_000);
  });
});
