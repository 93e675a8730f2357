/** A lease store with a bad way to it: every fault by a script, so that a seed is a whole story. */

import { OperationError } from '../../src/errors/error.ts';
import type { Awaitable, LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { HolderMessage } from '../../src/ledger/leases/message.ts';
import type { Schedule } from '../../src/ledger/leases/ports.ts';
import { randomOf } from '../simulation/random.ts';

/** What happens to one call of the store. */
export type Fault =
  | { readonly kind: 'none' }
  /** It never arrives, and the caller is told that it failed. */
  | { readonly kind: 'error-before' }
  /** It is applied, and the caller is told that it failed. */
  | { readonly kind: 'lost-reply' }
  /** It arrives twice; the caller hears the second answer. */
  | { readonly kind: 'duplicate' }
  /** After it, a message of some while ago arrives again; nobody hears that answer. */
  | { readonly kind: 'old-again' }
  /** It arrives and is answered late. Needs `schedule`. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The store does nothing for a while, and then everything that waited. Needs `schedule`. */
  | { readonly kind: 'stall'; readonly ms: number }
  /** Before it arrives, another copy of the store takes over, without the last changes. */
  | { readonly kind: 'fail-over'; readonly lost: number };

/** Says what happens to the next call. */
export type FaultScript = () => Fault;

/** What a fault store is made of. */
export interface FaultStoreOptions {
  readonly store: LeaseStore;
  readonly script: FaultScript;
  /** For delays and stalls; with it the fault store takes time, without it those do not happen. */
  readonly schedule?: Schedule;
  /** Carries out a fail-over: loses so many of the last changes. */
  readonly failOver?: (lost: number) => Awaitable<void>;
}

/** A lease store that fails by its script, and counts how. */
export interface FaultStore extends LeaseStore {
  /** How often each fault happened. */
  readonly counts: ReadonlyMap<Fault['kind'], number>;
  /** Ends or begins the faults; at first they happen. */
  setFaulty(isFaulty: boolean): void;
}

/** Old messages kept, to arrive again. */
const OLD_MAX = 32;

/** Wraps any lease store, synchronous or not; without `schedule` it stays what it was. */
export function createFaultStore(options: FaultStoreOptions): FaultStore {
  const { store, schedule } = options;
  const counts = new Map<Fault['kind'], number>();
  const old: HolderMessage[] = [];
  let isFaulty = true;
  let stalled: Promise<void> | undefined;

  const draw = (): Fault => {
    const fault: Fault = isFaulty ? options.script() : { kind: 'none' };
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    return fault;
  };
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      if (schedule === undefined) resolve();
      else schedule(ms, resolve);
    });
  const again = (): Awaitable<unknown> => {
    const message = old[0];
    return message === undefined ? undefined : store.exchange(message);
  };
  const faulted = <T>(fault: Fault, call: () => Awaitable<T>): Awaitable<T> => {
    switch (fault.kind) {
      case 'error-before':
        throw failed('before it arrived');
      case 'lost-reply':
        return next(call(), () => {
          throw failed('and its answer was lost');
        });
      case 'duplicate':
        return next(call(), () => call());
      case 'old-again':
        return next(call(), (reply) => next(again(), () => reply));
      case 'delay':
        return schedule === undefined
          ? call()
          : pause(fault.ms)
              .then(call)
              .then((reply) => pause(fault.ms).then(() => reply));
      case 'stall':
        if (schedule === undefined) return call();
        stalled = pause(fault.ms);
        return stalled.then(call);
      case 'fail-over':
        return next(options.failOver?.(fault.lost), () => call());
      case 'none':
        return call();
    }
  };
  const ask = <T>(call: () => Awaitable<T>): Awaitable<T> => {
    const fault = draw();
    if (schedule === undefined && store.isSynchronous) return faulted(fault, call);
    return (stalled ?? Promise.resolve()).then(() => faulted(fault, call));
  };

  return {
    isSynchronous: store.isSynchronous && schedule === undefined,
    counts,
    setFaulty: (to) => {
      isFaulty = to;
    },
    open: (identity) => ask(() => store.open(identity)),
    exchange: (message) => {
      const reply = ask(() => store.exchange(message));
      old.push(message);
      if (old.length > OLD_MAX) old.shift();
      return reply;
    },
    close: (order) => ask(() => store.close(order)),
    holders: () => ask(() => store.holders()),
    balances: (accounts) => ask(() => store.balances(accounts)),
    operate: (operation) => ask(() => store.operate(operation)),
    doubts: () => ask(() => store.doubts()),
    journal: (after) => ask(() => store.journal(after)),
    end: () => store.end(),
  };
}

/** How likely each fault is for one call. */
export type FaultChances = Partial<Record<Exclude<Fault['kind'], 'none'>, number>>;

/** A script drawn from a seed. Delays and stalls take up to 50 ms, fail-overs lose 1 to 3 changes. */
export function seededFaults(seed: string, chances: FaultChances): FaultScript {
  const random = randomOf(seed);
  const kinds = Object.entries(chances) as [Exclude<Fault['kind'], 'none'>, number][];
  return () => {
    let drawn = random();
    for (const [kind, chance] of kinds) {
      drawn -= chance;
      if (drawn >= 0) continue;
      if (kind === 'delay' || kind === 'stall') return { kind, ms: random.below(50) };
      if (kind === 'fail-over') return { kind, lost: 1 + random.below(3) };
      return { kind };
    }
    return { kind: 'none' };
  };
}

/** Faults one after the other, then none. */
export function listedFaults(...faults: readonly Fault[]): FaultScript {
  const waiting = [...faults];
  return () => waiting.shift() ?? { kind: 'none' };
}

function next<T, U>(value: Awaitable<T>, then: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(then) : then(value);
}

function failed(when: string): Error {
  return new OperationError('STORE_UNAVAILABLE', `The connection broke ${when}.`);
}
