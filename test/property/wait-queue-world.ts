/**
 * Calls that wait in front of a real ledger, and a model of their accounts beside it. What is wrong
 * is noted as a fault, because a queue may catch what is thrown within a turn.
 */

import { getEventListeners } from 'node:events';
import { WaitQueue, type Turn } from '../../src/guard/near-cap/wait-queue.ts';
import { accountOf, amountsOf, DAY, instant } from '../../src/stores/conformance/orders.ts';
import { createMemoryLedger } from '../../src/stores/memory/books/memory-ledger.ts';
import { durationMs } from '../../src/units/time.ts';
import { ManualTime } from '../leases/manual-time.ts';

/** Two caps for good, and two whose windows end every now and then. */
const CAPS = [
  { cap: 'global', ceiling: 100, windowMs: 1_000_000 },
  { cap: 'acme', ceiling: 40, windowMs: 1_000_000 },
  { cap: 'chat', ceiling: 40, windowMs: 200 },
  { cap: 'search', ceiling: 30, windowMs: 320 },
] as const;

type Cap = (typeof CAPS)[number];

/** What happens once, within a guest's first turn, after its attempt. */
export type InTurn = 'nothing' | 'end' | 'abort' | 'abort-other' | 'enter' | 'wake' | 'throw';

/** A call as it comes. */
export interface Arrival {
  /** Which caps it draws on, a bit each. */
  readonly mask: number;
  readonly need: number;
  readonly waitMs: number;
  /** A hold ends after its own attempt was refused and before it enters. */
  readonly isGap: boolean;
  /** Whether it says what it is short on as it enters. */
  readonly saysShort: boolean;
  readonly inTurn: InTurn;
}

/** One call, and what became of it. */
export interface Guest {
  readonly number: number;
  readonly arrival: Arrival;
  readonly caps: readonly Cap[];
  readonly deadline: number;
  readonly controller: AbortController;
  /** Its place in the order of entering the queue; behind all until it enters. */
  ticket: number;
  /** What the queue knows it to be short on. */
  short: ReadonlySet<string>;
  isWaiting: boolean;
  isInTurn: boolean;
  isActDone: boolean;
  /** What it must be told; a hold by its id. */
  expected: string | undefined;
  readonly answers: string[];
}

interface Hold {
  readonly id: string;
  readonly keys: readonly string[];
  readonly caps: readonly Cap[];
  readonly need: number;
}

interface Sums {
  spent: number;
  held: number;
}

/** The waiters, the ledger and the model. */
export class WaitWorld {
  readonly time = new ManualTime(instant(DAY));
  readonly ledger = createMemoryLedger();
  readonly faults: string[] = [];
  readonly guests: Guest[] = [];
  readonly open: Hold[] = [];
  readonly queue: WaitQueue<string>;
  turns = 0;
  timers = 0;
  #depth = 0;
  #holds = 0;
  #tickets = 0;
  readonly #sums = new Map<string, Sums>();

  constructor(waitersMax = 1_000) {
    const { clock, now } = this.time;
    this.queue = new WaitQueue({
      clock,
      now,
      waitersMax,
      schedule: (ms, fn) => {
        let isSet = true;
        this.timers += 1;
        const unset = (): void => {
          if (isSet) this.timers -= 1;
          isSet = false;
        };
        const cancel = this.time.schedule(ms, () => {
          unset();
          fn();
        });
        return () => {
          unset();
          cancel();
        };
      },
    });
  }

  /** A call comes: it tries at once if nobody is ahead, and waits if that is refused. */
  arrive(arrival: Arrival): Guest {
    const guest: Guest = {
      number: this.guests.length,
      arrival,
      caps: CAPS.filter((_, index) => (arrival.mask >> index) % 2 === 1),
      deadline: this.time.now() + arrival.waitMs,
      controller: new AbortController(),
      ticket: Number.POSITIVE_INFINITY,
      short: new Set(),
      isWaiting: false,
      isInTurn: false,
      isActDone: false,
      expected: undefined,
      answers: [],
    };
    this.guests.push(guest);
    const keys = guest.caps.map(({ cap }) => cap);
    let short: readonly string[] = [];
    if (!this.queue.isAhead(keys)) {
      const reply = this.#attempt(guest);
      if (reply.kind === 'done') {
        guest.answers.push(reply.value);
        return guest;
      }
      short = reply.keys;
    }
    if (arrival.isGap) this.end(guest.number, 0);
    this.#enter(guest, keys, arrival.saysShort ? short : []);
    return guest;
  }

  #enter(guest: Guest, keys: readonly string[], short: readonly string[]): void {
    this.#tickets += 1;
    guest.ticket = this.#tickets;
    guest.isWaiting = true;
    guest.short = new Set(short);
    const { signal } = guest.controller;
    const answer = this.queue.enter({
      keys,
      short,
      turn: () => this.#turn(guest),
      onTimeout: () => {
        const isEarly = this.time.now() < guest.deadline;
        this.#must(!isEarly, `W5: ${guest.number} timed out before its time`);
        return this.#leaves(guest, 'timed out');
      },
      onFull: () => this.#leaves(guest, 'full'),
      waitMsMax: durationMs(guest.arrival.waitMs)!,
      signal,
    });
    answer.then(
      (value) => guest.answers.push(value),
      (error: unknown) => guest.answers.push(String(error)),
    );
  }

  /** Ends an open hold at a part of what it holds, which is then spent. */
  end(pick: number, billed: number): void {
    const [hold] = this.open.splice(pick % Math.max(1, this.open.length), 1);
    if (hold === undefined) return;
    const cost = Math.floor(hold.need * billed);
    const at = this.time.clock();
    if (cost === 0) this.ledger.release({ id: hold.id, at, reason: 'not sent' });
    else this.ledger.settle({ id: hold.id, at, amounts: amountsOf({ usd: cost }) });
    for (const key of hold.keys) {
      const sums = this.#sumsOf(key);
      sums.held -= hold.need;
      sums.spent += cost;
    }
    this.queue.wake(hold.caps.map(({ cap }) => cap));
  }

  abort(pick: number): void {
    const waiting = this.waiting();
    const guest = waiting[pick % Math.max(1, waiting.length)];
    if (guest !== undefined) this.#abort(guest);
  }

  /** Guests that wait. */
  waiting(): readonly Guest[] {
    return this.guests.filter(({ isWaiting }) => isWaiting);
  }

  /** Lets timers and promises run, then checks what must hold while nothing is under way. */
  async rest(ms: number): Promise<readonly string[]> {
    await this.time.pass(ms);
    const waiting = this.waiting();
    this.#must(this.queue.size === waiting.length, 'W5: the queue holds exactly those that wait');
    for (const guest of waiting) {
      const { number, deadline, arrival } = guest;
      this.#must(deadline > this.time.now(), `W5: ${number} waits beyond its time`);
      const ahead = this.#aheadOf(guest);
      if (ahead !== undefined) continue;
      const room = Math.min(...guest.caps.map((cap) => this.#roomIn(cap)));
      this.#must(room < arrival.need, `W2: ${number} waits and has room`);
      const hopeless = this.#hopeless(guest, (cap) => guest.short.has(cap));
      this.#must(!hopeless, `W7: ${number} waits and its money cannot come`);
    }
    for (const cap of CAPS) this.#must(this.#roomIn(cap) >= 0, `W1: ${cap.cap} above its cap`);
    for (const guest of this.guests) this.#checkAnswer(guest);
    return this.faults;
  }

  /** Ends all holds and lets all time pass: then everybody is answered and nothing is left over. */
  async finish(): Promise<readonly string[]> {
    await this.rest(0);
    while (this.open.length > 0) this.end(0, 0);
    const last = Math.max(0, ...this.waiting().map(({ deadline }) => deadline));
    await this.rest(Math.max(0, last - this.time.now()));
    while (this.open.length > 0) this.end(0, 0);
    await this.rest(0);
    this.#must(this.queue.size === 0, 'W6: nobody waits in the end');
    this.#must(this.timers === 0, 'no timer is left');
    this.#must([...this.ledger.openHolds()].length === 0, 'W6: no hold is left without an owner');
    return this.faults;
  }

  #checkAnswer(guest: Guest): void {
    const { number, answers, expected, isWaiting, controller } = guest;
    const told = isWaiting ? '' : `${expected}`;
    this.#must(answers.join() === told, `W6: ${number} was told ${answers.join()}, not ${told}`);
    const listeners = getEventListeners(controller.signal, 'abort').length;
    this.#must(listeners === (isWaiting ? 1 : 0), `W5: ${number} has ${listeners} listeners`);
  }

  #turn(guest: Guest): Turn<string> {
    this.turns += 1;
    this.#must(this.#depth === 0, 'a turn is taken within another');
    this.#must(guest.isWaiting, `W6: ${guest.number} has a turn though it was answered`);
    this.#depth += 1;
    guest.isInTurn = true;
    const { inTurn } = guest.arrival;
    const acts = !guest.isActDone;
    guest.isActDone = true;
    try {
      if (acts && inTurn === 'throw') {
        this.#leaves(guest, 'Error: broken');
        throw new Error('broken');
      }
      const turn = this.#attempt(guest);
      if (acts) this.#act(guest, inTurn);
      if (turn.kind === 'short') guest.short = new Set(turn.keys);
      return turn;
    } finally {
      guest.isInTurn = false;
      this.#depth -= 1;
    }
  }

  /** Something else that happens in the middle of a turn, as listeners of events do it. */
  #act(guest: Guest, inTurn: InTurn): void {
    switch (inTurn) {
      case 'end':
        return this.end(guest.number, 0);
      case 'abort':
        return this.#abort(guest);
      case 'abort-other':
        return this.abort(guest.number);
      case 'wake':
        return this.queue.wake(CAPS.map(({ cap }) => cap));
      case 'enter':
        this.arrive({ ...guest.arrival, need: 1 + (guest.number % 20), inTurn: 'nothing' });
        return undefined;
      case 'nothing':
      case 'throw':
        return undefined;
    }
  }

  #attempt(guest: Guest): Turn<string> {
    const { caps, arrival } = guest;
    if (this.#hopeless(guest, () => true)) {
      return { kind: 'done', value: this.#leaves(guest, 'refused') };
    }
    const short = caps.filter((cap) => this.#roomIn(cap) < arrival.need);
    this.#holds += 1;
    const id = `hold ${this.#holds}`;
    const accounts = caps.map((cap) => this.#accountOf(cap));
    const order = {
      id,
      at: this.time.clock(),
      amounts: amountsOf({ usd: arrival.need }),
      accounts,
    };
    const reply = this.ledger.reserve(order);
    const isAsModelled = reply.kind === (short.length === 0 ? 'reserved' : 'refused');
    this.#must(isAsModelled, `W1: the ledger says ${reply.kind} to ${short.length} short`);
    if (reply.kind !== 'reserved') {
      const ends = short.map(({ windowMs }) => this.#windowOf(windowMs) + windowMs);
      return {
        kind: 'short',
        keys: short.map(({ cap }) => cap),
        retryAt: instant(DAY + Math.min(...ends)),
      };
    }
    const ahead = this.#aheadOf(guest);
    this.#must(ahead === undefined, `W3: ${guest.number} overtakes ${ahead?.number}`);
    const keys = accounts.map(({ parts }) => parts[0]!.key);
    for (const key of keys) this.#sumsOf(key).held += arrival.need;
    this.open.push({ id, keys, caps, need: arrival.need });
    return { kind: 'done', value: this.#leaves(guest, id) };
  }

  #abort(guest: Guest): void {
    // Within its own turn it is told so only if that holds nothing.
    if (guest.isWaiting) this.#leaves(guest, 'gone');
    guest.controller.abort('gone');
  }

  #leaves(guest: Guest, expected: string): string {
    const isSecond = guest.expected !== undefined;
    this.#must(!isSecond, `W6: ${guest.number} is told ${expected} after ${guest.expected}`);
    guest.isWaiting = false;
    guest.expected = expected;
    return expected;
  }

  /** Somebody who entered earlier and is queued on an account that this guest draws on. */
  #aheadOf(guest: Guest): Guest | undefined {
    return this.guests.find((other) => {
      if (other.ticket >= guest.ticket || !other.isWaiting) return false;
      return guest.caps.some(({ cap }) =>
        other.isInTurn ? other.caps.some((drawn) => drawn.cap === cap) : other.short.has(cap),
      );
    });
  }

  /** Whether one of these caps has too little left of what is not spent, while the guest waits. */
  #hopeless({ caps, arrival, deadline }: Guest, concerns: (cap: string) => boolean): boolean {
    return caps.some((cap) => {
      const start = this.#windowOf(cap.windowMs);
      const { spent } = this.#sumsOf(keyOf(cap, start));
      const isFull = spent + arrival.need > cap.ceiling;
      const isLasting = start + cap.windowMs > deadline || arrival.need > cap.ceiling;
      return concerns(cap.cap) && isFull && isLasting;
    });
  }

  #roomIn(cap: Cap): number {
    const { spent, held } = this.#sumsOf(keyOf(cap, this.#windowOf(cap.windowMs)));
    return cap.ceiling - spent - held;
  }

  #windowOf(windowMs: number): number {
    return Math.floor(this.time.now() / windowMs) * windowMs;
  }

  #accountOf({ cap, ceiling, windowMs }: Cap) {
    const starts = [DAY + this.#windowOf(windowMs)];
    return accountOf({ cap, ceiling: { usd: ceiling }, starts, countsMs: windowMs });
  }

  #sumsOf(key: string): Sums {
    const sums = this.#sums.get(key) ?? { spent: 0, held: 0 };
    this.#sums.set(key, sums);
    return sums;
  }

  #must(condition: boolean, statement: string): void {
    if (!condition) this.faults.push(statement);
  }
}

function keyOf({ cap }: Cap, start: number): string {
  return `${cap}|global|${DAY + start}`;
}
