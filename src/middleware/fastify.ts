import { refusalOfBody, refusalOfResponse } from '../adapters/refusal.ts';
import { invariant, type HardcapError } from '../errors/error.ts';
import type { Guard } from '../guard/guard.ts';
import type { CapsAnswer } from './answer.ts';
import type { RequestFacts } from './attribution.ts';
import { FrontDoor, settled, type BalanceAnswer } from './front-door.ts';
import {
  BODY_HEADERS,
  closeSignal,
  keepContext,
  sendAnswer,
  type NodeResponse,
} from './node-response.ts';
import { requestCapsOf, type RequestCaps } from './request-caps.ts';
import type { CapsOptions } from './settings.ts';
import { runPulls } from './web-stream.ts';

export type { CapsAnswer, CapsAnswerBody, CapsAnswerError } from './answer.ts';
export type { OwnBalance } from './front-door.ts';
export type { NodeResponse } from './node-response.ts';
export type { RequestCaps } from './request-caps.ts';
export type { CapsOptions, RequestScopes } from './settings.ts';

/** What is used of a Fastify request, 5.x. */
export interface FastifyRequestLike {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly routeOptions: { readonly url?: string | undefined; readonly config?: unknown };
  readonly is404: boolean;
  readonly log: { error(fields: object, message: string): void };
}

/** What is used of a Fastify reply, 5.x. */
export interface FastifyReplyLike {
  readonly raw: NodeResponse;
  readonly sent: boolean;
  readonly statusCode: number;
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  removeHeader(name: string): unknown;
  send(payload?: unknown): unknown;
  hijack(): unknown;
}

/** An application, or the instance that a plugin is given: attaching holds for its routes. */
export interface FastifyAppLike {
  readonly addHook: (name: never, hook: never) => unknown;
}

/** The parts that a Fastify application uses. */
export interface FastifyCaps<Request extends FastifyRequestLike> {
  /**
   * Runs the handlers of this instance, and of those registered in it, for their request's scopes,
   * and answers errors of this package. Call it before the routes are declared; authenticate in
   * `onRequest`, `preValidation`, or a `preHandler` that was added earlier.
   */
  attach(app: FastifyAppLike): void;
  /** A handler that tells the caller what its own caps have left. */
  readonly balanceRoute: (request: Request, reply: FastifyReplyLike) => Promise<unknown>;
  /** What was found out about the request; `undefined` before its `preHandler` hooks. */
  of(request: Request): RequestCaps | undefined;
  /** The answer to an error, for an error handler of your own; `undefined`: not ours. */
  answer(error: unknown, request: Request): CapsAnswer | undefined;
}

type Handler<Request> = (this: unknown, request: Request, reply: FastifyReplyLike) => unknown;
type ErrorHandler<Request> = (
  this: unknown,
  error: unknown,
  request: Request,
  reply: FastifyReplyLike,
) => unknown;

interface Route<Request> {
  handler: Handler<Request>;
  errorHandler?: ErrorHandler<Request> | undefined;
  config?: object | undefined;
}

/** The hooks that are added, as Fastify calls them. */
interface Hooks<Request> {
  addHook(name: 'onRoute', hook: (route: Route<Request>) => void): unknown;
  addHook(
    name: 'preHandler',
    hook: (request: Request, reply: FastifyReplyLike, done: (error?: unknown) => void) => void,
  ): unknown;
  addHook(
    name: 'onSend',
    hook: (
      request: Request,
      reply: FastifyReplyLike,
      payload: unknown,
      done: (error: null, payload: unknown) => void,
    ) => void,
  ): unknown;
}

/** In a route's `config`: its handler tells balances, and nobody is kept from it. */
const IS_BALANCE = Symbol('hardcap.balance');

/**
 * Caps for the requests of a Fastify application, 5.x. Throws `CONFIG_INVALID`.
 *
 * @example
 * const caps = hardcapFastify(guard, {
 *   scopes: (request: FastifyRequest) => ({ customer: userOf(request).id }),
 * });
 * app.addHook('onRequest', authenticate);
 * caps.attach(app);
 * app.get('/balance', caps.balanceRoute);
 * app.post('/chat', chat);
 */
export function hardcapFastify<Request extends FastifyRequestLike = FastifyRequestLike>(
  guard: Guard,
  options: CapsOptions<Request> = {},
): FastifyCaps<Request> {
  const door = new FrontDoor(guard, options);
  const balanceRoute = async (request: Request, reply: FastifyReplyLike) =>
    sendReply(reply, await door.balance(factsOf(request)));
  return {
    attach(app) {
      const hooks = app as unknown as Hooks<Request>;
      hooks.addHook('onRoute', (route) => {
        if (route.handler === balanceRoute) route.config = { ...route.config, [IS_BALANCE]: true };
        else route.handler = handlerFor(door, route.handler);
        route.errorHandler = errorHandlerFor(door, route.errorHandler);
      });
      hooks.addHook('preHandler', (request, reply, done) => {
        void begin(door, { request, reply, done });
      });
      hooks.addHook('onSend', (request, reply, payload, done) => {
        const refused = refusalIn(payload);
        const answer = refused === undefined ? undefined : door.answer(refused, factsOf(request));
        if (answer !== undefined) return done(null, instead(reply, answer));
        const caps = requestCapsOf(request);
        done(null, caps === undefined ? payload : inContext(payload, caps));
      });
    },
    balanceRoute,
    of: requestCapsOf,
    answer: (error, request) => door.answer(error, factsOf(request)),
  };
}

/** The error behind a refusal that a handler hands on as it came: it shows every cap. */
function refusalIn(payload: unknown): HardcapError | undefined {
  if (payload instanceof Response) return refusalOfResponse(payload);
  return payload instanceof ReadableStream ? refusalOfBody(payload) : undefined;
}

/** A body of the web platform, pulled for its request; Node's streams are seen when piped. */
function inContext(payload: unknown, caps: RequestCaps): unknown {
  const run = <T>(pull: () => T): T => caps.run(pull);
  if (payload instanceof ReadableStream) return runPulls(payload, run);
  if (!(payload instanceof Response) || payload.body === null) return payload;
  return new Response(runPulls(payload.body, run), payload);
}

interface Turn<Request> {
  readonly request: Request;
  readonly reply: FastifyReplyLike;
  readonly done: (error?: unknown) => void;
}

async function begin<Request extends FastifyRequestLike>(
  door: FrontDoor<Request>,
  { request, reply, done }: Turn<Request>,
): Promise<void> {
  const { config } = request.routeOptions;
  const isBalance = typeof config === 'object' && config !== null && IS_BALANCE in config;
  if (request.is404 || isBalance) return done();
  const begun = await settled(door.begin(factsOf(request), closeSignal(reply.raw)));
  if (begun.kind === 'failed') return done(begun.error);
  if (begun.value.kind === 'answered') return void sendReply(reply, begun.value.answer);
  const { caps } = begun.value;
  keepContext(reply.raw, (read) => caps.run(read));
  caps.run(() => done());
}

/**
 * The handler in the context of its request, whatever an earlier hook did to it. An error after
 * `reply.hijack()`, which Fastify only logs, ends the response.
 */
function handlerFor<Request extends FastifyRequestLike>(
  door: FrontDoor<Request>,
  handler: Handler<Request>,
): Handler<Request> {
  return function scoped(request, reply) {
    const caps = requestCapsOf(request);
    if (request.is404) return handler.call(this, request, reply);
    invariant(caps !== undefined, 'the preHandler hook has run before a handler');
    const failed = (error: unknown): never => {
      const answer = reply.sent ? door.answer(error, factsOf(request)) : undefined;
      if (answer !== undefined) sendAnswer(reply.raw, answer);
      throw error;
    };
    try {
      const result = caps.run(() => handler.call(this, request, reply));
      return result instanceof Promise ? result.catch(failed) : result;
    } catch (error) {
      return failed(error);
    }
  };
}

/** Answers our errors; all others go to the route's own error handler, or to the next one. */
function errorHandlerFor<Request extends FastifyRequestLike>(
  door: FrontDoor<Request>,
  own: ErrorHandler<Request> | undefined,
): ErrorHandler<Request> {
  return function answered(error, request, reply) {
    const answer = door.answer(error, factsOf(request));
    if (answer !== undefined) {
      if (!reply.raw.headersSent) return sendReply(reply, answer);
      reply.hijack();
      return sendAnswer(reply.raw, answer);
    }
    if (own !== undefined) return own.call(this, error, request, reply);
    // What was thrown and is no error would be sent as a success.
    if (!(error instanceof Error) && reply.statusCode < 400) reply.code(500);
    return reply.send(error);
  };
}

function sendReply(reply: FastifyReplyLike, answer: CapsAnswer | BalanceAnswer): unknown {
  // As bytes, so that no response schema of the route leaves anything out.
  return reply.send(new TextEncoder().encode(instead(reply, answer)));
}

/** Sets status and headers of the answer; the body to send. */
function instead(reply: FastifyReplyLike, answer: CapsAnswer | BalanceAnswer): string {
  for (const name of BODY_HEADERS) reply.removeHeader(name);
  reply.code(answer.status);
  for (const [name, value] of Object.entries(answer.headers)) reply.header(name, value);
  return JSON.stringify(answer.body);
}

function factsOf<Request extends FastifyRequestLike>(request: Request): RequestFacts<Request> {
  return {
    request,
    key: request,
    header: (name) => headerText(request.headers[name]),
    route: () => request.routeOptions.url,
    log: (err: HardcapError) => request.log.error({ err }, err.message),
  };
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}
