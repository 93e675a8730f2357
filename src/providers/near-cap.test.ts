import { describe, expect, it } from 'vitest';
import { tokens } from '../units/count.ts';
import { anthropic } from './anthropic/provider.ts';
import { openai } from './openai/provider.ts';
import type { JsonObject, Provider, RequestFacts } from './provider.ts';

const count = (value: number) => tokens(value)!;

function facts(provider: Provider, route: string, body: JsonObject): RequestFacts {
  const read = provider.readBody(route, { model: 'm', ...body });
  if ('kind' in read) throw new Error(`${read.field}: ${read.reason}`);
  return read;
}

const messages = (body: JsonObject) => facts(anthropic, 'messages', body);
const chat = (body: JsonObject) => facts(openai, 'chat.completions', body);
const responses = (body: JsonObject) => facts(openai, 'responses', body);

describe('withOutputMax', () => {
  const cases: readonly [string, Provider, RequestFacts, JsonObject][] = [
    ['Anthropic', anthropic, messages({ max_tokens: 900 }), { max_tokens: 500 }],
    ['Anthropic, asked for less', anthropic, messages({ max_tokens: 90 }), { max_tokens: 90 }],
    ['chat, unset', openai, chat({}), { max_completion_tokens: 500 }],
    [
      'chat, null',
      openai,
      chat({ max_tokens: null }),
      { max_tokens: null, max_completion_tokens: 500 },
    ],
    ['chat, newer', openai, chat({ max_completion_tokens: 900 }), { max_completion_tokens: 500 }],
    ['chat, older', openai, chat({ max_tokens: 900 }), { max_tokens: 500 }],
    [
      'chat, both, one of them lower',
      openai,
      chat({ max_tokens: 90, max_completion_tokens: 900 }),
      { max_tokens: 90, max_completion_tokens: 500 },
    ],
    [
      'chat, both, the other lower',
      openai,
      chat({ max_tokens: 900, max_completion_tokens: 90 }),
      { max_tokens: 500, max_completion_tokens: 90 },
    ],
    ['Responses', openai, responses({ max_output_tokens: 900 }), { max_output_tokens: 500 }],
    ['completions', openai, facts(openai, 'completions', { max_tokens: 9 }), { max_tokens: 9 }],
  ];

  it.each(cases)(
    'sets the field of the provider and never raises it: %s',
    (_n, by, asked, sent) => {
      const before = JSON.stringify(asked.body);
      expect(by.withOutputMax(asked, count(500))?.body).toEqual({ model: 'm', ...sent });
      expect(JSON.stringify(asked.body)).toBe(before);
    },
  );

  it('does nothing where a route has no output ceiling', () => {
    const embeddings = facts(openai, 'embeddings', { input: 'x' });
    expect(openai.withOutputMax(embeddings, count(500))).toBeUndefined();
  });
});

describe('withModel', () => {
  it('changes the model in facts and body, and nothing else', () => {
    const asked = chat({ max_tokens: 5, stream: true });
    expect(openai.withModel(asked, 'n')).toEqual({
      ...asked,
      model: 'n',
      body: { ...asked.body, model: 'n' },
    });
    expect(asked.body['model']).toBe('m');
  });
});

describe('outputMin', () => {
  it('leaves room for a thinking budget beside the answer', () => {
    const thinking = { type: 'enabled', budget_tokens: 2_048 };
    expect(anthropic.outputMin(messages({ thinking }), count(256))).toBe(2_304);
    expect(anthropic.outputMin(messages({ thinking: { type: 'adaptive' } }), count(256))).toBe(256);
    expect(openai.outputMin(chat({ reasoning_effort: 'high' }), count(256))).toBe(256);
  });
});

describe('isCutUnsafe', () => {
  const schema = { type: 'json_schema', schema: {} };
  it.each([
    [false, {}],
    [false, { tools: [{ name: 'f' }], tool_choice: { type: 'auto' } }],
    [false, { tools: [{ name: 'f' }], tool_choice: { type: 'none' } }],
    [false, { output_config: { effort: 'low' } }],
    [true, { tool_choice: { type: 'any' } }],
    [true, { tool_choice: { type: 'tool', name: 'f' } }],
    [true, { tools: [{ name: 'f' }, { name: 'g', strict: true }] }],
    [true, { output_config: { format: schema } }],
    [true, { output_format: schema }],
  ])('Anthropic %s: %j', (isUnsafe, body) => {
    expect(anthropic.isCutUnsafe(messages(body))).toBe(isUnsafe);
  });

  it.each([
    [false, {}],
    [false, { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'auto' }],
    [false, { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } } }],
    [false, { response_format: { type: 'text' } }],
    [false, { functions: [{ name: 'f' }], function_call: 'auto' }],
    [true, { tools: [{ type: 'function', function: { name: 'f', strict: true } }] }],
    [true, { tool_choice: 'required' }],
    [true, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [true, { tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required' } } }],
    [true, { function_call: { name: 'f' } }],
    [true, { response_format: { type: 'json_object' } }],
    [true, { response_format: { type: 'json_schema', json_schema: {} } }],
  ])('chat %s: %j', (isUnsafe, body) => {
    expect(openai.isCutUnsafe(chat(body))).toBe(isUnsafe);
  });

  it.each([
    [false, { tools: [{ type: 'function', name: 'f', strict: false }] }],
    [false, { tools: [{ type: 'web_search' }], text: { verbosity: 'low' } }],
    [false, { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } }],
    [true, { tools: [{ type: 'function', name: 'f' }] }],
    [true, { tools: [{ type: 'function', name: 'f', strict: null }] }],
    [true, { tool_choice: { type: 'web_search' } }],
    [true, { text: { format: { type: 'json_object' } } }],
    [true, { text: { format: { type: 'json_schema', name: 'x', schema: {} } } }],
  ])('Responses %s: %j', (isUnsafe, body) => {
    expect(openai.isCutUnsafe(responses(body))).toBe(isUnsafe);
  });
});

describe('countRequest', () => {
  it('holds what is in the prompt and nothing of how the answer is made', () => {
    const counted = anthropic.countRequest(
      messages({ max_tokens: 5, stream: true, temperature: 1, system: 's', messages: [] }),
    );
    expect(counted?.segment).toBe('count_tokens');
    expect(JSON.parse(counted?.wire ?? '')).toEqual({ model: 'm', system: 's', messages: [] });
    const asked = openai.countRequest(
      responses({ input: 'x', stream: true, max_output_tokens: 5, instructions: 'y' }),
    );
    expect(asked?.segment).toBe('input_tokens');
    expect(JSON.parse(asked?.wire ?? '')).toEqual({ model: 'm', input: 'x', instructions: 'y' });
  });

  it.each([
    ['a thread', anthropic, messages({ thread: { type: 'continue' } })],
    ['remote tools', anthropic, messages({ mcp_servers: [{}] })],
    ['chat', openai, chat({})],
    ['completions', openai, facts(openai, 'completions', {})],
    ['a kept history', openai, responses({ previous_response_id: 'r' })],
  ])('there is none for %s: a count would not be whole', (_name, provider, asked) => {
    expect(provider.countRequest(asked)).toBeUndefined();
  });

  it('goes to a route that is free', () => {
    const isFree = (provider: Provider, path: string) =>
      provider.route({ method: 'POST', path }).kind === 'free';
    expect(isFree(anthropic, '/v1/messages/count_tokens')).toBe(true);
    expect(isFree(openai, '/v1/responses/input_tokens')).toBe(true);
  });
});
