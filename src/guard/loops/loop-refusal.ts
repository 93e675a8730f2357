import type { AccountShortfall, CapRefusal } from '../../errors/budget-cap-error.ts';
import { invariant } from '../../errors/error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { EpochMs } from '../../units/time.ts';
import type { Quote } from '../call.ts';
import type { LoopFinding } from './loop-cap.ts';

/**
 * Says which cap on loops binds: of several the one that resets last (never is last of all), then
 * the first as configured. `short` must not be empty. Money is what stands in the account.
 */
export function loopRefusal({
  short,
  quote,
  at,
  ledger,
}: {
  readonly short: readonly LoopFinding[];
  readonly quote: Quote;
  readonly at: EpochMs;
  readonly ledger: Ledger;
}): CapRefusal {
  const ordered = short.toSorted((left, right) => resetOrder(right) - resetOrder(left));
  const accounts = ordered.map((finding) => shortfallOf(finding, ledger));
  const [binding] = accounts;
  invariant(binding !== undefined, 'a refusal of a loop has at least one cap that is reached');
  return {
    code: 'BUDGET_CAP',
    at,
    neededNanoUsd: quote.amounts.usd,
    neededTokens: quote.amounts.tokens,
    model: quote.facts.model,
    binding,
    accounts,
    affordableOutputTokens: undefined,
  };
}

/** An instant after all others for what never resets. */
function resetOrder({ resetsAt }: LoopFinding): number {
  return resetsAt ?? Number.MAX_SAFE_INTEGER;
}

function shortfallOf(
  { account, loop, resetsAt, fitsWhenEmpty }: LoopFinding,
  ledger: Ledger,
): AccountShortfall {
  const { spent, held } = ledger.balance(account);
  return {
    capId: account.capId,
    scope: account.scope,
    window: account.window,
    dimension: loop.dimension,
    spentNanoUsd: spent.usd,
    heldNanoUsd: held.usd,
    capNanoUsd: account.ceiling.usd,
    spentTokens: spent.tokens,
    heldTokens: held.tokens,
    capTokens: account.ceiling.tokens,
    spentCalls: spent.calls,
    heldCalls: held.calls,
    capCalls: account.ceiling.calls,
    resetsAt,
    fitsWhenEmpty,
    loop,
  };
}
