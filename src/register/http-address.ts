import type { ClientRequest, RequestOptions } from 'node:http';
import { urlToHttpOptions } from 'node:url';
import type { ProviderHosts } from './hosts.ts';

/** What `http.request` and `https.request` were called with, in one form. */
export interface RequestCall {
  readonly options: RequestOptions & { readonly servername?: string | undefined };
  readonly callback: unknown;
}

/** Takes the arguments apart as Node does. Throws on an address that is none, as Node would. */
export function readCall(args: readonly unknown[]): RequestCall {
  const [first, ...rest] = args;
  const isAddress = typeof first === 'string' || first instanceof URL;
  const address = isAddress ? urlToHttpOptions(new URL(first)) : {};
  const [given, callback] = isAddress ? rest : args;
  if (typeof given === 'function') return { options: address, callback: given };
  return { options: { ...address, ...(given as object | undefined) }, callback };
}

/**
 * The address at a provider that this request goes to, whichever of its ways says so: the host it
 * connects to, the `Host` header, the TLS server name, or an absolute path for a proxy.
 * `undefined`: to no provider that is known.
 */
export function providerUrl(
  { options }: RequestCall,
  protocol: string,
  hosts: ProviderHosts,
): URL | undefined {
  const { hostname, host, port, servername, path, agent } = options;
  const defaultPort = options.defaultPort ?? portOf(agent) ?? '';
  const scheme = options.protocol ?? protocol;
  const authority = `${hostname || host || 'localhost'}:${port || defaultPort}`;
  // A tunnel is asked of a proxy; what goes through it is looked at when it does.
  if (isTunnel(options.method)) {
    return providerUrlOf({ scheme, names: [authority], path: '/' }, hosts);
  }
  const names = [authority, headerOf(options.headers, 'host'), servername];
  return providerUrlOf({ scheme, names, path: path ?? '/' }, hosts);
}

/** The same of a request that exists, as it stands now. */
export function providerUrlOfRequest(req: ClientRequest, hosts: ProviderHosts): URL | undefined {
  if (isTunnel(req.method)) {
    return providerUrlOf({ scheme: req.protocol, names: [req.host], path: '/' }, hosts);
  }
  const header = req.getHeader('host');
  const names = [typeof header === 'string' ? header : undefined, req.host];
  return providerUrlOf({ scheme: req.protocol, names, path: req.path }, hosts);
}

/** Whether a method asks for a tunnel instead of an answer. */
export function isTunnel(method: unknown): boolean {
  return String(method).toUpperCase() === 'CONNECT';
}

/** A request as its client names it. */
export interface Target {
  /** With the colon: `https:`. */
  readonly scheme: string;
  /** Each host that it may mean, with its port. */
  readonly names: readonly (string | undefined)[];
  /** As it will be on the wire. */
  readonly path: string;
}

/** The address at a provider that a target stands for; `undefined`: to none that is known. */
export function providerUrlOf(
  { scheme, names, path }: Target,
  hosts: ProviderHosts,
): URL | undefined {
  const bases = names.flatMap((name) => {
    const origin = `${scheme}//${name ?? ''}`;
    return name !== undefined && URL.canParse(origin) ? [origin] : [];
  });
  const urls = bases.map((origin) => urlAt(origin, path));
  if (ABSOLUTE.test(path)) urls.unshift(absolute(path));
  return urls.find((url) => hosts.at(url) !== undefined);
}

const ABSOLUTE = /^https?:\/\//i;

/** `GET http://host/path`, as it is asked of a proxy. */
function absolute(path: string): URL {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#]+)(.*)$/i.exec(path) ?? [];
  return URL.canParse(origin) ? urlAt(origin, rest === '' ? '/' : rest) : new URL('http://invalid');
}

/**
 * The path exactly as it will be on the wire. One that a reader of addresses would resolve to
 * another (dot segments, characters that it escapes) is a route that no rule knows.
 */
function urlAt(origin: string, path: string): URL {
  const base = new URL(origin);
  const plain = path.split('#')[0] ?? '';
  const text = `${base.origin}${plain}`;
  const url = URL.canParse(text) ? new URL(text) : base;
  return `${url.pathname}${url.search}` === plain ? url : new URL(NOT_PLAIN, base);
}

const NOT_PLAIN = '/(a-path-that-is-not-plain)';

/** A header in any form that Node takes: an object, a flat list, a list of pairs. */
export function headerOf(headers: unknown, name: string): string | undefined {
  for (const [key, value] of headerPairs(headers)) {
    if (key.toLowerCase() === name) return String(value);
  }
  return undefined;
}

/** All headers as pairs, in order. */
export function headerPairs(headers: unknown): readonly (readonly [string, unknown])[] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers);
  const list: readonly unknown[] = headers;
  if (list.every((row) => Array.isArray(row))) {
    return (list as readonly (readonly unknown[])[]).map(([key, value]) => [String(key), value]);
  }
  const pairs: [string, unknown][] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    pairs.push([String(list[index]), list[index + 1]]);
  }
  return pairs;
}

function portOf(agent: unknown): number | undefined {
  const port: unknown =
    typeof agent === 'object' && agent !== null ? Reflect.get(agent, 'defaultPort') : undefined;
  return typeof port === 'number' ? port : undefined;
}
