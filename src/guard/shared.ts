import { OperationError } from '../errors/error.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Schedule } from '../ledger/leases/ports.ts';
import type { SharedLedger } from '../ledger/shared-ledger.ts';
import type { EventHub } from './events.ts';
import type { UnendedHolds } from './unended.ts';
import type { Clock } from '../units/time.ts';

/** What a guard keeps its accounts with, budgets aside. */
export interface Keeping {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Ends of holds that the ledger could not record yet. */
  readonly unended: UnendedHolds;
  /** What waiting is timed with; `undefined`: the timers of the runtime. */
  readonly schedule: Schedule | undefined;
}

/** The same ledger where it is shared; `undefined` where it lives and dies in this process. */
export function sharedOf(ledger: Ledger): SharedLedger | undefined {
  return isShared(ledger) ? ledger : undefined;
}

/** Brings to the ledger what it could not record before. Rejects when it still cannot. */
export async function flushed(ledger: Ledger, unended: UnendedHolds): Promise<void> {
  unended.retry();
  await sharedOf(ledger)?.flush();
  if (unended.size === 0) return;
  const message = `The ledger cannot write the end of ${unended.size} holds; they stand.`;
  throw new OperationError('STORE_UNAVAILABLE', message);
}

/** A ledger that tells of what goes wrong between it, its store and its journal. */
interface TellingLedger extends Ledger {
  onFault(listener: (fault: { readonly kind: string; readonly message: string }) => void): void;
}

/** Listeners of `drift` hear the faults of a ledger that tells of them. */
export function tellFaults(ledger: Ledger, events: EventHub, clock: Clock): void {
  if (!isTelling(ledger)) return;
  ledger.onFault(({ kind, message }) =>
    events.emit('drift', () => ({
      at: clock(),
      id: null,
      kind: 'ledger-fault',
      message: `${kind}: ${message}`,
    })),
  );
}

function isTelling(ledger: Ledger): ledger is TellingLedger {
  const members: Partial<TellingLedger> = ledger;
  return typeof members.onFault === 'function';
}

function isShared(ledger: Ledger): ledger is SharedLedger {
  const members: Partial<SharedLedger> = ledger;
  return typeof members.warm === 'function' && typeof members.holder === 'string';
}
