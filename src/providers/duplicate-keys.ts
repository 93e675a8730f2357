/**
 * Whether some object in `wire` has one key twice, at any depth. Of such a body readers disagree
 * whether the first or the last value counts, so what was bounded may not be what is billed.
 *
 * `parsed` must be what `JSON.parse(wire)` gave: it keeps each key once, so it holds fewer keys
 * than the text names exactly where one was repeated, however it was escaped and whatever was
 * dropped with it. Linear in the length of the text, without recursion.
 */
export function hasDuplicateKeys(wire: string, parsed: object): boolean {
  const held = keysHeld(parsed);
  return colonsAfterQuotes(wire) > held && keysNamed(wire) > held;
}

/**
 * At least the keys that the text names, in one pass from colon to colon: besides them it counts
 * strings that begin with a colon. Backslashes stand in strings only, so an escaped quote is none.
 */
function colonsAfterQuotes(wire: string): number {
  let count = 0;
  for (let colon = wire.indexOf(':'); colon >= 0; colon = wire.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (isSpace(wire.charCodeAt(before))) before--;
    if (wire.charCodeAt(before) === QUOTE && !isEscaped(wire, before)) count++;
  }
  return count;
}

/** Strings of valid JSON text that a colon follows: exactly the keys that it names. */
function keysNamed(wire: string): number {
  let keys = 0;
  for (let open = wire.indexOf('"'); open >= 0;) {
    let close = wire.indexOf('"', open + 1);
    while (isEscaped(wire, close)) close = wire.indexOf('"', close + 1);
    let after = close + 1;
    while (isSpace(wire.charCodeAt(after))) after++;
    if (wire.charCodeAt(after) === COLON) keys++;
    open = wire.indexOf('"', after);
  }
  return keys;
}

/** Whether an odd number of backslashes stands before `index`. */
function isEscaped(wire: string, index: number): boolean {
  let start = index;
  while (wire.charCodeAt(start - 1) === BACKSLASH) start--;
  return (index - start) % 2 === 1;
}

/** Own keys of all objects in the tree. */
function keysHeld(root: object): number {
  let keys = 0;
  const pending: object[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const isList = Array.isArray(node);
    const values: readonly unknown[] = isList ? (node as unknown[]) : Object.values(node);
    if (!isList) keys += values.length;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (typeof value === 'object' && value !== null) pending.push(value);
    }
  }
  return keys;
}

/** The white space of JSON. */
function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
