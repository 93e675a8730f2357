/**
 * Text whose number of tokens is known exactly. Prose has four bytes a token, as English has in
 * real tokenizers; base64, which has no spaces, three.
 */

/** The counter of the emulated provider; what the guard is given as `GuardPorts.tokenizer`. */
export function countReplayTokens(text: string): number {
  return Math.ceil(text.length / (text.includes(' ') ? PROSE_CHARS : BASE64_CHARS));
}

const PROSE_CHARS = 4;
const BASE64_CHARS = 3;
const PROSE = 'the cap was set and then the run ate all of it at one go so we add one ';

let prose = PROSE;
let base64 = 'QUJD';

/** Prose of exactly so many tokens. Long texts share their letters. */
export function proseOf(tokens: number): string {
  while (prose.length < tokens * PROSE_CHARS) prose += prose;
  return prose.slice(0, tokens * PROSE_CHARS);
}

/** Base64 text of so many characters, that says nothing. */
export function base64Of(chars: number): string {
  while (base64.length < chars) base64 += base64;
  return base64.slice(0, chars);
}

const PNG_HEAD_BYTES = 33;

/**
 * A PNG of so many vision tokens (one per square of 28 pixels) whose base64 has so many characters.
 * Only its head is that of a picture.
 */
export function pngOf({ tokens, chars }: { readonly tokens: number; readonly chars: number }) {
  const [columns, rows] = factorsOf(tokens);
  const head = Buffer.alloc(PNG_HEAD_BYTES);
  head.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  head.writeUInt32BE(13, 8);
  head.write('IHDR', 12, 'latin1');
  head.writeUInt32BE(columns * PATCH_PIXELS, 16);
  head.writeUInt32BE(rows * PATCH_PIXELS, 20);
  const start = head.toString('base64');
  const length = Math.max(start.length, Math.floor(chars / 4) * 4);
  return start + base64Of(length - start.length);
}

const PATCH_PIXELS = 28;

/** The two factors of a number that are nearest to each other. */
function factorsOf(tokens: number): readonly [number, number] {
  let columns = Math.floor(Math.sqrt(Math.max(1, tokens)));
  while (tokens % columns !== 0) columns -= 1;
  return [columns, tokens / columns];
}
