import type { Pool } from '../../budget/pool.ts';
import type { Account } from '../../ledger/account.ts';
import { BudgetAccount } from './budget-account.ts';

/** One tree of budgets, and who in it is waited for how often. */
interface Watched {
  readonly waitedFor: Map<BudgetAccount, number>;
  readonly stop: () => void;
}

/**
 * Hears of changes in the trees of budgets that somebody waits for. A budget is also spent, merged
 * and closed by its handle, of which no ledger tells.
 */
export class WatchedTrees {
  readonly #changed: (accounts: readonly Account[]) => void;
  /** By the root of the tree. */
  readonly #watched = new Map<Pool, Watched>();

  /** `changed` is told of all accounts of a tree that are waited for, after what changed it. */
  constructor(changed: (accounts: readonly Account[]) => void) {
    this.#changed = changed;
  }

  /** How many trees are watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** Somebody waits for these accounts. */
  add(accounts: readonly Account[]): void {
    for (const account of budgetsOf(accounts)) {
      const { waitedFor } = this.#of(account.pool.root);
      waitedFor.set(account, (waitedFor.get(account) ?? 0) + 1);
    }
  }

  /** Somebody who waited for these accounts does not any more. */
  remove(accounts: readonly Account[]): void {
    for (const account of budgetsOf(accounts)) {
      const { waitedFor, stop } = this.#of(account.pool.root);
      const others = (waitedFor.get(account) ?? 0) - 1;
      if (others > 0) waitedFor.set(account, others);
      else waitedFor.delete(account);
      if (waitedFor.size > 0) continue;
      this.#watched.delete(account.pool.root);
      stop();
    }
  }

  #of(root: Pool): Watched {
    const known = this.#watched.get(root);
    if (known !== undefined) return known;
    const waitedFor = new Map<BudgetAccount, number>();
    let isDue = false;
    const stop = root.watchTree(() => {
      if (isDue) return;
      isDue = true;
      // Not at once: the tree is in the middle of its change.
      queueMicrotask(() => {
        isDue = false;
        this.#changed([...waitedFor.keys()]);
      });
    });
    const watched = { waitedFor, stop };
    this.#watched.set(root, watched);
    return watched;
  }
}

function budgetsOf(accounts: readonly Account[]): readonly BudgetAccount[] {
  return accounts.filter((account) => account instanceof BudgetAccount);
}
