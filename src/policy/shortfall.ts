import type { AccountShortfall, CapRefusal } from '../errors/budget-cap-error.ts';
import { invariant } from '../errors/error.ts';
import type { Account, Amounts } from '../ledger/account.ts';
import type { Short } from '../ledger/ledger.ts';
import type { Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';

const DIMENSIONS = ['usd', 'tokens', 'calls'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/** An account that is short, with what decides which of several binds. */
interface Ranked {
  readonly shortfall: AccountShortfall;
  readonly isOverdrawn: boolean;
  /** How much is missing, in the unit of `shortfall.dimension`. */
  readonly missing: number;
  readonly position: number;
}

/**
 * Says why a call does not fit: which account binds, and when there is room.
 *
 * The binding account is the one that resets last (never is last of all); of those that reset
 * together, the one that is short of dollars before tokens before calls, then the one that is short
 * of more, then the first. `short` must not be empty.
 *
 * `resetsAt` is the earliest instant at which this call fits if nothing else happens until then: no
 * new call, and no hold ends. A call larger than the whole cap never fits; its `resetsAt` is then
 * the end of the window as it stands now, and `fitsWhenEmpty` is `false`.
 */
export function capRefusal({
  short,
  at,
  amounts,
  model,
  affordableOutputTokens,
}: {
  readonly short: readonly Short[];
  readonly at: EpochMs;
  readonly amounts: Amounts;
  readonly model: string | undefined;
  readonly affordableOutputTokens?: Tokens | undefined;
}): CapRefusal {
  const ranked = short
    .map((item, position) => rank(item, amounts, position))
    .sort((left, right) => bindingOrder(left, right));
  const [binding] = ranked;
  invariant(binding !== undefined, 'a cap refusal has at least one account that is short');
  return {
    code: binding.isOverdrawn ? 'SCOPE_CLOSED' : 'BUDGET_CAP',
    at,
    neededNanoUsd: amounts.usd,
    neededTokens: amounts.tokens,
    model,
    binding: binding.shortfall,
    accounts: ranked.map(({ shortfall }) => shortfall),
    affordableOutputTokens,
  };
}

/**
 * When there is room for `amounts` on an account that is short: `null` for a lifetime.
 *
 * Parts leave a window oldest first, each with all that stands in it. What the account holds beyond
 * its parts (`Short.parts` without holds) stays.
 */
export function roomReturnsAt(
  { account, balance, parts }: Short,
  amounts: Amounts,
): EpochMs | null {
  invariant(parts.length === account.parts.length, 'a short account has a balance for each part');
  const last = account.parts[account.parts.length - 1];
  invariant(last !== undefined, 'an account has at least one part');
  const staying = DIMENSIONS.map((dimension) => stayingAfter(dimension, balance, parts));
  for (const [index, part] of account.parts.entries()) {
    const fits = DIMENSIONS.every((dimension, which) => {
      const ceiling = account.ceiling[dimension];
      const rest = staying[which]?.[index] ?? Number.MAX_SAFE_INTEGER;
      return ceiling === undefined || hasRoom(rest, amounts[dimension], ceiling);
    });
    if (fits) return part.leavesAt;
  }
  return last.leavesAt;
}

/** What is left in one dimension after the part at each index, and all before it, have left. */
function stayingAfter(
  dimension: Dimension,
  { spent, held }: Short['balance'],
  parts: readonly Amounts[],
): readonly number[] {
  const staying: number[] = [];
  let later = 0;
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    staying[index] = later;
    later = saturatingSum(later, parts[index]?.[dimension] ?? 0);
  }
  const beyond = Math.max(0, saturatingSum(spent[dimension], held[dimension]) - later);
  return staying.map((amount) => saturatingSum(amount, beyond));
}

function hasRoom(used: number, needed: number, ceiling: number): boolean {
  return used < Number.MAX_SAFE_INTEGER && needed <= ceiling && used <= ceiling - needed;
}

function saturatingSum(left: number, right: number): number {
  return Math.min(left + right, Number.MAX_SAFE_INTEGER);
}

function rank(item: Short, amounts: Amounts, position: number): Ranked {
  const { account, balance, dimension } = item;
  const used = saturatingSum(balance.spent[dimension], balance.held[dimension]);
  return {
    shortfall: shortfallOf(item, amounts),
    isOverdrawn: balance.overdrawn,
    missing: used + amounts[dimension] - (account.ceiling[dimension] ?? 0),
    position,
  };
}

function shortfallOf(item: Short, amounts: Amounts): AccountShortfall {
  const { account, balance, dimension } = item;
  return {
    capId: account.capId,
    scope: account.scope,
    window: account.window,
    dimension,
    spentNanoUsd: balance.spent.usd,
    heldNanoUsd: balance.held.usd,
    capNanoUsd: account.ceiling.usd,
    spentTokens: balance.spent.tokens,
    heldTokens: balance.held.tokens,
    capTokens: account.ceiling.tokens,
    spentCalls: balance.spent.calls,
    heldCalls: balance.held.calls,
    capCalls: account.ceiling.calls,
    resetsAt: roomReturnsAt(item, amounts),
    fitsWhenEmpty: fitsWhenEmpty(account, amounts),
    keptForWrapUp: account.keptForWrapUp,
    isClosed: account.isClosed,
  };
}

function fitsWhenEmpty({ ceiling }: Account, amounts: Amounts): boolean {
  return DIMENSIONS.every((dimension) => amounts[dimension] <= (ceiling[dimension] ?? Infinity));
}

function bindingOrder(left: Ranked, right: Ranked): number {
  const leftAt = left.shortfall.resetsAt ?? Infinity;
  const rightAt = right.shortfall.resetsAt ?? Infinity;
  if (leftAt !== rightAt) return rightAt - leftAt;
  const [leftUnit, rightUnit] = [left, right].map(({ shortfall }) =>
    DIMENSIONS.findIndex((name) => name === shortfall.dimension),
  );
  if (leftUnit !== rightUnit) return (leftUnit ?? 0) - (rightUnit ?? 0);
  if (left.missing !== right.missing) return right.missing - left.missing;
  return left.position - right.position;
}
