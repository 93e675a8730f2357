/**
 * Arithmetic on counters that live in doubles. Every legal amount and limit is an integer from 0 to
 * 2^53 - 1; a counter that would pass it becomes 2^53, which is above every legal limit, so a
 * saturated counter is always exhausted.
 */

/** The largest legal amount or limit: 2^53 - 1. */
export const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

/** What a counter holds once it has passed `AMOUNT_MAX`: 2^53. */
export const SATURATED = 2 ** 53;

/** The sum of a counter (0 to 2^53) and a legal amount, saturating at 2^53. */
export function saturatingAdd(counter: number, amount: number): number {
  const sum = counter + amount;
  return sum > AMOUNT_MAX ? SATURATED : sum;
}

/** Whether `amount` on top of `counter` stays within an inclusive limit. */
export function fits(counter: number, amount: number, limit: number): boolean {
  return saturatingAdd(counter, amount) <= limit;
}

/** Whether `value` may be charged: an integer from 0 to 2^53 - 1. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isSafeInteger(value);
}
