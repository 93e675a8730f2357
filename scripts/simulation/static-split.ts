import type { Account } from '../../src/ledger/account.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { createMemoryLedger } from '../../src/stores/memory/books/memory-ledger.ts';
import { nanoUsd } from '../../src/units/money.ts';
import { tokens } from '../../src/units/count.ts';
import type { Plant } from '../../test/simulation/planted.ts';

/**
 * Every process has its own fixed share of every cap, and asks nobody: what one would do without a
 * shared store. The store of such a run stays empty, so only the figures of the fleet mean anything.
 */
export function staticSplit(holders: number): Plant {
  return { name: 'static split', ledger: (leased) => splitLedger(leased.holder, holders) };
}

function splitLedger(holder: string, holders: number): SharedLedger {
  const own = createMemoryLedger();
  const shares = new Map<Account, Account>();
  const shareOf = (account: Account): Account => {
    let share = shares.get(account);
    if (share === undefined) shares.set(account, (share = divided(account, holders)));
    return share;
  };
  return {
    ...own,
    holder,
    reserve: (order) => own.reserve({ ...order, accounts: order.accounts.map(shareOf) }),
    warm: () => Promise.resolve(),
    refresh: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function divided(account: Account, holders: number): Account {
  const part = (cap: number | undefined): number | undefined =>
    cap === undefined ? undefined : Math.floor(cap / holders);
  const { usd, tokens: token } = account.ceiling;
  const ceiling = { usd: nanoUsd(part(usd)), tokens: tokens(part(token)), calls: undefined };
  return { ...account, ceiling };
}
