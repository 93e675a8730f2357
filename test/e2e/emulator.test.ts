import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { betaZodTool } from '@anthropic-ai/sdk/helpers/beta/zod';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatOpenAI } from '@langchain/openai';
import { embed, generateText, streamText } from 'ai';
import Anthropic0 from 'anthropic-sdk-0';
import OpenAI6 from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import OpenAI7 from 'openai-7';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Emulator, EmulatorOptions, Fault } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';

const SONNET = 'claude-sonnet-4-6';
const running: Emulator[] = [];

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.push(emulator);
  return emulator;
}

function anthropicOf(emulator: Emulator, maxRetries = 0): Anthropic {
  return new Anthropic({ baseURL: emulator.url, apiKey: 'any', maxRetries });
}

function openaiOf(emulator: Emulator, maxRetries = 0): OpenAI6 {
  return new OpenAI6({ baseURL: emulator.openaiUrl, apiKey: 'any', maxRetries });
}

/** The same client under the types of version 6, so that one test body serves both majors. */
function openai7Of(emulator: Emulator, maxRetries = 0): OpenAI6 {
  const options = { baseURL: emulator.openaiUrl, apiKey: 'any', maxRetries };
  return new OpenAI7(options) as unknown as OpenAI6;
}

/** The events of a stream, up to its end or its error. */
async function drain<Event>(
  stream: AsyncIterable<Event>,
): Promise<{ events: Event[]; error: unknown }> {
  const events: Event[] = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

function nano(emulator: Emulator): bigint {
  return emulator.bill().totalNanoUsd;
}

const hello = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
const toClaude = { model: SONNET, ...hello };
const toGpt = { model: 'gpt-4o', ...hello };

afterEach(async () => {
  for (const emulator of running.splice(0)) await emulator.close();
});

describe('the Anthropic SDK', () => {
  it('gets a message whose usage is what the bill charges, to the nano-dollar', async () => {
    const emulator = await start({ reply: { text: 'Good day', inputTokens: 1_000 } });
    const message = await anthropicOf(emulator).messages.create(toClaude);
    expect(message.content).toEqual([{ type: 'text', text: 'Good day' }]);
    expect(message.stop_reason).toBe('end_turn');
    expect(message.usage).toMatchObject({ input_tokens: 1_000, output_tokens: 2 });
    expect(message._request_id).toMatch(/^req_/);
    // 1,000 x 3,000 nano + 2 x 15,000 nano.
    expect(nano(emulator)).toBe(3_030_000n);
    expect(emulator.bill().entries).toMatchObject([
      { id: message.id, provider: 'anthropic', model: SONNET, delivery: 'complete' },
    ]);
  });

  it('counts the prompt by bytes / 4 per text, 3 per message and 3 per request', async () => {
    const emulator = await start({ reply: { outputTokens: 0 } });
    await anthropicOf(emulator).messages.create({
      model: SONNET,
      max_tokens: 10,
      system: 'Be kind.',
      messages: [
        { role: 'user', content: 'Hello there' },
        { role: 'assistant', content: [{ type: 'text', text: 'Hi' }] },
        { role: 'user', content: 'é' },
      ],
    });
    // 8 bytes: 2; 11: 3; 2: 1; 2: 1; three messages: 9; the request: 3.
    expect(emulator.bill().entries[0]?.usage.inputTokens).toBe(19);
    expect(nano(emulator)).toBe(57_000n);
  });

  it('streams a message that the helper assembles to the same text and usage', async () => {
    const emulator = await start({
      reply: { thinking: 'Let me think.', text: 'One two three four', outputTokens: 40 },
    });
    const stream = anthropicOf(emulator).messages.stream(toClaude);
    const kinds: string[] = [];
    for await (const event of stream) kinds.push(event.type);
    const message = await stream.finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Let me think.', signature: 'ZW11bGF0ZWQ=' },
      { type: 'text', text: 'One two three four' },
    ]);
    expect(message.usage.output_tokens).toBe(40);
    expect(kinds[0]).toBe('message_start');
    expect(kinds.slice(-2)).toEqual(['message_delta', 'message_stop']);
    // "Hello" is 2, framing 6.
    expect(nano(emulator)).toBe(8n * 3_000n + 40n * 15_000n);
  });

  it('runs a tool loop to its end through beta.messages.toolRunner', async () => {
    const emulator = await start({
      reply: (_request, index) => {
        const usage = { inputTokens: 100 * (index + 1), outputTokens: 10 };
        return index < 3
          ? { toolCalls: [{ name: 'add', input: { a: index, b: 1 } }], ...usage }
          : { text: 'done', ...usage };
      },
    });
    const calls: number[] = [];
    const add = betaZodTool({
      name: 'add',
      description: 'Adds',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      run: ({ a, b }) => {
        calls.push(a);
        return String(a + b);
      },
    });
    for (const stream of [false, true]) {
      emulator.reset();
      calls.length = 0;
      const runner = anthropicOf(emulator).beta.messages.toolRunner({
        ...toClaude,
        tools: [add],
        stream,
      });
      const message = await runner.runUntilDone();
      expect(message.content).toMatchObject([{ type: 'text', text: 'done' }]);
      expect(calls).toEqual([0, 1, 2]);
      expect(emulator.requestCount).toBe(4);
      // 100 + 200 + 300 + 400 in, 4 x 10 out.
      expect(nano(emulator)).toBe(1_000n * 3_000n + 40n * 15_000n);
    }
  });

  it('clips the output to max_tokens and says so', async () => {
    const emulator = await start({ reply: { text: 'x'.repeat(4_000), inputTokens: 0 } });
    const client = anthropicOf(emulator);
    const message = await client.messages.create({ ...toClaude, max_tokens: 50 });
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.usage.output_tokens).toBe(50);
    expect(message.content).toMatchObject([{ type: 'text', text: 'x'.repeat(200) }]);
    expect(nano(emulator)).toBe(750_000n);
    const nothing = await client.messages.create({ ...toClaude, max_tokens: 0 });
    expect(nothing.content).toEqual([]);
    expect(nano(emulator)).toBe(750_000n);
  });

  it('counts tokens and lists models for nothing', async () => {
    const emulator = await start();
    const client = anthropicOf(emulator);
    const counted = await client.messages.countTokens({ model: SONNET, messages: hello.messages });
    const answer = await client.messages.create(toClaude);
    expect(counted.input_tokens).toBe(answer.usage.input_tokens);
    const models: string[] = [];
    for await (const model of client.models.list()) models.push(model.id);
    expect(models).toContain(SONNET);
    expect(models).not.toContain('gpt-4o');
    expect((await client.models.retrieve(SONNET)).max_tokens).toBe(64_000);
    expect(emulator.bill().entries).toHaveLength(1);
    expect(emulator.requestCount).toBe(4);
  });

  it('parses structured output that was made from the schema', async () => {
    const emulator = await start();
    const { zodOutputFormat } = await import('@anthropic-ai/sdk/helpers/zod');
    const format = zodOutputFormat(z.object({ city: z.string(), days: z.array(z.int()) }));
    const message = await anthropicOf(emulator).messages.parse({
      ...toClaude,
      output_config: { format },
    });
    expect(message.parsed_output).toEqual({ city: 'text', days: [1] });
  });

  it('works with the older major too', async () => {
    const emulator = await start({ reply: { text: 'Hi', inputTokens: 10 } });
    const client = new Anthropic0({ baseURL: emulator.url, apiKey: 'any', maxRetries: 0 });
    const message = await client.messages.stream(toClaude).finalMessage();
    expect(message.usage).toMatchObject({ input_tokens: 10, output_tokens: 1 });
    expect(nano(emulator)).toBe(45_000n);
  });
});

describe('Anthropic bills', () => {
  const bill = async (
    reply: EmulatorOptions['reply'],
    request: Record<string, unknown> = {},
  ): Promise<bigint> => {
    const emulator = await start({ reply: reply ?? {} });
    await anthropicOf(emulator).beta.messages.create({ ...toClaude, ...request });
    return nano(emulator);
  };

  it('cache reads and 5-minute and 1-hour writes have their own rates', async () => {
    const usage = { inputTokens: 1_000, cacheReadTokens: 100_000, outputTokens: 100 };
    // 0.003 + 0.03 + 0.0375 + 0.0015.
    expect(await bill({ usage: { ...usage, cacheWriteTokens: 10_000 } })).toBe(72_000_000n);
    // The same with 10,000 x $6 per million.
    expect(await bill({ usage: { ...usage, cacheWrite1hTokens: 10_000 } })).toBe(94_500_000n);
  });

  it('1,000 input, 100,000 read, 10,000 written and 500 output cost $0.078', async () => {
    const usage = { inputTokens: 1_000, cacheReadTokens: 100_000, cacheWriteTokens: 10_000 };
    const reply = { usage, outputTokens: 500 };
    expect(await bill(reply, { max_tokens: 500 })).toBe(78_000_000n);
  });

  it('the whole request moves to the long-context rates above 200,000 tokens', async () => {
    const reply = { outputTokens: 100 };
    const old = { model: 'claude-sonnet-4-5' };
    expect(await bill({ ...reply, inputTokens: 200_000 }, old)).toBe(601_500_000n);
    // 200,001 x 6,000 + 100 x 22,500.
    expect(await bill({ ...reply, inputTokens: 200_001 }, old)).toBe(1_202_256_000n);
    // Cached tokens count towards the step: 1 x 6,000 + 200,000 x 600 + 100 x 22,500.
    const usage = { inputTokens: 1, cacheReadTokens: 200_000 };
    expect(await bill({ ...reply, usage }, old)).toBe(122_256_000n);
  });

  it('a batch costs half, a search a cent, and the search is never halved', async () => {
    const reply = { inputTokens: 1_000, outputTokens: 100 };
    expect(await bill({ ...reply, serviceTier: 'batch' })).toBe(2_250_000n);
    expect(await bill({ ...reply, webSearches: 1 })).toBe(14_500_000n);
    const both = { ...reply, serviceTier: 'batch', webSearches: 3 } as const;
    expect(await bill(both)).toBe(32_250_000n);
  });

  it('fast mode and the us region multiply', async () => {
    const reply = { inputTokens: 1_000, outputTokens: 100 };
    const opus = { model: 'claude-opus-4-8' };
    // 1,000 x 5,000 + 100 x 25,000.
    expect(await bill(reply, opus)).toBe(7_500_000n);
    expect(await bill(reply, { ...opus, speed: 'fast' })).toBe(15_000_000n);
    expect(await bill(reply, { ...opus, inference_geo: 'us' })).toBe(8_250_000n);
    expect(await bill(reply, { ...opus, inference_geo: 'us', speed: 'fast' })).toBe(16_500_000n);
    expect(await bill({ ...reply, inferenceGeo: 'us' }, opus)).toBe(8_250_000n);
  });

  it('compaction and advisor rounds are billed beside the top-level usage', async () => {
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    const emulator = await start({
      reply: {
        ...usage,
        iterations: [
          { type: 'compaction', usage },
          { type: 'advisor_message', model: 'claude-opus-4-5', usage },
        ],
      },
    });
    const message = await anthropicOf(emulator).beta.messages.create(toClaude);
    expect(message.usage).toMatchObject({ input_tokens: 1_000, output_tokens: 100 });
    expect(message.usage.iterations?.map((one) => one.type)).toEqual([
      'message',
      'compaction',
      'advisor_message',
    ]);
    // Twice 4,500,000 on Sonnet, once 7,500,000 on Opus.
    expect(nano(emulator)).toBe(16_500_000n);
  });

  it('the prompt cache writes a marked prefix once and reads it afterwards', async () => {
    const emulator = await start({ reply: { outputTokens: 0 } });
    const text = 'a'.repeat(8_000);
    const ask = (question: string, ttl: '5m' | '1h' = '5m') =>
      anthropicOf(emulator).messages.create({
        ...toClaude,
        system: [{ type: 'text', text, cache_control: { type: 'ephemeral', ttl } }],
        messages: [{ role: 'user', content: question }],
      });
    // 2,000 tokens of system; 1 of question, 6 of framing.
    expect((await ask('one')).usage).toMatchObject({
      input_tokens: 7,
      cache_creation_input_tokens: 2_000,
      cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 0 },
    });
    expect(nano(emulator)).toBe(7n * 3_000n + 2_000n * 3_750n);
    expect((await ask('two')).usage).toMatchObject({
      input_tokens: 7,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 2_000,
    });
    expect(nano(emulator)).toBe(14n * 3_000n + 2_000n * 3_750n + 2_000n * 300n);
  });
});

describe.each([
  ['openai 6', openaiOf],
  ['openai 7', openai7Of],
] as const)('%s', (_name, clientOf) => {
  it('gets a completion whose usage is what the bill charges', async () => {
    const emulator = await start({ reply: { text: 'Good day', inputTokens: 1_000 } });
    const answer = await clientOf(emulator).chat.completions.create(toGpt);
    expect(answer.choices[0]?.message.content).toBe('Good day');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer._request_id).toMatch(/^req_/);
    expect(answer.service_tier).toBe('default');
    expect(answer.usage).toMatchObject({ prompt_tokens: 1_000, completion_tokens: 2 });
    // 1,000 x 2,500 + 2 x 10,000.
    expect(nano(emulator)).toBe(2_520_000n);
  });

  it('bills every one of n choices and counts the prompt once', async () => {
    const emulator = await start({ reply: { inputTokens: 100, outputTokens: 7 } });
    const answer = await clientOf(emulator).chat.completions.create({ ...toGpt, n: 3 });
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1, 2]);
    expect(answer.usage?.completion_tokens).toBe(21);
    expect(nano(emulator)).toBe(100n * 2_500n + 21n * 10_000n);
  });

  it('streams usage only when asked, in one last chunk without choices', async () => {
    const emulator = await start({ reply: { text: 'One two three', inputTokens: 10 } });
    const client = clientOf(emulator);
    const plain = await drain(await client.chat.completions.create({ ...toGpt, stream: true }));
    expect(plain.events.length).toBeGreaterThan(3);
    expect(plain.events.every((chunk) => chunk.choices.length === 1)).toBe(true);
    expect(plain.events.some((chunk) => 'usage' in chunk)).toBe(false);
    const stream_options = { include_usage: true };
    const asked = await drain(
      await client.chat.completions.create({ ...toGpt, stream: true, stream_options }),
    );
    const last = asked.events.at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 4 });
    expect(asked.events.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    // Twice 10 x 2,500 + 4 x 10,000: the bill does not depend on who asked.
    expect(nano(emulator)).toBe(130_000n);
    await emulator.idle();
    const deliveries = emulator.bill().entries.map((entry) => entry.delivery);
    expect(deliveries).toEqual(['complete', 'complete']);
  });

  it('streams a completion that the helper assembles, usage included', async () => {
    const emulator = await start({
      reply: { text: 'One two', toolCalls: [{ name: 'add', input: { a: 1 } }], inputTokens: 10 },
    });
    const stream = clientOf(emulator).chat.completions.stream({
      ...toGpt,
      stream_options: { include_usage: true },
    });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'One two',
        tool_calls: [{ function: { name: 'add', arguments: '{"a":1}' } }],
      },
    });
    // 2 for the text, 1 for the name, 2 for the arguments.
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5 });
    expect(nano(emulator)).toBe(75_000n);
  });

  it('runs a tool loop to its end through runTools, JSON and streamed', async () => {
    const emulator = await start({
      reply: (_request, index) =>
        index < 2
          ? { toolCalls: [{ name: 'add', input: { a: index } }], inputTokens: 50, outputTokens: 5 }
          : { text: 'done', inputTokens: 50, outputTokens: 5 },
    });
    const seen: unknown[] = [];
    const tool = {
      type: 'function' as const,
      function: {
        name: 'add',
        description: 'Adds',
        parameters: { type: 'object', properties: { a: { type: 'number' } } },
        parse: JSON.parse,
        function: (input: unknown) => {
          seen.push(input);
          return 'ok';
        },
      },
    };
    const client = clientOf(emulator);
    const runner = client.chat.completions.runTools({ ...toGpt, tools: [tool] });
    expect(await runner.finalContent()).toBe('done');
    expect(seen).toEqual([{ a: 0 }, { a: 1 }]);
    // Three rounds of 50 x 2,500 + 5 x 10,000.
    expect(nano(emulator)).toBe(525_000n);
    emulator.reset();
    seen.length = 0;
    const streamed = client.chat.completions.runTools({ ...toGpt, stream: true, tools: [tool] });
    expect(await streamed.finalContent()).toBe('done');
    expect(seen).toEqual([{ a: 0 }, { a: 1 }]);
    expect(nano(emulator)).toBe(525_000n);
  });

  it('parses structured output of chat and responses that was made from the schema', async () => {
    const emulator = await start();
    const client = clientOf(emulator);
    const schema = z.object({ city: z.string(), kind: z.enum(['big', 'small']) });
    const chat = await client.chat.completions.parse({
      ...toGpt,
      response_format: zodResponseFormat(schema, 'city'),
    });
    expect(chat.choices[0]?.message.parsed).toEqual({ city: 'text', kind: 'big' });
    const response = await client.responses.parse({
      model: 'gpt-4o',
      input: 'Hello',
      text: { format: zodTextFormat(schema, 'city') },
    });
    expect(response.output_parsed).toEqual({ city: 'text', kind: 'big' });
  });

  it('gets responses, JSON and streamed, with the same usage and bill', async () => {
    const emulator = await start({ reply: { text: 'One two three', usage: { inputTokens: 10 } } });
    const client = clientOf(emulator);
    const whole = await client.responses.create({ model: 'gpt-4o', input: 'Hello' });
    expect(whole.output_text).toBe('One two three');
    expect(whole.status).toBe('completed');
    expect(whole.usage).toMatchObject({ input_tokens: 10, output_tokens: 4, total_tokens: 14 });
    const raw = await drain(
      await client.responses.create({ model: 'gpt-4o', input: 'Hello', stream: true }),
    );
    expect(raw.events[0]?.type).toBe('response.created');
    expect(raw.events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { usage: { input_tokens: 10, output_tokens: 4 } },
    });
    const final = await client.responses.stream({ model: 'gpt-4o', input: 'Hi' }).finalResponse();
    expect(final.output_text).toBe('One two three');
    expect(nano(emulator)).toBe(3n * 65_000n);
  });

  it('streams function calls and web searches of responses', async () => {
    const emulator = await start({
      reply: {
        webSearches: 2,
        text: 'Found',
        toolCalls: [{ name: 'add', input: { a: 1 }, id: 'call_1' }],
        inputTokens: 0,
        outputTokens: 1,
      },
    });
    const stream = clientOf(emulator).responses.stream({ model: 'gpt-4o', input: 'Hi' });
    const final = await stream.finalResponse();
    expect(final.output.map((item) => item.type)).toEqual([
      'web_search_call',
      'web_search_call',
      'message',
      'function_call',
    ]);
    expect(final.output[3]).toMatchObject({ call_id: 'call_1', arguments: '{"a":1}' });
    expect(nano(emulator)).toBe(20_010_000n);
  });

  it('ends a clipped response as incomplete, with its usage', async () => {
    const emulator = await start({ reply: { outputTokens: 900, inputTokens: 0 } });
    const request = { model: 'gpt-4o', input: 'Hi', max_output_tokens: 20 };
    const client = clientOf(emulator);
    const whole = await client.responses.create(request);
    expect(whole.incomplete_details).toEqual({ reason: 'max_output_tokens' });
    const raw = await drain(await client.responses.create({ ...request, stream: true }));
    expect(raw.events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', usage: { output_tokens: 20 } },
    });
    expect(nano(emulator)).toBe(2n * 200_000n);
  });

  it('bills the stored conversation behind previous_response_id again', async () => {
    const emulator = await start({ reply: { outputTokens: 100 } });
    const client = clientOf(emulator);
    const first = await client.responses.create({ model: 'gpt-4o', input: 'Hello' });
    const previous_response_id = first.id;
    const next = { model: 'gpt-4o', input: 'Hello', previous_response_id };
    const second = await client.responses.create(next);
    // 8 for the text and its framing; then 8 + 100 stored, and 8 again.
    expect(first.usage?.input_tokens).toBe(8);
    expect(second.usage?.input_tokens).toBe(116);
  });

  it('gets embeddings of the asked size, equal as base64 and as numbers', async () => {
    const emulator = await start();
    const client = clientOf(emulator);
    const request = { model: 'text-embedding-3-small', input: ['abcd', 'abcdefgh'] };
    const packed = await client.embeddings.create(request);
    const plain = await client.embeddings.create({ ...request, encoding_format: 'float' });
    expect(packed.data).toHaveLength(2);
    expect(packed.data[0]?.embedding).toHaveLength(1_536);
    expect([...(packed.data[1]?.embedding ?? [])]).toEqual(plain.data[1]?.embedding);
    expect(packed.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
    const small = await client.embeddings.create({ ...request, input: [1, 2, 3], dimensions: 8 });
    expect(small.data[0]?.embedding).toHaveLength(8);
    // 3 + 3 + 3 tokens at 20 nano-dollars.
    expect(nano(emulator)).toBe(180n);
  });

  it('gets legacy completions, 16 tokens when no ceiling is named, best_of billed', async () => {
    const emulator = await start({ reply: { inputTokens: 10, outputTokens: 40 } });
    const client = clientOf(emulator);
    const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello' };
    const answer = await client.completions.create({ ...request, n: 2, best_of: 5 });
    expect(answer.choices).toHaveLength(2);
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(80);
    // 10 x 1,500 + 80 x 2,000.
    expect(nano(emulator)).toBe(175_000n);
    const streamed = await drain(await client.completions.create({ ...request, stream: true }));
    expect(streamed.events.length).toBeGreaterThan(1);
    expect(nano(emulator)).toBe(175_000n + 47_000n);
  });

  it('gets pictures, billed as image tokens by quality, shape and number', async () => {
    const emulator = await start();
    const answer = await clientOf(emulator).images.generate({
      model: 'gpt-image-1',
      prompt: 'a cat',
      n: 2,
      quality: 'low',
      size: '1024x1024',
    });
    expect(answer.data).toHaveLength(2);
    expect(answer.usage).toMatchObject({ input_tokens: 2, output_tokens: 544 });
    // 2 x 5,000 + 544 x 40,000.
    expect(nano(emulator)).toBe(21_770_000n);
  });

  it('gets errors of its own classes: 400, 404 and 429 with a code', async () => {
    const emulator = await start();
    const client = clientOf(emulator);
    await expect(client.chat.completions.create({ ...toGpt, model: 'gpt-none' })).rejects.toThrow(
      expect.objectContaining({ status: 404, code: 'model_not_found' }),
    );
    await expect(client.chat.completions.create({ ...toGpt, n: 1_000 })).rejects.toThrow(
      expect.objectContaining({ status: 400, param: 'n' }),
    );
    const over = { ...toGpt, max_tokens: 999_999 };
    await expect(client.chat.completions.create(over)).rejects.toMatchObject({ status: 400 });
    emulator.faults.push({ kind: 'status', status: 429, retryAfter: 7 });
    const limited = await client.chat.completions.create(toGpt).catch((error: unknown) => error);
    expect(limited).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect((limited as { headers: Headers }).headers.get('retry-after')).toBe('7');
    expect(nano(emulator)).toBe(0n);
  });
});

describe('clients of other makers', () => {
  const reply = { text: 'One two three', inputTokens: 10 };

  it('the AI SDK reads messages, chat, responses and embeddings, JSON and streamed', async () => {
    const emulator = await start({ reply });
    const settings = { baseURL: emulator.openaiUrl, apiKey: 'any' };
    const openai = createOpenAI(settings);
    const models = [
      createAnthropic(settings)(SONNET),
      openai.chat('gpt-4o'),
      openai.responses('gpt-4o'),
    ];
    for (const model of models) {
      const options = { model, prompt: 'Hello', maxOutputTokens: 100, maxRetries: 0 };
      const whole = await generateText(options);
      const streamed = streamText(options);
      expect([whole.text, await streamed.text]).toEqual(['One two three', 'One two three']);
      const usage = { inputTokens: 10, outputTokens: 4 };
      expect([whole.usage, await streamed.usage]).toMatchObject([usage, usage]);
    }
    const embedding = openai.embedding('text-embedding-3-small');
    expect((await embed({ model: embedding, value: 'Hello' })).embedding).toHaveLength(1_536);
    // Twice 10 x 3,000 + 4 x 15,000; four times 10 x 2,500 + 4 x 10,000; 10 x 20.
    expect(nano(emulator)).toBe(180_000n + 260_000n + 200n);
  });

  it('LangChain reads both, with a tool call', async () => {
    const emulator = await start({
      reply: { toolCalls: [{ name: 'add', input: { a: 1 } }], inputTokens: 10 },
    });
    const claude = new ChatAnthropic({
      model: SONNET,
      apiKey: 'any',
      anthropicApiUrl: emulator.url,
      maxRetries: 0,
    });
    const gpt = new ChatOpenAI({
      model: 'gpt-4o',
      apiKey: 'any',
      configuration: { baseURL: emulator.openaiUrl },
      maxRetries: 0,
    });
    for (const model of [claude, gpt]) {
      const message = await model.invoke('Hello');
      expect(message.tool_calls).toMatchObject([{ name: 'add', args: { a: 1 } }]);
      expect(message.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 3 });
      const { events } = await drain(await model.stream('Hello'));
      expect(events.length).toBeGreaterThan(1);
    }
    expect(nano(emulator)).toBe(2n * (30_000n + 45_000n) + 2n * (25_000n + 30_000n));
  });
});

describe('OpenAI bills', () => {
  const bill = async (
    reply: EmulatorOptions['reply'],
    request: Record<string, unknown> = {},
  ): Promise<bigint> => {
    const emulator = await start({ reply: reply ?? {} });
    await openaiOf(emulator).chat.completions.create({ ...toGpt, ...request });
    return nano(emulator);
  };

  it('cached tokens are inside the prompt and cost half', async () => {
    const usage = { inputTokens: 2_000, cacheReadTokens: 8_000, outputTokens: 100 };
    const emulator = await start({ reply: { usage } });
    const answer = await openaiOf(emulator).chat.completions.create(toGpt);
    expect(answer.usage).toMatchObject({
      prompt_tokens: 10_000,
      prompt_tokens_details: { cached_tokens: 8_000 },
    });
    // 2,000 x 2,500 + 8,000 x 1,250 + 100 x 10,000.
    expect(nano(emulator)).toBe(16_000_000n);
  });

  it('reasoning is inside the output and costs nothing on top', async () => {
    const reply = { inputTokens: 0, outputTokens: 90, reasoningTokens: 60 };
    expect(await bill(reply)).toBe(900_000n);
  });

  it('priority and flex have their own rates, and a tier the model lacks serves as default', async () => {
    const reply = { inputTokens: 1_000, outputTokens: 100 };
    expect(await bill(reply, { service_tier: 'priority' })).toBe(5_950_000n);
    expect(await bill(reply, { service_tier: 'flex' })).toBe(3_500_000n);
    expect(await bill({ ...reply, serviceTier: 'batch' })).toBe(1_750_000n);
    const gpt5 = { model: 'gpt-5', max_tokens: undefined, max_completion_tokens: 100 };
    // 1,000 x 625 + 100 x 5,000.
    expect(await bill(reply, { ...gpt5, service_tier: 'flex' })).toBe(1_125_000n);
  });

  it('the whole request moves to the long-context rates above 272,000 tokens', async () => {
    const gpt54 = { model: 'gpt-5.4' };
    const reply = { outputTokens: 100 };
    // 272,000 x 2,500 + 100 x 15,000; then 272,001 x 5,000 + 100 x 22,500.
    expect(await bill({ ...reply, inputTokens: 272_000 }, gpt54)).toBe(681_500_000n);
    expect(await bill({ ...reply, inputTokens: 272_001 }, gpt54)).toBe(1_362_255_000n);
  });

  it('a fraction of a nano-dollar is rounded up once per call', async () => {
    const nano5 = { model: 'gpt-5-nano', service_tier: 'flex' };
    const usage = { inputTokens: 0, cacheReadTokens: 1, outputTokens: 0 };
    expect(await bill({ usage }, nano5)).toBe(3n);
    expect(await bill({ usage: { ...usage, cacheReadTokens: 3 } }, nano5)).toBe(8n);
  });

  it('absent a ceiling, the output is clipped to the model maximum', async () => {
    const reply = { inputTokens: 0, outputTokens: 1_000_000 };
    expect(await bill(reply, { max_tokens: undefined })).toBe(16_384n * 10_000n);
  });
});

describe('requests the provider turns down', () => {
  it('Anthropic: no max_tokens, unknown model, too long a prompt, not JSON', async () => {
    const emulator = await start();
    const client = anthropicOf(emulator);
    const status = async (body: unknown): Promise<unknown> => {
      const answer = await client.post('/v1/messages', { body }).catch((error: unknown) => error);
      return answer;
    };
    expect(await status({ model: SONNET, messages: hello.messages })).toMatchObject({
      status: 400,
      error: {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'max_tokens: Field required' },
      },
    });
    expect(await status({ ...toClaude, model: 'claude-none' })).toMatchObject({
      status: 404,
      error: { error: { type: 'not_found_error', message: 'model: claude-none' } },
    });
    expect(await status({ ...toClaude, model: 'gpt-4o' })).toMatchObject({ status: 404 });
    expect(await status({ ...toClaude, max_tokens: 64_001 })).toMatchObject({ status: 400 });
    expect(await status({ ...toClaude, max_tokens: -1 })).toMatchObject({ status: 400 });
    const content = 'a'.repeat(4_000_000);
    const long = { ...toClaude, messages: [{ role: 'user', content }] };
    expect(await status(long)).toMatchObject({ status: 400 });
    const raw = await fetch(`${emulator.url}/v1/messages`, { method: 'POST', body: '{"model":' });
    expect(raw.status).toBe(400);
    expect(raw.headers.get('request-id')).toMatch(/^req_/);
    expect((await fetch(`${emulator.url}/v1/nothing`)).status).toBe(404);
    expect(emulator.bill()).toMatchObject({ totalNanoUsd: 0n, entries: [] });
  });
});

describe('faults', () => {
  const cost = 8n * 3_000n + 9n * 15_000n;
  const options = { reply: { text: 'x'.repeat(36) } } satisfies EmulatorOptions;

  it('status errors carry the provider shape and bill nothing', async () => {
    const emulator = await start(options);
    const client = anthropicOf(emulator);
    const statuses = [429, 500, 502, 503, 529];
    for (const status of statuses) {
      emulator.faults.push({ kind: 'status', status, headers: { 'x-own': 'yes' } });
      const error: unknown = await client.messages.create(toClaude).catch((thrown) => thrown);
      expect(error).toMatchObject({ status, error: { type: 'error' } });
      expect((error as { headers: Headers }).headers.get('x-own')).toBe('yes');
    }
    const overloaded = { kind: 'status', status: 529 } as const;
    emulator.faults.push(overloaded, { ...overloaded, body: 'html' });
    await expect(client.messages.create(toClaude)).rejects.toMatchObject({
      error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    });
    const page = await fetch(`${emulator.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(toClaude),
    });
    expect(await page.text()).toContain('<html>');
    expect(emulator.requestCount).toBe(7);
    expect(nano(emulator)).toBe(0n);
  });

  it('a billed status bills the answer that nobody got', async () => {
    const emulator = await start(options);
    emulator.faults.push({ kind: 'status', status: 500, body: 'empty', billed: true });
    await expect(anthropicOf(emulator).messages.create(toClaude)).rejects.toMatchObject({
      status: 500,
    });
    expect(nano(emulator)).toBe(cost);
    expect(emulator.bill().entries[0]?.delivery).toBe('none');
  });

  it('500, 500, 200 under maxRetries 2 is three requests and one bill', async () => {
    const emulator = await start(options);
    const headers = { 'retry-after-ms': '1' };
    const error = { kind: 'status', status: 500, headers } as const;
    emulator.faults.push(error, error);
    await anthropicOf(emulator, 2).messages.create(toClaude);
    expect(emulator.requests.map((one) => one.headers['x-stainless-retry-count'])).toEqual([
      '0',
      '1',
      '2',
    ]);
    expect(nano(emulator)).toBe(cost);
  });

  it('resets bill the answer in full, unless they strike before generation', async () => {
    const emulator = await start(options);
    const client = anthropicOf(emulator);
    const cases: [fault: Fault, billed: bigint, delivery: string | undefined][] = [
      [{ kind: 'reset-before-response' }, cost, 'none'],
      [{ kind: 'reset-before-response', billed: false }, 0n, undefined],
      [{ kind: 'reset-after-headers' }, cost, 'none'],
      [{ kind: 'reset-after-headers', billed: false }, 0n, undefined],
      [{ kind: 'reset-mid-stream' }, cost, 'partial'],
    ];
    for (const [fault, billed, delivery] of cases) {
      emulator.reset();
      emulator.faults.push(fault);
      await expect(client.messages.create(toClaude)).rejects.toThrow(
        /connection|terminated|json|premature|aborted|fetch/i,
      );
      await emulator.idle();
      expect([fault, nano(emulator)]).toEqual([fault, billed]);
      expect(emulator.bill().entries[0]?.delivery).toBe(delivery);
    }
  });

  it('a reset in the middle of a stream lets exactly the first k events through', async () => {
    const emulator = await start(options);
    emulator.faults.push({ kind: 'reset-mid-stream', afterEvents: 4 });
    const stream = await anthropicOf(emulator).messages.create({ ...toClaude, stream: true });
    const { events, error } = await drain(stream);
    // The SDK hides the ping.
    expect(events.map((event) => event.type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
    ]);
    expect(error).toBeInstanceOf(Error);
    await emulator.idle();
    expect(nano(emulator)).toBe(cost);
  });

  it('a client that times out on stalled headers is billed all the same', async () => {
    const emulator = await start(options);
    emulator.faults.push({ kind: 'stall-headers', delayMs: 2_500 });
    const client = anthropicOf(emulator).withOptions({ timeout: 800 });
    await expect(client.messages.create(toClaude)).rejects.toThrow(/timed out/i);
    await emulator.idle();
    expect(nano(emulator)).toBe(cost);
    expect(emulator.bill().entries[0]?.delivery).toBe('none');
  });

  it('stalled headers and bodies complete for a client that waits', async () => {
    const emulator = await start(options);
    const client = anthropicOf(emulator);
    const stalls: Fault[] = [
      { kind: 'stall-headers', delayMs: 60 },
      { kind: 'stall-body', delayMs: 60 },
      { kind: 'delay', latencyMs: 60 },
    ];
    for (const fault of stalls) {
      emulator.faults.push(fault, fault);
      for (const call of [
        () => client.messages.create(toClaude),
        () => client.messages.stream(toClaude).finalMessage(),
      ]) {
        const begun = performance.now();
        expect((await call()).usage.output_tokens).toBe(9);
        expect(performance.now() - begun).toBeGreaterThanOrEqual(55);
      }
    }
    expect(nano(emulator)).toBe(6n * cost);
  });

  it('openai 7 asks again when a body stalls after a 200, and both are billed', async () => {
    const emulator = await start(options);
    emulator.faults.push({ kind: 'stall-body', delayMs: 5_000 });
    const client = openai7Of(emulator, 1).withOptions({ timeout: 1_000 });
    const answer = await client.chat.completions.create(toGpt);
    expect(answer.usage?.completion_tokens).toBe(9);
    expect(emulator.requestCount).toBe(2);
    expect(emulator.bill().entries).toHaveLength(2);
  });

  it('missing usage is absent from JSON and from streams, and still billed', async () => {
    const emulator = await start({ ...options, fault: () => ({ kind: 'missing-usage' }) });
    const openai = openaiOf(emulator);
    expect(await anthropicOf(emulator).messages.create(toClaude)).not.toHaveProperty('usage');
    expect(await openai.chat.completions.create(toGpt)).not.toHaveProperty('usage');
    const stream_options = { include_usage: true };
    const { events } = await drain(
      await openai.chat.completions.create({ ...toGpt, stream: true, stream_options }),
    );
    expect(events.every((chunk) => chunk.choices.length === 1 && chunk.usage === null)).toBe(true);
    const raw = await drain(
      await anthropicOf(emulator).messages.create({ ...toClaude, stream: true }),
    );
    expect(JSON.stringify(raw.events)).not.toContain('usage');
    expect(emulator.bill().entries).toHaveLength(4);
    expect(nano(emulator)).toBeGreaterThan(2n * cost);
  });

  it('under-reported usage is divided, the bill is not', async () => {
    const emulator = await start({ reply: { inputTokens: 1_000, outputTokens: 90 } });
    emulator.faults.push({ kind: 'under-report', factor: 10 });
    const message = await anthropicOf(emulator).messages.create(toClaude);
    expect(message.usage).toMatchObject({ input_tokens: 100, output_tokens: 9 });
    expect(nano(emulator)).toBe(1_000n * 3_000n + 90n * 15_000n);
  });

  it('hostile usage reaches the client as written: negative, fractional, 2^63, text', async () => {
    const emulator = await start({ reply: { inputTokens: 7, outputTokens: 9 } });
    const ask = async (fault: Fault): Promise<string> => {
      emulator.faults.push(fault);
      const body = JSON.stringify(toGpt);
      const answer = await fetch(`${emulator.openaiUrl}/chat/completions`, {
        method: 'POST',
        body,
      });
      return answer.text();
    };
    const kind = 'hostile-usage';
    expect(await ask({ kind, value: 'negative' })).toContain('"prompt_tokens":-1,');
    expect(await ask({ kind, value: 'fractional' })).toContain('"completion_tokens":9.5,');
    const huge = await ask({ kind, value: 'huge' });
    expect(huge).toContain('"completion_tokens":9223372036854775808,');
    expect(await ask({ kind, value: 'text' })).toContain('"prompt_tokens":"7",');
    expect(await ask({ kind, value: 'cached-above-input' })).toContain('"cached_tokens":1007,');
    expect(nano(emulator)).toBe(5n * (7n * 2_500n + 9n * 10_000n));
    emulator.faults.push({ kind, value: 'cached-above-input' });
    const message = await anthropicOf(emulator).messages.create(toClaude);
    expect(message.usage.cache_creation?.ephemeral_5m_input_tokens).toBe(1_000);
    expect(message.usage.cache_creation_input_tokens).toBe(0);
  });

  it('growing usage is repeated, cumulative, and right in its last event', async () => {
    const emulator = await start({ reply: { inputTokens: 10, outputTokens: 90 } });
    emulator.faults.push({ kind: 'growing-usage', events: 3 }, { kind: 'growing-usage' });
    const stream = await anthropicOf(emulator).messages.create({ ...toClaude, stream: true });
    const { events } = await drain(stream);
    const outputs = events.flatMap((event) =>
      event.type === 'message_delta' ? [event.usage.output_tokens] : [],
    );
    expect(outputs).toEqual([30, 60, 90]);
    const stream_options = { include_usage: true };
    const chat = await drain(
      await openaiOf(emulator).chat.completions.create({ ...toGpt, stream: true, stream_options }),
    );
    const totals = chat.events.map((chunk) => chunk.usage?.completion_tokens ?? -1);
    expect(totals).toEqual(totals.toSorted((left, right) => left - right));
    expect(totals.at(-1)).toBe(90);
    expect(totals[0]).toBeGreaterThan(0);
  });

  it('corrected usage counts caches as input first and splits them at the end', async () => {
    const usage = { inputTokens: 100, cacheReadTokens: 900, outputTokens: 5 };
    const emulator = await start({ reply: { usage } });
    emulator.faults.push({ kind: 'corrected-usage' });
    const stream = await anthropicOf(emulator).messages.create({ ...toClaude, stream: true });
    const { events } = await drain(stream);
    const [first] = events;
    const last = events.at(-2);
    expect(first).toMatchObject({
      message: { usage: { input_tokens: 1_000, cache_read_input_tokens: 0 } },
    });
    expect(last).toMatchObject({ usage: { input_tokens: 100, cache_read_input_tokens: 900 } });
  });

  it('a wrong model is named, and billed only when the fault says so', async () => {
    const emulator = await start({ reply: { inputTokens: 1_000, outputTokens: 0 } });
    const fault = { kind: 'wrong-model', model: 'claude-opus-4-5' } as const;
    emulator.faults.push(fault, { ...fault, billed: true });
    const client = anthropicOf(emulator);
    expect((await client.messages.create(toClaude)).model).toBe('claude-opus-4-5');
    expect(emulator.bill().byModel).toEqual({ [SONNET]: 3_000_000n });
    await client.messages.create(toClaude);
    expect(emulator.bill().byModel).toEqual({
      [SONNET]: 3_000_000n,
      'claude-opus-4-5': 5_000_000n,
    });
  });

  it('garbage and truncated JSON break the parser, in bodies and in streams', async () => {
    const emulator = await start(options);
    const client = anthropicOf(emulator);
    for (const kind of ['garbage-json', 'truncate-json'] as const) {
      emulator.faults.push({ kind }, { kind });
      await expect(client.messages.create(toClaude)).rejects.toThrow(/JSON|token/);
      const stream = client.messages.stream(toClaude);
      await expect(stream.finalMessage()).rejects.toThrow();
    }
    await emulator.idle();
    expect(nano(emulator)).toBe(4n * cost);
  });

  it('no-done ends a stream cleanly without its last event', async () => {
    const emulator = await start({ ...options, fault: () => ({ kind: 'no-done' }) });
    const text = async (path: string, body: object): Promise<string> => {
      const streamed = JSON.stringify({ ...body, stream: true });
      const answer = await fetch(`${emulator.url}${path}`, { method: 'POST', body: streamed });
      return answer.text();
    };
    expect(await text('/v1/messages', toClaude)).toMatch(/message_delta[^\n]*\n\n$/);
    const chat = await text('/v1/chat/completions', toGpt);
    expect(chat).not.toContain('[DONE]');
    expect(chat).toContain('"finish_reason":"stop"');
    const responses = await text('/v1/responses', { model: 'gpt-4o', input: 'Hi' });
    expect(responses).toContain('response.output_item.done');
    expect(responses).not.toContain('response.completed');
  });

  it('an error event ends a stream after k events', async () => {
    const emulator = await start({ ...options, fault: () => ({ kind: 'error-mid-stream' }) });
    const stream = await anthropicOf(emulator).messages.create({ ...toClaude, stream: true });
    const anthropic = await drain(stream);
    expect(anthropic.events).toHaveLength(1);
    expect(String(anthropic.error)).toContain('overloaded_error');
    const openai = openaiOf(emulator);
    const chat = await drain(await openai.chat.completions.create({ ...toGpt, stream: true }));
    expect(chat.events).toHaveLength(2);
    expect(String(chat.error)).toContain('server had an error');
  });

  it('the queue goes to generating requests, first in first out, before the function', async () => {
    const asked: string[] = [];
    const emulator = await start({
      fault: (request, index) => {
        asked.push(`${index} ${request.api}`);
        return undefined;
      },
    });
    emulator.faults.push({ kind: 'status', status: 500 }, { kind: 'none' });
    const client = anthropicOf(emulator);
    await client.messages.countTokens({ model: SONNET, messages: hello.messages });
    await expect(client.messages.create(toClaude)).rejects.toMatchObject({ status: 500 });
    await client.messages.create(toClaude);
    await client.messages.create(toClaude);
    expect(asked).toEqual(['0 count-tokens', '3 messages']);
  });
});

describe('clients that leave', () => {
  it('pay in full by default, and for what was generated under the rule generated', async () => {
    for (const billOnDisconnect of ['full', 'generated'] as const) {
      const emulator = await start({
        reply: { text: 'x'.repeat(400), inputTokens: 0, outputTokens: 100 },
        chunksMax: 10,
        chunkDelayMs: 15,
        billOnDisconnect,
      });
      const stream = await anthropicOf(emulator).messages.create({ ...toClaude, stream: true });
      let deltas = 0;
      for await (const event of stream) {
        if (event.type === 'content_block_delta') deltas += 1;
        if (deltas === 3) break;
      }
      await emulator.idle();
      const [entry] = emulator.bill().entries;
      expect(entry?.delivery).toBe('partial');
      const output = entry?.usage.outputTokens ?? -1;
      if (billOnDisconnect === 'full') {
        expect(output).toBe(100);
      } else {
        // Three deltas of ten are 30 tokens; another few may be out before the break is seen.
        expect(output).toBeGreaterThanOrEqual(30);
        expect(output).toBeLessThan(100);
      }
      expect(entry?.nanoUsd).toBe(BigInt(output) * 15_000n);
    }
  });
});

describe('under load', () => {
  it.each([false, true])(
    'answers 200 calls at once, stream %s, in a fraction of their summed latency',
    async (stream) => {
      const emulator = await start({
        reply: { inputTokens: 1_000, outputTokens: 100 },
        latencyMs: 400,
      });
      const client = openaiOf(emulator);
      const begun = performance.now();
      const cpuBegun = process.cpuUsage();
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          const answer = await client.chat.completions.create({ ...toGpt, stream });
          if (Symbol.asyncIterator in answer) await drain(answer);
        }),
      );
      const cpu = process.cpuUsage(cpuBegun);
      // One after the other they would wait 80 s. Time on the processor, client and server
      // together, depends little on what else the machine does.
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect((cpu.user + cpu.system) / 1_000).toBeLessThan(1_500);
      expect(emulator.requestCount).toBe(200);
      // 200 x (1,000 x 2,500 + 100 x 10,000).
      expect(nano(emulator)).toBe(700_000_000n);
      expect(emulator.bill().totalUsd).toBe('0.7');
      const ids = new Set(emulator.bill().entries.map((entry) => entry.id));
      expect(ids.size).toBe(200);
    },
  );
});

describe('the emulator itself', () => {
  it('logs method, path, query, headers and parsed body of each request', async () => {
    const emulator = await start();
    const client = new Anthropic0({ baseURL: emulator.url, apiKey: 'any', maxRetries: 0 });
    await client.beta.messages.create(toClaude);
    expect(emulator.requests).toMatchObject([
      {
        index: 0,
        provider: 'anthropic',
        api: 'messages',
        method: 'POST',
        path: '/v1/messages',
        query: 'beta=true',
        model: SONNET,
        isStream: false,
        body: toClaude,
      },
    ]);
    expect(emulator.requests[0]?.headers['x-api-key']).toBe('any');
    expect(emulator.requests[0]?.at).toBeLessThanOrEqual(Date.now());
  });

  it('reset() forgets requests, bill, queued faults, caches and stored responses', async () => {
    const emulator = await start({ cacheMinTokens: 1 });
    const client = anthropicOf(emulator);
    const cached = { ...toClaude, cache_control: { type: 'ephemeral' as const } };
    await client.messages.create(cached);
    const { id } = await openaiOf(emulator).responses.create({ model: 'gpt-4o', input: 'Hi' });
    emulator.faults.push({ kind: 'status', status: 500 });
    emulator.reset();
    expect(emulator.requestCount).toBe(0);
    expect(emulator.bill()).toEqual({
      totalNanoUsd: 0n,
      totalUsd: '0',
      byModel: {},
      entries: [],
    });
    expect((await client.messages.create(cached)).usage.cache_read_input_tokens).toBe(0);
    const request = { model: 'gpt-4o', input: 'Hi', previous_response_id: id };
    await expect(openaiOf(emulator).responses.create(request)).rejects.toMatchObject({
      status: 400,
    });
  });

  it('close() ends open connections, waits, and may be called again', async () => {
    const emulator = await startEmulator({ latencyMs: 60_000 });
    const call = anthropicOf(emulator).messages.create(toClaude);
    const failed = expect(call).rejects.toThrow(/connection/i);
    while (emulator.requestCount === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await emulator.close();
    await emulator.close();
    await failed;
    await expect(fetch(emulator.url)).rejects.toThrow();
  });

  it('a script that throws answers 500 and fails close()', async () => {
    const emulator = await startEmulator({
      reply: () => {
        throw new Error('script bug');
      },
    });
    await expect(anthropicOf(emulator).messages.create(toClaude)).rejects.toMatchObject({
      status: 500,
    });
    expect(nano(emulator)).toBe(0n);
    await expect(emulator.close()).rejects.toThrow(AggregateError);
  });

  it('prices given to it are charged exactly, and inexact ones fail the start', async () => {
    const rates = { input: '0.123456', output: 0.5 };
    const emulator = await start({
      prices: { 'my-model': { provider: 'openai', rates } },
      reply: { inputTokens: 1, outputTokens: 0 },
    });
    await openaiOf(emulator).chat.completions.create({ ...toGpt, model: 'my-model' });
    // 123.456 nano-dollars, rounded up.
    expect(nano(emulator)).toBe(124n);
    const start1 = (input: string) =>
      startEmulator({ prices: { x: { provider: 'openai', rates: { input, output: 1 } } } });
    await expect(start1('0.0000001')).rejects.toThrow(RangeError);
    await expect(start1('-1')).rejects.toThrow(RangeError);
  });
});
