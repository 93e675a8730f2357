import { OperationError } from '../../errors/error.ts';
import type { Clock } from '../../units/time.ts';
import type { LeaseStore } from './lease-store.ts';
import type { HolderIdentity } from './message.ts';
import type { LeasePolicy } from './policy.ts';
import type { MonotonicMs, Schedule } from './ports.ts';

/** Something that people should know, though no call failed by it alone. */
export interface Fault {
  readonly kind: 'fenced' | 'lost' | 'redeclare' | 'unreachable' | 'unrecorded' | 'journal';
  readonly message: string;
}

/** What a holder is handed. */
export interface LeasingPorts {
  readonly store: LeaseStore;
  readonly identity: HolderIdentity;
  readonly policy: LeasePolicy;
  readonly clock: Clock;
  readonly now: MonotonicMs;
  readonly schedule: Schedule;
  readonly onFault: (fault: Fault) => void;
}

/** The error for callers that need the store, with what happened as its cause. */
export function unavailableFrom(cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const message = `The store of the ledger cannot be asked: ${textOf(cause)}`;
  return new OperationError('STORE_UNAVAILABLE', message, { cause });
}

/** What went wrong, for people. */
export function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
