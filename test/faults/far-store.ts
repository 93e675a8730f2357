/** A store as one behind a network is: answers take a moment, stand still, or do not come. */

import {
  createMemoryLeaseStore,
  type MemoryLeaseStore,
} from '../../src/stores/memory/lease-store.ts';
import { createFaultStore, type FaultStore } from './fault-store.ts';

export interface FarStore {
  /** What holders are given. */
  readonly store: FaultStore;
  /** What stands behind the network, to be looked into and changed by others. */
  readonly inner: MemoryLeaseStore;
  /** From now on answers stand still. */
  shut(): void;
  /** Lets through what stood still, and what comes after. */
  letThrough(): void;
  /** From now on, or no longer, calls fail before they arrive. */
  setDown(isDown: boolean): void;
}

/** A memory store one millisecond away. */
export function createFarStore(): FarStore {
  const inner = createMemoryLeaseStore();
  let gate: Promise<void> | undefined;
  let open = () => {};
  let isDown = false;
  const store = createFaultStore({
    store: inner,
    script: () => (isDown ? { kind: 'error-before' } : { kind: 'delay', ms: 1 }),
    schedule: (ms, then) => {
      const timer = setTimeout(() => void (gate ?? Promise.resolve()).then(then), ms);
      return () => clearTimeout(timer);
    },
  });
  return {
    store,
    inner,
    shut: () => {
      gate = new Promise((resolve) => (open = resolve));
    },
    letThrough: () => {
      gate = undefined;
      open();
    },
    setDown: (to) => {
      isDown = to;
    },
  };
}
