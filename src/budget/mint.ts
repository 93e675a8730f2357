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

/** All that a mint has made, and where it stands. `minted = spent + returned + outstanding`. */
export interface MintAudit {
  readonly minted: BudgetAmounts;
  /** What was spent above its hold is in here, and takes from `outstanding`. */
  readonly spent: BudgetAmounts;
  /** What came back from budgets that were closed. */
  readonly returned: BudgetAmounts;
  /** In budgets and holds that nobody has ended yet, leaked ones with them. */
  readonly outstanding: BudgetAmounts;
  /** Handles that have not been used up. */
  readonly live: number;
  /** Handles that were dropped without being used up: their money is in `outstanding` for good. */
  readonly leaked: number;
}

/** A handle that was collected without having been used up. */
export interface BudgetLeak {
  readonly name: string;
  /** What was left in it; it stays unavailable. */
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
  readonly #sums = { minted: zeros(), spent: zeros(), returned: zeros() };
  #live = 0;
  #leaked = 0;
  readonly #listeners = new Set<(leak: BudgetLeak) => void>();

  private constructor(key: symbol, holder: string) {
    if (key !== TAKING || new.target !== BudgetMint) {
      throw new MisuseError('HANDLE_SPENT', 'A mint is taken with BudgetMint.take(), never made.');
    }
    this.holder = holder;
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

  /** Where all that was minted stands now. */
  audit(): MintAudit {
    const { minted, spent, returned } = this.#sums;
    const outstanding = minted.map((sum, index) =>
      Math.max(0, sum - (spent[index] ?? 0) - (returned[index] ?? 0)),
    );
    return Object.freeze({
      minted: amountsOf(minted),
      spent: amountsOf(spent),
      returned: amountsOf(returned),
      outstanding: amountsOf(outstanding),
      live: this.#live,
      leaked: this.#leaked,
    });
  }

  /** Tells of handles that were dropped with money in them. Returns how to stop. */
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
    const { minted, spent, returned } = this.#sums;
    return { minted: add(minted), spent: add(spent), returned: add(returned) };
  }

  /** @internal Counts handles that live: `change` is 1 or -1. */
  count(change: 1 | -1): void {
    this.#live += change;
  }

  /** @internal A handle was collected with its right unused. */
  tellLeak(leak: BudgetLeak): void {
    this.#live -= 1;
    this.#leaked += 1;
    for (const listener of this.#listeners) listener(leak);
  }
}

function zeros(): number[] {
  return DIMENSIONS.map(() => 0);
}
