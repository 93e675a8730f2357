import type { BudgetGuard } from '../guard/guard.ts';

/**
 * Says on a request's `init` that this very request is held already, so that the same guard met
 * again further in (a logging fetch around a guarded one) does not hold it twice. Good for one use:
 * a fetch in between that sends again makes another attempt, which is held by itself.
 */
export class HeldMark {
  readonly guard: BudgetGuard;
  #isTaken = false;

  constructor(guard: BudgetGuard) {
    this.guard = guard;
  }

  /** Whether this is the first use. */
  take(): boolean {
    const isFirst = !this.#isTaken;
    this.#isTaken = true;
    return isFirst;
  }
}

const MARK = Symbol('hardcap.held');

type MarkedInit = RequestInit & { readonly [MARK]?: readonly HeldMark[] };

/** The init of a request that `guard` holds. Always a new object: marks are never shared. */
export function marked(init: RequestInit | undefined, guard: BudgetGuard): RequestInit {
  const marks = [...marksOf(init), new HeldMark(guard)];
  const markedInit: MarkedInit = { ...init, [MARK]: marks };
  return markedInit;
}

/** The same without any mark: for a request of another kind that takes over the rest. */
export function unmarked(init: RequestInit | undefined): RequestInit {
  const { [MARK]: _marks, ...rest }: MarkedInit = init ?? {};
  return rest;
}

/** Whether `guard` holds this very request already; true once for each hold. */
export function takeMark(init: RequestInit | undefined, guard: BudgetGuard): boolean {
  return marksOf(init).some((mark) => mark.guard === guard && mark.take());
}

/** Sends with marks where `init` does not reach: to a net under the client that really sends. */
export type MarkCarrier = (
  marks: readonly HeldMark[],
  send: () => Promise<Response>,
) => Promise<Response>;

let carrier: MarkCarrier | undefined;

/** From now on the marks of every request go with it by this way too. */
export function carryMarks(next: MarkCarrier): void {
  carrier = next;
}

/** Sends a request with the marks of its `init`: the same ones, so that each is still used once. */
export function carried(
  init: RequestInit | undefined,
  send: () => Promise<Response>,
): Promise<Response> {
  const marks = marksOf(init);
  return carrier === undefined || marks.length === 0 ? send() : carrier(marks, send);
}

function marksOf(init: MarkedInit | undefined): readonly HeldMark[] {
  return init?.[MARK] ?? [];
}
