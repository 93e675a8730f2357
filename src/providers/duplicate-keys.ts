/**
 * Whether some object in `wire` has one key twice, at any depth. Of such a body readers disagree
 * whether the first or the last value counts, so what was bounded may not be what is billed.
 *
 * `parsed` must be what `JSON.parse(wire)` gave: it keeps each key once, so it holds fewer keys than
 * the text names exactly where one was repeated, however it was escaped and whatever the value that
 * was dropped. Linear in the length of the text, without recursion.
 */
export function hasDuplicateKeys(wire: string, parsed: object): boolean {
  return keysNamed(wire) > keysHeld(parsed);
}

/** Strings of valid JSON text that a colon follows. */
function keysNamed(wire: string): number {
  let keys = 0;
  let open = nextQuote(wire, 0);
  while (open < wire.length) {
    let after = closingQuote(wire, open) + 1;
    while (isSpace(wire.charCodeAt(after))) after++;
    if (wire.charCodeAt(after) === COLON) keys++;
    open = nextQuote(wire, after);
  }
  return keys;
}

/** The first quote from `start` on, where no string is open; the length of the text if none is. */
function nextQuote(wire: string, start: number): number {
  const near = Math.min(wire.length, start + NEAR_UNITS);
  for (let index = start; index < near; index++) {
    if (wire.charCodeAt(index) === QUOTE) return index;
  }
  const far = wire.indexOf('"', near);
  return far < 0 ? wire.length : far;
}

/** The quote that closes the string opened at `open`. */
function closingQuote(wire: string, open: number): number {
  for (let index = open + 1; ; index++) {
    const near = index + NEAR_UNITS;
    for (; index < near; index++) {
      const unit = wire.charCodeAt(index);
      if (unit === QUOTE) return index;
      if (unit === BACKSLASH) index++;
    }
    index = wire.indexOf('"', index);
    if (index < 0) return wire.length;
    if (!isEscaped(wire, index)) return index;
  }
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

/** Up to here a loop is faster than `indexOf`, which pays off over long texts. */
const NEAR_UNITS = 24;

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
