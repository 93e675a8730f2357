import type { Route } from './provider.ts';

/** One line of a route table. */
export interface RouteRule {
  readonly method: string;
  /** The last segments of the path, `*` for exactly one: `messages/batches/*`. */
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
 * front. A path that some server might read differently from us (empty or dot segments, escapes,
 * backslashes, a trailing slash) is unmetered, and so is whatever no rule names: a trick can make a
 * route refused, never free.
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
  for (const row of table.rows) {
    if (row.rule.method === method && isSuffix(row.segments, segments)) return routeOf(row.rule);
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

function isSuffix(suffix: readonly string[], segments: readonly string[]): boolean {
  const start = segments.length - suffix.length;
  if (start < 1) return false;
  return suffix.every((part, index) => part === '*' || part === segments[start + index]);
}

function routeOf({ kind, name }: RouteRule): Route {
  if (kind === 'unmetered') return { kind, name, reason: 'it costs money and has no rule' };
  return { kind, name };
}

function clip(text: string): string {
  return text.slice(0, NAME_CHARS_MAX);
}
