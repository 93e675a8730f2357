import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from './emulator.ts';

const CLAUDE = 'claude-sonnet-4-6';
const MONDAY = Date.UTC(2026, 10, 16, 23, 59, 59);

let emulator: Emulator;
let at = MONDAY;

beforeEach(async () => {
  at = MONDAY;
  const usage = { inputTokens: 1_000, cacheReadTokens: 200, outputTokens: 500, webSearches: 2 };
  emulator = await startEmulator({ reply: { usage }, now: () => at });
});

afterEach(() => emulator.close());

async function ask(model: string, content = 'Hello'): Promise<Response> {
  const isClaude = model.startsWith('claude');
  const path = isClaude ? '/v1/messages' : '/v1/chat/completions';
  const body = { model, max_tokens: 600, messages: [{ role: 'user', content }] };
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  return fetch(`${emulator.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

interface Answered {
  readonly usage: { readonly cost?: number };
  readonly service_tier?: string;
}

const answered = async (response: Response) => (await response.json()) as Answered;

const report = async (path: string): Promise<unknown> =>
  (await fetch(`${emulator.url}${path}`)).json();

describe('the cost report of the Anthropic Admin API', () => {
  it('gives the bill of each UTC day in cents, by model and class, exactly', async () => {
    await ask(CLAUDE);
    at += 2_000;
    await ask(CLAUDE);
    await ask(CLAUDE);
    expect(await report('/v1/organizations/cost_report?group_by[]=description')).toMatchObject({
      data: [
        {
          starting_at: '2026-11-16T00:00:00Z',
          ending_at: '2026-11-17T00:00:00Z',
          results: [
            // 1,000 x $3, 200 x $0.30 and 500 x $15 per million, two searches at $0.01.
            { amount: '0.3', currency: 'USD', token_type: 'uncached_input_tokens', model: CLAUDE },
            { amount: '0.006', token_type: 'cache_read_input_tokens' },
            { amount: '0.75', token_type: 'output_tokens' },
            { amount: '2', cost_type: 'web_search', model: null, token_type: null },
          ],
        },
        {
          starting_at: '2026-11-17T00:00:00Z',
          results: [{ amount: '0.6' }, { amount: '0.012' }, { amount: '1.5' }, { amount: '4' }],
        },
      ],
      has_more: false,
      next_page: null,
    });
  });

  it('bills nobody for being asked, and stays within the span asked for', async () => {
    await ask(CLAUDE);
    at += 2_000;
    await ask(CLAUDE);
    const before = emulator.bill().totalNanoUsd;
    const path = '/v1/organizations/cost_report?starting_at=2026-11-17T00:00:00Z';
    expect(await report(path)).toMatchObject({
      data: [{ starting_at: '2026-11-17T00:00:00Z', results: [{ amount: '3.056', model: null }] }],
    });
    expect(emulator.bill().totalNanoUsd).toBe(before);
  });
});

describe('the usage reports and the costs of OpenAI', () => {
  it('count all input together, and give dollars by line item', async () => {
    await ask('gpt-4o');
    await ask('gpt-4o');
    expect(await report('/v1/organization/usage/completions?group_by=model')).toMatchObject({
      object: 'page',
      data: [
        {
          object: 'bucket',
          start_time: Date.UTC(2026, 10, 16) / 1_000,
          results: [
            {
              object: 'organization.usage.completions.result',
              model: 'gpt-4o',
              num_model_requests: 2,
              input_tokens: 2_400,
              input_cached_tokens: 400,
              output_tokens: 1_000,
            },
          ],
        },
      ],
    });
    expect(await report('/v1/organization/costs?group_by=line_item')).toMatchObject({
      data: [
        {
          results: [
            // 2,000 x $2.50, 400 x $1.25, 1,000 x $10 per million, four searches at $0.01.
            { line_item: 'gpt-4o, input', amount: { value: 0.005, currency: 'usd' } },
            { line_item: 'gpt-4o, cached input', amount: { value: 0.0005 } },
            { line_item: 'gpt-4o, output', amount: { value: 0.01 } },
            { line_item: 'gpt-4o, webSearch', amount: { value: 0.04 } },
          ],
        },
      ],
    });
  });

  it('do not mix providers', async () => {
    await ask(CLAUDE);
    expect(await report('/v1/organization/costs')).toMatchObject({ data: [] });
    expect(await report('/v1/organizations/usage_report/messages')).toMatchObject({
      data: [{ results: [{ uncached_input_tokens: 1_000, output_tokens: 500, model: null }] }],
    });
  });
});

describe('silent repricing', () => {
  const billed = () => emulator.bill().entries.map(({ nanoUsd }) => nanoUsd);

  it('multiplies the bill, and the answer says what it said before', async () => {
    const plain = await answered(await ask(CLAUDE));
    emulator.reprice({ factor: '7.5' });
    const dear = await answered(await ask(CLAUDE));
    expect(dear.usage).toEqual(plain.usage);
    // $0.03056 a call: tokens $0.01056, searches $0.02.
    expect(billed()).toEqual([30_560_000n, 229_200_000n]);
    emulator.reprice(undefined);
    await ask(CLAUDE);
    expect(billed().at(-1)).toBe(30_560_000n);
  });

  it('is decided for each request by a function', async () => {
    emulator.reprice(({ bodyText }) => (bodyText.includes('now') ? { factor: 27 } : undefined));
    await ask(CLAUDE, 'later');
    await ask(CLAUDE, 'now');
    expect(billed()).toEqual([30_560_000n, 27n * 30_560_000n]);
  });

  it('bills at another tier than the answer names', async () => {
    emulator.reprice({ tier: 'priority' });
    const answer = await answered(await ask('gpt-4o'));
    expect(answer.service_tier).toBe('default');
    // 1,000 x $4.25, 200 x $2.125, 500 x $17 per million, and the searches as before.
    expect(billed()).toEqual([33_175_000n]);
  });

  it('states the true cost where it is told to, in body, stream and header', async () => {
    for (const costField of ['usage.cost', 'x-litellm-response-cost'] as const) {
      await using stating = await startEmulator({
        reply: { usage: { inputTokens: 1_000, outputTokens: 500 } },
        repricing: { factor: '2' },
        costField,
      });
      const response = await fetch(`${stating.openaiUrl}/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
      });
      const { usage } = await answered(response);
      const isHeader = costField !== 'usage.cost';
      expect(usage.cost).toBe(isHeader ? undefined : 0.015);
      expect(response.headers.get('x-litellm-response-cost')).toBe(isHeader ? '0.015' : null);
    }
  });
});
