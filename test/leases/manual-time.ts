import { invariant } from '../../src/errors/error.ts';
import { epochMs, type Clock, type EpochMs } from '../../src/units/time.ts';
import type { MonotonicMs, Schedule } from '../../src/ledger/leases/ports.ts';

/** Time that stands still until it is moved by hand: for tests that must not wait. */
export class ManualTime {
  #nowMs = 0;
  #order = 0;
  readonly #startAt: EpochMs;
  readonly #timers = new Map<number, { readonly atMs: number; readonly fn: () => void }>();

  constructor(startAt: EpochMs) {
    this.#startAt = startAt;
  }

  /** Milliseconds since the beginning. */
  readonly now: MonotonicMs = () => this.#nowMs;

  /** The instant. */
  readonly clock: Clock = () => {
    const at = epochMs(this.#startAt + Math.floor(this.#nowMs));
    invariant(at !== undefined, 'time stays within dates');
    return at;
  };

  /** Runs `fn` when time is moved past it. */
  readonly schedule: Schedule = (ms, fn) => {
    this.#order += 1;
    const id = this.#order;
    this.#timers.set(id, { atMs: this.#nowMs + ms, fn });
    return () => this.#timers.delete(id);
  };

  /** Moves time on; timers run in their order, and promises settle between. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (let next = this.#due(endMs); next !== undefined; next = this.#due(endMs)) {
      const [id, { atMs, fn }] = next;
      this.#timers.delete(id);
      this.#nowMs = Math.max(this.#nowMs, atMs);
      fn();
      await settled();
    }
    this.#nowMs = endMs;
  }

  #due(endMs: number): [number, { readonly atMs: number; readonly fn: () => void }] | undefined {
    const due = [...this.#timers].filter(([, { atMs }]) => atMs <= endMs);
    return due.sort(([idA, a], [idB, b]) => a.atMs - b.atMs || idA - idB)[0];
  }
}

/** Turns of the promise queue that a chain of ours may take. */
const TURNS = 20;

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
}
