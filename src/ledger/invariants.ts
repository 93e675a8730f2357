import { isAmount, saturatingAdd, SATURATED } from '../kernel/arithmetic.ts';
import { COUNTERS, HELD } from './account-table.ts';
import type { Amounts } from './account.ts';
import type { Books } from './books.ts';
import type { EndedReservation } from './ended-reservations.ts';
import type { OpenReservation } from './open-reservations.ts';

/**
 * States about the books that do not hold; empty when all is well. Each is a sentence with its
 * numbers.
 *
 * Looks at everything, so it takes time in proportion to accounts and reservations: for tests and
 * audits, not for the way of a call.
 */
export function checkInvariants(books: Books): readonly string[] {
  const { table } = books.state;
  const open = books.state.open.list();
  const ended = books.state.ended.list();
  const broken = checkOnce(open, ended);
  if (books.state.open.size !== open.length) {
    broken.push(`${open.length} holds are listed as open and ${books.state.open.size} counted`);
  }
  if (ended.length > books.state.ended.endedMax) {
    broken.push(`${ended.length} ended ids, more than ${books.state.ended.endedMax}`);
  }

  const held = sumPerSlot(open.map(({ slots, held }) => ({ slots, amounts: held })));
  const booked = sumPerSlot(ended.map(({ slots, booked }) => ({ slots, amounts: booked })));
  const pins = countPerSlot([...open, ...ended]);
  const seen = new Set<number>();
  for (const { key, slot } of table.entries()) {
    if (seen.has(slot)) broken.push(`${key}: its slot ${slot} belongs to another account too`);
    seen.add(slot);
    for (let index = 0; index < COUNTERS; index += 1) {
      const counter = table.counter(slot, index);
      const name = `${key}: ${COUNTER_NAMES[index]}`;
      if (!isAmount(counter) && counter !== SATURATED) {
        broken.push(`${name} is ${String(counter)}, not an integer from 0 to 2^53`);
      }
      if (index < HELD) {
        const least = booked.get(slot)?.[index] ?? 0;
        if (counter < least) broken.push(`${name} is ${counter}, less than ${least} booked`);
        continue;
      }
      const sum = held.get(slot)?.[index - HELD] ?? 0;
      if (counter !== sum && counter !== SATURATED) {
        broken.push(`${name} is ${counter}, and open holds on it are ${sum}`);
      }
    }
    const pinned = pins.get(slot) ?? 0;
    if (table.pinsOf(slot) !== pinned) {
      broken.push(`${key}: pinned ${table.pinsOf(slot)} times by ${pinned} reservations`);
    }
  }
  for (const slot of pins.keys()) {
    if (!seen.has(slot)) broken.push(`slot ${slot} is drawn on and belongs to no account`);
  }
  return broken;
}

const COUNTER_NAMES = [
  'spent usd',
  'spent tokens',
  'spent calls',
  'held usd',
  'held tokens',
  'held calls',
] as const;

function checkOnce(open: readonly OpenReservation[], ended: readonly EndedReservation[]): string[] {
  const broken: string[] = [];
  const ids = new Set<string>();
  for (const { id } of [...open, ...ended]) {
    if (ids.has(id)) broken.push(`${id} is remembered twice`);
    ids.add(id);
  }
  for (const { id, outcome, ended: first } of ended) {
    if (outcome === 'released' && first.usd + first.tokens + first.calls !== 0) {
      broken.push(`${id} was released and booked as spent`);
    }
  }
  return broken;
}

type Sums = [usd: number, tokens: number, calls: number];

function sumPerSlot(
  draws: readonly { readonly slots: readonly number[]; readonly amounts: Amounts }[],
): ReadonlyMap<number, Sums> {
  const sums = new Map<number, Sums>();
  for (const { slots, amounts } of draws) {
    for (const slot of slots) {
      const [usd, tokens, calls] = sums.get(slot) ?? [0, 0, 0];
      sums.set(slot, [
        saturatingAdd(usd, amounts.usd),
        saturatingAdd(tokens, amounts.tokens),
        saturatingAdd(calls, amounts.calls),
      ]);
    }
  }
  return sums;
}

function countPerSlot(
  draws: readonly { readonly slots: readonly number[] }[],
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { slots } of draws) {
    for (const slot of slots) counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return counts;
}
