import { describe, expect, it } from 'vitest';
import { readOpenAICosts, readOpenAIUsage } from './openai-report.ts';

const DAY = Date.UTC(2024, 10, 1) / 1_000;
const span = (results: readonly unknown[], start = DAY, end = DAY + 86_400) => ({
  object: 'bucket',
  start_time: start,
  end_time: end,
  results,
});
const page = (...data: readonly unknown[]) => ({
  object: 'page',
  data,
  has_more: false,
  next_page: null,
});

// The example of the API reference, grouped by line item.
const COST = {
  object: 'organization.costs.result',
  amount: { value: 0.06, currency: 'usd' },
  line_item: 'gpt-4o-2024-08-06, input',
  project_id: null,
};

const USAGE = {
  object: 'organization.usage.completions.result',
  input_tokens: 1_000,
  output_tokens: 500,
  input_cached_tokens: 800,
  input_audio_tokens: 0,
  output_audio_tokens: 0,
  num_model_requests: 5,
  project_id: null,
  user_id: null,
  api_key_id: null,
  model: 'gpt-4o-2024-08-06',
  batch: null,
};

const fault = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

describe('the OpenAI costs report', () => {
  it('is in dollars, by the model of each line item', () => {
    const items = ['gpt-4o-2024-08-06, cached input', 'gpt-4o-2024-08-06, output'];
    const results = [COST, ...items.map((line_item) => ({ ...COST, line_item }))];
    expect(readOpenAICosts(page(span(results)))).toEqual([
      { day: '2024-11-01', provider: 'openai', model: 'gpt-4o-2024-08-06', nanoUsd: 180_000_000 },
    ]);
  });

  it('keeps the whole name of a line item that names no model, and guesses nothing', () => {
    const items = ['web search tool calls', 'assistants api | file search', 'gpt-4o, cache write'];
    const results = items.map((line_item) => ({ ...COST, line_item }));
    expect(readOpenAICosts(page(span(results))).map(({ model }) => model)).toEqual([
      '(web search tool calls)',
      '(assistants api | file search)',
      '(gpt-4o, cache write)',
    ]);
  });

  it.each([
    ['another currency', { amount: { value: 1, currency: 'eur' } }, 'currency'],
    ['no currency', { amount: { value: 1 } }, 'currency'],
    ['a negative amount', { amount: { value: -1, currency: 'usd' } }, 'value'],
    ['a report that is not grouped', { line_item: null }, 'line_item'],
    ['another object', { object: 'organization.credits.result' }, 'object'],
    ['a field that nobody knows', { discount: 1 }, 'discount'],
  ])('refuses %s, and names the row', (_what, change, field) => {
    const error = fault(() => readOpenAICosts(page(span([COST, { ...COST, ...change }]))));
    expect(error).toMatchObject({ code: 'REPORT_INVALID', row: 2, field });
  });

  it('refuses a span of more than a UTC day', () => {
    const week = page(span([COST], DAY, DAY + 7 * 86_400));
    expect(fault(() => readOpenAICosts(week))).toMatchObject({ row: 1, field: 'end_time' });
  });
});

describe('the OpenAI usage report', () => {
  it('takes its totals apart into disjoint classes, and counts calls', () => {
    const all = {
      ...USAGE,
      input_cache_write_tokens: 60,
      input_cache_write_12h_tokens: 20,
      input_audio_tokens: 40,
      input_cached_audio_tokens: 100,
      output_audio_tokens: 50,
    };
    expect(readOpenAIUsage(page(span([all])))).toEqual([
      {
        day: '2024-11-01',
        provider: 'openai',
        model: 'gpt-4o-2024-08-06',
        calls: 5,
        // 1,000 = 100 + (800 - 100) + 40 + 20 + 40 + 100, and 500 = 450 + 50.
        tokens: {
          input: 100,
          cacheRead: 700,
          cacheWrite5m: 40,
          cacheWrite1h: 20,
          audioInput: 40,
          audioCacheRead: 100,
          output: 450,
          audioOutput: 50,
        },
      },
    ]);
  });

  it('reads embeddings, which have no output', () => {
    const embeddings = {
      object: 'organization.usage.embeddings.result',
      input_tokens: 16,
      num_model_requests: 2,
      model: 'text-embedding-3-small',
    };
    expect(readOpenAIUsage(page(span([embeddings])))).toMatchObject([
      { model: 'text-embedding-3-small', calls: 2, tokens: { input: 16 } },
    ]);
  });

  it.each([
    [{ input_cached_tokens: 1_001 }, 'input_tokens'],
    [{ num_model_requests: '5 calls' }, 'num_model_requests'],
    [{ model: null }, 'model'],
    [{ object: 'organization.usage.images.result' }, 'object'],
    [{ input_video_tokens: 1 }, 'input_video_tokens'],
  ])('refuses figures that cannot be meant, and names the row (%#)', (change, field) => {
    const error = fault(() => readOpenAIUsage(page(span([USAGE, { ...USAGE, ...change }]))));
    expect(error).toMatchObject({ code: 'REPORT_INVALID', row: 2, field });
  });
});
