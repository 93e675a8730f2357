import { isBeside } from './hearing.ts';
import type { Place } from './waiting.ts';
import { freeOf, grantedPart, isOver, takenOf, type Slice, type Usage } from './slice.ts';
import type { LeasePolicy } from './policy.ts';
import { DIMENSIONS, NO_SUMS, isNothing, isWithin, type Sums } from './sums.ts';

/** Answers that may refuse what by their own numbers fits, before they are believed. */
export const CONTRADICTIONS_MAX = 32;

/**
 * By how much `need` passes the account's ceiling, on top of what this holder takes and of what
 * others take as last heard; nothing where it fits.
 */
export function lackOf(usage: Usage, slice: Slice, need: Sums): Sums {
  const { heard, effective } = slice;
  const lack: [number, number, number] = [0, 0, 0];
  for (const dimension of DIMENSIONS) {
    const cap = effective[dimension];
    if (cap === null) continue;
    let taken = takenOf(usage, slice, dimension) + need[dimension];
    for (const other of slice.series?.slices ?? []) {
      if (isBeside(slice, other)) taken += takenOf(usage, other, dimension);
    }
    if (heard !== undefined) taken += heard.othersSpent[dimension] + heard.othersHeld[dimension];
    lack[dimension] = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, taken - cap));
  }
  return lack;
}

/** What is known of an order on one slice. */
export type Standing =
  | 'fits'
  /** The store must say. */
  | 'unknown'
  /** The store refused what fits by what it said. */
  | 'contradicted'
  /** It does not fit, unless what is idle elsewhere comes back. */
  | 'recallable'
  /** It does not fit. */
  | 'short';

/** What a question about one slice depends on. */
export interface Standpoint {
  readonly usage: Usage;
  readonly policy: LeasePolicy;
  readonly nowMs: number;
  /** Answers from this message on count as fresh; `undefined` when only a refusal counts. */
  readonly sinceSeq: number | undefined;
}

/** Where an order stands with one slice: by what is free, and by what was heard lately. */
export function standingOf(slice: Slice, need: Sums, from: Standpoint): Standing {
  const { usage, policy, nowMs, sinceSeq } = from;
  if (slice.mode === 'observe') return 'fits';
  const granted = grantedPart(slice, need);
  if (!slice.isShut && isWithin(granted, freeOf(usage, slice)) && !isOver(usage, slice)) {
    return 'fits';
  }
  const { heard } = slice;
  if (heard === undefined || slice.isStale) return 'unknown';
  const isFresh = sinceSeq !== undefined && heard.seq >= sinceSeq;
  const isRefusedLately = policy.mode === 'leased' && nowMs - slice.refusedAtMs <= policy.refusedMs;
  if (!isFresh && !isRefusedLately) return 'unknown';
  const lack = lackOf(usage, slice, need);
  if (isNothing(lack)) return isFresh && heard.isRefused ? 'contradicted' : 'unknown';
  return isWithin(lack, heard.idleElsewhere) ? 'recallable' : 'short';
}

/**
 * Whether an order that cannot be served now is refused, or waits: for the store, or for what is
 * idle elsewhere, as long as there is any.
 */
export function judge(place: Place, from: Omit<Standpoint, 'sinceSeq'>): 'refused' | 'waits' {
  const { policy, nowMs } = from;
  const { slices, needs } = place.order;
  const isRecallOver = nowMs - place.sinceMs >= policy.recallWaitMs;
  let isContradicted = false;
  let recallSeq = 0;
  const standpoint = { usage: from.usage, policy, nowMs, sinceSeq: place.sinceSeq };
  for (const [index, slice] of slices.entries()) {
    const need = needs[index] ?? NO_SUMS;
    const standing = standingOf(slice, need, standpoint);
    if (standing === 'short' || (standing === 'recallable' && isRecallOver)) return 'refused';
    if (standing === 'contradicted') isContradicted = true;
    if (standing === 'recallable') recallSeq = Math.max(recallSeq, slice.heard?.seq ?? 0);
  }
  if (isContradicted) place.contradictions += 1;
  if (place.contradictions > CONTRADICTIONS_MAX) return 'refused';
  if (recallSeq > place.recallSeq) {
    place.recallSeq = recallSeq;
    place.askAtMs = nowMs + policy.recallEveryMs;
  }
  return 'waits';
}
