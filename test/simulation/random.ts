/** Random numbers of a simulation: all from one seed, so that a seed is a whole run. */

/** A stream of random numbers; the same seed gives the same stream. */
export interface Random {
  /** From 0 up to, not including, 1. */
  (): number;
  /** Whether something with this probability happens now. */
  chance(probability: number): boolean;
  /** From `least` up to, not including, `most`. */
  between(least: number, most: number): number;
  /** An integer from 0 to `count - 1`. */
  below(count: number): number;
  /** An independent stream for one purpose, so that purposes do not disturb each other. */
  fork(purpose: string): Random;
}

/** A stream by mulberry32, seeded through FNV-1a of the text of the seed. */
export function randomOf(seed: string): Random {
  let state = hashOf(seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return Object.assign(next, {
    chance: (probability: number) => probability > 0 && next() < probability,
    between: (least: number, most: number) => least + (most - least) * next(),
    below: (count: number) => Math.floor(next() * count),
    fork: (purpose: string) => randomOf(`${seed}/${purpose}`),
  });
}

/** A draw of the standard normal distribution, by Box and Muller. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Milliseconds to the next event of a Poisson process of so many events a second. */
export function nextArrivalMs(random: Random, perSecond: number): number {
  return (-Math.log(1 - random()) / perSecond) * 1000;
}

/** Draws indexes from 0 to `count - 1`, the first ones more often: by Zipf's law. */
export function zipf(count: number, exponent: number): (random: Random) => number {
  const sums = new Float64Array(count);
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    total += (index + 1) ** -exponent;
    sums[index] = total;
  }
  return (random) => {
    const wanted = random() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? total) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}
