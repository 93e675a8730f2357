import { OperationError } from '../../errors/error.ts';
import type { EpochMs } from '../../units/time.ts';
import { lastPart } from '../account-table.ts';
import { unavailableFrom } from './leasing-ports.ts';
import type { Holdings } from './holdings.ts';
import type { LeaseStore } from './lease-store.ts';
import type { CloseReply, InDoubt, SliceFinal } from './message.ts';
import { takenSums } from './leases.ts';
import { NO_SUMS, isWithin, sumsOf } from './sums.ts';

/** What the end of a holder needs. */
export interface HolderEndOptions {
  readonly store: LeaseStore;
  readonly holder: string;
  readonly holdings: Holdings;
  /** What later orders are told. */
  readonly cause: unknown;
}

/** The end of a holder, by its own word. */
export class HolderEnd {
  readonly #options: HolderEndOptions;
  /** Holds that were open, from the first try on. */
  readonly #inDoubt = new Map<string, InDoubt>();
  /** What the store said; it may come after the try that asked for it was given up. */
  #reply: CloseReply | undefined;

  constructor(options: HolderEndOptions) {
    this.#options = options;
  }

  /**
   * Closes open holds as spent, tells the store everything, gives everything back and ends the
   * holder. Rejects with `STORE_UNAVAILABLE` when the store cannot be told: then it may be tried
   * again, or recovery does it. Nothing is said of a holder that somebody else has closed.
   */
  async tell(at: EpochMs): Promise<void> {
    const { holder, holdings, cause } = this.#options;
    const { leasing } = holdings;
    leasing.line.failAll(cause);
    for (const call of expireAll(holdings, at)) this.#inDoubt.set(call.id, call);
    leasing.leases.isClosing = true;
    if (this.#reply === undefined) await this.#try(at);
    if (this.#reply?.kind === 'unknown-holder') {
      throw new OperationError('STORE_UNAVAILABLE', `The store does not know ${holder}.`);
    }
  }

  async #try(at: EpochMs): Promise<void> {
    const { store, holder, holdings, cause } = this.#options;
    const { leasing } = holdings;
    if (leasing.ended !== undefined) throw unavailableFrom(leasing.ended);
    leasing.insist();
    try {
      await leasing.flush();
      if (!leasing.isOpened) {
        leasing.end(cause);
        return;
      }
      const why = {
        by: holder,
        reason: 'The ledger was closed by its process.',
        how: 'proven',
      } as const;
      const [finals, inDoubt] = [finalsOf(holdings), [...this.#inDoubt.values()]];
      await leasing.ask(
        () => store.close({ holder, at, ...why, finals, inDoubt }),
        (reply: CloseReply) => {
          this.#reply = reply;
          leasing.end(cause);
        },
      );
    } catch (failed) {
      // What was given up may have been answered since: then it is done.
      if (this.#reply === undefined) throw failed;
    }
  }
}

/** Ends every open hold as spent; what was in flight is for an operator to look up. */
function expireAll(holdings: Holdings, at: EpochMs): readonly InDoubt[] {
  return holdings.books.state.open.list().map(({ id, at: since, held, accounts }) => {
    const slices = holdings.openSlices(id);
    holdings.books.expire({ id, at, reason: 'The ledger was closed with the hold open.' });
    holdings.changed(slices, false);
    const keys = accounts.map((account) => lastPart(account).key);
    return { id, at: since, amounts: sumsOf(held), keys };
  });
}

/** What the last messages could not say: holds that could not be ended count as spent. */
function finalsOf({ leasing, usage }: Holdings): readonly SliceFinal[] {
  return [...leasing.leases.slices.values()].flatMap((slice): SliceFinal[] => {
    const { account, told } = slice;
    const spent = takenSums(usage, slice);
    const before = told?.spent ?? NO_SUMS;
    const isTold = isWithin(spent, before) && isWithin(before, spent);
    return isTold ? [] : [{ account, spent }];
  });
}
