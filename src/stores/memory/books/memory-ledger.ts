import type { JournalEvent } from '../../../ledger/journal.ts';
import { Books, type BooksOptions } from '../../../ledger/books.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { replay } from '../../../ledger/replay.ts';

/** What a memory ledger can be told. */
export interface MemoryLedgerOptions extends BooksOptions {
  /** A journal to begin from: what it records is in the ledger before the first order. */
  readonly from?: Iterable<JournalEvent> | undefined;
}

/** A ledger whose books are in reach, for inspection. */
export interface MemoryLedger extends Ledger {
  readonly books: Books;
}

/**
 * A ledger in this process's memory: synchronous, and lost with the process unless `journal`
 * keeps it.
 *
 * Not shared: two processes with a memory ledger each have a cap each. `reserve` never answers
 * `ask`. When `journal` throws, the order was not carried out: a reserve holds nothing, and a
 * hold that was to end stays open; the reply is `unavailable` with what was thrown as its cause.
 * Throws `CONFIG_INVALID` for a bad `endedMax` and `INVARIANT_BROKEN` for a journal in `from`
 * that does not fold.
 */
export function createMemoryLedger(options: MemoryLedgerOptions = {}): MemoryLedger {
  const books = options.from === undefined ? new Books(options) : replay(options.from, options);
  return {
    books,
    reserve: (order) => books.reserve(order),
    reserveAsync: async (order) => books.reserve(order),
    extend: (order) => books.extend(order),
    settle: (order) => books.settle(order),
    release: (order) => books.release(order),
    expire: (order) => books.expire(order),
    adjust: (order) => books.adjust(order),
    balance: (account) => books.balance(account),
    openHolds: () => books.openHolds(),
  };
}
