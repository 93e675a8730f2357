import type { Route } from './provider.ts';

/** One line of a route table. */
export interface RouteRule {
  readonly method: string;
  /**
   * The last segments of the path, `*` for exactly one id: `messages/batches/*`. Where it is free,
   * all the segments behind the version.
   */
  readonly path: string;
  readonly kind: Route['kind'];
  readonly name: string;
}

/** Table rows with their paths split once, longest first. */
export interface RouteTable {
  readonly rows: readonly { readonly rule: RouteRule; readonly segments: readonly string[] }[];
}

/** A table ready to match; rules with more segments win. */
export function routeTable(rules: readonly RouteRule[]): RouteTable {
  const rows = rules.map((rule) => ({ rule, segments: rule.path.split('/') }));
  return { rows: rows.sort((left, right) => right.segments.length - left.segments.length) };
}

/**
 * What the request is, by exact match of the last segments of a plain path; any prefix may stand in
 * front, of a free path only one that ends in its first version (`/proxy/v1`) or `/openai`. So
 * `files` is free and the `files` of a store, which cost money, are not. A path that some server
 * might read differently from us (empty or dot segments, escapes, backslashes, a trailing slash) is
 * unmetered, and so is whatever no rule names: a trick can make a route refused, never free.
 */
export function matchRoute(
  table: RouteTable,
  request: { readonly method: string; readonly path: string },
): Route {
  const method = request.method.toUpperCase();
  const path = withoutQuery(request.path);
  if (method === 'HEAD' || method === 'OPTIONS') return { kind: 'free', name: method };
  if (!PLAIN_PATH.test(path)) {
    return { kind: 'unmetered', name: clip(path), reason: 'the path is not plain' };
  }
  const segments = path.split('/');
  if (segments.includes('.') || segments.includes('..')) {
    return { kind: 'unmetered', name: clip(path), reason: 'the path has dot segments' };
  }
  const free = freeStart(segments);
  for (const { rule, segments: suffix } of table.rows) {
    if (rule.method !== method || !isSuffix(suffix, segments)) continue;
    const isAnchored = segments.length - suffix.length === free;
    if (rule.kind !== 'free' || isAnchored) return routeOf(rule);
  }
  const reason = 'no rule says what it costs';
  return { kind: 'unmetered', name: clip(`${method} ${path}`), reason };
}

/** One or more segments of unreserved characters, a leading slash, none at the end. */
const PLAIN_PATH = /^(?:\/[\w.~:@!$&'()*+,;=-]+)+$/;

const NAME_CHARS_MAX = 120;

function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

/** Where the API's own path begins: after the first version, else after `/openai`, else at once. */
function freeStart(segments: readonly string[]): number {
  const version = segments.findIndex((segment) => VERSION.test(segment));
  if (version >= 0) return version + 1;
  return segments[1] === 'openai' ? 2 : 1;
}

const VERSION = /^v\d+(?:alpha|beta)?\d*$/;

/** Ids begin with a letter or digit, so that no server can take one for a parameter or nothing. */
const ID = /^[A-Za-z0-9][\w.:~@-]*$/;

function isSuffix(suffix: readonly string[], segments: readonly string[]): boolean {
  const start = segments.length - suffix.length;
  if (start < 1) return false;
  return suffix.every((part, index) => {
    const segment = segments[start + index] ?? '';
    return part === '*' ? ID.test(segment) : part === segment;
  });
}

function routeOf({ kind, name }: RouteRule): Route {
  if (kind === 'unmetered') return { kind, name, reason: 'it costs money and has no rule' };
  return { kind, name };
}

function clip(text: string): string {
  return text.slice(0, NAME_CHARS_MAX);
}
