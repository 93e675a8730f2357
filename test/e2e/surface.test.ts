import { describe, expect, it } from 'vitest';
import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { BudgetCapError } from '../../src/index.ts';
import { CLAUDE, GPT, openStage, rejection, type Stage } from './harness.ts';

const ROOMY = { global_cap_per_day_usd: 1_000 };
const SHUT = { global_cap_per_day_usd: 0 };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_completion_tokens: 100, messages };

interface Surface {
  readonly name: string;
  /** Attempts that the provider must see when nothing is refused. */
  readonly attempts: number;
  readonly use: (stage: Stage) => Promise<unknown>;
}

async function collect<T>(events: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const toolReply = {
  toolCalls: [{ name: 'add', input: { a: 1, b: 2 } }],
  outputTokens: 20,
};

function anthropicSurfaces(client: (stage: Stage) => Anthropic): readonly Surface[] {
  return [
    {
      name: 'messages.create',
      attempts: 1,
      use: async (stage) => {
        const answer = await client(stage).messages.create(claude);
        expect(answer.type).toBe('message');
      },
    },
    {
      name: 'messages.create({ stream })',
      attempts: 1,
      use: async (stage) => {
        const events = await collect(
          await client(stage).messages.create({ ...claude, stream: true }),
        );
        expect(events.at(0)?.type).toBe('message_start');
        expect(events.at(-1)?.type).toBe('message_stop');
      },
    },
    {
      name: 'messages.stream()',
      attempts: 1,
      use: async (stage) => {
        const stream = client(stage).messages.stream(claude);
        expect(typeof stream.on).toBe('function');
        const seen: string[] = [];
        stream.on('text', (text) => seen.push(text));
        const final = await stream.finalMessage();
        expect(seen.join('')).toBe(
          final.content.map((part) => ('text' in part ? part.text : '')).join(''),
        );
      },
    },
    {
      name: '.withResponse()',
      attempts: 1,
      use: async (stage) => {
        const { data, response } = await client(stage).messages.create(claude).withResponse();
        expect(data.type).toBe('message');
        expect(response.headers.get('request-id')).not.toBeNull();
        expect(response.url).toContain('/v1/messages');
      },
    },
    {
      name: '.asResponse()',
      attempts: 1,
      use: async (stage) => {
        const response = await client(stage).messages.create(claude).asResponse();
        const body = (await response.json()) as { type: string };
        expect(body.type).toBe('message');
      },
    },
    {
      name: 'beta.messages.create',
      attempts: 1,
      use: (stage) => client(stage).beta.messages.create(claude),
    },
    {
      name: 'withOptions() clone',
      attempts: 1,
      use: (stage) => client(stage).withOptions({ maxRetries: 1 }).messages.create(claude),
    },
    {
      name: 'withOptions() clone of a clone, with a fetch of its own',
      attempts: 1,
      use: (stage) =>
        client(stage)
          .withOptions({ timeout: 10_000 })
          .withOptions({ fetch: (input, init) => fetch(input, init) })
          .messages.create(claude),
    },
    {
      name: 'raw client.post()',
      attempts: 1,
      use: (stage) => client(stage).post('/v1/messages', { body: claude }),
    },
  ];
}

const toolRunner: Surface = {
  name: 'beta.messages.toolRunner',
  attempts: 3,
  use: async (stage) => {
    let calls = 0;
    const runner = stage.anthropic().beta.messages.toolRunner({
      ...claude,
      max_iterations: 3,
      tools: [
        {
          type: 'custom',
          name: 'add',
          description: 'Adds',
          input_schema: { type: 'object', properties: { a: { type: 'number' } } },
          parse: (input: unknown) => input,
          run: () => String((calls += 1)),
        },
      ],
    });
    await runner.runUntilDone();
    expect(calls).toBeGreaterThan(0);
  },
};

function openaiSurfaces(client: (stage: Stage) => OpenAI): readonly Surface[] {
  return [
    {
      name: 'chat.completions.create',
      attempts: 1,
      use: async (stage) => {
        const answer = await client(stage).chat.completions.create(gpt);
        expect(answer.choices[0]?.message.role).toBe('assistant');
      },
    },
    {
      name: 'chat.completions.create({ stream }): no chunk without choices reaches the caller',
      attempts: 1,
      use: async (stage) => {
        const chunks = await collect(
          await client(stage).chat.completions.create({ ...gpt, stream: true }),
        );
        expect(chunks.length).toBeGreaterThan(1);
        expect(chunks.every((chunk) => chunk.choices.length > 0)).toBe(true);
      },
    },
    {
      name: 'a stream that asks for usage gets its usage chunk',
      attempts: 1,
      use: async (stage) => {
        const chunks = await collect(
          await client(stage).chat.completions.create({
            ...gpt,
            stream: true,
            stream_options: { include_usage: true },
          }),
        );
        expect(chunks.at(-1)?.choices).toHaveLength(0);
        expect(chunks.at(-1)?.usage?.completion_tokens).toBe(20);
      },
    },
    {
      name: 'chat.completions.stream()',
      attempts: 1,
      use: (stage) => client(stage).chat.completions.stream(gpt).finalChatCompletion(),
    },
    {
      name: 'chat.completions.parse',
      attempts: 1,
      use: async (stage) => {
        const answer = await client(stage).chat.completions.parse({
          ...gpt,
          response_format: zodResponseFormat(z.object({ city: z.string() }), 'place'),
        });
        expect(answer.choices[0]?.message.parsed).toHaveProperty('city');
      },
    },
    {
      name: 'responses.create',
      attempts: 1,
      use: async (stage) => {
        const answer = await client(stage).responses.create({
          model: GPT,
          input: 'Hello',
          max_output_tokens: 100,
        });
        expect(answer.status).toBe('completed');
      },
    },
    {
      name: 'responses.create({ stream })',
      attempts: 1,
      use: async (stage) => {
        const events = await collect(
          await client(stage).responses.create({
            model: GPT,
            input: 'Hello',
            max_output_tokens: 100,
            stream: true,
          }),
        );
        expect(events.at(-1)?.type).toBe('response.completed');
      },
    },
    {
      name: 'responses.stream()',
      attempts: 1,
      use: (stage) =>
        client(stage)
          .responses.stream({ model: GPT, input: 'Hello', max_output_tokens: 100 })
          .finalResponse(),
    },
    {
      name: 'embeddings.create',
      attempts: 1,
      use: async (stage) => {
        const answer = await client(stage).embeddings.create({
          model: 'text-embedding-3-small',
          input: ['one', 'two'],
        });
        expect(answer.data).toHaveLength(2);
      },
    },
    {
      name: '.withResponse()',
      attempts: 1,
      use: async (stage) => {
        const { response } = await client(stage).chat.completions.create(gpt).withResponse();
        expect(response.headers.get('x-request-id')).not.toBeNull();
      },
    },
    {
      name: '.asResponse()',
      attempts: 1,
      use: async (stage) => {
        const response = await client(stage).chat.completions.create(gpt).asResponse();
        expect(((await response.json()) as { object: string }).object).toBe('chat.completion');
      },
    },
    {
      name: 'withOptions() clone',
      attempts: 1,
      use: (stage) => client(stage).withOptions({ maxRetries: 1 }).chat.completions.create(gpt),
    },
    {
      name: 'raw client.post()',
      attempts: 1,
      use: (stage) => client(stage).post('/chat/completions', { body: gpt }),
    },
    {
      name: 'chat.completions.runTools',
      attempts: 3,
      use: async (stage) => {
        const runner = client(stage).chat.completions.runTools(
          {
            ...gpt,
            tools: [
              {
                type: 'function',
                function: {
                  name: 'add',
                  description: 'Adds',
                  parameters: { type: 'object', properties: {} },
                  parse: JSON.parse,
                  function: () => 'more',
                },
              },
            ],
          },
          { maxChatCompletions: 3 },
        );
        await runner.done();
      },
    },
  ];
}

const clients: readonly { readonly sdk: string; readonly surfaces: readonly Surface[] }[] = [
  { sdk: '@anthropic-ai/sdk 1.x', surfaces: anthropicSurfaces((stage) => stage.anthropic()) },
  {
    sdk: '@anthropic-ai/sdk 0.122',
    surfaces: anthropicSurfaces((stage) => stage.anthropic0() as unknown as Anthropic),
  },
  { sdk: 'openai 6.49', surfaces: openaiSurfaces((stage) => stage.openai()) },
  { sdk: 'openai 7', surfaces: openaiSurfaces((stage) => stage.openai7() as unknown as OpenAI) },
  { sdk: '@anthropic-ai/sdk 1.x', surfaces: [toolRunner] },
];

const loops = (surface: Surface) => surface.attempts > 1;
const replyFor = (surface: Surface) => (loops(surface) ? toolReply : { outputTokens: 20 });

describe.each(clients)('$sdk', ({ surfaces }) => {
  it.each(surfaces)('$name: every attempt is held, metered and settled', async (surface) => {
    const isParse = surface.name.endsWith('.parse');
    const stage = await openStage(ROOMY, isParse ? {} : { reply: replyFor(surface) });
    await surface.use(stage);
    expect(stage.emulator.requestCount).toBe(surface.attempts);
    expect(stage.settled.map((event) => event.outcome)).toEqual(
      Array.from({ length: surface.attempts }, () => 'complete'),
    );
    expect(stage.billed()).toBeGreaterThan(0);
  });

  it.each(surfaces)('$name: a refusal is a BudgetCapError, and nothing leaves', async (surface) => {
    const stage = await openStage(SHUT, {});
    const error = await rejection(surface.use(stage));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect((error as BudgetCapError).scope).toBe('global');
    expect(stage.emulator.requestCount).toBe(0);
    expect(stage.refused).toHaveLength(1);
  });
});

describe('an error made for a client', () => {
  it('is an instance of the SDK class and of BudgetCapError', async () => {
    const stage = await openStage(SHUT);
    const anthropic = await rejection(stage.anthropic().messages.create(claude));
    expect(anthropic).toBeInstanceOf(Anthropic.APIError);
    expect(anthropic).toBeInstanceOf(BudgetCapError);
    expect((anthropic as Error).name).toBe('BudgetCapError');
    const openai = await rejection(stage.openai().chat.completions.create(gpt));
    expect(openai).toBeInstanceOf(OpenAI.APIError);
    const openai7 = await rejection(stage.openai7().chat.completions.create(gpt));
    expect(openai7).toBeInstanceOf(OpenAI7.APIError);
    const anthropic0 = await rejection(stage.anthropic0().messages.create(claude));
    expect(anthropic0).toBeInstanceOf(Anthropic0.APIError);
  });

  it('is not made of a refusal that the provider itself sent', async () => {
    const stage = await openStage(ROOMY);
    stage.emulator.faults.push({ kind: 'status', status: 402 });
    const error = await rejection(stage.anthropic().messages.create(claude));
    expect(error).not.toBeInstanceOf(BudgetCapError);
    expect((error as { status: number }).status).toBe(402);
  });
});

describe('wrapping', () => {
  it('returns the same client, and twice is once', async () => {
    const stage = await openStage(ROOMY, { reply: { outputTokens: 5 } });
    const client = stage.anthropic();
    const { wrapAnthropic } = await import('../../src/index.ts');
    expect(wrapAnthropic(client, stage.guard)).toBe(client);
    await client.messages.create(claude);
    expect(stage.settled).toHaveLength(1);
  });

  it('lets free requests pass without a hold, even under a cap of 0', async () => {
    const stage = await openStage(SHUT);
    const count = await stage.anthropic().messages.countTokens({ model: CLAUDE, messages });
    expect(count.input_tokens).toBeGreaterThan(0);
    await stage.openai().models.list();
    expect(stage.emulator.requestCount).toBe(2);
  });

  it('refuses endpoints that cost money and have no rule', async () => {
    const stage = await openStage(ROOMY);
    const batch = stage.anthropic().messages.batches.create({
      requests: [{ custom_id: 'a', params: { model: CLAUDE, max_tokens: 1, messages } }],
    });
    expect(await rejection(batch)).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 402 });
    const speech = stage
      .openai()
      .audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' });
    expect(await rejection(speech)).toMatchObject({ code: 'ROUTE_UNKNOWN', status: 402 });
    expect(stage.emulator.requestCount).toBe(0);
  });
});
