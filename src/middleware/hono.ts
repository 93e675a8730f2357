import { refusalOfResponse } from '../adapters/refusal.ts';
import type { Guard } from '../guard/guard.ts';
import type { CapsAnswer } from './answer.ts';
import type { RequestFacts } from './attribution.ts';
import { FrontDoor, type BalanceAnswer } from './front-door.ts';
import { BODY_HEADERS, errorEvent } from './node-response.ts';
import { requestCapsOf, type RequestCaps } from './request-caps.ts';
import type { CapsOptions } from './settings.ts';
import { runPulls } from './web-stream.ts';

export type { CapsAnswer, CapsAnswerBody, CapsAnswerError } from './answer.ts';
export type { OwnBalance } from './front-door.ts';
export type { RequestCaps } from './request-caps.ts';
export type { CapsOptions, RequestScopes } from './settings.ts';

/** What is used of a Hono context, 4.x. */
export interface HonoContextLike {
  readonly req: {
    readonly raw: Request;
    readonly matchedRoutes: readonly { readonly method: string; readonly path: string }[];
    header(name: string): string | undefined;
  };
  /** What a handler threw. */
  readonly error: Error | undefined;
  get res(): Response;
  set res(response: Response | undefined);
}

/** The stream that Hono's `streamSSE` and `stream` hand to their callbacks. */
export interface HonoStreamLike {
  write(text: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The parts that a Hono application mounts. */
export interface HonoCaps<Context extends HonoContextLike> {
  /**
   * Runs everything after it for the request's scopes, and answers errors of this package. Mount it
   * after authentication.
   */
  readonly scoped: (context: Context, next: () => Promise<void>) => Promise<Response | undefined>;
  /** A handler that tells the caller what its own caps have left. Mount it before `scoped`. */
  readonly balanceRoute: (context: Context) => Promise<Response>;
  /**
   * The third argument of `streamSSE` and `stream`, which never show their errors to a middleware:
   * it ends an event stream with an `error` event, and cuts any other.
   */
  streamErrors(context: Context): (error: Error, stream: HonoStreamLike) => Promise<void>;
  /** What `scoped` found out about the request; `undefined` where it has not run. */
  of(context: Context): RequestCaps | undefined;
  /** The answer to an error; `undefined` for one that is not ours. */
  answer(error: unknown, context: Context): CapsAnswer | undefined;
}

/**
 * Caps for the requests of a Hono application, 4.x. Throws `CONFIG_INVALID`.
 *
 * @example
 * const caps = hardcapHono(guard, { scopes: (c: Context) => ({ customer: c.get('user').id }) });
 * app.use(authenticate);
 * app.get('/balance', caps.balanceRoute);
 * app.use(caps.scoped);
 * app.post('/chat', chat);
 */
export function hardcapHono<Context extends HonoContextLike = HonoContextLike>(
  guard: Guard,
  options: CapsOptions<Context> = {},
): HonoCaps<Context> {
  const door = new FrontDoor(guard, options);
  return {
    async scoped(context, next) {
      const { raw } = context.req;
      const found = await door.begin(factsOf(context), () => raw.signal);
      if (found.kind === 'answered') return responseOf(found.answer);
      await found.caps.run(next);
      // A refusal that a handler hands on as it came shows every cap.
      const failed = context.error ?? refusalOfResponse(context.res);
      const answer = failed === undefined ? undefined : door.answer(failed, factsOf(context));
      if (answer !== undefined) replaceResponse(context, responseOf(answer, context.res.headers));
      else if (mayCall(context.res)) {
        replaceResponse(context, bound(context.res, found.caps, { door, context }));
      }
      return undefined;
    },
    async balanceRoute(context) {
      return responseOf(await door.balance(factsOf(context)));
    },
    streamErrors: (context) => async (error, stream) => {
      const answer = door.answer(error, factsOf(context));
      if (answer === undefined) return;
      if (isEventStream(context.res)) await stream.write(errorEvent(answer.body));
      else await abort(stream, error);
      // Closed, so that Hono cannot add the error's own words, which name the cap's figures.
      await stream.close();
    },
    of: requestCapsOf,
    answer: (error, context) => door.answer(error, factsOf(context)),
  };
}

/** Whether calls may still be made while the body is read: a JSON body is made already. */
function mayCall(response: Response): boolean {
  const type = response.headers.get('content-type') ?? '';
  return !type.startsWith('application/json') && response.status >= 200 && response.body !== null;
}

function bound<Context extends HonoContextLike>(
  response: Response,
  caps: RequestCaps,
  { door, context }: { readonly door: FrontDoor<Context>; readonly context: Context },
): Response {
  if (response.body === null) return response;
  const isEvents = isEventStream(response);
  const body = runPulls<Uint8Array>(
    response.body,
    (pull) => caps.run(pull),
    (error) => {
      const answer = isEvents ? door.answer(error, factsOf(context)) : undefined;
      return answer === undefined ? undefined : new TextEncoder().encode(errorEvent(answer.body));
    },
  );
  return new Response(body, response);
}

/** Hono would write the headers of the response before over those of the new one. */
function replaceResponse(context: HonoContextLike, response: Response): void {
  context.res = undefined;
  context.res = response;
}

/** The answer, with what other middleware had set (CORS) and without what described a body. */
function responseOf(answer: CapsAnswer | BalanceAnswer, before?: Headers): Response {
  const headers = new Headers(before);
  for (const name of BODY_HEADERS) headers.delete(name);
  for (const [name, value] of Object.entries(answer.headers)) headers.set(name, value);
  return new Response(JSON.stringify(answer.body), { status: answer.status, headers });
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') === true;
}

/** Hono's streams end cleanly whatever happens; only their writer can be made to fail. */
async function abort(stream: HonoStreamLike, reason: Error): Promise<void> {
  const { writer } = stream as { writer?: { abort?: (reason: Error) => Promise<void> } };
  await writer?.abort?.(reason);
}

function factsOf<Context extends HonoContextLike>(context: Context): RequestFacts<Context> {
  return {
    request: context,
    key: context,
    header: (name) => context.req.header(name),
    route: () => patternOf(context.req.matchedRoutes),
    log: (error) => console.error(error),
  };
}

/** The first route that is bound to a method; what is bound to all of them is mostly middleware. */
function patternOf(
  routes: readonly { readonly method: string; readonly path: string }[],
): string | undefined {
  return (routes.find(({ method }) => method !== 'ALL') ?? routes.at(-1))?.path;
}
