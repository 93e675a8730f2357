import type { Failure } from './answer.ts';
import type { StatusFault } from './fault.ts';
import type { JsonObject } from './json.ts';
import type { ProviderName } from './price.ts';

/** A complete error response. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The provider's word for each status, and what it says. */
const ANTHROPIC_ERRORS: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'The request is not valid'],
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'There is a problem with your billing or payment information'],
  403: ['permission_error', 'Your API key may not use this resource'],
  404: ['not_found_error', 'Not found'],
  413: ['request_too_large', 'The request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your rate limit'],
  500: ['api_error', 'Internal server error'],
  529: ['overloaded_error', 'Overloaded'],
};

const OPENAI_ERRORS: Readonly<
  Record<number, readonly [type: string, message: string, code: string | null]>
> = {
  400: ['invalid_request_error', 'The request is not valid', null],
  401: ['invalid_request_error', 'Incorrect API key provided', 'invalid_api_key'],
  403: ['invalid_request_error', 'You may not use this resource', null],
  404: ['invalid_request_error', 'Not found', null],
  429: ['requests', 'Rate limit reached for requests', 'rate_limit_exceeded'],
  500: ['server_error', 'The server had an error while processing your request', null],
  503: ['server_error', 'The engine is currently overloaded', null],
};

/** A proxy's error page, as sent by what stands in front of a provider. */
const HTML_PAGE = '<html><head><title>Error</title></head><body><h1>Error</h1></body></html>\n';

/** A turned-down request in the provider's words. */
export function failureResponse(
  failure: Failure,
  provider: ProviderName,
  requestId: string,
): ErrorResponse {
  return {
    status: failure.status,
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify(errorBody(failure, provider, requestId)),
  };
}

/** A status fault as the provider, or a proxy before it, would send it. */
export function faultResponse(
  fault: StatusFault,
  provider: ProviderName,
  requestId: string,
): ErrorResponse {
  const headers: Record<string, string> = {};
  if (fault.retryAfter !== undefined) headers['retry-after'] = String(fault.retryAfter);
  const kind = fault.body ?? 'own';
  if (kind === 'own') headers['content-type'] = 'application/json';
  if (kind === 'html') headers['content-type'] = 'text/html';
  const failure = failureOf(fault.status, provider);
  const own = kind === 'own' ? JSON.stringify(errorBody(failure, provider, requestId)) : '';
  return {
    status: fault.status,
    headers: { ...headers, ...fault.headers },
    text: kind === 'html' ? HTML_PAGE : own,
  };
}

/** What a status means in the provider's words. */
export function failureOf(status: number, provider: ProviderName): Failure {
  if (provider === 'anthropic') {
    const [type, message] = ANTHROPIC_ERRORS[status] ?? ['api_error', `Status ${status}`];
    return { kind: 'failure', status, type, message };
  }
  const [type, message, code] = OPENAI_ERRORS[status] ?? ['server_error', `Status ${status}`, null];
  return { kind: 'failure', status, type, message, ...(code === null ? {} : { code }) };
}

/** The error as the provider's JSON. */
export function errorBody(failure: Failure, provider: ProviderName, requestId: string): JsonObject {
  const { type, message } = failure;
  if (provider === 'anthropic') {
    return { type: 'error', error: { type, message }, request_id: requestId };
  }
  return {
    error: { message, type, param: failure.param ?? null, code: failure.code ?? null },
  };
}
