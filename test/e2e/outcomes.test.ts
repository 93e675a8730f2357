import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { BudgetGuard, createMemoryLedger, guardedFetch, wrapAnthropic } from '../../src/index.ts';
import { startEmulator, type Fault } from '../../src/emulator/emulator.ts';
import { CLAUDE, GPT, openStage, rejection, until, type Stage } from './harness.ts';

const CONFIG = { global_cap_per_day_usd: 10 };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_completion_tokens: 100, messages };
const reply = { outputTokens: 40 };

type Use = (stage: Stage) => Promise<unknown>;

const anthropicJson: Use = (stage) => stage.anthropic().messages.create(claude);
const anthropicStream: Use = (stage) => stage.anthropic().messages.stream(claude).finalMessage();
const openaiJson: Use = (stage) => stage.openai().chat.completions.create(gpt);
const openaiStream: Use = async (stage) => {
  const stream = await stage.openai().chat.completions.create({ ...gpt, stream: true });
  for await (const chunk of stream) void chunk;
};

interface Row {
  readonly fault: Fault;
  /** The outcome with an Anthropic stream, and with JSON of either SDK. */
  readonly json: string;
  readonly stream: string;
  readonly openaiStream?: string;
}

const rows: readonly Row[] = [
  { fault: { kind: 'status', status: 400 }, json: 'refused', stream: 'refused' },
  { fault: { kind: 'status', status: 429, retryAfter: 1 }, json: 'refused', stream: 'refused' },
  { fault: { kind: 'status', status: 500 }, json: 'refused', stream: 'refused' },
  { fault: { kind: 'status', status: 529 }, json: 'refused', stream: 'refused' },
  { fault: { kind: 'status', status: 503, body: 'html' }, json: 'unknown', stream: 'unknown' },
  {
    fault: { kind: 'status', status: 500, body: 'empty', billed: true },
    json: 'unknown',
    stream: 'unknown',
  },
  { fault: { kind: 'reset-before-response', billed: true }, json: 'unknown', stream: 'unknown' },
  { fault: { kind: 'reset-after-headers', billed: true }, json: 'unknown', stream: 'unknown' },
  {
    fault: { kind: 'reset-mid-stream' },
    json: 'unknown',
    stream: 'partial',
    openaiStream: 'unknown',
  },
  { fault: { kind: 'missing-usage' }, json: 'unknown', stream: 'unknown' },
  { fault: { kind: 'hostile-usage', value: 'negative' }, json: 'unknown', stream: 'unknown' },
  { fault: { kind: 'hostile-usage', value: 'fractional' }, json: 'unknown', stream: 'unknown' },
  { fault: { kind: 'hostile-usage', value: 'huge' }, json: 'unknown', stream: 'unknown' },
  { fault: { kind: 'hostile-usage', value: 'text' }, json: 'unknown', stream: 'unknown' },
  // Garbage between the events of a stream leaves its final usage readable.
  { fault: { kind: 'garbage-json' }, json: 'unknown', stream: 'complete' },
  { fault: { kind: 'growing-usage' }, json: 'complete', stream: 'complete' },
  { fault: { kind: 'no-done' }, json: 'complete', stream: 'complete' },
  {
    fault: { kind: 'wrong-model', model: 'a-model-nobody-lists' },
    json: 'unknown',
    stream: 'unknown',
  },
];

/** One attempt under a fault, whatever its caller gets to see. */
async function outcomeOf(fault: Fault, use: Use) {
  const stage = await openStage(CONFIG, { books: 'at-least', reply });
  stage.emulator.faults.push(fault);
  const bound = await use(stage).then(
    () => stage.settled.at(0)?.held_nano_usd,
    () => stage.settled.at(0)?.held_nano_usd,
  );
  await until(() => stage.settled.length > 0, 1_000);
  return { stage, bound, settled: stage.settled };
}

describe.each(rows)('fault $fault', ({ fault, json, stream, openaiStream: openaiOutcome }) => {
  it.each([
    ['Anthropic JSON', json, anthropicJson],
    ['Anthropic stream', stream, anthropicStream],
    ['OpenAI JSON', json, openaiJson],
    ['OpenAI stream', openaiOutcome ?? stream, openaiStream],
  ] as const)(
    '%s ends as %s, and the books are at or above the bill',
    async (_name, outcome, use) => {
      const { stage, settled } = await outcomeOf(fault, use);
      expect(settled.map((event) => event.outcome)).toEqual([outcome]);
      const [event] = settled;
      if (outcome === 'refused') expect(event?.cost_nano_usd).toBe(0);
      if (outcome === 'unknown') expect(event?.cost_nano_usd).toBe(event?.held_nano_usd);
      if (outcome === 'partial') {
        expect(event?.cost_nano_usd).toBeLessThanOrEqual(event?.held_nano_usd ?? 0);
      }
      expect(stage.booked()).toBeGreaterThanOrEqual(stage.billed());
    },
  );
});

describe('attempts', () => {
  it('a storm of 500, 500, 200 is three attempts: two released, one settled', async () => {
    const stage = await openStage(CONFIG, { reply });
    const storm: Fault = { kind: 'status', status: 500, retryAfter: 0 };
    stage.emulator.faults.push(storm, storm);
    await stage.anthropic({ maxRetries: 2 }).messages.create(claude);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['refused', 'refused', 'complete']);
  });

  it('an attempt that cannot connect is released as unsent', async () => {
    const stage = await openStage(CONFIG, { reply });
    const closed = await startEmulator();
    await closed.close();
    const nowhere = new Anthropic({ apiKey: 'x', baseURL: closed.url, maxRetries: 0 });
    await rejection(wrapAnthropic(nowhere, stage.guard).messages.create(claude));
    expect(stage.settled.map(({ outcome, cost_nano_usd: cost }) => [outcome, cost])).toEqual([
      ['unsent', 0],
    ]);
  });

  it('a timeout stays booked at its bound while the retry holds again', async () => {
    const stage = await openStage(CONFIG, { books: 'at-least', reply });
    stage.emulator.faults.push({ kind: 'stall-headers', delayMs: 3_000 });
    await stage.anthropic({ maxRetries: 1, timeout: 1_000 }).messages.create(claude);
    await stage.emulator.idle();
    expect(stage.settled.map((event) => event.outcome)).toEqual(['unknown', 'complete']);
    expect(stage.emulator.bill().entries).toHaveLength(2);
  });

  it('openai 7 sends again when a 200 stalls, and each of the two attempts is held', async () => {
    const stage = await openStage(CONFIG, { books: 'at-least', reply });
    stage.emulator.faults.push({ kind: 'stall-body', delayMs: 4_000 });
    await stage
      .openai7({ maxRetries: 1, timeout: 1_000 })
      .chat.completions.create(gpt)
      .catch(() => undefined);
    await stage.emulator.idle();
    await until(() => stage.openHolds() === 0, 1_000);
    expect(stage.emulator.requestCount).toBe(stage.settled.length);
    expect(stage.settled.length).toBeGreaterThan(0);
  });

  it('a provider that reports less than it bills is booked as it reports: an assumption', async () => {
    const stage = await openStage(CONFIG, { books: 'under-reported', reply });
    stage.emulator.faults.push({ kind: 'under-report', factor: 5 });
    await anthropicJson(stage);
    expect(stage.settled[0]?.outcome).toBe('complete');
    // 40 output tokens reported as 8, the few input tokens rounded down too.
    const reported = Math.floor(stage.billed() / 5);
    expect(stage.booked()).toBeLessThanOrEqual(reported);
    expect(stage.booked()).toBeGreaterThan(reported / 2);
  });
});

describe('streams', () => {
  const slow = { reply: { outputTokens: 60 }, chunkDelayMs: 20, books: 'at-least' as const };

  it('a stream that the caller breaks off is booked: input exactly, output at its bound', async () => {
    const stage = await openStage(CONFIG, slow);
    const stream = await stage.anthropic().messages.create({ ...claude, stream: true });
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    await until(() => stage.settled.length > 0, 1_000);
    expect(stage.settled[0]?.outcome).toBe('partial');
    expect(stage.settled[0]?.cost_nano_usd).toBeLessThan(stage.settled[0]?.held_nano_usd ?? 0);
  });

  it('a stream that the caller aborts is closed at once', async () => {
    const stage = await openStage(CONFIG, slow);
    const abort = new AbortController();
    const stream = await stage
      .openai()
      .chat.completions.create({ ...gpt, stream: true }, { signal: abort.signal });
    for await (const chunk of stream) {
      void chunk;
      abort.abort();
      break;
    }
    await until(() => stage.openHolds() === 0, 1_000);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['unknown']);
  });

  it('a request that is aborted while nobody reads ends its hold at once', async () => {
    const stage = await openStage(CONFIG, slow);
    const abort = new AbortController();
    const send = guardedFetch(stage.guard, { provider: 'openai' });
    const response = await send(`${stage.emulator.openaiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...gpt, stream: true }),
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    abort.abort();
    await until(() => stage.openHolds() === 0, 1_000);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['unknown']);
  });

  it('a body that its reader cancels ends its hold at once', async () => {
    const stage = await openStage(CONFIG, slow);
    const send = guardedFetch(stage.guard, { provider: 'openai' });
    const response = await send(`${stage.emulator.openaiUrl}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...gpt, stream: true }),
    });
    await response.body?.cancel();
    expect(stage.openHolds()).toBe(0);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['unknown']);
  });

  it('a stream whose reader never reads on is settled by its usage', async () => {
    const stage = await openStage(CONFIG, { reply: { outputTokens: 5 }, chunkDelayMs: 20 });
    const send = guardedFetch(stage.guard, { provider: 'anthropic' });
    const response = await send(`${stage.emulator.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ ...claude, stream: true }),
    });
    const reader = response.body!.getReader();
    let text = '';
    for (let isDone = false; !isDone && !text.includes('event: message_delta');) {
      const { done, value } = await reader.read();
      isDone = done;
      text += new TextDecoder().decode(value);
    }
    expect(stage.settled.map((event) => event.outcome)).toEqual(['complete']);
    await reader.cancel();
  });

  it('a stream that stands unread is closed as spent after the idle timeout', async () => {
    const stage = await openStage(
      { ...CONFIG, idleTimeoutMs: 1_000 },
      { ...slow, chunkDelayMs: 0 },
    );
    const kept = await stage.openai().chat.completions.create({ ...gpt, stream: true });
    await until(() => stage.settled.length > 0, 3_000);
    expect(stage.settled.map((event) => event.outcome)).toEqual(['abandoned']);
    expect(stage.settled[0]?.cost_nano_usd).toBe(stage.settled[0]?.held_nano_usd);
    let chunks = 0;
    for await (const chunk of kept) chunks += chunk.choices.length;
    expect(chunks, 'the caller may still read it').toBeGreaterThan(0);
    const [balance] = stage.guard.balance();
    expect(balance?.spent_nano_usd, 'late figures correct the books').toBe(stage.billed());
  });

  it('a stream that is dropped unread is closed as spent when it is collected', async () => {
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const stage = await openStage(CONFIG, { ...slow, chunkDelayMs: 0 });
    const client = stage.openai();
    await (async () => {
      const response = await client.chat.completions.create({ ...gpt, stream: true }).asResponse();
      expect(response.status).toBe(200);
    })();
    for (let tries = 0; tries < 100 && stage.settled.length === 0; tries += 1) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(stage.settled.map((event) => event.outcome)).toEqual(['abandoned']);
  });
});

describe('guardedFetch', () => {
  it('answers a refusal with a 402 that says not to retry, and throws nothing', async () => {
    const stage = await openStage({ global_cap_per_day_usd: 0 });
    const send = guardedFetch(stage.guard, { provider: 'anthropic' });
    const response = await send(`${stage.emulator.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(claude),
    });
    expect(response.status).toBe(402);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('retry-after')).toBeNull();
    const body = (await response.json()) as { error: { budget: { code: string } } };
    expect(body.error.budget.code).toBe('BUDGET_CAP');
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('refuses an address nobody has named, even with the path of a provider', async () => {
    const stage = await openStage(CONFIG);
    const send = guardedFetch(stage.guard);
    const response = await send(`${stage.emulator.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify(claude),
    });
    expect(response.status).toBe(402);
    expect(stage.refused.map((event) => event.code)).toEqual(['ROUTE_UNKNOWN']);
    expect(stage.emulator.requestCount).toBe(0);
  });

  it.each([
    ['bytes', new TextEncoder().encode(JSON.stringify(claude))],
    ['a blob', new Blob([JSON.stringify(claude)])],
  ])('reads a body given as %s', async (_name, body) => {
    const stage = await openStage(CONFIG, { reply });
    const send = guardedFetch(stage.guard, { origins: { [stage.emulator.url]: 'anthropic' } });
    const response = await send(`${stage.emulator.url}/v1/messages`, { method: 'POST', body });
    expect(((await response.json()) as { type: string }).type).toBe('message');
    expect(stage.settled.map((event) => event.outcome)).toEqual(['complete']);
  });

  it('reads a Request object, and sends it unchanged', async () => {
    const stage = await openStage(CONFIG, { reply });
    const send = guardedFetch(stage.guard, { provider: 'anthropic' });
    const body = JSON.stringify(claude);
    const request = new Request(`${stage.emulator.url}/v1/messages`, { method: 'POST', body });
    const response = await send(request);
    await response.text();
    expect(stage.emulator.requests[0]?.bodyText).toBe(body);
  });

  it.each([
    ['no JSON', 'hello'],
    ['no model', JSON.stringify({ ...claude, model: undefined })],
    ['an absurd ceiling', JSON.stringify({ ...claude, max_tokens: 1e15 })],
    ['a negative ceiling', JSON.stringify({ ...claude, max_tokens: -1 })],
  ])('refuses %s with a typed error and holds nothing', async (_name, body) => {
    const stage = await openStage(CONFIG);
    const send = guardedFetch(stage.guard, { provider: 'anthropic' });
    const response = await send(`${stage.emulator.url}/v1/messages`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(stage.refused.map((event) => event.code)).toEqual(['REQUEST_INVALID']);
    expect(stage.settled).toHaveLength(0);
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('refuses a form and a stream, whose bytes it cannot read without consuming them', async () => {
    const stage = await openStage(CONFIG);
    const send = guardedFetch(stage.guard, { provider: 'openai' });
    const response = await send(`${stage.emulator.openaiUrl}/chat/completions`, {
      method: 'POST',
      body: new FormData(),
    });
    expect(response.status).toBe(400);
    expect(stage.emulator.requestCount).toBe(0);
  });
});

describe('a guard whose ledger has to ask its store', () => {
  it('sends after the store has said yes, and never after it has said no', async () => {
    await using emulator = await startEmulator({ reply });
    const guardOver = (usd: number) => {
      const memory = createMemoryLedger();
      const ledger = { ...memory, reserve: () => ({ kind: 'ask' }) as const };
      const guard = new BudgetGuard({ global_cap_per_day_usd: usd }, { ledger });
      const options = { apiKey: 'x', baseURL: emulator.url, maxRetries: 2 };
      return { guard, client: wrapAnthropic(new Anthropic(options), guard) };
    };
    const shut = guardOver(0);
    expect(await rejection(shut.client.messages.create(claude))).toMatchObject({
      code: 'BUDGET_CAP',
    });
    expect(emulator.requestCount).toBe(0);
    const open = guardOver(10);
    await open.client.messages.create(claude);
    expect(emulator.requestCount).toBe(1);
    const [balance] = open.guard.balance();
    expect(balance).toMatchObject({
      spent_nano_usd: Number(emulator.bill().totalNanoUsd),
      held_nano_usd: 0,
    });
  });
});

describe('a guard whose ledger cannot answer', () => {
  it('refuses, typed, and sends nothing', async () => {
    const stage = await openStage(CONFIG);
    const broken = createMemoryLedger({
      journal: () => {
        throw new Error('disk full');
      },
    });
    const guard = new BudgetGuard(CONFIG, { ledger: broken });
    const client = wrapAnthropic(
      new Anthropic({ apiKey: 'x', baseURL: stage.emulator.url, maxRetries: 2 }),
      guard,
    );
    expect(await rejection(client.messages.create(claude))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      status: 402,
    });
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('is the same for OpenAI', async () => {
    const stage = await openStage(CONFIG);
    const guard = new BudgetGuard(CONFIG, {
      ledger: { ...createMemoryLedger(), reserve: () => ({ kind: 'unavailable', cause: 'gone' }) },
    });
    const { wrapOpenAI } = await import('../../src/index.ts');
    const client = wrapOpenAI(
      new OpenAI({ apiKey: 'x', baseURL: stage.emulator.openaiUrl }),
      guard,
    );
    expect(await rejection(client.chat.completions.create(gpt))).toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(stage.emulator.requestCount).toBe(0);
  });
});
