import {
  BudgetCapError,
  type AccountShortfall,
  type CapRefusal,
} from '../errors/budget-cap-error.ts';
import { invariant } from '../errors/error.ts';
import type { AccountBalance } from '../guard/balance.ts';
import { calls, tokens, TOKENS_ZERO } from '../units/count.ts';
import { nanoUsd, type NanoUsd } from '../units/money.ts';
import { epochMs, systemClock, type EpochMs } from '../units/time.ts';

/**
 * The refusal of a request whose caps have less than `needed` left; `undefined` when all have it.
 *
 * It reads balances and holds nothing: whoever passes may still be refused at the call.
 */
export function remainingRefusal(
  balances: readonly AccountBalance[],
  needed: NanoUsd,
): BudgetCapError | undefined {
  const short = balances
    .filter((balance) => balance.mode === 'enforce' && hasTooLittle(balance, needed))
    .map((balance) => shortfallOf(balance, needed))
    .toSorted(byReset);
  const [binding] = short;
  if (binding === undefined) return undefined;
  const refusal: CapRefusal = {
    code: 'BUDGET_CAP',
    at: systemClock(),
    neededNanoUsd: needed,
    neededTokens: TOKENS_ZERO,
    model: undefined,
    binding,
    accounts: short,
    affordableOutputTokens: undefined,
  };
  return new BudgetCapError(refusal);
}

function hasTooLittle(balance: AccountBalance, needed: NanoUsd): boolean {
  const { cap_nano_usd: cap, spent_nano_usd: spent, held_nano_usd: held } = balance;
  return cap !== null && (balance.overdrawn || cap - spent - held < needed);
}

function shortfallOf(balance: AccountBalance, needed: NanoUsd): AccountShortfall {
  const cap = balance.cap_nano_usd;
  return {
    capId: balance.cap_id,
    scope: balance.scope,
    window: balance.window,
    dimension: 'usd',
    spentNanoUsd: known(nanoUsd(balance.spent_nano_usd)),
    heldNanoUsd: known(nanoUsd(balance.held_nano_usd)),
    capNanoUsd: nanoUsd(cap),
    spentTokens: known(tokens(balance.spent_tokens)),
    heldTokens: known(tokens(balance.held_tokens)),
    capTokens: tokens(balance.cap_tokens),
    spentCalls: known(calls(balance.spent_calls)),
    heldCalls: known(calls(balance.held_calls)),
    capCalls: calls(balance.cap_calls),
    resetsAt: resetOf(balance),
    fitsWhenEmpty: cap === null || needed <= cap,
  };
}

function resetOf({ resets_at: at }: AccountBalance): EpochMs | null {
  return at === null ? null : (epochMs(Date.parse(at)) ?? null);
}

function known<T>(value: T | undefined): T {
  invariant(value !== undefined, 'a balance is made of legal amounts');
  return value;
}

/** The one that resets last comes first; one that never resets is later than all. */
function byReset(left: AccountShortfall, right: AccountShortfall): number {
  return (right.resetsAt ?? Infinity) - (left.resetsAt ?? Infinity) || 0;
}
