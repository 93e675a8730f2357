import { MisuseError } from '../errors/error.ts';
import { Budget, type BudgetView } from './budget.ts';

/**
 * The one place where a budget may be kept: in a field, in a map, across events. It holds at most
 * one handle, and who takes it leaves the place empty.
 */
export class Slot<S = unknown> {
  #budget: Budget<S> | undefined;

  constructor(budget?: Budget<S>) {
    if (budget !== undefined) this.put(budget);
  }

  /** Whether nothing is in it. */
  get isEmpty(): boolean {
    return this.#budget === undefined;
  }

  /** To look at. Throws `HANDLE_SPENT` when it is empty. */
  get view(): BudgetView {
    return this.#filled('view');
  }

  /** Keeps a budget. Throws `REQUEST_INVALID` when one is in it: it would be lost. */
  put(budget: Budget<S>): void {
    if (this.#budget !== undefined) {
      throw new MisuseError(
        'REQUEST_INVALID',
        `The slot holds budget ${JSON.stringify(this.#budget.name)}; take or merge it first.`,
      );
    }
    // A handle that was used up must not come to rest here and fail later, somewhere else.
    Budget.poolOf(budget);
    this.#budget = budget;
  }

  /** Hands the budget out and leaves the slot empty. Throws `HANDLE_SPENT` when it is. */
  take(): Budget<S> {
    const budget = this.#filled('take');
    this.#budget = undefined;
    return budget;
  }

  /** Takes, lets `move` work on it, and keeps what that returns; keeps the old one on a refusal. */
  update(move: (budget: Budget<S>) => Budget<S>): void {
    const budget = this.take();
    try {
      this.put(move(budget));
    } catch (error) {
      if (this.#budget === undefined && budget.isLive) this.#budget = budget;
      throw error;
    }
  }

  #filled(operation: string): Budget<S> {
    if (this.#budget !== undefined) return this.#budget;
    throw new MisuseError(
      'HANDLE_SPENT',
      `${operation}: the slot is empty. Put a budget in first.`,
    );
  }
}
