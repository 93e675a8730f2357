import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerAdmin } from './admin.ts';
import type { Answer, Site } from './answer.ts';
import type { Books } from './books.ts';
import { closed, deliver, pause, reset } from './deliver.ts';
import type { ErrorResponse } from './failure.ts';
import { failureOf, failureResponse, faultResponse } from './failure.ts';
import type { Fault, FaultFunction } from './fault.ts';
import type { ArrivedRequest, EmulatedRequest } from './request.ts';
import { isGenerating, recognise } from './request.ts';
import { costHeader, repriced, stateCost } from './repricing.ts';
import type { CostField, Repricing, RepricingFunction } from './repricing.ts';
import { answerRequest } from './router.ts';

/** What the emulator remembers between requests. */
export interface ServiceState {
  readonly site: Site;
  readonly books: Books;
  readonly faults: Fault[];
  readonly requests: EmulatedRequest[];
  /** What a reply or fault function threw. */
  readonly errors: unknown[];
  /** How attempts are billed from now on, where not by the list. */
  repricing: Repricing | RepricingFunction | undefined;
}

/** How requests are met. */
export interface ServiceOptions {
  readonly fault: FaultFunction | undefined;
  readonly latencyMs: number;
  readonly chunkDelayMs: number;
  readonly now: () => number;
  /** Where answers state what they cost. */
  readonly costField: CostField | undefined;
}

const BODY_BYTES_MAX = 64 * 1_024 * 1_024;

/** Answers one HTTP request and resolves when its connection is done with it. */
export async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  state: ServiceState,
  options: ServiceOptions,
): Promise<void> {
  const bodyText = await readBody(incoming);
  // An upload that broke off never became a request.
  if (bodyText === 'broken-off') return closed(response);
  const index = state.requests.length;
  const request = recognise(arrivedOf(incoming, bodyText.text, { index, at: options.now() }));
  state.requests.push(request);
  const exchange: Exchange = { request, response, state, options };
  if (bodyText.isTooLong) return sendError(exchange, tooLong(exchange), 0);
  try {
    await meet(exchange, chooseFault(exchange));
  } catch (error) {
    // Kept for `close()`, which throws it: a script's mistake must not pass for a provider's.
    state.errors.push(error);
    const failure = {
      ...failureOf(500, request.provider),
      message: `Script failed: ${String(error)}`,
    };
    if (response.headersSent) reset(response);
    else await sendError(exchange, failureResponse(failure, request.provider, ''), 0);
  }
}

interface Exchange {
  readonly request: EmulatedRequest;
  readonly response: ServerResponse;
  readonly state: ServiceState;
  readonly options: ServiceOptions;
}

async function meet(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { options, request, response, state } = exchange;
  const requestId = state.site.nextId('req_');
  const latencyMs = fault?.latencyMs ?? options.latencyMs;
  const chunkDelayMs = fault?.chunkDelayMs ?? options.chunkDelayMs;
  const answer = strikesFirst(fault) ? undefined : answerOf(exchange, fault);
  if (answer?.kind === 'generation' && fault?.kind !== 'status') {
    const entry = openEntry(exchange, answer);
    const { costField } = options;
    const cost = costField === 'x-litellm-response-cost' ? costHeader(entry.nanoUsd) : {};
    const headers = { ...identify(request, requestId), ...cost };
    const generation = costField === 'usage.cost' ? stateCost(answer, entry.nanoUsd) : answer;
    const outgoing = { request, response, generation, fault, headers, requestId };
    const { delivery, generated } = await deliver({ ...outgoing, latencyMs, chunkDelayMs });
    return entry.close(delivery, generated);
  }
  if (fault?.kind === 'status') {
    if (answer?.kind === 'generation') openEntry(exchange, answer).close('none');
    const error = faultResponse(fault, request.provider, requestId);
    return sendError(exchange, error, latencyMs, requestId);
  }
  if (fault?.kind === 'reset-before-response' || fault?.kind === 'reset-after-headers') {
    return resetUnbilled(exchange, fault, latencyMs);
  }
  const stallMs = fault?.kind === 'stall-headers' ? fault.delayMs : 0;
  return sendPlain(exchange, answer, latencyMs + stallMs, requestId);
}

function answerOf({ request, state }: Exchange, fault: Fault | undefined): Answer {
  if (request.api !== 'admin') return answerRequest(request, fault, state.site);
  return answerAdmin(request, state.books.bill().entries, state.site.prices);
}

/** Whether the fault strikes before the provider has begun to generate. */
function strikesFirst(fault: Fault | undefined): boolean {
  if (fault?.kind === 'status') return fault.billed !== true;
  const isReset = fault?.kind === 'reset-before-response' || fault?.kind === 'reset-after-headers';
  return isReset && fault.billed === false;
}

function openEntry({ options, request, state }: Exchange, answer: Answer & { kind: 'generation' }) {
  return state.books.open({
    id: answer.id,
    provider: request.provider,
    requestIndex: request.index,
    charge: repriced(answer.charge, request, state.repricing),
    at: options.now(),
  });
}

/** The scripted queue first, for requests that generate; then the function, for all. */
function chooseFault({ options, request, state }: Exchange): Fault | undefined {
  const queued = isGenerating(request.api) ? state.faults.shift() : undefined;
  return queued ?? options.fault?.(request, request.index);
}

async function resetUnbilled(
  { request, response }: Exchange,
  fault: Fault,
  latencyMs: number,
): Promise<void> {
  if (!(await pause(latencyMs, response))) return;
  if (fault.kind === 'reset-after-headers') {
    response.writeHead(200, identify(request, ''));
    response.flushHeaders();
    await pause(1, response);
  }
  reset(response);
  await closed(response);
}

async function sendPlain(
  exchange: Exchange,
  answer: Answer | undefined,
  latencyMs: number,
  requestId: string,
): Promise<void> {
  const { request } = exchange;
  if (answer?.kind === 'free') {
    const headers = { 'content-type': 'application/json' };
    const text = JSON.stringify(answer.body);
    return sendError(exchange, { status: 200, headers, text }, latencyMs, requestId);
  }
  const failure = answer?.kind === 'failure' ? answer : failureOf(500, request.provider);
  const error = failureResponse(failure, request.provider, requestId);
  return sendError(exchange, error, latencyMs, requestId);
}

async function sendError(
  { request, response }: Exchange,
  error: ErrorResponse,
  latencyMs: number,
  requestId = '',
): Promise<void> {
  if (!(await pause(latencyMs, response))) return;
  const length = { 'content-length': String(Buffer.byteLength(error.text)) };
  response.writeHead(error.status, {
    ...identify(request, requestId),
    ...length,
    ...error.headers,
  });
  response.end(error.text);
  await closed(response);
}

function tooLong({ request }: Exchange): ErrorResponse {
  return failureResponse(failureOf(413, request.provider), request.provider, '');
}

/** The headers by which each provider names the request. */
function identify({ provider }: EmulatedRequest, requestId: string): Record<string, string> {
  return provider === 'anthropic'
    ? { 'request-id': requestId, 'anthropic-organization-id': 'org-emulator' }
    : {
        'x-request-id': requestId,
        'openai-organization': 'org-emulator',
        'openai-version': '2020-10-01',
        'openai-processing-ms': '1',
      };
}

function arrivedOf(
  { headers, method = 'GET', url = '/' }: IncomingMessage,
  bodyText: string,
  place: Pick<ArrivedRequest, 'index' | 'at'>,
): ArrivedRequest {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { ...place, method, url, headers: flat, bodyText };
}

async function readBody(
  incoming: IncomingMessage,
): Promise<{ readonly text: string; readonly isTooLong: boolean } | 'broken-off'> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length <= BODY_BYTES_MAX) chunks.push(bytes);
    }
  } catch (error) {
    if (incoming.complete) throw error;
    return 'broken-off';
  }
  const isTooLong = length > BODY_BYTES_MAX;
  return { text: isTooLong ? '' : Buffer.concat(chunks).toString('utf8'), isTooLong };
}
