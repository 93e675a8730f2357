/** Watches the store of a simulation: what must hold after every message, whoever sent it. */

import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderMessage,
} from '../../src/ledger/leases/message.ts';
import {
  DIMENSIONS,
  NO_SUMS,
  ceilingsOf,
  minus,
  plus,
  type Sums,
} from '../../src/ledger/leases/sums.ts';
import type { Account } from '../../src/ledger/account.ts';
import type { MemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { addTo, sameSums, takeFrom, textOf, type MutableSums } from './truth.ts';

/** Findings kept; a broken store would fill the memory with them. */
const FINDINGS_MAX = 200;

const NOTHING_HELD = '0/0/0 held, 0/0/0 in flight, 0 slices';

/** What the store last told a holder about one slice. */
interface ToldSlice {
  readonly granted: Sums;
  readonly returned: Sums;
  readonly spent: Sums;
  readonly held: Sums;
}

interface ToldHolder {
  seq: number;
  isOpen: boolean;
  /** The highest message as it was first sent. */
  first: HolderMessage | undefined;
  readonly slices: Map<string, ToldSlice>;
  /** Slices in full, from the end of a holder for whom nobody could speak. */
  charged: Map<string, Sums> | undefined;
}

/** Compares what the store keeps with what it told, and with the rules of `LeaseStore`. */
export class Inspector {
  readonly findings: string[] = [];
  exchanges = 0;
  readonly #memory: MemoryLeaseStore;
  readonly #holders = new Map<string, ToldHolder>();
  readonly #opened = new Set<string>();
  /** Held by open slices, as the store told their holders. */
  readonly #held = new Map<string, MutableSums>();
  readonly #accounts = new Map<string, Account>();

  constructor(memory: MemoryLeaseStore) {
    this.#memory = memory;
  }

  /** Notes that something is not as it must be. */
  report(finding: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push(finding);
  }

  /** Checks a message as it leaves its holder. What is under way is a copy: it does not change. */
  sent(message: HolderMessage): HolderMessage {
    const holder = this.#holderOf(message.holder);
    const before = holder.first;
    if (before === undefined || message.seq > before.seq) {
      const next = (before?.seq ?? 0) + 1;
      if (message.seq !== next) this.report(`I4: message ${message.seq} where ${next} is due`);
      holder.first = { ...message, items: message.items.map((item) => ({ ...item })) };
      return holder.first;
    }
    if (JSON.stringify(message) !== JSON.stringify(before)) {
      this.report(`I4: message ${message.seq} of ${message.holder} was sent again, changed`);
    }
    return message.seq === before.seq ? before : message;
  }

  /** Runs an exchange and checks all that it did. */
  exchange(message: HolderMessage, apply: () => ExchangeReply): ExchangeReply {
    this.exchanges += 1;
    const holder = this.#holderOf(message.holder);
    const keys = message.items.map(({ account }) => keyOf(account));
    const isOld = message.seq <= holder.seq || !holder.isOpen;
    const before = isOld ? keys.map((key) => this.#rowText(key)) : [];
    const reply = apply();
    if (isOld) {
      const changed = keys.filter((key, index) => before[index] !== this.#rowText(key));
      const rule = holder.isOpen ? 'S3' : 'S6';
      for (const key of changed) this.report(`${rule}: a repeat of ${message.seq} changed ${key}`);
    }
    if (!holder.isOpen && reply.kind !== 'fenced') {
      this.report(`S6: ${message.holder} was closed and is told ${reply.kind}`);
    }
    if (holder.isOpen && reply.kind === 'fenced') {
      this.report(`S6: ${message.holder} was never closed and is told ${reply.kind}`);
    }
    if (reply.kind === 'lost') this.report(`S9: nothing was lost, and is told: ${reply.reason}`);
    if (reply.kind === 'applied' && holder.isOpen) {
      if (!isOld) holder.seq = message.seq;
      if (message.seq === holder.seq) this.#keepTold(holder, message, reply);
    }
    for (const { account } of message.items) this.#checkAccount(account);
    return reply;
  }

  /** Runs the end of a holder and checks it. */
  close(order: CloseOrder, apply: () => CloseReply): CloseReply {
    const holder = this.#holderOf(order.holder);
    const reply = apply();
    if (reply.kind !== 'closed') return reply;
    if (!holder.isOpen) this.report(`S6: ${order.holder} was closed twice`);
    holder.isOpen = false;
    if (order.how === 'charged') holder.charged = new Map();
    for (const [key, slice] of holder.slices) {
      takeFrom(this.#heldOf(key), slice.held);
      holder.charged?.set(key, plus(slice.held, slice.spent));
    }
    for (const key of holder.slices.keys()) this.#checkAccount(this.#accounts.get(key)!);
    return reply;
  }

  /** What each slice was charged with, when its holder was ended without proof. */
  chargedOf(holder: string): ReadonlyMap<string, Sums> | undefined {
    return this.#holders.get(holder)?.charged;
  }

  /** Notes that a holder was registered. */
  opened(holder: string): void {
    this.#opened.add(holder);
  }

  /** Whether the store knows the holder and was not told of its end. */
  isOpen(holder: string): boolean {
    return this.#opened.has(holder) && this.#holderOf(holder).isOpen;
  }

  /** The slow check of everything, from the rows of the store itself. */
  checkAll(): void {
    for (const [key, { row }] of this.#memory.accounts) {
      const sum = this.#memory
        .slicesOf(key)
        .reduce((held, slice) => plus(held, heldOf(slice)), NO_SUMS);
      if (!sameSums(sum, row.held))
        this.report(`S4: ${key} holds ${textOf(row.held)}, slices ${textOf(sum)}`);
    }
  }

  /** Everything that is still held, when nobody is left to hold it. */
  checkNothingHeld(): void {
    for (const [key, { row }] of this.#memory.accounts) {
      const { held, inFlight, slices } = row;
      const rest = `${textOf(held)} held, ${textOf(inFlight)} in flight, ${slices} slices`;
      if (rest !== NOTHING_HELD) this.report(`at rest ${key} has ${rest}`);
    }
  }

  #keepTold(
    holder: ToldHolder,
    message: HolderMessage,
    reply: Extract<ExchangeReply, { readonly kind: 'applied' }>,
  ): void {
    if (reply.slices.length !== message.items.length) {
      this.report(`${reply.slices.length} answers to ${message.items.length} items`);
    }
    for (const [index, slice] of reply.slices.entries()) {
      const item = message.items[index]!;
      const key = keyOf(item.account);
      if (slice.key !== key) this.report(`the answer for ${key} is of ${slice.key}`);
      this.#accounts.set(key, item.account);
      if (!sameSums(slice.returned, item.returned)) {
        this.report(
          `S3: ${key} gave back ${textOf(item.returned)}, the store has ${textOf(slice.returned)}`,
        );
      }
      const held = this.#heldOf(key);
      const before = holder.slices.get(key);
      if (before !== undefined) takeFrom(held, before.held);
      const told: ToldSlice = { ...slice, held: heldOf(slice) };
      addTo(held, told.held);
      holder.slices.set(key, told);
    }
  }

  /** S1 and S4 for one account. */
  #checkAccount(account: Account): void {
    const key = keyOf(account);
    const row = this.#memory.accounts.get(key)?.row;
    if (row === undefined) return;
    const told = this.#heldOf(key);
    if (!sameSums(told, row.held))
      this.report(`S4: ${key} holds ${textOf(row.held)}, told ${textOf(told)}`);
    if (account.mode === 'observe') return;
    const ceiling = ceilingsOf(account.ceiling);
    let taken = plus(row.spent, row.held);
    for (const part of account.parts.slice(0, -1)) {
      const earlier = this.#memory.accounts.get(part.key)?.row;
      if (earlier !== undefined) taken = plus(taken, plus(earlier.spent, earlier.held));
    }
    for (const dimension of DIMENSIONS) {
      const cap = ceiling[dimension];
      if (cap !== null && taken[dimension] > cap) {
        this.report(`S1: ${key} spent and held ${taken[dimension]} of ${cap}`);
      }
    }
  }

  #holderOf(id: string): ToldHolder {
    let holder = this.#holders.get(id);
    if (holder === undefined) {
      holder = { seq: 0, isOpen: true, first: undefined, slices: new Map(), charged: undefined };
      this.#holders.set(id, holder);
    }
    return holder;
  }

  #heldOf(key: string): MutableSums {
    let held = this.#held.get(key);
    if (held === undefined) this.#held.set(key, (held = [0, 0, 0]));
    return held;
  }

  #rowText(key: string): string {
    return JSON.stringify(this.#memory.accounts.get(key)?.row ?? null);
  }
}

function heldOf({ granted, returned, spent }: Omit<ToldSlice, 'held'>): Sums {
  return minus(minus(granted, returned), spent);
}

function keyOf({ parts }: Account): string {
  return parts.at(-1)!.key;
}
