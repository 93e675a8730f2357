import type { Account } from '../ledger/account.ts';
import type { EpochMs } from '../units/time.ts';
import { CapAccounts } from './cap-accounts.ts';
import type { Cap } from './cap.ts';
import { workOf } from './wrap-up.ts';
import { GLOBAL_SCOPE, type ScopeSet } from './scope.ts';

/** A cap needs a value for a dimension, and the call has none. */
export interface ScopeMissing {
  readonly kind: 'scope-missing';
  readonly capId: string;
  readonly dimension: string;
}

/** Every cap that applies to a call, as accounts. */
export interface Policy {
  readonly caps: readonly Cap[];
  /**
   * The accounts that a call with these scopes draws on, or the first value that is missing.
   *
   * P1. Accounts come in one fixed order: by cap as configured, then by value in code-unit order.
   * P2. No two share a key.
   * P3. While a window lasts, the same cap and value give the same frozen object, so keys are the
   *     same strings (for up to `ACCOUNTS_KEPT_MAX` values of a cap; beyond, equal ones).
   * P4. More values never mean fewer accounts: a nested scope adds and never replaces.
   * P5. A cap that keeps a part for wrapping up has a second account for all other calls, with the
   *     ceiling that is left; calls marked `wrapUp` draw on the whole cap only.
   */
  plan(scopes: ScopeSet, at: EpochMs, isWrapUp?: boolean): readonly Account[] | ScopeMissing;
  /** The cap that an account belongs to, by the account's `capId`. */
  capOf(capId: string): Cap | undefined;
  /**
   * The accounts that these scopes alone name, for looking at balances: caps on a dimension without
   * a value are left out.
   */
  accountsOf(scopes: ScopeSet, at: EpochMs): readonly Account[];
}

/** Plans calls under `caps`. Time comes in with each call; nothing here is ever reset. */
export function createPolicy(caps: readonly Cap[]): Policy {
  const planners = caps.flatMap((cap) => {
    const whole = new CapAccounts(cap);
    return cap.wrapUpParts === 0 ? [whole] : [whole, new CapAccounts(workOf(cap), cap)];
  });
  const byId = new Map(planners.map((planner) => [planner.cap.id, planner.cap]));
  return {
    caps,
    capOf: (capId) => byId.get(capId),
    plan(scopes, at, isWrapUp = false) {
      const accounts: Account[] = [];
      for (const planner of planners) {
        if (isWrapUp && planner.isWork) continue;
        if (planner.drawOn(scopes, at, accounts)) continue;
        const { id, scope } = planner.cap;
        return { kind: 'scope-missing', capId: id, dimension: scope };
      }
      return accounts;
    },
    accountsOf(scopes, at) {
      const accounts: Account[] = [];
      for (const planner of planners) {
        const { scope } = planner.cap;
        if (scope !== GLOBAL_SCOPE && !Object.hasOwn(scopes, scope)) continue;
        planner.drawOn(scopes, at, accounts);
      }
      return accounts;
    },
  };
}

/** Whether a plan ended at a missing value instead of accounts. */
export function isScopeMissing(plan: readonly Account[] | ScopeMissing): plan is ScopeMissing {
  return 'kind' in plan;
}
