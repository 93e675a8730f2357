/** What `fetch` may be called with. */
export type FetchInput = string | URL | Request;

/** A body as far as it can be read without waiting. */
export type OutgoingBody =
  /** `undefined`: there is none, or it is a form, which no rule can bound. */
  | { readonly kind: 'ready'; readonly text: string | undefined }
  | {
      readonly kind: 'deferred';
      /** What says it, and always the same. */
      readonly source: object;
      readonly read: () => Promise<string | undefined>;
    };

/** One call of `fetch`, taken apart once. */
export interface OutgoingRequest {
  readonly input: FetchInput;
  readonly init: RequestInit | undefined;
  readonly url: URL;
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  readonly body: OutgoingBody;
}

/** Reads address, method, signal and body. Throws what `fetch` would on an address that is none. */
export function readRequest(input: FetchInput, init: RequestInit | undefined): OutgoingRequest {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(input instanceof Request ? input.url : input);
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const signal = init?.signal ?? request?.signal ?? undefined;
  return { input, init, url, method, signal, body: bodyOf(request, init?.body) };
}

/**
 * The request as it stands now, whatever its owner does with address, `init`, headers or bytes
 * afterwards: `fetch` reads all of them at once, and what is sent later must be what was read.
 */
export function kept(request: OutgoingRequest): OutgoingRequest {
  const { input, init, url } = request;
  const address = input instanceof Request ? input : url.href;
  if (init === undefined) return { ...request, input: address };
  const { headers, body } = init;
  return {
    ...request,
    input: address,
    init: {
      ...init,
      ...(headers === undefined ? {} : { headers: new Headers(headers) }),
      ...(isBytes(body) ? { body: bytesOf(body).slice() } : {}),
    },
  };
}

/**
 * The same request with another body. Header names that describe the old body's size are dropped.
 */
export function withBody(
  { input, init }: OutgoingRequest,
  wire: string,
): { readonly input: FetchInput; readonly init: RequestInit } {
  const source = init?.headers ?? (input instanceof Request ? input.headers : undefined);
  const headers = new Headers(source);
  headers.delete('content-length');
  return { input, init: { ...init, headers, body: wire } };
}

function bodyOf(request: Request | undefined, body: RequestInit['body']): OutgoingBody {
  if (body === undefined || body === null)
    return request === undefined ? ready(undefined) : bodyOfRequest(request);
  if (typeof body === 'string') return ready(body);
  if (isBytes(body)) return ready(decoded(bytesOf(body)));
  if (body instanceof Blob) return { kind: 'deferred', source: body, read: () => body.text() };
  // Forms and streams: reading them would consume what has yet to be sent.
  return ready(undefined);
}

function bodyOfRequest(request: Request): OutgoingBody {
  if (request.body === null) return ready(undefined);
  return { kind: 'deferred', source: request, read: () => request.clone().text() };
}

function isBytes(body: unknown): body is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
  return body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

function bytesOf(body: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function ready(text: string | undefined): OutgoingBody {
  return { kind: 'ready', text };
}

/** UTF-8 as the provider will read it; a malformed byte becomes U+FFFD, three bytes for one. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
