import { createHmac, timingSafeEqual } from 'node:crypto';
import { invariant } from '../../errors/error.ts';
import { GrantError } from '../../errors/grant-error.ts';
import type { Ceiling } from '../../ledger/account.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import { epochMs, type EpochMs } from '../../units/time.ts';
import type { GrantLink } from '../budgets/granted-trees.ts';
import type { ReadGrantKey } from './grant-key.ts';

/** Longest token in characters, all of them ASCII: it fits any header. */
export const TOKEN_CHARS_MAX = 1_023;

/** How many grants one grant may stand below: each of its calls draws on all of them. */
export const GRANT_DEPTH_MAX = 4;

/** All that a token says. */
export interface GrantTerms extends GrantLink {
  /** Until when it can be redeemed; the budget that comes of it lasts. */
  readonly expiresAt: EpochMs;
  /** Who alone may redeem it; `undefined`: whoever has it and a key. */
  readonly audience: string | undefined;
  /** The grants that it was issued from, outermost first: its calls draw on them, too. */
  readonly above: readonly GrantLink[];
}

const VERSION = 'hcg1';
const TOKEN = /^hcg1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;
const GRANT_ID = /^[A-Za-z0-9_-]{22}$/;
/** Without `"` and `\\`, which take two characters in JSON. */
const AUDIENCE = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** Whether it can name a receiver: 1 to 128 printable ASCII characters, no quote or backslash. */
export function isAudience(text: unknown): text is string {
  return typeof text === 'string' && AUDIENCE.test(text);
}

/** Whether a text has the form of a token; what it says, and whose it is, is another matter. */
export function isTokenShaped(text: unknown): text is string {
  return typeof text === 'string' && text.length <= TOKEN_CHARS_MAX && TOKEN.test(text);
}

/**
 * The terms as text, signed: `hcg1.<payload>.<mac>`, both base64url without padding (RFC 4648
 * section 5). The MAC is HMAC-SHA-256 (RFC 2104) over all that stands before its dot.
 */
export function sealToken(terms: GrantTerms, key: ReadGrantKey): string {
  const payload = {
    k: key.id,
    i: terms.id,
    ...wireCeiling(terms.ceiling),
    x: terms.expiresAt,
    ...(terms.audience === undefined ? {} : { a: terms.audience }),
    ...(terms.above.length === 0 ? {} : { p: terms.above.map(wireLink) }),
  };
  const signed = `${VERSION}.${Buffer.from(JSON.stringify(payload), 'utf8').toString('base64url')}`;
  const token = `${signed}.${macOf(signed, key).toString('base64url')}`;
  invariant(token.length <= TOKEN_CHARS_MAX, 'all that terms may say fits into a token');
  return token;
}

/**
 * What a token says, once its MAC is found right in constant time. Nothing but the key's id is read
 * before that. Throws `GRANT_INVALID` with reason `malformed`, `unknown-key` or `forged`.
 */
export function openToken(token: unknown, keys: readonly ReadGrantKey[]): GrantTerms {
  const [, payload, mac] = isTokenShaped(token) ? (TOKEN.exec(token) ?? []) : [];
  if (payload === undefined || mac === undefined) throw malformed('it has not the form of one');
  const said = parsed(payload);
  const id = said['k'];
  const key = keys.find((one) => one.id === id);
  if (key === undefined) {
    const name = typeof id === 'string' ? JSON.stringify(id.slice(0, 64)) : 'no key';
    const message =
      `The grant is signed with ${name}, which is not among the keys given here ` +
      `(${keys.map((one) => one.id).join(', ')}). Give the issuer's key. Nothing was redeemed.`;
    throw new GrantError('unknown-key', message);
  }
  const found = Buffer.from(mac, 'base64url');
  const expected = macOf(`${VERSION}.${payload}`, key);
  // The text is compared, too: the last character of a MAC has two bits that decode to nothing.
  const isOurs = timingSafeEqual(found, expected) && expected.toString('base64url') === mac;
  if (!isOurs) {
    const message =
      `The grant was altered, or was not signed with this key ${JSON.stringify(key.id)}. Do not ` +
      'use it, and find out who sent it. Nothing was redeemed.';
    throw new GrantError('forged', message);
  }
  return termsOf(said);
}

/** The payload as an object. Throws `GRANT_INVALID`. */
function parsed(payload: string): Readonly<Record<string, unknown>> {
  let said: unknown;
  try {
    said = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch (cause) {
    throw malformed('its payload is no JSON', { cause });
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) {
    throw malformed('its payload is no object');
  }
  return said as Readonly<Record<string, unknown>>;
}

const FIELDS = new Set(['k', 'i', 'u', 't', 'c', 'x', 'a', 'p']);

function termsOf(said: Readonly<Record<string, unknown>>): GrantTerms {
  const strange = Object.keys(said).find((name) => !FIELDS.has(name));
  // A later version may mean by it something that narrows the grant.
  if (strange !== undefined) throw malformed(`it says ${JSON.stringify(strange)}`);
  const { i, u = null, t = null, c = null, x, a, p = [] } = said;
  const expiresAt = epochMs(x);
  if (expiresAt === undefined) throw malformed('it does not say until when it lasts');
  if (a !== undefined && !isAudience(a)) throw malformed('its audience is none');
  if (!Array.isArray(p) || p.length > GRANT_DEPTH_MAX) throw malformed('it stands too deep');
  const above = p.map((link: unknown) => linkOf(Array.isArray(link) ? link : []));
  return { ...linkOf([i, u, t, c]), expiresAt, audience: a, above };
}

function linkOf(said: readonly unknown[]): GrantLink {
  const [id, usd, token, call] = said;
  if (said.length !== 4 || typeof id !== 'string' || !GRANT_ID.test(id)) {
    throw malformed('it does not say which grant it is');
  }
  const ceiling: Ceiling = {
    usd: figure(usd, nanoUsd),
    tokens: figure(token, tokens),
    calls: figure(call, calls),
  };
  return { id, ceiling };
}

function figure<T>(said: unknown, unit: (value: unknown) => T | undefined): T | undefined {
  if (said === null) return undefined;
  const read = unit(said);
  if (read === undefined) throw malformed('an amount in it is none');
  return read;
}

function wireCeiling({ usd, tokens: token, calls: call }: Ceiling): Record<string, number> {
  return {
    ...(usd === undefined ? {} : { u: usd }),
    ...(token === undefined ? {} : { t: token }),
    ...(call === undefined ? {} : { c: call }),
  };
}

function wireLink({ id, ceiling }: GrantLink): readonly (string | number | null)[] {
  return [id, ceiling.usd ?? null, ceiling.tokens ?? null, ceiling.calls ?? null];
}

function macOf(signed: string, { secret }: ReadGrantKey): Buffer {
  return createHmac('sha256', secret).update(signed, 'ascii').digest();
}

function malformed(why: string, options?: ErrorOptions): GrantError {
  const message =
    `This is no grant that can be read: ${why}. Pass the token on as issueGrant made it, in one ` +
    'header or field. Nothing was redeemed.';
  return new GrantError('malformed', message, options);
}
