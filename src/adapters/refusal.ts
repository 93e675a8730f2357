import type { HardcapError } from '../errors/error.ts';
import type { Provider, RefusalResponse } from '../providers/provider.ts';
import { tellRefusal } from './agents/context.ts';

/**
 * The typed error behind each synthetic response, found by the response's own headers object, and
 * by its body, which a server hands on into a response of its own.
 */
const errors = new WeakMap<Headers | ReadableStream, HardcapError>();

/**
 * The refusal as a response that no client re-sends, in the provider's own shape. The agent that
 * made the call, if it was one, is told.
 * The typed error behind it is found again with `refusalOf`.
 */
export function refusalResponse(error: HardcapError, provider: Provider | undefined): Response {
  tellRefusal(error);
  const { status, headers, body } = provider?.refusal(error) ?? plainRefusal(error);
  const response = new Response(JSON.stringify(body), { status, headers });
  // Servers replace the global Response by one whose headers are another object once it is read.
  Object.defineProperty(response, 'headers', { value: response.headers });
  errors.set(response.headers, error);
  if (response.body !== null) errors.set(response.body, error);
  return response;
}

/** The error behind a response's headers; `undefined` for headers that came off the wire. */
export function refusalOf(headers: unknown): HardcapError | undefined {
  return headers instanceof Headers ? errors.get(headers) : undefined;
}

/** The error behind a response of `guardedFetch`; `undefined` when the response is a real one. */
export function refusalOfResponse(response: Response): HardcapError | undefined {
  return errors.get(response.headers) ?? refusalOfBody(response.body);
}

/** The error behind the body of such a response; `undefined` for any other body. */
export function refusalOfBody(body: ReadableStream | null): HardcapError | undefined {
  return body === null ? undefined : errors.get(body);
}

function plainRefusal(error: HardcapError): RefusalResponse {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'false' },
    body: {
      error: { message: error.message, type: error.kind, code: error.code, budget: error.toJSON() },
    },
  };
}
