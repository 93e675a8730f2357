import { HardcapError, MisuseError, RefusalError } from '../errors/error.ts';
import type { Call } from '../guard/call.ts';
import { isMustAsk, type Admission, type MustAsk } from '../guard/admission.ts';
import type { Guard } from '../guard/guard.ts';
import type { Adaptation } from '../guard/near-cap/adaptation.ts';
import { Reservation } from '../guard/reservation.ts';
import { COST_HEADER, costInHeader } from '../meter/reported-cost.ts';
import type { ReadCallOptions } from '../policy/call-options.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Amendment, Provider, RequestFacts } from '../providers/provider.ts';
import { adaptationIn, headersWith, showAdaptation } from './adapted.ts';
import { countInput } from './count-input.ts';
import { withScopesTold } from './dry-run.ts';
import { failureOf } from './egress.ts';
import { endHold, meterBody } from './metered-body.ts';
import { refusalResponse } from './refusal.ts';
import { heldText, sendHeld, takeHeld, type HeldRequest } from './mark.ts';
import { parsed, readText } from './read-text.ts';
import { kept, readRequest, withBody, type FetchInput, type OutgoingRequest } from './request.ts';

/** The one shape of `fetch` that every client hands in and takes. */
export type FetchLike = (input: FetchInput, init?: RequestInit) => Promise<Response>;

/** What stands between a client and the network. */
export interface Boundary {
  readonly guard: Guard;
  /** Of every call through it, outermost first. */
  readonly scopes: readonly Scopes[];
  /** What every call through it asks for near a cap, where the code around it does not say. */
  readonly options: ReadCallOptions | undefined;
  /** Who answers at this address; `undefined`: nobody known, so nothing may be sent there. */
  readonly providerAt: (url: URL) => Provider | undefined;
  readonly fetch: FetchLike;
  /** Where a request goes that the same guard holds further out already; default: `fetch`. */
  readonly passOn?: FetchLike;
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
    try {
      const request = readRequest(input, init);
      const { body } = request;
      if (body.kind !== 'deferred') return decide(boundary, request, body.text);
      const known = heldText(init, body.source);
      if (known !== undefined) return decide(boundary, request, known);
      const late = kept(request);
      return body.read().then((text) => decide(boundary, late, text));
    } catch (error) {
      // As `fetch` does: what is wrong with the request rejects the promise.
      return Promise.reject(error);
    }
  };
}

/** The sending fetch, without a `this` that it might look at. */
function egress(
  { fetch }: Boundary,
  input: FetchInput,
  init: RequestInit | undefined,
): Promise<Response> {
  return fetch(input, init);
}

/** Held by the same guard further out already. What sends further in is told anew. */
function passOn(
  { fetch, passOn: send = fetch }: Boundary,
  { input, init }: OutgoingRequest,
  held: HeldRequest,
): Promise<Response> {
  return sendHeld(held, init, (marked) => send(input, marked));
}

/** Synchronous up to the hold; what follows the hold ends it. */
function decide(
  boundary: Boundary,
  request: OutgoingRequest,
  text: string | undefined,
): Promise<Response> {
  const provider = boundary.providerAt(request.url);
  const { guard, scopes } = boundary;
  const held = takeHeld({ guard: guard.root, provider: provider?.name, request, text, scopes });
  if (held !== undefined) return passOn(boundary, request, held);
  const refuse = (error: HardcapError) => refuseUnseen(boundary, error, { provider, text });
  if (provider === undefined) return refuse(unknownOrigin(request));
  const route = provider.route({ method: request.method, path: request.url.pathname });
  if (route.kind === 'free') return egress(boundary, request.input, request.init);
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
  const attempt = { boundary, request, text, provider, facts };
  const admission = admitted(guard, callOf(attempt, route.name));
  if (isMustAsk(admission)) return proceedLate(admission, { ...attempt, request: kept(request) });
  return proceed(admission, attempt);
}

function callOf({ boundary, request, provider, facts }: Attempt, route: string): Call {
  const { fetch, scopes, options: clientOptions } = boundary;
  return {
    provider: provider.name,
    route,
    body: facts.body,
    facts,
    scopes,
    clientOptions,
    isSent: true,
    countInput: (counted, signal) =>
      countInput({ fetch, request, provider, facts: counted }, signal),
  };
}

/**
 * A call that cannot even be asked about (a scope value that is none) is refused like any other.
 */
function admitted(guard: Guard, call: Call): Admission {
  try {
    return guard.admit(call);
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    guard.noteRefusal(error, { provider: call.provider, model: call.facts?.model ?? null });
    return error;
  }
}

interface Attempt {
  readonly boundary: Boundary;
  readonly request: OutgoingRequest;
  /** Its body. */
  readonly text: string;
  readonly provider: Provider;
  readonly facts: RequestFacts;
}

function proceed(admission: Reservation | HardcapError, attempt: Attempt): Promise<Response> {
  if (admission instanceof Reservation) return send(admission, attempt);
  return Promise.resolve(refusalResponse(admission, attempt.provider));
}

/**
 * Waits for the ledger's store, or for room. A caller that gives up meanwhile is answered at once;
 * a hold that comes after that is given back, and nothing leaves.
 */
function proceedLate(asking: MustAsk, attempt: Attempt): Promise<Response> {
  const { signal } = attempt.request;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal === undefined ? undefined : abortReason(signal));
    signal?.addEventListener('abort', giveUp, { once: true });
    const go = (late: Reservation | HardcapError) => {
      signal?.removeEventListener('abort', giveUp);
      if (signal?.aborted !== true) resolve(proceed(late, attempt));
      else if (late instanceof Reservation) endHold(() => late.releaseAs('unsent', GAVE_UP));
    };
    asking.ask(signal).then(go).catch(reject);
  });
}

const GAVE_UP = 'the caller gave up while it waited to be admitted';

async function send(reservation: Reservation, attempt: Attempt): Promise<Response> {
  const { boundary, request, provider } = attempt;
  const { guard, fetch } = boundary;
  let amendment: Amendment | undefined;
  let response: Response;
  try {
    // What was held for is what is sent, whatever the caller wrote.
    const { facts } = reservation.quote;
    amendment = provider.amend(facts);
    const wire = amendment?.wire ?? adaptedWire(facts, attempt.facts);
    const { input, init } = wire === undefined ? request : withBody(request, wire);
    const told = withScopesTold(input, init, reservation.quote.scopes);
    const held = heldAs(wire, reservation, attempt);
    response = await sendHeld(held, told, (marked) => fetch(input, marked));
  } catch (error) {
    const { kind, reason } = failureOf(error);
    endHold(() => {
      if (kind === 'unsent') reservation.releaseAs('unsent', reason);
      else reservation.settleUnknown(`no answer: ${reason}`);
    });
    throw error;
  }
  if (!isMeterable(response)) {
    endHold(() => reservation.settleUnknown('an answer of a form that cannot be metered'));
    return response;
  }
  if (!response.ok) return endRefused(response, { reservation, provider, guard });
  try {
    return meterResponse(response, { reservation, amendment, guard, signal: request.signal });
  } catch (error) {
    // An answer that only looks like a web response: nobody will read it, so nobody else ends it.
    endHold(() => {
      if (reservation.isOpen) reservation.settleUnknown('an answer that could not be handed on');
    });
    throw error;
  }
}

/** What further in may pass on this hold; `wire` is what is sent instead of the caller's body. */
function heldAs(
  wire: string | undefined,
  { quote }: Reservation,
  { boundary, request: { method, url, body }, text, provider }: Attempt,
): HeldRequest {
  const isSent = wire === undefined && body.kind === 'deferred';
  return {
    guard: boundary.guard.root,
    provider: provider.name,
    method,
    url,
    text: wire ?? text,
    source: isSent ? body.source : undefined,
    scopes: quote.scopes,
  };
}

/** The body that stands in for the caller's; `undefined` where that itself was held for. */
function adaptedWire(held: RequestFacts, asked: RequestFacts): string | undefined {
  return held.body === asked.body ? undefined : JSON.stringify(held.body);
}

/**
 * Whether the answer is a web response with an unread body. A fetch that is not the platform's may
 * give anything: a test's plain object, a Node stream as body.
 */
function isMeterable(response: Response): boolean {
  if (typeof response !== 'object' || response === null) return false;
  const { status, headers, body } = response as Partial<Response>;
  if (status === undefined || status < STATUS_MIN || status > STATUS_MAX) return false;
  if (typeof headers?.get !== 'function') return false;
  if (body === null) return true;
  return typeof body?.getReader === 'function' && !body.locked && !response.bodyUsed;
}

/** The statuses that a response can be made with; 0 says nothing about what became of it. */
const STATUS_MIN = 200;
const STATUS_MAX = 599;

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
    return showAdaptation(response, reservation.adaptation);
  }
  reservation.noteReportedCost(costInHeader(response.headers.get(COST_HEADER)));
  const body = meterBody(response.body, {
    reservation,
    contentType: response.headers.get('content-type') ?? '',
    hides: amendment?.hides,
    idleTimeoutMs: guard.idleTimeoutMs,
    signal,
  });
  return responseLike(response, body, reservation.adaptation);
}

/**
 * An error status: 3xx and 4xx are the provider's own refusal and bill nothing; so is a 5xx whose
 * body is the provider's own error. A time-out (408, 504) and any other 5xx may hide an attempt
 * that was served, and is unknown.
 */
async function endRefused(
  response: Response,
  { reservation, provider, guard }: RefusedTerms,
): Promise<Response> {
  const { status } = response;
  const timer = setTimeout(
    () => endHold(() => endByStatus(reservation, status, false)),
    guard.idleTimeoutMs,
  );
  let text = '';
  try {
    text = await readText(response, BODY_ERROR_BYTES_MAX);
  } catch (error) {
    endHold(() => endByStatus(reservation, status, false));
    throw error;
  } finally {
    clearTimeout(timer);
  }
  endHold(() => endByStatus(reservation, status, provider.isOwnError(status, parsed(text))));
  return responseLike(response, BODILESS.has(status) ? null : text, reservation.adaptation);
}

interface RefusedTerms {
  readonly reservation: Reservation;
  readonly provider: Provider;
  readonly guard: Guard;
}

/** Time-outs on the way: the request may have been served whatever the body says. */
const SERVED_PERHAPS: ReadonlySet<number> = new Set([408, 504]);

function endByStatus(reservation: Reservation, status: number, isOwnError: boolean): void {
  if (!reservation.isOpen) return;
  const isUnknown = SERVED_PERHAPS.has(status) || (status >= 500 && !isOwnError);
  if (isUnknown) reservation.settleUnknown(`status ${status}, not the provider's own`);
  else reservation.releaseAs('refused', `status ${status}`);
}

const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);
/** They describe the bytes on the wire, which `fetch` has already decoded. */
const WIRE_HEADERS = ['content-encoding', 'content-length', 'transfer-encoding'] as const;

function responseLike(
  response: Response,
  body: RequestInit['body'] | null,
  adaptation: Adaptation | undefined,
): Response {
  const headers = headersWith(response.headers, adaptation);
  for (const name of WIRE_HEADERS) headers.delete(name);
  const { status, statusText, url, redirected } = response;
  const copy = new Response(body, { status, statusText, headers });
  for (const [key, value] of Object.entries({ url, redirected })) {
    Object.defineProperty(copy, key, { value, configurable: true });
  }
  // A guard further in may have adapted what this one passed on as it was.
  return showAdaptation(copy, adaptation ?? adaptationIn(response));
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
