import type { Pool } from '../../budget/pool.ts';
import { MisuseError } from '../../errors/error.ts';
import type { Account, Ceiling } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** One grant as the ledger knows it: who it is and what it may spend in all. */
export interface GrantLink {
  /** 128 random bits as 22 characters of base64url. */
  readonly id: string;
  /** A dimension that is not named has no ceiling of its own. */
  readonly ceiling: Ceiling;
}

/** What stands behind a tree of budgets that was redeemed from a grant. */
export interface GrantedTree {
  /** Where the grant was redeemed, and so where its spending must be booked. */
  readonly ledger: Ledger;
  /** The grants above it, outermost first, and itself. */
  readonly links: readonly GrantLink[];
  /** The grant's account and those of the grants above it, outermost first. */
  readonly accounts: readonly Account[];
}

/** By the root of the tree. */
const trees = new WeakMap<Pool, GrantedTree>();

/** From now on every call in the tree draws on the accounts of its grant, too. */
export function bindToGrant(root: Pool, tree: GrantedTree): void {
  trees.set(root, tree);
}

/** The grant that the pool's tree was redeemed from; `undefined` for any other tree. */
export function grantedTreeOf(pool: Pool): GrantedTree | undefined {
  return trees.get(pool.root);
}

/**
 * The accounts of the grants that these pools were redeemed from, no two with one key.
 *
 * Throws `REQUEST_INVALID` where calls are booked on another ledger than that of the grant: its
 * issuer would not see what they spend.
 */
export function grantedAccountsOf(pools: readonly Pool[], ledger: Ledger): readonly Account[] {
  const found = new Map<string, Account>();
  for (const pool of pools) {
    const tree = grantedTreeOf(pool);
    if (tree === undefined) continue;
    if (tree.ledger !== ledger) throw otherLedger(pool);
    for (const account of tree.accounts) {
      const key = account.parts.at(-1)?.key ?? account.capId;
      if (!found.has(key)) found.set(key, account);
    }
  }
  return [...found.values()];
}

/** The refusal to spend or hand on a grant's money where its issuer would not see it. */
export function otherLedger(pool: Pool): MisuseError {
  return new MisuseError(
    'REQUEST_INVALID',
    `Budget ${JSON.stringify(pool.name)} was redeemed from a grant under a guard with another ` +
      'ledger. Use it under that guard, or one with the same ledger. Nothing was sent.',
  );
}
