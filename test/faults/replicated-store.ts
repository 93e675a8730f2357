import type { Awaitable, LeaseStore } from '../../src/ledger/leases/lease-store.ts';

/** A synchronous lease store of which a copy runs behind, to take over without the last changes. */
export interface ReplicatedStore extends LeaseStore {
  /** The copy takes over: of all changes so far the last `lost` never happened. */
  readonly failOver: (lost: number) => void;
  /** The store that answers now. */
  readonly current: () => LeaseStore;
}

/** Records every change, so that it can be done again on a new store, up to any of them. */
export function createReplicatedStore(create: () => LeaseStore): ReplicatedStore {
  let store = create();
  let log: ((to: LeaseStore) => unknown)[] = [];
  const change = <T>(apply: (to: LeaseStore) => Awaitable<T>): Awaitable<T> => {
    log.push(apply);
    return apply(store);
  };
  return {
    isSynchronous: true,
    failOver: (lost) => {
      log = log.slice(0, Math.max(0, log.length - lost));
      store = create();
      for (const apply of log) apply(store);
    },
    current: () => store,
    open: (identity) => change((to) => to.open(identity)),
    exchange: (message) => change((to) => to.exchange(message)),
    close: (order) => change((to) => to.close(order)),
    operate: (operation) => change((to) => to.operate(operation)),
    holders: () => store.holders(),
    balances: (accounts) => store.balances(accounts),
    doubts: () => store.doubts(),
    journal: (after) => store.journal(after),
    end: () => store.end(),
  };
}
