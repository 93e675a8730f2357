import { areBytes, findByte, hasByte } from './bytes.ts';
import { TEXT_BYTES_MAX } from './json-plan.ts';
import type { JsonPlan, PathNode } from './json-plan.ts';
import { ShortText } from './short-text.ts';

/** Most bytes of one captured value; a longer one is reported as too large, never just dropped. */
export const CAPTURE_BYTES_MAX = 65_536;

/** Deepest nesting that is followed; deeper documents count as malformed. */
export const DEPTH_MAX = 10_000;

/** `unfinished`: valid so far. `malformed`: not JSON, or deeper than `DEPTH_MAX`. */
export type JsonOutcome = 'unfinished' | 'whole' | 'malformed';

/** A value at a captured path; `tooLarge` when it has more than `CAPTURE_BYTES_MAX` bytes. */
export type Captured =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'tooLarge' };

const START = 0;
const VALUE = 1;
const FIRST_ITEM = 2;
const FIRST_KEY = 3;
const KEY = 4;
const COLON = 5;
const AFTER = 6;
const STRING = 7;
const KEY_STRING = 8;
const NUMBER = 9;
const LITERAL = 10;
const DONE = 11;
const MALFORMED = 12;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Bytes of a string looked at one by one before the native search takes over. */
const NEAR_BYTES = 24;
/** Longest string that is read without `JSON.parse`. */
const PLAIN_BYTES_MAX = 64;
const ARRAY = 0;
const OBJECT = 1;
const decoder = new TextDecoder();

/**
 * Reads one JSON document as its bytes pass by and keeps only the planned values.
 *
 * Chunks may split anywhere. Memory is bounded by the plan: one capture buffer, one short text and
 * a nesting stack of at most `DEPTH_MAX` bytes. A repeated key replaces what it named before, as
 * `JSON.parse` does. The inside of strings and numbers that are not captured is not validated;
 * the structure around them is.
 */
export class JsonScanner<Captures extends string, Tallies extends string = never> {
  readonly #plan: JsonPlan<Captures, Tallies>;
  readonly #captured: (Captured | undefined)[];
  /** Per tally: the count of all values, then one count per string. */
  readonly #counts: number[][];
  readonly #text = new ShortText(TEXT_BYTES_MAX * 6);
  #mode = START;
  #depth = 0;
  #kinds = new Uint8Array(64);
  #nodes: (PathNode | undefined)[] = [];
  /** The node of the value that comes next. */
  #next: PathNode | undefined;
  #isCollecting = false;
  #isEscaped = false;
  #literal = '';
  #matched = 0;
  #quoteAt = -1;
  #backslashAt = -1;
  #slot = -1;
  #slotDepth = 0;
  #slotFrom = 0;
  #buffer = new Uint8Array(1024);
  #length = 0;

  constructor(plan: JsonPlan<Captures, Tallies>) {
    this.#plan = plan;
    this.#captured = Array.from({ length: plan.captures.size });
    this.#counts = plan.strings.map((of) => [0, ...of.map(() => 0)]);
    this.#next = plan.root;
  }

  /** What the bytes so far amount to. */
  get outcome(): JsonOutcome {
    if (this.#mode === MALFORMED) return 'malformed';
    const isWhole = this.#mode === DONE || (this.#mode === NUMBER && this.#depth === 0);
    return isWhole ? 'whole' : 'unfinished';
  }

  /** The last value at that path, `undefined` for none. Trust it only in a `whole` document. */
  captured(name: Captures): Captured | undefined {
    return this.#captured[this.#plan.captures.get(name) ?? -1];
  }

  /** How many values stood at that path: all, or the strings equal to `of`, which is planned. */
  count(name: Tallies, of?: string): number {
    const slot = this.#plan.tallies.get(name) ?? -1;
    const at = of === undefined ? 0 : (this.#plan.strings[slot] ?? []).indexOf(of) + 1;
    if (of !== undefined && at === 0) throw new Error(`not planned: ${of}`);
    return this.#counts[slot]?.[at] ?? 0;
  }

  /** Makes it as new, for the next document. */
  reset(): void {
    this.#mode = START;
    this.#depth = 0;
    this.#nodes.length = 0;
    this.#next = this.#plan.root;
    this.#isEscaped = false;
    this.#matched = 0;
    this.#slot = -1;
    this.#length = 0;
    this.#captured.fill(undefined);
    for (const counts of this.#counts) counts.fill(0);
  }

  /** The next bytes of the document. The array is not kept. */
  push(bytes: Uint8Array): void {
    this.#quoteAt = -1;
    this.#backslashAt = -1;
    this.#slotFrom = 0;
    let at = 0;
    while (at < bytes.length && this.#mode !== MALFORMED) at = this.#step(bytes, at);
    if (this.#slot >= 0) this.#keep(bytes, bytes.length);
  }

  /** Consumes at least one byte, or changes the mode; returns the next position. */
  #step(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    switch (this.#mode) {
      case STRING:
      case KEY_STRING:
        return this.#inString(bytes, at);
      case NUMBER:
        return this.#inNumber(bytes, at);
      case LITERAL:
        if (byte !== this.#literal.charCodeAt(this.#matched)) return this.#fail(at);
        this.#matched += 1;
        if (this.#matched === this.#literal.length) this.#endValue(bytes, at + 1);
        return at + 1;
      case START:
        if (byte === BYTE_ORDER_MARK[this.#matched]) {
          this.#matched += 1;
          return at + 1;
        }
        if (this.#matched !== 0 && this.#matched !== BYTE_ORDER_MARK.length) return this.#fail(at);
        this.#mode = VALUE;
        return at;
      default:
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
        return this.#structure(bytes, at, byte);
    }
  }

  #structure(bytes: Uint8Array, at: number, byte: number): number {
    const mode = this.#mode;
    if (mode === VALUE || mode === FIRST_ITEM) {
      if (byte === 0x5d && mode === FIRST_ITEM) return this.#close(bytes, at, ARRAY);
      return this.#openValue(at, byte);
    }
    if (mode === FIRST_KEY || mode === KEY) {
      if (byte === 0x7d && mode === FIRST_KEY) return this.#close(bytes, at, OBJECT);
      if (byte !== QUOTE) return this.#fail(at);
      this.#mode = KEY_STRING;
      this.#isCollecting = this.#container() !== undefined;
      this.#text.clear();
      return at + 1;
    }
    if (mode === COLON) {
      if (byte !== 0x3a) return this.#fail(at);
      this.#mode = VALUE;
      return at + 1;
    }
    if (mode === AFTER) {
      const kind = this.#kinds[this.#depth - 1] as number;
      if (byte !== 0x2c) return this.#close(bytes, at, byte === 0x5d ? ARRAY : OBJECT, byte);
      this.#mode = kind === OBJECT ? KEY : VALUE;
      if (kind === ARRAY) this.#next = this.#container()?.each;
      return at + 1;
    }
    return this.#fail(at);
  }

  #openValue(at: number, byte: number): number {
    const node = this.#slot >= 0 ? undefined : this.#next;
    this.#next = undefined;
    this.#isCollecting = false;
    if (node !== undefined) this.#meet(node, at, byte);
    if (byte === QUOTE) {
      this.#mode = STRING;
      return at + 1;
    }
    if (byte === 0x7b || byte === 0x5b) return this.#open(at, byte === 0x7b ? OBJECT : ARRAY, node);
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) {
      this.#mode = NUMBER;
      return at + 1;
    }
    this.#literal = byte === 0x74 ? 'true' : byte === 0x66 ? 'false' : byte === 0x6e ? 'null' : '';
    if (this.#literal === '') return this.#fail(at);
    this.#matched = 1;
    this.#mode = LITERAL;
    return at + 1;
  }

  /** A planned place is reached: starts its capture, or counts it. */
  #meet(node: PathNode, at: number, byte: number): void {
    if (node.capture >= 0) {
      this.#slot = node.capture;
      this.#slotDepth = this.#depth;
      this.#slotFrom = at;
      this.#length = 0;
    }
    if (node.tally < 0) return;
    const counts = this.#counts[node.tally] as number[];
    counts[0] = (counts[0] as number) + 1;
    if (byte !== QUOTE || counts.length === 1) return;
    this.#isCollecting = true;
    this.#text.clear();
    // The string belongs to this node: kept until its closing quote.
    this.#next = node;
  }

  #forget(node: PathNode): void {
    for (const slot of node.capturesBelow) this.#captured[slot] = undefined;
    for (const slot of node.talliesBelow) this.#counts[slot]?.fill(0);
  }

  #open(at: number, kind: number, node: PathNode | undefined): number {
    if (this.#depth === DEPTH_MAX) return this.#fail(at);
    if (this.#depth === this.#kinds.length) {
      const wider = new Uint8Array(Math.min(this.#kinds.length * 2, DEPTH_MAX));
      wider.set(this.#kinds);
      this.#kinds = wider;
    }
    this.#kinds[this.#depth] = kind;
    this.#depth += 1;
    if (this.#depth <= this.#plan.depthMax) {
      this.#nodes[this.#depth] = this.#slot >= 0 ? undefined : node;
    }
    this.#mode = kind === OBJECT ? FIRST_KEY : FIRST_ITEM;
    if (kind === ARRAY) this.#next = this.#container()?.each;
    return at + 1;
  }

  #close(bytes: Uint8Array, at: number, kind: number, byte?: number): number {
    if (byte !== undefined && byte !== 0x5d && byte !== 0x7d) return this.#fail(at);
    if (this.#kinds[this.#depth - 1] !== kind) return this.#fail(at);
    this.#depth -= 1;
    this.#endValue(bytes, at + 1);
    return at + 1;
  }

  #container(): PathNode | undefined {
    return this.#depth <= this.#plan.depthMax ? this.#nodes[this.#depth] : undefined;
  }

  #inString(bytes: Uint8Array, at: number): number {
    const end = this.#quote(bytes, at);
    if (this.#mode === KEY_STRING && end < bytes.length) {
      this.#next = this.#isCollecting ? this.#child(bytes, at, end) : undefined;
      if (this.#next !== undefined) this.#forget(this.#next);
      this.#mode = COLON;
      return end + 1;
    }
    if (this.#isCollecting) this.#text.append(bytes, at, end);
    if (end === bytes.length) return end;
    if (this.#isCollecting) this.#countText();
    this.#endValue(bytes, end + 1);
    return end + 1;
  }

  /** The planned node of the key that ends here; compares bytes when it lies in one chunk. */
  #child(bytes: Uint8Array, from: number, end: number): PathNode | undefined {
    const container = this.#container();
    if (container === undefined) return undefined;
    if (this.#text.isEmpty && !hasByte(bytes, BACKSLASH, from, end)) {
      return container.steps.find((step) => areBytes(step.bytes, bytes, from, end))?.node;
    }
    this.#text.append(bytes, from, end);
    const key = this.#text.read();
    return key === undefined ? undefined : container.keys.get(key);
  }

  #countText(): void {
    const slot = this.#next?.tally ?? -1;
    this.#next = undefined;
    const text = this.#text.read();
    const at = text === undefined ? -1 : (this.#plan.strings[slot] ?? []).indexOf(text);
    const counts = this.#counts[slot];
    if (at >= 0 && counts !== undefined) counts[at + 1] = (counts[at + 1] as number) + 1;
  }

  /** Position of the closing quote, or the length when it is not in these bytes. */
  #quote(bytes: Uint8Array, from: number): number {
    const to = bytes.length;
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at += 1;
    }
    const near = Math.min(at + NEAR_BYTES, to);
    while (at < near) {
      const byte = bytes[at];
      if (byte === QUOTE) return at;
      at += byte === BACKSLASH ? 2 : 1;
    }
    // Each search goes on from where its last one ended, so every byte is searched at most twice.
    while (at < to) {
      if (this.#quoteAt < at) this.#quoteAt = findByte(bytes, QUOTE, at);
      if (this.#backslashAt < at) this.#backslashAt = findByte(bytes, BACKSLASH, at);
      if (this.#quoteAt <= this.#backslashAt) return this.#quoteAt;
      at = this.#backslashAt + 2;
    }
    // One past the end: the last byte was a backslash whose partner is still to come.
    this.#isEscaped = at > to;
    return to;
  }

  #inNumber(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && isNumberByte(bytes[at] as number)) at += 1;
    if (at < bytes.length) this.#endValue(bytes, at);
    return at;
  }

  #endValue(bytes: Uint8Array, end: number): void {
    this.#mode = this.#depth === 0 ? DONE : AFTER;
    if (this.#slot < 0 || this.#depth !== this.#slotDepth) return;
    this.#keep(bytes, end);
    const slot = this.#slot;
    this.#slot = -1;
    this.#captured[slot] =
      this.#length > CAPTURE_BYTES_MAX ? { kind: 'tooLarge' } : this.#parseCapture();
  }

  #parseCapture(): Captured | undefined {
    const plain = plainString(this.#buffer, this.#length);
    if (plain !== undefined) return { kind: 'value', value: plain };
    try {
      const text = decoder.decode(this.#buffer.subarray(0, this.#length));
      return { kind: 'value', value: JSON.parse(text) as unknown };
    } catch {
      // Only the inside of a string or number can be wrong here; the document is not JSON.
      this.#mode = MALFORMED;
      return undefined;
    }
  }

  /** Appends what this chunk holds of the capture; past the maximum only the length is counted. */
  #keep(bytes: Uint8Array, end: number): void {
    const size = end - this.#slotFrom;
    const length = this.#length + size;
    if (length <= CAPTURE_BYTES_MAX) {
      if (length > this.#buffer.length) {
        const wider = new Uint8Array(Math.min(CAPTURE_BYTES_MAX, length * 2));
        wider.set(this.#buffer.subarray(0, this.#length));
        this.#buffer = wider;
      }
      this.#buffer.set(bytes.subarray(this.#slotFrom, end), this.#length);
    }
    this.#length = Math.min(length, CAPTURE_BYTES_MAX + 1);
    this.#slotFrom = 0;
  }

  #fail(at: number): number {
    this.#mode = MALFORMED;
    this.#slot = -1;
    return at;
  }
}

/** A short string without escapes, which most captures are; anything else is `undefined`. */
function plainString(json: Uint8Array, length: number): string | undefined {
  if (json[0] !== QUOTE || length > PLAIN_BYTES_MAX) return undefined;
  let text = '';
  for (let at = 1; at < length - 1; at += 1) {
    const byte = json[at] as number;
    if (byte < 0x20 || byte >= 0x80 || byte === BACKSLASH) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Digits, sign, point and exponent. */
function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x65 ||
    byte === 0x45
  );
}
