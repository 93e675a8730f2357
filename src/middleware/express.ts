import type { Guard } from '../guard/guard.ts';
import type { CapsAnswer } from './answer.ts';
import type { RequestFacts } from './attribution.ts';
import { FrontDoor, settled } from './front-door.ts';
import { closeSignal, keepContext, sendAnswer, type NodeResponse } from './node-response.ts';
import { requestCapsOf, type RequestCaps } from './request-caps.ts';
import type { CapsOptions } from './settings.ts';

export type { CapsAnswer, CapsAnswerBody, CapsAnswerError } from './answer.ts';
export type { OwnBalance } from './front-door.ts';
export type { NodeResponse } from './node-response.ts';
export type { RequestCaps } from './request-caps.ts';
export type { CapsOptions, RequestScopes } from './settings.ts';

/** What is used of an Express request, 4.x or 5.x. */
export interface ExpressRequest {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  /** The route that matched; only handlers of that route see it. */
  readonly route?: unknown;
}

/** Passes the request on; with an error, to the error handlers. */
export type ExpressNext = (error?: unknown) => void;

/** The parts that an Express application mounts. */
export interface ExpressCaps<Request extends ExpressRequest> {
  /** Runs everything after it for the request's scopes. Mount it after authentication. */
  readonly scoped: (request: Request, response: NodeResponse, next: ExpressNext) => void;
  /** Answers errors of this package and passes on all others. Mount it after the routes. */
  readonly errors: (
    error: unknown,
    request: Request,
    response: NodeResponse,
    next: ExpressNext,
  ) => void;
  /** A handler that tells the caller what its own caps have left. Mount it before `scoped`. */
  readonly balanceRoute: (request: Request, response: NodeResponse, next: ExpressNext) => void;
  /** What `scoped` found out about the request; `undefined` where it has not run. */
  of(request: Request): RequestCaps | undefined;
  /** The answer that `errors` would give; `undefined` for an error that is not ours. */
  answer(error: unknown, request: Request): CapsAnswer | undefined;
}

/**
 * Caps for the requests of an Express application, 4.x or 5.x. Throws `CONFIG_INVALID`.
 *
 * @example
 * const caps = hardcapExpress(guard, { scopes: (req: Request) => ({ customer: userOf(req).id }) });
 * app.use(authenticate);
 * app.get('/balance', caps.balanceRoute);
 * app.use(caps.scoped);
 * app.post('/chat', chat);
 * app.use(caps.errors);
 */
export function hardcapExpress<Request extends ExpressRequest = ExpressRequest>(
  guard: Guard,
  options: CapsOptions<Request> = {},
): ExpressCaps<Request> {
  const door = new FrontDoor(guard, options);
  return {
    scoped: (request, response, next) => void enter(door, { request, response, next }),
    // Express knows an error handler by its four parameters.
    errors(error, request, response, next) {
      const answer = door.answer(error, factsOf(request));
      if (answer === undefined) next(error);
      else sendAnswer(response, answer);
    },
    balanceRoute: (request, response, next) => void tell(door, { request, response, next }),
    of: requestCapsOf,
    answer: (error, request) => door.answer(error, factsOf(request)),
  };
}

interface Turn<Request> {
  readonly request: Request;
  readonly response: NodeResponse;
  readonly next: ExpressNext;
}

async function enter<Request extends ExpressRequest>(
  door: FrontDoor<Request>,
  { request, response, next }: Turn<Request>,
): Promise<void> {
  const begun = await settled(door.begin(factsOf(request), closeSignal(response)));
  if (begun.kind === 'failed') return next(begun.error);
  if (begun.value.kind === 'answered') return sendAnswer(response, begun.value.answer);
  const { caps } = begun.value;
  keepContext(response, (read) => caps.run(read));
  caps.run(() => next());
}

async function tell<Request extends ExpressRequest>(
  door: FrontDoor<Request>,
  { request, response, next }: Turn<Request>,
): Promise<void> {
  const balance = await settled(door.balance(factsOf(request)));
  if (balance.kind === 'failed') next(balance.error);
  else sendAnswer(response, balance.value);
}

function factsOf<Request extends ExpressRequest>(request: Request): RequestFacts<Request> {
  return {
    request,
    key: request,
    header: (name) => headerText(request.headers[name]),
    route: () => patternOf(request.route),
    log: (error) => console.error(error),
  };
}

/** The route's own path within its router; where a router is mounted may hold a caller's words. */
function patternOf(route: unknown): string | undefined {
  if (typeof route !== 'object' || route === null) return undefined;
  const path: unknown = Reflect.get(route, 'path');
  const paths: readonly unknown[] = Array.isArray(path) ? path : [path];
  const known = paths.filter((one) => typeof one === 'string' || one instanceof RegExp);
  return known.length === 0 ? undefined : known.join(' | ');
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(', ') : value;
}
