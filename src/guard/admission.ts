import { OperationError, type HardcapError } from '../errors/error.ts';
import { Reservation } from './reservation.ts';

/** What an adapter is answered: a hold, an error, or that the store must be asked first. */
export type Admission = Reservation | HardcapError | MustAsk;

/** The ledger cannot decide locally: nothing is held, and nothing may be sent yet. */
export interface MustAsk {
  readonly kind: 'must-ask';
  /** Asks the store; the call may go only on the hold that this brings. */
  readonly ask: () => Promise<Reservation | HardcapError>;
  /** The refusal for a caller that may not wait. Listeners are told of it. */
  readonly refuse: () => HardcapError;
}

/** Whether the ledger has to ask its store before the call may go. */
export function isMustAsk(admission: Admission): admission is MustAsk {
  return 'ask' in admission;
}

/** A hold or an error at once: who may not wait for the store is refused. */
export function withoutWaiting(admission: Admission): Reservation | HardcapError {
  return isMustAsk(admission) ? admission.refuse() : admission;
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
