import { deficitOf, freeOf, grantedPart, isOver, type Slice, type Usage } from './slice.ts';
import { NO_SUMS, isNothing, isWithin, least, minus, plus, type Sums } from './sums.ts';

/** An order that waits for grants on some slices. */
export interface WaitingOrder {
  readonly slices: readonly Slice[];
  /** What it needs of each, in the same order. */
  readonly needs: readonly Sums[];
  /** Carries it out, if it can be now. */
  readonly serve: () => boolean;
  /** It does not fit. */
  readonly refuse: () => void;
  /** Nobody can say. */
  readonly fail: (cause: unknown) => void;
}

/** What is set aside for an order on one slice. */
interface Mark {
  readonly amounts: Sums;
  /** It is all that the order needs there. */
  readonly isWhole: boolean;
}

/** One place in the line. */
export interface Place {
  readonly order: WaitingOrder;
  /** Set aside for it on each slice. */
  readonly marks: Mark[];
  readonly sinceMs: number;
  /** Answers to messages from this one on know of it. */
  readonly sinceSeq: number;
  /** It asks the store again from then on. */
  askAtMs: number;
  /** The last answer that named idle money elsewhere; 0 for none. */
  recallSeq: number;
  /** Answers that refused what by their own numbers fits. */
  contradictions: number;
}

/** What waiting slices ask for in one message, in the order of the line. */
export interface Asked {
  readonly slices: readonly Slice[];
  /** Whether anything waits that did not find room in this message. */
  readonly isMore: boolean;
}

/**
 * Waiting orders, first come first served. What an order can already have is set aside, so that
 * no later one takes it; each try begins by putting all that back and going through the line anew.
 * Where an account is scarce, nothing is set aside for an order that is still short of it, or that
 * waits for a recall: others may have it meanwhile, and the store can add it up.
 */
export class WaitingLine {
  readonly #places: Set<Place> = new Set();
  readonly #usage: Usage;
  readonly #onFreed: (slice: Slice) => void;
  #isServing = false;

  /** `onFreed` is told of each slice of which something is not set aside any more. */
  constructor(usage: Usage, onFreed: (slice: Slice) => void) {
    this.#usage = usage;
    this.#onFreed = onFreed;
  }

  /** Orders that wait. */
  get size(): number {
    return this.#places.size;
  }

  /** Puts an order at the end of the line, and aside what it can have. */
  join(order: WaitingOrder, at: { readonly nowMs: number; readonly seq: number }): Place {
    const marks = order.slices.map(() => NO_MARK);
    const { nowMs: sinceMs, seq: sinceSeq } = at;
    const place: Place = {
      order,
      marks,
      sinceMs,
      sinceSeq,
      askAtMs: sinceMs,
      recallSeq: 0,
      contradictions: 0,
    };
    this.#places.add(place);
    this.#setAside(place);
    return place;
  }

  /** Takes an order out of the line; what was set aside for it is free again. */
  leave(place: Place): void {
    if (!this.#places.delete(place)) return;
    this.#putBack(place);
  }

  /** Whether the order still waits. */
  has(place: Place): boolean {
    return this.#places.has(place);
  }

  /** Every place, first come first. */
  list(): readonly Place[] {
    return [...this.#places];
  }

  /** Tries every order in turn; `judge` says whether one that cannot be served is refused. */
  serve(judge: (place: Place) => 'refused' | 'waits'): void {
    if (this.#isServing || this.#places.size === 0) return;
    this.#isServing = true;
    try {
      const places = this.list();
      for (const place of places) this.#putBack(place);
      for (const place of places) this.#tryOne(place, judge);
    } finally {
      this.#isServing = false;
    }
  }

  /** Everybody leaves with the same bad news. */
  failAll(cause: unknown): void {
    for (const place of this.list()) {
      this.leave(place);
      place.order.fail(cause);
    }
  }

  /** Writes into the slices what awake orders need of them, as far as one message has room. */
  ask(nowMs: number, roomFor: number): Asked {
    const slices = new Set<Slice>();
    let isMore = false;
    for (const { order, marks, askAtMs } of this.#places) {
      if (askAtMs > nowMs) continue;
      if (slices.size > 0 && slices.size + freshIn(order, slices) > roomFor) {
        isMore = true;
        break;
      }
      for (const [index, slice] of order.slices.entries()) {
        if (slices.size >= roomFor) break;
        const { amounts } = marks[index] ?? NO_MARK;
        const lack = minus(grantedPart(slice, order.needs[index] ?? NO_SUMS), amounts);
        if (isNothing(lack) && !slice.isShut && !isOver(this.#usage, slice)) continue;
        askFor(slice, lack, slices.has(slice) ? undefined : deficitOf(this.#usage, slice));
        slices.add(slice);
      }
    }
    return { slices: [...slices], isMore };
  }

  #tryOne(place: Place, judge: (place: Place) => 'refused' | 'waits'): void {
    const { order } = place;
    if (order.serve()) {
      this.#places.delete(place);
      return;
    }
    if (judge(place) === 'waits') {
      this.#setAside(place);
      return;
    }
    this.#places.delete(place);
    order.refuse();
  }

  #setAside(place: Place): void {
    const { slices, needs } = place.order;
    for (const [index, slice] of slices.entries()) {
      const need = grantedPart(slice, needs[index] ?? NO_SUMS);
      const amounts = least(need, freeOf(this.#usage, slice));
      if (isNothing(amounts)) continue;
      const isWhole = isWithin(need, amounts);
      // Two holders that each keep a part of what is left would both be refused.
      if (slice.isScarce && (!isWhole || place.recallSeq > 0)) continue;
      place.marks[index] = { amounts, isWhole };
      slice.mark(amounts, isWhole);
    }
  }

  #putBack(place: Place): void {
    for (const [index, slice] of place.order.slices.entries()) {
      const { amounts, isWhole } = place.marks[index] ?? NO_MARK;
      if (isNothing(amounts)) continue;
      place.marks[index] = NO_MARK;
      slice.unmark(amounts, isWhole);
      this.#onFreed(slice);
    }
  }
}

/** How many slices of the order are not among `slices`. */
function freshIn(order: WaitingOrder, slices: ReadonlySet<Slice>): number {
  return order.slices.filter((slice) => !slices.has(slice)).length;
}

const NO_MARK: Mark = Object.freeze({ amounts: NO_SUMS, isWhole: true });

/** The first to ask for a slice says the need; everybody adds to the demand. */
function askFor(slice: Slice, lack: Sums, deficit: Sums | undefined): void {
  if (deficit === undefined) {
    slice.demand = plus(slice.demand, lack);
    return;
  }
  slice.need = plus(lack, deficit);
  slice.demand = slice.need;
}
