import { OperationError } from '../../errors/error.ts';
import type { Amounts } from '../account.ts';
import { checkAmounts } from '../amounts.ts';
import type { ExtendOrder, ExtendReply } from '../ledger.ts';
import type { Holdings } from './holdings.ts';
import { lackOf, standingOf } from './lack.ts';
import { unavailableFrom, type LeasingPorts } from './leasing-ports.ts';
import type { Slice } from './slice.ts';
import { isNothing, sumsOf } from './sums.ts';
import type { Place } from './waiting.ts';

/** Extensions that may be between two tries at once. */
export const EXTENSIONS_MAX = 10_000;

/** How long what came of a try is set aside for the next one. */
const KEPT_MS = 100;

/** An extension between two tries. */
interface Asked {
  /** Since which message the store knows of it. */
  readonly seq: number;
  readonly sinceMs: number;
  /**
   * Where what comes of it is set aside for the next try, which is to come soon; `undefined` where
   * later parts of the window stand in the way, which no grant on it changes.
   */
  readonly place: Place | undefined;
}

/**
 * Extensions of open holds. The caller does not wait: while the store is being asked the reply is
 * `unavailable`, and the next try finds what came of it.
 */
export class Extensions {
  readonly #holdings: Holdings;
  readonly #ports: LeasingPorts;
  readonly #asked = new Map<string, Asked>();

  constructor(holdings: Holdings, ports: LeasingPorts) {
    this.#holdings = holdings;
    this.#ports = ports;
  }

  /** Holds more on an open reservation, on all its accounts or on none. */
  extend(order: ExtendOrder): ExtendReply {
    const holdings = this.#holdings;
    const slices = holdings.openSlices(order.id);
    const before = this.#asked.get(order.id);
    if (before !== undefined) this.#leave(before.place);
    if (this.#isLocal(order, slices)) {
      const reply = holdings.extend(order, slices);
      if (reply.kind !== 'refused') {
        this.forget(order.id);
        return reply;
      }
    }
    checkAmounts(order.by);
    return this.#ask(order, slices, before);
  }

  /** The reservation ended. */
  forget(id: string): void {
    if (this.#asked.size === 0) return;
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    this.#leave(asked.place);
  }

  #leave(place: Place | undefined): void {
    if (place !== undefined) this.#holdings.leasing.line.leave(place);
  }

  /** Later parts of a rolling window count for a hold in an earlier one. */
  #isLocal({ by }: ExtendOrder, slices: readonly Slice[]): boolean {
    return !slices.some((slice) => slice.isShut || this.#isPassedLater(slice, by));
  }

  /** Whether the extension passes the ceiling with what stands in later parts of the window. */
  #isPassedLater(slice: Slice, by: Amounts): boolean {
    if (slice.mode === 'observe' || slice.series === undefined) return false;
    if (slice.series.newest === slice) return false;
    return !isNothing(lackOf(this.#holdings.usage, slice, sumsOf(by)));
  }

  #ask(order: ExtendOrder, slices: readonly Slice[], before: Asked | undefined): ExtendReply {
    const { leasing } = this.#holdings;
    if (before !== undefined && this.#isShort(order, slices, before)) {
      return this.#refusal(order, slices);
    }
    const { seq, sinceMs } = before ?? { seq: leasing.seqNext, sinceMs: this.#ports.now() };
    const passed = slices.filter((slice) => this.#isPassedLater(slice, order.by));
    for (const slice of passed) {
      // It may lack nothing by itself; yet what others take of the window is to be heard anew.
      leasing.touch(slice);
      leasing.leases.urge(slice);
    }
    let reply: ExtendReply | undefined;
    let isOver = false;
    const need = sumsOf(order.by);
    const place = leasing.wait({
      slices,
      needs: slices.map(() => need),
      serve: () => {
        if (isOver || reply !== undefined || !this.#isLocal(order, slices)) return false;
        const tried = this.#holdings.extend(order, slices);
        if (tried.kind !== 'refused') reply = tried;
        return tried.kind !== 'refused';
      },
      refuse: () => {
        // After this try: the next one finds it refused.
        if (!isOver) reply = this.#refusal(order, slices);
      },
      fail: (cause) => {
        reply = { kind: 'unavailable', cause };
      },
    });
    isOver = true;
    const isRefused = this.#ports.store.isSynchronous && !leasing.isStuck;
    const isRoom = this.#asked.size < EXTENSIONS_MAX;
    const isKept = reply === undefined && !isRefused && isRoom && passed.length === 0;
    if (!isKept) this.#leave(place);
    if (reply !== undefined) {
      this.forget(order.id);
      return reply;
    }
    if (isRefused) return this.#refusal(order, slices);
    if (isRoom) this.#asked.set(order.id, { seq, sinceMs, place: isKept ? place : undefined });
    if (isKept) this.#ports.schedule(KEPT_MS, () => this.#letGo(place, slices));
    return { kind: 'unavailable', cause: unavailableFrom(leasing.trouble ?? UNSAID) };
  }

  /** Nobody tried again: others may have it. */
  #letGo(place: Place | undefined, slices: readonly Slice[]): void {
    const { leasing } = this.#holdings;
    if (place === undefined || !leasing.line.has(place)) return;
    leasing.line.leave(place);
    for (const slice of slices) leasing.refunded(slice);
    leasing.serve();
    leasing.run();
  }

  #isShort({ by }: ExtendOrder, slices: readonly Slice[], asked: Asked): boolean {
    const { policy, now } = this.#ports;
    const nowMs = now();
    const from = { usage: this.#holdings.usage, policy, nowMs, sinceSeq: asked.seq };
    const isRecallOver = nowMs - asked.sinceMs >= policy.recallWaitMs;
    return slices.some((slice) => {
      const standing = standingOf(slice, sumsOf(by), from);
      return standing === 'short' || (standing === 'recallable' && isRecallOver);
    });
  }

  #refusal({ id, by }: ExtendOrder, slices: readonly Slice[]): ExtendReply {
    this.forget(id);
    return { kind: 'refused', short: this.#holdings.picture.short([], slices, by) };
  }
}

const UNSAID = new OperationError('STORE_UNAVAILABLE', 'The store has not answered yet.');
