import type { BudgetGuard } from '../../src/index.ts';
import type { Snapshot } from './display.ts';

/** Counts what a guard reports, and takes snapshots of its accounts. */
export class Tally {
  readonly #guard: BudgetGuard;
  readonly #customers: readonly string[];
  readonly #openHolds: () => number;
  readonly #started = Date.now();
  #bookedNanoUsd = 0;
  #sent = 0;
  #settled = 0;
  #refused = 0;
  #running = 0;
  #agents = 0;

  constructor(
    guard: BudgetGuard,
    {
      customers,
      openHolds,
    }: { readonly customers: readonly string[]; readonly openHolds: () => number },
  ) {
    this.#guard = guard;
    this.#customers = customers;
    this.#openHolds = openHolds;
    guard.on('reserved', () => (this.#sent += 1));
    guard.on('refused', () => (this.#refused += 1));
    guard.on('settled', (event) => {
      this.#settled += 1;
      this.#bookedNanoUsd += event.cost_nano_usd;
    });
  }

  /** Counts an agent as running until its promise ends. */
  async track<T>(agent: Promise<T>): Promise<T> {
    this.#agents += 1;
    this.#running += 1;
    try {
      return await agent;
    } finally {
      this.#running -= 1;
    }
  }

  totals() {
    return {
      bookedNanoUsd: this.#bookedNanoUsd,
      sent: this.#sent,
      refused: this.#refused,
      openHolds: this.#openHolds(),
    };
  }

  snapshot(): Snapshot {
    const [global] = this.#guard.balance();
    const customers = this.#customers.flatMap((customer) =>
      this.#guard.balance({ customer }).filter(({ scope }) => scope !== 'global'),
    );
    return {
      elapsedMs: Date.now() - this.#started,
      accounts: [...(global === undefined ? [] : [global]), ...customers],
      sent: this.#sent,
      settled: this.#settled,
      refused: this.#refused,
      openHolds: this.#openHolds(),
      running: this.#running,
      agents: this.#agents,
    };
  }
}
