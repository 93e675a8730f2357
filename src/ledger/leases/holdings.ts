import { OperationError, invariant } from '../../errors/error.ts';
import type { EpochMs } from '../../units/time.ts';
import { HELD, NO_SLOT } from '../account-table.ts';
import type { Account, Amounts } from '../account.ts';
import { AMOUNTS_ZERO } from '../amounts.ts';
import { Books } from '../books.ts';
import type { AdjustOrder, AdjustReply, ExtendOrder, ExtendReply } from '../ledger.ts';
import type { ReserveOrder, ReserveReply } from '../ledger.ts';
import { HolderRecords, snapshotOf } from './holder-records.ts';
import type { SliceUsage } from './leases.ts';
import type { LeasingPorts } from './leasing-ports.ts';
import type { Leasing } from './leasing.ts';
import { Picture } from './picture.ts';
import type { HolderJournal } from './ports.ts';
import { Slice, freeOf, grantedPart } from './slice.ts';
import { isWithin, sumsOf } from './sums.ts';

/** What the books of a holder are made with. */
export interface HoldingsOptions {
  readonly ports: LeasingPorts;
  readonly journal: HolderJournal | undefined;
  readonly endedMax: number | undefined;
  /** Makes the leasing side, which reads these books. */
  readonly lease: (ports: LeasingPorts, usage: SliceUsage) => Leasing;
}

/** Whether an order names a window that ended so long ago that its slice was forgotten. */
export type Found = 'open' | 'shut' | Extract<ReserveReply, { readonly kind: 'unavailable' }>;

/**
 * A holder's own books over its slices: finds the slice of each account, carries orders out where
 * the slices cover them, and tells the leasing side what changed.
 */
export class Holdings {
  readonly books: Books;
  readonly usage: SliceUsage;
  readonly leasing: Leasing;
  readonly picture: Picture;
  /** Slices of the order that was looked up last, in the order of its accounts. */
  readonly found: Slice[] = [];
  readonly #records: HolderRecords | undefined;
  readonly #slices: Map<string, Slice>;
  /** The order as the books get it, one object for all. */
  readonly #asked: { -readonly [Name in keyof ReserveOrder]: ReserveOrder[Name] };

  constructor({ ports, journal, endedMax, lease }: HoldingsOptions) {
    const records = journal === undefined ? undefined : new HolderRecords(journal);
    const sink = records && {
      journal: (event: Parameters<HolderRecords['keep']>[0]): void =>
        records.keep(event, this.books),
    };
    this.#records = records;
    this.books = new Books({ ...sink, endedMax });
    this.usage = usageOf(this.books);
    this.leasing = lease(ports, this.usage);
    this.#slices = this.leasing.leases.slices;
    this.picture = new Picture(this.books, this.leasing.leases, this.usage);
    this.#asked = { id: '', at: ports.clock(), amounts: AMOUNTS_ZERO, accounts: [] };
    journal?.attach(() => snapshotOf(this.books, this.#slices.values()));
  }

  /** Whether the last order failed because it could not be recorded. */
  get isUnrecorded(): boolean {
    return this.#records?.isFailed === true;
  }

  /** Before an order that `isUnrecorded` is to tell of. */
  clearUnrecorded(): void {
    if (this.#records !== undefined) this.#records.isFailed = false;
  }

  /** Looks up the slices of an order, into `found`. */
  find(accounts: readonly Account[], at: EpochMs): Found {
    const { found } = this;
    const { leases } = this.leasing;
    if (found.length !== accounts.length) found.length = accounts.length;
    let isShut = false;
    for (let index = 0; index < accounts.length; index += 1) {
      const account = accounts[index];
      invariant(account !== undefined, 'every index has an account');
      const part = account.parts[account.parts.length - 1];
      let slice = part === undefined ? undefined : this.#slices.get(part.key);
      if (slice === undefined) {
        slice = leases.open(account);
        if (slice === undefined) return staleWindow(account);
      } else if (slice.account !== account) slice.see(account);
      if (slice.isShut) isShut = true;
      found[index] = slice;
    }
    leases.noteTime(at);
    return isShut ? 'shut' : 'open';
  }

  /** Whether one of the slices that were looked up last is too short for the amounts by itself. */
  isBare(amounts: Amounts): boolean {
    const need = sumsOf(amounts);
    return this.found.some((slice) => {
      const isEnforced = slice.mode === 'enforce';
      return isEnforced && !isWithin(grantedPart(slice, need), freeOf(this.usage, slice));
    });
  }

  /** Whether the id was used: then the books answer, whatever the slices say. */
  isKnown(id: string): boolean {
    return this.books.state.open.get(id) !== undefined || this.books.state.ended.has(id);
  }

  /** Holds the amounts on the slices; `refused` when they do not cover it. */
  reserve(order: ReserveOrder, slices: readonly Slice[]): ReserveReply {
    const asked = this.#asked;
    asked.id = order.id;
    asked.at = order.at;
    asked.amounts = order.amounts;
    asked.accounts = slices;
    if (this.#records !== undefined) this.#records.accounts = order.accounts;
    const reply = this.books.reserve(asked);
    if (reply.kind !== 'reserved') return reply;
    this.#drew(slices, order.amounts);
    if (reply.observedShort.length === 0) return reply;
    const observedShort = this.picture.retold(reply.observedShort, order.accounts, slices);
    return { kind: 'reserved', observedShort };
  }

  /** Holds more on an open reservation; `refused` when its slices do not cover it. */
  extend(order: ExtendOrder, slices: readonly Slice[]): ExtendReply {
    const reply = this.books.extend(order);
    if (reply.kind === 'extended') this.#drew(slices, order.by);
    return reply;
  }

  /** Replaces what is booked for an ended reservation. */
  adjust(order: AdjustOrder): AdjustReply {
    const slices = this.endedSlices(order.reservationId);
    if (this.#records !== undefined) {
      this.#records.accounts = slices.map(({ account }) => account);
    }
    const reply = this.books.adjust(order);
    if (reply.kind !== 'adjusted') return reply;
    if (!reply.repeated) this.changed(slices, true);
    return { ...reply, overdrawn: this.picture.overdrawn(slices) };
  }

  /** Something ended or was corrected on these slices, perhaps above its hold. */
  changed(slices: readonly Slice[], isAbove: boolean): void {
    const { leasing } = this;
    for (const slice of slices) {
      if (!slice.isDirty) leasing.touch(slice);
      if (isAbove) leasing.leases.overrun(slice);
      leasing.refunded(slice);
    }
    if (leasing.line.size > 0) leasing.serve();
    if (isAbove || leasing.isDirect) leasing.run();
  }

  /** Slices of the open reservation, none for another id. */
  openSlices(id: string): readonly Slice[] {
    const accounts = this.books.state.open.get(id)?.accounts ?? NONE;
    invariant(areSlices(accounts), 'the books of a holder hold on slices');
    return accounts;
  }

  /** Slices of the ended reservation, none for another id. */
  endedSlices(id: string): readonly Slice[] {
    const { table, ended } = this.books.state;
    return (ended.get(id)?.slots ?? NONE).flatMap((slot) => {
      const key = table.accountOf(slot)?.parts[0]?.key;
      const slice = key === undefined ? undefined : this.#slices.get(key);
      return slice === undefined ? [] : [slice];
    });
  }

  /** Counts a draw on each slice; the first one keeps its balance until the store knows it. */
  #drew(slices: readonly Slice[], amounts: Amounts): void {
    for (let index = 0; index < slices.length; index += 1) {
      const slice = slices[index];
      if (slice === undefined) continue;
      if (slice.slot === NO_SLOT) {
        slice.slot = this.books.state.table.find(slice.key);
        this.books.state.table.pin(slice.slot, slice);
      }
      if (slice.pace.draw(amounts)) this.leasing.drewLow(slice);
      if (!slice.isDirty) this.leasing.touch(slice);
    }
  }
}

const NONE: readonly never[] = Object.freeze([]);

function areSlices(accounts: readonly Account[]): accounts is readonly Slice[] {
  for (const account of accounts) if (!(account instanceof Slice)) return false;
  return true;
}

/** What the books say of a slice: the counters of its slot. */
function usageOf(books: Books): SliceUsage {
  const { table } = books.state;
  const read = (slot: number, index: number): number =>
    slot === NO_SLOT ? 0 : table.counter(slot, index);
  return {
    spentOf: ({ slot }, dimension) => read(slot, dimension),
    heldOf: ({ slot }, dimension) => read(slot, HELD + dimension),
    inFlightOf: ({ slot }, dimension) => read(slot, HELD + dimension),
    recalled: () => undefined,
    isAtRest: ({ slot }) => slot === NO_SLOT || table.pinsOf(slot) === 1,
    forget: ({ slot }) => {
      if (slot !== NO_SLOT) table.unpin(slot);
    },
  };
}

function staleWindow({ scope, window }: Account): Exclude<Found, 'open' | 'shut'> {
  const message =
    `The ${window} window of ${scope} ended so long ago that its slice was forgotten. ` +
    'Plan the call again with the present time.';
  return { kind: 'unavailable', cause: new OperationError('STORE_UNAVAILABLE', message) };
}
