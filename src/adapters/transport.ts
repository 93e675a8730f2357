import { type HardcapError, MisuseError, RefusalError } from '../errors/error.ts';
import type { Guard } from '../guard/guard.ts';
import { isMustAsk } from '../guard/guard.ts';
import { Reservation } from '../guard/reservation.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Amendment, Provider, RequestFacts } from '../providers/provider.ts';
import { failureOf } from './egress.ts';
import { endHold, meterBody } from './metered-body.ts';
import { refusalResponse } from './refusal.ts';
import { readRequest, withBody, type FetchInput, type OutgoingRequest } from './request.ts';

/** The one shape of `fetch` that every client hands in and takes. */
export type FetchLike = (input: FetchInput, init?: RequestInit) => Promise<Response>;

/** What stands between a client and the network. */
export interface Boundary {
  readonly guard: Guard;
  readonly scopes: Scopes | undefined;
  /** Who answers at this address; `undefined`: nobody known, so nothing may be sent there. */
  readonly providerAt: (url: URL) => Provider | undefined;
  readonly fetch: FetchLike;
}

const BODY_ERROR_BYTES_MAX = 65_536;

/**
 * A `fetch` that sends nothing without a hold: every call of it is one attempt, with its own
 * reservation. A refusal is an ordinary response that no client re-sends.
 *
 * Where the body is text or bytes the decision falls synchronously, before the promise exists.
 */
export function guardFetch(boundary: Boundary): FetchLike {
  return (input, init) => {
    const request = readRequest(input, init);
    if (request.body.kind !== 'deferred') return decide(boundary, request, request.body.text);
    return request.body.read().then((text) => decide(boundary, request, text));
  };
}

/** Synchronous up to the hold; what follows the hold ends it. */
function decide(
  boundary: Boundary,
  request: OutgoingRequest,
  text: string | undefined,
): Promise<Response> {
  const provider = boundary.providerAt(request.url);
  const refuse = (error: HardcapError) => refuseUnseen(boundary, error, { provider, text });
  if (provider === undefined) return refuse(unknownOrigin(request));
  const route = provider.route({ method: request.method, path: request.url.pathname });
  if (route.kind === 'free') return boundary.fetch(request.input, request.init);
  if (route.kind === 'unmetered') return refuse(unmetered(request, route.reason));
  if (text === undefined) return refuse(unreadableBody(request));
  const read = provider.readRequest(route.name, text);
  if ('kind' in read) {
    const message = `${read.field}: ${read.reason}. Nothing was held or sent.`;
    return refuse(new MisuseError('REQUEST_INVALID', message));
  }
  const geo = provider.geoOfHost(request.url.hostname);
  const facts = geo === undefined ? read : { ...read, geo };
  if (request.signal?.aborted === true) return Promise.reject(abortReason(request.signal));
  const scopes = boundary.scopes === undefined ? {} : { scopes: boundary.scopes };
  const call = { provider: provider.name, route: route.name, body: facts.body, facts, ...scopes };
  const admission = boundary.guard.admit(call);
  const attempt = { boundary, request, provider, facts };
  if (isMustAsk(admission)) return admission.ask().then((late) => proceed(late, attempt));
  return proceed(admission, attempt);
}

interface Attempt {
  readonly boundary: Boundary;
  readonly request: OutgoingRequest;
  readonly provider: Provider;
  readonly facts: RequestFacts;
}

function proceed(admission: Reservation | HardcapError, attempt: Attempt): Promise<Response> {
  if (admission instanceof Reservation) return send(admission, attempt);
  return Promise.resolve(refusalResponse(admission, attempt.provider));
}

async function send(reservation: Reservation, attempt: Attempt): Promise<Response> {
  const { boundary, request, provider, facts } = attempt;
  const amendment = provider.amend(facts);
  let response: Response;
  try {
    const { input, init } = amendment === undefined ? request : withBody(request, amendment.wire);
    response = await boundary.fetch(input, init);
  } catch (error) {
    const { kind, reason } = failureOf(error);
    endHold(() => {
      if (kind === 'unsent') reservation.releaseAs('unsent', reason);
      else reservation.settleUnknown(`no answer: ${reason}`);
    });
    throw error;
  }
  if (!response.ok) return endRefused(response, reservation, provider);
  const { guard } = boundary;
  return meterResponse(response, { reservation, amendment, guard, signal: request.signal });
}

interface Metering {
  readonly reservation: Reservation;
  readonly amendment: Amendment | undefined;
  readonly guard: Guard;
  readonly signal: AbortSignal | undefined;
}

function meterResponse(
  response: Response,
  { reservation, amendment, guard, signal }: Metering,
): Response {
  if (response.body === null) {
    endHold(() => reservation.settleUnknown(`an answer ${response.status} without a body`));
    return response;
  }
  const body = meterBody(response.body, {
    reservation,
    contentType: response.headers.get('content-type') ?? '',
    hides: amendment?.hides,
    idleTimeoutMs: guard.idleTimeoutMs,
    signal,
  });
  return responseLike(response, body);
}

/**
 * An error status: 3xx and 4xx are the provider's own refusal and bill nothing; so is a 5xx whose
 * body is the provider's own error. Any other 5xx may hide an attempt that was served, and is
 * unknown.
 */
async function endRefused(
  response: Response,
  reservation: Reservation,
  provider: Provider,
): Promise<Response> {
  const { status } = response;
  let text = '';
  try {
    text = await readText(response, BODY_ERROR_BYTES_MAX);
  } catch (error) {
    endHold(() => endByStatus(reservation, status, false));
    throw error;
  }
  endHold(() => endByStatus(reservation, status, provider.isOwnError(status, parsed(text))));
  return responseLike(response, BODILESS.has(status) ? null : text);
}

function endByStatus(reservation: Reservation, status: number, isOwnError: boolean): void {
  const isServed = status >= 500 || status === 408;
  if (isServed && !isOwnError)
    reservation.settleUnknown(`status ${status}, not the provider's own`);
  else reservation.releaseAs('refused', `status ${status}`);
}

/** At most `bytesMax` bytes of the body as text; the rest is cancelled. */
async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = '';
  let read = 0;
  while (read < bytesMax) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    read += value.byteLength;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: then it is not the provider's own error, which is what the caller asks.
    return undefined;
  }
}

const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);
/** They describe the bytes on the wire, which `fetch` has already decoded. */
const WIRE_HEADERS = ['content-encoding', 'content-length', 'transfer-encoding'] as const;

function responseLike(response: Response, body: RequestInit['body'] | null): Response {
  const headers = new Headers(response.headers);
  for (const name of WIRE_HEADERS) headers.delete(name);
  const { status, statusText, url, redirected } = response;
  const copy = new Response(body, { status, statusText, headers });
  for (const [key, value] of Object.entries({ url, redirected })) {
    Object.defineProperty(copy, key, { value, configurable: true });
  }
  return copy;
}

/** A refusal before the guard was asked: it is told, so that its listeners see every refusal. */
function refuseUnseen(
  { guard }: Boundary,
  error: HardcapError,
  {
    provider,
    text,
  }: { readonly provider: Provider | undefined; readonly text: string | undefined },
): Promise<Response> {
  const model = modelIn(text);
  guard.noteRefusal(error, { provider: provider?.name ?? 'unknown', model });
  return Promise.resolve(refusalResponse(error, provider));
}

function modelIn(text: string | undefined): string | null {
  const body = text === undefined ? undefined : parsed(text);
  const model = typeof body === 'object' && body !== null ? Reflect.get(body, 'model') : undefined;
  return typeof model === 'string' ? model : null;
}

function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}

function unknownOrigin({ method, url }: OutgoingRequest): HardcapError {
  return new RefusalError(
    'ROUTE_UNKNOWN',
    `${method} ${url.origin}${url.pathname}: no provider is known at this address, so its cost ` +
      'has no bound. Nothing was sent. Name it with the option `provider` or `origins`.',
  );
}

function unmetered({ method, url }: OutgoingRequest, reason: string): HardcapError {
  const message = `${method} ${url.pathname}: ${reason}. Nothing was sent.`;
  return new RefusalError('ROUTE_UNKNOWN', message);
}

function unreadableBody({ method, url }: OutgoingRequest): HardcapError {
  const message = `${method} ${url.pathname} has no JSON body to bound. Nothing was held or sent.`;
  return new MisuseError('REQUEST_INVALID', message);
}
