import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrantError } from '../../errors/grant-error.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import { epochMs } from '../../units/time.ts';
import { readGrantKeys } from './grant-key.ts';
import {
  GRANT_DEPTH_MAX,
  openToken,
  sealToken,
  TOKEN_CHARS_MAX,
  type GrantTerms,
} from './token.ts';

const SECRET = 'a secret of more than thirty-two bytes';
const [key] = readGrantKeys({ id: 'k1', secret: SECRET });
const [other] = readGrantKeys({ id: 'k2', secret: 'another secret of thirty-two bytes!' });
const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

const terms: GrantTerms = {
  id: ID,
  ceiling: { usd: nanoUsd(1_500_000_000), tokens: undefined, calls: calls(7) },
  expiresAt: epochMs(1_700_000_000_000)!,
  audience: 'agent-b',
  above: [],
};

const id = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const amount = fc.maxSafeNat();
const ceiling = fc.record({
  usd: fc.option(
    amount.map((value) => nanoUsd(value)),
    { nil: undefined },
  ),
  tokens: fc.option(
    amount.map((value) => tokens(value)),
    { nil: undefined },
  ),
  calls: fc.option(
    amount.map((value) => calls(value)),
    { nil: undefined },
  ),
});
const link = fc.record({ id, ceiling });
const anyTerms: fc.Arbitrary<GrantTerms> = fc.record({
  id,
  ceiling,
  expiresAt: fc.nat().map((value) => epochMs(value)!),
  audience: fc.option(fc.stringMatching(/^[ !#-[\]-~]{1,128}$/), { nil: undefined }),
  above: fc.array(link, { maxLength: 2 }),
});

describe('a token', () => {
  it('is hcg1, the payload and its HMAC-SHA-256, as written here by hand', () => {
    const payload = { k: 'k1', i: ID, u: 1.5e9, c: 7, x: 1_700_000_000_000, a: 'agent-b' };
    const text = `hcg1.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    const mac = createHmac('sha256', SECRET).update(text).digest('base64url');
    expect(sealToken(terms, key)).toBe(`${text}.${mac}`);
    expect(openToken(`${text}.${mac}`, [other, key])).toEqual(terms);
  });

  it('says to its reader what it said to its maker, in ASCII', () => {
    fc.assert(
      fc.property(anyTerms, (said) => {
        const token = sealToken(said, key);
        expect(token).toMatch(/^[\x21-\x7e]+$/);
        expect(openToken(token, [key])).toEqual(said);
      }),
    );
  });

  it('is shorter than 1 KiB with everything in it as long as it may be', () => {
    const most = {
      usd: nanoUsd(2 ** 53 - 1),
      tokens: tokens(2 ** 53 - 1),
      calls: calls(2 ** 53 - 1),
    };
    const full: GrantTerms = {
      ...terms,
      ceiling: most,
      audience: 'a'.repeat(128),
      above: Array.from({ length: GRANT_DEPTH_MAX }, () => ({ id: ID, ceiling: most })),
    };
    const [long] = readGrantKeys({ id: 'k'.repeat(64), secret: SECRET });
    expect(sealToken(full, long).length).toBeLessThanOrEqual(TOKEN_CHARS_MAX);
  });

  it('with any one character changed is refused, whichever and however', () => {
    const token = sealToken(terms, key);
    const alphabet = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at));
    let tried = 0;
    for (let at = 0; at < token.length; at++) {
      for (const character of alphabet) {
        if (token[at] === character) continue;
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(faultOf(changed), changed).toMatch(/^(malformed|forged|unknown-key)$/);
        tried += 1;
      }
    }
    expect(tried).toBe(token.length * (alphabet.length - 1));
  });

  it('cut, lengthened, or put together from two is refused', () => {
    const token = sealToken(terms, key);
    const [version = '', payload = '', mac = ''] = token.split('.');
    const richer = sealToken({ ...terms, ceiling: { ...terms.ceiling, usd: nanoUsd(9e15) } }, key);
    const foreign = richer.split('.')[1] ?? '';
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1 }), (at, more) => {
        expect(faultOf(token.slice(0, at))).toBeDefined();
        expect(faultOf(token + more)).toBeDefined();
        expect(faultOf(more + token)).toBeDefined();
      }),
    );
    expect(faultOf(`${version}.${foreign}.${mac}`)).toBe('forged');
    expect(faultOf(`${version}.${payload}.${'A'.repeat(43)}`)).toBe('forged');
    expect(faultOf(`hcg2.${payload}.${mac}`)).toBe('malformed');
  });

  it.each([
    ['nothing', undefined],
    ['a number', 1],
    ['an object', {}],
    ['the empty text', ''],
    ['a text of 2 MB', 'hcg1.'.padEnd(2_000_000, 'A')],
    ['no JSON', signed('hello')],
    ['JSON that is no object', signed('[1]')],
    ['null', signed('null')],
    ['no key', signed('{}')],
    ['a key that is no text', signed('{"k":1}')],
  ])('%s is refused', (_name, token) => {
    expect(faultOf(token)).toMatch(/^(malformed|unknown-key)$/);
  });

  it.each([
    ['an amount below zero', { u: -1 }],
    ['an amount with a fraction', { c: 0.5 }],
    ['an amount that is text', { u: '1' }],
    ['an amount above 2^53', { t: 2 ** 53 }],
    ['no id', { i: undefined }],
    ['an id that is a path', { i: '../../../../etc/passwd' }],
    ['no expiry', { x: undefined }],
    ['an expiry that is no instant', { x: 1e300 }],
    ['an audience with a line break', { a: 'a\nb' }],
    ['a field of a later version', { z: 1 }],
    ['too many grants above', { p: Array.from({ length: 5 }, () => [ID, 1, 1, 1]) }],
    ['a grant above without figures', { p: [[ID]] }],
    ['grants above that are none', { p: 'x' }],
  ])('rightly signed, but with %s, is refused all the same', (_name, change) => {
    const payload = { k: 'k1', i: ID, u: 1, x: 1_700_000_000_000, ...change };
    expect(faultOf(signed(JSON.stringify(payload)))).toBe('malformed');
  });

  it('of another key is refused by name, and its secret is in no message', () => {
    const token = sealToken(terms, other);
    const error = thrownBy(() => openToken(token, [key]));
    expect(error).toMatchObject({ reason: 'unknown-key', code: 'GRANT_INVALID' });
    expect(error.message).toContain('"k2"');
    const [imposter] = readGrantKeys({ id: 'k2', secret: SECRET });
    expect(faultOf(token, imposter)).toBe('forged');
    expect(error.message + String(error.stack)).not.toContain(SECRET);
    expect(error.message + String(error.stack)).not.toContain(token);
  });
});

describe('keys', () => {
  it.each([
    ['a secret of 31 bytes', { id: 'k', secret: 'x'.repeat(31) }],
    ['31 bytes as bytes', { id: 'k', secret: new Uint8Array(31) }],
    ['no secret', { id: 'k' }],
    ['an empty id', { id: '', secret: SECRET }],
    ['an id with a space', { id: 'a b', secret: SECRET }],
    ['two of one id', [key, key]],
    ['none', []],
    ['seventeen', Array.from({ length: 17 }, (_, at) => ({ id: `k${at}`, secret: SECRET }))],
    ['null', null],
  ])('%s: refused, without the secret in the message', (_name, given) => {
    const error = thrownBy(() => readGrantKeys(given as never));
    expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(error.message).not.toContain(SECRET);
  });

  it('of 32 bytes are enough, as bytes or as text of as many in UTF-8', () => {
    expect(readGrantKeys({ id: 'k', secret: new Uint8Array(32) })[0].secret).toHaveLength(32);
    expect(readGrantKeys({ id: 'k', secret: 'ä'.repeat(16) })[0].secret).toHaveLength(32);
  });

  it('are copied: wiping the caller’s bytes later changes nothing', () => {
    const bytes = new Uint8Array(32).fill(7);
    const [read] = readGrantKeys({ id: 'k', secret: bytes });
    bytes.fill(0);
    expect(read.secret).toEqual(new Uint8Array(32).fill(7));
  });
});

/** A payload with a right MAC, whatever it says. */
function signed(payload: string): string {
  const text = `hcg1.${Buffer.from(payload).toString('base64url')}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

/** Why it is refused; `undefined`: it is not. */
function faultOf(token: unknown, ...keys: readonly (typeof key)[]): string | undefined {
  try {
    openToken(token, keys.length === 0 ? [key] : keys);
    return undefined;
  } catch (error) {
    return error instanceof GrantError ? error.reason : String(error);
  }
}

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It was expected to throw an error, and did not.');
}
