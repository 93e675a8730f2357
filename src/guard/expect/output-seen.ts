import type { TextSizer } from '../../estimate/text-bytes.ts';
import { createEventFilter, EVENT_BYTES_MAX } from '../../meter/event-filter.ts';
import type { JsonObject } from '../../providers/provider.ts';
import { isObject } from '../../providers/read-json.ts';

/** Text is measured in pieces of this length: each is rounded up, so none is a single word. */
const PIECE_CHARS = 512;

/** How what the model wrote is read and measured. */
export interface SeenTerms {
  readonly outputText: (event: JsonObject) => string;
  readonly sizer: TextSizer;
  readonly isEventStream: boolean;
}

/**
 * Counts the output of an answer as it passes: never less than its text is by `sizer`. With the
 * hard one that is its bytes, of which every token has at least one.
 *
 * An event that is no JSON counts whole. What is no event stream, or has an event too large to be
 * read, counts as more than any ceiling.
 */
export class OutputSeen {
  readonly #terms: SeenTerms;
  readonly #events = createEventFilter((payload) => this.#take(payload));
  #isUnreadable: boolean;
  /** Bytes since the last event that was read, with those of its own last chunk. */
  #unreadBytes = 0;
  #hasRead = false;
  #measured = 0;
  #piece = '';

  constructor(terms: SeenTerms) {
    this.#terms = terms;
    this.#isUnreadable = !terms.isEventStream;
  }

  /** The next bytes of the answer. */
  push(chunk: Uint8Array): void {
    if (this.#isUnreadable) return;
    this.#hasRead = false;
    this.#events.push(chunk);
    this.#unreadBytes = chunk.length + (this.#hasRead ? 0 : this.#unreadBytes);
    // One that is larger than this passes the filter unread.
    if (this.#unreadBytes > EVENT_BYTES_MAX) this.#isUnreadable = true;
  }

  /** Tokens so far. */
  get tokens(): number {
    if (this.#isUnreadable) return Infinity;
    return this.#measured + (this.#piece === '' ? 0 : this.#terms.sizer.text(this.#piece));
  }

  /** Never hides it: the events pass another way. */
  #take(payload: string): boolean {
    this.#hasRead = true;
    this.#piece += textOf(payload, this.#terms.outputText);
    if (this.#piece.length < PIECE_CHARS) return false;
    this.#measured += this.#terms.sizer.text(this.#piece);
    this.#piece = '';
    return false;
  }
}

function textOf(payload: string, outputText: SeenTerms['outputText']): string {
  if (payload.trim() === '[DONE]') return '';
  try {
    const event: unknown = JSON.parse(payload);
    return isObject(event) ? outputText(event) : payload;
  } catch {
    // Not JSON: whatever it is, all of it may have been written by the model.
    return payload;
  }
}
