import { Budget } from '../../budget/budget.ts';
import { amountsOf, type BudgetAmounts } from '../../budget/budget-amounts.ts';
import type { Pool, PoolBalance } from '../../budget/pool.ts';
import { invariant, MisuseError, RefusalError, type HardcapError } from '../../errors/error.ts';
import type { Allotment } from './terms.ts';

/** The budget of one agent: the only place that holds its handle. */
export class Purse {
  readonly name: string;
  #budget: Budget;
  readonly #pool: Pool;
  #stoppedBy: HardcapError | undefined;

  constructor(budget: Budget) {
    const pool = Budget.poolOf(budget);
    invariant(pool !== undefined, 'an agent is given a live budget');
    this.name = pool.name;
    this.#budget = budget;
    this.#pool = pool;
  }

  /** To lend it. Not after it was closed. */
  get budget(): Budget {
    return this.#budget;
  }

  /** The first refusal that stopped the agent. */
  get stoppedBy(): HardcapError | undefined {
    return this.#stoppedBy;
  }

  /** One figure of the budget, after its end too: calls in flight go on settling. */
  figure(name: Exclude<keyof PoolBalance, 'granted'>): BudgetAmounts {
    return amountsOf(this.#pool.balance()[name]);
  }

  /** Calls `changed` after each change of the budget, once for many. Returns how to stop. */
  watch(changed: () => void): () => void {
    let isDue = false;
    let isWatched = true;
    const stop = this.#pool.watchTree(() => {
      if (isDue) return;
      isDue = true;
      // Not at once: the tree is in the middle of its change.
      queueMicrotask(() => {
        isDue = false;
        if (isWatched) changed();
      });
    });
    return () => {
      isWatched = false;
      stop();
    };
  }

  /** A budget below this one. Throws as `split` and `delegate` do, and when this one has ended. */
  allot(name: string, { by = 'delegate', ...amounts }: Allotment): Budget {
    if (this.#stoppedBy !== undefined) throw this.#stoppedBy;
    if (!this.#budget.isLive) throw ended(this.name, name);
    if (by !== 'delegate' && by !== 'split') throw unknownWay(name, by);
    const [part, rest] =
      by === 'split' ? this.#budget.split(amounts, name) : this.#budget.delegate(amounts, name);
    this.#budget = rest;
    return part;
  }

  /** From here on nothing more is held in it; calls in flight settle. */
  stop(error: HardcapError): void {
    this.#stoppedBy ??= error;
    this.close();
  }

  /** Gives back what is left, once. */
  close(): void {
    if (this.#budget.isLive) this.#budget.close();
  }
}

function ended(name: string, wanted: string): HardcapError {
  return new RefusalError(
    'SCOPE_CLOSED',
    `Agent ${JSON.stringify(wanted)} was called by ${JSON.stringify(name)}, which has ended: its ` +
      'budget is closed. Call it before the callback, or the stream, that it works for has ended.',
  );
}

/** A word that is misspelt must not fall back to the ceiling, which fences nothing off. */
function unknownWay(name: string, by: unknown): HardcapError {
  return new MisuseError(
    'REQUEST_INVALID',
    `The allotment of agent ${JSON.stringify(name)} says by: ${JSON.stringify(by)}; it is ` +
      "'delegate' or 'split'. Nothing was sent.",
  );
}
