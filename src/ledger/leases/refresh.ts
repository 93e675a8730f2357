import type { Account } from '../account.ts';
import { lastPart } from '../account-table.ts';
import { takenAtStore } from './hearing.ts';
import type { LeaseStore, StoreBalance } from './lease-store.ts';
import type { Leasing } from './leasing.ts';
import type { Picture } from './picture.ts';
import { NO_SUMS, minus, plus, type Sums } from './sums.ts';

/** Who asks, and who is told. */
export interface Refreshing {
  readonly accounts: readonly Account[];
  readonly leasing: Leasing;
  readonly picture: Picture;
}

/** Asks the store what others take of the accounts. Rejects with `STORE_UNAVAILABLE`. */
export async function refreshFrom(
  store: LeaseStore,
  { accounts, leasing, picture }: Refreshing,
): Promise<void> {
  const parts = accounts.flatMap((account) =>
    account.parts.map((part): Account => ({ ...account, parts: [part] })),
  );
  if (parts.length === 0) return;
  // Read between two messages: what the store counts as ours is what it was told last.
  await leasing.ask(
    () => store.balances(parts),
    (balances) => {
      let next = 0;
      for (const account of accounts) {
        const ofParts = balances.slice(next, next + account.parts.length);
        next += account.parts.length;
        tell(account, ofParts, { accounts, leasing, picture });
      }
    },
  );
}

function tell(
  account: Account,
  balances: readonly StoreBalance[],
  { leasing, picture }: Refreshing,
): void {
  const { slices } = leasing.leases;
  let [othersSpent, othersHeld]: [Sums, Sums] = [NO_SUMS, NO_SUMS];
  const othersByPart = account.parts.map(({ key }, index) => {
    const own = slices.get(key);
    const taken = own === undefined ? NOTHING : takenAtStore(own);
    const spent = minus(balances[index]?.spent ?? NO_SUMS, taken.spent);
    const held = minus(balances[index]?.held ?? NO_SUMS, taken.held);
    othersSpent = plus(othersSpent, spent);
    othersHeld = plus(othersHeld, held);
    return plus(spent, held);
  });
  const slice = slices.get(lastPart(account).key);
  if (slice?.heard === undefined) {
    picture.hear(account, { spent: othersSpent, held: othersHeld });
    return;
  }
  slice.heard = { ...slice.heard, othersSpent, othersHeld, othersByPart };
  slice.fit();
}

const NOTHING = { spent: NO_SUMS, held: NO_SUMS };
