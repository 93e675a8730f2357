import type { HardcapError } from '../../errors/error.ts';
import type { ReserveOrder, ReserveReply } from '../../ledger/ledger.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import type { Tokens } from '../../units/count.ts';
import type { Reservation } from '../reservation.ts';
import type { Waiter } from './waiting-room.ts';

/** What has to be awaited on the way to a decision. */
export type Step =
  /** The ledger must ask its store. */
  | { readonly kind: 'ask'; readonly order: ReserveOrder }
  /** The provider's own counter. */
  | { readonly kind: 'count'; readonly facts: RequestFacts }
  /** Room on accounts. */
  | { readonly kind: 'wait'; readonly waiter: Waiter };

/** What the step of the same kind came to. */
export type Answer =
  | { readonly kind: 'replied'; readonly reply: ReserveReply }
  /** The ledger broke its word; whatever it means, nothing may leave on it. */
  | { readonly kind: 'failed'; readonly error: HardcapError }
  | { readonly kind: 'counted'; readonly tokens: Tokens | undefined }
  | { readonly kind: 'waited'; readonly outcome: Outcome | undefined };

/** A hold, or a refusal that listeners were told of. */
export type Outcome = Reservation | HardcapError;

/** A decision that stops where something must be awaited, and goes on with its answer. */
export type Procedure<T> = Generator<Step, T, Answer | undefined>;
