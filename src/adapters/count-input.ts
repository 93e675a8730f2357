import { unmarked } from './mark.ts';
import { isObject } from '../providers/read-json.ts';
import type { Provider, RequestFacts } from '../providers/provider.ts';
import { tokens, type Tokens } from '../units/count.ts';
import { parsed, readText } from './read-text.ts';
import type { OutgoingRequest } from './request.ts';
import type { FetchLike } from './transport.ts';

/** How long the provider's counter may take; a count is a help, and the call goes on without. */
const COUNT_MS_MAX = 5_000;

const ANSWER_BYTES_MAX = 4_096;

/** A request whose input is to be counted, and the way by which it would be sent. */
export interface CountedRequest {
  readonly fetch: FetchLike;
  readonly request: OutgoingRequest;
  readonly provider: Provider;
  readonly facts: RequestFacts;
}

/**
 * What the provider's own counter says of the input, asked with the headers of the request itself.
 * `undefined` when it has none for this request, does not answer, or answers otherwise than with a
 * count. Rejects only when the caller has given up.
 */
export async function countInput(
  { fetch, request, provider, facts }: CountedRequest,
  signal: AbortSignal | undefined,
): Promise<Tokens | undefined> {
  const asked = provider.countRequest(facts);
  if (asked === undefined) return undefined;
  const url = new URL(request.url);
  url.pathname += `/${asked.segment}`;
  // Nothing that may cost money leaves without a hold, a counter that is none least of all.
  if (provider.route({ method: 'POST', path: url.pathname }).kind !== 'free') return undefined;
  const time = AbortSignal.timeout(COUNT_MS_MAX);
  try {
    const response = await fetch(url.href, {
      ...unmarked(request.init),
      method: 'POST',
      headers: headersOf(request),
      body: asked.wire,
      signal: signal === undefined ? time : AbortSignal.any([signal, time]),
    });
    const text = await readText(response, ANSWER_BYTES_MAX);
    const answer = response.ok ? parsed(text) : undefined;
    return isObject(answer) ? tokens(answer['input_tokens']) : undefined;
  } catch {
    // Whatever failed, the request is still bounded without the count.
    signal?.throwIfAborted();
    return undefined;
  }
}

/** Those of the request, but for what describes its own body or names it as one of its kind. */
function headersOf({ input, init }: OutgoingRequest): Headers {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : {}));
  headers.delete('content-length');
  headers.delete('idempotency-key');
  return headers;
}
