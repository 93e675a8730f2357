import { OperationError } from '../../errors/error.ts';
import { systemClock, type Clock } from '../../units/time.ts';
import { lastPart } from '../account-table.ts';
import type { Account } from '../account.ts';
import { finalsByKey, openingItems } from './finals.ts';
import { takenAtStore } from './hearing.ts';
import type { Awaitable, LeaseStore, StoreBalance } from './lease-store.ts';
import { unavailableFrom, type Fault, type LeasingPorts } from './leasing-ports.ts';
import { Leasing } from './leasing.ts';
import type { CloseOrder, CloseReply, ExchangeReply, SliceFinal } from './message.ts';
import type { HolderIdentity, HolderMessage } from './message.ts';
import { leasePolicyOf, type LeasePolicy } from './policy.ts';
import type { MonotonicMs, Schedule } from './ports.ts';
import { freeOf, grantedPart } from './slice.ts';
import { NO_SUMS, isNothing, isWithin, minus, plus } from './sums.ts';
import { systemNow, systemSchedule } from './system-time.ts';
import { TierRows, type LowerHolder, type TierItem } from './tier-rows.ts';

/** What a tier store can be told. */
export interface TierStoreOptions {
  /** Where the tier leases what it grants. */
  readonly upstream: LeaseStore;
  /** The tier itself, as a holder of the upstream store. */
  readonly identity: HolderIdentity;
  readonly clock?: Clock | undefined;
  readonly now?: MonotonicMs | undefined;
  readonly schedule?: Schedule | undefined;
  readonly policy?: Partial<LeasePolicy> | undefined;
  readonly onFault?: ((fault: Fault) => void) | undefined;
}

/**
 * A lease store for the processes of one host, which grants only within slices that it leases
 * itself: the store above sees one holder for all of them.
 *
 * Kept in the memory of its process. When that dies, its holders go on with what they hold and are
 * granted no more; what the tier had is theirs until the store above charges it, so no cap is
 * passed. Calls in doubt below reach the store above when the tier ends. Orders of operators and
 * the journal are those of the store above.
 */
export function createTierStore(options: TierStoreOptions): LeaseStore {
  return new TierStore(options);
}

class TierStore implements LeaseStore {
  readonly isSynchronous: boolean;
  readonly #upstream: LeaseStore;
  readonly #ports: LeasingPorts;
  readonly #leasing: Leasing;
  readonly #rows = new TierRows();
  #isEnded = false;

  constructor(options: TierStoreOptions) {
    const { upstream, identity, onFault } = options;
    this.#upstream = upstream;
    this.isSynchronous = upstream.isSynchronous;
    this.#ports = {
      store: upstream,
      identity,
      // Whoever waits for a recall waits below, where it does not hold up other messages.
      policy: { ...leasePolicyOf(options.policy), recallWaitMs: 0 },
      clock: options.clock ?? systemClock,
      now: options.now ?? systemNow,
      schedule: options.schedule ?? systemSchedule,
      onFault: (fault) => onFault?.(fault),
    };
    this.#leasing = new Leasing(this.#ports, this.#rows.usage);
  }

  open(identity: HolderIdentity): void {
    this.#rows.open(identity, this.#ports.clock());
  }

  exchange(message: HolderMessage): Awaitable<ExchangeReply> {
    const holder = this.#rows.holders.get(message.holder);
    if (holder === undefined) return { kind: 'lost', reason: `no holder ${message.holder}` };
    if (!holder.isOpen) return { kind: 'fenced' };
    if (holder.pending?.seq === message.seq) return holder.pending.reply;
    if (message.seq <= holder.seq && holder.reply !== undefined) return holder.reply;
    if (message.seq !== holder.seq + 1) {
      return { kind: 'lost', reason: `message ${message.seq} came after ${holder.seq}` };
    }
    if (this.#isEnded || this.#leasing.ended !== undefined) {
      return { kind: 'lost', reason: 'the tier of this host has ended' };
    }
    const items = this.#itemsOf(message);
    if (items === undefined) return { kind: 'lost', reason: 'a window that was forgotten' };
    const reason = this.#rows.report(holder, message, items);
    if (reason !== undefined) return { kind: 'lost', reason };
    holder.lastSeenAt = this.#ports.clock();
    this.#changed(items);
    return this.#decide(holder, message, items);
  }

  close(order: CloseOrder): CloseReply {
    const holder = this.#rows.holders.get(order.holder);
    if (holder === undefined) return { kind: 'unknown-holder' };
    if (!holder.isOpen) return { kind: 'already-closed' };
    const { slices } = this.#leasing.leases;
    const finals = finalsByKey(order);
    for (const item of openingItems(finals, (key) => holder.slices.has(key))) {
      const slice = this.#leasing.leases.open(item.account);
      if (slice === undefined) this.#tellUnbooked(order, item.account, finals);
      else this.#rows.openUnheard(holder, { item, slice });
    }
    const closed = this.#rows.close(holder, order, finals);
    for (const doubt of order.inDoubt) this.#rows.doubts.push({ ...doubt, holder: order.holder });
    for (const key of holder.slices.keys()) {
      const slice = slices.get(key);
      if (slice === undefined) continue;
      this.#leasing.touch(slice);
      this.#leasing.leases.overrun(slice);
      this.#leasing.refunded(slice);
    }
    this.#leasing.serve();
    this.#leasing.run();
    return { kind: 'closed', ...closed };
  }

  holders() {
    return this.#rows.list();
  }

  async balances(accounts: readonly Account[]): Promise<readonly StoreBalance[]> {
    return await this.#leasing.ask(
      () => this.#upstream.balances(accounts),
      (balances) =>
        accounts.map((account, index) => this.#balanceOf(account, balances[index] ?? NOTHING)),
    );
  }

  operate(operation: Parameters<LeaseStore['operate']>[0]) {
    return this.#upstream.operate(operation);
  }

  async doubts() {
    return [...(await this.#upstream.doubts()), ...this.#rows.doubts];
  }

  journal(after?: number) {
    return this.#upstream.journal(after);
  }

  /** Gives everything back and ends the tier as a holder. The store above stays open. */
  async end(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const leasing = this.#leasing;
    const { holder } = this.#ports.identity;
    const cause = new OperationError('STORE_UNAVAILABLE', 'The tier of this host has ended.');
    leasing.line.failAll(cause);
    leasing.leases.isClosing = true;
    try {
      await leasing.flush();
      const isInUse = [...this.#rows.holders.values()].some(({ isOpen }) => isOpen);
      // Holders that are still open may go on spending what they have: it stays leased.
      if (!leasing.isOpened || isInUse) return;
      const why = { by: holder, reason: 'The tier was ended by its process.' } as const;
      const inDoubt = this.#rows.doubts;
      const end = { holder, at: this.#ports.clock(), ...why, how: 'proven', finals: [] } as const;
      await leasing.ask(
        () => this.#upstream.close({ ...end, inDoubt }),
        () => undefined,
      );
    } finally {
      leasing.end(cause);
    }
  }

  /** A new slice would contradict what the store above knows of the one that was forgotten. */
  #tellUnbooked(
    { holder }: CloseOrder,
    account: Account,
    finals: ReadonlyMap<string, SliceFinal>,
  ): void {
    const { key } = lastPart(account);
    const spent = finals.get(key)?.spent.join('/');
    const message =
      `${holder} spent ${spent} from ${key}, whose slice this tier forgot: ` +
      'it is not booked; correct the account by that.';
    this.#ports.onFault({ kind: 'lost', message });
  }

  #itemsOf(message: HolderMessage): readonly TierItem[] | undefined {
    const items: TierItem[] = [];
    for (const item of message.items) {
      const slice = this.#leasing.leases.open(item.account);
      if (slice === undefined) return undefined;
      items.push({ item, slice });
    }
    this.#leasing.leases.noteTime(message.at);
    return items;
  }

  #changed(items: readonly TierItem[]): void {
    const leasing = this.#leasing;
    for (const { slice } of items) {
      leasing.touch(slice);
      leasing.leases.overrun(slice);
      leasing.refunded(slice);
    }
    leasing.serve();
    leasing.run();
  }

  /** Grants at once what is here, else when the store above has answered. */
  #decide(
    holder: LowerHolder,
    message: HolderMessage,
    items: readonly TierItem[],
  ): Awaitable<ExchangeReply> {
    const asking = items.filter(({ item, slice }) => !isNothing(item.need) || slice.isShut);
    const isCovered = (): boolean =>
      asking.every(({ item, slice }) => {
        return !slice.isShut && isWithin(grantedPart(slice, item.need), this.#freeOf(slice));
      });
    if (isCovered()) return this.#answer(holder, message, items);
    let failed: unknown;
    let answered: ExchangeReply | undefined;
    let resolve: (reply: ExchangeReply) => void = () => undefined;
    let reject: (cause: unknown) => void = () => undefined;
    const answer = (): void => {
      answered = this.#answer(holder, message, items);
      resolve(answered);
    };
    const place = this.#leasing.wait({
      slices: asking.map(({ slice }) => slice),
      needs: asking.map(({ item }) => item.need),
      serve: () => {
        if (!isCovered()) return false;
        answer();
        return true;
      },
      refuse: answer,
      fail: (cause) => {
        failed = cause;
        holder.pending = undefined;
        reject(cause);
      },
    });
    if (answered !== undefined) return answered;
    if (failed !== undefined) throw unavailableFrom(failed);
    if (this.isSynchronous && place !== undefined) {
      this.#leasing.line.leave(place);
      throw new OperationError('STORE_UNAVAILABLE', 'The store above has not answered.');
    }
    const reply = new Promise<ExchangeReply>((give, take) => {
      resolve = give;
      reject = take;
    });
    holder.pending = { seq: message.seq, reply };
    return reply;
  }

  #freeOf(slice: TierItem['slice']) {
    return freeOf(this.#rows.usage, slice);
  }

  #answer(holder: LowerHolder, message: HolderMessage, items: readonly TierItem[]): ExchangeReply {
    holder.pending = undefined;
    if (!holder.isOpen) return { kind: 'fenced' };
    const isExact = this.#leasing.line.size > 1;
    const slices = this.#rows.grant(holder, message, { items, isExact });
    for (const { slice, item } of items) {
      this.#leasing.touch(slice);
      if (!isNothing(item.need)) this.#drew(slice, item.need);
    }
    holder.seq = message.seq;
    holder.reply = { kind: 'applied', seq: message.seq, slices };
    return holder.reply;
  }

  #drew(slice: TierItem['slice'], [usd, tokens, calls]: TierItem['item']['need']): void {
    if (slice.pace.draw({ usd, tokens, calls })) this.#leasing.drewLow(slice);
  }

  /** The store above, with what lower holders did since it was told. */
  #balanceOf(account: Account, told: StoreBalance): StoreBalance {
    let { spent, held } = told;
    for (const { key } of account.parts) {
      const slice = this.#leasing.leases.slices.get(key);
      if (slice === undefined) continue;
      const before = takenAtStore(slice);
      const now = this.#rows.standing(key);
      spent = plus(minus(spent, before.spent), now.spent);
      held = plus(minus(held, before.held), now.held);
    }
    return { spent, held };
  }
}

const NOTHING: StoreBalance = { spent: NO_SUMS, held: NO_SUMS };
