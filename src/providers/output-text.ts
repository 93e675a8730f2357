import { isObject } from './read-json.ts';

/** How many values of one event are looked at; one with more counts by all of its text. */
const VALUES_MAX = 10_000;

/**
 * All text in a value, but for members of these names: what the model may have written of it. Never
 * less than that, for an event of a form that no rule knows.
 */
export function textIn(value: unknown, names: ReadonlySet<string>): string {
  const pieces: string[] = [];
  const open: unknown[] = [value];
  for (let looked = 0; open.length > 0; looked += 1) {
    if (looked === VALUES_MAX) return JSON.stringify(value);
    const next = open.pop();
    if (typeof next === 'string') pieces.push(next);
    else if (Array.isArray(next)) open.push(...(next as unknown[]));
    else if (isObject(next)) {
      for (const [name, member] of Object.entries(next)) if (!names.has(name)) open.push(member);
    }
  }
  return pieces.join('');
}
