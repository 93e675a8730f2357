/** Most bytes of one event that are held back to judge it; a larger one passes through unjudged. */
export const EVENT_BYTES_MAX = 1_048_576;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const decoder = new TextDecoder();

/** Removes events from a stream of server-sent events. */
export interface EventFilter {
  /** The next bytes; returns, in order, what may go on now. Parts may be views of the chunk. */
  push(chunk: Uint8Array): Uint8Array[];
  /** The stream is over; returns what was still held back. */
  end(): Uint8Array[];
}

/**
 * Drops each whole event whose data payload `hides` claims; every other byte passes unchanged and
 * in order, each event as soon as its closing blank line is there.
 *
 * Never holds more than `EVENT_BYTES_MAX` bytes. Several data lines are joined by a line feed to be
 * judged; an event without data is never hidden.
 */
export function createEventFilter(hides: (payload: string) => boolean): EventFilter {
  return new HidingFilter(hides);
}

class HidingFilter implements EventFilter {
  readonly #hides: (payload: string) => boolean;
  #held = new Uint8Array(1024);
  #length = 0;
  #isLineEmpty = true;
  /** The last byte was a carriage return: a line feed now belongs to the same line end. */
  #isAfterReturn = false;
  /** That carriage return also ended an event. */
  #isAfterEvent = false;
  #wasHidden = false;
  /** The event in progress is too large to judge. */
  #isPassing = false;

  constructor(hides: (payload: string) => boolean) {
    this.#hides = hides;
  }

  push(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    let from = this.#trailingFeed(chunk, out);
    let at = from;
    while (at < chunk.length) {
      const lineEnd = this.#lineEnd(chunk, at);
      if (lineEnd > at) this.#isLineEmpty = false;
      if (lineEnd === chunk.length) break;
      at = this.#afterLineEnd(chunk, lineEnd);
      const isEventEnd = this.#isLineEmpty;
      this.#isLineEmpty = true;
      if (!isEventEnd) continue;
      this.#finish(chunk.subarray(from, at), out);
      this.#isAfterEvent = this.#isAfterReturn;
      from = at;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from), out);
    return out;
  }

  end(): Uint8Array[] {
    const out: Uint8Array[] = [];
    this.#finish(new Uint8Array(0), out);
    return out;
  }

  /** A line feed that completes the line end of the chunk before; returns where to go on. */
  #trailingFeed(chunk: Uint8Array, out: Uint8Array[]): number {
    if (!this.#isAfterReturn || chunk.length === 0) return 0;
    this.#isAfterReturn = false;
    const isFeed = chunk[0] === LINE_FEED;
    const wasEvent = this.#isAfterEvent;
    this.#isAfterEvent = false;
    if (!isFeed) return 0;
    if (!wasEvent) this.#hold(chunk.subarray(0, 1), out);
    else if (!this.#wasHidden) put(out, chunk.subarray(0, 1));
    return 1;
  }

  #lineEnd(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) return at;
    }
    return chunk.length;
  }

  #afterLineEnd(chunk: Uint8Array, lineEnd: number): number {
    if (chunk[lineEnd] === LINE_FEED) return lineEnd + 1;
    if (chunk[lineEnd + 1] === LINE_FEED) return lineEnd + 2;
    this.#isAfterReturn = lineEnd + 1 === chunk.length;
    return lineEnd + 1;
  }

  /** The event in progress is complete with `rest`. */
  #finish(rest: Uint8Array, out: Uint8Array[]): void {
    const isJudged = !this.#isPassing && this.#length + rest.length <= EVENT_BYTES_MAX;
    this.#wasHidden = isJudged && this.#isHidden(rest);
    this.#isPassing = false;
    if (!this.#wasHidden) this.#flush(rest, out);
    this.#length = 0;
  }

  #isHidden(rest: Uint8Array): boolean {
    if (this.#length === 0 && rest.length === 0) return false;
    let text = '';
    if (this.#length === 0) text = decoder.decode(rest);
    else {
      this.#append(rest);
      text = decoder.decode(this.#held.subarray(0, this.#length));
      this.#length -= rest.length;
    }
    const payload = payloadOf(text);
    return payload !== undefined && this.#hides(payload);
  }

  #hold(part: Uint8Array, out: Uint8Array[]): void {
    if (!this.#isPassing && this.#length + part.length > EVENT_BYTES_MAX) {
      this.#flush(new Uint8Array(0), out);
      this.#length = 0;
      this.#isPassing = true;
    }
    if (this.#isPassing) out.push(part);
    else this.#append(part);
  }

  #append(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#held.length) {
      const wider = new Uint8Array(length * 2);
      wider.set(this.#held.subarray(0, this.#length));
      this.#held = wider;
    }
    this.#held.set(part, this.#length);
    this.#length = length;
  }

  #flush(rest: Uint8Array, out: Uint8Array[]): void {
    if (this.#length > 0) out.push(this.#held.slice(0, this.#length));
    if (rest.length > 0) put(out, rest);
  }
}

/** Adds the part, as one with the part before when they lie side by side in memory. */
function put(out: Uint8Array[], part: Uint8Array): void {
  const last = out.at(-1);
  if (last?.buffer !== part.buffer || last.byteOffset + last.length !== part.byteOffset) {
    out.push(part);
    return;
  }
  out[out.length - 1] = new Uint8Array(part.buffer, last.byteOffset, last.length + part.length);
}

/** The data lines of one event joined by line feeds; `undefined` when it has none. */
function payloadOf(event: string): string | undefined {
  const lines: string[] = [];
  for (const line of event.split(/\r\n|\r|\n/)) {
    if (line === 'data') lines.push('');
    else if (line.startsWith('data:')) lines.push(line.slice(line[5] === ' ' ? 6 : 5));
  }
  return lines.length === 0 ? undefined : lines.join('\n');
}
