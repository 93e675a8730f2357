import { ALL, type Dimension } from './dimension.ts';

/**
 * A map with a dimension as its key: eight places and a bit for each that is taken. A stored
 * `undefined` counts as present, so what was declared badly is still known to have been declared.
 */
export class DimensionMap<V> {
  readonly #values: (V | undefined)[] = ALL.map(() => undefined);
  #present = 0;

  /** Stores `value` and returns what stood there before; `undefined` when nothing did. */
  insert(dimension: Dimension, value: V): V | undefined {
    const previous = this.#values[dimension];
    this.#values[dimension] = value;
    this.#present |= 1 << dimension;
    return previous;
  }

  /** Whether something was stored for `dimension`. */
  contains(dimension: Dimension): boolean {
    return (this.#present & (1 << dimension)) !== 0;
  }

  /** The value stored for `dimension`; `undefined` when there is none. */
  get(dimension: Dimension): V | undefined {
    return this.#values[dimension];
  }

  /** The value stored for `dimension`, or `fallback` when nothing was stored. */
  getOr(dimension: Dimension, fallback: V): V | undefined {
    return this.contains(dimension) ? this.#values[dimension] : fallback;
  }

  /** Whether nothing was stored for any dimension. */
  get isEmpty(): boolean {
    return this.#present === 0;
  }
}
