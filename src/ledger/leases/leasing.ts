import { OperationError } from '../../errors/error.ts';
import type { Account } from '../account.ts';
import { judge } from './lack.ts';
import { Leases, type SliceUsage } from './leases.ts';
import type { Awaitable } from './lease-store.ts';
import { textOf, unavailableFrom, type Fault, type LeasingPorts } from './leasing-ports.ts';
import { ITEMS_MAX, type ExchangeReply, type HolderMessage } from './message.ts';
import { MessagePump, jobOf, type Done, type Job } from './message-pump.ts';
import type { Slice } from './slice.ts';
import { NO_SUMS } from './sums.ts';
import { WaitingLine, type Place, type WaitingOrder } from './waiting.ts';

/** Slices that waiting calls may ask for in one message; the rest is for what others report. */
export const NEEDY_MAX = ITEMS_MAX / 2;

/**
 * One holder of a store: its slices, who waits for them, and the messages between.
 *
 * Whoever keeps books above it says what changes (`touch`, `overrun`, `refunded`), and waits for
 * what a slice does not cover (`wait`). Grants serve those who wait in the tick in which they come.
 */
export class Leasing {
  readonly leases: Leases;
  readonly line: WaitingLine;
  readonly #ports: LeasingPorts;
  readonly #usage: SliceUsage;
  readonly #pump: MessagePump;
  readonly #jobs: Job[] = [];
  #flushing: Flushing[] = [];
  readonly #asking = new Set<Flushing>();
  /** The trouble that people were told of. */
  #told: unknown;
  #seq = 0;
  #isOpened = false;
  /** Slices that the store is still to be told anew. */
  #undeclared: Slice[] | undefined;
  #declarations = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #isBeatSet = false;
  #isTickSet = false;
  #isRunSet = false;
  #isRefundSet = false;

  constructor(ports: LeasingPorts, usage: SliceUsage) {
    this.#ports = ports;
    this.#usage = usage;
    this.leases = new Leases(usage, ports.policy);
    this.line = new WaitingLine(usage, (slice) => {
      this.leases.enliven(slice);
      this.#setBeat();
    });
    const { policy, now, schedule } = ports;
    this.#pump = new MessagePump({
      policy,
      now,
      schedule,
      next: () => this.#next(),
      onTrouble: (cause) => this.#onTrouble(cause),
      onIdle: () => this.#onIdle(),
    });
  }

  /** Why this holder is over; `undefined` while it is not. */
  ended: unknown;

  /** Why nothing can be asked of the store now; `undefined` while it answers. */
  get trouble(): unknown {
    return this.#pump.trouble;
  }

  /** Whether every refund goes back at once. */
  get isDirect(): boolean {
    return this.#ports.policy.mode === 'direct';
  }

  /** Whether the last thing said is still being said again. */
  get isStuck(): boolean {
    return this.#pump.isStuck;
  }

  /** Whether the store knows this holder: before that nothing may be held, not even unasked. */
  get isOpened(): boolean {
    return this.#isOpened;
  }

  /** Number of the next message: answers from it on know what happened before now. */
  get seqNext(): number {
    return this.#seq + (this.#pump.isBusy ? 2 : 1);
  }

  /** Puts an order in line and asks for what it lacks; `undefined` when it ended at once. */
  wait(order: WaitingOrder): Place | undefined {
    const { policy, now } = this.#ports;
    const cause = this.trouble ?? (this.line.size >= policy.waitingMax ? LINE_FULL() : undefined);
    if (cause !== undefined) {
      order.fail(cause);
      return undefined;
    }
    const place = this.line.join(order, { nowMs: now(), seq: this.seqNext });
    this.#pump.run();
    if (!this.line.has(place)) return undefined;
    this.#setTick();
    return place;
  }

  /** Tries everybody who waits, after something came free. */
  serve(): void {
    if (this.line.size === 0) return;
    const { policy, now } = this.#ports;
    const nowMs = now();
    this.line.serve((place) => judge(place, { usage: this.#usage, policy, nowMs }));
  }

  /** The store does not know something of this slice. */
  touch(slice: Slice): void {
    this.leases.touch(slice);
    this.#setBeat();
  }

  /** A call drew past the alarm of the slice: fills it up in the background. */
  drewLow(slice: Slice): void {
    if (slice.isLow || !this.leases.stock(slice)) return;
    slice.isLow = true;
    this.leases.urge(slice);
    this.#runSoon();
  }

  /** Something came back to the slice: others may want it, where it is scarce or in direct mode. */
  refunded(slice: Slice): void {
    if (slice.mode === 'observe') return;
    if (this.#ports.policy.mode === 'direct') {
      this.leases.urge(slice);
      return;
    }
    if (!slice.isScarce) return;
    this.leases.urge(slice);
    if (this.#isRefundSet) return;
    this.#isRefundSet = true;
    this.#ports.schedule(this.#ports.policy.refundMs, () => {
      this.#isRefundSet = false;
      this.#pump.run();
    });
  }

  /** Says what is urgent. */
  run(): void {
    this.#pump.run();
  }

  /** Says what is urgent, and what becomes so in the next moments. */
  #runSoon(): void {
    if (this.#isRunSet) return;
    this.#isRunSet = true;
    this.#ports.schedule(this.#ports.policy.refillMs, () => {
      this.#isRunSet = false;
      this.#pump.run();
    });
  }

  /** Says what is unanswered again, whatever was thought of the store. */
  insist(): void {
    this.#pump.insist();
  }

  /** Resolves when the store knows all that is known here now. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.trouble !== undefined) {
        reject(unavailableFrom(this.trouble));
        return;
      }
      this.#flushing.push({ resolve, reject });
      this.leases.beat(this.#ports.now());
      this.#pump.run();
      if (!this.#pump.isBusy) this.#onIdle();
    });
  }

  /** Leases slices of the accounts ahead; resolves when the store has answered, or cannot. */
  async warm(accounts: readonly Account[]): Promise<void> {
    if (!this.#isOpened) this.#jobs.push(ONLY_OPEN);
    for (const account of accounts) {
      const slice = this.leases.open(account);
      if (slice === undefined || slice.mode === 'observe') continue;
      slice.isLow = this.#ports.policy.mode === 'leased';
      slice.isDirty = true;
      this.leases.enliven(slice);
      this.leases.urge(slice);
    }
    // Whoever warms up does not need the answer: the calls that follow will ask for themselves.
    await this.flush().catch(() => undefined);
  }

  /** Asks the store something between two messages; `take` is called before the next one. */
  ask<T, R>(say: () => Awaitable<T>, take: (answer: T) => R): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.trouble !== undefined) {
        reject(unavailableFrom(this.trouble));
        return;
      }
      const asking: Flushing = { resolve: () => undefined, reject };
      this.#asking.add(asking);
      this.#jobs.push(
        jobOf(say, (answer) => {
          this.#asking.delete(asking);
          resolve(take(answer));
          return 'done';
        }),
      );
      this.#pump.run();
    });
  }

  /** Nothing is said to the store any more; everybody who waits is told `cause`. */
  end(cause: unknown): void {
    this.ended = cause;
    this.#pump.end(cause);
    this.#rejectAll(cause);
  }

  #next(): Job | undefined {
    const { store, identity, now } = this.#ports;
    if (now() < this.#pausedUntilMs) return undefined;
    if (!this.#isOpened) {
      if (this.#jobs.length + this.line.size === 0 && !this.leases.hasUrgent) return undefined;
      return jobOf(
        () => store.open(identity),
        () => {
          this.#isOpened = true;
          this.serve();
          return 'done';
        },
      );
    }
    const message = this.#undeclared === undefined ? undefined : this.#declaration();
    if (message !== undefined) return this.#exchange(message);
    const job = this.#jobs.shift();
    if (job !== undefined) return job;
    const ordinary = this.#message();
    return ordinary === undefined ? undefined : this.#exchange(ordinary);
  }

  #exchange(message: HolderMessage): Job {
    return jobOf(
      () => this.#ports.store.exchange(message),
      (reply) => this.#take(message, reply),
    );
  }

  #message(): HolderMessage | undefined {
    if (this.line.size === 0 && !this.leases.hasUrgent) return undefined;
    const nowMs = this.#ports.now();
    const { slices } = this.line.ask(nowMs, NEEDY_MAX);
    const items = this.leases.collect(slices, nowMs);
    for (const slice of slices) {
      slice.need = NO_SUMS;
      slice.demand = NO_SUMS;
    }
    if (items.length === 0) return undefined;
    return this.#numbered({ items, declares: 'none' });
  }

  #declaration(): HolderMessage {
    const left = this.#undeclared ?? [];
    const items = this.leases.declaration(left.splice(0, ITEMS_MAX));
    return this.#numbered({ items, declares: left.length === 0 ? 'all' : 'some' });
  }

  #numbered(said: Pick<HolderMessage, 'items' | 'declares'>): HolderMessage {
    const { identity, clock } = this.#ports;
    return { holder: identity.holder, seq: this.#seq + 1, at: clock(), ...said };
  }

  #take(message: HolderMessage, reply: ExchangeReply): Done {
    switch (reply.kind) {
      case 'applied':
        return this.#applied(message, reply);
      case 'fenced':
        this.#report('fenced', 'This holder was closed in the store by someone else.');
        this.end(new OperationError('STORE_UNAVAILABLE', FENCED));
        return 'done';
      case 'lost':
        return this.#lost(reply.reason);
      case 'redeclare':
        return this.#redeclare(reply.reason);
    }
  }

  #applied(message: HolderMessage, reply: ExchangeReply & { readonly kind: 'applied' }): Done {
    const { fault } = this.leases.apply(message, reply.slices, this.#ports.now());
    if (fault !== undefined) return this.#lost(fault);
    this.#seq = message.seq;
    if (message.declares === 'none') this.#declarations = 0;
    if (message.declares === 'all') this.#undeclared = undefined;
    this.#setBeat();
    this.serve();
    this.leases.urgeIdle(message.items);
    return 'done';
  }

  #lost(reason: string): Done {
    const message = `The store lost what it had acknowledged: ${reason}.`;
    this.#report('lost', message);
    this.#told = new OperationError('STORE_UNAVAILABLE', message);
    this.#pump.suspend(this.#told);
    return 'again';
  }

  /** Nothing of the message was applied; all of it is said anew in what follows. */
  #redeclare(reason: string): Done {
    const { policy, now, schedule } = this.#ports;
    this.#undeclared = [...this.leases.slices.values()];
    this.#declarations += 1;
    if (this.#declarations === 1) {
      this.#report('redeclare', `The store asks what its holders hold: ${reason}.`);
      return 'done';
    }
    // Others have not declared yet: until they have, the store grants nothing.
    const waitMs = Math.min(policy.retryMaxMs, policy.retryFirstMs * this.#declarations);
    this.#pausedUntilMs = now() + waitMs;
    schedule(waitMs, () => this.#pump.run());
    return 'done';
  }

  #onTrouble(cause: unknown): void {
    if (this.#pump.isEnded) this.ended = cause;
    if (this.#told !== cause) this.#report('unreachable', `No store: ${textOf(cause)}`);
    this.#told = cause;
    this.#rejectAll(cause);
  }

  #rejectAll(cause: unknown): void {
    const error = unavailableFrom(cause);
    this.line.failAll(error);
    const rejected = [...this.#flushing, ...this.#asking];
    this.#flushing = [];
    this.#asking.clear();
    this.#jobs.length = 0;
    for (const { reject } of rejected) reject(error);
  }

  #onIdle(): void {
    if (this.#flushing.length === 0 || this.#undeclared !== undefined) return;
    if (this.leases.hasUrgent || this.#pump.isBusy) return;
    for (const { resolve } of this.#flushing.splice(0)) resolve();
  }

  #setBeat(): void {
    if (this.#isBeatSet) return;
    this.#isBeatSet = true;
    const { schedule, policy, now } = this.#ports;
    schedule(policy.heartbeatMs, () => {
      this.#isBeatSet = false;
      this.leases.beat(now());
      this.#pump.run();
      if (!this.leases.isQuiet) this.#setBeat();
    });
  }

  /** Goes through the line from time to time, for those who waited long enough. */
  #setTick(): void {
    if (this.#isTickSet) return;
    this.#isTickSet = true;
    const { schedule, policy, now } = this.#ports;
    schedule(policy.recallEveryMs, () => {
      this.#isTickSet = false;
      const longestMs = policy.messageTimeoutMs + policy.recallWaitMs;
      for (const place of this.line.list()) {
        if (now() - place.sinceMs < longestMs) break;
        this.line.leave(place);
        place.order.fail(new OperationError('STORE_UNAVAILABLE', TOO_LONG));
      }
      this.serve();
      this.#pump.run();
      if (this.line.size > 0) this.#setTick();
    });
  }

  #report(kind: Fault['kind'], message: string): void {
    this.#ports.onFault({ kind, message });
  }
}

interface Flushing {
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

const ONLY_OPEN: Job = () => () => 'done';
const FENCED = 'This holder was closed in the store; a new process can take its place.';
const TOO_LONG = 'The store did not decide in time.';
const LINE_FULL = (): OperationError =>
  new OperationError('STORE_UNAVAILABLE', 'Too many calls wait for the store of the ledger.');
