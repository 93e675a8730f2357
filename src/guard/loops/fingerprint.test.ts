import { describe, expect, it } from 'vitest';
import { anthropic } from '../../providers/anthropic/provider.ts';
import type { JsonObject, RequestFacts } from '../../providers/provider.ts';
import { callerFingerprint, fingerprintOf } from './fingerprint.ts';

const messages = [{ role: 'user', content: 'Hello' }];
const body: JsonObject = { model: 'claude-sonnet-4-6', max_tokens: 10, messages };

function facts(more: JsonObject = {}): RequestFacts {
  const read = anthropic.readBody('messages', { ...body, ...more });
  if ('kind' in read) throw new Error(read.reason);
  return read;
}

const of = (more: JsonObject) => fingerprintOf('anthropic', facts(more));

describe('the fingerprint of a request', () => {
  it.each([
    { stream: true },
    { stream_options: { include_usage: true } },
    { metadata: { user_id: 'u1' } },
    { user: 'u1' },
    { safety_identifier: 'u1' },
    { temperature: undefined },
  ])('is the same with %j', (more) => {
    expect(of(more)).toBe(of({}));
  });

  it.each([
    { model: 'claude-opus-4-8' },
    { max_tokens: 11 },
    { messages: [...messages, ...messages] },
    { messages: [{ role: 'user', content: 'Hello!' }] },
    { temperature: 0 },
    { seed: 1 },
    { system: '' },
    { tools: [] },
  ])('is another with %j', (more) => {
    expect(of(more)).not.toBe(of({}));
  });

  it('is another for another provider and another route', () => {
    const same = facts();
    expect(fingerprintOf('openai', same)).not.toBe(fingerprintOf('anthropic', same));
    expect(fingerprintOf('anthropic', { ...same, route: 'complete' })).not.toBe(of({}));
  });

  it('tells callers apart by every scope value', () => {
    const by = (customer: readonly string[]) =>
      callerFingerprint('anthropic', facts(), { customer });
    expect(by(['a'])).toBe(by(['a']));
    expect(by(['a'])).not.toBe(by(['b']));
    expect(by(['a'])).not.toBe(by(['a', 'b']));
  });
});
