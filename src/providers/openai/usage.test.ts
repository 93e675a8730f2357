import { describe, expect, it } from 'vitest';
import type { MeterReading, UsageLine } from '../../meter/usage.ts';
import type { JsonObject, RequestFacts } from '../provider.ts';
import { openOpenAIMeter } from './usage.ts';

const CHAT = 'chat.completions';

function meterText(route: string, text: string, type: string, body: JsonObject = {}): MeterReading {
  const facts: RequestFacts = { route, model: 'gpt-5', isStream: true, body };
  const meter = openOpenAIMeter(facts, type);
  meter.push(new TextEncoder().encode(text));
  return meter.read();
}

const json = (route: string, answer: unknown, body?: JsonObject) =>
  meterText(route, JSON.stringify(answer), 'application/json; charset=utf-8', body);
const wire = (events: readonly unknown[]) =>
  events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
const stream = (route: string, events: readonly unknown[], body?: JsonObject) =>
  meterText(route, wire(events), 'text/event-stream', body);

function linesOf(reading: MeterReading): readonly UsageLine[] {
  if (reading.kind !== 'complete') throw new Error(JSON.stringify(reading));
  return reading.usage.lines;
}

const USAGE = {
  prompt_tokens: 2006,
  completion_tokens: 300,
  total_tokens: 2306,
  prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 192,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 10,
  },
};
const completion = (usage: unknown, more: object = {}) => ({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1_741_569_952,
  model: 'gpt-5-2025-08-07',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage,
  service_tier: 'default',
  ...more,
});
const chunk = (choices: unknown[], usage: unknown = null, more: object = {}) => ({
  id: 'chatcmpl-123',
  object: 'chat.completion.chunk',
  model: 'gpt-5-2025-08-07',
  service_tier: 'default',
  choices,
  usage,
  obfuscation: 'xYz',
  ...more,
});
const ZERO_PROMPT = { prompt_tokens: 0, prompt_tokens_details: null };
const said = (content: string) => [{ index: 0, delta: { content }, finish_reason: null }];
const END = [{ index: 0, delta: {}, finish_reason: 'stop' }];
const CHAT_LINE = {
  model: 'gpt-5-2025-08-07',
  tokens: { input: 86, cacheRead: 1920, output: 300 },
  fees: {},
  serviceTier: 'standard',
  isFast: false,
  geo: undefined,
};
const tokensOf = (usage: object, route = CHAT) =>
  linesOf(json(route, completion(usage)))[0]?.tokens;

describe('OpenAI chat meter', () => {
  it('says the same for a stream and for the body of the same answer', () => {
    const events = [chunk(said('')), chunk(said('H')), chunk(END), chunk([], USAGE), '[DONE]'];
    const body = json(CHAT, completion(USAGE));
    expect(body).toEqual({ kind: 'complete', usage: { lines: [CHAT_LINE] } });
    expect(stream(CHAT, events)).toEqual(body);
    // The client may cancel as soon as it has the last chunk.
    expect(stream(CHAT, events.slice(0, -1))).toEqual(body);
  });

  it('replaces running totals and trusts them only once they are final', () => {
    const running = (output: number) => ({ prompt_tokens: 10, completion_tokens: output });
    const events = [chunk(said('a'), running(1)), chunk(said('b'), running(2))];
    expect(stream(CHAT, events)).toEqual({ kind: 'missing' });
    const tokens = { input: 10, output: 2 };
    expect(linesOf(stream(CHAT, [...events, '[DONE]']))[0]?.tokens).toEqual(tokens);
    const last = linesOf(stream(CHAT, [...events, chunk([], running(3))]))[0];
    expect(last?.tokens).toEqual({ input: 10, output: 3 });
    const more = [...events, chunk([], running(3)), chunk(said('c'), running(4))];
    expect(stream(CHAT, more)).toEqual({ kind: 'missing' });
  });

  it.each<[string, MeterReading]>([
    ['nothing', stream(CHAT, [])],
    ['a stream without usage', stream(CHAT, [chunk(said('a')), chunk(END), '[DONE]'])],
    ['an error after output', stream(CHAT, [chunk(said('a')), { error: { message: 'x' } }])],
    ['no usage', json(CHAT, completion(undefined))],
    ['null usage', json(CHAT, completion(null))],
    ['no input total', json(CHAT, completion({ completion_tokens: 1 }))],
    ['no output total', json(CHAT, completion({ prompt_tokens: 1 }))],
    ['a body cut off', meterText(CHAT, JSON.stringify(completion(USAGE)).slice(0, -1), '')],
    ['a body that is not JSON', meterText(CHAT, '<html>', 'text/html')],
  ])('calls usage missing: %s', (_, reading) => expect(reading).toEqual({ kind: 'missing' }));

  it('calls an error without any output failed', () => {
    const error = { message: 'The server had an error', type: 'server_error', code: null };
    const failed = { kind: 'failed', message: 'server_error: The server had an error' };
    expect(stream(CHAT, [{ error }])).toEqual(failed);
    expect(json(CHAT, { error })).toEqual(failed);
    expect(json(CHAT, { error: 'down' })).toEqual({ kind: 'failed', message: 'down' });
  });

  it.each<[string, string, unknown]>([
    ['chat', CHAT, completion({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })],
    ['chat with output', CHAT, completion({ prompt_tokens: 0, completion_tokens: 9 })],
    ['chat with a total', CHAT, completion({ ...USAGE, ...ZERO_PROMPT })],
    ['completions', 'completions', completion({ prompt_tokens: 0, completion_tokens: 1 })],
    ['embeddings', 'embeddings', { data: [{}], usage: { prompt_tokens: 0, total_tokens: 0 } }],
  ])('takes an input of nothing for not reported: %s', (_, route, answer) => {
    expect(json(route, answer)).toEqual({ kind: 'missing' });
  });

  it('takes zeros in the last chunk for not reported, whatever came before', () => {
    const zeros = chunk([], { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 });
    const running = chunk(said('a'), { prompt_tokens: 10, completion_tokens: 1 });
    expect(stream(CHAT, [chunk(said('a')), zeros, '[DONE]'])).toEqual({ kind: 'missing' });
    expect(stream(CHAT, [running, zeros, '[DONE]'])).toEqual({ kind: 'missing' });
  });

  it.each([
    ['output', { prompt_tokens: 100, completion_tokens: 0 }, { input: 100, output: 90 }],
    ['input', { prompt_tokens: 40, completion_tokens: 95 }, { input: 100, output: 95 }],
    ['neither', { prompt_tokens: 120, completion_tokens: 95 }, { input: 120, output: 95 }],
  ])('never lets a running total fall: %s', (_, last, tokens) => {
    const running = { prompt_tokens: 100, completion_tokens: 90 };
    const events = [chunk(said('a'), running), chunk([], last), '[DONE]'];
    expect(linesOf(stream(CHAT, events))[0]?.tokens).toEqual(tokens);
  });

  it('reads the usage on a chunk that also has an error and output', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 90, total_tokens: 190 };
    const error = { code: 502, message: 'upstream' };
    const broken = chunk(said('abc'), usage, { error });
    const tokens = { input: 100, output: 90 };
    expect(linesOf(stream(CHAT, [broken, '[DONE]']))[0]?.tokens).toEqual(tokens);
    expect(stream(CHAT, [broken])).toEqual({ kind: 'missing' });
    expect(stream(CHAT, [chunk(said('abc'), null, { error })])).toEqual({ kind: 'missing' });
    expect(stream(CHAT, [{ error, usage: { prompt_tokens: 7 } }])).toEqual({ kind: 'missing' });
    expect(stream(CHAT, [chunk([], null, { error })]).kind).toBe('failed');
  });

  it.each<[string, object]>([
    ['choices', { choices: [{ message: { content: 'a' } }] }],
    ['data', { data: [{ embedding: [0.5] }] }],
    ['figures', { usage: { completion_tokens: 5 } }],
  ])('does not call an error failed beside %s', (_, more) => {
    expect(json(CHAT, { error: 'down', ...more })).toEqual({ kind: 'missing' });
  });

  it.each<[string, object, object]>([
    [
      'cached and written inside the input',
      { cached_tokens: 30, cache_write_tokens: 50 },
      { input: 20, cacheRead: 30, cacheWrite5m: 50 },
    ],
    [
      'written before cached where they overlap',
      { cached_tokens: 80, cache_write_tokens: 50 },
      { cacheRead: 50, cacheWrite5m: 50 },
    ],
    ['all cached', { cached_tokens: 100 }, { cacheRead: 100 }],
    ['audio apart', { audio_tokens: 40 }, { input: 60, audioInput: 40 }],
    [
      'cached as text first, the dearer',
      { audio_tokens: 40, cached_tokens: 50 },
      { input: 10, cacheRead: 50, audioInput: 40 },
    ],
    [
      'only the rest of the cached as audio',
      { audio_tokens: 40, cached_tokens: 75 },
      { cacheRead: 60, audioInput: 25, audioCacheRead: 15 },
    ],
    ['images as text', { image_tokens: 70, text_tokens: 30 }, { input: 100 }],
    ['nulls as not reported', { cached_tokens: null, audio_tokens: null }, { input: 100 }],
  ])('splits the input: %s', (_, prompt_tokens_details, classes) => {
    const usage = { prompt_tokens: 100, completion_tokens: 0, prompt_tokens_details };
    expect(tokensOf(usage)).toEqual(classes);
  });

  it('keeps reasoning and rejected predictions in the output, and audio apart', () => {
    const completion_tokens_details = { reasoning_tokens: 60, audio_tokens: 30 };
    const usage = { prompt_tokens: 1, completion_tokens: 100, completion_tokens_details };
    expect(tokensOf(usage)).toEqual({ input: 1, output: 70, audioOutput: 30 });
  });

  it('counts as output what only the total knows of', () => {
    const usage = {
      prompt_tokens: 10,
      completion_tokens: 9,
      total_tokens: 519,
      completion_tokens_details: { reasoning_tokens: 500 },
    };
    expect(tokensOf(usage)).toEqual({ input: 10, output: 509 });
    expect(tokensOf({ ...USAGE, total_tokens: 3 })).toEqual(CHAT_LINE.tokens);
  });

  it.each([
    ['default', 'standard'],
    ['scale', 'standard'],
    ['priority', 'priority'],
    ['fast', 'priority'],
    ['flex', 'flex'],
    ['auto', undefined],
    [null, undefined],
  ])('reads the tier that served: %s', (service_tier, serviceTier) => {
    const line = linesOf(json(CHAT, completion(USAGE, { service_tier })))[0];
    expect(line?.serviceTier).toBe(serviceTier);
  });

  it('counts one search for a chat that searches by itself', () => {
    const asked = { web_search_options: {} };
    expect(linesOf(json(CHAT, completion(USAGE), asked))[0]?.fees).toEqual({ webSearch: 1 });
    const model = 'gpt-4o-search-preview-2025-03-11';
    expect(linesOf(json(CHAT, completion(USAGE, { model })))[0]?.fees).toEqual({ webSearch: 1 });
  });

  const hostile: [string, object][] = [
    ['negative', { prompt_tokens: -1 }],
    ['fractional', { completion_tokens: 0.5 }],
    ['above 2^53 - 1', { completion_tokens: 2 ** 63 }],
    ['a string', { prompt_tokens: '100' }],
    ['a negative total', { total_tokens: -1 }],
    ['cached above input', { prompt_tokens_details: { cached_tokens: 101 } }],
    ['negative cached', { prompt_tokens_details: { cached_tokens: -1 } }],
    ['writes above input', { prompt_tokens_details: { cache_write_tokens: 101 } }],
    ['audio above input', { prompt_tokens_details: { audio_tokens: 101 } }],
    [
      'audio and writes above input',
      { prompt_tokens_details: { audio_tokens: 60, cache_write_tokens: 60 } },
    ],
    ['images above input', { prompt_tokens_details: { image_tokens: 101 } }],
    ['details that are a list', { prompt_tokens_details: [5] }],
    ['reasoning above output', { completion_tokens_details: { reasoning_tokens: 101 } }],
    ['audio above output', { completion_tokens_details: { audio_tokens: 101 } }],
    ['too large to read', { padding: 'x'.repeat(70_000) }],
  ];
  it.each(hostile)('flags figures that cannot be meant: %s', (_, change) => {
    const usage = { prompt_tokens: 100, completion_tokens: 100, ...change };
    expect(json(CHAT, completion(usage)).kind).toBe('hostile');
    // A later sane figure does not wash it clean.
    const events = [chunk(said('a'), usage), chunk([], USAGE), '[DONE]'];
    expect(stream(CHAT, events).kind).toBe('hostile');
  });

  it('flags a tier without a known price, and usage that is no object', () => {
    const reading = json(CHAT, completion(USAGE, { service_tier: 'ultrafast' }));
    expect(reading).toEqual({ kind: 'hostile', reason: 'service_tier ultrafast is not known' });
    expect(json(CHAT, completion([])).kind).toBe('hostile');
  });

  it('reads legacy completions and embeddings', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
    expect(tokensOf(usage, 'completions')).toEqual({ input: 5, output: 7 });
    const events = [chunk([{ text: 'a', index: 0 }]), chunk([], usage), '[DONE]'];
    expect(linesOf(stream('completions', events))[0]?.tokens).toEqual({ input: 5, output: 7 });
    const data = [{ object: 'embedding', index: 0, embedding: [0.1, -2.5e-3] }];
    const answer = (usage: object) => ({
      object: 'list',
      data,
      model: 'text-embedding-3-small',
      usage,
    });
    const embedded = linesOf(json('embeddings', answer({ prompt_tokens: 8, total_tokens: 8 })));
    expect(embedded[0]).toMatchObject({ model: 'text-embedding-3-small', tokens: { input: 8 } });
    const larger = json('embeddings', answer({ prompt_tokens: 8, total_tokens: 9 }));
    expect(linesOf(larger)[0]?.tokens).toEqual({ input: 9 });
  });
});

const RESPONSE_USAGE = {
  input_tokens: 328,
  input_tokens_details: { cached_tokens: 100, cache_write_tokens: 28 },
  output_tokens: 52,
  output_tokens_details: { reasoning_tokens: 40 },
  total_tokens: 380,
};
const response = (more: object = {}) => ({
  id: 'resp_67ccd3a9da748190baa7f1570fe91ac6',
  object: 'response',
  status: 'completed',
  error: null,
  model: 'gpt-5.6-sol',
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'web_search_call' }] }],
  service_tier: 'priority',
  usage: RESPONSE_USAGE,
  ...more,
});
const opening = (type: string) => ({
  type,
  response: response({ status: 'in_progress', usage: null, output: [] }),
});
const OPENING = [opening('response.created'), opening('response.in_progress')];
const TEXT = { type: 'response.output_text.delta', delta: 'Hi', sequence_number: 4 };
const RESPONSE_LINE = {
  model: 'gpt-5.6-sol',
  tokens: { input: 200, cacheRead: 100, cacheWrite5m: 28, output: 52 },
  fees: {},
  serviceTier: 'priority',
};
const SEARCH_TOOLS = [{ type: 'web_search_preview' }];
const responses = (more: object, body?: JsonObject) => json('responses', response(more), body);
const ended = (type: string, more: object = {}, before: unknown[] = [TEXT]) =>
  stream('responses', [...OPENING, ...before, { type, response: response(more) }]);

describe('OpenAI responses meter', () => {
  it.each(['completed', 'incomplete', 'failed'])(
    'says the same for a stream and for the body of the same answer: %s',
    (status) => {
      const body = responses({ status });
      expect(linesOf(body)).toMatchObject([RESPONSE_LINE]);
      expect(ended(`response.${status}`, { status })).toEqual(body);
    },
  );

  it.each<[string, MeterReading]>([
    ['a stream that breaks off', stream('responses', [...OPENING, TEXT])],
    [
      'an error after output',
      stream('responses', [...OPENING, TEXT, { type: 'error', message: 'x' }]),
    ],
    [
      'a failure after output without usage',
      ended('response.failed', {
        status: 'failed',
        usage: null,
        error: { code: 'server_error', message: 'x' },
      }),
    ],
    ['an answer still to come', responses({ status: 'queued', usage: null })],
    ['running totals', responses({ status: 'in_progress' })],
  ])('calls usage missing: %s', (_, reading) => expect(reading).toEqual({ kind: 'missing' }));

  it('calls an error before any output failed', () => {
    const error = { code: 'server_error', message: 'x' };
    const failed = { kind: 'failed', message: 'server_error: x' };
    const ending = { status: 'failed', usage: null, output: [], error };
    expect(ended('response.failed', ending, [])).toEqual(failed);
    const tool_usage = { image_gen: { input_tokens: 0 }, web_search: { num_requests: 0 } };
    expect(responses({ status: 'failed', usage: null, error, output: [] })).toEqual(failed);
    expect(responses({ status: 'failed', usage: null, error, output: [], tool_usage })).toEqual(
      failed,
    );
    const event = { type: 'error', code: 'overloaded', message: 'try later', param: null };
    expect(stream('responses', [event])).toEqual({ kind: 'failed', message: 'try later' });
  });

  it.each<[string, object]>([
    ['output', {}],
    ['a search', { output: [], tool_usage: { web_search: { num_requests: 1 } } }],
    ['figures', { output: [], usage: { output_tokens: 5 } }],
  ])('does not call a response failed that has %s', (_, more) => {
    const error = { code: 'server_error', message: 'x' };
    const failed = { status: 'failed', usage: null, error, ...more };
    expect(responses(failed)).toEqual({ kind: 'missing' });
    expect(ended('response.failed', failed, [])).toEqual({ kind: 'missing' });
  });

  it('keeps the larger figures of two closing events', () => {
    const closing = (output_tokens: number) => ({
      type: 'response.completed',
      response: response({ usage: { ...RESPONSE_USAGE, output_tokens, total_tokens: 0 } }),
    });
    const reading = stream('responses', [...OPENING, TEXT, closing(52), closing(40)]);
    expect(linesOf(reading)[0]?.tokens).toEqual(RESPONSE_LINE.tokens);
  });

  it.each<[string, JsonObject]>([
    ['searches', { tools: [{ type: 'web_search' }] }],
    ['searches added on the way', { input: [{ type: 'additional_tools', tools: SEARCH_TOOLS }] }],
    ['file searches', { tools: [{ type: 'file_search', vector_store_ids: ['v'] }] }],
    ['sessions', { tools: [{ type: 'code_interpreter' }] }],
    ['images', { tools: [{ type: 'image_generation' }] }],
  ])('does not take usage alone for complete where %s may be billed beside it', (_, body) => {
    const usage = RESPONSE_USAGE;
    const closing = { type: 'response.completed', response: { status: 'completed', usage } };
    expect(json('responses', { usage }, body)).toEqual({ kind: 'missing' });
    expect(stream('responses', [TEXT, closing], body)).toEqual({ kind: 'missing' });
    const tool_usage = { web_search: { num_requests: 0 } };
    expect(json('responses', { usage, output: [] }, body).kind).toBe('complete');
    expect(json('responses', { usage, tool_usage }, body).kind).toBe('complete');
  });

  it.each<[string, JsonObject]>([
    ['functions', { tools: [{ type: 'function', name: 'web_search' }] }],
    ['a local shell', { tools: [{ type: 'shell', environment: { type: 'local' } }] }],
    ['no tools', {}],
  ])('takes usage alone for complete with %s', (_, body) => {
    expect(json('responses', { usage: RESPONSE_USAGE }, body).kind).toBe('complete');
  });

  it('counts searches, not opened pages, in a body and in a stream', () => {
    const call = (action: object) => ({ type: 'web_search_call', status: 'completed', action });
    const output = [
      call({ type: 'search', query: 'open_page' }),
      call({ type: 'open_page', url: 'https://x' }),
      call({ type: 'search', queries: ['a'] }),
      call({ type: 'find_in_page', pattern: 'p' }),
      { type: 'file_search_call', queries: [] },
      { type: 'code_interpreter_call', code: '1', container_id: 'c' },
      { type: 'message', content: [] },
    ];
    const fees = { webSearch: 2, fileSearch: 1, codeSession: 1 };
    expect(linesOf(responses({ output }))[0]?.fees).toEqual(fees);
    expect(linesOf(ended('response.completed', { output }))[0]?.fees).toEqual(fees);
    // Both the items and the closing event list them: once is enough.
    const items = output.map((item) => ({ type: 'response.output_item.done', item }));
    expect(linesOf(ended('response.completed', { output }, items))[0]?.fees).toEqual(fees);
    expect(linesOf(ended('response.completed', {}, items))[0]?.fees).toEqual(fees);
  });

  it('takes the larger of the billable searches and the listed ones', () => {
    const output = [{ type: 'web_search_call', action: { type: 'search' } }];
    const reported = (num_requests: number) =>
      linesOf(responses({ output, tool_usage: { web_search: { num_requests } } }))[0]?.fees;
    expect(reported(3)).toEqual({ webSearch: 3 });
    expect(reported(0)).toEqual({ webSearch: 1 });
  });

  it('counts shell calls as sessions only where the shell is hosted', () => {
    const output = [{ type: 'shell_call', action: { commands: ['ls'] } }];
    const fees = (type: string) =>
      linesOf(responses({ output }, { tools: [{ type: 'shell', environment: { type } }] }))[0]
        ?.fees;
    expect(fees('local')).toEqual({});
    expect(fees('container_auto')).toEqual({ codeSession: 1 });
    const tools = [{ type: 'shell', environment: { type: 'container_auto' } }];
    const added = responses({ output }, { input: [{ type: 'additional_tools', tools }] });
    expect(linesOf(added)[0]?.fees).toEqual({ codeSession: 1 });
  });

  it('bills generated images at the image model, and calls them missing without figures', () => {
    const output = [{ type: 'image_generation_call', result: 'aGVsbG8=' }];
    expect(responses({ output })).toEqual({ kind: 'missing' });
    const image_gen = {
      input_tokens: 60,
      input_tokens_details: { image_tokens: 20, text_tokens: 40 },
      output_tokens: 1056,
      total_tokens: 1116,
    };
    const tools = [{ type: 'image_generation', model: 'gpt-image-1' }];
    const reading = responses({ output, tool_usage: { image_gen } }, { tools });
    expect(linesOf(reading).map(({ model, tokens }) => [model, tokens])).toEqual([
      ['gpt-5.6-sol', RESPONSE_LINE.tokens],
      ['gpt-image-1', { input: 40, imageInput: 20, imageOutput: 1056 }],
    ]);
    const none = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    expect(linesOf(responses({ tool_usage: { image_gen: none } }))).toHaveLength(1);
  });

  it('keeps writes of long lifetime apart', () => {
    const cache_write_tokens_details = { ttl_12h_tokens: 8, ttl_30m_tokens: 20 };
    const details = { cached_tokens: 0, cache_write_tokens: 28, cache_write_tokens_details };
    const usage = { ...RESPONSE_USAGE, input_tokens_details: details };
    expect(linesOf(responses({ usage }))[0]?.tokens).toMatchObject({
      cacheWrite5m: 20,
      cacheWrite1h: 8,
    });
    const more = { ...details, cache_write_tokens_details: { ttl_12h_tokens: 29 } };
    expect(responses({ usage: { ...RESPONSE_USAGE, input_tokens_details: more } }).kind).toBe(
      'hostile',
    );
  });
});

describe('OpenAI images meter', () => {
  const USAGE = {
    input_tokens: 50,
    input_tokens_details: { image_tokens: 40, text_tokens: 10 },
    output_tokens: 4160,
    total_tokens: 4210,
  };
  const images = (more: object) =>
    json('images', { created: 1, data: [{ b64_json: 'eA==' }], ...more });

  it('splits text and image tokens on both sides', () => {
    expect(linesOf(images({ usage: USAGE }))[0]?.tokens).toEqual({
      input: 10,
      imageInput: 40,
      imageOutput: 4160,
    });
    const output_tokens_details = { image_tokens: 4000, text_tokens: 160 };
    const split = linesOf(images({ usage: { ...USAGE, output_tokens_details } }))[0]?.tokens;
    expect(split).toEqual({ input: 10, imageInput: 40, output: 160, imageOutput: 4000 });
  });

  it('takes unspecified tokens as image tokens, the dearer', () => {
    const usage = { input_tokens: 50, output_tokens: 5 };
    expect(linesOf(images({ usage }))[0]?.tokens).toEqual({ imageInput: 50, imageOutput: 5 });
  });

  it.each<[string, object]>([
    ['text and image above input', { input_tokens_details: { image_tokens: 45, text_tokens: 10 } }],
    ['text above input', { input_tokens_details: { text_tokens: 51 } }],
    ['text above output', { output_tokens_details: { text_tokens: 4161 } }],
  ])('flags figures that cannot be meant: %s', (_, change) => {
    expect(images({ usage: { ...USAGE, ...change } }).kind).toBe('hostile');
  });

  it('bills drawn vectors at their own model', () => {
    const svg_usage = {
      model: 'gpt-5.4',
      input_tokens: 7,
      output_tokens: 9,
      reasoning_tokens: 3,
      total_tokens: 16,
    };
    expect(linesOf(images({ usage: USAGE, svg_usage }))[1]).toMatchObject({
      model: 'gpt-5.4',
      tokens: { input: 7, output: 9 },
    });
  });

  it('calls images without token figures missing', () => {
    expect(images({})).toEqual({ kind: 'missing' });
  });

  it('trusts a stream of one image only', () => {
    const partial = { type: 'image_generation.partial_image', b64_json: 'eA==' };
    const done = { type: 'image_generation.completed', b64_json: 'eA==', usage: USAGE };
    expect(linesOf(stream('images', [partial, done]))[0]?.tokens.imageOutput).toBe(4160);
    expect(stream('images', [partial])).toEqual({ kind: 'missing' });
    expect(stream('images', [done, done])).toEqual({ kind: 'missing' });
    expect(stream('images', [done], { n: 2 })).toEqual({ kind: 'missing' });
  });
});
