import { Budget } from '../../budget/budget.ts';
import { BudgetMint } from '../../budget/mint.ts';
import { invariant } from '../../errors/error.ts';
import { GrantError } from '../../errors/grant-error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { usdOf } from '../../units/money.ts';
import type { EpochMs } from '../../units/time.ts';
import { bindToGrant, type GrantLink } from '../budgets/granted-trees.ts';
import type { Guard } from '../guard.ts';
import { spendingAccount } from './grant-accounts.ts';
import { readGrantKeys, type GrantKey } from './grant-key.ts';
import { GrantLedger } from './grant-ledger.ts';
import { openToken, type GrantTerms } from './token.ts';

/** Whose grants a receiver accepts. */
export interface RedeemOptions {
  /** Keys of the issuers it trusts, the old and the new one during a rotation. */
  readonly keys: GrantKey | readonly GrantKey[];
  /** The receiver's own name: a grant must be for exactly that, or for nobody when it has none. */
  readonly audience?: string;
  /** Redeem on a ledger of this process alone, where the issuer is in this process, too. */
  readonly allowLocal?: boolean;
}

/**
 * A live budget from a token: its calls draw on the caps of this guard, on the budget, and on the
 * grant's account in the ledger, where its issuer finds what they cost. A grant is redeemed once,
 * whoever asks and wherever.
 *
 * The budget can be split and delegated, and grants can be issued from it; it is spent by calls
 * alone, under this guard or one with the same ledger.
 *
 * Rejects with a `GrantError` (`GRANT_INVALID`, `GRANT_EXPIRED`, `GRANT_REDEEMED`, `SCOPE_CLOSED`
 * where its scope is closed by hand), with `REQUEST_INVALID` for keys or a ledger that cannot be
 * meant, and with `STORE_UNAVAILABLE`. What is wrong with the token itself is found before the
 * ledger is asked.
 *
 * @example
 * const token = readGrantHeader(request.headers);
 * if (token !== undefined) {
 *   using budget = await redeemGrant(guard, token, { keys });
 *   await guard.run({ budget }, () => agent(request));
 * }
 */
export async function redeemGrant(
  guard: Guard,
  token: string,
  options: RedeemOptions,
): Promise<Budget> {
  const { keeping } = guard.root;
  const keys = readGrantKeys(options.keys);
  const ledger = new GrantLedger(keeping);
  ledger.mustReach(options.allowLocal === true);
  const terms = openToken(token, keys);
  mustBeFor(terms, options.audience);
  mustBeInTime(terms, keeping.clock());

  // Made first: nothing may fail once the grant is redeemed.
  const budget = budgetOf(terms, keeping.ledger);
  try {
    if (!(await ledger.isIssued(terms.id))) throw unknownHere(terms);
    if (!(await ledger.markRedeemed(terms.id))) throw redeemed(terms);
  } catch (error) {
    budget.close();
    throw error;
  }
  return budget;
}

/** What the terms say, with a mint of its own: it merges with nothing that is not the grant's. */
function budgetOf({ id, ceiling, above }: GrantTerms, ledger: Ledger): Budget {
  const { usd, tokens, calls } = ceiling;
  const amounts = { usd: usd === undefined ? undefined : usdOf(usd), tokens, calls };
  const budget = Budget.create(BudgetMint.ofGrant(), amounts, `grant:${id}`);
  const pool = Budget.poolOf(budget);
  invariant(pool !== undefined, 'a new budget is live');
  const links = [...above, { id, ceiling }];
  bindToGrant(pool, { ledger, links, accounts: links.map(spendingAccount) });
  return budget;
}

function mustBeFor({ id, audience }: GrantTerms, own: string | undefined): void {
  if (audience === own) return;
  const whose = audience === undefined ? 'for no receiver in particular' : `for ${audience}`;
  const who = own === undefined ? 'has no name: give `audience`' : `is ${own}`;
  throw new GrantError(
    'audience',
    `Grant ${id} is ${whose}, and this receiver ${who}. Ask the issuer for one with this ` +
      'receiver’s name. Nothing was redeemed.',
  );
}

function mustBeInTime({ id, expiresAt }: GrantTerms, now: EpochMs): void {
  if (now < expiresAt) return;
  throw new GrantError(
    'expired',
    `Grant ${id} could be redeemed until ${new Date(expiresAt).toISOString()}; it is ` +
      `${new Date(now).toISOString()}. Ask the issuer for another. Nothing was redeemed.`,
  );
}

function unknownHere({ id }: GrantLink): GrantError {
  return new GrantError(
    'unknown-here',
    `Grant ${id} was not issued on the ledger of this guard. Open the ledger that its issuer ` +
      'keeps its books in. Nothing was redeemed.',
  );
}

function redeemed({ id }: GrantLink): GrantError {
  return new GrantError(
    'redeemed',
    `Grant ${id} was redeemed before, or revoked. Ask the issuer for another. If nobody here ` +
      'redeemed it, somebody else has the token. Nothing was redeemed.',
  );
}
