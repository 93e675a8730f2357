import { ADMIN_PATHS } from './admin.ts';
import type { JsonObject } from './json.ts';
import { isObject, textIn } from './json.ts';
import type { ProviderName } from './price.ts';

/** Which endpoint a request is for. */
export type Api =
  | 'messages'
  | 'count-tokens'
  | 'chat'
  | 'responses'
  | 'input-tokens'
  | 'embeddings'
  | 'completions'
  | 'images'
  | 'models'
  | 'admin'
  | 'unknown';

/** One request as it reached the provider. */
export interface EmulatedRequest {
  /** Place in `requests`: 0 is the first since the start or the last `reset()`. */
  readonly index: number;
  readonly provider: ProviderName;
  readonly api: Api;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON object; `undefined` when there is none. */
  readonly body: JsonObject | undefined;
  readonly bodyText: string;
  /** The model the body names, or an empty text. */
  readonly model: string;
  readonly isStream: boolean;
  /** When the request had arrived in full: milliseconds since the epoch. */
  readonly at: number;
}

/** What the HTTP server knows of a request. */
export interface ArrivedRequest {
  readonly index: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyText: string;
  readonly at: number;
}

const POST_APIS: Readonly<Record<string, readonly [ProviderName, Api]>> = {
  '/v1/messages': ['anthropic', 'messages'],
  '/v1/messages/count_tokens': ['anthropic', 'count-tokens'],
  '/v1/chat/completions': ['openai', 'chat'],
  '/v1/responses': ['openai', 'responses'],
  '/v1/responses/input_tokens': ['openai', 'input-tokens'],
  '/v1/embeddings': ['openai', 'embeddings'],
  '/v1/completions': ['openai', 'completions'],
  '/v1/images/generations': ['openai', 'images'],
};

/** The request with its endpoint and provider recognised and its body parsed. */
export function recognise(arrived: ArrivedRequest): EmulatedRequest {
  const cut = arrived.url.indexOf('?');
  const path = cut < 0 ? arrived.url : arrived.url.slice(0, cut);
  const [provider, api] = routeOf(arrived.method, path, arrived.headers);
  const body = parseObject(arrived.bodyText);
  return {
    index: arrived.index,
    provider,
    api,
    method: arrived.method,
    path,
    query: cut < 0 ? '' : arrived.url.slice(cut + 1),
    headers: arrived.headers,
    body,
    bodyText: arrived.bodyText,
    model: textIn(body?.['model']) ?? '',
    isStream: body?.['stream'] === true,
    at: arrived.at,
  };
}

const FREE_APIS: ReadonlySet<Api> = new Set([
  'models',
  'admin',
  'unknown',
  'count-tokens',
  'input-tokens',
]);

/** Whether the endpoint generates, and so may bill. */
export function isGenerating(api: Api): boolean {
  return !FREE_APIS.has(api);
}

function routeOf(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): readonly [ProviderName, Api] {
  const post = method === 'POST' ? POST_APIS[path] : undefined;
  if (post !== undefined) return post;
  const owner = method === 'GET' ? ADMIN_PATHS[path] : undefined;
  if (owner !== undefined) return [owner, 'admin'];
  const provider = headers['anthropic-version'] === undefined ? 'openai' : 'anthropic';
  const isModels = path === '/v1/models' || path.startsWith('/v1/models/');
  return [provider, method === 'GET' && isModels ? 'models' : 'unknown'];
}

function parseObject(text: string): JsonObject | undefined {
  if (text === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch (error) {
    // Not JSON is an answer here: the endpoint refuses it with 400.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
