import type { Account } from '../ledger/account.ts';
import type { LeaseStore } from '../ledger/leases/lease-store.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { createPolicy, type Policy } from '../policy/plan.ts';
import { readConfig } from '../policy/read-config.ts';
import { GLOBAL_SCOPE } from '../policy/scope.ts';
import type { Clock } from '../units/time.ts';

/** Accounts that are remembered; past it the one that was leased longest ago is forgotten. */
export const ACCOUNTS_KNOWN_MAX = 100_000;

/**
 * Accounts that operators can name: those of the caps in a configuration, and those that this
 * process has leased slices of.
 */
export class KnownAccounts {
  readonly #clock: Clock;
  readonly #policy: Policy | undefined;
  readonly #leased = new Map<string, Account>();

  /** Throws `CONFIG_INVALID` for a configuration that cannot be meant. */
  constructor(clock: Clock, config: BudgetGuardConfig | undefined) {
    this.#clock = clock;
    this.#policy = config === undefined ? undefined : createPolicy(readConfig(config).caps);
  }

  /** Accounts in their present window: of one scope value, or all. */
  of(scope: string | undefined): readonly Account[] {
    const now = this.#clock();
    const found = new Map<string, Account>();
    const planned = this.#policy?.accountsOf(valuesOf(scope), now) ?? [];
    for (const account of [...planned, ...this.#leased.values()]) {
      const part = account.parts.at(-1);
      if (part === undefined || (part.leavesAt !== null && part.leavesAt <= now)) continue;
      const isAsked = scope === undefined || account.scope === scope;
      if (isAsked && !found.has(part.key)) found.set(part.key, account);
    }
    return [...found.values()];
  }

  /** The same store, its holder's accounts remembered as they go by. */
  watching(store: LeaseStore): LeaseStore {
    return {
      isSynchronous: store.isSynchronous,
      open: (identity) => store.open(identity),
      exchange: (message) => {
        for (const { account } of message.items) this.#remember(account);
        return store.exchange(message);
      },
      close: (order) => store.close(order),
      holders: () => store.holders(),
      balances: (accounts) => store.balances(accounts),
      operate: (operation) => store.operate(operation),
      doubts: () => store.doubts(),
      journal: (after) => store.journal(after),
      end: () => store.end(),
    };
  }

  #remember(account: Account): void {
    const name = `${account.capId}\u0000${account.scope}`;
    this.#leased.delete(name);
    this.#leased.set(name, account);
    if (this.#leased.size <= ACCOUNTS_KNOWN_MAX) return;
    const oldest = this.#leased.keys().next();
    if (oldest.done !== true) this.#leased.delete(oldest.value);
  }
}

/** `'customer:acme'` as the scopes of a call that would draw on it. */
function valuesOf(scope: string | undefined) {
  if (scope === undefined || scope === GLOBAL_SCOPE) return {};
  const end = scope.indexOf(':');
  return end < 1 ? {} : { [scope.slice(0, end)]: [scope.slice(end + 1)] };
}
