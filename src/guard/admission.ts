import { invariant, OperationError, type HardcapError } from '../errors/error.ts';
import { Reservation } from './reservation.ts';

/** What an adapter is answered: a hold, an error, or that something must be awaited first. */
export type Admission = Reservation | HardcapError | MustAsk;

/** It cannot be decided at once: nothing is held, and nothing may be sent yet. */
export interface MustAsk {
  readonly kind: 'must-ask';
  /**
   * Asks the store, counts or waits for room; the call may go only on the hold that this brings.
   * Called once, and at once: those who wait do so in the order of these calls. Rejects with the
   * signal's reason.
   */
  readonly ask: (signal?: AbortSignal) => Promise<Reservation | HardcapError>;
}

/** Whether something must be awaited before the call may go. */
export function isMustAsk(admission: Admission): admission is MustAsk {
  return 'ask' in admission;
}

/** What a caller that does not await was answered. */
export function withoutWaiting(admission: Admission): Reservation | HardcapError {
  invariant(!isMustAsk(admission), 'a caller that does not await is answered at once');
  return admission;
}

/** The hold, watched: it is closed as spent should its owner drop it. Throws the error. */
export function heldByHand(answer: Reservation | HardcapError): Reservation {
  if (answer instanceof Reservation) return answer.watched();
  throw answer;
}

/** The refusal where the ledger has no answer. */
export function storeUnavailable(cause: unknown): OperationError {
  const message = 'The ledger cannot decide now, so no money is held and nothing was sent.';
  return new OperationError('STORE_UNAVAILABLE', message, { cause });
}

/** The refusal where only the store could answer, and the caller did not wait for it. */
export function storeNotAsked(): OperationError {
  const message =
    'The ledger must ask its store first, so no money is held and nothing was sent. ' +
    'Use `reserveAsync`, or `warm` these scopes beforehand.';
  return new OperationError('STORE_UNAVAILABLE', message);
}
