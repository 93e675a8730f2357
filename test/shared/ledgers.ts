/** Ledgers over a store, as an application's process would open them. */

import { createLeasedLedger } from '../../src/ledger/leases/leased-ledger.ts';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { LeasePolicy } from '../../src/ledger/leases/policy.ts';
import type { HolderJournal } from '../../src/ledger/leases/ports.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { identityOf } from '../../src/stores/conformance/lease-orders.ts';
import { systemClock, type Clock } from '../../src/units/time.ts';

/** How a ledger over a store is to be. */
export interface LedgerOptions {
  readonly name: string;
  readonly mode: 'leased' | 'direct';
  readonly clock?: Clock;
  readonly policy?: Partial<LeasePolicy>;
  readonly journal?: HolderJournal;
}

/** Registers a holder of the name and opens its ledger. */
export async function openLedgerOver(
  store: LeaseStore,
  { name, mode, clock = systemClock, policy, journal }: LedgerOptions,
): Promise<SharedLedger> {
  return createLeasedLedger({
    store,
    identity: identityOf(name),
    clock,
    now: () => performance.now(),
    schedule: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    policy: { ...policy, mode },
    ...(journal === undefined ? {} : { journal }),
  });
}
