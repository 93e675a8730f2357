import { MisuseError } from '../errors/error.ts';
import {
  amountsOf,
  DIMENSIONS,
  plus,
  UNLIMITED,
  type BudgetAmounts,
  type Vector,
} from './budget-amounts.ts';
import type { MintBook } from './pool.ts';

/**
 * All that a mint has made, and where it stands. In each dimension, up to 2^53 - 1,
 * `minted + overage = spent + returned + outstanding`.
 */
export interface MintAudit {
  /** What budgets were made with. In what a budget does not name: what was spent of it. */
  readonly minted: BudgetAmounts;
  /** What was spent beyond what its budget was made with, closed budgets included. */
  readonly overage: BudgetAmounts;
  readonly spent: BudgetAmounts;
  /** What came back from budgets that were closed. */
  readonly returned: BudgetAmounts;
  /** In budgets and holds that nobody has ended yet, leaked ones with them. */
  readonly outstanding: BudgetAmounts;
  /** Budgets that have not been used up. */
  readonly live: number;
  /** Holds that have not been settled or released, leaked ones with them. */
  readonly openHolds: number;
  /** Handles that were dropped without being used up: their money is in `outstanding` for good. */
  readonly leaked: number;
}

/** A handle that was collected without having been used up. */
export interface BudgetLeak {
  readonly kind: 'budget' | 'hold';
  /** The budget's name; of a hold, that of the budget it stands in. */
  readonly name: string;
  /** What was left in it, or held; it stays unavailable. */
  readonly left: BudgetAmounts;
}

const TAKING = Symbol('only `take` makes a mint');

let holders: ReadonlySet<string> | undefined;
const taken = new Set<string>();

/**
 * The right to make money out of nothing: `Budget.create` needs it. There is one in a process.
 *
 * @example
 * const mint = BudgetMint.take();
 * const budget = Budget.create(mint, { usd: 5 });
 */
export class BudgetMint {
  readonly holder: string;
  /** @internal Whether calls alone spend its budgets, so that a ledger knows of all of it. */
  readonly isForCalls: boolean;
  readonly #sums = { minted: zeros(), spent: zeros(), returned: zeros(), overage: zeros() };
  #live = 0;
  #openHolds = 0;
  #leaked = 0;
  readonly #listeners = new Set<(leak: BudgetLeak) => void>();

  private constructor(key: symbol, holder: string, isForCalls = false) {
    if (key !== TAKING || new.target !== BudgetMint) {
      throw new MisuseError('HANDLE_SPENT', 'A mint is taken with BudgetMint.take(), never made.');
    }
    this.holder = holder;
    this.isForCalls = isForCalls;
  }

  /**
   * Who may take a mint, each once, instead of one for the whole process. Set once, before the
   * first is taken. Throws `CONFIG_INVALID`'s kind `HANDLE_SPENT` afterwards.
   */
  static nameHolders(names: readonly string[]): void {
    if (holders !== undefined || taken.size > 0) {
      throw new MisuseError(
        'HANDLE_SPENT',
        'The holders of mints are named once, before the first mint is taken.',
      );
    }
    holders = new Set(names);
  }

  /**
   * The mint, to the first who asks; with `nameHolders`, to each of those named, once.
   *
   * Throws `HANDLE_SPENT` when it has been taken.
   */
  static take(holder = ''): BudgetMint {
    if (holders !== undefined && !holders.has(holder)) {
      throw new MisuseError('HANDLE_SPENT', `${JSON.stringify(holder)} is no holder of a mint.`);
    }
    const key = holders === undefined ? '' : holder;
    if (taken.has(key)) {
      const whose = key === '' ? 'The mint of this process' : `The mint of ${JSON.stringify(key)}`;
      throw new MisuseError(
        'HANDLE_SPENT',
        `${whose} has been taken. Hand its holder the budgets you need, or name several holders.`,
      );
    }
    taken.add(key);
    return new BudgetMint(TAKING, holder);
  }

  /** @internal A mint of a guard's own, whose budgets are capped by that guard. */
  static ofGuard(): BudgetMint {
    return new BudgetMint(TAKING, 'guard');
  }

  /** @internal A mint for what one redeemed grant brings: nothing else merges with it. */
  static ofGrant(): BudgetMint {
    return new BudgetMint(TAKING, 'grant', true);
  }

  /** Where all that was minted stands now. */
  audit(): MintAudit {
    const { minted, spent, returned, overage } = this.#sums;
    // Below zero only where a sum has reached 2^53 and counts no further.
    const outstanding = minted.map((sum, index) =>
      Math.max(0, sum + (overage[index] ?? 0) - (spent[index] ?? 0) - (returned[index] ?? 0)),
    );
    return Object.freeze({
      minted: amountsOf(minted),
      overage: amountsOf(overage),
      spent: amountsOf(spent),
      returned: amountsOf(returned),
      outstanding: amountsOf(outstanding),
      live: this.#live,
      openHolds: this.#openHolds,
      leaked: this.#leaked,
    });
  }

  /**
   * Tells of budgets that were dropped without being used up, and of holds that were dropped
   * without an end: when the engine collects them, which may be late or never. Returns how to stop.
   */
  onLeak(listener: (leak: BudgetLeak) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @internal */
  get book(): MintBook {
    const add = (sums: number[]) => (amounts: Vector) => {
      for (let index = 0; index < sums.length; index++) {
        const amount = amounts[index] ?? 0;
        if (amount !== UNLIMITED) sums[index] = plus(sums[index] ?? 0, amount);
      }
    };
    const { minted, spent, returned, overage } = this.#sums;
    return {
      minted: add(minted),
      spent: add(spent),
      returned: add(returned),
      overage: add(overage),
    };
  }

  /** @internal Counts handles that live: `change` is 1 or -1. */
  count(change: 1 | -1): void {
    this.#live += change;
  }

  /** @internal Counts holds that have not ended: `change` is 1 or -1. */
  countHolds(change: 1 | -1): void {
    this.#openHolds += change;
  }

  /** @internal A handle was collected with its right unused. */
  tellLeak(leak: BudgetLeak): void {
    if (leak.kind === 'budget') this.#live -= 1;
    this.#leaked += 1;
    for (const listener of this.#listeners) listener(leak);
  }
}

function zeros(): number[] {
  return DIMENSIONS.map(() => 0);
}
