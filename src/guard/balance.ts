import type { Account, Amounts, Balance } from '../ledger/account.ts';
import type { Ledger, Short } from '../ledger/ledger.ts';
import { fits } from '../kernel/arithmetic.ts';
import { addCalls, addTokens } from '../units/count.ts';
import { addNanoUsd, usdOf } from '../units/money.ts';
import { BudgetAccount, leavesOf, shortsOfBudgets } from './budgets/budget-account.ts';
import type { Quote } from './call.ts';

/** One account's balance, in dollars to read and in exact integers to compute with. */
export interface AccountBalance {
  readonly cap_id: string;
  readonly scope: string;
  readonly window: string;
  readonly mode: 'enforce' | 'observe';
  readonly spend_usd: number;
  readonly held_usd: number;
  /** `null` when the cap counts tokens or calls only. */
  readonly cap_usd: number | null;
  /** Dollars that may still be held; `null` when the cap has no money ceiling. */
  readonly remaining_usd: number | null;
  readonly spent_nano_usd: number;
  readonly held_nano_usd: number;
  readonly cap_nano_usd: number | null;
  readonly spent_tokens: number;
  readonly held_tokens: number;
  readonly cap_tokens: number | null;
  readonly spent_calls: number;
  readonly held_calls: number;
  readonly cap_calls: number | null;
  readonly overdrawn: boolean;
  /** When the window ends, ISO 8601 in UTC; `null` for lifetime. */
  readonly resets_at: string | null;
}

const DIMENSIONS = ['usd', 'tokens', 'calls'] as const;

/** What stands in one account, as the ledger knows it now. */
export function balanceOf(ledger: Ledger, account: Account): AccountBalance {
  return describeBalance(account, ledger.balance(account));
}

/**
 * The enforced accounts that have too little room for the quote now, and those of `promised`, whose
 * room is for somebody who came before. Nothing is held.
 */
export function shortOf(
  ledger: Ledger,
  quote: Pick<Quote, 'accounts' | 'amounts'>,
  promised: readonly Account[] = [],
): readonly Short[] {
  const short: Short[] = [];
  for (const account of quote.accounts) {
    if (account.mode === 'observe' || account instanceof BudgetAccount) continue;
    const balance = ledger.balance(account);
    const found = DIMENSIONS.find((name) => !hasRoom(account, balance, quote.amounts, name));
    const isPromised = promised.some(({ capId, scope }) => isSame(account, { capId, scope }));
    const dimension = found ?? (isPromised ? cappedIn(account) : undefined);
    if (dimension === undefined) continue;
    short.push({ account, balance, dimension, parts: partsOf(ledger, account) });
  }
  return [...short, ...shortsOfBudgets(leavesOf(quote.accounts), quote.amounts)];
}

function isSame(account: Account, { capId, scope }: Pick<Account, 'capId' | 'scope'>): boolean {
  return account.capId === capId && account.scope === scope;
}

function cappedIn({ ceiling }: Account): (typeof DIMENSIONS)[number] | undefined {
  return DIMENSIONS.find((name) => ceiling[name] !== undefined);
}

function hasRoom(
  account: Account,
  balance: Balance,
  amounts: Amounts,
  name: (typeof DIMENSIONS)[number],
): boolean {
  const ceiling = account.ceiling[name];
  if (ceiling === undefined) return true;
  if (balance.overdrawn) return false;
  return fits(balance.spent[name] + balance.held[name], amounts[name], ceiling);
}

/** What stands in each part of the window, spent and held together. */
function partsOf(ledger: Ledger, account: Account): readonly Amounts[] {
  return account.parts.map((part) => {
    const { spent, held } = ledger.balance({ ...account, parts: [part] });
    return {
      usd: addNanoUsd(spent.usd, held.usd),
      tokens: addTokens(spent.tokens, held.tokens),
      calls: addCalls(spent.calls, held.calls),
    };
  });
}

/** One account and its balance in plain JSON. */
export function describeBalance(
  account: Account,
  { spent, held, overdrawn }: Balance,
): AccountBalance {
  const { usd, tokens, calls } = account.ceiling;
  const leavesAt = account.parts.at(-1)?.leavesAt ?? null;
  return {
    cap_id: account.capId,
    scope: account.scope,
    window: account.window,
    mode: account.mode,
    spend_usd: usdOf(spent.usd),
    held_usd: usdOf(held.usd),
    cap_usd: usd === undefined ? null : usdOf(usd),
    remaining_usd: usd === undefined ? null : Math.max(0, usd - spent.usd - held.usd) / 1e9,
    spent_nano_usd: spent.usd,
    held_nano_usd: held.usd,
    cap_nano_usd: usd ?? null,
    spent_tokens: spent.tokens,
    held_tokens: held.tokens,
    cap_tokens: tokens ?? null,
    spent_calls: spent.calls,
    held_calls: held.calls,
    cap_calls: calls ?? null,
    overdrawn,
    resets_at: leavesAt === null ? null : new Date(leavesAt).toISOString(),
  };
}
