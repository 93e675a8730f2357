import { OperationError } from '../../errors/error.ts';
import type { Amounts } from '../account.ts';
import { checkAmounts } from '../amounts.ts';
import type { ExtendOrder, ExtendReply } from '../ledger.ts';
import type { Holdings } from './holdings.ts';
import { lackOf, standingOf } from './lack.ts';
import { unavailableFrom, type LeasingPorts } from './leasing-ports.ts';
import type { Slice } from './slice.ts';
import { isNothing, sumsOf } from './sums.ts';

/** Extensions that may be between two tries at once. */
export const EXTENSIONS_MAX = 10_000;

/**
 * Extensions of open holds. The caller does not wait: while the store is being asked the reply is
 * `unavailable`, and the next try finds what came of it.
 */
export class Extensions {
  readonly #holdings: Holdings;
  readonly #ports: LeasingPorts;
  /** Since which message the store knows of an extension that is to be tried again. */
  readonly #asked = new Map<string, { readonly seq: number; readonly sinceMs: number }>();

  constructor(holdings: Holdings, ports: LeasingPorts) {
    this.#holdings = holdings;
    this.#ports = ports;
  }

  /** Holds more on an open reservation, on all its accounts or on none. */
  extend(order: ExtendOrder): ExtendReply {
    const holdings = this.#holdings;
    const slices = holdings.openSlices(order.id);
    if (this.#isLocal(order, slices)) {
      const reply = holdings.extend(order, slices);
      if (reply.kind !== 'refused') {
        this.forget(order.id);
        return reply;
      }
    }
    checkAmounts(order.by);
    return this.#ask(order, slices);
  }

  /** The reservation ended. */
  forget(id: string): void {
    if (this.#asked.size > 0) this.#asked.delete(id);
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

  #ask(order: ExtendOrder, slices: readonly Slice[]): ExtendReply {
    const { leasing } = this.#holdings;
    const before = this.#asked.get(order.id);
    if (before !== undefined && this.#isShort(order, slices, before)) {
      return this.#refusal(order, slices);
    }
    const asked = before ?? { seq: leasing.seqNext, sinceMs: this.#ports.now() };
    for (const slice of slices) {
      if (!this.#isPassedLater(slice, order.by)) continue;
      // It may lack nothing by itself; yet what others take of the window is to be heard anew.
      leasing.touch(slice);
      leasing.leases.urge(slice);
    }
    let reply: ExtendReply | undefined;
    const need = sumsOf(order.by);
    const place = leasing.wait({
      slices,
      needs: slices.map(() => need),
      serve: () => {
        if (reply !== undefined || !this.#isLocal(order, slices)) return false;
        const tried = this.#holdings.extend(order, slices);
        if (tried.kind !== 'refused') reply = tried;
        return tried.kind !== 'refused';
      },
      refuse: () => {
        reply = this.#refusal(order, slices);
      },
      fail: (cause) => {
        reply = { kind: 'unavailable', cause };
      },
    });
    if (place !== undefined) leasing.line.leave(place);
    if (reply !== undefined) {
      this.forget(order.id);
      return reply;
    }
    if (this.#ports.store.isSynchronous && !leasing.isStuck) return this.#refusal(order, slices);
    if (this.#asked.size < EXTENSIONS_MAX) this.#asked.set(order.id, asked);
    return { kind: 'unavailable', cause: unavailableFrom(leasing.trouble ?? UNSAID) };
  }

  #isShort(
    { by }: ExtendOrder,
    slices: readonly Slice[],
    asked: { readonly seq: number; readonly sinceMs: number },
  ): boolean {
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
