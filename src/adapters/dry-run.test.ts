import { afterEach, describe, expect, it } from 'vitest';
import { emulatedAt, SCOPES_HEADER, withScopesTold } from './dry-run.ts';

const DRY_RUN = Symbol.for('hardcap.dry-run');
const ORIGIN = 'http://127.0.0.1:4000';
const SCOPES = { customer: ['acmé'], provider: ['openai'], model: ['gpt-4o'], $budget: ['b1'] };

afterEach(() => {
  Reflect.deleteProperty(globalThis, DRY_RUN);
});

describe('outside a dry run', () => {
  it('no provider is told who calls, and nothing is emulated', () => {
    const init = { headers: { 'x-own': '1' } };
    expect(withScopesTold('https://api.openai.com/v1/responses', init, SCOPES)).toBe(init);
    expect(
      withScopesTold('https://api.openai.com/v1/responses', undefined, SCOPES),
    ).toBeUndefined();
    expect(emulatedAt(new URL(`${ORIGIN}/v1/messages`))).toBeUndefined();
  });
});

describe('in a dry run', () => {
  it('the emulator is told the scopes, without those that are read off the request', () => {
    Reflect.set(globalThis, DRY_RUN, ORIGIN);
    const told = withScopesTold(ORIGIN, { headers: { 'x-own': '1' } }, SCOPES);
    const headers = new Headers(told?.headers);
    expect(headers.get('x-own')).toBe('1');
    const said: unknown = JSON.parse(decodeURIComponent(headers.get(SCOPES_HEADER) ?? ''));
    expect(said).toEqual({ customer: ['acmé'] });
    const request = new Request(ORIGIN, { headers: { 'x-own': '2' } });
    const ofRequest = withScopesTold(request, undefined, SCOPES);
    expect(new Headers(ofRequest?.headers).get('x-own')).toBe('2');
  });

  it('both providers are emulated at its origin, and nobody elsewhere', () => {
    Reflect.set(globalThis, DRY_RUN, ORIGIN);
    expect(emulatedAt(new URL(`${ORIGIN}/v1/messages`))?.name).toBe('anthropic');
    expect(emulatedAt(new URL(`${ORIGIN}/v1/chat/completions`))?.name).toBe('openai');
    expect(emulatedAt(new URL('http://127.0.0.1:4001/v1/messages'))).toBeUndefined();
  });
});
