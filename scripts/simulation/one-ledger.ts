import { createMemoryLedger } from '../../src/stores/memory/books/memory-ledger.ts';
import type { Plant } from '../../test/simulation/planted.ts';

/**
 * All processes ask one and the same ledger, which answers in no time: what no shared store can do
 * better than. A plant is of one run. The store of such a run stays empty, so only the figures of
 * the fleet mean anything.
 */
export function oneLedger(): Plant {
  const all = createMemoryLedger();
  return {
    name: 'one ledger',
    ledger: ({ holder }) => ({
      ...all,
      holder,
      warm: () => Promise.resolve(),
      refresh: () => Promise.resolve(),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  };
}
