import { UNLIMITED } from '../../budget/budget-amounts.ts';
import { budgetScope } from '../../budget/budget-error.ts';
import { DIMENSIONS } from '../../budget/budget-amounts.ts';
import { Pool } from '../../budget/pool.ts';
import type { Account, Amounts, Balance, Ceiling, WindowPart } from '../../ledger/account.ts';
import { amountsFromCounters } from '../../ledger/amounts.ts';
import type { Short } from '../../ledger/ledger.ts';
import { nanoUsd } from '../../units/money.ts';
import { calls, tokens } from '../../units/count.ts';

let poolsNamed = 0;

/**
 * A budget as an account like any other: a cap of its own, for its lifetime. Its ceiling is what
 * was granted to the budget, and follows when money moves in or out.
 */
export class BudgetAccount implements Account {
  readonly pool: Pool;
  readonly capId: string;
  readonly scope: string;
  readonly window = 'lifetime';
  readonly mode = 'enforce';
  readonly parts: readonly WindowPart[];
  declare readonly ceiling: Ceiling;
  declare readonly isClosed: boolean;

  private constructor(pool: Pool) {
    this.pool = pool;
    this.scope = budgetScope(pool);
    // Two budgets may bear one name; their accounts are still two.
    poolsNamed += 1;
    this.capId = `${this.scope}#${poolsNamed}`;
    this.parts = Object.freeze([Object.freeze({ key: this.capId, leavesAt: null })]);
    // Own properties, as of any account: who asks for one part of a window copies the account.
    Object.defineProperty(this, 'ceiling', { get: () => ceilingOf(pool), enumerable: true });
    Object.defineProperty(this, 'isClosed', { get: () => pool.isClosed, enumerable: true });
  }

  /** The account of a pool: always the same object. */
  static of(pool: Pool): BudgetAccount {
    const known = accounts.get(pool);
    if (known !== undefined) return known;
    const account = new BudgetAccount(pool);
    accounts.set(pool, account);
    return account;
  }

  /** The accounts of a pool and of all above it, outermost first. */
  static chainOf(pool: Pool): readonly BudgetAccount[] {
    const chain: BudgetAccount[] = [];
    for (let at: Pool | undefined = pool; at !== undefined; at = at.parent) {
      chain.unshift(BudgetAccount.of(at));
    }
    return chain;
  }

  /** What stands behind an account or a copy of one; `undefined`: it is no budget's. */
  static behind(account: Account): BudgetAccount | undefined {
    if (account instanceof BudgetAccount) return account;
    return 'pool' in account && account.pool instanceof Pool
      ? BudgetAccount.of(account.pool)
      : undefined;
  }

  balance(): Balance {
    const { granted, spent, held } = this.pool.balance();
    const isOver = DIMENSIONS.some((_, index) => (spent[index] ?? 0) > (granted[index] ?? 0));
    return {
      spent: amountsFromCounters(spent[0] ?? 0, spent[1] ?? 0, spent[2] ?? 0),
      held: amountsFromCounters(held[0] ?? 0, held[1] ?? 0, held[2] ?? 0),
      overdrawn: isOver || this.pool.isClosed,
    };
  }
}

const accounts = new WeakMap<Pool, BudgetAccount>();

function ceilingOf(pool: Pool): Ceiling {
  const { granted } = pool.balance();
  const ceiling = <T>(index: number, unit: (value: unknown) => T | undefined) =>
    granted[index] === UNLIMITED ? undefined : unit(granted[index]);
  return { usd: ceiling(0, nanoUsd), tokens: ceiling(1, tokens), calls: ceiling(2, calls) };
}

/** What an attempt takes from a budget: attempts have no length in time. */
export function vectorOf({ usd, tokens: token, calls: call }: Amounts): readonly number[] {
  return [usd, token, call, 0];
}

/** What a budget is short of for `amounts`; `undefined` when it has enough, all above it too. */
export function shortOfBudget(pool: Pool, amounts: Amounts): Short | undefined {
  const short = pool.shortOf(vectorOf(amounts));
  if (short === undefined) return undefined;
  const account = BudgetAccount.of(short.pool);
  const balance = account.balance();
  const dimension = (['usd', 'tokens', 'calls'] as const)[short.dimension] ?? 'usd';
  const { usd, tokens: token, calls: call } = balance.spent;
  return { account, balance, dimension, parts: [{ usd, tokens: token, calls: call }] };
}

/** The budgets that an order draws on itself; those above them are drawn on through them. */
export function leavesOf(accounts: readonly Account[]): readonly Pool[] {
  let pools: Pool[] | undefined;
  for (const account of accounts) {
    if (account instanceof BudgetAccount) (pools ??= []).push(account.pool);
  }
  if (pools === undefined) return NONE;
  const all = pools;
  return all.filter((pool) => !all.some((other) => other !== pool && other.isWithin(pool)));
}

const NONE: readonly Pool[] = Object.freeze([]);

/** What the budgets among these are short of for `amounts`. */
export function shortsOfBudgets(pools: readonly Pool[], amounts: Amounts): readonly Short[] {
  return pools.flatMap((pool) => shortOfBudget(pool, amounts) ?? []);
}
