import type { MonotonicMs, Schedule } from '../../ledger/leases/ports.ts';
import type { Clock, DurationMs, EpochMs } from '../../units/time.ts';
import { WaitLines, type InLine } from './wait-lines.ts';

/** What one attempt of a waiter came to. */
export type Turn<T> =
  /** The waiter is answered: its money is held, or it is refused for good. */
  | { readonly kind: 'done'; readonly value: T }
  /** Nothing was held. `keys`: every account that has too little room for it now. */
  | {
      readonly kind: 'short';
      readonly keys: readonly string[];
      /** When a part of a window leaves, which brings room without any `wake`. */
      readonly retryAt: EpochMs | undefined;
    };

/** Someone who waits for room. */
export interface Place<T> {
  /** Every account that its turns draw on; nobody who came later takes room there before it. */
  readonly keys: readonly string[];
  /** Those of them that are known to be short already; nothing is lost by leaving it out. */
  readonly short?: readonly string[];
  /**
   * Tries once, synchronously. A `done` is always handed to the waiter, even when its signal was
   * aborted meanwhile: it may carry a hold, which must be ended.
   */
  readonly turn: () => Turn<T>;
  /** The answer when it waited for `waitMsMax`, and when the queue is closed. */
  readonly onTimeout: () => T;
  /** The answer when `waitersMax` others wait already. */
  readonly onFull: () => T;
  readonly waitMsMax: DurationMs;
  readonly signal?: AbortSignal | undefined;
}

/** What a queue takes from outside. */
export interface WaitQueuePorts {
  /** What `retryAt` is read against. */
  readonly clock: Clock;
  /** What waiting is measured with, whatever is done to the clock; `clock` when absent. */
  readonly now?: MonotonicMs;
  /** Its timers must keep the process alive: somebody awaits the answer. */
  readonly schedule: Schedule;
  readonly waitersMax: number;
}

/** Turns in one go; what is left then goes on in a timer, so that others get to run. */
export const TURNS_AT_ONCE_MAX = 1_000;

/** The longest that a timer of the runtime can be set to (2^31 - 1); a longer wait is set again. */
const TIMER_MS_MAX = 2_147_483_647;

/** The line of a call that draws on nothing. */
const NO_ACCOUNT = '';

interface Waiter<T> extends InLine {
  readonly place: Place<T>;
  readonly draws: Set<string>;
  /** Accounts that its last turn was short on. It stands in their lines. */
  short: ReadonlySet<string>;
  /** A line that it stands in because a turn is due to it and somebody there comes first. */
  behind: string | undefined;
  readonly timeoutAt: number;
  retryAt: number | undefined;
  /** How it leaves if the turn that is under way does not answer it. */
  leave: (() => void) | undefined;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
  readonly onAbort: () => void;
}

/**
 * Waiters for money that is about to come back, in the order in which they came.
 *
 * A waiter stands in the line of each account that it is short on. It has a turn only while nobody
 * who came earlier stands in the line of any account that it draws on, so nobody is overtaken, and
 * a large call at the head gets all that comes back until it fits. Waiters without a common account
 * never hold each other up. Turns are synchronous and never nested; a `wake` from within a turn is
 * served after it.
 */
export class WaitQueue<T> {
  readonly #ports: WaitQueuePorts;
  readonly #now: MonotonicMs;
  /** In order of arrival. */
  readonly #waiters = new Set<Waiter<T>>();
  readonly #lines = new WaitLines<Waiter<T>>();
  /** Woken since the turn that is under way began, whether or not anybody stood there. */
  readonly #woken = new Set<string>();
  #ticket = 0;
  #inTurn: Waiter<T> | undefined;
  #isBusy = false;
  #isClosed = false;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;
  #cancelRest: (() => void) | undefined;

  constructor(ports: WaitQueuePorts) {
    this.#ports = ports;
    this.#now = ports.now ?? ports.clock;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Whether somebody stands in the line of one of these, or draws on one in a turn that is under
   * way: whoever may wait goes behind.
   */
  isAhead(keys: readonly string[]): boolean {
    const inTurn = this.#inTurn?.draws;
    return this.#lines.ahead(keys) !== undefined || keys.some((key) => inTurn?.has(key) === true);
  }

  /**
   * Waits for an answer. The first turn is taken before this returns, unless somebody is ahead or a
   * turn is under way; so room that came back since the caller's own attempt is not missed. Rejects
   * with the signal's reason, and with what `turn` throws.
   */
  enter(place: Place<T>): Promise<T> {
    const { signal } = place;
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        resolve(place.onTimeout());
        return;
      }
      const draws = new Set([...place.keys, ...(place.short ?? [])]);
      const ahead = this.#lines.ahead(draws);
      const isFull = this.#waiters.size >= this.#ports.waitersMax;
      if (isFull && (ahead !== undefined || this.#isBusy)) {
        resolve(place.onFull());
        return;
      }
      const waiter = this.#newWaiter(place, draws, { resolve, reject });
      this.#standIn(waiter, ahead);
      this.#serve();
      if (isFull) {
        this.#answer(waiter, place.onFull);
        this.#serve();
      }
      if (this.#waiters.has(waiter)) this.#setTimer(nextInstant(waiter));
    });
  }

  /** Room may have come back on these accounts: the first of each line has a turn, and so on. */
  wake(keys: readonly string[]): void {
    if (this.#waiters.size === 0) return;
    for (const key of keys) {
      if (this.#isBusy) this.#woken.add(key);
      this.#lines.open(key);
    }
    this.#serve();
  }

  /** Answers all that wait, and whoever comes later, as if their time were over. No more turns. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of this.#waiters) this.#answer(waiter, waiter.place.onTimeout);
    this.#stopTimers();
  }

  #newWaiter(
    place: Place<T>,
    draws: Set<string>,
    answer: Pick<Waiter<T>, 'resolve' | 'reject'>,
  ): Waiter<T> {
    this.#ticket += 1;
    const waiter: Waiter<T> = {
      ticket: this.#ticket,
      place,
      draws,
      short: new Set(),
      behind: undefined,
      timeoutAt: this.#now() + place.waitMsMax,
      retryAt: undefined,
      leave: undefined,
      ...answer,
      onAbort: () => this.#abort(waiter),
    };
    this.#waiters.add(waiter);
    place.signal?.addEventListener('abort', waiter.onAbort);
    return waiter;
  }

  /** Puts a newcomer into its lines; its turn is due now, or when those ahead of it are gone. */
  #standIn(waiter: Waiter<T>, ahead: string | undefined): void {
    const short = new Set(waiter.place.short);
    const [first = NO_ACCOUNT] = waiter.draws;
    this.#moveTo(waiter, { short, behind: ahead ?? first });
    if (ahead === undefined) this.#lines.open(first);
  }

  /** Gives every turn that is due, in the order of tickets. */
  #serve(): void {
    if (this.#isBusy || this.#isClosed) return;
    this.#isBusy = true;
    try {
      for (let turns = 0; this.#lines.isOpen; turns += 1) {
        if (turns === TURNS_AT_ONCE_MAX) {
          this.#serveRestLater();
          break;
        }
        const next = this.#lines.next();
        if (next !== undefined) this.#look(next);
      }
    } finally {
      this.#isBusy = false;
    }
    if (this.#waiters.size === 0) this.#stopTimers();
  }

  #serveRestLater(): void {
    this.#cancelRest ??= this.#ports.schedule(0, () => {
      this.#cancelRest = undefined;
      this.#serve();
    });
  }

  /** Gives the waiter its turn, unless somebody earlier stands in a line of its accounts. */
  #look(waiter: Waiter<T>): void {
    const ahead = this.#lines.ahead(waiter.draws, waiter.ticket);
    if (ahead === undefined) this.#take(waiter);
    else this.#waitBehind(waiter, ahead);
  }

  #take(waiter: Waiter<T>): void {
    let turn: Turn<T>;
    this.#woken.clear();
    this.#inTurn = waiter;
    try {
      turn = waiter.place.turn();
    } catch (error) {
      this.#remove(waiter);
      waiter.reject(error);
      return;
    } finally {
      this.#inTurn = undefined;
    }
    if (turn.kind === 'done') {
      this.#remove(waiter);
      waiter.resolve(turn.value);
    } else if (waiter.leave !== undefined) waiter.leave();
    else this.#stay(waiter, turn);
  }

  #stay(waiter: Waiter<T>, turn: Extract<Turn<T>, { readonly kind: 'short' }>): void {
    const short = new Set(turn.keys);
    for (const key of short) waiter.draws.add(key);
    this.#moveTo(waiter, { short, behind: undefined });
    // It joined these lines only now; a wake that came before, during its turn, was for it too.
    for (const key of short) if (this.#woken.has(key)) this.#lines.open(key);
    waiter.retryAt = this.#instantOf(turn.retryAt);
    if (waiter.retryAt !== undefined) this.#setTimer(waiter.retryAt);
  }

  #waitBehind(waiter: Waiter<T>, behind: string): void {
    this.#moveTo(waiter, { short: waiter.short, behind });
  }

  #moveTo(waiter: Waiter<T>, to: Pick<Waiter<T>, 'short' | 'behind'>): void {
    const [before, now] = [linesOf(waiter), linesOf(to)];
    waiter.short = to.short;
    waiter.behind = to.behind;
    for (const key of now) if (!before.has(key)) this.#lines.join(key, waiter);
    for (const key of before) if (!now.has(key)) this.#lines.quit(key, waiter);
  }

  #remove(waiter: Waiter<T>): void {
    this.#waiters.delete(waiter);
    waiter.place.signal?.removeEventListener('abort', waiter.onAbort);
    this.#moveTo(waiter, { short: new Set(), behind: undefined });
  }

  /** Ends the waiting of one that may still wait; during its turn, only if that does not answer. */
  #answer(waiter: Waiter<T>, answer: () => T): void {
    this.#dismiss(waiter, () => {
      try {
        waiter.resolve(answer());
      } catch (error) {
        waiter.reject(error);
      }
    });
  }

  #abort(waiter: Waiter<T>): void {
    this.#dismiss(waiter, () => waiter.reject(waiter.place.signal?.reason));
    this.#serve();
  }

  #dismiss(waiter: Waiter<T>, tell: () => void): void {
    if (!this.#waiters.has(waiter)) return;
    const leave = (): void => {
      this.#remove(waiter);
      tell();
    };
    if (waiter === this.#inTurn) waiter.leave ??= leave;
    else leave();
  }

  #instantOf(retryAt: EpochMs | undefined): number | undefined {
    if (retryAt === undefined) return undefined;
    // At least a millisecond, or an instant that is past would be tried again without end.
    return this.#now() + Math.max(1, retryAt - this.#ports.clock());
  }

  /** One timer for all; it may ring too early, for somebody who has left. */
  #setTimer(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const delayMs = Math.min(Math.max(0, Math.ceil(at - this.#now())), TIMER_MS_MAX);
    this.#timer = { at, cancel: this.#ports.schedule(delayMs, () => this.#onTimer()) };
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = this.#now();
    // Turns come first: room that appears at the very instant of a timeout is still in time.
    for (const waiter of this.#waiters) {
      if (waiter.retryAt === undefined || waiter.retryAt > now) continue;
      waiter.retryAt = undefined;
      this.#retry(waiter);
    }
    this.#serve();
    const late = [...this.#waiters].filter(({ timeoutAt }) => timeoutAt <= now);
    for (const waiter of late) this.#answer(waiter, waiter.place.onTimeout);
    this.#serve();
    const next = [...this.#waiters].map(nextInstant).reduce(earlier, Number.POSITIVE_INFINITY);
    if (next < Number.POSITIVE_INFINITY) this.#setTimer(next);
  }

  #retry(waiter: Waiter<T>): void {
    for (const key of waiter.short) this.#lines.open(key);
    if (waiter.short.size > 0 || waiter.behind !== undefined) return;
    const [first = NO_ACCOUNT] = waiter.draws;
    this.#waitBehind(waiter, first);
    this.#lines.open(first);
  }

  #stopTimers(): void {
    this.#timer?.cancel();
    this.#cancelRest?.();
    this.#timer = undefined;
    this.#cancelRest = undefined;
  }
}

/** The lines that a waiter with these stands in. */
function linesOf<T>({ short, behind }: Pick<Waiter<T>, 'short' | 'behind'>): ReadonlySet<string> {
  return behind === undefined ? short : new Set([...short, behind]);
}

function nextInstant<T>({ timeoutAt, retryAt }: Waiter<T>): number {
  return Math.min(timeoutAt, retryAt ?? timeoutAt);
}

function earlier(left: number, right: number): number {
  return Math.min(left, right);
}
