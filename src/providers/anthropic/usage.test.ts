import { describe, expect, it } from 'vitest';
import type { MeterReading } from '../../meter/usage.ts';
import type { JsonObject, RequestFacts } from '../provider.ts';
import { openAnthropicMeter } from './usage.ts';

const MODEL = 'claude-sonnet-4-5-20250929';

function factsOf(body: JsonObject = {}): RequestFacts {
  return { route: 'messages', model: 'claude-sonnet-4-5', isStream: true, body };
}

function meterText(text: string, type: string, body?: JsonObject): MeterReading {
  const meter = openAnthropicMeter(factsOf(body), type);
  meter.push(new TextEncoder().encode(text));
  return meter.read();
}

const json = (answer: unknown, body?: JsonObject) =>
  meterText(JSON.stringify(answer), 'application/json', body);
const message = (usage: unknown, more: object = {}) => ({
  id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
  type: 'message',
  role: 'assistant',
  model: MODEL,
  content: [{ type: 'text', text: 'said {"usage":{"output_tokens":0}}' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
  ...more,
});
const usageBody = (usage: unknown, body?: JsonObject) => json(message(usage), body);

type Event = { readonly type: string };
const wire = (events: readonly Event[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const stream = (events: readonly Event[], body?: JsonObject) =>
  meterText(wire(events), 'text/event-stream; charset=utf-8', body);

const start = (usage: unknown) => ({
  type: 'message_start',
  message: message(usage, { content: [], stop_reason: null }),
});
const TEXT = [
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel"lo' } },
  { type: 'content_block_stop', index: 0 },
];
const delta = (usage: unknown, stopReason: string | null = 'end_turn') => ({
  type: 'message_delta',
  delta: { stop_reason: stopReason, stop_sequence: null },
  usage,
});
const SEARCH = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
const STOP = { type: 'message_stop' };
const OVERLOADED = {
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
};

const START_USAGE = {
  input_tokens: 1000,
  cache_creation_input_tokens: 10_000,
  cache_read_input_tokens: 100_000,
  cache_creation: { ephemeral_5m_input_tokens: 10_000, ephemeral_1h_input_tokens: 0 },
  output_tokens: 3,
  service_tier: 'standard',
  inference_geo: 'global',
  speed: null,
  server_tool_use: null,
};
const TOKENS = { input: 1000, cacheRead: 100_000, cacheWrite5m: 10_000, output: 500 };

function linesOf(reading: MeterReading) {
  if (reading.kind !== 'complete' && reading.kind !== 'partial') {
    throw new Error(`${reading.kind}: ${JSON.stringify(reading)}`);
  }
  return reading.usage.lines;
}

describe('Anthropic meter', () => {
  it('says the same for a stream and for the body of the same answer', () => {
    const body = usageBody({ ...START_USAGE, output_tokens: 500 });
    const events = [start(START_USAGE), ...TEXT, delta({ output_tokens: 500 }), STOP];
    expect(stream(events)).toEqual(body);
    expect(body).toEqual({
      kind: 'complete',
      responseId: expect.stringMatching(/^msg_/),
      usage: {
        lines: [{ model: MODEL, tokens: TOKENS, fees: {}, serviceTier: 'standard', isFast: false }],
      },
    });
  });

  it('replaces cumulative figures field by field and never adds them', () => {
    const events = [
      start(START_USAGE),
      delta({ output_tokens: 200 }, null),
      delta({ output_tokens: 400, input_tokens: 1000, cache_read_input_tokens: null }, null),
      delta({ ...START_USAGE, output_tokens: 500 }),
      STOP,
    ];
    expect(linesOf(stream(events))[0]?.tokens).toEqual(TOKENS);
  });

  it('takes later input and cache figures over earlier ones', () => {
    const inclusive = { input_tokens: 1100, cache_read_input_tokens: 1000, output_tokens: 1 };
    const split = { input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 7 };
    expect(linesOf(stream([start(inclusive), delta(split)]))[0]?.tokens).toEqual({
      input: 100,
      cacheRead: 1000,
      output: 7,
    });
    const grown = { input_tokens: 5000, cache_creation_input_tokens: 10_500, output_tokens: 9 };
    expect(linesOf(stream([start(START_USAGE), delta(grown)]))[0]?.tokens).toEqual({
      input: 5000,
      cacheRead: 100_000,
      cacheWrite5m: 10_500,
      output: 9,
    });
  });

  it('does not take input figures that are all zero in the last event for free input', () => {
    const zeros = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 500 };
    expect(linesOf(stream([start(START_USAGE), delta(zeros)]))[0]?.tokens).toEqual(TOKENS);
  });

  it('takes the corrected split where the first input included the cached tokens', () => {
    const first = { input_tokens: 1100, output_tokens: 1 };
    const last = { input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 7 };
    const tokens = { input: 100, cacheRead: 1000, output: 7 };
    expect(linesOf(stream([start(first), delta(last)]))[0]?.tokens).toEqual(tokens);
  });

  it.each<[string, object, object]>([
    ['output to zero', { output_tokens: 0 }, { input: 1000, output: 90 }],
    ['output', { output_tokens: 40 }, { input: 1000, output: 90 }],
    ['input', { input_tokens: 10, output_tokens: 95 }, { input: 1000, output: 95 }],
    [
      'input with a few cached',
      { input_tokens: 10, cache_read_input_tokens: 20, output_tokens: 95 },
      { input: 1000, output: 95 },
    ],
    [
      'no input, only its class',
      { input_tokens: 10, cache_creation_input_tokens: 990, output_tokens: 95 },
      { input: 10, cacheWrite5m: 990, output: 95 },
    ],
  ])('never lets a cumulative figure fall: %s', (_, last, tokens) => {
    const events = [
      start({ input_tokens: 1000, output_tokens: 1 }),
      delta({ output_tokens: 90 }, null),
      delta(last),
      STOP,
    ];
    expect(linesOf(stream(events))[0]?.tokens).toEqual(tokens);
  });

  it.each<[string, object]>([
    ['all', { input_tokens: 1, cache_creation_input_tokens: 0, cache_creation: SPLIT(0, 0) }],
    ['the dearer class', { input_tokens: 0, cache_creation: SPLIT(500, 0) }],
  ])('keeps cache writes and their split when a later event takes back %s', (_, last) => {
    const first = { input_tokens: 1, cache_creation_input_tokens: 500 };
    const events = [
      start({ ...first, cache_creation: SPLIT(0, 500) }),
      delta({ ...last, output_tokens: 9 }),
    ];
    expect(linesOf(stream(events))[0]?.tokens).toEqual({ input: 1, cacheWrite1h: 500, output: 9 });
  });

  it('keeps searches and iterations that a later event takes back', () => {
    const compaction = { type: 'compaction', input_tokens: 9, output_tokens: 8 };
    const used = (web_search_requests: number) => ({ server_tool_use: { web_search_requests } });
    const events = [
      start({ input_tokens: 1, output_tokens: 1 }),
      delta({ output_tokens: 2, iterations: [compaction], ...used(2) }, null),
      delta({ output_tokens: 2, iterations: [], ...used(0) }),
    ];
    expect(linesOf(stream(events))).toMatchObject([
      { tokens: { input: 1, output: 2 }, fees: { webSearch: 2 } },
      { tokens: { input: 9, output: 8 } },
    ]);
  });

  it('takes an input of nothing for not reported', () => {
    const zeros = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };
    const compaction = { type: 'compaction', input_tokens: 9, output_tokens: 8 };
    expect(usageBody(zeros)).toEqual({ kind: 'missing' });
    expect(usageBody({ ...zeros, output_tokens: 9 })).toEqual({ kind: 'missing' });
    expect(usageBody({ ...zeros, iterations: [compaction] })).toEqual({ kind: 'missing' });
    expect(stream([start(zeros), ...TEXT])).toEqual({ kind: 'missing' });
    expect(stream([start(zeros), ...TEXT, delta({ output_tokens: 9 }), STOP])).toEqual({
      kind: 'missing',
    });
    // Some gateways know nothing at the start and all at the end.
    const last = delta({ input_tokens: 7, output_tokens: 9 });
    expect(linesOf(stream([start(zeros), ...TEXT, last]))[0]?.tokens).toEqual({
      input: 7,
      output: 9,
    });
    const cached = { ...zeros, cache_read_input_tokens: 5 };
    expect(linesOf(usageBody(cached))[0]?.tokens).toEqual({ cacheRead: 5 });
  });

  it.each<[string, JsonObject]>([
    ['tools', { tools: [SEARCH] }],
    ['a tool added on the way', ADDED_SEARCH()],
    ['code execution', { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }],
  ])('does not take usage alone for complete where searches may be billed: %s', (_, body) => {
    const usage = { input_tokens: 5, output_tokens: 6 };
    expect(json({ usage }, body)).toEqual({ kind: 'missing' });
    expect(json({ usage: { ...usage, server_tool_use: null } }, body).kind).toBe('complete');
    expect(json({ usage, content: [] }, body).kind).toBe('complete');
    expect(json({ usage }, { tools: [{ name: 'web_search', input_schema: {} }] }).kind).toBe(
      'complete',
    );
  });

  it.each<[string, Event[]]>([
    ['message_start', [start(START_USAGE)]],
    ['text', [start(START_USAGE), ...TEXT]],
    ['a running total', [start(START_USAGE), ...TEXT, delta({ output_tokens: 40 }, null)]],
    ['a stop without output figure', [start(START_USAGE), delta({}), STOP]],
    ['overload', [start(START_USAGE), ...TEXT, OVERLOADED]],
  ])('knows the input but not the output when a stream breaks after %s', (_, events) => {
    const { output: _output, ...input } = TOKENS;
    const reading = stream(events);
    expect(reading).toMatchObject({ kind: 'partial', outputKnown: false });
    expect(linesOf(reading)[0]?.tokens).toEqual(input);
  });

  it.each<[string, JsonObject]>([
    [
      'a server tool',
      { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }] },
    ],
    ['fallbacks', { fallbacks: [{ model: 'claude-opus-4-8' }] }],
    ['remote tools', { mcp_servers: [{ url: 'https://x' }] }],
    ['unreadable tools', { tools: 'all' }],
  ])('does not take the first input figures for final with %s', (_, body) => {
    expect(stream([start(START_USAGE), ...TEXT], body)).toEqual({ kind: 'missing' });
    expect(stream([start(START_USAGE), delta({ output_tokens: 1 })], body).kind).toBe('complete');
  });

  it('takes them for final with tools that the client runs', () => {
    const tools = [
      { name: 'f', input_schema: {} },
      { type: 'bash_20250124', name: 'bash' },
    ];
    expect(stream([start(START_USAGE)], { tools }).kind).toBe('partial');
  });

  it('is complete with a stop reason, or with message_stop, after the output figure', () => {
    const usage = { output_tokens: 5 };
    expect(stream([start(START_USAGE), delta(usage)]).kind).toBe('complete');
    expect(stream([start(START_USAGE), delta(usage, null)]).kind).toBe('partial');
    expect(stream([start(START_USAGE), delta(usage, null), STOP]).kind).toBe('complete');
    expect(stream([start(START_USAGE), delta(usage), OVERLOADED]).kind).toBe('complete');
  });

  it.each<[string, MeterReading]>([
    ['nothing', stream([])],
    ['no usage', stream([start(undefined), ...TEXT, STOP])],
    ['content without a start, then an error', stream([...TEXT, OVERLOADED])],
    ['a stream in a JSON body', meterText(wire([start(START_USAGE)]), 'application/json')],
    ['a body cut off', meterText(JSON.stringify(message(START_USAGE)).slice(0, -1), '')],
    ['no input total', usageBody({ output_tokens: 5 })],
    ['no output total', usageBody({ input_tokens: 5, output_tokens: null })],
    ['null usage', usageBody(null)],
    ['a token count', json({ input_tokens: 2095 })],
  ])('calls usage missing: %s', (_, reading) => expect(reading).toEqual({ kind: 'missing' }));

  it('calls an error without any content failed', () => {
    const failed = { kind: 'failed', message: 'overloaded_error: Overloaded' };
    expect(stream([OVERLOADED])).toEqual(failed);
    expect(stream([{ type: 'ping' }, OVERLOADED])).toEqual(failed);
    expect(json(OVERLOADED)).toEqual(failed);
  });

  it('does not call an error failed beside content or figures', () => {
    const missing = { kind: 'missing' };
    const usage = { output_tokens: 5 };
    expect(json({ ...OVERLOADED, usage })).toEqual(missing);
    expect(json({ ...OVERLOADED, content: [{ type: 'text', text: 'a' }] })).toEqual(missing);
    expect(stream([{ ...OVERLOADED, usage } as Event])).toEqual(missing);
  });

  it.each<[string, JsonObject, object]>([
    ['5 m by default', {}, { cacheWrite5m: 7 }],
    ['1 h when asked for anywhere', HOUR_REQUEST(), { cacheWrite1h: 7 }],
  ])('classes cache writes without a split as %s', (_, body, writes) => {
    const usage = { input_tokens: 1, cache_creation_input_tokens: 7, output_tokens: 1 };
    for (const cache_creation of [null, undefined]) {
      const { tokens } = linesOf(usageBody({ ...usage, cache_creation }, body))[0]!;
      expect(tokens).toEqual({ input: 1, output: 1, ...writes });
    }
  });

  it.each<[string, object, object]>([
    [
      'as reported',
      { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 },
      { cacheWrite5m: 3, cacheWrite1h: 4 },
    ],
    [
      'with the rest as 1 h',
      { ephemeral_5m_input_tokens: 3 },
      { cacheWrite5m: 3, cacheWrite1h: 4 },
    ],
  ])('splits cache writes %s', (_, cache_creation, writes) => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 7,
      cache_creation,
      output_tokens: 1,
    };
    expect(linesOf(usageBody(usage))[0]?.tokens).toEqual({ input: 1, output: 1, ...writes });
  });

  it('counts later cache writes without a split as the dearer class of the split before', () => {
    const split = { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 5 };
    const first = { ...START_USAGE, cache_creation_input_tokens: 10, cache_creation: split };
    const last = { cache_creation_input_tokens: 12, output_tokens: 1 };
    expect(linesOf(stream([start(first), delta(last)]))[0]?.tokens).toMatchObject({
      cacheWrite1h: 12,
    });
  });

  it('reads fees, tier, speed and region as served', () => {
    const usage = {
      ...START_USAGE,
      server_tool_use: { web_search_requests: 3, web_fetch_requests: 9 },
      service_tier: 'priority',
      speed: 'fast',
      inference_geo: 'us',
    };
    expect(linesOf(usageBody(usage))[0]).toMatchObject({
      fees: { webSearch: 3 },
      serviceTier: 'priority',
      isFast: true,
      geo: 'us',
    });
  });

  it('takes speed and region from the request when the answer does not say', () => {
    const silent = { input_tokens: 1, output_tokens: 1 };
    const body = { speed: 'fast', inference_geo: 'us' };
    const line = { serviceTier: undefined, isFast: true, geo: 'us' };
    expect(linesOf(usageBody(silent, body))[0]).toMatchObject(line);
    expect(linesOf(usageBody(silent))[0]).toMatchObject({ isFast: false, geo: undefined });
    const standard = { ...silent, speed: 'standard', inference_geo: 'not_available' };
    expect(linesOf(usageBody(standard, body))[0]).toMatchObject({ isFast: false, geo: undefined });
  });

  it.each<[string, object]>([
    ['negative', { input_tokens: -1 }],
    ['fractional', { output_tokens: 1.5 }],
    ['above 2^53 - 1', { input_tokens: 2 ** 53 }],
    ['a string', { cache_read_input_tokens: '5' }],
    ['a boolean', { cache_creation_input_tokens: true }],
    ['an object', { output_tokens: {} }],
    [
      'a split above its total',
      { cache_creation_input_tokens: 1, cache_creation: { ephemeral_1h_input_tokens: 2 } },
    ],
    ['a negative split', { cache_creation: { ephemeral_5m_input_tokens: -2 } }],
    ['a split that is a list', { cache_creation: [1] }],
    ['thinking above output', { output_tokens_details: { thinking_tokens: 6 } }],
    ['negative searches', { server_tool_use: { web_search_requests: -1 } }],
    ['an unknown tier', { service_tier: 'ultra' }],
    ['an unknown speed', { speed: 'warp' }],
    ['a region that is a number', { inference_geo: 7 }],
    ['iterations that are no list', { iterations: {} }],
    ['an iteration without totals', { iterations: [{ type: 'message', input_tokens: 1 }] }],
    [
      'an iteration with a negative',
      { iterations: [{ type: 'x', input_tokens: -1, output_tokens: 1 }] },
    ],
    ['a usage too large to read', { padding: 'x'.repeat(70_000) }],
  ])('flags figures that cannot be meant: %s', (_, change) => {
    const usage = { input_tokens: 5, output_tokens: 5, ...change };
    const body = usageBody(usage);
    expect(body.kind).toBe('hostile');
    // A later sane figure does not wash it clean.
    const sane = delta({ input_tokens: 5, output_tokens: 5 });
    expect(stream([start(usage), sane, STOP]).kind).toBe('hostile');
    expect(stream([start({ input_tokens: 5, output_tokens: 1 }), delta(usage), sane]).kind).toBe(
      'hostile',
    );
  });

  it('flags infinite and too precise numbers as they stand on the wire', () => {
    for (const number of ['1e999', '9007199254740993', '"NaN"', '-0.5']) {
      const text = `{"usage":{"input_tokens":${number},"output_tokens":1}}`;
      expect(meterText(text, 'application/json').kind).toBe('hostile');
    }
    expect(meterText('{"usage":[1]}', 'application/json').kind).toBe('hostile');
  });
});

function SPLIT(five: number, hour: number): JsonObject {
  return { ephemeral_5m_input_tokens: five, ephemeral_1h_input_tokens: hour };
}

function ADDED_SEARCH(): JsonObject {
  const added = { type: 'tool_addition', tool: { type: 'tool_definition', definition: SEARCH } };
  return { messages: [{ role: 'user', content: [added] }] };
}

function HOUR_REQUEST(): JsonObject {
  const cache_control = { type: 'ephemeral', ttl: '1h' };
  return { messages: [{ role: 'user', content: [{ type: 'text', text: 'x', cache_control }] }] };
}

describe('Anthropic iterations', () => {
  const iteration = (type: string, input: number, output: number, model?: string) => ({
    type,
    model: model ?? null,
    input_tokens: input,
    output_tokens: output,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_creation: null,
  });
  const read = (top: object, iterations: unknown[]) =>
    linesOf(usageBody({ ...top, iterations })).map(({ model, tokens }) => [model, tokens]);

  it('adds compaction, which the totals leave out, as a line of its own', () => {
    const lines = read({ input_tokens: 23_000, output_tokens: 1000 }, [
      iteration('compaction', 180_000, 3500),
      iteration('message', 23_000, 1000),
    ]);
    expect(lines).toEqual([
      [MODEL, { input: 23_000, output: 1000 }],
      [MODEL, { input: 180_000, output: 3500 }],
    ]);
  });

  it("adds the advisor, which the totals leave out, at its own model's line", () => {
    const lines = read({ input_tokens: 412, output_tokens: 620 }, [
      iteration('message', 412, 89),
      iteration('advisor_message', 823, 1612, 'claude-opus-4-7'),
      iteration('message', 1348, 531),
      iteration('advisor_message', 10, 20, 'claude-opus-4-7'),
    ]);
    // The totals show the input of the first turn only: the iterations have more.
    expect(lines).toEqual([
      [MODEL, { input: 412 + 1348, output: 89 + 531 }],
      ['claude-opus-4-7', { input: 833, output: 1632 }],
    ]);
  });

  it('books a declined attempt beside the fallback that served', () => {
    const lines = read({ input_tokens: 1000, output_tokens: 500 }, [
      iteration('message', 1000, 1, 'claude-fable-5'),
      iteration('fallback_message', 1000, 500, 'claude-opus-4-8'),
    ]);
    expect(lines).toEqual([
      ['claude-opus-4-8', { input: 1000, output: 500 }],
      ['claude-fable-5', { input: 1000, output: 1 }],
    ]);
  });

  it('never books less than the totals, class by class', () => {
    const top = {
      input_tokens: 100,
      output_tokens: 50,
      cache_read_input_tokens: 9,
      cache_creation_input_tokens: 7,
      cache_creation: { ephemeral_1h_input_tokens: 4, ephemeral_5m_input_tokens: 3 },
    };
    const own = { ...iteration('message', 60, 60), cache_creation_input_tokens: 5 };
    expect(read(top, [own])).toEqual([
      [MODEL, { input: 100, output: 60, cacheRead: 9, cacheWrite5m: 5, cacheWrite1h: 2 }],
    ]);
  });

  it('counts an unknown type as not in the totals', () => {
    const lines = read({ input_tokens: 1, output_tokens: 2 }, [
      iteration('message', 1, 2),
      iteration('critic_message', 3, 4, 'claude-x'),
    ]);
    expect(lines).toEqual([
      [MODEL, { input: 1, output: 2 }],
      ['claude-x', { input: 3, output: 4 }],
    ]);
  });

  it('charges fees once, however many lines there are', () => {
    const reading = usageBody({
      input_tokens: 1,
      output_tokens: 2,
      server_tool_use: { web_search_requests: 2 },
      iterations: [iteration('message', 1, 2), iteration('compaction', 3, 4)],
    });
    expect(linesOf(reading).map((line) => line.fees)).toEqual([{ webSearch: 2 }, {}]);
  });

  it('replaces iterations of an earlier event', () => {
    const one = { output_tokens: 2, iterations: [iteration('compaction', 9, 9)] };
    const events = [start({ input_tokens: 1, output_tokens: 1 }), delta(one, null), delta(one)];
    expect(linesOf(stream(events)).map((line) => line.tokens)).toEqual([
      { input: 1, output: 2 },
      { input: 9, output: 9 },
    ]);
  });
});
