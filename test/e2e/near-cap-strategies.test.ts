import { describe, expect, it } from 'vitest';
import {
  ADAPTATION,
  BudgetCapError,
  BudgetGuard,
  guardedFetch,
  type AdaptedEvent,
  type BudgetGuardConfig,
  type Call,
} from '../../src/index.ts';
import { CLAUDE, GPT, openStage, rejection, until, type Stage } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Tell me a story.' }];
/** Bounds without any cap. */
const free = new BudgetGuard({ caps: [] });

type Body = Readonly<Record<string, unknown>>;

function boundOf(call: Call): number {
  const { bound_nano_usd: bound, error } = free.check(call);
  if (bound === null) throw error;
  return bound;
}

/** A cap of so many nano-dollars, over the whole life. */
function capOf(nanoUsd: number, more: Omit<BudgetGuardConfig, 'caps'> = {}): BudgetGuardConfig {
  return {
    ...more,
    caps: [{ scope: 'global', window: 'lifetime', usd: Math.floor(nanoUsd) / 1e9 }],
  };
}

/** Sends it through a guarded fetch and reads the answer to its end. */
async function post(stage: Stage, { provider, route = '', body }: Call): Promise<Response> {
  const { emulator, guard } = stage;
  const path = provider === 'anthropic' ? '/v1/messages' : `/v1/${route.replace('.', '/')}`;
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  const fetch = guardedFetch(guard, { provider: provider as 'anthropic' | 'openai' });
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${emulator.url}${path}`, init);
  await response.text();
  return response;
}

interface FieldCase {
  readonly name: string;
  readonly call: Call;
  readonly field: string;
  /** Output ceilings that the request can spend. */
  readonly choices?: number;
}

const claude = (more: Body): Call => ({
  provider: 'anthropic',
  route: 'messages',
  body: { model: CLAUDE, messages, ...more },
});
const chat = (more: Body): Call => ({
  provider: 'openai',
  route: 'chat.completions',
  body: { model: GPT, messages, ...more },
});
const responses = (more: Body): Call => ({
  provider: 'openai',
  route: 'responses',
  body: { model: GPT, input: 'Tell me a story.', ...more },
});

const fields: readonly FieldCase[] = [
  { name: 'Anthropic', call: claude({ max_tokens: 8_000 }), field: 'max_tokens' },
  {
    name: 'Anthropic with a thinking budget',
    call: claude({ max_tokens: 8_000, thinking: { type: 'enabled', budget_tokens: 1_024 } }),
    field: 'max_tokens',
  },
  {
    name: 'Anthropic streamed',
    call: claude({ max_tokens: 8_000, stream: true }),
    field: 'max_tokens',
  },
  { name: 'chat without a ceiling', call: chat({}), field: 'max_completion_tokens' },
  {
    name: 'chat with max_completion_tokens',
    call: chat({ max_completion_tokens: 8_000 }),
    field: 'max_completion_tokens',
  },
  { name: 'chat with max_tokens', call: chat({ max_tokens: 8_000 }), field: 'max_tokens' },
  {
    name: 'chat with both',
    call: chat({ max_tokens: 8_000, max_completion_tokens: 9_000 }),
    field: 'max_tokens',
  },
  {
    name: 'chat with three choices',
    call: chat({ n: 3 }),
    field: 'max_completion_tokens',
    choices: 3,
  },
  { name: 'chat streamed', call: chat({ stream: true }), field: 'max_completion_tokens' },
  {
    name: 'chat with a prediction, which its ceiling does not hold for',
    call: chat({ prediction: { type: 'content', content: 'word '.repeat(400) } }),
    field: 'max_completion_tokens',
  },
  { name: 'responses without a ceiling', call: responses({}), field: 'max_output_tokens' },
  {
    name: 'responses with max_output_tokens, streamed',
    call: responses({ max_output_tokens: 8_000, stream: true }),
    field: 'max_output_tokens',
  },
  {
    name: 'completions',
    call: {
      provider: 'openai',
      route: 'completions',
      body: { model: 'gpt-3.5-turbo-instruct', prompt: 'Tell me a story.', max_tokens: 3_000 },
    },
    field: 'max_tokens',
  },
];

describe.each(fields)('fit: $name', ({ call, field, choices = 1 }) => {
  it('sends the ceiling that is affordable, holds for exactly what is sent, and says so', async () => {
    const stage = await openStage(capOf(0.5 * boundOf(call), { onShort: 'fit' }), {
      reply: { outputTokens: 100_000 },
    });
    const adapted: AdaptedEvent[] = [];
    const held: number[] = [];
    stage.guard.on('adapted', (event) => adapted.push(event));
    stage.guard.on('reserved', (event) => held.push(event.held_nano_usd));
    const response = await post(stage, call);
    expect(response.status).toBe(200);

    const [request] = stage.emulator.requests;
    const sent = request?.body ?? {};
    const ceiling = Number(sent[field]);
    expect(ceiling).toBeGreaterThanOrEqual(256);
    expect(ceiling).toBeLessThan(Number(call.body[field] ?? 20_000));
    for (const name of ['max_tokens', 'max_completion_tokens', 'max_output_tokens']) {
      if (sent[name] !== undefined) expect(sent[name], name).toBeLessThanOrEqual(ceiling);
    }
    // Everything else is as the caller wrote it.
    const names = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'stream_options'];
    const rest = (body: Body) =>
      Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
    expect(rest(sent)).toEqual(rest(call.body));

    // Bounded again from the bytes that arrived; only what asks a stream for its usage is added.
    const { stream_options: _added, ...asSent } = sent;
    expect(held).toEqual([boundOf({ ...call, body: asSent })]);
    expect(held[0]).toBeLessThanOrEqual(0.5 * boundOf(call));
    // As much as there was: one more token for each choice would not have fitted.
    const oneMore = boundOf({ ...call, body: { ...asSent, [field]: ceiling + choices + 2 } });
    expect(oneMore).toBeGreaterThan(0.5 * boundOf(call));

    expect(adapted).toMatchObject([
      {
        strategies: ['fit'],
        output_tokens_max: ceiling,
        waited_ms: 0,
        asked: { needed_nano_usd: boundOf(call) },
      },
    ]);
    expect(response.headers.get('x-hardcap-strategy')).toBe('fit');
    expect(response.headers.get('x-hardcap-output-tokens-max')).toBe(String(ceiling));
    expect(Reflect.get(response, ADAPTATION)).toMatchObject({ strategies: ['fit'] });
    expect(Object.keys(response)).not.toContain(String(ADAPTATION));
  });
});

describe('fit keeps its hands off', () => {
  const tool = { name: 'f', input_schema: { type: 'object', properties: {} } };
  const parameters = { type: 'object', properties: {} };
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const cases: readonly (readonly [string, Call])[] = [
    ['a strict tool', claude({ max_tokens: 8_000, tools: [{ ...tool, strict: true }] })],
    ['a forced tool', claude({ max_tokens: 8_000, tools: [tool], tool_choice: { type: 'any' } })],
    [
      'structured output',
      claude({ max_tokens: 8_000, output_config: { format: { type: 'json_schema', schema } } }),
    ],
    [
      'a strict function of chat',
      chat({ tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }] }),
    ],
    [
      'a required function of chat',
      chat({
        tools: [{ type: 'function', function: { name: 'f', parameters } }],
        tool_choice: 'required',
      }),
    ],
    ['JSON mode', chat({ response_format: { type: 'json_object' } })],
    [
      'a function of Responses, strict unless it says otherwise',
      responses({ tools: [{ type: 'function', name: 'f', parameters }] }),
    ],
    [
      'a schema of Responses',
      responses({ text: { format: { type: 'json_schema', name: 'x', schema } } }),
    ],
  ];

  it.each(cases)('%s is refused, and cut where `fitStructured` allows it', async (_name, call) => {
    const cap = 0.5 * boundOf(call);
    const stage = await openStage(capOf(cap, { onShort: 'fit' }), {});
    const refused = await post(stage, call);
    expect(refused.status).toBe(402);
    expect(stage.emulator.requestCount).toBe(0);
    const allowed = await stage.guard.run({}, () => post(stage, call), { fitStructured: true });
    expect(allowed.headers.get('x-hardcap-strategy')).toBe('fit');
  });

  it('a plain tool that the model may leave alone is no reason', async () => {
    const call = claude({ max_tokens: 8_000, tools: [tool], tool_choice: { type: 'auto' } });
    const stage = await openStage(capOf(0.5 * boundOf(call), { onShort: 'fit' }), {});
    expect((await post(stage, call)).status).toBe(200);
  });

  it('never goes under `minOutputTokens`, nor under a thinking budget with it', async () => {
    const plain = claude({ max_tokens: 8_000 });
    const least = boundOf(claude({ max_tokens: 3_000 }));
    const config = capOf(least, { onShort: 'fit', minOutputTokens: 3_000 });
    const stage = await openStage(config, { reply: { outputTokens: 1 } });
    expect((await post(stage, plain)).status).toBe(200);
    const more = await openStage({ ...config, minOutputTokens: 3_010 }, {});
    expect((await post(more, plain)).status).toBe(402);
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    const thinker = claude({ max_tokens: 8_000, thinking });
    const enough = boundOf(claude({ max_tokens: 3_000, thinking }));
    const budget = await openStage(capOf(enough, { onShort: 'fit', minOutputTokens: 1_010 }), {});
    expect((await post(budget, thinker)).status).toBe(402);
    const fits = await openStage(capOf(enough, { onShort: 'fit', minOutputTokens: 1_000 }), {});
    expect((await post(fits, thinker)).status).toBe(200);
  });

  it('never raises what the caller asked for', async () => {
    const call = claude({ max_tokens: 100 });
    const stage = await openStage(capOf(boundOf(call) - 1, { onShort: 'fit' }), {});
    const error = await rejection(
      stage.anthropic().messages.create({ model: CLAUDE, messages, max_tokens: 100 }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    // What would fit is said all the same.
    expect((error as BudgetCapError).affordable_output_tokens).toBeLessThan(100);
    expect(stage.emulator.requestCount).toBe(0);
  });
});

describe('count', () => {
  const long = claude({
    max_tokens: 100,
    messages: [{ role: 'user', content: 'word '.repeat(8_000) }],
  });

  it('admits by the tight measure what the bytes would refuse, and holds no more than that', async () => {
    const stage = await openStage(capOf(0.5 * boundOf(long), { onShort: 'count' }), {});
    const response = await post(stage, long);
    expect(response.headers.get('x-hardcap-strategy')).toBe('count');
    expect(stage.settled[0]?.held_nano_usd).toBeLessThanOrEqual(0.5 * boundOf(long));
    expect(stage.settled[0]?.cost_nano_usd).toBeLessThanOrEqual(
      stage.settled[0]?.held_nano_usd ?? 0,
    );
    expect(stage.emulator.requests[0]?.body).toEqual(long.body);
  });

  it('asks the provider, where that is allowed, when nothing else helps', async () => {
    // 'word ' counts 1.5 tokens in the tight measure, 1.25 in the emulator's.
    const config = capOf(0.25 * boundOf(long) * 1.06, { onShort: 'count' });
    const without = await openStage(config, {});
    expect((await post(without, long)).status).toBe(402);
    expect(without.emulator.requestCount).toBe(0);
    const stage = await openStage({ ...config, countEndpoint: true }, {});
    const body = { ...long.body, max_tokens: 100, model: CLAUDE } as never;
    await stage.anthropic().messages.create(body);
    const paths = stage.emulator.requests.map(({ path }) => path);
    expect(paths).toEqual(['/v1/messages/count_tokens', '/v1/messages']);
    const [counted, sent] = stage.emulator.requests.map(({ headers }) => headers);
    expect(counted?.['authorization']).toBe('Bearer test');
    for (const name of ['authorization', 'anthropic-version', 'user-agent']) {
      expect(counted?.[name], name).toBe(sent?.[name]);
    }
    expect(stage.emulator.requests[0]?.body).not.toHaveProperty('max_tokens');
    expect(stage.settled[0]?.outcome).toBe('complete');
  });

  it('counts a Responses request at its own endpoint', async () => {
    const call = responses({ input: 'word '.repeat(8_000), max_output_tokens: 100 });
    const config = capOf(0.25 * boundOf(call) * 1.08, { onShort: 'count', countEndpoint: true });
    const stage = await openStage(config, {});
    expect((await post(stage, call)).status).toBe(200);
    expect(stage.emulator.requests.map(({ path }) => path)).toEqual([
      '/v1/responses/input_tokens',
      '/v1/responses',
    ]);
  });

  it('takes a tokenizer, and raises it when the provider counts more', async () => {
    const pieces: number[] = [];
    const usd = Math.floor(0.3 * boundOf(long)) / 1e9;
    const guard = new BudgetGuard(
      { per_customer_cap_usd: usd, onShort: 'count' },
      {
        tokenizer: (text, model) => {
          pieces.push(text.length);
          expect(model).toBe(CLAUDE);
          return Math.ceil(text.length / 5);
        },
      },
    );
    const first = guard.for({ customer: 'a' }).reserve(long);
    expect(first.adaptation).toMatchObject({ strategies: ['count'] });
    expect(Math.max(...pieces)).toBe(512);
    // Twice what the tokenizer said of the 40,000 characters: it counts twice from now on.
    first.settle({ input_tokens: 16_000, output_tokens: 1 });
    const again = guard.for({ customer: 'b' }).tryReserve(long);
    expect(again).toBeInstanceOf(BudgetCapError);
    expect((again as BudgetCapError).needed_usd).toBeGreaterThan(1.5 * first.held_usd);
  });
});

describe('fallback', () => {
  const OPUS = 'claude-opus-4-6';
  const SONNET = 'claude-sonnet-4-6';
  const HAIKU = 'claude-haiku-4-5';
  const call: Call = claude({ model: OPUS, max_tokens: 4_000 });
  const fallback = { [OPUS]: [SONNET, HAIKU] };

  it('asks the first cheaper model whose bound fits, at that model’s price', async () => {
    const onHaiku = boundOf(claude({ model: HAIKU, max_tokens: 4_000 }));
    const stage = await openStage(capOf(onHaiku, { onShort: 'fallback', fallback }), {});
    const adapted: AdaptedEvent[] = [];
    stage.guard.on('adapted', (event) => adapted.push(event));
    const { data, response } = await stage
      .anthropic()
      .messages.create({ model: OPUS, max_tokens: 4_000, messages })
      .withResponse();
    expect(data.model).toBe(HAIKU);
    expect(stage.emulator.requests[0]?.body).toEqual({ ...call.body, model: HAIKU });
    expect(response.headers.get('x-hardcap-model')).toBe(HAIKU);
    expect(adapted[0]).toMatchObject({
      strategies: ['fallback'],
      model: HAIKU,
      asked: { model: OPUS, needed_nano_usd: boundOf(call) },
    });
    expect(stage.settled[0]?.held_nano_usd).toBe(onHaiku);
  });

  it('draws on the caps of the model that is asked', async () => {
    const stage = await openStage(
      {
        caps: [
          { scope: 'model', match: 'claude-opus-*', window: 'lifetime', usd: 0 },
          { scope: 'model', match: 'claude-sonnet-*', window: 'lifetime', usd: 1 },
        ],
        onShort: 'fallback',
        fallback,
      },
      {},
    );
    await post(stage, call);
    const [opus, sonnet] = [OPUS, SONNET].map((model) => stage.guard.balance({ model })[0]);
    expect(opus?.spent_nano_usd).toBe(0);
    expect(sonnet?.spent_nano_usd).toBe(stage.billed());
  });

  it('is no way around a cap that no model fits, and the refusal is about the one asked for', async () => {
    const stage = await openStage(capOf(1_000, { onShort: ['count', 'fallback'], fallback }), {});
    const error = await rejection(
      stage.anthropic().messages.create({ model: OPUS, max_tokens: 4_000, messages }),
    );
    expect(error).toMatchObject({ code: 'BUDGET_CAP', cap_usd: 0.000001 });
    expect(String(error)).toContain(OPUS);
    expect(stage.refused).toHaveLength(1);
    expect(stage.emulator.requestCount).toBe(0);
  });
});

describe('which strategies apply', () => {
  const call = claude({ max_tokens: 8_000 });

  it('those that all caps list that are short, in the order of the first', async () => {
    const usd = Math.floor(0.5 * boundOf(call)) / 1e9;
    const short = { scope: 'global', usd } as const;
    const fits = { onShort: ['count', 'fit'] } as const;
    const guardOf = (second: object) =>
      new BudgetGuard({
        caps: [
          { ...short, window: 'day', ...fits },
          { ...short, window: 'month', ...second },
          { scope: 'feature', window: 'day', usd: 100 },
        ],
      });
    expect(guardOf({ onShort: 'fit' }).reserve(call).adaptation?.strategies).toEqual(['fit']);
    expect(guardOf({}).tryReserve(call)).toBeInstanceOf(BudgetCapError);
    expect(guardOf({ usd: 100 }).reserve(call).adaptation?.strategies).toContain('fit');
  });

  it('the call’s own list counts before them, from the nearest that says one', () => {
    const guard = new BudgetGuard(capOf(0.5 * boundOf(call), { onShort: 'fit' }));
    const tried = (options?: object) => guard.tryReserve({ ...call, ...options });
    expect(tried({ options: { onShort: 'refuse' } })).toBeInstanceOf(BudgetCapError);
    guard.run(
      {},
      () => {
        expect(tried()).toBeInstanceOf(BudgetCapError);
        const view = guard.for({}, { onShort: 'fit' });
        view.reserve(call).release('never sent');
        expect(view.tryReserve({ ...call, options: { minOutputTokens: 7_999 } })).toBeInstanceOf(
          BudgetCapError,
        );
      },
      { onShort: 'refuse' },
    );
    expect(() => tried({ options: { onShort: 'fits' } })).toThrow(/options.onShort.*"fit"/s);
    expect(() => guard.run({}, () => 1, { waitMsMax: 0 })).toThrow(/options.waitMsMax/);
  });
});

describe('wrapUp', () => {
  it('keeps its part of the cap from all calls that are not marked, and says how much', async () => {
    const call = claude({ max_tokens: 1_000 });
    const bound = boundOf(call);
    const stage = await openStage(
      {
        caps: [
          {
            id: 'agent',
            scope: 'global',
            window: 'lifetime',
            usd: (2 * bound) / 1e9,
            wrapUp: 0.25,
          },
        ],
      },
      { reply: { outputTokens: 1_000 } },
    );
    const { guard } = stage;
    const [first] = [guard.reserve(call)];
    const refused = guard.tryReserve(call) as BudgetCapError;
    expect(refused).toBeInstanceOf(BudgetCapError);
    expect(refused.accounts[0]).toMatchObject({
      cap_id: 'agent~work',
      cap_usd: (1.5 * bound) / 1e9,
      kept_for_wrap_up_usd: (0.5 * bound) / 1e9,
    });
    expect(refused.message).toMatch(/is kept for calls marked wrapUp/);
    await guard.run({}, () => post(stage, call), { wrapUp: true });
    expect(stage.emulator.requestCount).toBe(1);
    first.release('never sent');
    // The rest is there for both, but never more than the whole cap.
    const [whole, work] = guard.balance();
    expect(work?.spent_nano_usd).toBe(0);
    expect(whole?.spent_nano_usd).toBe(stage.billed());
  });
});

describe('wait', () => {
  const body = { model: CLAUDE, max_tokens: 1_000, messages };
  const call = claude({ max_tokens: 1_000 });
  const bound = boundOf(call);
  const WAIT = { onShort: 'wait' } as const;

  it('serves in the order of arrival, each once there is room, and says how long it took', async () => {
    const stage = await openStage(capOf(1.5 * bound, WAIT), {
      reply: { outputTokens: 10 },
      latencyMs: 30,
    });
    const waited: number[] = [];
    stage.guard.on('adapted', ({ waited_ms }) => waited.push(waited_ms));
    const order: number[] = [];
    const anthropic = stage.anthropic();
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const asked = anthropic.messages.create(body).withResponse();
        const { response } = await asked;
        order.push(index);
        return response.headers.get('x-hardcap-strategy');
      }),
    );
    expect(answers).toEqual([null, 'wait', 'wait', 'wait']);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(waited).toHaveLength(3);
    // Nobody was served before the first answer had come, which took 30 ms.
    expect(Math.min(...waited)).toBeGreaterThan(10);
  });

  it('lets nobody who may wait pass, and does not hold up who may not', async () => {
    const stage = await openStage(capOf(1.5 * bound, WAIT), {
      reply: { outputTokens: 10 },
      latencyMs: 50,
    });
    const anthropic = stage.anthropic();
    const small = { ...body, max_tokens: 1 };
    const sent = () => stage.emulator.requests.map(({ body: one }) => one?.['max_tokens']);
    const first = anthropic.messages.create(body);
    await until(() => stage.emulator.requestCount === 1, 2_000);
    const big = anthropic.messages.create(body);
    const behind = anthropic.messages.create(small);
    const passing = stage.guard.run(
      {},
      () => anthropic.messages.create({ ...body, max_tokens: 2 }),
      {
        onShort: 'refuse',
      },
    );
    await Promise.all([first, big, behind, passing]);
    expect(sent()).toEqual([1_000, 2, 1_000, 1]);
  });

  it('refuses at once when the money cannot come, wherever the call stands in the line', async () => {
    const stage = await openStage(capOf(2.2 * bound, WAIT), {
      reply: { outputTokens: 1_000 },
      latencyMs: 100,
    });
    const anthropic = stage.anthropic();
    // Two in flight that spend nearly all they hold; the third could only hope; the fourth, too.
    const calls = [0, 1, 2, 3].map(() => anthropic.messages.create(body));
    const errors: unknown[] = [];
    const start = performance.now();
    for (const result of await Promise.allSettled(calls)) {
      if (result.status === 'rejected') errors.push(result.reason);
    }
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatchObject({ code: 'BUDGET_CAP', held_usd: 0 });
    const hopeless = performance.now();
    const huge = await rejection(anthropic.messages.create({ ...body, max_tokens: 20_000 }));
    expect(huge).toBeInstanceOf(BudgetCapError);
    expect(performance.now() - hopeless).toBeLessThan(1_000);
  });

  it('is over after `waitMsMax`, with the figures of that moment', async () => {
    const stage = await openStage(capOf(1.5 * bound, { ...WAIT, waitMsMax: 60 }), {
      reply: { outputTokens: 10 },
      latencyMs: 400,
    });
    const anthropic = stage.anthropic();
    const first = anthropic.messages.create(body);
    const error = await rejection(anthropic.messages.create(body));
    expect(error).toMatchObject({
      code: 'BUDGET_CAP',
      spend_usd: 0,
      held_usd: bound / 1e9,
      needed_usd: bound / 1e9,
    });
    expect(stage.refused).toHaveLength(1);
    await first;
  });

  it('keeps at most `waitersMax` in line', async () => {
    const stage = await openStage(capOf(1.5 * bound, { ...WAIT, waitersMax: 1 }), {
      reply: { outputTokens: 10 },
      latencyMs: 200,
    });
    const anthropic = stage.anthropic();
    const results = await Promise.allSettled([0, 1, 2].map(() => anthropic.messages.create(body)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  it('a caller that gives up frees its place, and nothing leaves for it', async () => {
    const stage = await openStage(capOf(1.5 * bound, WAIT), {
      reply: { outputTokens: 10 },
      latencyMs: 100,
    });
    const anthropic = stage.anthropic();
    const stop = new AbortController();
    const first = anthropic.messages.create(body);
    const gone = rejection(
      anthropic.messages.create({ ...body, max_tokens: 999 }, { signal: stop.signal }),
    );
    const last = anthropic.messages.create(body);
    setTimeout(() => stop.abort(), 20);
    expect(await gone).not.toBeInstanceOf(BudgetCapError);
    await Promise.all([first, last]);
    expect(stage.emulator.requests.map(({ body: one }) => one?.['max_tokens'])).toEqual([
      1_000, 1_000,
    ]);
    expect(stage.refused).toEqual([]);
  });

  it('a hold that comes at the moment of giving up goes back, and the next one is served', async () => {
    const stage = await openStage(capOf(1.5 * bound, WAIT), {
      reply: { outputTokens: 10 },
      latencyMs: 50,
    });
    const anthropic = stage.anthropic();
    const stop = new AbortController();
    let holds = 0;
    stage.guard.on('reserved', () => {
      holds += 1;
      if (holds === 2) stop.abort();
    });
    const first = anthropic.messages.create(body);
    const gone = rejection(anthropic.messages.create(body, { signal: stop.signal }));
    const last = anthropic.messages.create(body);
    await Promise.all([first, gone, last]);
    expect(stage.emulator.requestCount).toBe(2);
    expect(stage.settled.map(({ outcome }) => outcome).toSorted()).toEqual([
      'complete',
      'complete',
      'unsent',
    ]);
  });

  it('waits through `reserveAsync` too, while `reserve` answers at once', async () => {
    const guard = new BudgetGuard(capOf(1.5 * bound, WAIT));
    const first = guard.reserve(call);
    expect(guard.tryReserve(call)).toBeInstanceOf(BudgetCapError);
    const second = guard.reserveAsync(call);
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.release('never sent');
    const held = await second;
    expect(held.adaptation?.strategies).toEqual(['wait']);
    held.release('never sent');
    expect(guard.balance()[0]?.held_nano_usd).toBe(0);
  });

  it('with `fit`, takes what comes back as soon as it is enough', async () => {
    const guard = new BudgetGuard(
      capOf(2 * bound, { onShort: ['fit', 'wait'], minOutputTokens: 500 }),
    );
    const [first, second] = [guard.reserve(call), guard.reserve(call)];
    const third = guard.reserveAsync(call);
    first.settle({ input_tokens: 10, output_tokens: 400 });
    const held = await third;
    expect(held.adaptation).toMatchObject({ strategies: ['fit', 'wait'] });
    expect(held.adaptation?.output_tokens_max).toBeGreaterThanOrEqual(500);
    expect(held.adaptation?.output_tokens_max).toBeLessThan(1_000);
    for (const one of [second, held]) one.release('never sent');
  });
});

describe('what is sent late is what was read', () => {
  it('whatever the caller does with `init` and its bytes while the call waits', async () => {
    const config = { global_cap_per_day_usd: 0.03, onShort: ['wait'] as const };
    const stage = await openStage(config, { reply: { outputTokens: 100 }, latencyMs: 100 });
    const fetcher = guardedFetch(stage.guard, { provider: 'anthropic' });
    const url = `${stage.emulator.url}/v1/messages`;
    const text = (max_tokens: number) => JSON.stringify({ model: CLAUDE, max_tokens, messages });
    const headers = { 'content-type': 'application/json', 'x-api-key': 'test' };
    const small = new TextEncoder().encode(text(1_000));
    const init = { method: 'POST', headers, body: small as Uint8Array | string };
    const [first, second] = [fetcher(url, init), fetcher(url, init)];
    // The buffer and the object are used again before the second has left.
    small.set(new TextEncoder().encode(text(9_999)));
    init.body = text(64_000);
    await Promise.all([first, second].map(async (response) => (await response).text()));
    const ceilings = stage.emulator.requests.map(({ body }) => body?.['max_tokens']);
    expect(ceilings).toEqual([1_000, 1_000]);
  });
});
