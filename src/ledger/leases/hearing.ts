import { AMOUNT_MAX } from '../../kernel/arithmetic.ts';
import type { SliceItem, SliceState } from './message.ts';
import type { Dimension, Heard, Slice } from './slice.ts';
import {
  DIMENSIONS,
  NO_SUMS,
  isNothing,
  isWithin,
  least,
  minus,
  plus,
  type Ceilings,
  type Sums,
} from './sums.ts';

/** One item of a message that was applied, and what the store said to it. */
export interface Answer {
  readonly slice: Slice;
  readonly item: SliceItem;
  readonly state: SliceState;
  readonly seq: number;
  readonly atMs: number;
}

/**
 * Why an answer cannot be meant, `undefined` for one that can. A store that grants less than it
 * told, or more than was wanted, is not believed.
 */
export function answerFault(
  item: SliceItem,
  state: SliceState | undefined,
  isDeclared: boolean,
): string | undefined {
  const key = item.account.parts.at(-1)?.key;
  if (state === undefined) return `${key}: the answer says nothing of it`;
  if (state.key !== key) return `${key}: the answer is about ${state.key}`;
  if (!isWithin(item.known, state.granted)) {
    return `${key}: ${state.granted.join('/')} granted after ${item.known.join('/')}`;
  }
  if (isDeclared || DIMENSIONS.every((at) => state.granted[at] <= grantedMost(item, at))) {
    return undefined;
  }
  return `${key}: ${state.granted.join('/')} granted, more than was wanted`;
}

/** The most that the store may have granted in one dimension by its answer. */
function grantedMost({ known, spent, returned, want }: SliceItem, at: Dimension): number {
  return Math.min(AMOUNT_MAX, Math.max(known[at], spent[at] + returned[at]) + want[at]);
}

/** Takes up what the store said of one slice; grants are free from here on. */
export function takeAnswer(answer: Answer): void {
  const { slice, item, state, atMs } = answer;
  slice.granted = state.granted;
  slice.told = { spent: item.spent, returned: item.returned, inFlight: item.inFlight };
  slice.heard = heardOf(answer);
  slice.isRecalled = state.isRecalled;
  if (state.isRefused) slice.refusedAtMs = atMs;
  slice.isStale = isOtherView(item, slice) || isUnsure(slice);
  if (!slice.isStale) slice.effective = effectiveOf(slice.effective, state.ceiling);
  slice.fit();
}

/** Whether the message told the store of the bill that passed what was granted. */
export function isOverrunTold(item: SliceItem, { overrun }: Slice, spent: Sums): boolean {
  return overrun !== undefined && isWithin(least(overrun, spent), item.spent);
}

/**
 * Whether another slice of the window holds a bill that the store does not know of: then what it
 * says of the window is too little.
 */
export function isUnsure(slice: Slice): boolean {
  for (const other of slice.series?.slices ?? []) {
    if (other !== slice && other.overrun !== undefined) return true;
  }
  return false;
}

/** What one slice of this holder takes at the store, as of the last message applied. */
export function takenAtStore(slice: Slice): { readonly spent: Sums; readonly held: Sums } {
  const { told, granted } = slice;
  if (told === undefined) return { spent: NO_SUMS, held: NO_SUMS };
  return { spent: told.spent, held: minus(minus(granted, told.returned), told.spent) };
}

/** Whether the other slice lies in one window with it, as the store counts windows. */
export function isBeside(slice: Slice, other: Slice): boolean {
  if (other === slice) return false;
  const first = slice.account.parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
  const last = slice.leavesAt;
  return other.leavesAt >= first && other.leavesAt <= last + (last - first);
}

function heardOf({ slice, state, seq, atMs }: Answer): Heard {
  const besideSpent = shared(state.othersSpent);
  const besideHeld = shared(state.othersHeld);
  let othersSpent = besideSpent;
  let othersHeld = besideHeld;
  for (const other of slice.series?.slices ?? []) {
    if (!isBeside(slice, other)) continue;
    const own = takenAtStore(other);
    othersSpent = minus(othersSpent, own.spent);
    othersHeld = minus(othersHeld, own.held);
  }
  return {
    atMs,
    seq,
    besideSpent,
    besideHeld,
    othersSpent,
    othersHeld,
    othersByPart: othersByPart(slice, state.parts),
    idleElsewhere: shared(state.idleElsewhere),
    isNear: state.isNear,
    isRefused: state.isRefused,
  };
}

function othersByPart(slice: Slice, parts: readonly Sums[]): readonly Sums[] {
  const { series } = slice;
  if (series === undefined) return NO_PARTS;
  return slice.account.parts.map(({ key }, index) => {
    let taken = parts[index] ?? NO_SUMS;
    for (const other of series.slices) {
      if (other.key !== key) continue;
      const own = takenAtStore(other);
      taken = minus(taken, plus(own.spent, own.held));
    }
    return taken;
  });
}

/** An operator may have changed a ceiling; which dimensions are capped is the policy's word. */
function effectiveOf(own: Ceilings, heard: Ceilings): Ceilings {
  const isAlike = DIMENSIONS.every((at) => (own[at] === null) === (heard[at] === null));
  return isAlike ? heard : own;
}

function isOtherView({ account }: SliceItem, slice: Slice): boolean {
  if (account === slice.account) return false;
  const [said, now] = [account.ceiling, slice.account.ceiling];
  const isSame = said.usd === now.usd && said.tokens === now.tokens && said.calls === now.calls;
  return !isSame || account.mode !== slice.account.mode;
}

/** One object for nothing: most accounts are drawn on by one holder alone. */
function shared(sums: Sums): Sums {
  return isNothing(sums) ? NO_SUMS : sums;
}

const NO_PARTS: readonly Sums[] = Object.freeze([]);
