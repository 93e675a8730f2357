import { findByte } from './bytes.ts';
import { JsonScanner } from './json-scanner.ts';
import type { JsonPlan } from './json-plan.ts';

/** Longest event name that is kept, in bytes; the rest of a longer one is cut. */
export const EVENT_NAME_BYTES_MAX = 64;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const OPENING_BRACKET = 0x5b;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const NEWLINE = new Uint8Array([LINE_FEED]);
const DONE = '[DONE]';
const decoder = new TextDecoder();
/** Longest field name of interest is `event`; one more byte tells a longer name apart. */
const FIELD_BYTES_MAX = 6;

const MARK = 0;
const FIELD = 1;
const AFTER_COLON = 2;
const DATA = 3;
const NAME = 4;
const SKIP = 5;

/** One event with data, seen at its closing blank line; `json` is valid only during the call. */
export interface SseEvent<Captures extends string, Tallies extends string> {
  /** Reads the `event:` field, empty when there was none. */
  readonly name: () => string;
  /** Whether the data was `[DONE]`, OpenAI's closing sentinel. */
  readonly isDone: boolean;
  readonly json: JsonScanner<Captures, Tallies>;
}

/**
 * Reads a server-sent event stream as its bytes pass by and hands each event's data to a JSON
 * scanner, without keeping it.
 *
 * Understands CR, LF and CRLF, a leading byte order mark, comments and data of several lines;
 * chunks may split anywhere. An event whose closing blank line never comes is not reported, as in
 * the standard.
 */
export class SseScanner<Captures extends string, Tallies extends string> {
  readonly #json: JsonScanner<Captures, Tallies>;
  readonly #name = new Uint8Array(EVENT_NAME_BYTES_MAX);
  readonly #onEvent: (event: SseEvent<Captures, Tallies>) => void;
  #mode = MARK;
  #marked = 0;
  #field = '';
  #nameLength = 0;
  #head = '';
  #dataLines = 0;
  #hasData = false;
  #isAfterReturn = false;
  #feedAt = -1;
  #returnAt = -1;

  constructor(
    plan: JsonPlan<Captures, Tallies>,
    onEvent: (event: SseEvent<Captures, Tallies>) => void,
  ) {
    this.#json = new JsonScanner(plan);
    this.#onEvent = onEvent;
  }

  /** The next bytes of the stream. The array is not kept. */
  push(bytes: Uint8Array): void {
    this.#feedAt = -1;
    this.#returnAt = -1;
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  /** Consumes at least one byte, or changes the mode; returns the next position. */
  #step(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    if (this.#isAfterReturn) {
      this.#isAfterReturn = false;
      if (byte === LINE_FEED) return at + 1;
    }
    switch (this.#mode) {
      case MARK:
        if (byte === BYTE_ORDER_MARK[this.#marked]) {
          this.#marked += 1;
          return at + 1;
        }
        this.#mode = FIELD;
        return at;
      case FIELD:
        return this.#inField(byte, at);
      case AFTER_COLON:
        this.#openField();
        return byte === SPACE ? at + 1 : at;
      default:
        return this.#inLine(bytes, at);
    }
  }

  #inField(byte: number, at: number): number {
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      if (this.#field === '') this.#dispatch();
      else this.#openField();
      this.#endLine(byte);
      return at + 1;
    }
    // A comment is a line whose name is empty: its colon comes first.
    if (byte === COLON) this.#mode = this.#field === '' ? SKIP : AFTER_COLON;
    else if (this.#field.length < FIELD_BYTES_MAX) this.#field += String.fromCharCode(byte);
    return at + 1;
  }

  #openField(): void {
    this.#mode = this.#field === 'data' ? DATA : this.#field === 'event' ? NAME : SKIP;
    if (this.#mode === NAME) this.#nameLength = 0;
    if (this.#mode !== DATA) return;
    if (this.#dataLines > 0) this.#take(NEWLINE);
    this.#dataLines += 1;
  }

  #inLine(bytes: Uint8Array, from: number): number {
    if (this.#feedAt < from) this.#feedAt = findByte(bytes, LINE_FEED, from);
    if (this.#returnAt < from) this.#returnAt = findByte(bytes, CARRIAGE_RETURN, from);
    const end = Math.min(this.#feedAt, this.#returnAt);
    if (this.#mode === DATA) this.#take(bytes.subarray(from, end));
    if (this.#mode === NAME) this.#takeName(bytes, from, end);
    if (end === bytes.length) return end;
    this.#endLine(bytes[end] as number);
    return end + 1;
  }

  #take(data: Uint8Array): void {
    // Only an array can be the sentinel: other data need no head.
    if (this.#head !== '' || (data[0] === OPENING_BRACKET && !this.#hasData)) {
      for (let at = 0; at < data.length && this.#head.length <= DONE.length; at += 1) {
        this.#head += String.fromCharCode(data[at] as number);
      }
    }
    this.#hasData ||= data.length > 0;
    this.#json.push(data);
  }

  #takeName(bytes: Uint8Array, from: number, end: number): void {
    const to = Math.min(end, from + EVENT_NAME_BYTES_MAX - this.#nameLength);
    this.#name.set(bytes.subarray(from, to), this.#nameLength);
    this.#nameLength += to - from;
  }

  #endLine(byte: number): void {
    this.#isAfterReturn = byte === CARRIAGE_RETURN;
    this.#field = '';
    this.#mode = FIELD;
  }

  #eventName(): string {
    return decoder.decode(this.#name.subarray(0, this.#nameLength));
  }

  #dispatch(): void {
    if (this.#dataLines > 0) {
      const isDone = this.#head.trimEnd() === DONE;
      this.#onEvent({ name: () => this.#eventName(), isDone, json: this.#json });
      this.#json.reset();
    }
    this.#nameLength = 0;
    this.#head = '';
    this.#hasData = false;
    this.#dataLines = 0;
  }
}

/** Whether a response of this content type is a server-sent event stream. */
export function isEventStream(contentType: string): boolean {
  return /^\s*text\/event-stream\s*(;|$)/i.test(contentType);
}
