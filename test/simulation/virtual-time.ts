/** Time of a simulation: it stands still while code runs, and jumps to the next event. */

import { setImmediate } from 'node:timers/promises';

/** Hops of the microtask queue between two events: longer than any chain of promises at hand. */
const HOPS = 24;

/** Events between two turns of the real event loop, so that the test runner can breathe. */
const EVENTS_PER_TURN = 20_000;

const SETTLED = Promise.resolve();

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** A clock with events. Two events at one instant run in the order in which they were scheduled. */
export class VirtualTime {
  /** Milliseconds since the simulation began; with fractions. */
  now = 0;
  /** Events that ran. */
  events = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  /** Runs `fn` once after `ms`; calling what it returns before that prevents it. */
  readonly schedule = (ms: number, fn: () => void): (() => void) => {
    this.#order += 1;
    const event: Event = { at: this.now + Math.max(0, ms), order: this.#order, run: fn };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  };

  /** Runs every event up to the instant, and the promises that each settles, before the next. */
  async runUntil(instant: number): Promise<void> {
    for (;;) {
      for (let hop = 0; hop < HOPS; hop += 1) await SETTLED;
      const event = this.#heap[0];
      if (event === undefined || event.at > instant) break;
      this.#pop();
      if (event.run === undefined) continue;
      this.now = event.at;
      this.events += 1;
      event.run();
      if (this.events % EVENTS_PER_TURN === 0) await setImmediate();
    }
    this.now = Math.max(this.now, instant);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.at === right.at ? left.order < right.order : left.at < right.at;
}
