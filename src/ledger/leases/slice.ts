import { invariant } from '../../errors/error.ts';
import type { Calls, Tokens } from '../../units/count.ts';
import type { NanoUsd } from '../../units/money.ts';
import { NO_SLOT, lastPart, leavesAtOf } from '../account-table.ts';
import type { Account, Ceiling, WindowPart } from '../account.ts';
import { Pace } from './pace.ts';
import {
  DIMENSIONS,
  NO_SUMS,
  amountsOfSums,
  asSums,
  ceilingsOf,
  isWithin,
  minus,
  plus,
  type Ceilings,
  type Sums,
} from './sums.ts';

/** Nano-dollars, tokens or calls, as an index into sums. */
export type Dimension = 0 | 1 | 2;

/** What this holder itself has spent and holds in a slice's account: counters from 0 to 2^53. */
export interface Usage {
  spentOf(slice: Slice, dimension: Dimension): number;
  heldOf(slice: Slice, dimension: Dimension): number;
}

/** What the store last said of the account that a slice is of. */
export interface Heard {
  readonly atMs: number;
  /** The message that it was the answer to. */
  readonly seq: number;
  /** Everything that counts beside this slice, as the store said it. */
  readonly besideSpent: Sums;
  readonly besideHeld: Sums;
  /** The same without what other slices of this holder are part of it. */
  readonly othersSpent: Sums;
  readonly othersHeld: Sums;
  /** What other holders take of each part of the window; empty for a window of one part. */
  readonly othersByPart: readonly Sums[];
  readonly idleElsewhere: Sums;
  readonly isNear: boolean;
  readonly isRefused: boolean;
}

/** What the store knows of a slice: the content of the last message that was applied. */
export interface Told {
  readonly spent: Sums;
  readonly returned: Sums;
  readonly inFlight: Sums;
}

/** Slices of one rolling cap and scope value, one for each part of its windows. */
export interface Series {
  readonly key: string;
  readonly slices: Set<Slice>;
  newest: Slice;
}

/**
 * A granted part of one account, and at once the account that the local books decide by: its
 * ceiling is what was granted and neither given back nor set aside for a waiting call.
 *
 * An observed account has no grants: its ceiling is the real one less what others take of it.
 */
export class Slice implements Account {
  readonly capId: string;
  readonly scope: string;
  readonly window: string;
  readonly ceiling: { -readonly [Name in keyof Ceiling]: Ceiling[Name] };
  readonly key: string;
  readonly leavesAt: number;
  mode: Account['mode'];
  parts: readonly WindowPart[];
  /** The account as the holder's policy saw it last. */
  account: Account;
  /** The ceiling with what operators made of it. */
  effective: Ceilings;
  series: Series | undefined;
  /** Where the books keep its balance, pinned; `NO_SLOT` before the first hold. */
  slot = NO_SLOT;

  granted: Sums = NO_SUMS;
  returned: Sums = NO_SUMS;
  /** Set aside for waiting calls. */
  marked: Sums = NO_SUMS;
  /** The part of it for calls that it does not cover yet. */
  partial: Sums = NO_SUMS;
  told: Told | undefined;
  heard: Heard | undefined;
  refusedAtMs = Number.NEGATIVE_INFINITY;
  readonly pace = new Pace();

  /** Nothing may be drawn before the store was heard again. */
  isShut = false;
  /** What was heard does not count any more. */
  isStale = false;
  /** What was spent when a bill passed what was granted, until the store was told of it. */
  overrun: Sums | undefined;
  /** There is something that the store does not know. */
  isDirty = false;
  /** It is in the list that a heartbeat goes through. */
  isLive = false;
  /** It belongs into the next message. */
  isUrgent = false;
  /** Its stock should be filled up. */
  isLow = false;
  /** Somebody waits for what is idle in it. */
  isRecalled = false;
  /** What the next message asks for it. */
  need: Sums = NO_SUMS;
  demand: Sums = NO_SUMS;

  constructor(account: Account) {
    const { capId, scope, window, mode } = account;
    const part = lastPart(account);
    this.capId = capId;
    this.scope = scope;
    this.window = window;
    this.mode = mode;
    this.account = account;
    this.key = part.key;
    this.leavesAt = leavesAtOf(part);
    this.parts = partsOf(account);
    this.effective = ceilingsOf(account.ceiling);
    this.ceiling = { usd: undefined, tokens: undefined, calls: undefined };
    this.fit();
  }

  /** Takes up the account as an order names it now. */
  see(account: Account): void {
    const before = this.account;
    this.account = account;
    const isSame = before.mode === account.mode && isSameCeiling(before.ceiling, account.ceiling);
    if (isSame) return;
    this.mode = account.mode;
    this.parts = partsOf(account);
    this.effective = ceilingsOf(account.ceiling);
    this.isStale = true;
    this.fit();
  }

  /** Whether the dimension is capped, so that it takes a grant to draw on it. */
  isGranted(dimension: Dimension): boolean {
    return this.mode === 'enforce' && this.effective[dimension] !== null;
  }

  /**
   * Whether others may be short of what is idle here, as last heard: then it goes back at once, and
   * nothing is asked for ahead.
   */
  get isScarce(): boolean {
    return this.isRecalled || this.heard?.isNear === true || this.heard?.isRefused === true;
  }

  /** Sets aside; never more than what is free. `isWhole`: it is all that the call needs. */
  mark(amounts: Sums, isWhole: boolean): void {
    this.marked = plus(this.marked, amounts);
    if (!isWhole) this.partial = plus(this.partial, amounts);
    this.fit();
  }

  /** Undoes a `mark`. */
  unmark(amounts: Sums, isWhole: boolean): void {
    invariant(isWithin(amounts, this.marked), 'no more is freed than was set aside');
    this.marked = minus(this.marked, amounts);
    if (!isWhole) this.partial = minus(this.partial, amounts);
    this.fit();
  }

  /** Makes the ceiling for the books anew, from all that it follows from. */
  fit(): void {
    invariant(isWithin(this.returned, this.granted), 'no more is returned than was granted');
    const allowed = amountsOfSums([this.#allowed(0), this.#allowed(1), this.#allowed(2)]);
    this.ceiling.usd = this.effective[0] === null ? undefined : allowed.usd;
    this.ceiling.tokens = this.effective[1] === null ? undefined : allowed.tokens;
    this.ceiling.calls = this.effective[2] === null ? undefined : allowed.calls;
    this.isShut = this.mode === 'enforce' && this.#isClosed();
  }

  #isClosed(): boolean {
    const { heard, effective } = this;
    const isUnheard = heard === undefined || this.isStale;
    return DIMENSIONS.some((dimension) => {
      const cap = effective[dimension];
      if (cap === null) return false;
      if (isUnheard) return true;
      return cap < heard.besideSpent[dimension] + heard.besideHeld[dimension];
    });
  }

  #allowed(dimension: Dimension): number {
    const cap = this.effective[dimension];
    if (cap === null) return 0;
    const { heard } = this;
    if (this.mode === 'observe') {
      if (heard === undefined) return cap;
      return Math.max(0, cap - heard.othersSpent[dimension] - heard.othersHeld[dimension]);
    }
    const own = this.granted[dimension] - this.returned[dimension];
    // Only where the account is overdrawn or was closed is there less room than was granted.
    const room =
      heard === undefined ? own : cap - heard.besideSpent[dimension] - heard.besideHeld[dimension];
    return Math.max(0, Math.min(own, room) - this.marked[dimension]);
  }
}

/** Spent and held by this holder in one dimension. */
export function takenOf(usage: Usage, slice: Slice, dimension: Dimension): number {
  return usage.spentOf(slice, dimension) + usage.heldOf(slice, dimension);
}

/** What a call may still draw, in dimensions that are granted; else 0. */
export function freeOf(usage: Usage, slice: Slice): Sums {
  if (slice.isShut) return NO_SUMS;
  return asSums(
    freeIn(usage, slice, { dimension: 0, ceiling: slice.ceiling.usd }),
    freeIn(usage, slice, { dimension: 1, ceiling: slice.ceiling.tokens }),
    freeIn(usage, slice, { dimension: 2, ceiling: slice.ceiling.calls }),
  );
}

/** What was granted and serves nothing: neither spent, nor held, nor set aside. */
export function idleOf(usage: Usage, slice: Slice): Sums {
  return asSums(idleIn(usage, slice, 0), idleIn(usage, slice, 1), idleIn(usage, slice, 2));
}

/**
 * What open holds are short of after a bill above its hold. What was spent above the slice is not
 * part of it: the store widens the slice by that.
 */
export function deficitOf(usage: Usage, slice: Slice): Sums {
  return asSums(deficitIn(usage, slice, 0), deficitIn(usage, slice, 1), deficitIn(usage, slice, 2));
}

function deficitIn(usage: Usage, slice: Slice, dimension: Dimension): number {
  if (!slice.isGranted(dimension)) return 0;
  const own = slice.granted[dimension] - slice.returned[dimension];
  const left = Math.max(0, own - usage.spentOf(slice, dimension));
  const deficit = usage.heldOf(slice, dimension) - left;
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, deficit));
}

/** Whether more is spent and held than was granted. */
export function isOverrun(usage: Usage, slice: Slice): boolean {
  const own = minus(slice.granted, slice.returned);
  return DIMENSIONS.some((dimension) => {
    return slice.isGranted(dimension) && takenOf(usage, slice, dimension) > own[dimension];
  });
}

function idleIn(usage: Usage, slice: Slice, dimension: Dimension): number {
  if (!slice.isGranted(dimension)) return 0;
  const own = slice.granted[dimension] - slice.returned[dimension] - slice.marked[dimension];
  return Math.max(0, own - takenOf(usage, slice, dimension));
}

interface Ceiled {
  readonly dimension: Dimension;
  readonly ceiling: NanoUsd | Tokens | Calls | undefined;
}

function freeIn(usage: Usage, slice: Slice, { dimension, ceiling }: Ceiled): number {
  if (ceiling === undefined || slice.mode === 'observe') return 0;
  return Math.max(0, ceiling - takenOf(usage, slice, dimension));
}

/** More is spent and held than may be: nothing fits, not even what costs nothing. */
export function isOver(usage: Usage, slice: Slice): boolean {
  const { usd, tokens, calls } = slice.ceiling;
  return (
    (usd !== undefined && takenOf(usage, slice, 0) > usd) ||
    (tokens !== undefined && takenOf(usage, slice, 1) > tokens) ||
    (calls !== undefined && takenOf(usage, slice, 2) > calls)
  );
}

/** Counters of every dimension as sums; a saturated one reads 2^53 - 1. */
export function countersAsSums(read: (dimension: Dimension) => number): Sums {
  return sumsBy((at) => Math.min(Number.MAX_SAFE_INTEGER, read(at)));
}

/** One number for every dimension. */
export function sumsBy(read: (dimension: Dimension) => number): Sums {
  return asSums(read(0), read(1), read(2));
}

/** What of the amounts it takes a grant for. */
export function grantedPart(slice: Slice, sums: Sums): Sums {
  return asSums(
    slice.isGranted(0) ? sums[0] : 0,
    slice.isGranted(1) ? sums[1] : 0,
    slice.isGranted(2) ? sums[2] : 0,
  );
}

/** The books decide over the parts of an observed window; a slice is of the last part alone. */
function partsOf(account: Account): readonly WindowPart[] {
  return account.mode === 'observe' ? account.parts : [lastPart(account)];
}

function isSameCeiling(left: Ceiling, right: Ceiling): boolean {
  if (left === right) return true;
  return left.usd === right.usd && left.tokens === right.tokens && left.calls === right.calls;
}
