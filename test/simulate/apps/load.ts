import { Random } from '../../../src/cli/simulate/random.ts';

/** How the loads are made: another seed is another day of the same application. */
export const SEED = Number(process.env['LOAD_SEED'] ?? 1);

/** How many calls, or sessions, the load has. */
export const SIZE = Number(process.env['LOAD_SIZE'] ?? 10);

const WORDS =
  'the of and to in is that for it as was with be by on not he his but at are this'.split(' ');

/** English words in no order, of about so many tokens of four bytes. */
export function proseOf(random: Random, tokens: number): string {
  const words: string[] = [];
  for (let chars = 0; chars < tokens * 4;) {
    const word = WORDS[random.below(WORDS.length)] ?? 'the';
    words.push(word);
    chars += word.length + 1;
  }
  return words.join(' ');
}

/** A log-normal number. */
export function around(random: Random, median: number, sigma: number): number {
  return Math.max(1, Math.round(median * Math.exp(sigma * random.normal())));
}

/** One of them. */
export function one<T>(random: Random, all: readonly T[]): T {
  const found = all[random.below(all.length)];
  if (found === undefined) throw new RangeError('There is nothing to pick from');
  return found;
}

/** The first customers are the largest. */
export function someCustomer(random: Random): string {
  return `customer-${1 + Math.floor(20 * random.next() ** 2)}`;
}

const AT_ONCE = 8;

/** Does it `SIZE` times, some at a time; what each does depends on the seed and its number only. */
export async function load(name: string, task: (random: Random) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < SIZE) {
      next += 1;
      await task(new Random(SEED, `${name} ${next}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
