import { describe, expect, it } from 'vitest';
import type { ModelLimits, Unbounded, UsageBound } from '../../estimate/usage-bound.ts';
import { tokens } from '../../units/count.ts';
import type { Assumptions, JsonObject, RequestFacts } from '../provider.ts';
import { isUnreadable } from '../read-json.ts';
import {
  boundOpenAI,
  choicesOpenAI,
  outputFieldOpenAI,
  readOpenAIBody,
  readOpenAIRequest,
} from './request.ts';

const LIMITS: ModelLimits = { inputTokensMax: tokens(128_000), outputTokensMax: tokens(16_000) };
const UNKNOWN: ModelLimits = { inputTokensMax: undefined, outputTokensMax: undefined };
const ASSUMED: Assumptions = { serviceTier: 'standard', geo: 'global', allow: {} };

type Route = 'chat.completions' | 'responses' | 'completions' | 'embeddings' | 'images.generations';

function facts(route: Route, body: JsonObject): RequestFacts {
  const read = readOpenAIRequest(route, JSON.stringify({ model: 'gpt-4o', ...body }));
  if (isUnreadable(read)) throw new Error(`${read.field}: ${read.reason}`);
  return read;
}

function found(route: Route, body: JsonObject, assumed: Partial<Assumptions>, limits: ModelLimits) {
  return boundOpenAI(facts(route, body), limits, { ...ASSUMED, ...assumed });
}

function bound(
  route: Route,
  body: JsonObject,
  assumed: Partial<Assumptions> = {},
  limits = LIMITS,
): UsageBound {
  const result = found(route, body, assumed, limits);
  if ('kind' in result) throw new Error(`${result.feature}: ${result.reason}`);
  return result;
}

function refused(
  route: Route,
  body: JsonObject,
  assumed: Partial<Assumptions> = {},
  limits = LIMITS,
): Unbounded {
  const result = found(route, body, assumed, limits);
  if (!('kind' in result)) throw new Error('it was bounded');
  return result;
}

const chat = (content: unknown): JsonObject => ({ messages: [{ role: 'user', content }] });
const CHAT = { ...chat('hi'), max_completion_tokens: 100 };
const RESPONSE = { input: 'hi', max_output_tokens: 100 };

describe('readOpenAIRequest', () => {
  it.each<[Route, string, string]>([
    ['chat.completions', 'nope', 'body'],
    ['chat.completions', '[1]', 'body'],
    ['chat.completions', '{"messages": []}', 'model'],
    ['chat.completions', '{"model": "m", "n": 9, "n": 1}', 'body'],
    ['responses', '{"model": "m", "input": [{"content": "long", "content": "x"}]}', 'body'],
    ['responses', '{"model": ""}', 'model'],
    ['chat.completions', '{"model": "m", "n": 0}', 'n'],
    ['chat.completions', '{"model": "m", "n": 129}', 'n'],
    ['chat.completions', '{"model": "m", "n": 1.5}', 'n'],
    ['chat.completions', '{"model": "m", "max_tokens": -1}', 'max_tokens'],
    ['chat.completions', '{"model": "m", "max_completion_tokens": 1e9}', 'max_completion_tokens'],
    ['chat.completions', '{"model": "m", "max_completion_tokens": "9"}', 'max_completion_tokens'],
    ['chat.completions', '{"model": "m", "stream": 1}', 'stream'],
    ['responses', '{"model": "m", "max_output_tokens": 0.1}', 'max_output_tokens'],
    ['responses', '{"model": "m", "max_tool_calls": -3}', 'max_tool_calls'],
    ['completions', '{"model": "m", "best_of": 1000}', 'best_of'],
    ['completions', '{"model": "m", "max_tokens": true}', 'max_tokens'],
    ['images.generations', '{"model": "m", "n": -1}', 'n'],
    ['images.generations', '{"model": "m", "partial_images": 4}', 'partial_images'],
  ])('cannot read %s %s and names %s', (route, wire, field) => {
    expect(readOpenAIRequest(route, wire)).toMatchObject({ kind: 'unreadable', field });
  });

  it('reads a live NaN as what cannot be meant', () => {
    const body = { model: 'm', max_tokens: Number.NaN };
    expect(readOpenAIBody('chat.completions', body)).toMatchObject({ field: 'max_tokens' });
  });
});

describe('boundOpenAI: output', () => {
  it('chat: the larger of both ceilings, times `n`', () => {
    expect(bound('chat.completions', CHAT).outputTokens).toBe(100);
    expect(bound('chat.completions', { ...CHAT, n: 3 }).outputTokens).toBe(300);
    expect(bound('chat.completions', { ...chat('hi'), max_tokens: 7 }).outputTokens).toBe(7);
    expect(bound('chat.completions', { ...CHAT, max_tokens: 900 }).outputTokens).toBe(900);
    expect(bound('chat.completions', { ...CHAT, max_tokens: 9 }).outputTokens).toBe(100);
  });

  it('is the model’s maximum where no ceiling is set, and refused where that is unknown', () => {
    expect(bound('chat.completions', { ...chat('hi'), n: 2 }).outputTokens).toBe(32_000);
    expect(bound('responses', { input: 'hi' }).outputTokens).toBe(16_000);
    expect(bound('completions', { prompt: 'hi' }).outputTokens).toBe(16_000);
    expect(refused('chat.completions', chat('hi'), {}, UNKNOWN).feature).toBe(
      'max_completion_tokens',
    );
    expect(refused('responses', { input: 'hi' }, {}, UNKNOWN).feature).toBe('max_output_tokens');
  });

  it('chat: a prediction comes on top, since its rejected tokens bill as output', () => {
    const prediction = { type: 'content', content: 'p'.repeat(1000) };
    const predicted = bound('chat.completions', { ...CHAT, prediction });
    expect(predicted.outputTokens).toBeGreaterThanOrEqual(1100);
    const twice = bound('chat.completions', { ...CHAT, n: 2, prediction });
    expect(twice.outputTokens).toBeGreaterThanOrEqual(2200);
  });

  it('legacy completions: the larger of `n` and `best_of`, for each prompt', () => {
    const ceiling = (body: JsonObject) =>
      bound('completions', { prompt: 'a', max_tokens: 10, ...body }).outputTokens;
    expect(ceiling({})).toBe(10);
    expect(ceiling({ n: 2, best_of: 5 })).toBe(50);
    expect(ceiling({ n: 4 })).toBe(40);
    expect(ceiling({ n: 2, prompt: ['a', 'b', 'c'] })).toBe(60);
    expect(ceiling({ prompt: [1, 2, 3] })).toBe(10);
    expect(ceiling({ prompt: [[1, 2], [3]] })).toBe(20);
    const echo = bound('completions', { prompt: 'x'.repeat(500), max_tokens: 10, echo: true });
    expect(echo.outputTokens).toBeGreaterThan(500);
  });

  it('embeddings have none', () => {
    expect(bound('embeddings', { input: 'a' })).toMatchObject({ outputTokens: 0 });
  });

  it('opens the audio class where the answer may speak', () => {
    expect(bound('chat.completions', CHAT).outputClasses).toEqual(['output']);
    const speaking = { ...CHAT, modalities: ['text', 'audio'], audio: { voice: 'ash' } };
    expect(bound('chat.completions', speaking).outputClasses).toEqual(['output', 'audioOutput']);
  });

  it('names the field and the multiple of the ceiling', () => {
    const field = (route: Route, body: JsonObject) => outputFieldOpenAI(facts(route, body));
    expect(field('chat.completions', {})).toBe('max_completion_tokens');
    expect(field('chat.completions', { max_tokens: 5 })).toBe('max_tokens');
    expect(field('chat.completions', { max_tokens: 5, max_completion_tokens: 6 })).toBe(
      'max_completion_tokens',
    );
    expect(field('responses', {})).toBe('max_output_tokens');
    expect(field('completions', {})).toBe('max_tokens');
    expect(field('embeddings', {})).toBeUndefined();
    expect(choicesOpenAI(facts('chat.completions', { n: 4 }))).toBe(4);
    expect(choicesOpenAI(facts('completions', { n: 2, best_of: 3, prompt: ['a', 'b'] }))).toBe(6);
    expect(choicesOpenAI(facts('responses', {}))).toBe(1);
  });
});

describe('boundOpenAI: input', () => {
  const text = 'é'.repeat(1000);

  it('grows by the bytes of the text, wherever text stands', () => {
    const plain = bound('chat.completions', CHAT).inputTokens;
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: text } };
    const places: JsonObject[] = [
      chat(text),
      chat([{ type: 'text', text }]),
      { messages: [{ role: 'assistant', tool_calls: [call] }] },
      { messages: [{ role: 'assistant', refusal: text }] },
      { messages: [{ role: 'tool', tool_call_id: 'a', content: text }] },
      { messages: [{ role: 'user', name: text, content: '' }] },
      { messages: text },
      { tools: [{ type: 'function', function: { name: 'a', description: text } }] },
      { functions: [{ name: 'a', description: text }] },
      { response_format: { type: 'json_schema', json_schema: { schema: { title: text } } } },
      { stop: [text] },
    ];
    for (const place of places) {
      const body = { ...CHAT, ...place };
      expect(bound('chat.completions', body).inputTokens).toBeGreaterThanOrEqual(plain + 1990);
    }
  });

  it('responses: the same, in every kind of item', () => {
    const plain = bound('responses', RESPONSE).inputTokens;
    const item = (input: unknown): JsonObject => ({ input: [input] });
    const places: JsonObject[] = [
      { input: text },
      { instructions: text },
      item({ role: 'user', content: text }),
      item({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }),
      item({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }),
      item({ type: 'function_call', call_id: 'c', name: 'f', arguments: text }),
      item({ type: 'function_call_output', call_id: 'c', output: text }),
      item({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text }] }),
      item({ type: 'reasoning', summary: [{ type: 'summary_text', text }] }),
      item({ type: 'reasoning', summary: [], encrypted_content: text }),
      item({ type: 'shell_call_output', output: [{ stdout: text, stderr: '', outcome: {} }] }),
      item({ type: 'mcp_call', id: 'a', arguments: '', name: '', server_label: '', output: text }),
      item({ type: 'compaction', encrypted_content: text }),
      item({ type: 'additional_tools', tools: [{ type: 'function', name: text }] }),
      { text: { format: { type: 'json_schema', schema: { title: text } } } },
      { tools: [{ type: 'function', name: 'f', parameters: { title: text } }] },
    ];
    for (const place of places) {
      const grown = bound('responses', { ...RESPONSE, ...place }).inputTokens;
      expect(grown).toBeGreaterThanOrEqual(plain + 1990);
    }
  });

  it('counts text in the place of media as text unless the provider decodes it there', () => {
    const url = `data:image/png;base64,${'A'.repeat(50_000)}`;
    const inChat: JsonObject[] = [
      chat(url),
      chat([{ type: 'text', text: url }]),
      chat([{ type: 'text', text: '', image_url: { url } }]),
      chat([{ type: 'image_url', image_url: { url: 'data:,x', detail: url } }]),
      chat([{ type: 'image_url', image_url: { url: url.replace(';base64', '') } }]),
      { messages: [{ role: 'user', content: '', image_url: url }] },
      { messages: [{ role: 'tool', content: [{ type: 'text', text: url }] }] },
      { tools: [{ type: 'function', function: { name: 'f', image_url: url } }] },
    ];
    for (const place of inChat) {
      const body = { ...CHAT, ...place };
      expect(bound('chat.completions', body).inputTokens).toBeGreaterThanOrEqual(50_000);
    }
    const output = { type: 'function_call_output', call_id: 'a', output: url };
    const inResponse = bound('responses', { ...RESPONSE, input: [output] });
    expect(inResponse.inputTokens).toBeGreaterThanOrEqual(50_000);
  });

  it('counts images by the model’s tiles, else by their patches', () => {
    const image = (url: string) => chat([{ type: 'image_url', image_url: { url } }]);
    const counted = (model: string, url: string) =>
      bound('chat.completions', { ...CHAT, ...image(url), model }).inputTokens;
    const large = dataUrl(3200, 3200);
    expect(counted('gpt-4o', large)).toBeGreaterThan(1445);
    expect(counted('gpt-4o', large)).toBeLessThan(1445 + 1000);
    expect(counted('gpt-4o-mini', large)).toBeGreaterThan(48_169);
    expect(counted('gpt-5.6-sol', large)).toBeGreaterThan(100 * 100 * 2.46);
    expect(counted('gpt-4o', 'https://a.b/c.png')).toBeGreaterThan(1445);
    const link = { ...CHAT, ...image('https://a.b/c.png'), model: 'gpt-5.6-sol' };
    expect(bound('chat.completions', link).inputTokens).toBe(128_000);
    expect(refused('chat.completions', link, {}, UNKNOWN).feature).toBe('image_url');
    const known = { image_url: { inputTokensMax: 9000 } };
    const allowed = bound('chat.completions', link, { allow: known }).inputTokens;
    expect(allowed).toBeGreaterThan(9000);
    expect(allowed).toBeLessThan(10_000);
    const byId = { ...RESPONSE, model: 'gpt-5.6-sol', ...stored({ type: 'input_image' }) };
    expect(bound('responses', byId).inputTokens).toBe(128_000);
    expect(refused('responses', byId, {}, UNKNOWN).feature).toBe('image.file_id');
    const broken = { ...CHAT, ...image('data:image/png;base64,AAAA'), model: 'gpt-5.6-sol' };
    expect(bound('chat.completions', broken).inputTokens).toBe(128_000);
    expect(refused('chat.completions', broken, {}, UNKNOWN).feature).toBe('image.data');
    const shot = { type: 'computer_screenshot', image_url: large };
    const item = { type: 'computer_call_output', call_id: 'c', output: shot };
    const screen = { ...RESPONSE, model: 'gpt-5.6-sol', input: [item] };
    expect(bound('responses', screen).inputTokens).toBeGreaterThan(24_600);
  });

  it('takes audio and files for a full window, wherever they lie', () => {
    const audio = chat([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]);
    expect(bound('chat.completions', { ...CHAT, ...audio })).toMatchObject({
      inputTokens: 128_000,
      inputClasses: ['input', 'cacheWrite5m', 'audioInput'],
    });
    const file = (fields: JsonObject) => chat([{ type: 'file', file: fields }]);
    const inline = { ...CHAT, ...file({ file_data: 'data:application/pdf;base64,AAAA' }) };
    expect(bound('chat.completions', inline).inputTokens).toBe(128_000);
    expect(refused('chat.completions', inline, {}, UNKNOWN).feature).toBe('file_data');
    const byId = { ...CHAT, ...file({ file_id: 'f' }) };
    expect(bound('chat.completions', byId).inputTokens).toBe(128_000);
    expect(refused('chat.completions', byId, {}, UNKNOWN).feature).toBe('file_id');
    const linked = { ...RESPONSE, input: [{ type: 'input_file', file_url: 'u' }] };
    expect(bound('responses', linked).inputTokens).toBe(128_000);
    expect(refused('responses', linked, {}, UNKNOWN).feature).toBe('file_url');
    const spoken = { ...CHAT, messages: [{ role: 'assistant', audio: { id: 'a' } }] };
    expect(bound('chat.completions', spoken)).toMatchObject({
      inputTokens: 128_000,
      inputClasses: ['input', 'cacheWrite5m', 'audioInput'],
    });
    expect(refused('chat.completions', spoken, {}, UNKNOWN).feature).toBe('message.audio');
  });

  it('gives each prompt a window of its own', () => {
    const long = 'x'.repeat(200_000);
    expect(bound('completions', { prompt: long }).inputTokens).toBe(128_000);
    expect(bound('completions', { prompt: [long, long] }).inputTokens).toBe(256_000);
    expect(bound('embeddings', { input: [long, long, long] }).inputTokens).toBe(384_000);
  });

  it('counts token ids one each', () => {
    const ids = Array.from({ length: 5000 }, (_, index) => 100_000 + index);
    const { inputTokens } = bound('embeddings', { input: ids });
    expect(inputTokens).toBeGreaterThan(5000);
    expect(inputTokens).toBeLessThan(6000);
    expect(bound('embeddings', { input: [ids, ids] }).inputTokens).toBeGreaterThan(10_000);
    const mixed = { input: [1, 'y'.repeat(3000)] };
    expect(bound('embeddings', mixed).inputTokens).toBeGreaterThan(3000);
  });

  it('always leaves a cache write open, and the longer one where it was ordered', () => {
    expect(bound('responses', RESPONSE).inputClasses).toEqual(['input', 'cacheWrite5m']);
    const half = { ...RESPONSE, prompt_cache_options: { ttl: '30m' } };
    expect(bound('responses', half).inputClasses).toEqual(['input', 'cacheWrite5m']);
    const long = ['input', 'cacheWrite5m', 'cacheWrite1h'];
    const options = { ...RESPONSE, prompt_cache_options: { ttl: '12h' } };
    expect(bound('responses', options).inputClasses).toEqual(long);
    const prompt_cache_breakpoint = { mode: 'explicit', ttl: '12h' };
    const part = chat([{ type: 'text', text: 'a', prompt_cache_breakpoint }]);
    expect(bound('chat.completions', { ...CHAT, ...part }).inputClasses).toEqual(long);
    const image = { type: 'image_url', image_url: { url: 'u' }, prompt_cache_breakpoint };
    expect(bound('chat.completions', { ...CHAT, ...chat([image]) }).inputClasses).toEqual(long);
  });

  it('counts the schema of strict tools twice', () => {
    const tool = (strict: boolean) => ({
      tools: [{ type: 'function', function: { name: 'f', description: 'd'.repeat(900), strict } }],
    });
    const loose = bound('chat.completions', { ...CHAT, ...tool(false) }).inputTokens;
    const strict = bound('chat.completions', { ...CHAT, ...tool(true) }).inputTokens;
    expect(strict - loose).toBeGreaterThan(900);
  });
});

describe('boundOpenAI: items that the server keeps', () => {
  const text = 'x'.repeat(500);
  const counted = (item: JsonObject, assumed: Partial<Assumptions> = {}, limits = LIMITS) =>
    bound('responses', { ...RESPONSE, input: [item] }, assumed, limits).inputTokens;

  it.each<[string, JsonObject]>([
    ['item_reference', { type: 'item_reference' }],
    ['item_reference', {}],
    ['reasoning', { type: 'reasoning', summary: [] }],
    ['reasoning', { type: 'reasoning', summary: [{ type: 'summary_text', text }] }],
    ['reasoning', { type: 'reasoning', summary: [], encrypted_content: null }],
    ['reasoning', { type: 'reasoning', summary: [], encrypted_content: '' }],
    ['compaction', { type: 'compaction' }],
    ['image_generation_call', { type: 'image_generation_call' }],
    ['image_generation_call', { type: 'image_generation_call', result: null }],
    ['file_search_call', { type: 'file_search_call', queries: ['q'] }],
    ['file_search_call', { type: 'file_search_call', queries: ['q'], results: null }],
    ['web_search_call', { type: 'web_search_call', action: { type: 'search', query: 'q' } }],
    ['code_interpreter_call', { type: 'code_interpreter_call', code: 'a', outputs: null }],
    ['code_interpreter_call', { type: 'code_interpreter_call', code: null, outputs: [{}] }],
    [
      'code_interpreter_call',
      { type: 'code_interpreter_call', code: 'a', outputs: [{ type: 'image', url: 'u' }] },
    ],
    ['computer_call', { type: 'computer_call', call_id: 'c' }],
    ['computer_call_output', { type: 'computer_call_output', call_id: 'c' }],
    ['function_call_output', { type: 'function_call_output', call_id: 'c' }],
    ['shell_call_output', { type: 'shell_call_output', call_id: 'c', output: [] }],
    ['mcp_call', { type: 'mcp_call', arguments: '{}', name: 'n' }],
    ['mcp_list_tools', { type: 'mcp_list_tools', server_label: 's', tools: [] }],
    ['mcp_approval_response', { type: 'mcp_approval_response', approval_request_id: 'r' }],
    ['program_output', { type: 'program_output', call_id: 'c' }],
    ['message', { type: 'message', role: 'assistant', content: [] }],
    ['message', { role: 'assistant' }],
  ])('takes %s by id, as in %j, for a full window; unknown, refuses it', (feature, item) => {
    const byId = { id: 'i_1', ...item };
    expect(counted(byId)).toBe(128_000);
    const found = refused('responses', { ...RESPONSE, input: [byId] }, {}, UNKNOWN);
    expect(found).toMatchObject({ feature, optIn: `allow.${feature}` });
    const allow = { [feature]: { inputTokensMax: 7000 } };
    expect(counted(byId, { allow }, UNKNOWN)).toBeGreaterThan(7000);
    expect(counted(byId, { allow }, UNKNOWN)).toBeLessThan(9000);
  });

  it.each<[JsonObject]>([
    [{ type: 'reasoning', summary: [], encrypted_content: text }],
    [{ type: 'compaction', encrypted_content: text }],
    [{ type: 'image_generation_call', result: dataUrl(1, 1).split(',')[1] }],
    [{ type: 'file_search_call', queries: ['q'], results: [{ text }] }],
    [{ type: 'code_interpreter_call', code: 'a', outputs: [{ type: 'logs', logs: text }] }],
    [{ type: 'computer_call', actions: [{ type: 'wait' }] }],
    [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }],
    [{ type: 'function_call_output', call_id: 'c', output: text }],
    [{ type: 'mcp_call', arguments: '{}', error: 'none such' }],
    [{ type: 'mcp_list_tools', tools: [{ name: text }] }],
    [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }],
  ])('takes what an item shows in full for its own size: %j', (item) => {
    expect(counted({ id: 'i_1', ...item })).toBeLessThan(4000);
  });

  it('takes an item without an id for its own size', () => {
    expect(counted({ type: 'reasoning', summary: [] })).toBeLessThan(2000);
    expect(counted({ type: 'web_search_call', action: { query: text } })).toBeLessThan(2000);
  });
});

/** A stored file by its id, as content of a user message. */
function stored(part: JsonObject): JsonObject {
  return { input: [{ role: 'user', content: [{ ...part, file_id: 'f' }] }] };
}

describe('boundOpenAI: tiers', () => {
  it.each<[unknown, Assumptions['serviceTier'], readonly string[]]>([
    [undefined, 'standard', ['standard']],
    [undefined, 'any', ['standard', 'priority']],
    ['auto', 'priority', ['standard', 'priority']],
    ['auto', 'standard', ['standard']],
    ['default', 'any', ['standard']],
    ['flex', 'any', ['standard', 'flex']],
    ['priority', 'standard', ['standard', 'priority']],
    ['fast', 'standard', ['standard', 'priority']],
    ['scale', 'standard', ['standard', 'priority']],
  ])('asked for %s on a project of %s: %s', (service_tier, serviceTier, tiers) => {
    const found = bound('chat.completions', { ...CHAT, service_tier }, { serviceTier });
    expect(found.serviceTiers).toEqual(tiers);
  });

  it('refuses a tier without a rule', () => {
    expect(refused('responses', { ...RESPONSE, service_tier: 'ultrafast' }).feature).toBe(
      'service_tier',
    );
  });
});

describe('boundOpenAI: what has no bound', () => {
  it.each<[string, Route, JsonObject]>([
    ['previous_response_id', 'responses', { previous_response_id: 'r' }],
    ['conversation', 'responses', { conversation: 'c' }],
    ['prompt', 'responses', { prompt: { id: 'p' } }],
    ['background', 'responses', { background: true }],
    ['context_management', 'responses', { context_management: [{ type: 'compaction' }] }],
    ['reasoning.mode', 'responses', { reasoning: { mode: 'pro' } }],
    ['moderation', 'responses', { moderation: { model: 'gpt-9-judge' } }],
    ['compaction_trigger', 'responses', { input: [{ type: 'compaction_trigger' }] }],
    ['web_search', 'responses', { tools: [{ type: 'web_search_preview' }] }],
    ['file_search', 'responses', { tools: [{ type: 'file_search' }], max_tool_calls: 1 }],
    ['code_interpreter', 'responses', { tools: [{ type: 'code_interpreter' }] }],
    ['image_generation', 'responses', { tools: [{ type: 'image_generation' }] }],
    ['mcp', 'responses', { tools: [{ type: 'mcp' }] }],
    ['computer', 'responses', { tools: [{ type: 'computer' }] }],
    ['tool_search', 'responses', { tools: [{ type: 'tool_search' }] }],
    ['shell', 'responses', { tools: [{ type: 'shell' }] }],
    ['new_tool', 'responses', { tools: [{ type: 'new_tool' }] }],
    ['mcp', 'responses', { input: [{ type: 'additional_tools', tools: [{ type: 'mcp' }] }] }],
    ['mcp', 'responses', { input: [{ type: 'tool_search_output', tools: [{ type: 'mcp' }] }] }],
    ['new_item', 'responses', { input: [{ type: 'new_item' }] }],
    ['new_field', 'responses', { new_field: 1 }],
    ['constructor', 'chat.completions', { constructor: 1 }],
    ['web_search_options', 'chat.completions', { web_search_options: {} }],
    ['web_search_options', 'chat.completions', { model: 'gpt-4o-search-preview' }],
    ['new_part', 'chat.completions', chat([{ type: 'new_part' }])],
    ['thinking', 'chat.completions', { thinking: { budget: 1 } }],
    ['tools', 'completions', { tools: [] }],
    ['new_field', 'responses', { new_field: false }],
    ['images.generations', 'images.generations', { model: 'gpt-image-1.5' }],
    ['images.generations', 'images.generations', { model: 'dall-e-3' }],
    ['images.output_format', 'images.generations', { svg: { model: 'm' } }],
  ])('refuses %s on %s by name and says which option admits it', (feature, route, body) => {
    const ceiling = { max_completion_tokens: 9 };
    const base = route === 'chat.completions' ? { ...CHAT, ...ceiling } : {};
    const found = refused(route, { ...base, ...body });
    if (found.feature !== feature) expect(found).toMatchObject({ feature });
    expect(found.optIn).toContain(feature);
  });

  it('admits what is asked for nothing: null, false, empty, local, free', () => {
    const nothing = {
      previous_response_id: null,
      background: false,
      context_management: [],
      reasoning: { effort: 'high' },
      moderation: { model: 'omni-moderation-latest' },
      tools: [{ type: 'shell', environment: { type: 'local' } }, { type: 'apply_patch' }],
    };
    expect(bound('responses', { ...RESPONSE, ...nothing }).outputTokens).toBe(100);
  });

  it('admits each by the user’s own bound, which it adds', () => {
    const base = bound('responses', RESPONSE);
    const history = { ...RESPONSE, previous_response_id: 'r' };
    const allow = { previous_response_id: { inputTokensMax: 5000 } };
    expect(bound('responses', history, { allow }).inputTokens).toBeGreaterThan(5000);
    const unsaid = { previous_response_id: {} };
    expect(bound('responses', history, { allow: unsaid }).inputTokens).toBe(128_000);
    expect(refused('responses', history, { allow: unsaid }, UNKNOWN).feature).toBe(
      'previous_response_id',
    );
    const files = { file_search: { inputTokensMax: 1, outputTokensMax: 2, usesMax: 3 } };
    const searching = { ...RESPONSE, tools: [{ type: 'file_search' }] };
    const searched = bound('responses', searching, { allow: files });
    expect(searched.fees).toEqual({ fileSearch: 3 });
    expect(searched.outputTokens).toBe(base.outputTokens + 2);
    const chatSearch = { web_search_options: { inputTokensMax: 0, outputTokensMax: 0 } };
    const online = { ...CHAT, web_search_options: {} };
    expect(bound('chat.completions', online, { allow: chatSearch }).fees).toEqual({ webSearch: 1 });
    const drawing = { ...RESPONSE, tools: [{ type: 'image_generation' }] };
    const draws = { image_generation: { inputTokensMax: 0, outputTokensMax: 9000 } };
    expect(bound('responses', drawing, { allow: draws })).toMatchObject({
      outputTokens: 9100,
      outputClasses: ['output', 'imageOutput'],
    });
  });

  it('bounds a counted search: a fee each, a window for each sampling, one ceiling', () => {
    const searching = { ...RESPONSE, tools: [{ type: 'web_search' }], max_tool_calls: 4 };
    expect(bound('responses', searching)).toMatchObject({
      fees: { webSearch: 4 },
      inputTokens: 5 * 128_000,
      outputTokens: 100,
    });
    expect(refused('responses', searching, {}, UNKNOWN).feature).toBe('web_search');
  });

  it('images: the user’s tokens an image, times `n`, and 100 a partial image', () => {
    const allow = { 'images.generations': { outputTokensMax: 6000 } };
    const body = { model: 'gpt-image-1.5', prompt: 'a cat', n: 2, partial_images: 3 };
    expect(bound('images.generations', body, { allow })).toMatchObject({
      outputTokens: 2 * 6300,
      outputClasses: ['output', 'imageOutput'],
    });
    const gif = { ...body, output_format: 'gif' };
    expect(refused('images.generations', gif, { allow }).feature).toBe('images.output_format');
  });
});

function dataUrl(width: number, height: number): string {
  const head = Buffer.alloc(24);
  head.write('\u0089PNG\r\n\u001a\n', 0, 'latin1');
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12, 'latin1');
  head.writeUInt32BE(width, 16);
  head.writeUInt32BE(height, 20);
  return `data:image/png;base64,${head.toString('base64')}`;
}
