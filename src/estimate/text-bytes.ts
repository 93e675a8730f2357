/**
 * Sizes of text as upper bounds on tokens.
 *
 * Byte-level BPE and SentencePiece with byte fallback spend at most one token a UTF-8 byte. A
 * tokenizer that normalises first (the one published Claude tokenizer applies NFKC) can spend more
 * on a code point than its raw bytes, never more than the bytes of its NFKC form. So the larger of
 * both holds for every known family.
 */

/**
 * How strings are measured; the hard one proves, the tight one estimates. Tokens, whole numbers.
 */
export interface TextSizer {
  /** A string that reaches the prompt as it is. */
  text(value: string): number;
  /** A string that reaches the prompt inside serialised JSON, without its quotes. */
  json(value: string): number;
}

/** UTF-8 bytes of the larger of the raw and the NFKC text; a lone surrogate counts three. */
export function textBytes(value: string): number {
  const raw = byteLength(value);
  if (raw === value.length) return raw;
  const normal = value.normalize('NFKC');
  return normal === value ? raw : Math.max(raw, byteLength(normal));
}

/**
 * Bytes of a string inside serialised JSON, whichever way the provider escapes it: quotes,
 * backslashes and control characters escaped, and every UTF-16 unit beyond ASCII either as six
 * bytes (`\uXXXX`) or as its UTF-8, the larger of both.
 */
export function jsonBytes(value: string): number {
  let escapes = 0;
  let beyond = 0;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit >= 0x80) beyond++;
    else if (unit < 0x20) escapes += isShortEscape(unit) ? 1 : ESCAPE_BYTES - 1;
    else if (unit === QUOTE || unit === BACKSLASH) escapes++;
  }
  if (beyond === 0) return value.length + escapes;
  const asUtf8 = textBytes(value);
  const asEscapes = value.length + beyond * (ESCAPE_BYTES - 1);
  return (asUtf8 > asEscapes ? asUtf8 : asEscapes) + escapes;
}

/** The proven measure: one token a byte. */
export const HARD_SIZER: TextSizer = { text: textBytes, json: jsonBytes };

/** `\u0000`. */
const ESCAPE_BYTES = 6;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `\b \t \n \f \r` take two bytes, other control characters six. */
function isShortEscape(unit: number): boolean {
  return unit >= 8 && unit <= 13 && unit !== 11;
}

/** UTF-8 bytes in linear time, without a runtime's own module; lone surrogates count three. */
export function countUtf8Bytes(value: string): number {
  let bytes = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(value, index, unit)) {
      bytes += 2;
      index++;
    } else bytes += 2;
  }
  return bytes;
}

function isPair(value: string, index: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff) return false;
  const next = value.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff;
}

interface ByteCounter {
  byteLength(value: string): number;
}

/** Node, Bun and Deno measure natively; elsewhere the loop does. */
const byteLength = nativeByteLength() ?? countUtf8Bytes;

function nativeByteLength(): ((value: string) => number) | undefined {
  const native: unknown = Reflect.get(globalThis, 'Buffer');
  if (typeof native !== 'function' || !('byteLength' in native)) return undefined;
  const counter = native as unknown as ByteCounter;
  return (value) => counter.byteLength(value);
}
