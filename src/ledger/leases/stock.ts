import type { SliceItem } from './message.ts';
import type { LeasePolicy } from './policy.ts';
import { grantedPart, sumsBy, type Slice } from './slice.ts';
import { NO_SUMS, asSums, least, minus, most, times, type Sums } from './sums.ts';

/** How much of a ceiling a slice would like before anybody drew on it. */
const WARM_PARTS = 32;

/** What a message asks for one slice. */
export type Asked = Pick<SliceItem, 'need' | 'demand' | 'want'>;

/** What the slice should have in stock at the present rate. */
export function targetOf(slice: Slice, policy: LeasePolicy): Sums {
  return slice.pace.expected(policy.horizonMs);
}

/** What the slice should have in stock for calls like the last one. */
export function fewCalls({ pace }: Slice, policy: LeasePolicy): Sums {
  const { last } = pace;
  if (last === undefined) return NO_SUMS;
  return times(asSums(last.usd, last.tokens, last.calls), policy.wantTimes);
}

/** What a slice with `idle` would like when calls need so much of it: at least their demand. */
export function wantOf(
  slice: Slice,
  policy: LeasePolicy,
  { need, demand, idle }: { readonly need: Sums; readonly demand: Sums; readonly idle: Sums },
): Sums {
  const want = most(times(need, policy.wantTimes), minus(targetOf(slice, policy), idle));
  return most(demand, grantedPart(slice, want));
}

/** Asks for the least, so that nobody is recalled for it, and would like the whole target. */
export function refillOf(slice: Slice, policy: LeasePolicy, idle: Sums): Asked {
  const stock = most(targetOf(slice, policy), fewCalls(slice, policy));
  const part = sumsBy((at) => Math.floor((slice.effective[at] ?? 0) / WARM_PARTS));
  const isNew = slice.pace.last === undefined;
  const want = grantedPart(slice, minus(isNew ? part : stock, idle));
  // No call waits for it, so all of it is idle to whoever is short.
  return { need: least(want, ONE_OF_EACH), demand: NO_SUMS, want };
}

const ONE_OF_EACH = asSums(1, 1, 1);
