/** The way between processes and the store: slow, lossy, sometimes cut, and never honest about it. */

import { OperationError } from '../../src/errors/error.ts';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { Inspector } from './inspector.ts';
import type { FaultRates } from './options.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One way, in milliseconds. */
const DELAY_MIN = 0.25;
const DELAY_MAX = 1;
/** One message in so many takes the long way. */
const TAIL_EVERY = 100;
const TAIL_MS = 20;
/** A copy may come so late. */
const LATE_MS = 60_000;
/** How long a client waits for an answer before it gives up. */
const TIMEOUT_MIN = 250;
const TIMEOUT_MAX = 2_000;

/** The process with the store in it: it may be stopped for a while, and then does all at once. */
export class Server {
  readonly store: LeaseStore;
  readonly inspector: Inspector;
  #isStalled = false;
  #waiting: (() => void)[] = [];

  constructor(store: LeaseStore, inspector: Inspector) {
    this.store = store;
    this.inspector = inspector;
  }

  handle(fn: () => void): void {
    if (this.#isStalled) this.#waiting.push(fn);
    else fn();
  }

  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) fn();
  }
}

/** What a process is reached through: nothing reaches it when it is gone, or later when stopped. */
export type Gate = (fn: () => void) => void;

/** What a link is made of. */
export interface LinkOptions {
  readonly server: Server;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly faults: FaultRates;
  readonly gate: Gate;
}

/** One process's connection to the store: a `LeaseStore` whose calls may be lost on the way. */
export class Link implements LeaseStore {
  readonly isSynchronous = false;
  isCut = false;
  /** Requests that the process sent, repeats too. */
  requests = 0;
  readonly #inFlight = new Set<number>();
  readonly #options: LinkOptions;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  open: LeaseStore['open'] = (identity) =>
    this.#ask(() => {
      now(this.#store.open(identity));
      this.#options.server.inspector.opened(identity.holder);
    });

  exchange: LeaseStore['exchange'] = async (message) => {
    const { inspector, store } = this.#options.server;
    const wire = inspector.sent(message);
    if (this.#inFlight.size > 0 && !this.#inFlight.has(message.seq)) {
      inspector.report(`I4: ${message.holder} has two messages in flight`);
    }
    this.#inFlight.add(message.seq);
    this.requests += 1;
    try {
      return await this.#ask(() => inspector.exchange(wire, () => now(store.exchange(wire))));
    } finally {
      // An answer to one copy ends the wait for all: the holder may go on.
      this.#inFlight.delete(message.seq);
    }
  };

  close: LeaseStore['close'] = (order) => {
    const { inspector, store } = this.#options.server;
    this.requests += 1;
    return this.#ask(() => inspector.close(order, () => now(store.close(order))));
  };

  holders: LeaseStore['holders'] = () => this.#ask(() => now(this.#store.holders()));
  balances: LeaseStore['balances'] = (accounts) =>
    this.#ask(() => now(this.#store.balances(accounts)));
  operate: LeaseStore['operate'] = (operation) =>
    this.#ask(() => now(this.#store.operate(operation)));
  doubts: LeaseStore['doubts'] = () => this.#ask(() => now(this.#store.doubts()));
  journal: LeaseStore['journal'] = (after) => this.#ask(() => now(this.#store.journal(after)));

  end(): void {
    // The store belongs to all.
  }

  get #store(): LeaseStore {
    return this.#options.server.store;
  }

  /** Sends a request, perhaps several times, perhaps never, and waits for the first answer. */
  #ask<T>(apply: () => T): Promise<T> {
    const { time, random, faults, gate, server } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const waitMs = random.between(TIMEOUT_MIN, TIMEOUT_MAX);
      const stopWaiting = time.schedule(waitMs, () => gate(() => reject(unanswered(waitMs))));
      const answer = (settle: () => void): void => {
        if (this.isCut || random.chance(faults.loss)) return;
        time.schedule(this.#delay(), () => {
          stopWaiting();
          gate(settle);
        });
      };
      const arrive = (): void => {
        if (this.isCut) return;
        server.handle(() => {
          try {
            const reply = apply();
            answer(() => resolve(reply));
          } catch (error) {
            server.inspector.report(`the store threw: ${String(error)}`);
            answer(() => reject(error));
          }
        });
      };
      if (!random.chance(faults.loss)) time.schedule(this.#delay(), arrive);
      if (random.chance(faults.duplicate)) time.schedule(this.#delay(), arrive);
      if (random.chance(faults.lateDuplicate)) time.schedule(random.between(0, LATE_MS), arrive);
    });
  }

  #delay(): number {
    const { random } = this.#options;
    const ms = random.between(DELAY_MIN, DELAY_MAX);
    return random.below(TAIL_EVERY) === 0 ? ms + random.between(0, TAIL_MS) : ms;
  }
}

/** The store of a simulation answers at once; only the way to it takes time. */
function now<T>(reply: T | Promise<T>): T {
  if (reply instanceof Promise) throw new TypeError('the simulated store answers at once');
  return reply;
}

function unanswered(ms: number): Error {
  return new OperationError('STORE_UNAVAILABLE', `No answer came in ${Math.round(ms)} ms.`);
}
