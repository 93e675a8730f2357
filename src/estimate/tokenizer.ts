import { isCount } from '../units/count.ts';
import { HARD_SIZER, type TextSizer } from './text-bytes.ts';

/** Counts the tokens of a text for a model. */
export type Tokenizer = (text: string, model: string) => number;

/**
 * The longest piece that a tokenizer is given, in UTF-16 units: some take time that grows with the
 * square of a word's length.
 */
export const PIECE_CHARS_MAX = 512;

/** What is counted of one request at most, in UTF-16 units; the rest is measured in bytes. */
export const COUNTED_CHARS_MAX = 4 * 1024 * 1024;

/** What a provider may count beyond a tokenizer of the same vocabulary. */
const MARGIN = 1.02;

/**
 * A measure by a tokenizer, for one request. Text is cut into pieces, which can only make it count
 * more, and 2 % come on top. An estimate, never above the hard measure; where the tokenizer throws
 * or gives what is no count, the hard measure stands.
 *
 * `factor`: what to multiply with beyond that, 1 or more.
 */
export function tokenizerSizer(tokenizer: Tokenizer, model: string, factor: number): TextSizer {
  const scale = Math.max(1, factor) * MARGIN;
  let left = COUNTED_CHARS_MAX;
  const counted = (text: string, hard: number): number => {
    if (text.length > left) return hard;
    left -= text.length;
    const count = countPieces(tokenizer, text, model);
    return count === undefined ? hard : Math.min(hard, Math.ceil(count * scale));
  };
  return {
    text: (value) => counted(value, HARD_SIZER.text(value)),
    json: (value) => counted(JSON.stringify(value).slice(1, -1), HARD_SIZER.json(value)),
  };
}

function countPieces(tokenizer: Tokenizer, text: string, model: string): number | undefined {
  let total = 0;
  for (let from = 0; from < text.length;) {
    const to = cutAt(text, from + PIECE_CHARS_MAX);
    const count = countPiece(tokenizer, text.slice(from, to), model);
    if (count === undefined) return undefined;
    total += count;
    from = to;
  }
  return total;
}

/** No text is no tokens at all. */
function countPiece(tokenizer: Tokenizer, piece: string, model: string): number | undefined {
  try {
    const count = tokenizer(piece, model);
    return isCount(count) && count > 0 ? count : undefined;
  } catch {
    // The tokenizer is the user's: what it cannot count, the bytes bound.
    return undefined;
  }
}

/** An end for a piece that does not stand inside a surrogate pair. */
function cutAt(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
