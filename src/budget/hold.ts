import { MisuseError } from '../errors/error.ts';
import type { affine } from './budget.ts';
import { amountsOf, costOf, type BudgetAmounts, type Vector } from './budget-amounts.ts';
import { mustBeKey } from './key.ts';
import type { BudgetMint } from './mint.ts';
import { lateUse, moveBy, type Move } from './move.ts';
import type { Pool } from './pool.ts';

/**
 * A sum that is held until it is known what was spent. It ends once. Whoever drops it leaves it
 * held for good, and the mint tells of it; `[Symbol.dispose]` closes it as spent.
 */
export class BudgetHold implements Disposable {
  declare readonly [affine]: 'settle' | 'release';
  readonly #pool: Pool;
  readonly #held: Vector;
  readonly #mint: BudgetMint;
  #gone: Move | undefined;

  private constructor(key: symbol, { pool, held, mint }: HoldOrigin) {
    mustBeKey(key, new.target === BudgetHold);
    this.#pool = pool;
    this.#held = held;
    this.#mint = mint;
    mint.countHolds(1);
    leaks.register(this, { pool, held, mint }, this);
  }

  /** @internal */
  static of(key: symbol, origin: HoldOrigin): BudgetHold {
    return new BudgetHold(key, origin);
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
    this.#end(moveBy('settle', 2), spent);
  }

  /** Gives the whole hold back. `proof` says why nothing was spent. */
  release(proof: string): void {
    this.#mustBeLive('release');
    if (proof === '') {
      throw new MisuseError('REQUEST_INVALID', 'proof = "": say why nothing was spent.');
    }
    this.#end(moveBy('release', 2), costOf({}));
  }

  /** Books the whole hold as spent, unless it has ended. */
  [Symbol.dispose](): void {
    if (this.#gone !== undefined) return;
    this.#end(moveBy('dispose', 2), this.#held);
  }

  #end(move: Move, spent: Vector): void {
    this.#gone = move;
    this.#mint.countHolds(-1);
    leaks.unregister(this);
    this.#pool.settle(this.#held, spent);
  }

  #mustBeLive(operation: string): void {
    if (this.#gone !== undefined) throw lateUse(this.#pool.name, operation, this.#gone);
  }
}

/** Where a hold stands, what it holds, and whose budget that is. */
interface HoldOrigin {
  readonly pool: Pool;
  readonly held: Vector;
  readonly mint: BudgetMint;
}

/** Holds that were dropped without an end are told to whoever listens at the mint. */
const leaks = new FinalizationRegistry<HoldOrigin>(({ pool, held, mint }) => {
  mint.tellLeak({ kind: 'hold', name: pool.name, left: amountsOf(held) });
});
