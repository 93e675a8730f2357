import { OperationError } from '../../errors/error.ts';
import type { EpochMs } from '../../units/time.ts';
import { lastPart } from '../account-table.ts';
import { unavailableFrom } from './leasing-ports.ts';
import type { Holdings } from './holdings.ts';
import type { LeaseStore } from './lease-store.ts';
import type { CloseReply, InDoubt, SliceFinal } from './message.ts';
import { takenSums } from './leases.ts';
import { isWithin, sumsOf } from './sums.ts';

/** The end of a holder, by its own word. */
export interface HolderEnd {
  readonly store: LeaseStore;
  readonly holder: string;
  readonly at: EpochMs;
  readonly holdings: Holdings;
  /** What later orders are told. */
  readonly cause: unknown;
}

/**
 * Closes open holds as spent, tells the store everything, gives everything back and ends the
 * holder. Rejects with `STORE_UNAVAILABLE` when the store cannot be told; then only recovery can.
 */
export async function endHolder({ store, holder, at, holdings, cause }: HolderEnd): Promise<void> {
  const { leasing } = holdings;
  const { ended } = leasing;
  leasing.line.failAll(cause);
  const inDoubt = expireAll(holdings, at);
  leasing.leases.isClosing = true;
  try {
    if (ended !== undefined) throw unavailableFrom(ended);
    await leasing.flush();
    if (!leasing.isOpened) return;
    const finals = finalsOf(holdings);
    const why = { by: holder, reason: 'The ledger was closed by its process.' } as const;
    const reply = await leasing.ask(
      () => store.close({ holder, at, ...why, how: 'proven', finals, inDoubt }),
      (answer: CloseReply) => answer,
    );
    if (reply.kind === 'unknown-holder') {
      throw new OperationError('STORE_UNAVAILABLE', `The store does not know ${holder}.`);
    }
  } finally {
    leasing.end(ended ?? cause);
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
    if (slice.told === undefined) return [];
    const spent = takenSums(usage, slice);
    const isTold = isWithin(spent, slice.told.spent) && isWithin(slice.told.spent, spent);
    return isTold ? [] : [{ key: slice.key, spent }];
  });
}
