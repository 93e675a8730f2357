/** One process of the fleet: its clock, its ledger, its connection, and the calls it makes. */

import type { Amounts } from '../../src/ledger/account.ts';
import type { HolderIdentity } from '../../src/ledger/leases/message.ts';
import type { Sums } from '../../src/ledger/leases/sums.ts';
import type { ReserveOrder, ReserveReply } from '../../src/ledger/ledger.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { amountsOf, instant } from '../../src/stores/conformance/orders.ts';
import type { EpochMs } from '../../src/units/time.ts';
import type { DiskJournal } from './disk.ts';
import type { Link } from './network.ts';
import type { FaultRates } from './options.ts';
import type { Random } from './random.ts';
import type { Figures } from './report.ts';
import { addTo, takeFrom, type MutableSums, type TrueCall, type Truth } from './truth.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { PlannedCall, Workload } from './workload.ts';

/** Of all calls: what happens to some of them on the way. */
const EXTENDED_PART = 0.05;
const RELEASED_PART = 0.03;
/** How often and how soon a process tries again to end a hold whose record failed. */
const END_TRIES_MAX = 20;
const END_RETRY_MS = 100;
/** How long after its end an unknown bill becomes known. */
const ADJUSTED_AFTER_MS = 800;

/** What every process of a run shares. */
export interface Fleet {
  readonly time: VirtualTime;
  readonly truth: Truth;
  readonly workload: Workload;
  readonly figures: Figures;
  readonly random: Random;
  readonly faults: FaultRates;
  /** Notes that something is not as it must be. */
  readonly report: (finding: string) => void;
}

/** Runs `fn` in a process: later when the process is stopped, never when it is gone. */
export class ProcessGate {
  isAlive = true;
  #isStopped = false;
  #waiting: (() => void)[] = [];

  readonly run = (fn: () => void): void => {
    if (!this.isAlive) return;
    if (this.#isStopped) this.#waiting.push(fn);
    else fn();
  };

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const fn of waiting) this.run(fn);
  }
}

/** What one incarnation of a process is made of. */
export interface ProcessParts {
  readonly gate: ProcessGate;
  readonly identity: HolderIdentity;
  readonly ledger: SharedLedger;
  readonly link: Link;
  readonly disk: DiskJournal | undefined;
  readonly clock: () => EpochMs;
}

/** One incarnation. What its ledger acknowledged is kept here, to compare the store with. */
export class Process {
  readonly parts: ProcessParts;
  /** Booked by key as the ledger acknowledged it; open calls at their bound. */
  readonly booked = new Map<string, MutableSums>();
  /** Keys and calls where an end was said and not acknowledged: nobody can know whether it was recorded. */
  readonly unsure = new Set<string>();
  readonly #fleet: Fleet;

  constructor(fleet: Fleet, parts: ProcessParts) {
    this.#fleet = fleet;
    this.parts = parts;
  }

  /** Asks for a call, and makes it when it is admitted. */
  call(id: string, planned: PlannedCall): void {
    const { workload, figures } = this.#fleet;
    const { ledger, clock } = this.parts;
    const at = clock();
    const accounts = workload.accountsOf(planned, at);
    const order: ReserveOrder = { id, at, amounts: planned.bound, accounts };
    figures.calls += 1;
    const reply = ledger.reserve(order);
    if (reply.kind !== 'ask') {
      this.#decided(order, planned, reply);
      return;
    }
    figures.waited += 1;
    void this.#wait(order, planned);
  }

  async #wait(order: ReserveOrder, planned: PlannedCall): Promise<void> {
    const reply = await this.parts.ledger.reserveAsync(order);
    // A promise of a process that was killed meanwhile has nobody to come back to.
    if (this.parts.gate.isAlive) this.#decided(order, planned, reply);
  }

  #decided(order: ReserveOrder, planned: PlannedCall, reply: ReserveReply): void {
    const { figures, truth } = this.#fleet;
    if (reply.kind === 'reserved') {
      figures.admitted += 1;
      this.#start(order, planned);
    } else if (reply.kind === 'refused') {
      const { usd, tokens } = order.amounts;
      const isGlobal = reply.short.some(({ account }) => account.scope === 'global');
      const rooms = order.accounts.map((account) => {
        const [roomUsd, roomTokens] = truth.room(account);
        const part = roomUsd / (account.ceiling.usd ?? 1);
        const isEnough = roomUsd >= usd && roomTokens >= tokens;
        return { part, isEnough };
      });
      const isNeedless = rooms.every(({ part, isEnough }) => isEnough && part > 0.01);
      figures.refused(isGlobal, isNeedless, rooms[0]?.part ?? 0);
    } else if (reply.kind === 'unavailable') figures.unavailable += 1;
    else this.#fleet.report(`the reserve of ${order.id} was answered ${reply.kind}`);
  }

  #start({ id, amounts, accounts }: ReserveOrder, planned: PlannedCall): void {
    const { time, truth, random } = this.#fleet;
    const { gate } = this.parts;
    const bound: MutableSums = [amounts.usd, amounts.tokens, amounts.calls];
    const call: TrueCall = { id, accounts, bound, isBilled: false };
    truth.start(call);
    this.#book(call, bound);
    if (random.chance(EXTENDED_PART)) {
      time.schedule(planned.durationMs / 2, () => gate.run(() => this.#extend(call, amounts)));
    }
    const isReleased = random.chance(RELEASED_PART);
    const isUnknown = random.chance(this.#fleet.faults.unknownBills);
    time.schedule(planned.durationMs, () => {
      const actual: Sums = isReleased ? [0, 0, 0] : planned.actual;
      truth.bill(call, actual);
      gate.run(() => {
        if (isReleased) this.#end(call, 'released', actual);
        else this.#end(call, isUnknown ? 'unknown' : 'settled', actual);
      });
    });
  }

  #extend(call: TrueCall, amounts: Amounts): void {
    const [usd, tokens] = [Math.ceil(amounts.usd / 4), Math.ceil(amounts.tokens / 4)];
    const by = amountsOf({ usd, tokens });
    const reply = this.parts.ledger.extend({ id: call.id, at: this.parts.clock(), by });
    if (reply.kind !== 'extended') return;
    this.#fleet.truth.extend(call, [usd, tokens, 0]);
    this.#book(call, [usd, tokens, 0]);
  }

  #end(call: TrueCall, how: 'released' | 'settled' | 'unknown', actual: Sums, tries = 0): void {
    const { time } = this.#fleet;
    const { ledger, gate, clock } = this.parts;
    const { id } = call;
    const at = clock();
    const booked: Sums = how === 'unknown' ? call.bound : actual;
    const reply =
      how === 'released'
        ? ledger.release({ id, at, reason: 'refused by the provider' })
        : ledger.settle({ id, at, amounts: amountsIn(booked) });
    this.#sure(call, reply.kind);
    if (reply.kind === 'unavailable') {
      if (tries >= END_TRIES_MAX) return;
      time.schedule(END_RETRY_MS, () => gate.run(() => this.#end(call, how, actual, tries + 1)));
      return;
    }
    if (reply.kind !== 'ended') {
      this.#fleet.report(`the end of ${id} was answered ${reply.kind}`);
      return;
    }
    this.#unbook(call, call.bound);
    this.#book(call, booked);
    if (how === 'unknown') {
      time.schedule(ADJUSTED_AFTER_MS, () => gate.run(() => this.#adjust(call, booked, actual)));
    }
  }

  #adjust(call: TrueCall, before: Sums, actual: Sums, tries = 0): void {
    const { time } = this.#fleet;
    const { gate } = this.parts;
    const reply = this.parts.ledger.adjust({
      id: `adjust ${call.id}`,
      reservationId: call.id,
      at: instant(this.parts.clock()),
      amounts: amountsIn(actual),
      reason: 'the bill came',
    });
    this.#sure(call, reply.kind);
    if (reply.kind === 'unavailable' && tries < END_TRIES_MAX) {
      const again = (): void => this.#adjust(call, before, actual, tries + 1);
      time.schedule(END_RETRY_MS, () => gate.run(again));
    }
    if (reply.kind !== 'adjusted') return;
    this.#unbook(call, before);
    this.#book(call, actual);
  }

  #sure(call: TrueCall, kind: string): void {
    for (const key of keysOf(call)) {
      if (kind === 'unavailable') this.unsure.add(`${key} ${call.id}`);
      else this.unsure.delete(`${key} ${call.id}`);
    }
  }

  #book(call: TrueCall, sums: Sums): void {
    for (const key of keysOf(call)) {
      let booked = this.booked.get(key);
      if (booked === undefined) this.booked.set(key, (booked = [0, 0, 0]));
      addTo(booked, sums);
    }
  }

  #unbook(call: TrueCall, sums: Sums): void {
    for (const key of keysOf(call)) takeFrom(this.booked.get(key)!, sums);
  }
}

function keysOf({ accounts }: TrueCall): readonly string[] {
  return accounts.map(({ parts }) => parts.at(-1)!.key);
}

function amountsIn([usd, tokens, calls]: Sums): Amounts {
  return amountsOf({ usd, tokens, calls });
}
