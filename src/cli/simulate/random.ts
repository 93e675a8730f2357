const POISSON_EXACT_MAX = 30;

/** Numbers from a seed: the same seed and name always give the same ones, on every machine. */
export class Random {
  #state: number;

  constructor(seed: number, name: string) {
    this.#state = hashOf(name, seed);
  }

  /** From 0 up to 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 up to `most`. */
  below(most: number): number {
    return Math.floor(this.next() * most);
  }

  /** A standard normal number of two even ones (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /**
   * How many of something happen that happens `mean` times on average, each by itself: Knuth's
   * product of even numbers, and above 30 the normal number nearest to it.
   */
  poisson(mean: number): number {
    if (mean > POISSON_EXACT_MAX) {
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    }
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > floor; product *= this.next()) count += 1;
    return count;
  }
}

/** Picks a place by weight. */
export class Weights {
  readonly #sums: Float64Array;

  /** `weights` are positive, and at least one. */
  constructor(weights: readonly number[]) {
    this.#sums = new Float64Array(weights.length);
    let sum = 0;
    for (const [index, weight] of weights.entries()) this.#sums[index] = sum += weight;
  }

  /** Which part of all the weight lies on the place. */
  shareOf(index: number): number {
    const before = index === 0 ? 0 : (this.#sums[index - 1] ?? 0);
    return ((this.#sums[index] ?? 0) - before) / (this.#sums.at(-1) ?? 1);
  }

  /** The place of a drawn one, from 0. */
  pick(random: Random): number {
    const at = random.next() * (this.#sums.at(-1) ?? 0);
    let [low, high] = [0, this.#sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sums[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Weights of 1st, 2nd, 3rd ... of `count`: each `1 / rank^exponent`; exponent 0 is even. */
export function zipfWeights(count: number, exponent: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
}

/** 32 bits of a text and a seed (FNV-1a). */
export function hashOf(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
