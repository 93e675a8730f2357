import { invariant } from '../../errors/error.ts';
import { lastPart } from '../account-table.ts';
import type { Account } from '../account.ts';
import type { CloseOrder, SliceFinal, SliceItem } from './message.ts';
import { NO_SUMS, isNothing } from './sums.ts';

/**
 * The finals of an order by the keys of their accounts; none of one that charges slices whole.
 *
 * Throws `INVARIANT_BROKEN` for a final that does not name its whole account: what it says could
 * not be booked where the holder has no slice, and is not to be passed over.
 */
export function finalsByKey({ how, finals }: CloseOrder): ReadonlyMap<string, SliceFinal> {
  for (const { account } of finals) {
    invariant(isWhole(account), 'a final names its whole account');
  }
  if (how === 'charged') return new Map();
  return new Map(finals.map((final) => [lastPart(final.account).key, final]));
}

/**
 * Items that open a slice of each account which the holder spent from and never told the store of,
 * and say nothing else: what was spent is booked when the slice is ended.
 */
export function openingItems(
  finals: ReadonlyMap<string, SliceFinal>,
  isKnown: (key: string) => boolean,
): readonly SliceItem[] {
  return [...finals].flatMap(([key, { account, spent }]): readonly SliceItem[] => {
    return isKnown(key) || isNothing(spent) ? [] : [{ account, ...SAYS_NOTHING }];
  });
}

const SAYS_NOTHING: Omit<SliceItem, 'account'> = Object.freeze({
  known: NO_SUMS,
  spent: NO_SUMS,
  returned: NO_SUMS,
  inFlight: NO_SUMS,
  need: NO_SUMS,
  demand: NO_SUMS,
  want: NO_SUMS,
});

/** Orders are read back from where a store keeps them, and may be older than this release. */
function isWhole(account: Partial<Account> | undefined): account is Account {
  if (typeof account?.ceiling !== 'object' || account.parts === undefined) return false;
  const names = [account.capId, account.scope, account.window, account.parts.at(-1)?.key];
  return names.every((name) => typeof name === 'string');
}
