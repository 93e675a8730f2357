import { invariant } from '../../errors/error.ts';
import type { Account, Ceiling } from '../../ledger/account.ts';
import { calls, type Calls } from '../../units/count.ts';
import type { GrantLink } from '../budgets/granted-trees.ts';

/** Most calls of a grant that names none: closing it takes all that are left, so it has some. */
export const GRANT_CALLS_MAX = 1_000_000_000;

/** The first is that the grant was issued here, the second that it was redeemed or revoked. */
const MARKS_MAX = 2;

/**
 * The account that every call of a grant draws on: what stands in it is what the grant spent, and
 * its ceiling what was granted.
 */
export function spendingAccount({ id, ceiling }: GrantLink): Account {
  return lifetimeAccount(`grant:${id}`, {
    capId: '$grant',
    key: `grant:${id}/spending`,
    ceiling: { ...ceiling, calls: ceiling.calls ?? callsOf(GRANT_CALLS_MAX) },
  });
}

/** The same account once it is overdrawn, for taking the calls that are left in it all the same. */
export function closingView(account: Account): Account {
  const ceiling = { usd: undefined, tokens: undefined, calls: account.ceiling.calls };
  return Object.freeze({ ...account, ceiling: Object.freeze(ceiling) });
}

/** The account that tells whether a grant was issued on this ledger, and whether redeemed. */
export function markAccount(id: string): Account {
  return lifetimeAccount(`grant:${id}`, {
    capId: '$grant-mark',
    key: `grant:${id}/marks`,
    ceiling: { usd: undefined, tokens: undefined, calls: callsOf(MARKS_MAX) },
  });
}

/** No key of a cap's account has this form: those hold a `|`. */
function lifetimeAccount(
  scope: string,
  { capId, key, ceiling }: { capId: string; key: string; ceiling: Ceiling },
): Account {
  return Object.freeze({
    capId,
    scope,
    window: 'lifetime',
    ceiling: Object.freeze(ceiling),
    mode: 'enforce',
    parts: Object.freeze([Object.freeze({ key, leavesAt: null })]),
  });
}

/** A count as calls. Throws `INVARIANT_BROKEN` for what is no whole number. */
export function callsOf(count: number): Calls {
  const read = calls(count);
  invariant(read !== undefined, 'a count of calls is a whole number');
  return read;
}
