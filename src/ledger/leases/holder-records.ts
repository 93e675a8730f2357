import { OperationError, invariant } from '../../errors/error.ts';
import type { Account } from '../account.ts';
import type { Books } from '../books.ts';
import type { JournalEvent } from '../journal.ts';
import type { HolderJournal, HolderRecord, HolderSnapshot } from './ports.ts';
import { Slice } from './slice.ts';

/** Tells a holder's journal what the books are about to do, in the caller's own accounts. */
export class HolderRecords {
  /** The accounts that the order at hand names. */
  accounts: readonly Account[] = [];
  /** Whether the last record could not be kept. */
  isFailed = false;
  readonly #journal: HolderJournal;

  constructor(journal: HolderJournal) {
    this.#journal = journal;
  }

  /** Keeps one event; throws when it is not kept. */
  keep(event: JournalEvent, books: Books): void {
    this.isFailed = true;
    const answer: unknown = this.#journal.record(this.#recordOf(event, books));
    if (typeof answer === 'object' && answer !== null && 'then' in answer) {
      throw new OperationError('STORE_UNAVAILABLE', 'The journal of a holder is synchronous.');
    }
    this.isFailed = false;
  }

  #recordOf(event: JournalEvent, books: Books): HolderRecord {
    const { id, at } = event;
    switch (event.kind) {
      case 'reserved':
        return { kind: 'reserved', id, at, amounts: event.amounts, accounts: this.accounts };
      case 'extended':
        return { kind: 'extended', id, at, by: event.by };
      case 'settled':
        return { kind: 'settled', id, at, amounts: event.amounts };
      case 'released':
      case 'expired':
        return { kind: event.kind, id, at, reason: event.reason };
      case 'adjusted': {
        const ended = books.state.ended.get(id);
        invariant(ended !== undefined, 'what is corrected had ended');
        return {
          kind: 'adjusted',
          id: event.adjustmentId,
          reservationId: id,
          at,
          replaced: ended.booked,
          amounts: event.amounts,
          accounts: this.accounts,
          reason: event.reason,
        };
      }
    }
  }
}

/** The present state of a holder, as its journal must be able to prove it. */
export function snapshotOf(books: Books, slices: Iterable<Slice>): HolderSnapshot {
  const spent = [...slices].flatMap((slice) => {
    const amounts = books.balance({ ...slice.account, parts: [...ownPart(slice)] }).spent;
    const isNone = amounts.usd + amounts.tokens + amounts.calls === 0;
    return isNone ? [] : [{ account: slice.account, amounts }];
  });
  const open = books.state.open.list().map(({ id, at, held, accounts }) => {
    return { id, at, amounts: held, accounts: accounts.map(accountOf) };
  });
  return { spent, open };
}

/** The caller's account of what the books know as a slice. */
export function accountOf(account: Account): Account {
  return account instanceof Slice ? account.account : account;
}

function ownPart({ parts }: Slice): Account['parts'] {
  return parts.slice(-1);
}
