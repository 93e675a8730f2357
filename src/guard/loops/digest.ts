/**
 * A 64-bit hash of texts and JSON values, for telling requests apart within one process.
 *
 * Two lanes of 32 bits with MurmurHash3's mixing, each with constants of its own. Among a million
 * different inputs two agree with a probability of about 3 in 10^8. It is no defence against
 * somebody who builds two inputs with one hash.
 *
 * Equal JSON values hash equally, whatever the order of their keys; members that are `undefined`
 * count as absent. Linear in the size of what it is given (and in the sorting of keys), without
 * recursion.
 */
export class Digest {
  #left = 0x9747b28c;
  #right = 0x3c6ef372;

  /** Adds a text with its length, so that `ab`, `c` differs from `a`, `bc`. */
  text(value: string): this {
    const { length } = value;
    let left = leftMixed(this.#left, length);
    let right = rightMixed(this.#right, length);
    // Two characters at a time; what stands past the end counts as 0, and the length tells it.
    for (let index = 0; index < length; index += 2) {
      const next = index + 1 < length ? value.charCodeAt(index + 1) : 0;
      const word = value.charCodeAt(index) | (next << 16);
      left = leftMixed(left, word);
      right = rightMixed(right, word);
    }
    this.#left = left;
    this.#right = right;
    return this;
  }

  /** Adds a JSON value without the members named in `skipped`, at any depth. */
  value(value: unknown, skipped: ReadonlySet<string> = NONE): this {
    const pending: unknown[] = [value];
    while (pending.length > 0) {
      const next = pending.pop();
      if (typeof next !== 'object' || next === null) this.#leaf(next);
      else if (Array.isArray(next)) {
        this.#word(TAGS.list).#word(next.length);
        for (let index = next.length - 1; index >= 0; index -= 1) pending.push(next[index]);
      } else this.#members(next as Members, skipped, pending);
    }
    return this;
  }

  /** The hash as text: two numbers of 32 bits. */
  toString(): string {
    const left = avalanche(this.#left ^ Math.imul(this.#right, 0x85ebca6b));
    const right = avalanche(this.#right ^ Math.imul(left, 0xc2b2ae35));
    return `${left.toString(36)}-${right.toString(36)}`;
  }

  #members(object: Members, skipped: ReadonlySet<string>, pending: unknown[]): void {
    const names = Object.keys(object)
      .filter((name) => object[name] !== undefined && !skipped.has(name))
      .sort();
    this.#word(TAGS.object).#word(names.length);
    for (const name of names) this.text(name);
    for (let index = names.length - 1; index >= 0; index -= 1) {
      pending.push(object[names[index] ?? '']);
    }
  }

  #leaf(value: unknown): void {
    if (typeof value === 'string') this.#word(TAGS.text).text(value);
    else if (typeof value === 'number') this.#word(TAGS.number).text(String(value));
    else if (typeof value === 'boolean') this.#word(value ? TAGS.yes : TAGS.no);
    // `null`, and what JSON writes as `null` in a list.
    else this.#word(TAGS.nothing);
  }

  #word(word: number): this {
    this.#left = leftMixed(this.#left, word);
    this.#right = rightMixed(this.#right, word);
    return this;
  }
}

type Members = { readonly [name: string]: unknown };

const NONE: ReadonlySet<string> = new Set();

const TAGS = { list: 1, object: 2, text: 3, number: 4, yes: 5, no: 6, nothing: 7 } as const;

function leftMixed(lane: number, word: number): number {
  const mixed = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(lane ^ mixed, 13), 5) + 0xe6546b64) | 0;
}

function rightMixed(lane: number, word: number): number {
  const mixed = Math.imul(rotated(Math.imul(word, 0x239b961b), 17), 0xab0e9789);
  return (Math.imul(rotated(lane ^ mixed, 15), 5) + 0x561ccd1b) | 0;
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** MurmurHash3's last step: each bit of the lane reaches every other one. */
function avalanche(lane: number): number {
  let word = lane;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}
