import { MisuseError } from '../errors/error.ts';
import { amountsOf, costOf, grantOf, type BudgetAmounts, type Vector } from './budget-amounts.ts';
import { closedError, shortError } from './budget-error.ts';
import { BudgetHold } from './hold.ts';
import { KEY, mustBeKey } from './key.ts';
import type { BudgetMint } from './mint.ts';
import { lateUse, moveBy, type Move } from './move.ts';
import { Pool, POOL_DEPTH_MAX } from './pool.ts';

/**
 * The brand of affine types: the type of the property under this symbol is the union of the names
 * of the methods that use a handle up. Any library may declare such types; the lint rules read it.
 */
export const affine: unique symbol = Symbol.for('hardcap.affine');

/** The brand of the scope that a budget was made in; budgets of two scopes do not merge. */
declare const scope: unique symbol;

/** What can be asked of a budget without any right to it. Passing a budget as this lends it. */
export interface BudgetView {
  readonly name: string;
  /** What could be taken now, everything above it agreeing. */
  readonly remaining: BudgetAmounts;
  /** What was spent from it, and from everything below it. */
  readonly spent: BudgetAmounts;
  /** What is in open holds, and in parts that were split off. */
  readonly held: BudgetAmounts;
  canSpend(amounts: BudgetAmounts): boolean;
}

/** Use of a budget without taking it over: it is the caller's again afterwards. */
export interface BudgetMut<S = unknown> extends BudgetView {
  /** Spends without using the handle up. Throws as `spend` does. */
  charge(amounts: BudgetAmounts): void;
  /** Takes a share off and keeps the handle; the share is fenced off as in `split`. */
  carve(amounts: BudgetAmounts, name?: string): Budget<S>;
}

/**
 * An affine handle to a sum of money and other things: it can be spent, split, merged or handed on,
 * once. Each such operation uses this handle up and returns the next; a later use of the old one
 * throws `HandleSpentError` before anything happens. A refusal (`BudgetCapError`) uses up nothing.
 *
 * No path copies the right in it: a spread, a clone, JSON, a proxy or an object made from the
 * prototype has no money behind it.
 *
 * @example
 * let budget = Budget.create(mint, { usd: 5, calls: 100 });
 * budget = budget.spend({ usd: 0.25, calls: 1 });
 * const [part, rest] = budget.split({ usd: 1 });
 */
export class Budget<S = unknown> implements BudgetMut<S>, Disposable {
  declare readonly [affine]: 'spend' | 'split' | 'merge' | 'reserve' | 'delegate' | 'close';
  declare protected readonly [scope]: (inside: S) => S;
  readonly #pool: Pool;
  readonly #mint: BudgetMint;
  #gone: Move | undefined;

  private constructor(key: symbol, pool: Pool, mint: BudgetMint) {
    mustBeKey(key, new.target === Budget);
    this.#pool = pool;
    this.#mint = mint;
    mint.count(1);
    leaks.register(this, { pool, mint }, this);
  }

  /** A budget out of nothing, which only the holder of the mint can make. */
  static create(mint: BudgetMint, amounts: BudgetAmounts, name = 'budget'): Budget {
    const grant = grantOf(amounts);
    return new Budget(KEY, Pool.root(name, grant, mint.book), mint);
  }

  /** @internal The pool behind a live handle; `undefined` for anything else. */
  static poolOf(view: unknown): Pool | undefined {
    return typeof view === 'object' && view !== null && #pool in view
      ? view.#live('use')
      : undefined;
  }

  /**
   * @internal The budget in other hands: `budget` is used up by the operation `by`, whose caller
   * stands two functions further up. Throws `HANDLE_SPENT`, and `SCOPE_CLOSED`.
   */
  static takeOver<S>(budget: Budget<S>, by: string): Budget<S> {
    mustBeOpen(budget.#live(by));
    return budget.#next(by, 5);
  }

  get name(): string {
    return this.#live('name').name;
  }

  get remaining(): BudgetAmounts {
    return amountsOf(this.#live('remaining').balance().room);
  }

  get spent(): BudgetAmounts {
    return amountsOf(this.#live('spent').balance().spent);
  }

  get held(): BudgetAmounts {
    return amountsOf(this.#live('held').balance().held);
  }

  /** Whether the handle can still be used. The one question that a used-up handle answers. */
  get isLive(): boolean {
    return this.#gone === undefined;
  }

  canSpend(amounts: BudgetAmounts): boolean {
    return this.#live('canSpend').shortOf(costOf(amounts)) === undefined;
  }

  /** Books `amounts` here and in everything above. Throws `BUDGET_CAP` or `SCOPE_CLOSED`. */
  spend(amounts: BudgetAmounts): Budget<S> {
    this.#mustTakeByHand('spend');
    const pool = this.#live('spend');
    pool.spend(affordable(pool, amounts));
    return this.#next('spend');
  }

  charge(amounts: BudgetAmounts): void {
    this.#mustTakeByHand('charge');
    const pool = this.#live('charge');
    pool.spend(affordable(pool, amounts));
  }

  /**
   * Fences `amounts` off for the part: nobody else can take them, and the part can take no more.
   * In what `amounts` does not name, the part shares with the rest.
   */
  split(amounts: BudgetAmounts, name?: string): [part: Budget<S>, rest: Budget<S>] {
    const pool = partOf(this.#live('split'), amounts, name);
    return [this.#of(pool), this.#next('split')];
  }

  carve(amounts: BudgetAmounts, name?: string): Budget<S> {
    return this.#of(partOf(this.#live('carve'), amounts, name));
  }

  /**
   * Gives a child a ceiling on what stays one shared pool: what the child does not use, others can.
   * Closing the handle that is returned as `rest` stops the child too.
   */
  delegate(max: BudgetAmounts, name?: string): [child: Budget<S>, rest: Budget<S>] {
    const above = this.#live('delegate');
    mustBeOpen(above);
    const pool = above.below(nameBelow(above, name), grantOf(max), { fenced: false });
    return [this.#of(pool), this.#next('delegate')];
  }

  /**
   * Puts two budgets of one mint and one scope together; both handles are used up.
   *
   * Throws `REQUEST_INVALID` for a foreign budget, and `BUDGET_CAP` where a ceiling above cannot
   * take the sum; then both stay as they are.
   */
  merge(other: Budget<S>): Budget<S> {
    const own = this.#live('merge');
    if (!(#pool in other)) throw foreign('it is no budget of this package');
    if (other.#mint !== this.#mint) throw foreign('it comes from another mint');
    const given = other.#live('merge');
    if (given === own) throw foreign('it is this budget itself');
    mustBeOpen(own);
    mustBeOpen(given);
    const [from, to] = own.isWithin(given) ? [own, given] : [given, own];
    const short = from.moveShort(to);
    if (short !== undefined) throw shortError(from.balance().room, short);
    from.moveTo(to);
    const move = moveBy('merge', 2);
    other.#consume(move);
    this.#consume(move);
    return this.#of(to);
  }

  /**
   * Holds `amounts` until it is known what was spent. The hold ends once, at its `settle` or its
   * `release`.
   */
  reserve(amounts: BudgetAmounts): [rest: Budget<S>, hold: BudgetHold] {
    this.#mustTakeByHand('reserve');
    const pool = this.#live('reserve');
    const cost = affordable(pool, amounts);
    pool.hold(cost);
    return [this.#next('reserve'), BudgetHold.of(KEY, { pool, held: cost, mint: this.#mint })];
  }

  /**
   * Ends the budget: what is left goes back to where it came from, and nothing is held below it any
   * more. Calls in flight settle as ever. Returns what went back.
   */
  close(): BudgetAmounts {
    const pool = this.#live('close');
    this.#consume(moveBy('close', 2));
    return amountsOf(pool.close());
  }

  /** Closes the budget at the end of its `using` scope, unless it was used up before. */
  [Symbol.dispose](): void {
    if (this.#gone === undefined) this.close();
  }

  /** The figures, without any right to them. */
  toJSON(): Record<string, unknown> {
    const { name, remaining, spent, held } = this;
    return { name, remaining, spent, held };
  }

  #live(operation: string): Pool {
    if (this.#gone !== undefined) throw lateUse(this.#pool.name, operation, this.#gone);
    return this.#pool;
  }

  /** What is spent by hand stands in no ledger: the issuer of a grant would have it once more. */
  #mustTakeByHand(operation: string): void {
    const { name } = this.#live(operation);
    if (!this.#mint.isForCalls) return;
    throw new MisuseError(
      'REQUEST_INVALID',
      `${operation} on budget ${JSON.stringify(name)}: it was redeemed from a grant, and is ` +
        'spent by calls alone: guard.run({ budget }, fn). Nothing was moved.',
    );
  }

  #consume(move: Move): void {
    this.#gone = move;
    this.#mint.count(-1);
    leaks.unregister(this);
  }

  #next(by: string, ownFrames = 3): Budget<S> {
    this.#consume(moveBy(by, ownFrames));
    return this.#of(this.#pool);
  }

  #of(pool: Pool): Budget<S> {
    return new Budget<S>(KEY, pool, this.#mint);
  }
}

/** Handles that were dropped with their right unused are told to whoever listens at the mint. */
const leaks = new FinalizationRegistry<{ readonly pool: Pool; readonly mint: BudgetMint }>(
  ({ pool, mint }) => {
    mint.tellLeak({ kind: 'budget', name: pool.name, left: amountsOf(pool.balance().room) });
  },
);

function affordable(pool: Pool, amounts: BudgetAmounts): Vector {
  const cost = costOf(amounts);
  const short = pool.shortOf(cost);
  if (short !== undefined) throw shortError(cost, short);
  return cost;
}

function partOf(pool: Pool, amounts: BudgetAmounts, name: string | undefined): Pool {
  const grant = grantOf(amounts);
  affordable(pool, amounts);
  return pool.below(nameBelow(pool, name), grant, { fenced: true });
}

function nameBelow(pool: Pool, name: string | undefined): string {
  if (pool.depth + 1 >= POOL_DEPTH_MAX) {
    throw new MisuseError(
      'REQUEST_INVALID',
      `Budget ${JSON.stringify(pool.name)} stands ${pool.depth} levels deep; below it ` +
        `there may be none (${POOL_DEPTH_MAX} levels at most). Nothing was moved.`,
    );
  }
  return name ?? pool.name;
}

function mustBeOpen(pool: Pool): void {
  if (!pool.isClosed) return;
  throw closedError(pool);
}

function foreign(why: string): MisuseError {
  return new MisuseError('REQUEST_INVALID', `merge: ${why}. Both budgets stay as they were.`);
}
