import { ConfigError, MisuseError, RefusalError, type HardcapError } from '../errors/error.ts';
import { narrow, SCOPE_CHARS_MAX } from '../policy/scope-set.ts';
import { BUDGET_SCOPE, UNATTRIBUTED, type Scopes, type ScopeSet } from '../policy/scope.ts';
import type { CapsSettings } from './settings.ts';

/** Longest value that a request may bring, in UTF-16 units. */
export const VALUE_CHARS_MAX = 128;

/**
 * Visible characters in words with single spaces between them; no `*`, which in a cap's `match`
 * stands for others.
 */
const VALUE = /^[^\p{C}\p{Z}*]+(?: [^\p{C}\p{Z}*]+)*$/u;

/** What attribution asks of one request, whichever framework it came through. */
export interface RequestFacts<Request> {
  readonly request: Request;
  /** What the request is known by: the same object wherever it is handled. */
  readonly key: object;
  /** A header's value; where it came more than once, all of them with commas between. */
  header(name: string): string | undefined;
  /** The pattern of the matched route; `undefined` before a route has matched. */
  route(): string | undefined;
  /** Tells the framework's own log, where nobody else is told. */
  log(error: HardcapError): void;
}

/** Whose request it is, or why that cannot be said. */
export type Attribution =
  | { readonly kind: 'attributed'; readonly layers: readonly Scopes[] }
  | { readonly kind: 'refused'; readonly error: HardcapError; readonly status: number };

/**
 * Reads whose request it is: from trusted headers, the application's `scopes`, and the route.
 *
 * Where two of them give values for one dimension, both are drawn on. What `scopes` throws is
 * passed on.
 */
export async function attribute<Request>(
  facts: RequestFacts<Request>,
  settings: CapsSettings<Request>,
): Promise<Attribution> {
  const headers: Record<string, string> = {};
  for (const [dimension, name] of settings.trustedHeaders) {
    const value = facts.header(name);
    // A proxy that adds its header to one that a client sent makes a list: nobody is named by it.
    if (value?.includes(',') === true) return invalid(`its header ${name} came more than once`);
    if (value !== undefined) headers[dimension] = value;
  }
  const given: unknown = (await settings.scopes(facts.request)) ?? {};
  for (const layer of [headers, given]) {
    const fault = layerFault(layer);
    if (fault !== undefined) return invalid(fault);
  }
  const layers = [headers, given as Scopes, routeScopes(facts, settings)].map(withoutAbsent);
  const missing = settings.required.find((name) => !layers.some((one) => Object.hasOwn(one, name)));
  if (missing !== undefined) return lacking(missing, settings.missingStatus);
  const error = namesFault(layers);
  if (error !== undefined) return { kind: 'refused', error, status: 400 };
  return { kind: 'attributed', layers: layers.filter((layer) => Object.keys(layer).length > 0) };
}

/** What the guard itself would say to these dimensions, all together. */
function namesFault(layers: readonly Scopes[]): MisuseError | undefined {
  let scopes: ScopeSet = {};
  try {
    for (const layer of layers) scopes = narrow(scopes, layer);
    return undefined;
  } catch (error) {
    if (error instanceof MisuseError) return error;
    throw error;
  }
}

function routeScopes<Request>(
  facts: RequestFacts<Request>,
  { routeAsFeature }: CapsSettings<Request>,
): Scopes {
  if (!routeAsFeature) return {};
  const route = facts.route();
  if (route !== undefined) return { feature: route.slice(0, SCOPE_CHARS_MAX) };
  throw new ConfigError({
    field: 'routeAsFeature',
    value: true,
    reason: 'no route has matched yet where this runs; put it on the route itself',
    nearest: "app.post('/chat/:id', caps.scoped, handler)",
  });
}

/** What is wrong with scopes that a request brought; the value itself is not repeated. */
function layerFault(layer: unknown): string | undefined {
  if (typeof layer !== 'object' || layer === null || Array.isArray(layer)) {
    return 'its scopes are not an object';
  }
  for (const [dimension, value] of Object.entries(layer)) {
    if (value === undefined) continue;
    if (dimension === BUDGET_SCOPE) return 'a request cannot name a budget';
    const fault = valueFault(value);
    if (fault !== undefined) return `its ${JSON.stringify(dimension.slice(0, 64))} ${fault}`;
  }
  return undefined;
}

function valueFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return `is ${value === null ? 'null' : typeof value}, not text`;
  if (value.length === 0 || value.length > VALUE_CHARS_MAX) {
    return `has ${value.length} characters; it must have 1 to ${VALUE_CHARS_MAX}`;
  }
  if (!VALUE.test(value)) return 'has characters that cannot be seen, spaces at an end, or "*"';
  if (value !== value.normalize('NFC')) return 'is not in Unicode normal form C';
  if (value === UNATTRIBUTED) return `is "${UNATTRIBUTED}", which stands for no value`;
  return undefined;
}

function withoutAbsent(layer: Scopes): Scopes {
  return Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));
}

function invalid(fault: string): Attribution {
  const error = new MisuseError('REQUEST_INVALID', `The request cannot be attributed: ${fault}.`);
  return { kind: 'refused', error, status: 400 };
}

function lacking(dimension: string, status: number): Attribution {
  const error = new RefusalError(
    'SCOPE_MISSING',
    `The request has no ${dimension}, and without one none is served. Let \`scopes\` return it.`,
  );
  return { kind: 'refused', error, status };
}
