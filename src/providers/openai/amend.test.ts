import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../provider.ts';
import { amendOpenAI, isUsageOnly } from './amend.ts';

const facts = (route: string, body: JsonObject) => ({
  route,
  model: 'm',
  isStream: body['stream'] === true,
  body: { model: 'm', messages: [], ...body },
});

describe('amendOpenAI', () => {
  it('asks a chat or legacy stream for its usage, and changes nothing else', () => {
    for (const route of ['chat.completions', 'completions']) {
      const amended = amendOpenAI(facts(route, { stream: true, seed: 7 }));
      expect(JSON.parse(amended?.wire ?? '')).toEqual({
        model: 'm',
        messages: [],
        stream: true,
        seed: 7,
        stream_options: { include_usage: true },
      });
    }
  });

  it('keeps the caller’s other stream options, and does not touch the body', () => {
    const given = facts('chat.completions', {
      stream: true,
      stream_options: { include_obfuscation: false },
    });
    const before = JSON.stringify(given.body);
    expect(JSON.parse(amendOpenAI(given)?.wire ?? '')).toMatchObject({
      stream_options: { include_obfuscation: false, include_usage: true },
    });
    expect(JSON.stringify(given.body)).toBe(before);
  });

  it('leaves alone what has usage anyway, and a caller who said yes or no', () => {
    const asked = (include_usage: boolean) => ({ stream: true, stream_options: { include_usage } });
    expect(amendOpenAI(facts('chat.completions', {}))).toBeUndefined();
    expect(amendOpenAI(facts('chat.completions', asked(true)))).toBeUndefined();
    expect(amendOpenAI(facts('chat.completions', asked(false)))).toBeUndefined();
    expect(amendOpenAI(facts('responses', { stream: true }))).toBeUndefined();
    const nothing = facts('chat.completions', { stream: true, stream_options: null });
    expect(amendOpenAI(nothing)).toBeDefined();
  });
});

describe('isUsageOnly', () => {
  it('hides the closing usage chunk alone', () => {
    expect(isUsageOnly('{"choices":[],"usage":{"prompt_tokens":1}}')).toBe(true);
    expect(isUsageOnly('{"choices": [ ], "usage": {}}')).toBe(true);
    const shown = [
      '[DONE]',
      '',
      '{"choices":[],"usage":null}',
      '{"choices":[],"prompt_filter_results":[]}',
      '{"choices":[{"delta":{"content":"\\"choices\\":[]"}}],"usage":{"prompt_tokens":1}}',
      '{"choices":[',
      '{"usage":{"prompt_tokens":1}}',
    ];
    for (const payload of shown) expect(isUsageOnly(payload)).toBe(false);
  });
});
