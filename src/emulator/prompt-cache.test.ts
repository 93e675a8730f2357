import { describe, expect, it } from 'vitest';
import type { JsonObject } from './json.ts';
import { countAnthropicPrompt, createPromptCache } from './prompt-cache.ts';

/** One token per character, so that every expected figure can be read off the text. */
const counter = (text: string): number => text.length;
const MARK = { cache_control: { type: 'ephemeral' } };
const MARK_1H = { cache_control: { type: 'ephemeral', ttl: '1h' } };
const MINUTE = 60_000;

const text = (content: string, mark: JsonObject = {}): JsonObject => ({
  type: 'text',
  text: content,
  ...mark,
});
const user = (...content: readonly JsonObject[]): JsonObject => ({ role: 'user', content });
const body = (...messages: readonly JsonObject[]): JsonObject => ({ model: 'claude', messages });
const create = (minTokens = 1) => createPromptCache({ counter, minTokens });
const admit = (cache: ReturnType<typeof create>, prompt: JsonObject, at = 0) => {
  const split = cache.admit(prompt, at, 1_000_000)!;
  return [
    split.inputTokens,
    split.cacheReadTokens,
    split.cacheWriteTokens,
    split.cacheWrite1hTokens,
  ];
};

describe('the prompt cache', () => {
  it('leaves a prompt without marks alone: 3 per request, 3 per message', () => {
    const cache = create();
    expect(admit(cache, body(user(text('abcd'))))).toEqual([10, 0, 0, 0]);
    expect(admit(cache, body(user(text('abcd'))))).toEqual([10, 0, 0, 0]);
  });

  it('P1. reads only what is the same up to the mark: text, role, model, order', () => {
    const cache = create();
    const prompt = body(user(text('abcd', MARK), text('x')));
    expect(admit(cache, prompt)).toEqual([7, 0, 4, 0]);
    expect(admit(cache, body(user(text('abcd', MARK), text('other'))))).toEqual([11, 4, 0, 0]);
    expect(admit(cache, body(user(text('abce', MARK))))).toEqual([6, 0, 4, 0]);
    expect(admit(cache, { ...prompt, model: 'claude-2' })).toEqual([7, 0, 4, 0]);
    const assistant = { role: 'assistant', content: [text('abcd', MARK)] };
    expect(admit(cache, body(assistant))).toEqual([6, 0, 4, 0]);
  });

  it('reads the longest older prefix when the mark has moved on, and writes the rest', () => {
    const cache = create();
    const first = text('a'.repeat(10), MARK);
    expect(admit(cache, body(user(first)))).toEqual([6, 0, 10, 0]);
    const moved = body(user(text('a'.repeat(10))), user(text('b'.repeat(7), MARK), text('c')));
    expect(admit(cache, moved)).toEqual([10, 10, 7, 0]);
    expect(admit(cache, moved)).toEqual([10, 17, 0, 0]);
  });

  it('looks no more than 20 blocks back', () => {
    const cache = create();
    const first = text('aaaa', MARK);
    admit(cache, body(user(first)));
    const blocks = (count: number) => Array.from({ length: count }, () => text('b'));
    const near = body(user(text('aaaa'), ...blocks(19), text('c', MARK)));
    expect(admit(cache, near)[1]).toBe(4);
    const far = body(user(text('aaaa'), ...blocks(20), text('d', MARK)));
    expect(admit(cache, far)[1]).toBe(0);
  });

  it('P2. keeps a prefix 5 minutes or 1 hour from its last use', () => {
    for (const [mark, ttl] of [
      [MARK, 5 * MINUTE],
      [MARK_1H, 60 * MINUTE],
    ] as const) {
      const cache = create();
      const prompt = body(user(text('abcd', mark)));
      const written = admit(cache, prompt, 0);
      expect(admit(cache, prompt, ttl - 1)).toEqual([6, 4, 0, 0]);
      expect(admit(cache, prompt, ttl - 1 + ttl - 1)).toEqual([6, 4, 0, 0]);
      expect(admit(cache, prompt, 3 * ttl)).toEqual(written);
    }
  });

  it('splits what it writes by time to live: 1 h up to the first mark, 5 min after it', () => {
    const prompt = {
      ...body(user(text('c'.repeat(3), MARK), text('d'))),
      tools: [],
      system: [text('s'.repeat(5), MARK_1H)],
    };
    expect(admit(create(), prompt)).toEqual([7, 0, 3, 5]);
  });

  it('takes a mark on the whole request as one on its last block', () => {
    const prompt = { ...body({ role: 'user', content: 'abcd' }), ...MARK };
    const cache = create();
    expect(admit(cache, prompt)).toEqual([6, 0, 4, 0]);
    expect(admit(cache, prompt)).toEqual([6, 4, 0, 0]);
  });

  it('P3. neither writes nor reads a prefix shorter than the minimum', () => {
    const cache = create(5);
    const prompt = body(user(text('abcd', MARK)));
    expect(admit(cache, prompt)).toEqual([10, 0, 0, 0]);
    expect(admit(cache, prompt)).toEqual([10, 0, 0, 0]);
    expect(admit(cache, body(user(text('abcde', MARK))))).toEqual([6, 0, 5, 0]);
  });

  it('turns down a prompt above the maximum and keeps nothing of it', () => {
    const cache = create();
    const prompt = body(user(text('abcd', MARK)));
    expect(cache.admit(prompt, 0, 9)).toBeUndefined();
    expect(admit(cache, prompt)).toEqual([6, 0, 4, 0]);
  });

  it('splits exactly the tokens that count_tokens names', () => {
    const prompt = {
      ...body(user(text('abcd', MARK), text('xy')), { role: 'assistant', content: 'hm' }),
      system: 'be kind',
      tools: [{ name: 'add', input_schema: { type: 'object' } }],
    };
    const cache = create();
    for (const split of [admit(cache, prompt), admit(cache, prompt)]) {
      expect(split.reduce((sum, part) => sum + part, 0)).toBe(
        countAnthropicPrompt(prompt, counter),
      );
    }
  });
});
