/** Keys and values of which the `sizeMax` last used are remembered; the oldest is forgotten. */
export class RecentMap<V> {
  readonly #sizeMax: number;
  readonly #values = new Map<string, V>();

  /** `sizeMax` is at least 1. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Whether the oldest is to be forgotten: there are more than `sizeMax`. */
  get isOverfull(): boolean {
    return this.#values.size > this.#sizeMax;
  }

  /** The value as it is; looking makes it no younger. */
  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** The value, made if it is not there, and the youngest from now on. */
  use(key: string, make: () => V): V {
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  /** The same, forgetting the oldest if there are more than `sizeMax` now. */
  useWithin(key: string, make: () => V): V {
    const value = this.use(key, make);
    if (this.isOverfull) this.dropOldest();
    return value;
  }

  /** Forgets the value that was used longest ago, and returns it. */
  dropOldest(): V | undefined {
    const [oldest] = this.#values;
    if (oldest === undefined) return undefined;
    this.#values.delete(oldest[0]);
    return oldest[1];
  }
}
