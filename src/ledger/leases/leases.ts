import { invariant } from '../../errors/error.ts';
import { FORGET_AFTER_MS, lastPart, leavesAtOf } from '../account-table.ts';
import type { Account } from '../account.ts';
import { answerFault, isOverrunTold, isUnsure, takeAnswer } from './hearing.ts';
import { ITEMS_MAX, type HolderMessage, type SliceItem, type SliceState } from './message.ts';
import type { LeasePolicy } from './policy.ts';
import {
  Slice,
  deficitOf,
  countersAsSums,
  idleOf,
  isOverrun,
  sumsBy,
  takenOf,
  type Dimension,
  type Usage,
} from './slice.ts';
import { DIMENSIONS, NO_SUMS, isNothing, least, minus, most, plus, type Sums } from './sums.ts';

/** Slices looked at for each one opened, so the ones that left stay a fraction of all. */
const SWEEP_STEPS_PER_SLICE = 4;

/** What a slice table must know of the books above it. */
export interface SliceUsage extends Usage {
  /** The part of held that no recall can bring back. */
  inFlightOf(slice: Slice, dimension: Dimension): number;
  /** Somebody elsewhere waits for what is idle in the slice. */
  recalled(slice: Slice): void;
  /** Whether nothing can change any more what is spent and held of the slice. */
  isAtRest(slice: Slice): boolean;
  /** The slice is not needed any more. */
  forget(slice: Slice): void;
}

/**
 * Every slice of one holder: what to say about them in a message, and what the answer means. Pure
 * but for its own state: no clock, no I/O.
 *
 * A slice is forgotten an hour after its window, when the store knows all of it; an order that
 * names such a window afterwards finds no slice (`open`), since a new one would contradict what
 * the store knows of the old one.
 */
export class Leases {
  readonly slices = new Map<string, Slice>();
  /** Everything idle goes back, and nothing is asked for. */
  isClosing = false;
  readonly #usage: SliceUsage;
  readonly #policy: LeasePolicy;
  readonly #series = new Map<string, NonNullable<Slice['series']>>();
  #forgottenUpTo = Number.NEGATIVE_INFINITY;
  #cursor = this.slices.values();
  #live: Slice[] = [];
  #urgent: Slice[] = [];
  #beat: Slice[] = [];
  #atLast = Number.NEGATIVE_INFINITY;
  /** The earlier of the last two readings: one wild reading ends no window. */
  #atSure = Number.NEGATIVE_INFINITY;

  constructor(usage: SliceUsage, policy: LeasePolicy) {
    this.#usage = usage;
    this.#policy = policy;
  }

  /** Whether a heartbeat would find anything to look at. */
  get isQuiet(): boolean {
    return this.#live.length === 0 && this.#beat.length === 0 && this.#urgent.length === 0;
  }

  /** Whether some slice belongs into the next message, whoever waits. */
  get hasUrgent(): boolean {
    return this.#urgent.length > 0 || this.#beat.length > 0;
  }

  /** Notes what time orders say it is. */
  noteTime(at: number): void {
    this.#atSure = Math.min(at, this.#atLast);
    this.#atLast = at;
  }

  /** The account's slice, opened when there is none; `undefined` for a forgotten window. */
  open(account: Account): Slice | undefined {
    const { key } = lastPart(account);
    const known = this.slices.get(key);
    if (known !== undefined) {
      if (known.account !== account) known.see(account);
      return known;
    }
    if (leavesAtOf(lastPart(account)) <= this.#forgottenUpTo) return undefined;
    const slice = new Slice(account);
    this.#join(slice);
    this.slices.set(key, slice);
    this.#sweep();
    return slice;
  }

  /** The store does not know something of it: a heartbeat will say it. */
  touch(slice: Slice): void {
    slice.isDirty = true;
    this.enliven(slice);
  }

  /** Heartbeats look at it. */
  enliven(slice: Slice): void {
    if (slice.isLive) return;
    slice.isLive = true;
    this.#live.push(slice);
  }

  /** It belongs into the next message. */
  urge(slice: Slice): void {
    if (slice.isUrgent) return;
    slice.isUrgent = true;
    this.#urgent.push(slice);
  }

  /** A bill above its hold: the store is to know at once, and the whole window is unsure. */
  overrun(slice: Slice): void {
    if (!isOverrun(this.#usage, slice)) return;
    this.urge(slice);
    slice.overrun = this.#spentOf(slice);
    for (const other of slice.series?.slices ?? []) {
      if (other === slice) continue;
      other.isStale = true;
      other.fit();
    }
  }

  /** Puts every slice with something to say, or idle money, up for the next messages. */
  beat(nowMs: number): void {
    const stay: Slice[] = [];
    const waiting = new Set(this.#beat);
    for (const slice of this.#live) {
      slice.pace.measure(nowMs, this.#policy.rateMs);
      const isWorth = slice.isDirty || !isNothing(idleOf(this.#usage, slice));
      slice.isLive = isWorth;
      if (!isWorth) continue;
      stay.push(slice);
      if (!waiting.has(slice)) this.#beat.push(slice);
    }
    this.#live = stay;
  }

  /** What to say in the next message; `needy` are the slices that calls wait for. */
  collect(needy: readonly Slice[], nowMs: number): SliceItem[] {
    const items: SliceItem[] = [];
    const seen = new Set<Slice>(needy);
    const hasRoom = (): boolean => items.length + needy.length < ITEMS_MAX;
    const add = (slice: Slice, isBeat: boolean): void => {
      if (seen.has(slice)) return;
      seen.add(slice);
      const item = this.#item(slice, { nowMs, isBeat, isNeedy: false });
      if (item !== undefined) items.push(item);
    };
    for (const { series } of needy) {
      for (const sibling of series?.slices ?? []) if (hasRoom()) add(sibling, false);
    }
    while (this.#urgent.length > 0 && hasRoom()) {
      const slice = this.#urgent.pop();
      if (slice === undefined) break;
      slice.isUrgent = false;
      add(slice, false);
    }
    while (this.#beat.length > 0 && hasRoom()) {
      const slice = this.#beat.pop();
      if (slice !== undefined) add(slice, true);
    }
    for (const slice of needy) {
      const item = this.#item(slice, { nowMs, isBeat: false, isNeedy: true });
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** Every slice, as the store is to know it again; nothing is asked for. */
  declaration(from: readonly Slice[]): SliceItem[] {
    return from.map((slice) => {
      slice.isDirty = false;
      return this.#say(slice, { need: NO_SUMS, demand: NO_SUMS, want: NO_SUMS });
    });
  }

  /** Takes up an answer; what cannot be meant in it, and then nothing of it counts. */
  apply(
    message: HolderMessage,
    states: readonly SliceState[],
    nowMs: number,
  ): { readonly fault: string | undefined } {
    const isDeclared = message.declares !== 'none';
    for (const [index, item] of message.items.entries()) {
      const fault = answerFault(item, states[index], isDeclared);
      if (fault !== undefined) return { fault };
    }
    for (const [index, item] of message.items.entries()) {
      const state = states[index];
      const slice = this.slices.get(lastPart(item.account).key);
      invariant(slice !== undefined && state !== undefined, 'a slice in a message is kept');
      if (isOverrunTold(item, slice, this.#spentOf(slice))) slice.overrun = undefined;
      takeAnswer({ slice, item, state, seq: message.seq, atMs: nowMs });
      if (isUnsure(slice)) this.urge(slice);
      slice.isLow = false;
      this.stock(slice);
      this.enliven(slice);
      if (slice.isRecalled) this.#usage.recalled(slice);
      if (slice.isRecalled && !isNothing(idleOf(this.#usage, slice))) this.urge(slice);
    }
    return { fault: undefined };
  }

  /**
   * Sets the alarm for a stock that runs low; whether it is low already. After a refill that did
   * not suffice it goes off when half of what is left was drawn.
   */
  stock(slice: Slice): boolean {
    const isStocked = this.#policy.mode === 'leased' && slice.mode === 'enforce';
    const isExact = !isStocked || slice.heard?.isNear !== false || isOlder(slice);
    const target = this.#targetOf(slice);
    const idle = idleOf(this.#usage, slice);
    slice.pace.setAlarm(
      ...sumsBy((at) => {
        if (isExact || !slice.isGranted(at)) return Number.POSITIVE_INFINITY;
        return Math.max(idle[at] - Math.floor(target[at] / 2), Math.floor(idle[at] / 2));
      }),
    );
    return !isExact && DIMENSIONS.some((at) => slice.isGranted(at) && idle[at] < target[at] / 2);
  }

  #item(
    slice: Slice,
    how: { readonly nowMs: number; readonly isBeat: boolean; readonly isNeedy: boolean },
  ): SliceItem | undefined {
    const { isBeat, isNeedy } = how;
    slice.pace.measure(how.nowMs, this.#policy.rateMs);
    const back = this.#surplusOf(slice, how);
    const hasIdle = isBeat && !isNothing(idleOf(this.#usage, slice));
    const deficit = deficitOf(this.#usage, slice);
    const isTold = slice.isDirty || slice.isLow || slice.isStale || hasIdle;
    if (!isNeedy && !isTold && isNothing(back) && isNothing(deficit)) return undefined;

    slice.isDirty = false;
    if (!isNothing(back)) {
      slice.returned = plus(slice.returned, back);
      slice.fit();
    }
    if (isNeedy) {
      const { need, demand } = slice;
      return this.#say(slice, { need, demand, want: this.#wantOf(slice, need, demand) });
    }
    if (!isNothing(deficit)) {
      return this.#say(slice, { need: deficit, demand: deficit, want: deficit });
    }
    return this.#say(slice, slice.isLow ? this.#refill(slice) : ASKS_NOTHING);
  }

  #say(slice: Slice, asked: Pick<SliceItem, 'need' | 'demand' | 'want'>): SliceItem {
    const usage = this.#usage;
    const spent = this.#spentOf(slice);
    // What is set aside for waiting calls cannot be recalled either.
    const held = countersAsSums((at) =>
      slice.isGranted(at) ? usage.inFlightOf(slice, at) + slice.marked[at] : 0,
    );
    const left = minus(minus(slice.granted, slice.returned), spent);
    return {
      account: slice.account,
      known: slice.granted,
      spent,
      returned: slice.returned,
      inFlight: least(held, left),
      ...asked,
    };
  }

  /** What is to go back now. */
  #surplusOf(
    slice: Slice,
    { nowMs, isBeat }: { readonly nowMs: number; readonly isBeat: boolean },
  ): Sums {
    const idle = idleOf(this.#usage, slice);
    if (isNothing(idle)) return NO_SUMS;
    if (this.isClosing) return idle;
    const { mode, idleMs, surplusTimes } = this.#policy;
    const isPast = slice.leavesAt <= this.#atSure;
    const isWanted = slice.isRecalled || slice.heard?.isNear === true;
    if (mode === 'direct' || isPast || isOlder(slice) || isWanted) return idle;
    if (!isBeat) return NO_SUMS;
    if (nowMs - slice.pace.usedAtMs >= idleMs) return idle;
    const stock = this.#targetOf(slice).map((sum) => sum * surplusTimes);
    const few = this.#fewCalls(slice);
    const kept = sumsBy((at) => Math.max(stock[at] ?? 0, few[at]));
    return minus(idle, kept);
  }

  #targetOf(slice: Slice): Sums {
    return slice.pace.expected(this.#policy.horizonMs);
  }

  /** What the slice should have in stock for calls like the last one. */
  #fewCalls(slice: Slice): Sums {
    const { last } = slice.pace;
    if (last === undefined) return NO_SUMS;
    return times([last.usd, last.tokens, last.calls], this.#policy.wantTimes);
  }

  #spentOf(slice: Slice): Sums {
    return countersAsSums((at) => this.#usage.spentOf(slice, at));
  }

  #wantOf(slice: Slice, need: Sums, demand: Sums): Sums {
    const isExact = this.#policy.mode === 'direct' || slice.heard?.isNear === true;
    if (isExact || isOlder(slice)) return demand;
    const target = minus(this.#targetOf(slice), idleOf(this.#usage, slice));
    const want = most(times(need, this.#policy.wantTimes), target);
    return most(demand, onlyGranted(slice, want));
  }

  /** Asks for the least, so that nobody is recalled for it, and would like the whole target. */
  #refill(slice: Slice): Pick<SliceItem, 'need' | 'demand' | 'want'> {
    const stock = most(this.#targetOf(slice), this.#fewCalls(slice));
    const part = sumsBy((at) => Math.floor((slice.effective[at] ?? 0) / WARM_PARTS));
    const isNew = slice.pace.last === undefined;
    const missing = minus(isNew ? part : stock, idleOf(this.#usage, slice));
    const want = onlyGranted(slice, missing);
    const need = least(want, [1, 1, 1]);
    return { need, demand: need, want };
  }

  #join(slice: Slice): void {
    const { capId, scope, account } = slice;
    if (account.parts.length === 1) return;
    const key = `${capId}\u0000${scope}`;
    const series = this.#series.get(key) ?? { key, slices: new Set(), newest: slice };
    series.slices.add(slice);
    if (series.newest.leavesAt < slice.leavesAt) {
      this.urge(series.newest);
      series.newest = slice;
    }
    slice.series = series;
    this.#series.set(key, series);
  }

  #sweep(): void {
    for (let step = SWEEP_STEPS_PER_SLICE; step > 0; step -= 1) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.slices.values();
        return;
      }
      const slice = next.value;
      if (slice.leavesAt + FORGET_AFTER_MS > this.#atSure) continue;
      if (this.#isKnownToStore(slice)) this.#forget(slice);
      else if (this.#usage.isAtRest(slice)) this.touch(slice);
    }
  }

  /** Whether the store knows all of it, nothing is held, and nothing can change it. */
  #isKnownToStore(slice: Slice): boolean {
    if (slice.isDirty || slice.isLive || slice.isUrgent || !this.#usage.isAtRest(slice)) {
      return false;
    }
    if (slice.told === undefined) return true;
    const isBack = slice.told.returned === slice.returned;
    return isBack && isNothing(idleOf(this.#usage, slice));
  }

  #forget(slice: Slice): void {
    const isHeld = sumsBy((at) => this.#usage.heldOf(slice, at));
    invariant(isNothing(isHeld), 'a slice that is forgotten holds nothing');
    if (slice.told !== undefined) {
      this.#forgottenUpTo = Math.max(this.#forgottenUpTo, slice.leavesAt);
    }
    this.slices.delete(slice.key);
    this.#usage.forget(slice);
    const { series } = slice;
    if (series === undefined) return;
    series.slices.delete(slice);
    if (series.slices.size === 0) this.#series.delete(series.key);
  }
}

/** How much of a ceiling a slice would like before anybody drew on it. */
const WARM_PARTS = 32;

const ASKS_NOTHING = Object.freeze({ need: NO_SUMS, demand: NO_SUMS, want: NO_SUMS });

/** A later part of the window is drawn on now. */
function isOlder(slice: Slice): boolean {
  return slice.series !== undefined && slice.series.newest !== slice;
}

function times(sums: Sums, factor: number): Sums {
  return sumsBy((at) => Math.min(Number.MAX_SAFE_INTEGER, sums[at] * factor));
}

function onlyGranted(slice: Slice, sums: Sums): Sums {
  return sumsBy((at) => (slice.isGranted(at) ? sums[at] : 0));
}

/** Spent and held of a slice by this holder, in every dimension. */
export function takenSums(usage: Usage, slice: Slice): Sums {
  return countersAsSums((at) => takenOf(usage, slice, at));
}
