import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { HardcapError } from '../errors/error.ts';

/** Most errors that are looked at behind one: chains and lists of causes can be circular. */
export const CAUSES_MAX = 64;

/** Where wrapping libraries put the errors that they wrap, beside `cause`. */
const WRAPPED = ['cause', 'lastError', 'errors'] as const;

/**
 * The error of this package in `error` or anywhere behind it: in its `cause`, in the list of an
 * `AggregateError`, in the `lastError` of a retry. A cap refusal is preferred to any other.
 */
export function hardcapErrorIn(error: unknown): HardcapError | undefined {
  const seen = new Set<unknown>();
  const waiting: unknown[] = [error];
  let found: HardcapError | undefined;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next instanceof BudgetCapError) return next;
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    if (seen.size >= CAUSES_MAX) break;
    seen.add(next);
    if (next instanceof HardcapError) found ??= next;
    for (const name of WRAPPED) {
      const inner: unknown = Reflect.get(next, name);
      if (Array.isArray(inner)) waiting.push(...inner.slice(0, CAUSES_MAX));
      else if (inner !== undefined) waiting.push(inner);
    }
  }
  return found;
}
