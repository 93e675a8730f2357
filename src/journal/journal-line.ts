import { OperationError } from '../errors/error.ts';
import { crc32 } from './crc32.ts';

/** Most bytes of one record: what names more accounts, or longer ids, cannot be recorded. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;

/** Bytes after a line's text: a space, eight digits and the line feed. */
const SUM_BYTES = 10;

/** Most bytes of one UTF-16 unit in UTF-8. */
const BYTES_PER_UNIT = 3;

const LINE_FEED = 10;
const SPACE = 32;
const QUOTATION_MARK = 34;
const DELETE = 127;
const BYTES_FIRST = 4096;

const UTF_8 = new TextEncoder();

/**
 * Lines on their way into a file: each is a text, a space, the text's CRC-32 in eight hexadecimal
 * digits, and a line feed.
 */
export class LineBuffer {
  bytes: Buffer = Buffer.allocUnsafe(BYTES_FIRST);
  length = 0;

  /** Adds one line. Throws `STORE_UNAVAILABLE`, adding nothing, past `RECORD_BYTES_MAX`. */
  add(text: string): void {
    const needed = this.length + text.length * BYTES_PER_UNIT + SUM_BYTES;
    if (needed > this.bytes.length) this.#grow(needed);
    const { bytes, length } = this;
    // Half the time of `bytes.write`; where it begins in the middle it takes a view of the rest.
    const { written } = UTF_8.encodeInto(text, length === 0 ? bytes : bytes.subarray(length));
    let end = length + written;
    const sum = crc32(bytes, length, end);
    bytes[end++] = SPACE;
    for (let shift = 28; shift >= 0; shift -= 4) bytes[end++] = hexDigit((sum >>> shift) & 15);
    bytes[end++] = LINE_FEED;
    this.length = end;
  }

  #grow(needed: number): void {
    if (needed > RECORD_BYTES_MAX) {
      throw new OperationError(
        'STORE_UNAVAILABLE',
        `The record takes more than ${RECORD_BYTES_MAX} bytes; nothing was recorded.`,
      );
    }
    const grown = Buffer.allocUnsafe(Math.min(needed * 2, RECORD_BYTES_MAX));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** The text of a line without its line feed; `undefined` when it is not as it was written. */
export function textOfLine(line: Buffer): string | undefined {
  const end = line.length - SUM_BYTES + 1;
  if (end < 0 || line[end] !== SPACE) return undefined;
  const sum = crc32(line, 0, end);
  for (let digit = 0; digit < 8; digit++) {
    if (line[end + 1 + digit] !== hexDigit((sum >>> (28 - 4 * digit)) & 15)) return undefined;
  }
  return line.toString('utf8', 0, end);
}

/** The text as one word of a line: without spaces and line feeds, and never empty. */
export function quote(text: string): string {
  if (isPlain(text)) return text;
  return JSON.stringify(text).replaceAll(' ', '\\u0020');
}

/** What `quote` made the word of; `undefined` when it made no such word. */
export function unquote(word: string): string | undefined {
  if (!word.startsWith('"')) return word === '' ? undefined : word;
  try {
    const text: unknown = JSON.parse(word);
    return typeof text === 'string' ? text : undefined;
  } catch {
    // Not JSON: the reader treats it like every other word that cannot be.
    return undefined;
  }
}

/** Whether the text stands in a line as it is: printable ASCII, and no quotation mark in front. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit <= SPACE || unit >= DELETE) return false;
  }
  return text.length > 0 && text.charCodeAt(0) !== QUOTATION_MARK;
}

function hexDigit(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}
