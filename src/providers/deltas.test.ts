import { describe, expect, it } from 'vitest';
import { anthropic } from './anthropic/provider.ts';
import { openai } from './openai/provider.ts';
import type { JsonObject } from './provider.ts';

const claude = (body: JsonObject) =>
  anthropic.showsOutput({ route: 'messages', model: String(body['model']), isStream: true, body });
const gpt = (body: JsonObject, route = 'chat.completions') =>
  openai.showsOutput({ route, model: String(body['model']), isStream: true, body });

describe('whether all output stands in the stream: Anthropic', () => {
  it.each([
    'claude-sonnet-4-6',
    'claude-haiku-4-5',
    'claude-opus-4-8',
    'claude-3-5-haiku-20241022',
  ])('%s does not think unasked', (model) => {
    expect(claude({ model })).toBe(true);
    expect(claude({ model, thinking: null })).toBe(true);
    expect(claude({ model, thinking: { type: 'disabled' } })).toBe(true);
    expect(claude({ model, thinking: { type: 'enabled', budget_tokens: 1_024 } })).toBe(false);
    expect(claude({ model, thinking: { type: 'adaptive' } })).toBe(false);
  });

  it.each(['claude-opus-5', 'claude-sonnet-5', 'claude-opus-5-5', 'my-claude', 'claude-4'])(
    '%s may think unasked',
    (model) => {
      expect(claude({ model })).toBe(false);
      expect(claude({ model, thinking: { type: 'disabled' } })).toBe(true);
    },
  );

  it('is not so where other rounds may take part', () => {
    expect(claude({ model: 'claude-sonnet-4-6', mcp_servers: [{}] })).toBe(false);
    expect(claude({ model: 'claude-sonnet-4-6', fallbacks: ['claude-haiku-4-5'] })).toBe(false);
  });
});

describe('whether all output stands in the stream: OpenAI', () => {
  it.each(['gpt-4o', 'gpt-4o-mini', 'gpt-4.1-2025-04-14', 'gpt-4', 'gpt-3.5-turbo', 'ft:gpt-4o:a'])(
    '%s does not reason',
    (model) => {
      expect(gpt({ model })).toBe(true);
      expect(gpt({ model }, 'responses')).toBe(true);
    },
  );

  it.each(['gpt-5', 'gpt-5-chat-latest', 'o3', 'o4-mini', 'gpt-6', 'gpt-4o-audio-preview', 'mine'])(
    '%s may bill more than it shows',
    (model) => expect(gpt({ model })).toBe(false),
  );

  it('is not so with audio, a prediction, reasoning, or work that goes on by itself', () => {
    const model = 'gpt-4o';
    expect(gpt({ model, prediction: { type: 'content', content: 'x' } })).toBe(false);
    expect(gpt({ model, modalities: ['text', 'audio'] })).toBe(false);
    expect(gpt({ model, reasoning_effort: 'low' })).toBe(false);
    expect(gpt({ model, background: true }, 'responses')).toBe(false);
    expect(gpt({ model, background: false }, 'responses')).toBe(true);
    expect(gpt({ model }, 'completions')).toBe(false);
  });
});

describe('what the model wrote in an event', () => {
  it.each<[string, JsonObject, string]>([
    ['text', { type: 'content_block_delta', delta: { type: 'text_delta', text: 'ab' } }, 'ab'],
    [
      'arguments',
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"a' } },
      '{"a',
    ],
    [
      'the name of a tool',
      { type: 'content_block_start', content_block: { type: 'tool_use', id: 't', name: 'look' } },
      'look',
    ],
    ['a beginning', { type: 'message_start', message: { id: 'm', model: 'claude' } }, ''],
    ['an unknown event', { type: 'novel', x: 'y' }, '{"type":"novel","x":"y"}'],
  ])('Anthropic: %s', (_name, event, written) => {
    expect(anthropic.outputText(event)).toBe(written);
  });

  it.each<[string, JsonObject, string]>([
    ['text', { id: 'c', choices: [{ delta: { role: 'assistant', content: 'ab' } }] }, 'ab'],
    ['a refusal', { choices: [{ delta: { refusal: 'no' } }] }, 'no'],
    [
      'a call of a function',
      {
        choices: [
          { delta: { tool_calls: [{ id: 'i', function: { name: 'f', arguments: '{}' } }] } },
        ],
      },
      '{}f',
    ],
    ['usage', { choices: [], usage: { prompt_tokens: 3 } }, ''],
    ['text of Responses', { type: 'response.output_text.delta', delta: 'ab' }, 'ab'],
    ['its end, which repeats it', { type: 'response.output_text.done', text: 'ab' }, ''],
    [
      'a call of Responses',
      { type: 'response.output_item.added', item: { type: 'function_call', name: 'f' } },
      'f',
    ],
  ])('OpenAI: %s', (_name, event, written) => {
    expect(openai.outputText(event)).toBe(written);
  });
});
