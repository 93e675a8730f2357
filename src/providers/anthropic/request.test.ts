import { describe, expect, it } from 'vitest';
import type { ModelLimits, Unbounded, UsageBound } from '../../estimate/usage-bound.ts';
import { tokens } from '../../units/count.ts';
import type { Assumptions, JsonObject, RequestFacts } from '../provider.ts';
import { isUnreadable } from '../read-json.ts';
import { readAnthropicBody, readAnthropicRequest } from './request.ts';
import { boundAnthropic, choicesAnthropic, keepsThread } from './bound.ts';

const LIMITS: ModelLimits = { inputTokensMax: tokens(200_000), outputTokensMax: tokens(64_000) };
const UNKNOWN: ModelLimits = { inputTokensMax: undefined, outputTokensMax: undefined };
const ASSUMED: Assumptions = { serviceTier: 'standard', geo: 'global', allow: {} };
const BASE = { model: 'claude-sonnet-4-5', max_tokens: 100 };
const HI = [{ role: 'user', content: 'hi' }];

function facts(body: JsonObject): RequestFacts {
  const read = readAnthropicRequest('messages', JSON.stringify({ ...BASE, messages: HI, ...body }));
  if (isUnreadable(read)) throw new Error(`${read.field}: ${read.reason}`);
  return read;
}

function bound(body: JsonObject, assumed: Partial<Assumptions> = {}, limits = LIMITS): UsageBound {
  const found = boundAnthropic(facts(body), limits, { ...ASSUMED, ...assumed });
  if ('kind' in found) throw new Error(`${found.feature}: ${found.reason}`);
  return found;
}

function refused(body: JsonObject, assumed: Partial<Assumptions> = {}, limits = LIMITS): Unbounded {
  const found = boundAnthropic(facts(body), limits, { ...ASSUMED, ...assumed });
  if (!('kind' in found)) throw new Error('it was bounded');
  return found;
}

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const plain = () => bound({}).inputTokens;

describe('readAnthropicRequest', () => {
  it.each([
    ['not JSON', 'body'],
    ['', 'body'],
    ['[]', 'body'],
    ['null', 'body'],
    ['"text"', 'body'],
    ['{}', 'model'],
    ['{"model": ""}', 'model'],
    ['{"model": "  "}', 'model'],
    ['{"model": 7}', 'model'],
    ['{"model": "m", "stream": "yes"}', 'stream'],
    ['{"model": "m", "max_tokens": 64000, "max_tokens": 1}', 'body'],
    ['{"model": "m", "max_tokens": 64000, "max\\u005ftokens": 1}', 'body'],
    ['{"model": "m", "messages": [{"content": "long", "content": "x"}]}', 'body'],
    ['{"model": "m", "tools": [{"max_uses": 9, "type": "a", "max_uses": 1}]}', 'body'],
    ['{"model": "m", "max_tokens": -1}', 'max_tokens'],
    ['{"model": "m", "max_tokens": 1.5}', 'max_tokens'],
    ['{"model": "m", "max_tokens": "100"}', 'max_tokens'],
    ['{"model": "m", "max_tokens": 1e400}', 'max_tokens'],
    ['{"model": "m", "max_tokens": 100000001}', 'max_tokens'],
    ['{"model": "m", "thinking": {"budget_tokens": -5}}', 'thinking.budget_tokens'],
    ['{"model": "m", "tools": [{"type": "x", "max_uses": 0.5}]}', 'tools[0].max_uses'],
  ])('cannot read %s and names %s', (wire, field) => {
    expect(readAnthropicRequest('messages', wire)).toMatchObject({ kind: 'unreadable', field });
  });

  it('reads model and stream', () => {
    expect(facts({ stream: true })).toMatchObject({ model: BASE.model, isStream: true });
    expect(facts({})).toMatchObject({ route: 'messages', isStream: false });
  });
});

describe('readAnthropicBody', () => {
  it('reads each property of a live object once, so that what was bounded is what was seen', () => {
    let reads = 0;
    const live = {
      ...BASE,
      get messages() {
        reads++;
        return reads === 1 ? HI : [{ role: 'user', content: 'x'.repeat(100_000) }];
      },
    };
    const read = readAnthropicBody('messages', live);
    if (isUnreadable(read)) throw new Error(read.reason);
    expect(boundAnthropic(read, LIMITS, ASSUMED)).toEqual(bound({}));
    expect(reads).toBe(1);
  });

  it('sees what JSON would write: `toJSON`, and an own `__proto__` as a plain key', () => {
    const long = 'y'.repeat(5000);
    const live = { ...BASE, messages: [{ role: 'user', content: { toJSON: () => long } }] };
    const read = readAnthropicBody('messages', live);
    if (isUnreadable(read)) throw new Error(read.reason);
    expect(boundAnthropic(read, LIMITS, ASSUMED)).toMatchObject(bound(user(long)));
    const sly = JSON.parse(`{"model": "m", "__proto__": {"max_tokens": 5}}`) as JsonObject;
    expect(readAnthropicBody('messages', sly)).toMatchObject({ body: { model: 'm' } });
    expect(refusedBody(sly).feature).toBe('__proto__');
  });

  it('cannot read cycles, bigints, NaN ceilings or objects that throw', () => {
    const cycle: Record<string, unknown> = { ...BASE };
    cycle['metadata'] = cycle;
    expect(readAnthropicBody('messages', cycle)).toMatchObject({ field: 'body' });
    expect(readAnthropicBody('messages', { ...BASE, top_k: 1n })).toMatchObject({ field: 'top_k' });
    const nan = { ...BASE, max_tokens: Number.NaN };
    expect(readAnthropicBody('messages', nan)).toMatchObject({ field: 'max_tokens' });
    const throwing = {
      get model(): string {
        throw new Error('no');
      },
    };
    expect(readAnthropicBody('messages', throwing)).toMatchObject({ kind: 'unreadable' });
  });
});

function refusedBody(body: JsonObject): Unbounded {
  const read = readAnthropicBody('messages', body);
  if (isUnreadable(read)) throw new Error(read.reason);
  const found = boundAnthropic(read, LIMITS, ASSUMED);
  if (!('kind' in found)) throw new Error('it was bounded');
  return found;
}

describe('boundAnthropic: input', () => {
  it('grows by the bytes of the text, wherever text stands', () => {
    const text = 'é'.repeat(1000);
    const places: JsonObject[] = [
      user(text),
      user([{ type: 'text', text }]),
      { system: text },
      { system: [{ type: 'text', text }] },
      user([{ type: 'tool_result', tool_use_id: 'a', content: text }]),
      user([{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text }] }]),
      user([{ type: 'tool_use', id: 'a', name: 'b', input: { text } }]),
      user([{ type: 'thinking', thinking: text, signature: '' }]),
      user([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } }]),
      user([{ type: 'document', source: { type: 'content', content: text } }]),
      user([{ type: 'document', title: text, source: { type: 'content', content: '' } }]),
      user([{ type: 'document', source: { type: 'content', content: '', context: text } }]),
      user([{ type: 'tool_addition', tool: { type: 'tool_definition', note: text } }]),
      user([{ type: 'search_result', source: text, title: '', content: [] }]),
      user([{ type: 'web_search_tool_result', content: [{ encrypted_content: text }] }]),
      { tools: [{ name: 'a', description: text, input_schema: {} }] },
      { stop_sequences: [text] },
      { output_config: { format: { type: 'json_schema', schema: { description: text } } } },
    ];
    for (const place of places) {
      expect(bound(place).inputTokens).toBeGreaterThanOrEqual(plain() - 4 + 2000);
    }
  });

  it('counts text in the place of media as text unless the provider decodes it there', () => {
    const data = 'A'.repeat(50_000);
    const outside: JsonObject[] = [
      user(`data:image/png;base64,${data}`),
      user([{ type: 'text', text: '', source: { type: 'base64', data } }]),
      user([{ type: 'text', text: '', data }]),
      user([{ type: 'image', data, source: { type: 'base64', data: 'AAAA' } }]),
      user([{ type: 'image', source: { type: 'base64', media_type: data, data: 'AAAA' } }]),
      user([{ type: 'document', source: { type: 'text', media_type: 'image/png', data } }]),
      user([{ type: 'tool_use', id: 'a', name: 'b', input: { type: 'image', source: { data } } }]),
      user([{ type: 'tool_result', tool_use_id: 'a', source: { type: 'base64', data } }]),
      { system: [{ type: 'text', text: data }] },
    ];
    for (const place of outside) {
      expect(bound(place).inputTokens).toBeGreaterThanOrEqual(50_000);
    }
  });

  it('counts images by their pixels, at most the model’s maximum, also inside tool results', () => {
    const image = (source: unknown) => [{ type: 'image', source }];
    const source = (w: number, h: number) => ({
      type: 'base64',
      media_type: 'image/png',
      data: png(w, h) + 'A'.repeat(300_000),
    });
    const counted = (content: unknown, model = 'claude-opus-4-7') =>
      bound({ ...user(content), model }).inputTokens;
    const none = counted(image(source(1, 1)));
    expect(counted(image(source(280, 280))) - none).toBe(99);
    expect(counted(image(source(9000, 9000))) - none).toBe(4783);
    expect(counted(image(source(9000, 9000)), 'claude-opus-4-6') - none).toBe(1567);
    expect(counted(image({ type: 'base64', data: 'unreadable' }))).toBeGreaterThan(4784);
    expect(counted(image({ type: 'url', url: 'https://a.b/c.png' }))).toBeGreaterThan(4784);
    expect(counted(image({ type: 'file', file_id: 'f' }))).toBeGreaterThan(4784);
    const inside = [{ type: 'tool_result', tool_use_id: 'a', content: image(source(280, 280)) }];
    expect(counted(inside)).toBeGreaterThan(100);
    expect(counted(inside)).toBeLessThan(3000);
  });

  it.each<[string, JsonObject]>([
    ['document.base64', { type: 'base64', data: 'JVBERi0=' }],
    ['document.url', { type: 'url', url: 'https://a.b/c.pdf' }],
    ['document.file', { type: 'file', file_id: 'f' }],
  ])('takes %s for a full context window, and refuses it where that is unknown', (name, source) => {
    const document = user([{ type: 'document', source }]);
    expect(bound(document).inputTokens).toBe(200_000);
    expect(refused(document, {}, UNKNOWN)).toMatchObject({
      feature: name,
      optIn: `allow[${JSON.stringify(name)}]`,
    });
    const allow = { [name]: { inputTokensMax: 9000 } };
    expect(bound(document, { allow }).inputTokens).toBeGreaterThan(9000);
    expect(bound(document, { allow }).inputTokens).toBeLessThan(10_000);
  });

  it.each(['browser_toolset_20260801', 'computer_toolset_20260801'])(
    'takes the definitions of %s, which the caller runs, for one full context window',
    (type) => {
      const tools = [{ type, configs: { zoom: { enabled: false } } }];
      expect(bound({ tools })).toMatchObject({ inputTokens: 200_000, outputTokens: 100 });
      expect(refused({ tools }, {}, UNKNOWN).feature).toBe(type);
      const allow = { [type]: { inputTokensMax: 20_000 } };
      expect(bound({ tools }, { allow }, UNKNOWN).inputTokens).toBeGreaterThan(20_000);
      expect(bound({ tools }, { allow }, UNKNOWN).inputTokens).toBeLessThan(23_000);
    },
  );

  it('is at most the context window, where that is known', () => {
    const long = user('x'.repeat(900_000));
    expect(bound(long).inputTokens).toBe(200_000);
    expect(bound(long, {}, UNKNOWN).inputTokens).toBeGreaterThan(900_000);
  });

  it('adds for the tools’ own prompt and counts schemas of structured output twice', () => {
    const tool = { name: 'a', input_schema: { description: 'd'.repeat(1000) } };
    const once = bound({ tools: [tool] }).inputTokens;
    expect(once - plain()).toBeGreaterThan(1600);
    expect(bound({ tools: [{ ...tool, strict: true }] }).inputTokens - once).toBeGreaterThan(1000);
    const schema = { format: { type: 'json_schema', schema: { description: 'd'.repeat(1000) } } };
    expect(bound({ output_config: schema }).inputTokens - plain()).toBeGreaterThan(2000);
    const bash = bound({ tools: [{ type: 'bash_20250124', name: 'bash' }] }).inputTokens;
    expect(bash - plain()).toBeGreaterThan(2000);
  });

  it('ends on a body of a hundred thousand levels', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const wire = `{"model": "m", "max_tokens": 1, "metadata": ${deep}}`;
    const read = readAnthropicRequest('messages', wire);
    if (isUnreadable(read)) throw new Error(read.reason);
    expect(boundAnthropic(read, LIMITS, ASSUMED)).toMatchObject({ feature: 'body.depth' });
  });

  it('measures tool results nested a hundred thousand deep without recursion', () => {
    const open = '[{"type":"tool_result","content":';
    const deep = `${open.repeat(100_000)}"x"${'}]'.repeat(100_000)}`;
    const message = `{"role": "user", "content": ${deep}}`;
    const wire = `{"model": "m", "max_tokens": 1, "messages": [${message}]}`;
    const read = readAnthropicRequest('messages', wire);
    if (isUnreadable(read)) throw new Error(read.reason);
    expect(boundAnthropic(read, UNKNOWN, ASSUMED)).toMatchObject({ outputTokens: 1 });
  });

  it('survives types that are no strings', () => {
    const typed = user([{ type: { toString: 1 } }]);
    expect(refused(typed).feature).toBe('untyped content block');
  });
});

describe('boundAnthropic: output, classes, tier, speed, place', () => {
  it('is `max_tokens`, thinking inside; absent it is the model’s maximum, then its window', () => {
    expect(
      bound({ max_tokens: 5, thinking: { type: 'enabled', budget_tokens: 4000 } }),
    ).toMatchObject({ outputTokens: 5 });
    expect(bound({ max_tokens: 0 }).outputTokens).toBe(0);
    expect(bound({ max_tokens: null }).outputTokens).toBe(64_000);
    const window = { inputTokensMax: tokens(1000), outputTokensMax: undefined };
    expect(bound({ max_tokens: null }, {}, window).outputTokens).toBe(1000);
    expect(refused({ max_tokens: null }, {}, UNKNOWN).feature).toBe('max_tokens');
  });

  it('opens a cache-write class as soon as a write is ordered anywhere', () => {
    const order = { type: 'ephemeral' };
    const hour = { type: 'ephemeral', ttl: '1h' };
    const block = (cache_control: unknown) => ({ type: 'text', text: 'a', cache_control });
    expect(bound({}).inputClasses).toEqual(['input']);
    const definition = { type: 'tool_definition', definition: { name: 'a', input_schema: {} } };
    const places = (cache_control: unknown): JsonObject[] => [
      { cache_control },
      { system: [block(cache_control)] },
      user([block(cache_control)]),
      user([{ type: 'tool_result', tool_use_id: 'a', content: [block(cache_control)] }]),
      user([{ type: 'tool_use', id: 'a', name: 'b', input: {}, cache_control }]),
      user([{ type: 'image', source: { type: 'url', url: 'u' }, cache_control }]),
      { tools: [{ name: 'a', input_schema: {}, cache_control }] },
      user([{ type: 'tool_addition', tool: { ...definition, cache_control } }]),
      user([{ type: 'document', source: { type: 'content', content: 'a', cache_control } }]),
    ];
    for (const place of places(order)) {
      expect(bound(place).inputClasses).toEqual(['input', 'cacheWrite5m']);
    }
    for (const place of places(hour)) {
      expect(bound(place).inputClasses).toEqual(['input', 'cacheWrite5m', 'cacheWrite1h']);
    }
  });

  it('leaves priority open unless request or assumptions close it', () => {
    const any = { serviceTier: 'any' } as const;
    expect(bound({}).serviceTiers).toEqual(['standard']);
    expect(bound({}, any).serviceTiers).toEqual(['standard', 'priority']);
    expect(bound({ service_tier: 'auto' }, any).serviceTiers).toContain('priority');
    expect(bound({ service_tier: 'standard_only' }, any).serviceTiers).toEqual(['standard']);
    expect(refused({ service_tier: 'warp' }).feature).toBe('service_tier');
  });

  it('is fast only where asked', () => {
    expect(bound({}).mayBeFast).toBe(false);
    expect(bound({ speed: 'standard' }).mayBeFast).toBe(false);
    expect(bound({ speed: 'fast' }).mayBeFast).toBe(true);
    expect(refused({ speed: 'ludicrous' }).feature).toBe('speed');
  });

  it('runs where the request says, else where the workspace may', () => {
    expect(bound({ inference_geo: 'us' }).geos).toEqual(['us']);
    expect(bound({}).geos).toEqual([]);
    expect(bound({}, { geo: 'eu' }).geos).toEqual(['eu']);
    expect(bound({}, { geo: 'any' }).geos).toContain('us');
  });
});

describe('boundAnthropic: what has no bound', () => {
  const search = { type: 'web_search_20250305', name: 'web_search' };
  it.each<[string, JsonObject]>([
    ['container', { container: 'c_1' }],
    ['container', { container: { skills: [] } }],
    ['mcp_servers', { mcp_servers: [{ type: 'url', url: 'u', name: 'n' }] }],
    ['compaction', { compaction: { type: 'summarize' } }],
    ['context_management', { context_management: { edits: [{ type: 'compact_20260112' }] } }],
    ['context_management', { context_management: 'auto' }],
    ['fallbacks', { fallbacks: 'default' }],
    ['thread', { thread: { type: 'continue', previous_message_id: 'msg_unseen' } }],
    ['thread', { thread: { type: 'some_new_type' } }],
    ['some_new_field', { some_new_field: 1 }],
    ['constructor', { constructor: 1 }],
    ['toString', { toString: 1 }],
    ['new_block', user([{ type: 'new_block' }])],
    ['container_upload', user([{ type: 'container_upload', file_id: 'f' }])],
    ['blob', user([{ type: 'image', source: { type: 'blob' } }])],
    ['new_tool_2027', { tools: [{ type: 'new_tool_2027', name: 'x' }] }],
    ['code_execution', { tools: [{ type: 'code_execution_20250825', name: 'code_execution' }] }],
    ['advisor', { tools: [{ type: 'advisor_20260301', model: 'm', max_uses: 1 }] }],
    ['tool_search', { tools: [{ type: 'tool_search_tool_regex', name: 't' }] }],
    ['mcp_toolset', { tools: [{ type: 'mcp_toolset', mcp_server_name: 'n' }] }],
    ['web_search', { tools: [search] }],
    ['web_search', { tools: [{ ...search, type: 'web_search_20260318', max_uses: 3 }] }],
    ['web_fetch', { tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }] }],
    [
      'web_search',
      user([{ type: 'tool_addition', tool: { type: 'tool_definition', definition: search } }]),
    ],
  ])('refuses %s by name and says which option admits it', (feature, body) => {
    const found = refused(body);
    expect(found.feature).toBe(feature);
    expect(found.optIn).toContain(feature);
  });

  it('admits each by the user’s own bound, which it adds', () => {
    const allow = { thread: { inputTokensMax: 7000 }, some_new_field: { outputTokensMax: 50 } };
    const base = bound({});
    const unseen = { type: 'continue', previous_message_id: 'msg_unseen' };
    const history = bound({ thread: unseen }, { allow });
    expect(history.inputTokens).toBeGreaterThan(base.inputTokens + 7000);
    const unknown = bound({ some_new_field: 1 }, { allow });
    expect(unknown.outputTokens).toBe(base.outputTokens + 50);
    expect(unknown.inputTokens).toBeGreaterThan(200_000);
    expect(refused({ some_new_field: 1 }, { allow }, UNKNOWN).feature).toBe('some_new_field');
  });

  it('never takes what every object inherits for an option', () => {
    expect(refused({ constructor: 1 }).feature).toBe('constructor');
    expect(refused({ hasOwnProperty: 1 }).feature).toBe('hasOwnProperty');
  });

  it('admits edits that only clear the prompt, and empty orders', () => {
    const edits = [{ type: 'clear_tool_uses_20250919' }, { type: 'clear_thinking_20251015' }];
    expect(bound({ context_management: { edits } }).outputTokens).toBe(100);
    expect(bound({ mcp_servers: [], container: null }).outputTokens).toBe(100);
  });

  it('bounds a counted search: a fee each, window and ceiling for each sampling', () => {
    const few = bound({ tools: [{ ...search, max_uses: 3 }] });
    expect(few.fees).toEqual({ webSearch: 3 });
    expect(few.inputTokens).toBe(10 * 200_000);
    expect(few.outputTokens).toBe(10 * 100);
    const many = bound({ tools: [{ ...search, max_uses: 20 }] });
    expect(many.inputTokens).toBe(21 * 200_000);
    expect(many.outputTokens).toBe(21 * 100);
    expect(choicesAnthropic(facts({ tools: [{ ...search, max_uses: 20 }] }))).toBe(21);
    expect(choicesAnthropic(facts({}))).toBe(1);
    expect(refused({ tools: [{ ...search, max_uses: 3 }] }, {}, UNKNOWN).feature).toBe(
      'web_search',
    );
    const newer = { ...search, type: 'web_search_20260318', max_uses: 1 };
    expect(bound({ tools: [{ ...newer, allowed_callers: ['direct'] }] }).fees).toEqual({
      webSearch: 1,
    });
  });

  it('lets the user’s bound stand in for that of a search', () => {
    const allow = { web_search: { inputTokensMax: 30_000, outputTokensMax: 500, usesMax: 4 } };
    const found = bound({ tools: [search] }, { allow });
    expect(found.fees).toEqual({ webSearch: 4 });
    expect(found.outputTokens).toBe(600);
    expect(found.inputTokens).toBeGreaterThan(30_000);
    expect(found.inputTokens).toBeLessThan(33_000);
    const noUses = { web_search: { inputTokensMax: 30_000, outputTokensMax: 500 } };
    expect(refused({ tools: [search] }, { allow: noUses }).feature).toBe('web_search');
  });
});

describe('keepsThread', () => {
  const thread = { type: 'create' };

  it('remembers only answers that were billed for the whole history they continue', () => {
    const edits = [{ type: 'clear_tool_uses_20250919' }];
    expect(keepsThread(facts({ thread }))).toBe(true);
    expect(keepsThread(facts({ thread, context_management: null }))).toBe(true);
    expect(keepsThread(facts({ thread, context_management: { edits } }))).toBe(false);
    expect(keepsThread(facts({ thread, context_management: 'auto' }))).toBe(false);
    expect(keepsThread(facts({ thread, compaction: { type: 'summarize' } }))).toBe(false);
    expect(keepsThread(facts({}))).toBe(false);
  });
});

function png(width: number, height: number): string {
  const head = Buffer.alloc(24);
  head.write('\u0089PNG\r\n\u001a\n', 0, 'latin1');
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12, 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return head.toString('base64');
}
