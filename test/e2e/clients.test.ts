import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText } from 'ai';
import { describe, expect, it } from 'vitest';
import { guardedFetch, type BudgetGuardConfig } from '../../src/index.ts';
import { CLAUDE, GPT, openStage, rejection, type Stage } from './harness.ts';

const ROOMY: BudgetGuardConfig = { global_cap_per_day_usd: 1_000 };
const SHUT: BudgetGuardConfig = { global_cap_per_day_usd: 0 };
const PROMPT = 'Hello';
const MAX_TOKENS = 100;

/** How often each client asked the guard to send something for one call of its user. */
function counted(stage: Stage, provider: 'anthropic' | 'openai') {
  const send = guardedFetch(stage.guard, { provider });
  let attempts = 0;
  return {
    fetch: ((input, init) => {
      attempts += 1;
      return send(input, init);
    }) as typeof globalThis.fetch,
    attempts: () => attempts,
  };
}

type Counted = ReturnType<typeof counted>;

interface Client {
  readonly name: string;
  readonly provider: 'anthropic' | 'openai';
  readonly use: (stage: Stage, tap: Counted) => PromiseLike<unknown>;
}

const key = { apiKey: 'test' };

const clients: readonly Client[] = [
  {
    name: 'AI SDK generateText, @ai-sdk/anthropic',
    provider: 'anthropic',
    use: (stage, { fetch }) => {
      const model = createAnthropic({ ...key, baseURL: `${stage.emulator.url}/v1`, fetch })(CLAUDE);
      return generateText({ model, prompt: PROMPT, maxOutputTokens: MAX_TOKENS });
    },
  },
  {
    name: 'AI SDK generateText, @ai-sdk/openai chat',
    provider: 'openai',
    use: (stage, { fetch }) => {
      const model = createOpenAI({ ...key, baseURL: stage.emulator.openaiUrl, fetch }).chat(GPT);
      return generateText({ model, prompt: PROMPT, maxOutputTokens: MAX_TOKENS });
    },
  },
  {
    name: 'AI SDK generateText, @ai-sdk/openai responses',
    provider: 'openai',
    use: (stage, { fetch }) => {
      const model = createOpenAI({ ...key, baseURL: stage.emulator.openaiUrl, fetch }).responses(
        GPT,
      );
      return generateText({ model, prompt: PROMPT, maxOutputTokens: MAX_TOKENS });
    },
  },
  {
    name: 'AI SDK streamText, @ai-sdk/anthropic',
    provider: 'anthropic',
    use: async (stage, { fetch }) => {
      const model = createAnthropic({ ...key, baseURL: `${stage.emulator.url}/v1`, fetch })(CLAUDE);
      let failure: unknown;
      const stream = streamText({
        model,
        prompt: PROMPT,
        maxOutputTokens: MAX_TOKENS,
        onError: ({ error }) => void (failure = error),
      });
      for await (const part of stream.textStream) void part;
      if (failure !== undefined) throw failure;
    },
  },
  {
    name: 'LangChain ChatAnthropic',
    provider: 'anthropic',
    use: (stage, { fetch }) =>
      new ChatAnthropic({
        ...key,
        model: CLAUDE,
        maxTokens: MAX_TOKENS,
        clientOptions: { baseURL: stage.emulator.url, fetch },
      }).invoke(PROMPT),
  },
  {
    name: 'LangChain ChatOpenAI',
    provider: 'openai',
    use: (stage, { fetch }) =>
      new ChatOpenAI({
        ...key,
        model: GPT,
        maxTokens: MAX_TOKENS,
        configuration: { baseURL: stage.emulator.openaiUrl, fetch },
      }).invoke(PROMPT),
  },
];

describe.each(clients)('$name on guardedFetch', ({ provider, use }) => {
  it('is held, metered and settled', async () => {
    const stage = await openStage(ROOMY, { reply: { outputTokens: 20 } });
    const tap = counted(stage, provider);
    await use(stage, tap);
    expect(tap.attempts()).toBe(1);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['complete']);
  });

  it('spends exactly one attempt on a refusal', async () => {
    const stage = await openStage(SHUT);
    const tap = counted(stage, provider);
    await rejection(use(stage, tap));
    expect(tap.attempts()).toBe(1);
    expect(stage.refused.map((event) => event.code)).toEqual(['BUDGET_CAP']);
    expect(stage.emulator.requestCount).toBe(0);
  });
});

describe.each([
  [
    '@anthropic-ai/sdk 1.x',
    (stage: Stage) => stage.anthropic({ maxRetries: 2 }).messages.create(claude),
  ],
  [
    '@anthropic-ai/sdk 0.122',
    (stage: Stage) => stage.anthropic0({ maxRetries: 2 }).messages.create(claude),
  ],
  ['openai 6.49', (stage: Stage) => stage.openai({ maxRetries: 2 }).chat.completions.create(gpt)],
  ['openai 7', (stage: Stage) => stage.openai7({ maxRetries: 2 }).chat.completions.create(gpt)],
] as const)('%s with its default retries', (_name, use) => {
  it('spends exactly one attempt on a refusal', async () => {
    const stage = await openStage(SHUT);
    const started = Date.now();
    await rejection(use(stage));
    expect(stage.refused).toHaveLength(1);
    expect(stage.emulator.requestCount).toBe(0);
    expect(Date.now() - started, 'milliseconds: no back-off was slept').toBeLessThan(400);
  });
});

const messages = [{ role: 'user' as const, content: PROMPT }];
const claude = { model: CLAUDE, max_tokens: MAX_TOKENS, messages };
const gpt = { model: GPT, max_completion_tokens: MAX_TOKENS, messages };
