import { MisuseError } from '../errors/error.ts';
import type { affine } from './budget.ts';
import { amountsOf, costOf, type BudgetAmounts, type Vector } from './budget-amounts.ts';
import { mustBeKey } from './key.ts';
import { lateUse, moveBy, type Move } from './move.ts';
import type { Pool } from './pool.ts';

/**
 * A sum that is held until it is known what was spent. It ends once; whoever drops it leaves it
 * held, and `[Symbol.dispose]` closes it as spent.
 */
export class BudgetHold implements Disposable {
  declare readonly [affine]: 'settle' | 'release';
  readonly #pool: Pool;
  readonly #held: Vector;
  #gone: Move | undefined;

  private constructor(key: symbol, pool: Pool, held: Vector) {
    mustBeKey(key, new.target === BudgetHold);
    this.#pool = pool;
    this.#held = held;
  }

  /** @internal */
  static of(key: symbol, pool: Pool, held: Vector): BudgetHold {
    return new BudgetHold(key, pool, held);
  }

  /** What is held. */
  get amounts(): BudgetAmounts {
    this.#mustBeLive('amounts');
    return amountsOf(this.#held);
  }

  /** Whether the hold still stands. */
  get isLive(): boolean {
    return this.#gone === undefined;
  }

  /**
   * Books what was really spent, above the hold too: then the budget is overdrawn and takes no
   * more. What of the hold was not spent comes back.
   */
  settle(actual: BudgetAmounts): void {
    this.#mustBeLive('settle');
    const spent = costOf(actual);
    this.#gone = moveBy('settle', 2);
    this.#pool.settle(this.#held, spent);
  }

  /** Gives the whole hold back. `proof` says why nothing was spent. */
  release(proof: string): void {
    this.#mustBeLive('release');
    if (proof === '') {
      throw new MisuseError('REQUEST_INVALID', 'proof = "": say why nothing was spent.');
    }
    this.#gone = moveBy('release', 2);
    this.#pool.settle(this.#held, costOf({}));
  }

  /** Books the whole hold as spent, unless it has ended. */
  [Symbol.dispose](): void {
    if (this.#gone !== undefined) return;
    this.#gone = moveBy('dispose', 2);
    this.#pool.settle(this.#held, this.#held);
  }

  #mustBeLive(operation: string): void {
    if (this.#gone !== undefined) throw lateUse(this.#pool.name, operation, this.#gone);
  }
}
