import type { Account } from '../../../ledger/account.ts';
import type { StoreBalance } from '../../../ledger/leases/lease-store.ts';
import { NO_SUMS, plus, type Sums } from '../../../ledger/leases/sums.ts';
import { texts, type Command } from './driver.ts';
import { familyOf } from './keys.ts';
import type { Server } from './server.ts';

/** See `LeaseStore`: read from the server whose record of the epoch is as we know it, or not. */
export async function readBalances(
  server: Server,
  accounts: readonly Account[],
): Promise<readonly StoreBalance[]> {
  const found = await server.reads(
    accounts.map((account) => (): Command => {
      const names = account.parts.map(({ key }) => key);
      return ['HMGET', server.keys.accounts(familyOf(account)), ...names];
    }),
  );
  return found.map((rows) => {
    let [spent, held] = [NO_SUMS, NO_SUMS];
    for (const row of texts(rows)) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbersOf(row);
      spent = plus(spent, [a, b, c] satisfies Sums);
      held = plus(held, [d, e, f] satisfies Sums);
    }
    return { spent, held };
  });
}

function numbersOf(row: string): readonly number[] {
  return row === '' ? [] : row.split(' ').map(Number);
}
