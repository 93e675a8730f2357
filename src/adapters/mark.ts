import type { BudgetGuard } from '../guard/guard.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';
import type { OutgoingRequest } from './request.ts';

/** What a guard holds for: one request exactly as it was passed on, and whom it was charged to. */
export interface HeldRequest {
  readonly guard: BudgetGuard;
  readonly provider: string;
  readonly method: string;
  readonly url: URL;
  /** The body as it was sent, whatever the caller wrote. */
  readonly text: string;
  /** The object that it was sent in, where nobody can change what that says. */
  readonly source: object | undefined;
  readonly scopes: ScopeSet;
}

/** A request that a guard meets, and what it would be held for here. */
export interface MetRequest {
  readonly guard: BudgetGuard;
  /** `undefined`: nobody known at this address. */
  readonly provider: string | undefined;
  readonly request: OutgoingRequest;
  /** `undefined`: it has no body that can be compared. */
  readonly text: string | undefined;
  /** Of every call through this boundary, outermost first. */
  readonly scopes: readonly Scopes[];
}

/**
 * Says on a request's `init` that this very request is held already, so that the same guard met
 * again further in (a logging fetch around a guarded one) does not hold it twice.
 *
 * It lets nothing pass but what is held: the same method, address and body, with no scope that was
 * not drawn on. Good for one use, while the request is being sent: a fetch in between that sends
 * again, or later, makes another attempt, which is held by itself.
 */
export class HeldMark {
  /** Let go at the end: what was opened for a request may keep its mark for long. */
  #held: HeldRequest | undefined;

  constructor(held: HeldRequest) {
    this.#held = held;
  }

  /** What is held, if it is this, for the first time. */
  take(met: MetRequest): HeldRequest | undefined {
    const held = this.#held;
    if (held === undefined || !isHeldFor(held, met)) return undefined;
    this.end();
    return held;
  }

  /** What this object says, if it is what was sent. */
  textOf(source: object): string | undefined {
    return this.#held?.source === source ? this.#held.text : undefined;
  }

  /** From now on it is good for nothing. */
  end(): void {
    this.#held = undefined;
  }
}

function isHeldFor(held: HeldRequest, met: MetRequest): boolean {
  const { request, text } = met;
  return (
    held.guard === met.guard &&
    held.method === request.method &&
    isSameAddress(held.url, request.url) &&
    held.text === text &&
    (met.provider === undefined || held.provider === met.provider) &&
    isDrawnOn(held, met)
  );
}

/** What follows `#` is never sent. */
function isSameAddress(one: URL, other: URL): boolean {
  return (
    one.origin === other.origin && one.pathname === other.pathname && one.search === other.search
  );
}

/** Whether every scope that a hold would have here, by its boundary and around it, is held for. */
function isDrawnOn({ scopes: held }: HeldRequest, { guard, scopes: own }: MetRequest): boolean {
  const has = (dimension: string, value: string | undefined) =>
    value === undefined ||
    OF_REQUEST.has(dimension) ||
    (Object.hasOwn(held, dimension) && held[dimension]?.includes(value) === true);
  const around = Object.entries(guard.scopesHere);
  return (
    own.every((one) => Object.entries(one).every(([dimension, value]) => has(dimension, value))) &&
    around.every(([dimension, values]) => values.every((value) => has(dimension, value)))
  );
}

/** Dimensions that are read off the request, whatever the caller gave: they are compared above. */
const OF_REQUEST: ReadonlySet<string> = new Set(['provider', 'model']);

const MARK = Symbol('hardcap.held');

type MarkedInit = RequestInit & { readonly [MARK]?: readonly HeldMark[] };

/** The same without any mark: for a request of another kind that takes over the rest. */
export function unmarked(init: RequestInit | undefined): RequestInit {
  const { [MARK]: _marks, ...rest }: MarkedInit = init ?? {};
  return rest;
}

/** The hold that this very request has already; `undefined`: none. Found once for each hold. */
export function takeHeld(met: MetRequest): HeldRequest | undefined {
  for (const mark of marksFor(met.request.init)) {
    const held = mark.take(met);
    if (held !== undefined) return held;
  }
  return undefined;
}

/** What a body says that was read when it was held for, so that it need not be read again. */
export function heldText(init: RequestInit | undefined, source: object): string | undefined {
  for (const mark of marksFor(init)) {
    const text = mark.textOf(source);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** Sends what is held, marked on an `init` of its own. The mark ends with the sending. */
export async function sendHeld(
  held: HeldRequest,
  init: RequestInit | undefined,
  fetch: (init: RequestInit) => Promise<Response>,
): Promise<Response> {
  const mark = new HeldMark(held);
  const marks = [...marksOf(init), mark];
  const markedInit: MarkedInit = { ...init, [MARK]: marks };
  const send = () => fetch(markedInit);
  try {
    return await (carrier === undefined ? send() : carrier.run(marks, send));
  } finally {
    mark.end();
  }
}

/** Takes marks where `init` does not reach: to a net under the client that really sends. */
export interface MarkCarrier {
  readonly run: (marks: readonly HeldMark[], send: () => Promise<Response>) => Promise<Response>;
  /** Those of the request that the running code sends. */
  readonly marks: () => readonly HeldMark[];
}

let carrier: MarkCarrier | undefined;

/** From now on the marks of every request go with it by this way too. */
export function carryMarks(next: MarkCarrier): void {
  carrier = next;
}

function marksFor(init: RequestInit | undefined): readonly HeldMark[] {
  const own = marksOf(init);
  const carried = carrier?.marks() ?? NO_MARKS;
  if (carried.length === 0) return own;
  return own.length === 0 ? carried : [...own, ...carried];
}

function marksOf(init: MarkedInit | undefined): readonly HeldMark[] {
  return init?.[MARK] ?? NO_MARKS;
}

const NO_MARKS: readonly HeldMark[] = [];
