import { BudgetBuilder } from './budget-builder.ts';
import { charge, refund, tryCharge, tryChargeAll, tryChargeVector, type Costs } from './charge.ts';
import type { Dimension } from './dimension.ts';
import { BuilderError, ChargeError, display } from './fault.ts';
import {
  isOverflowedIn,
  remainingIn,
  resetIn,
  snapshotOf,
  spentIn,
  STATE_LENGTH,
  stateFrom,
  type Snapshot,
} from './state.ts';
import type { Verdict } from './verdict.ts';

declare const handleBrand: unique symbol;

/** Names one open budget of one arena. A whole number; it is never given out a second time. */
export type BudgetHandle = number & { readonly [handleBrand]: true };

/** Sizes of an arena, in budgets. */
export interface ArenaOptions {
  /** For how many budgets memory is taken at once; it doubles when they are used up. */
  readonly capacity?: number;
  /** How many may be open together, at most 2^26; one more throws `ARENA_FULL`. */
  readonly capacityMax?: number;
}

const INDEX_BITS = 26;
const CAPACITY_MAX = 2 ** INDEX_BITS;
const CAPACITY_DEFAULT = 64;
const INDEX_MASK = CAPACITY_MAX - 1;
const HANDLE_MAX = Number.MAX_SAFE_INTEGER;
const STRIDE = STATE_LENGTH;

// Local names, as in budget.ts.
const chargeIn = charge;
const tryChargeIn = tryCharge;
const tryChargeAllIn = tryChargeAll;

/**
 * Many budgets in one growing array, for servers that hold one for each customer: the operations of
 * `Budget` with a handle in front, 200 bytes a budget and nothing for the garbage collector to
 * visit.
 *
 * A handle is good until `close`. Afterwards, and for any number that never was a handle, every
 * operation throws `STALE_HANDLE`, also when the place has been given to another budget: a charge
 * never lands on somebody else's account. Memory grows only in `open`, and closed places are used
 * again.
 *
 * @example
 * const arena = new Arena();
 * const acme = arena.builder().limit(TOKENS, 100).build();
 * arena.tryCharge(acme, TOKENS, 101); // exhausted(TOKENS)
 * arena.close(acme);
 */
export class Arena {
  /** A live handle for each place in use; `-1 - next handle` for each that is free. */
  #handles: Float64Array;
  #state: Float64Array;
  /** Places that were closed and may be given out again. */
  readonly #free: number[] = [];
  readonly #capacityMax: number;
  #used = 0;
  #open = 0;

  /** Throws `ILLEGAL_CAPACITY` unless 1 <= `capacity` <= `capacityMax` <= 2^26. */
  constructor({ capacity, capacityMax = CAPACITY_MAX }: ArenaOptions = {}) {
    const first = capacity ?? Math.min(CAPACITY_DEFAULT, capacityMax);
    checkCapacity('capacityMax', capacityMax, CAPACITY_MAX);
    checkCapacity('capacity', first, capacityMax);
    this.#capacityMax = capacityMax;
    this.#handles = new Float64Array(first);
    this.#state = new Float64Array(first * STRIDE);
  }

  /** How many budgets are open. */
  get size(): number {
    return this.#open;
  }

  /**
   * Begins the declaration of a budget; `build()` checks it, opens it here and returns its handle.
   */
  builder(): BudgetBuilder<BudgetHandle> {
    return new BudgetBuilder((state) => this.#place(state));
  }

  /** Opens a budget that stands as the snapshot says; throws `ILLEGAL_SNAPSHOT` or `ARENA_FULL`. */
  open(snapshot: Snapshot): BudgetHandle {
    return this.#place(stateFrom(snapshot));
  }

  /** Closes a budget and frees its place. Take what it holds with `snapshot` before. */
  close(handle: BudgetHandle): void {
    const index = this.#base(handle) / STRIDE;
    const next = handle + CAPACITY_MAX;
    this.#handles[index] = -1 - next;
    this.#open -= 1;
    // A place whose handles are used up stays closed for good: no handle is ever given out twice.
    if (next <= HANDLE_MAX) this.#free.push(index);
  }

  /** As `Budget.charge`. */
  charge(handle: BudgetHandle, dimension: Dimension, amount: number): Verdict {
    return chargeIn(this.#state, this.#base(handle), dimension, amount);
  }

  /** As `Budget.tryCharge`. */
  tryCharge(handle: BudgetHandle, dimension: Dimension, amount: number): Verdict {
    return tryChargeIn(this.#state, this.#base(handle), dimension, amount);
  }

  /** As `Budget.tryChargeAll`: all amounts or none, the first in the order given named. */
  tryChargeAll(
    handle: BudgetHandle,
    first: Dimension,
    firstAmount: number,
    second: Dimension,
    secondAmount: number,
    third?: Dimension,
    thirdAmount?: number,
  ): Verdict {
    const isPair = third === undefined && thirdAmount === undefined;
    return tryChargeAllIn(
      this.#state,
      this.#base(handle),
      first,
      firstAmount,
      second,
      secondAmount,
      isPair ? first : third,
      isPair ? firstAmount : thirdAmount,
      isPair,
    );
  }

  /** As `Budget.tryChargeVector`. */
  tryChargeVector(handle: BudgetHandle, costs: Costs): Verdict {
    return tryChargeVector(this.#state, this.#base(handle), costs);
  }

  /** As `Budget.refund`. */
  refund(handle: BudgetHandle, dimension: Dimension, amount: number): Verdict {
    return refund(this.#state, this.#base(handle), dimension, amount);
  }

  /** As `Budget.remaining`. */
  remaining(handle: BudgetHandle, dimension: Dimension): number | undefined {
    return remainingIn(this.#state, this.#base(handle), dimension);
  }

  /** As `Budget.spent`. */
  spent(handle: BudgetHandle, dimension: Dimension): number | undefined {
    return spentIn(this.#state, this.#base(handle), dimension);
  }

  /** As `Budget.overflowed`. */
  overflowed(handle: BudgetHandle, dimension: Dimension): boolean | undefined {
    return isOverflowedIn(this.#state, this.#base(handle), dimension);
  }

  /** As `Budget.reset`, for this one budget. */
  reset(handle: BudgetHandle): void {
    resetIn(this.#state, this.#base(handle));
  }

  /** As `Budget.snapshot`. */
  snapshot(handle: BudgetHandle): Snapshot {
    return snapshotOf(this.#state, this.#base(handle));
  }

  /** Where the budget's 24 doubles begin. */
  #base(handle: BudgetHandle): number {
    const index = handle & INDEX_MASK;
    if (this.#handles[index] !== handle || index >= this.#used) throw staleHandle(handle);
    return index * STRIDE;
  }

  #place(state: Float64Array): BudgetHandle {
    const index = this.#free.pop() ?? this.#freshIndex();
    const left = this.#handles[index] ?? 0;
    const handle = (left < 0 ? -1 - left : index) as BudgetHandle;
    this.#state.set(state, index * STRIDE);
    this.#handles[index] = handle;
    this.#open += 1;
    return handle;
  }

  #freshIndex(): number {
    if (this.#used === this.#handles.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #grow(): void {
    const capacity = Math.min(this.#handles.length * 2, this.#capacityMax);
    if (capacity === this.#handles.length) {
      const detail = `The arena holds ${capacity} budgets, its capacityMax; close some first.`;
      throw new BuilderError('ARENA_FULL', undefined, detail);
    }
    this.#handles = grown(this.#handles, capacity);
    this.#state = grown(this.#state, capacity * STRIDE);
  }
}

function grown(array: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}

function staleHandle(handle: unknown): ChargeError {
  const detail = `${display(handle)} names no open budget of this arena.`;
  return new ChargeError('STALE_HANDLE', undefined, detail);
}

function checkCapacity(name: string, value: unknown, max: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return;
  const detail = `${name} = ${display(value)} must be an integer from 1 to ${max}.`;
  throw new BuilderError('ILLEGAL_CAPACITY', undefined, detail);
}
