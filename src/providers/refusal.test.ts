import { describe, expect, it } from 'vitest';
import { IntegrityError, MisuseError, RefusalError, type HardcapError } from '../errors/error.ts';
import type { Provider } from './provider.ts';
import { anthropicRefusal, isAnthropicError } from './anthropic/refusal.ts';
import { isOpenAIError, openAIRefusal } from './openai/refusal.ts';

const SHAPES: readonly [string, Provider['refusal'], Provider['isOwnError']][] = [
  ['anthropic', anthropicRefusal, isAnthropicError],
  ['openai', openAIRefusal, isOpenAIError],
];

describe.each(SHAPES)('%s refusal', (name, refusal, isOwnError) => {
  const wire = (error: HardcapError) => refusal(error);
  const capped = new RefusalError('UNBOUNDED_REQUEST', 'No bound. Nothing was sent.');
  const mistaken = new MisuseError('REQUEST_INVALID', 'n: -1.');

  it('is 402, or 400 for the caller’s mistake, and never a status that clients send again', () => {
    expect(wire(capped).status).toBe(402);
    expect(wire(mistaken).status).toBe(400);
    expect(wire(new IntegrityError('the books balance')).status).toBe(402);
  });

  it('tells every client not to send again, and never when to', () => {
    const { headers } = wire(capped);
    expect(headers['x-should-retry']).toBe('false');
    expect(Object.keys(headers).map((key) => key.toLowerCase())).not.toContain('retry-after');
  });

  it('is the provider’s own shape, with the error’s fields beside it, as JSON', () => {
    const body = JSON.parse(JSON.stringify(wire(capped).body)) as Record<string, unknown>;
    expect(isOwnError(402, body)).toBe(true);
    const type = name === 'anthropic' ? 'billing_error' : 'insufficient_quota';
    expect(body['error']).toMatchObject({
      type,
      message: capped.message,
      budget: { code: 'UNBOUNDED_REQUEST', retryable: false },
    });
    expect(wire(mistaken).body['error']).toMatchObject({ type: 'invalid_request_error' });
    if (name === 'openai') {
      expect(body['error']).toMatchObject({ code: 'insufficient_quota', param: null });
    } else expect(body['type']).toBe('error');
  });

  it('knows its own errors from anything else', () => {
    const other = [null, 'text', [], {}, { error: 'no' }, { error: {} }, { type: 'error' }, 7];
    for (const body of other) expect(isOwnError(500, body)).toBe(false);
    expect(isOwnError(200, wire(capped).body)).toBe(false);
  });
});

describe('isOwnError', () => {
  it('does not take the one provider’s for the other’s', () => {
    const openai = { error: { message: 'm', type: 'server_error', param: null, code: null } };
    expect(isOpenAIError(500, openai)).toBe(true);
    expect(isAnthropicError(500, openai)).toBe(false);
    const anthropic = { type: 'error', error: { type: 'overloaded_error', message: 'm' } };
    expect(isAnthropicError(529, anthropic)).toBe(true);
  });
});
