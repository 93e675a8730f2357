import { OperationError, invariant } from '../../errors/error.ts';
import { systemClock, type Clock } from '../../units/time.ts';
import type { Account, Amounts, Balance } from '../account.ts';
import { checkAmounts } from '../amounts.ts';
import type {
  AdjustOrder,
  AdjustReply,
  EndOrder,
  EndReply,
  ExtendOrder,
  ExtendReply,
  OpenHold,
  ReserveOrder,
  ReserveReply,
  SettleOrder,
  Short,
} from '../ledger.ts';
import type { SharedLedger } from '../shared-ledger.ts';
import { Extensions } from './extensions.ts';
import { Holdings } from './holdings.ts';
import { HolderEnd } from './holder-end.ts';
import { standingOf, type Standing } from './lack.ts';
import type { LeaseStore } from './lease-store.ts';
import { unavailableFrom, type Fault, type LeasingPorts } from './leasing-ports.ts';
import { Leasing } from './leasing.ts';
import type { HolderIdentity } from './message.ts';
import { leasePolicyOf, type LeasePolicy } from './policy.ts';
import type { HolderJournal, MonotonicMs, Schedule } from './ports.ts';
import { refreshFrom } from './refresh.ts';
import type { Slice } from './slice.ts';
import { sumsOf } from './sums.ts';
import { systemNow, systemSchedule } from './system-time.ts';
import { UnrecordedEnds } from './unrecorded-ends.ts';
import type { Place } from './waiting.ts';

/** What a leased ledger can be told. */
export interface LeasedLedgerOptions {
  readonly store: LeaseStore;
  readonly identity: HolderIdentity;
  /** Where each change is recorded before it is made; without one a crash costs the slices. */
  readonly journal?: HolderJournal | undefined;
  readonly clock?: Clock | undefined;
  readonly now?: MonotonicMs | undefined;
  readonly schedule?: Schedule | undefined;
  readonly policy?: Partial<LeasePolicy> | undefined;
  /** Ended reservations remembered; as in `Books`. */
  readonly endedMax?: number | undefined;
  /** Is told what people should know. What it throws is ignored. */
  readonly onFault?: ((fault: Fault) => void) | undefined;
}

/**
 * A ledger that decides from slices of accounts which a store granted to this holder.
 *
 * What a slice covers is decided at once and without a message. For the rest it asks the store:
 * inline when the store is synchronous, else through `reserveAsync`. While the store is out of
 * reach that rest is `unavailable`, and what the slices cover goes on. Throws `CONFIG_INVALID`
 * for a bad policy or `endedMax`.
 */
export function createLeasedLedger(options: LeasedLedgerOptions): SharedLedger {
  return new LeasedLedger(options);
}

/** Time between two tries to record ends that could not be recorded. */
const UNRECORDED_RETRY_MS = 250;

class LeasedLedger implements SharedLedger {
  readonly holder: string;
  readonly #options: LeasedLedgerOptions;
  readonly #ports: LeasingPorts;
  readonly #holdings: Holdings;
  readonly #leasing: Leasing;
  readonly #extensions: Extensions;
  readonly #unrecorded: UnrecordedEnds;
  readonly #ending: HolderEnd;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  #isRetrySet = false;

  constructor(options: LeasedLedgerOptions) {
    const { store, identity, journal, endedMax } = options;
    this.#options = options;
    this.holder = identity.holder;
    this.#ports = {
      store,
      identity,
      policy: leasePolicyOf(options.policy),
      clock: options.clock ?? systemClock,
      now: options.now ?? systemNow,
      schedule: options.schedule ?? systemSchedule,
      onFault: (fault) => this.#report(fault),
    };
    this.#holdings = new Holdings({
      ports: this.#ports,
      journal,
      endedMax,
      lease: (ports, usage) => new Leasing(ports, usage),
    });
    this.#leasing = this.#holdings.leasing;
    this.#extensions = new Extensions(this.#holdings, this.#ports);
    this.#unrecorded = new UnrecordedEnds(this.#ports.policy.unrecordedMax);
    const of = { store, holder: identity.holder, holdings: this.#holdings };
    this.#ending = new HolderEnd({ ...of, cause: CLOSED.cause });
  }

  reserve(order: ReserveOrder): ReserveReply {
    const reply = this.#reserveLocally(order);
    if (reply !== undefined) return reply;
    const slices = this.#holdings.found.slice();
    const refused = this.#refusedLately(order, slices);
    if (refused !== undefined) return refused;
    const cause = this.#leasing.trouble;
    if (cause !== undefined) return unavailable(cause);
    return this.#ports.store.isSynchronous
      ? this.#reserveInline(order, slices)
      : this.#mustAsk(order, slices);
  }

  async reserveAsync(order: ReserveOrder): Promise<ReserveReply> {
    const reply = this.#reserveLocally(order);
    if (reply !== undefined) return reply;
    const slices = this.#holdings.found.slice();
    const refused = this.#refusedLately(order, slices);
    if (refused !== undefined) return refused;
    return await new Promise((resolve) => {
      this.#wait(order, slices, resolve);
    });
  }

  extend(order: ExtendOrder): ExtendReply {
    return this.#isClosed ? CLOSED : this.#extensions.extend(order);
  }

  settle(order: SettleOrder): EndReply {
    if (this.#isClosed) return CLOSED;
    const known = this.#holdings.books.state.open.get(order.id);
    const isAbove = known !== undefined && passes(order.amounts, known.held);
    return this.#end(order.id, () => this.#holdings.books.settle(order), isAbove);
  }

  release(order: EndOrder): EndReply {
    if (this.#isClosed) return CLOSED;
    return this.#end(order.id, () => this.#holdings.books.release(order), false);
  }

  expire(order: EndOrder): EndReply {
    if (this.#isClosed) return CLOSED;
    return this.#end(order.id, () => this.#holdings.books.expire(order), false);
  }

  adjust(order: AdjustOrder): AdjustReply {
    if (this.#isClosed) return CLOSED;
    return this.#recorded(`correction ${order.id}`, () => this.#holdings.adjust(order));
  }

  balance(account: Account): Balance {
    return this.#holdings.picture.balance(account);
  }

  openHolds(): Iterable<OpenHold> {
    return this.#holdings.books.openHolds();
  }

  async warm(accounts: readonly Account[]): Promise<void> {
    if (!this.#isClosed) await this.#leasing.warm(accounts);
  }

  async refresh(accounts: readonly Account[]): Promise<void> {
    const { leasing, picture } = this.#holdings;
    await refreshFrom(this.#ports.store, { accounts, leasing, picture });
  }

  async flush(): Promise<void> {
    await this.#leasing.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().catch((failed: unknown) => {
      this.#closing = undefined;
      throw failed;
    });
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#isClosed) this.#unrecorded.retry();
    this.#isClosed = true;
    await this.#ending.tell(this.#ports.clock());
    try {
      this.#options.journal?.discard();
    } catch (failed) {
      this.#report({ kind: 'journal', message: `Its file stays: ${String(failed)}` });
    }
  }

  /** The decision from what is here, by slices in `found`; `undefined` when the store must say. */
  #reserveLocally(order: ReserveOrder): ReserveReply | undefined {
    const holdings = this.#holdings;
    if (this.#isClosed) return CLOSED;
    if (this.#leasing.ended !== undefined) return unavailable(this.#leasing.ended);
    const found = holdings.find(order.accounts, order.at);
    if (found !== 'open' && found !== 'shut') return found;
    // In direct mode there is seldom any stock, and it takes the books long to say what lacks.
    const isBare = this.#leasing.isDirect && holdings.isBare(order.amounts);
    if (!this.#mayDraw(found === 'shut' || isBare, order)) return this.#checked(order);
    const reply = holdings.reserve(order, holdings.found);
    return reply.kind === 'refused' ? undefined : reply;
  }

  /**
   * Whether the books may decide: not over a slice that is shut, and not before the store knows the
   * holder, since else nobody would book what it spends where it needs no grant.
   */
  #mayDraw(isShut: boolean, { id }: ReserveOrder): boolean {
    return (!isShut && this.#leasing.isOpened) || this.#holdings.isKnown(id);
  }

  /** What the books would check first. */
  #checked({ amounts }: ReserveOrder): undefined {
    checkAmounts(amounts);
    const { found } = this.#holdings;
    invariant(new Set(found).size === found.length, 'no two accounts of one order share a key');
    return undefined;
  }

  /** The refusal that one by the store, moments ago, proves. */
  #refusedLately(order: ReserveOrder, slices: readonly Slice[]): ReserveReply | undefined {
    // In direct mode each call asks for itself.
    if (this.#leasing.isDirect) return undefined;
    return this.#standings(slices, order.amounts).includes('short')
      ? this.#refusal(order, slices)
      : undefined;
  }

  #standings(slices: readonly Slice[], amounts: Amounts): readonly Standing[] {
    const { usage } = this.#holdings;
    const { policy, now } = this.#ports;
    const from = { usage, policy, nowMs: now(), sinceSeq: undefined };
    const need = sumsOf(amounts);
    return slices.map((slice) => standingOf(slice, need, from));
  }

  #reserveInline(order: ReserveOrder, slices: readonly Slice[]): ReserveReply {
    const told: { reply?: ReserveReply } = {};
    const place = this.#wait(order, slices, (reply) => {
      told.reply = reply;
    });
    if (place !== undefined) this.#leasing.line.leave(place);
    if (told.reply !== undefined) return told.reply;
    if (this.#leasing.isStuck) return unavailable(this.#leasing.trouble ?? UNSAID);
    return this.#mustAsk(order, slices);
  }

  #mustAsk(order: ReserveOrder, slices: readonly Slice[]): ReserveReply {
    if (!this.#standings(slices, order.amounts).includes('recallable')) return ASK;
    return { kind: 'ask', short: this.#short(order.accounts, slices, order.amounts) };
  }

  /** Waits for the store with an order; `tell` gets the reply once. */
  #wait(
    order: ReserveOrder,
    slices: readonly Slice[],
    tell: (reply: ReserveReply) => void,
  ): Place | undefined {
    const need = sumsOf(order.amounts);
    return this.#leasing.wait({
      slices,
      needs: slices.map(() => need),
      serve: () => {
        const isShut = slices.some((slice) => slice.isShut);
        if (!this.#mayDraw(isShut, order)) return false;
        const reply = this.#holdings.reserve(order, slices);
        if (reply.kind !== 'refused') tell(reply);
        return reply.kind !== 'refused';
      },
      refuse: () => tell(this.#refusal(order, slices)),
      fail: (cause) => tell(unavailable(cause)),
    });
  }

  #refusal(order: ReserveOrder, slices: readonly Slice[]): ReserveReply {
    return { kind: 'refused', short: this.#short(order.accounts, slices, order.amounts) };
  }

  #short(
    accounts: readonly Account[],
    slices: readonly Slice[],
    amounts: Amounts,
  ): readonly Short[] {
    return this.#holdings.picture.short(accounts, slices, amounts);
  }

  #end(id: string, say: () => EndReply, isAbove: boolean): EndReply {
    return this.#recorded(id, () => {
      const { picture } = this.#holdings;
      const slices = this.#holdings.openSlices(id);
      const reply = say();
      if (reply.kind !== 'ended') return reply;
      this.#extensions.forget(id);
      if (reply.repeated) {
        return { ...reply, overdrawn: picture.overdrawn(this.#holdings.endedSlices(id)) };
      }
      this.#holdings.changed(slices, isAbove);
      const overdrawn = picture.overdrawn(slices);
      const isPlain = overdrawn.length === 0 && reply.overdrawn.length === 0;
      return isPlain ? reply : { ...reply, overdrawn };
    });
  }

  /** Carries out what must not be lost: where it cannot be recorded, it is said again later. */
  #recorded<T>(id: string, say: () => T): T {
    const holdings = this.#holdings;
    holdings.clearUnrecorded();
    const reply = say();
    if (!holdings.isUnrecorded) {
      this.#unrecorded.drop(id);
      return reply;
    }
    const retry = (): boolean => {
      holdings.clearUnrecorded();
      say();
      return !holdings.isUnrecorded;
    };
    if (!this.#unrecorded.keep({ id, retry })) {
      const message = `It must be said again by its caller: the end of ${id}.`;
      this.#report({ kind: 'unrecorded', message });
    }
    this.#retryLater();
    return reply;
  }

  #retryLater(): void {
    if (this.#isRetrySet) return;
    this.#isRetrySet = true;
    this.#ports.schedule(UNRECORDED_RETRY_MS, () => {
      this.#isRetrySet = false;
      if (this.#isClosed) return;
      this.#unrecorded.retry();
      if (this.#unrecorded.size > 0) this.#retryLater();
    });
  }

  #report(fault: Fault): void {
    try {
      this.#options.onFault?.(fault);
    } catch {
      // Whoever listens must not break what they listen to.
    }
  }
}

type Unavailable = Extract<ReserveReply, { readonly kind: 'unavailable' }>;

const ASK = Object.freeze({ kind: 'ask' } as const);
const UNSAID = new OperationError('STORE_UNAVAILABLE', 'The store has not answered yet.');
const CLOSED = Object.freeze({
  kind: 'unavailable',
  cause: new OperationError('STORE_UNAVAILABLE', 'The ledger was closed.'),
} as const);

function unavailable(cause: unknown): Unavailable {
  return { kind: 'unavailable', cause: unavailableFrom(cause) };
}

function passes(billed: Amounts, held: Amounts): boolean {
  return billed.usd > held.usd || billed.tokens > held.tokens || billed.calls > held.calls;
}
