import type { Account, Amounts, Balance } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { EpochMs } from '../../units/time.ts';

const DIMENSIONS = ['usd', 'tokens', 'calls'] as const;

/**
 * Whether room for `amounts` can come on all accounts until `deadline`: by calls in flight, which
 * may turn out to cost nothing, or by parts of windows that leave. What is spent for good never
 * comes back, so whoever would wait for it is refused at once.
 */
export function canCome(
  ledger: Ledger,
  { accounts, amounts }: { readonly accounts: readonly Account[]; readonly amounts: Amounts },
  deadline: EpochMs,
): boolean {
  return accounts.every(
    (account) => account.mode === 'observe' || canComeOn(ledger, account, { amounts, deadline }),
  );
}

function canComeOn(
  ledger: Ledger,
  account: Account,
  { amounts, deadline }: { readonly amounts: Amounts; readonly deadline: EpochMs },
): boolean {
  const balance = ledger.balance(account);
  if (!balance.overdrawn && fitsBeside(balance, account, amounts)) return true;
  const staying = account.parts.filter(({ leavesAt }) => leavesAt === null || leavesAt > deadline);
  if (staying.length === account.parts.length) return false;
  if (staying.length === 0) return fitsWhenEmpty(account, amounts);
  return fitsBeside(ledger.balance({ ...account, parts: staying }), account, amounts);
}

function fitsBeside({ spent }: Balance, { ceiling }: Account, amounts: Amounts): boolean {
  return DIMENSIONS.every((name) => {
    const most = ceiling[name];
    return most === undefined || spent[name] + amounts[name] <= most;
  });
}

function fitsWhenEmpty({ ceiling }: Account, amounts: Amounts): boolean {
  return DIMENSIONS.every((name) => amounts[name] <= (ceiling[name] ?? Infinity));
}

/** When the first part leaves a window of these accounts, if that is before `deadline`. */
export function nextLeaving(
  accounts: readonly Account[],
  { at, deadline }: { readonly at: EpochMs; readonly deadline: EpochMs },
): EpochMs | undefined {
  let next: EpochMs | undefined;
  for (const { parts } of accounts) {
    for (const { leavesAt } of parts) {
      if (leavesAt === null || leavesAt <= at || leavesAt > deadline) continue;
      if (next === undefined || leavesAt < next) next = leavesAt;
    }
  }
  return next;
}
