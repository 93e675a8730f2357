import { BudgetCapError, type AccountShortfall } from '../errors/budget-cap-error.ts';
import { RefusalError, type HardcapError } from '../errors/error.ts';
import { calls, tokens, CALLS_ZERO, TOKENS_ZERO } from '../units/count.ts';
import { nanoUsd, NANO_USD_MAX, NANO_USD_ZERO } from '../units/money.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import { invariant } from '../errors/error.ts';
import { DIMENSIONS, UNLIMITED, type Vector } from './budget-amounts.ts';
import type { Pool, PoolShort } from './pool.ts';

/** The scope by which refusals and events name a budget. */
export function budgetScope({ name }: Pool): string {
  return `budget:${name}`;
}

/** The refusal of anything new in a budget that was closed, or one above it. */
export function closedError(pool: Pool): HardcapError {
  const message =
    `${budgetScope(pool)} was closed, itself or by the one above it: nothing more can be held ` +
    'there. Nothing was moved.';
  return new RefusalError('SCOPE_CLOSED', message);
}

/** The refusal of a sum that a budget does not have. Nothing was moved. */
export function shortError(cost: Vector, short: PoolShort): HardcapError {
  const name = DIMENSIONS[short.dimension];
  const { pool } = short;
  if (short.isClosed) return closedError(pool);
  if (name === undefined || name === 'millis') {
    const { room } = pool.balance();
    const left = `${room[short.dimension] ?? 0} ms left`;
    return new RefusalError(
      'BUDGET_CAP',
      `${short.needed} ms are asked for, but ${budgetScope(pool)} has ${left}. Nothing was moved.`,
    );
  }
  const shortfall = shortfallOf(pool, cost, name);
  return new BudgetCapError({
    code: 'BUDGET_CAP',
    at: NEVER,
    neededNanoUsd: nanoUsd(cost[0]) ?? NANO_USD_MAX,
    neededTokens: tokens(cost[1]) ?? TOKENS_ZERO,
    model: undefined,
    binding: shortfall,
    accounts: [shortfall],
    affordableOutputTokens: undefined,
  });
}

/** A budget never resets, so no instant is ever reckoned from this one. */
const NEVER: EpochMs = instant();

function instant(): EpochMs {
  const zero = epochMs(0);
  invariant(zero !== undefined, '0 is an instant');
  return zero;
}

function shortfallOf(
  pool: Pool,
  cost: Vector,
  dimension: 'usd' | 'tokens' | 'calls',
): AccountShortfall {
  const { granted, spent, held } = pool.balance();
  return {
    capId: budgetScope(pool),
    scope: budgetScope(pool),
    window: 'lifetime',
    dimension,
    spentNanoUsd: nanoUsd(spent[0]) ?? NANO_USD_MAX,
    heldNanoUsd: nanoUsd(held[0]) ?? NANO_USD_ZERO,
    capNanoUsd: granted[0] === UNLIMITED ? undefined : nanoUsd(granted[0]),
    spentTokens: tokens(spent[1]) ?? TOKENS_ZERO,
    heldTokens: tokens(held[1]) ?? TOKENS_ZERO,
    capTokens: granted[1] === UNLIMITED ? undefined : tokens(granted[1]),
    spentCalls: calls(spent[2]) ?? CALLS_ZERO,
    heldCalls: calls(held[2]) ?? CALLS_ZERO,
    capCalls: granted[2] === UNLIMITED ? undefined : calls(granted[2]),
    resetsAt: null,
    fitsWhenEmpty: cost.every((figure, index) => figure <= (granted[index] ?? 0)),
  };
}
