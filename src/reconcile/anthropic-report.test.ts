import { describe, expect, it } from 'vitest';
import { readAnthropicCosts, readAnthropicUsage } from './anthropic-report.ts';
import { ReportError } from './report-error.ts';

// The example of the API reference, "Get Cost Report", with its pages ended.
const COST = {
  amount: '123.78912',
  context_window: '0-200k',
  cost_type: 'tokens',
  currency: 'USD',
  description: 'Claude Opus 5 Usage - Input Tokens',
  inference_geo: 'global',
  model: 'claude-opus-5',
  service_tier: 'standard',
  token_type: 'uncached_input_tokens',
  workspace_id: 'wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ',
};

const USAGE = {
  uncached_input_tokens: 1_500,
  cache_creation: { ephemeral_1h_input_tokens: 1_000, ephemeral_5m_input_tokens: 500 },
  cache_read_input_tokens: 200,
  output_tokens: 400,
  server_tool_use: { web_search_requests: 10 },
  model: 'claude-opus-5',
  api_key_id: null,
  workspace_id: null,
  service_tier: 'standard',
  context_window: '0-200k',
};

const span = (results: readonly unknown[], day = '2025-08-01', next = '2025-08-02') => ({
  starting_at: `${day}T00:00:00Z`,
  ending_at: `${next}T00:00:00Z`,
  results,
});
const page = (...data: readonly unknown[]) => ({ data, has_more: false, next_page: null });

const fault = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

describe('the Anthropic cost report', () => {
  it('is in cents: the documented example is $1.2378912', () => {
    expect(readAnthropicCosts(page(span([COST])))).toEqual([
      {
        day: '2025-08-01',
        provider: 'anthropic',
        model: 'claude-opus-5',
        nanoUsd: 1_237_891_200,
      },
    ]);
  });

  it('adds classes and workspaces up exactly, and rounds up once', () => {
    const third = { ...COST, amount: '0.00000003333333333333' };
    expect(readAnthropicCosts(page(span([third, third, third])))).toMatchObject([{ nanoUsd: 1 }]);
    expect(readAnthropicCosts(page(span([{ ...COST, amount: '0.1' }, COST])))).toMatchObject([
      { nanoUsd: 1_238_891_200 },
    ]);
  });

  it('keeps what is billed beside models apart', () => {
    const search = { ...COST, cost_type: 'web_search', model: null, token_type: null, amount: '1' };
    expect(readAnthropicCosts(page(span([search])))).toMatchObject([
      { model: '(web_search)', nanoUsd: 10_000_000 },
    ]);
  });

  it('reads pages as text or parsed, one or many, and refuses a part as the whole', () => {
    const first = { ...page(span([COST])), has_more: true, next_page: 'page_2' };
    const second = page(
      span([COST], '2025-08-02', '2025-08-03'),
      span([], '2025-08-03', '2025-08-04'),
    );
    const pages = [JSON.stringify(first), second];
    expect(readAnthropicCosts(pages).map(({ day }) => day)).toEqual(['2025-08-01', '2025-08-02']);
    expect(fault(() => readAnthropicCosts(first))).toMatchObject({
      code: 'REPORT_INVALID',
      field: 'has_more',
    });
  });

  it.each([
    ['a unit other than dollars', { currency: 'EUR' }, 'currency'],
    ['an amount as a number of digits', { amount: '1,000.00' }, 'amount'],
    ['a negative amount', { amount: '-5' }, 'amount'],
    ['a cost that nobody knows', { cost_type: 'snacks' }, 'cost_type'],
    ['a report that is not grouped', { cost_type: null, model: null }, 'cost_type'],
    ['tokens of no model', { model: null }, 'model'],
    ['a field that nobody knows', { discount: '0.5' }, 'discount'],
  ])('refuses %s, and names the row', (_what, change, field) => {
    const error = fault(() => readAnthropicCosts(page(span([COST, { ...COST, ...change }]))));
    expect(error).toBeInstanceOf(ReportError);
    expect(error).toMatchObject({ code: 'REPORT_INVALID', row: 2, field });
    expect(String(error)).toContain('Anthropic cost report, row 2');
  });

  it.each([
    [span([COST], '2025-08-01', '2025-08-03'), 'ending_at'],
    [{ ...span([COST]), starting_at: '2025-08-01T00:00:00+02:00' }, 'starting_at'],
    [{ ...span([COST]), starting_at: undefined }, 'starting_at'],
    [{ ...span([COST]), results: {} }, 'results'],
    ['a text', 'row'],
  ])('refuses a span that is not within one UTC day, or none (%#)', (one, field) => {
    expect(fault(() => readAnthropicCosts(page(one)))).toMatchObject({ row: 1, field });
  });

  it.each([null, 1, 'not JSON', '[]', {}, { data: {} }, [], { ...page(), extra: 1 }])(
    'refuses what is no page: %j',
    (value) => {
      expect(fault(() => readAnthropicCosts(value))).toMatchObject({ code: 'REPORT_INVALID' });
    },
  );
});

describe('the Anthropic usage report', () => {
  it('counts tokens by class, and neither money nor calls', () => {
    expect(readAnthropicUsage(page(span([USAGE, USAGE])))).toEqual([
      {
        day: '2025-08-01',
        provider: 'anthropic',
        model: 'claude-opus-5',
        tokens: {
          input: 3_000,
          cacheRead: 400,
          cacheWrite5m: 1_000,
          cacheWrite1h: 2_000,
          output: 800,
        },
      },
    ]);
  });

  it('puts spans of hours into their day', () => {
    const hour = { starting_at: '2025-08-01T22:00:00Z', ending_at: '2025-08-01T23:00:00Z' };
    const last = { starting_at: '2025-08-01T23:00:00Z', ending_at: '2025-08-02T00:00:00Z' };
    const rows = readAnthropicUsage(
      page({ ...hour, results: [USAGE] }, { ...last, results: [USAGE] }),
    );
    expect(rows).toMatchObject([{ day: '2025-08-01', tokens: { output: 800 } }]);
  });

  it.each([
    [{ model: null }, 'model'],
    [{ output_tokens: -1 }, 'output_tokens'],
    [{ output_tokens: 1.5 }, 'output_tokens'],
    [{ output_tokens: undefined }, 'output_tokens'],
    [{ cache_creation: 12 }, 'row'],
    [{ cache_creation: { ephemeral_2h_input_tokens: 1 } }, 'ephemeral_2h_input_tokens'],
    [{ thinking_tokens: 1 }, 'thinking_tokens'],
  ])('refuses figures that cannot be meant, and names the row (%#)', (change, field) => {
    const error = fault(() => readAnthropicUsage(page(span([USAGE, { ...USAGE, ...change }]))));
    expect(error).toMatchObject({ code: 'REPORT_INVALID', row: 2, field });
  });
});
