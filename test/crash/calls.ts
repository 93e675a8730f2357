/** The calls that holders make in crash tests: on which accounts, for how much. */

import type { Account } from '../../src/ledger/account.ts';
import { DAY_MS, accountOf } from '../../src/stores/conformance/orders.ts';

/** Which accounts a call draws on besides the one for all. */
export type Place = readonly [customer: number, feature: number, model: number];

/** How many values there are of each. */
export const PLACES: Place = [12, 4, 3];

const AMPLE = { usd: 9e14, tokens: 9e14 };

/** So little that it is used up in the course of a test. */
const SCARCE = { usd: 4e8, calls: 400 };

/** Longer than any test: no window ends under it. */
const countsMs = 100 * 365 * DAY_MS;

const GLOBAL = accountOf({ cap: 'all', ceiling: AMPLE, countsMs });

const ACCOUNTS = (['customer', 'feature', 'model'] as const).map((dimension, index) =>
  Array.from({ length: PLACES[index]! }, (_, value) => {
    const isScarce = dimension === 'customer' && value < 3;
    const scope = `${dimension}:${value}`;
    return accountOf({ cap: dimension, scope, ceiling: isScarce ? SCARCE : AMPLE, countsMs });
  }),
);

/** Every account that a call can draw on. */
export const ALL_ACCOUNTS: readonly Account[] = [GLOBAL, ...ACCOUNTS.flat()];

/** The accounts of one call. */
export function accountsAt(place: Place): readonly Account[] {
  return [GLOBAL, ...place.map((value, index) => ACCOUNTS[index]![value]!)];
}
