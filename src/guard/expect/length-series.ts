import { invariant } from '../../errors/error.ts';
import { SAMPLES_MAX } from '../../policy/expect.ts';

/** Stands for an answer that was cut: longer than any that was not. */
const CUT = 0xffff_ffff;

/**
 * How long the last 512 answers of one kind were, in output tokens.
 *
 * An answer that was cut at a ceiling is known to be at least that long and no more, so it counts
 * as longer than any other: what is read off is never below what the uncut lengths would give.
 */
export class LengthSeries {
  readonly #ring = new Uint32Array(SAMPLES_MAX);
  readonly #ascending = new Uint32Array(SAMPLES_MAX);
  #size = 0;
  #next = 0;

  /** How many answers it knows, at most 512. */
  get size(): number {
    return this.#size;
  }

  /** Takes in the next answer; the oldest of 513 is forgotten. */
  observe(length: number | 'cut'): void {
    const sample = length === 'cut' ? CUT : Math.min(length, CUT);
    if (this.#size === SAMPLES_MAX) this.#remove(this.#ring[this.#next] ?? CUT);
    this.#ring[this.#next] = sample;
    this.#next = (this.#next + 1) % SAMPLES_MAX;
    this.#insert(sample);
  }

  /**
   * The length that the next answer of the kind does not pass with at least this probability, if
   * answers come in no particular order: of `n` known lengths the one of rank `(n + 1) x quantile`,
   * rounded up (split conformal prediction), and the longest where there are too few for that rank.
   * Never below the empirical quantile. `undefined`: none is known, or too many were cut to say.
   */
  upper(quantile: number): number | undefined {
    if (this.#size === 0) return undefined;
    const rank = Math.min(this.#size, Math.ceil((this.#size + 1) * quantile));
    const length = this.#ascending[rank - 1] ?? CUT;
    return length === CUT ? undefined : length;
  }

  #insert(sample: number): void {
    const at = this.#placeOf(sample);
    this.#ascending.copyWithin(at + 1, at, this.#size);
    this.#ascending[at] = sample;
    this.#size += 1;
  }

  #remove(sample: number): void {
    const at = this.#placeOf(sample);
    invariant(this.#ascending[at] === sample, 'what is forgotten was known');
    this.#ascending.copyWithin(at, at + 1, this.#size);
    this.#size -= 1;
  }

  /** The first place whose sample is not smaller. */
  #placeOf(sample: number): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ascending[middle] ?? CUT) < sample) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
