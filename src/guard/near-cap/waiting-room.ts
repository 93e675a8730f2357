import { OperationError, type HardcapError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { MonotonicMs, Schedule } from '../../ledger/leases/ports.ts';
import { shifted, type Clock, type DurationMs, type EpochMs } from '../../units/time.ts';
import { WatchedTrees } from '../budgets/watched-trees.ts';
import { Reservation } from '../reservation.ts';
import type { Answer, Outcome, Procedure, Step } from './steps.ts';
import { WaitQueue, type Turn } from './wait-queue.ts';

/** How long after a turn one is taken again where holds of other processes end unheard. */
const SHARED_RETRY_MS = 100;

/** As many waiters are all looked at whenever a hold ends; more are looked at every so often. */
const SWEPT_AT_ONCE_MAX = 32;

/** How often. Money that was spent for good is waited for that much longer than it need be. */
const SWEEP_MS = 10;

/** Who waits: a call that is tried again, at each turn by a procedure of its own. */
export interface Waiter {
  /** All accounts that it draws on. */
  readonly accounts: readonly Account[];
  /** Those that were short when it was tried last; none where it has not been tried. */
  readonly short: () => readonly Account[];
  /** Tries once: an outcome, or `undefined`: it may go on waiting. */
  readonly turn: () => Procedure<Outcome | undefined>;
  /** Whether the money can still come. */
  readonly isHopeful: () => boolean;
  /** When a part of a window leaves. */
  readonly nextLeaving: () => EpochMs | undefined;
  /** Told once it has had its first turn in vain. */
  readonly onWaiting: () => void;
  readonly waitMsMax: DurationMs;
}

/** What the waiting room takes from outside. */
export interface WaitingRoomPorts {
  readonly clock: Clock;
  readonly now: MonotonicMs;
  readonly schedule: Schedule;
  readonly waitersMax: number;
  /** Whether holds may end that this process does not hear of. */
  readonly isShared: boolean;
}

/** Runs a step that takes time. */
export type Perform = (step: Step, signal: AbortSignal | undefined) => Promise<Answer>;

/** What waiting came to; `undefined`: nothing, and the call is none the worse. */
type Waited = Outcome | undefined;

/** The accounts' names, which stay the same from window to window. */
export function keysOf(accounts: readonly Account[]): readonly string[] {
  return accounts.filter(({ mode }) => mode === 'enforce').map(keyOf);
}

function keyOf({ capId, scope }: Account): string {
  return `${capId}|${scope}`;
}

/**
 * Where calls wait until holds end or windows move on: first come, first served, account by
 * account. A hold that comes when its call has left goes back at once.
 */
export class WaitingRoom {
  readonly #ports: WaitingRoomPorts;
  readonly #queue: WaitQueue<Waited>;
  readonly #seats = new Set<Seat>();
  readonly #budgets = new WatchedTrees((accounts) => this.wake(accounts));
  /** Accounts that changed since the last sweep, while one is due. */
  readonly #unswept = new Set<string>();
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(ports: WaitingRoomPorts) {
    this.#ports = ports;
    this.#queue = new WaitQueue(ports);
  }

  /** How many wait. */
  get size(): number {
    return this.#seats.size;
  }

  /** Of these accounts, those that somebody waits for. */
  waitedFor(accounts: readonly Account[]): readonly Account[] {
    if (this.#seats.size === 0) return [];
    return accounts.filter(
      (account) => account.mode === 'enforce' && this.#queue.isAhead([keyOf(account)]),
    );
  }

  /**
   * Waits for an outcome; `undefined` when none came in time, or can come. Rejects with the
   * signal's reason.
   */
  async enter(
    waiter: Waiter,
    { perform, signal }: { readonly perform: Perform; readonly signal: AbortSignal | undefined },
  ): Promise<Waited> {
    const seat = new Seat(waiter, { perform, wake: (keys) => this.#queue.wake(keys) });
    const stop = () => seat.stopping.abort(signal?.reason);
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop, { once: true });
    this.#seats.add(seat);
    this.#budgets.add(waiter.accounts);
    try {
      const waited = this.#queue.enter({
        keys: seat.keys,
        short: keysOf(waiter.short()),
        turn: () => this.#turnOf(seat),
        onTimeout: () => (this.#isClosed ? undefined : seat.found()),
        onFull: () => undefined,
        waitMsMax: waiter.waitMsMax,
        signal: seat.stopping.signal,
      });
      waiter.onWaiting();
      return await waited;
    } catch (reason) {
      if (reason === HOPELESS) return undefined;
      throw reason;
    } finally {
      this.#seats.delete(seat);
      this.#budgets.remove(waiter.accounts);
      signal?.removeEventListener('abort', stop);
      seat.leave();
    }
  }

  /** Room may have come back on these accounts, or money may have been spent there for good. */
  wake(accounts: readonly Account[]): void {
    if (this.#seats.size === 0) return;
    const keys = keysOf(accounts);
    this.#queue.wake(keys);
    this.#sendAway(keys);
  }

  /** Nobody waits any more: whoever does, and whoever comes later, is answered without a hold. */
  close(): void {
    this.#isClosed = true;
    this.#cancelSweep?.();
    this.#queue.close();
  }

  /** Nobody waits for money that cannot come, wherever it stands in the line. */
  #sendAway(keys: readonly string[]): void {
    if (this.#seats.size <= SWEPT_AT_ONCE_MAX) {
      this.#sweep(new Set(keys));
      return;
    }
    for (const key of keys) this.#unswept.add(key);
    this.#cancelSweep ??= this.#ports.schedule(SWEEP_MS, () => {
      this.#cancelSweep = undefined;
      const changed = new Set(this.#unswept);
      this.#unswept.clear();
      this.#sweep(changed);
    });
  }

  #sweep(keys: ReadonlySet<string>): void {
    for (const seat of this.#seats) {
      if (seat.keys.some((key) => keys.has(key)) && !seat.isHopeful()) {
        seat.stopping.abort(HOPELESS);
      }
    }
  }

  #turnOf(seat: Seat): Turn<Waited> {
    const turn = seat.take();
    if (turn.kind === 'done') return turn;
    const { clock, isShared } = this.#ports;
    if (isShared) this.#sendAway(seat.keys);
    const soon = isShared ? shifted(clock(), SHARED_RETRY_MS) : undefined;
    return { ...turn, retryAt: earlier(soon, turn.retryAt) };
  }
}

const HOPELESS = Symbol('the money cannot come');

interface SeatPorts {
  readonly perform: Perform;
  readonly wake: (keys: readonly string[]) => void;
}

/** One waiter's turns, some of which have to ask a store and so end later than they began. */
class Seat {
  readonly keys: readonly string[];
  readonly stopping = new AbortController();
  readonly #waiter: Waiter;
  readonly #ports: SeatPorts;
  #isAsking = false;
  #hasLeft = false;
  /** What came of a turn that had asked; handed over at the next. */
  #found: { readonly waited: Waited } | undefined;

  constructor(waiter: Waiter, ports: SeatPorts) {
    this.#waiter = waiter;
    this.#ports = ports;
    this.keys = keysOf(waiter.accounts);
  }

  isHopeful(): boolean {
    return this.#isAsking || this.#found !== undefined || this.#waiter.isHopeful();
  }

  take(): Turn<Waited> {
    if (this.#found !== undefined) return { kind: 'done', value: this.#takeFound() };
    if (this.#isAsking) return this.#stay();
    const procedure = this.#waiter.turn();
    const next = procedure.next();
    if (next.done !== true) {
      this.#askFor(procedure, next.value);
      return this.#stay();
    }
    return this.#ended(next.value) ?? this.#stay();
  }

  /** What a turn that had to ask has brought already, for a call whose time is over. */
  found(): Waited {
    return this.#takeFound();
  }

  /** Its call is answered or gone: what comes now is for nobody. */
  leave(): void {
    this.#hasLeft = true;
    giveBack(this.#takeFound());
  }

  #ended(outcome: Outcome | undefined): Turn<Waited> | undefined {
    if (outcome !== undefined) return { kind: 'done', value: outcome };
    return this.#waiter.isHopeful() ? undefined : { kind: 'done', value: undefined };
  }

  #stay(): Extract<Turn<Waited>, { kind: 'short' }> {
    const short = keysOf(this.#waiter.short());
    const keys = short.length > 0 ? short : this.keys;
    return { kind: 'short', keys, retryAt: this.#waiter.nextLeaving() };
  }

  #takeFound(): Waited {
    const waited = this.#found?.waited;
    this.#found = undefined;
    return waited;
  }

  #askFor(procedure: Procedure<Outcome | undefined>, step: Step): void {
    this.#isAsking = true;
    const heard = (outcome: Outcome | undefined) => {
      this.#isAsking = false;
      if (this.#hasLeft) {
        giveBack(outcome);
        return;
      }
      const turn = this.#ended(outcome);
      if (turn?.kind !== 'done') return;
      this.#found = { waited: turn.value };
      this.#ports.wake(this.keys);
    };
    this.#asked(procedure, step)
      .then(heard)
      .catch((error: unknown) => this.stopping.abort(error));
  }

  async #asked(
    procedure: Procedure<Outcome | undefined>,
    first: Step,
  ): Promise<Outcome | undefined> {
    let step = first;
    for (;;) {
      // Not tied to the caller's signal: a hold that a store grants late must be heard of.
      const next = procedure.next(await this.#ports.perform(step, undefined));
      if (next.done === true) return next.value;
      step = next.value;
    }
  }
}

function giveBack(outcome: Reservation | HardcapError | undefined): void {
  if (!(outcome instanceof Reservation)) return;
  try {
    outcome.releaseAs('unsent', 'the caller gave up while it waited');
  } catch (error) {
    // The ledger cannot write: `drift` told it, the hold stands, and the guard tries again.
    if (!(error instanceof OperationError)) throw error;
  }
}

function earlier(left: EpochMs | undefined, right: EpochMs | undefined): EpochMs | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return left < right ? left : right;
}
