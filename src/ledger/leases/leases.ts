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
import { fewCalls, refillOf, targetOf, wantOf, type Asked } from './stock.ts';
import { DIMENSIONS, NO_SUMS, isNothing, minus, plus, type Sums } from './sums.ts';

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

  /** What is scarce and serves nobody here goes back at once. */
  urgeIdle(items: readonly SliceItem[]): void {
    for (const { account } of items) {
      const slice = this.slices.get(lastPart(account).key);
      if (slice?.isScarce === true && !isNothing(idleOf(this.#usage, slice))) this.urge(slice);
    }
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
    if (this.hasUrgent || needy.some(({ series }) => series !== undefined)) {
      this.#collectOthers(items, needy, nowMs);
    }
    for (const slice of needy) {
      const item = this.#item(slice, { nowMs, isBeat: false, isNeedy: true });
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** What to say of slices that nobody waits for, as far as there is room. */
  #collectOthers(items: SliceItem[], needy: readonly Slice[], nowMs: number): void {
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
    }
    return { fault: undefined };
  }

  /**
   * Sets the alarm for a stock that runs low; whether it is low already. After a refill that did
   * not suffice it goes off when half of what is left was drawn.
   */
  stock(slice: Slice): boolean {
    const isStocked = this.#policy.mode === 'leased' && slice.mode === 'enforce';
    const isExact = !isStocked || slice.heard === undefined || slice.isScarce || isOlder(slice);
    if (isExact) {
      slice.pace.silence();
      return false;
    }
    const target = targetOf(slice, this.#policy);
    const idle = idleOf(this.#usage, slice);
    slice.pace.setAlarm(
      ...sumsBy((at) => {
        if (!slice.isGranted(at)) return Number.POSITIVE_INFINITY;
        return Math.max(idle[at] - Math.floor(target[at] / 2), Math.floor(idle[at] / 2));
      }),
    );
    return DIMENSIONS.some((at) => slice.isGranted(at) && idle[at] < target[at] / 2);
  }

  #item(
    slice: Slice,
    how: { readonly nowMs: number; readonly isBeat: boolean; readonly isNeedy: boolean },
  ): SliceItem | undefined {
    const { isBeat, isNeedy } = how;
    // In direct mode nothing is kept in stock, so nobody asks how fast it goes.
    if (this.#policy.mode === 'leased') slice.pace.measure(how.nowMs, this.#policy.rateMs);
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
      return this.#say(slice, { need, demand, want: this.#wantOf(slice, slice) });
    }
    if (!isNothing(deficit)) {
      return this.#say(slice, { need: deficit, demand: deficit, want: deficit });
    }
    if (!slice.isLow) return this.#say(slice, ASKS_NOTHING);
    return this.#say(slice, refillOf(slice, this.#policy, idleOf(this.#usage, slice)));
  }

  #say(slice: Slice, asked: Asked): SliceItem {
    const usage = this.#usage;
    const { granted, returned, marked, partial } = slice;
    const spent = this.#spentOf(slice);
    return {
      account: slice.account,
      known: granted,
      spent,
      returned,
      inFlight: sumsBy((at) => {
        if (!slice.isGranted(at)) return 0;
        // What does for a waiting call cannot be recalled either; what is a part of it can.
        const held = usage.inFlightOf(slice, at) + marked[at] - partial[at];
        return Math.min(held, Math.max(0, granted[at] - returned[at] - spent[at]));
      }),
      need: asked.need,
      demand: asked.demand,
      want: asked.want,
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
    if (mode === 'direct' || isPast || isOlder(slice) || slice.isScarce) return idle;
    if (!isBeat) return NO_SUMS;
    if (nowMs - slice.pace.usedAtMs >= idleMs) return idle;
    const stock = targetOf(slice, this.#policy).map((sum) => sum * surplusTimes);
    const few = fewCalls(slice, this.#policy);
    const kept = sumsBy((at) => Math.max(stock[at] ?? 0, few[at]));
    return minus(idle, kept);
  }

  #spentOf(slice: Slice): Sums {
    return countersAsSums((at) => this.#usage.spentOf(slice, at));
  }

  #wantOf(slice: Slice, { need, demand }: Pick<Asked, 'need' | 'demand'>): Sums {
    const isExact = this.#policy.mode === 'direct' || slice.isScarce;
    if (isExact || isOlder(slice)) return demand;
    return wantOf(slice, this.#policy, { need, demand, idle: idleOf(this.#usage, slice) });
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

const ASKS_NOTHING = Object.freeze({ need: NO_SUMS, demand: NO_SUMS, want: NO_SUMS });

/** A later part of the window is drawn on now. */
function isOlder(slice: Slice): boolean {
  return slice.series !== undefined && slice.series.newest !== slice;
}

/** Spent and held of a slice by this holder, in every dimension. */
export function takenSums(usage: Usage, slice: Slice): Sums {
  return countersAsSums((at) => takenOf(usage, slice, at));
}
