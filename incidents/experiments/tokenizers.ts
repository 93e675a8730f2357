import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { countTokens as countR50k } from 'gpt-tokenizer/encoding/r50k_base';

/** One way in which a provider may count. */
export interface NamedTokenizer {
  readonly name: string;
  readonly count: (text: string) => number;
  /** Whether it is the worst that can be, and no tokenizer that anybody has published. */
  readonly isWorstCase: boolean;
}

/** Longer pieces would take time that grows with the square of a word's length. */
const PIECE_CHARS_MAX = 512;

/** Names of special tokens in a prompt are text like any other. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** What the emulated provider counts with, one after the other. */
export const TOKENIZERS: readonly NamedTokenizer[] = [
  {
    name: 'quarter of the bytes',
    count: (text) => Math.ceil(Buffer.byteLength(text) / 4),
    isWorstCase: false,
  },
  { name: 'o200k_base', count: inPieces((text) => countO200k(text, AS_TEXT)), isWorstCase: false },
  {
    name: 'cl100k_base',
    count: inPieces((text) => countCl100k(text, AS_TEXT)),
    isWorstCase: false,
  },
  { name: 'r50k_base', count: inPieces((text) => countR50k(text, AS_TEXT)), isWorstCase: false },
  {
    name: 'a token a byte, raw or NFKC',
    count: (text) => Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize('NFKC'))),
    isWorstCase: true,
  },
];

/** Cut into pieces, never inside a character: that can only make it count more. */
function inPieces(count: (text: string) => number): (text: string) => number {
  return (text) => {
    let total = 0;
    for (let from = 0; from < text.length;) {
      let to = Math.min(text.length, from + PIECE_CHARS_MAX);
      const last = text.charCodeAt(to - 1);
      if (to < text.length && last >= 0xd800 && last <= 0xdbff) to -= 1;
      total += count(text.slice(from, to));
      from = to;
    }
    return total;
  };
}
