import { Budget, type BudgetView } from '../../budget/budget.ts';
import type { Pool } from '../../budget/pool.ts';
import { MisuseError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Policy } from '../../policy/plan.ts';
import { BUDGET_SCOPE, type Scopes, type ScopeSet } from '../../policy/scope.ts';
import { BudgetAccount } from './budget-account.ts';
import { grantedAccountsOf } from './granted-trees.ts';

/** Scopes as a caller gives them: values of dimensions, and a budget to draw on. */
export type RunScopes = {
  /** Lent, not handed over: every call inside draws on it and on all above it. */
  readonly budget?: BudgetView | undefined;
  readonly [dimension: string]: string | BudgetView | undefined;
};

/** The budgets that scopes name, by the id of their account. Kept alive by those scopes. */
const named = new Map<string, WeakRef<Pool>>();
const forgotten = new FinalizationRegistry<string>((id) => named.delete(id));

/** A pool lives as long as the scopes that name it. */
const alive = new WeakMap<Scopes, Pool>();

/**
 * The same scopes as plain text, with the budget as a reserved dimension.
 *
 * Throws `HANDLE_SPENT` for a budget that was used up, `REQUEST_INVALID` for what is no budget.
 */
export function readRunScopes(given: RunScopes | Scopes): Scopes {
  if (typeof given !== 'object' || given === null || typeof given['budget'] !== 'object') {
    return given as Scopes;
  }
  const { budget, ...rest } = given;
  const pool = Budget.poolOf(budget);
  if (pool === undefined) {
    throw new MisuseError(
      'REQUEST_INVALID',
      'scopes.budget is no live budget: it comes from Budget.create or guard.budget, and a copy ' +
        'of one has no money behind it.',
    );
  }
  const { capId } = BudgetAccount.of(pool);
  if (!named.has(capId)) {
    named.set(capId, new WeakRef(pool));
    forgotten.register(pool, capId);
  }
  const scopes = { ...(rest as Scopes), [BUDGET_SCOPE]: capId };
  alive.set(scopes, pool);
  return scopes;
}

/**
 * A policy whose plans draw on the budgets, too, that the scopes name, and on the grants that those
 * were redeemed from. `ledger` is what keeps the accounts of all but budgets.
 */
export function withBudgets(policy: Policy, ledger: Ledger): Policy {
  return {
    caps: policy.caps,
    capOf: (capId) => policy.capOf(capId),
    plan(scopes, at, isWrapUp) {
      const accounts = policy.plan(scopes, at, isWrapUp);
      return 'kind' in accounts ? accounts : joined(accounts, scopes, ledger);
    },
    accountsOf: (scopes, at) => joined(policy.accountsOf(scopes, at), scopes, ledger),
  };
}

function joined(
  accounts: readonly Account[],
  scopes: ScopeSet,
  ledger: Ledger,
): readonly Account[] {
  const ids = scopes[BUDGET_SCOPE];
  if (ids === undefined) return accounts;
  const leaves = leavesOf(ids.map(poolOf));
  const chains = new Set<Account>(grantedAccountsOf(leaves, ledger));
  for (const pool of leaves) {
    for (const account of BudgetAccount.chainOf(pool)) chains.add(account);
  }
  return [...accounts, ...chains];
}

function poolOf(id: string): Pool {
  const pool = named.get(id)?.deref();
  if (pool !== undefined) return pool;
  throw new MisuseError(
    'REQUEST_INVALID',
    `${BUDGET_SCOPE} = ${JSON.stringify(id)}: no such budget lives here. Pass the budget itself: ` +
      'guard.run({ budget }, fn).',
  );
}

/** The innermost budgets: one for each tree, since a call has one place in a tree. */
function leavesOf(pools: readonly Pool[]): readonly Pool[] {
  const leaves = pools.filter(
    (pool) => !pools.some((other) => other !== pool && other.isWithin(pool)),
  );
  const roots = new Map<Pool, Pool>();
  for (const pool of leaves) {
    const sibling = roots.get(pool.root);
    if (sibling !== undefined) {
      throw new MisuseError(
        'REQUEST_INVALID',
        `Budgets ${JSON.stringify(sibling.name)} and ${JSON.stringify(pool.name)} stand side by ` +
          'side in one tree; a call draws on one branch. Run it inside one of the two.',
      );
    }
    roots.set(pool.root, pool);
  }
  return leaves;
}
