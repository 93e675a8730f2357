import { GrantError } from '../../errors/grant-error.ts';
import { isTokenShaped } from './token.ts';

/** The HTTP header that carries a grant: one value, the token itself. */
export const GRANT_HEADER = 'hardcap-grant';

/**
 * The key of a grant in the `_meta` of an MCP request. A key is an optional prefix of labels with a
 * slash, and a name; a prefix is reserved whose second label is `mcp` or `modelcontextprotocol`
 * (Model Context Protocol 2026-07-28, Overview, `_meta`). This prefix has one label.
 */
export const GRANT_MCP_KEY = 'hardcap/grant';

/**
 * The URI by which A2A agents name this extension, in their card and in the header
 * `A2A-Extensions` (`X-A2A-Extensions` before A2A 1.0).
 */
export const GRANT_A2A_EXTENSION = 'urn:hardcap:grant:v1';

/**
 * The key of a grant in the `metadata` of an A2A request: the extension's URI, a slash and a name,
 * as in the example of A2A's page on extensions.
 */
export const GRANT_A2A_KEY = `${GRANT_A2A_EXTENSION}/token`;

/** Headers as servers show them: of the web, of Node, or a plain object. */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The header that carries a grant to another process. Throws `GRANT_INVALID`. */
export function grantHeaders(token: string): Record<typeof GRANT_HEADER, string> {
  return { [GRANT_HEADER]: shaped(token) };
}

/** The `_meta` that carries a grant with an MCP request, beside what is in it. */
export function grantMeta<T extends object>(
  token: string,
  meta?: T,
): T & Record<typeof GRANT_MCP_KEY, string> {
  return Object.assign({ ...meta } as T, { [GRANT_MCP_KEY]: shaped(token) } as const);
}

/** The `metadata` that carries a grant with an A2A request, beside what is in it. */
export function grantMetadata<T extends object>(
  token: string,
  metadata?: T,
): T & Record<typeof GRANT_A2A_KEY, string> {
  return Object.assign({ ...metadata } as T, { [GRANT_A2A_KEY]: shaped(token) } as const);
}

/**
 * The token in the headers of a request; `undefined` when there is none. Its signature is not
 * looked at: `redeemGrant` does that.
 *
 * Throws `GRANT_INVALID` for more than one, and for what has not the form of one.
 */
export function readGrantHeader(headers: HeadersLike): string | undefined {
  const values = isGetter(headers) ? [headers.get(GRANT_HEADER)] : valuesOf(headers);
  return only(values.filter((value) => value !== undefined && value !== null));
}

/** The token in the `_meta` of an MCP request; as `readGrantHeader`. */
export function readGrantMeta(meta: unknown): string | undefined {
  return fieldOf(meta, GRANT_MCP_KEY);
}

/** The token in the `metadata` of an A2A request; as `readGrantHeader`. */
export function readGrantMetadata(metadata: unknown): string | undefined {
  return fieldOf(metadata, GRANT_A2A_KEY);
}

function isGetter(headers: HeadersLike): headers is { get(name: string): string | null } {
  return typeof headers['get'] === 'function';
}

/** Header names are the same in any case, and one may be there in two of them. */
function valuesOf(headers: Exclude<HeadersLike, { get(name: string): string | null }>): unknown[] {
  return Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === GRANT_HEADER)
    .flatMap(([, value]): unknown[] => (Array.isArray(value) ? value : [value]));
}

function fieldOf(holder: unknown, key: string): string | undefined {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) {
    return undefined;
  }
  return only([Reflect.get(holder, key)]);
}

function only(values: readonly unknown[]): string | undefined {
  const [first, ...others] = values;
  if (values.length === 0) return undefined;
  // Two headers of one name reach some servers as one, joined by a comma, which no token holds.
  if (others.length > 0) throw unread(`there are ${values.length} of them`);
  return shaped(first);
}

function shaped(token: unknown): string {
  if (isTokenShaped(token)) return token;
  throw unread('it has not the form of one, or there are several');
}

function unread(why: string): GrantError {
  const message =
    `The grant that came with this request cannot be read: ${why}. Send one token, as ` +
    'issueGrant made it. Nothing was redeemed.';
  return new GrantError('malformed', message);
}
