import { randomBytes } from 'node:crypto';
import { Budget, type BudgetMut } from '../../budget/budget.ts';
import { grantOf, UNLIMITED, type BudgetAmounts } from '../../budget/budget-amounts.ts';
import { invariant, MisuseError } from '../../errors/error.ts';
import type { Ceiling } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import { after, durationMs, type DurationMs } from '../../units/time.ts';
import { grantedTreeOf, otherLedger, type GrantLink } from '../budgets/granted-trees.ts';
import type { Guard } from '../guard.ts';
import { Grant } from './grant.ts';
import { readGrantKeys, type GrantKey } from './grant-key.ts';
import { GrantLedger } from './grant-ledger.ts';
import { GRANT_DEPTH_MAX, isAudience, sealToken, type GrantTerms } from './token.ts';

/** Longest time that a grant may wait to be redeemed: 30 days. */
export const GRANT_MS_MAX = 2_592_000_000;

/** What a grant is worth, who may redeem it, and until when. */
export interface GrantOptions {
  /** The key that signs; of several the first. */
  readonly keys: GrantKey | readonly GrantKey[];
  /** Dollars. */
  readonly usd?: number;
  readonly tokens?: number;
  /** Attempts: physical requests. */
  readonly calls?: number;
  /** How long it can be redeemed, in milliseconds from now: at most 30 days. */
  readonly expiresInMs: number;
  /** The only receiver that may redeem it, by the name that it gives itself. */
  readonly audience?: string;
  /** Issue on a ledger of this process alone, where the receiver is in this process, too. */
  readonly allowLocal?: boolean;
}

/**
 * Fences a sum off a budget and signs it over to whoever redeems the grant's token: another
 * process, on the same ledger. The sum is gone from the budget from then on, and comes back by
 * `revoke` or `collect` alone.
 *
 * The budget is lent, and stays the caller's. Every dimension that it limits must be named, since
 * what is not named could not be shared with another process.
 *
 * Rejects with `BUDGET_CAP` where the budget has not the sum, `REQUEST_INVALID` for what cannot be
 * meant, and `STORE_UNAVAILABLE`; then nothing was issued, and the budget has all of it.
 *
 * @example
 * const grant = await issueGrant(guard, run, { keys, usd: 1, expiresInMs: 60_000 });
 * await fetch(agent, { headers: grantHeaders(grant.token) });
 * const { spent } = await grant.collect();
 */
export async function issueGrant(
  guard: Guard,
  budget: BudgetMut,
  options: GrantOptions,
): Promise<Grant> {
  const { keeping } = guard.root;
  const [key] = readGrantKeys(options.keys);
  const ledger = new GrantLedger(keeping);
  ledger.mustReach(options.allowLocal === true);
  const { usd, tokens: token, calls: call } = options;
  const amounts: BudgetAmounts = { usd, tokens: token, calls: call };
  const above = aboveOf(budget, keeping.ledger);
  const terms: GrantTerms = {
    id: randomBytes(16).toString('base64url'),
    ceiling: ceilingOf(amounts, budget),
    expiresAt: after(keeping.clock(), expiryOf(options.expiresInMs)),
    audience: audienceOf(options.audience),
    above,
  };
  const signed = sealToken(terms, key);
  const part = budget.carve(amounts, `grant:${terms.id}`);
  try {
    await ledger.markIssued(terms.id);
  } catch (error) {
    part.close();
    throw error;
  }
  return new Grant({ terms, token: signed, part, ledger });
}

/** What was asked for, exactly, with every dimension that the budget limits. */
function ceilingOf(amounts: BudgetAmounts, budget: BudgetMut): Ceiling {
  const vector = grantOf(amounts);
  const unnamed = Object.keys(budget.remaining).filter(
    (name) => name !== 'millis' && amounts[name as keyof BudgetAmounts] === undefined,
  );
  if (unnamed.length > 0) {
    throw invalid(
      `budget ${JSON.stringify(budget.name)} limits ${unnamed.join(' and ')}, and another ` +
        'process cannot share in that: say how much of it is granted',
    );
  }
  const of = <T>(index: number, unit: (value: unknown) => T | undefined): T | undefined => {
    if (vector[index] === UNLIMITED) return undefined;
    const figure = unit(vector[index]);
    invariant(figure !== undefined, 'what a budget counts, an account counts as well');
    return figure;
  };
  return { usd: of(0, nanoUsd), tokens: of(1, tokens), calls: of(2, calls) };
}

function expiryOf(expiresInMs: number): DurationMs {
  const duration = durationMs(expiresInMs);
  if (duration !== undefined && duration >= 1 && duration <= GRANT_MS_MAX) return duration;
  throw invalid(`expiresInMs = ${String(expiresInMs)}: it is 1 to ${GRANT_MS_MAX} whole ms`);
}

function audienceOf(audience: string | undefined): string | undefined {
  if (audience === undefined || isAudience(audience)) return audience;
  throw invalid('audience is 1 to 128 printable ASCII characters, no quote or backslash');
}

/** The grants that a budget was redeemed from: what is granted of it narrows all of them. */
function aboveOf(budget: BudgetMut, ledger: Ledger): readonly GrantLink[] {
  const pool = Budget.poolOf(budget);
  if (pool === undefined) throw invalid('the budget is none that is live');
  const tree = grantedTreeOf(pool);
  if (tree === undefined) return [];
  if (tree.ledger !== ledger) throw otherLedger(pool);
  const { links } = tree;
  if (links.length > GRANT_DEPTH_MAX) {
    throw invalid(`a grant stands below at most ${GRANT_DEPTH_MAX} others`);
  }
  return links;
}

function invalid(why: string): MisuseError {
  return new MisuseError('REQUEST_INVALID', `issueGrant: ${why}. Nothing was issued.`);
}
