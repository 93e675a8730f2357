import type { Account } from '../account.ts';
import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  HolderState,
} from './message.ts';
import type { JournalEntry, Operation, OperationReply, DoubtState } from './operation.ts';
import type { Sums } from './sums.ts';

/** A value now, or later: a store in this process answers at once. */
export type Awaitable<T> = T | Promise<T>;

/** What everybody together has spent and holds in one account. */
export interface StoreBalance {
  readonly spent: Sums;
  readonly held: Sums;
}

/**
 * The granting side: a store that many holders lease slices of accounts from. The conformance suite
 * for it repeats these numbers.
 *
 * A method throws, or its promise rejects, only when the store cannot say what became of it: the
 * caller says the same again. `CONFIG_INVALID` and `INVARIANT_BROKEN` are final.
 *
 * S1. `spent + held <= ceiling` in every capped dimension over all parts of the window, after
 *     every grant and for any interleaving; held is what all slices still hold.
 * S2. What was answered is durable: no crash of holder or store forgets a grant that was told.
 * S3. A message is applied once, however often it arrives, and never after a later one.
 * S4. Held is, at every moment, the sum over open holders of `granted - returned - spent`, and
 *     never negative.
 * S5. What was spent is booked, above the slice and above the ceiling too.
 * S6. A closed holder changes nothing any more, and is closed once.
 * S7. Time gives nothing back: only the holder's own word or its journal does. A store may forget
 *     a window, with all that is held and spent there, 48 hours after it ended (Redis does):
 *     `balances` then reads nothing, and nothing is ever granted there again.
 * S8. A grant is at least `need` or nothing, at most `want`, and near the cap at most `demand`.
 *     What of it goes to waiting calls is not idle to others, as if the holder had said so: all of
 *     `demand`, or `need` where it does not do for all.
 * S9. A store that has lost state says `lost` and grants nothing; it never reads absence as zero.
 *     A window that it forgot as S7 says is no loss: what a holder says of it is answered with its
 *     own figures, what it asks for is refused, and nothing of it is kept.
 * S10. Operations are applied once by id, and journaled with who and why, chained by hashes.
 */
export interface LeaseStore {
  /** Whether every method answers at once, so that nobody needs to wait. */
  readonly isSynchronous: boolean;
  /** Registers a holder; before its first message. The same identity again changes nothing. */
  open(identity: HolderIdentity): Awaitable<void>;
  exchange(message: HolderMessage): Awaitable<ExchangeReply>;
  close(order: CloseOrder): Awaitable<CloseReply>;
  /** Open holders, oldest first. */
  holders(): Awaitable<readonly HolderState[]>;
  /** What stands in each account over all parts of its window, in the order asked. */
  balances(accounts: readonly Account[]): Awaitable<readonly StoreBalance[]>;
  /** Carries out what an operator ordered. */
  operate(operation: Operation): Awaitable<OperationReply>;
  /** Calls charged at their bound that nobody has resolved, oldest first. */
  doubts(): Awaitable<readonly DoubtState[]>;
  /** What was done to the books by hand or by recovery, in order, after record `after`. */
  journal(after?: number): Awaitable<readonly JournalEntry[]>;
  /** Lets go of what the store itself opened: files, timers, listeners. Clients stay open. */
  end(): Awaitable<void>;
}
