import { describe, expect, it } from 'vitest';
import { HARD_SIZER } from './text-bytes.ts';
import { COUNTED_CHARS_MAX, PIECE_CHARS_MAX, tokenizerSizer, type Tokenizer } from './tokenizer.ts';

const sizer = (tokenizer: Tokenizer, factor = 1) => tokenizerSizer(tokenizer, 'm', factor);

describe('a measure by a tokenizer', () => {
  it('adds up pieces of at most 512 units, whole characters each, and 2 % on top', () => {
    const pieces: string[] = [];
    const text = '😀'.repeat(1_000);
    const tight = sizer((piece) => {
      pieces.push(piece);
      return 10;
    });
    // 2,000 units in pieces of 512 are four; no piece ends inside a pair.
    expect(tight.text(text)).toBe(Math.ceil(4 * 10 * 1.02));
    expect(pieces.join('')).toBe(text);
    for (const piece of pieces) {
      expect(piece.length).toBeLessThanOrEqual(PIECE_CHARS_MAX);
      expect(piece.length % 2, 'a whole number of pairs').toBe(0);
    }
    const odd = `a${text}`;
    pieces.length = 0;
    sizer((piece) => pieces.push(piece)).text(odd);
    expect(pieces.join('')).toBe(odd);
    expect(pieces[0]).toHaveLength(PIECE_CHARS_MAX - 1);
  });

  it('is never above the hard measure, whatever the tokenizer says', () => {
    expect(sizer(() => 1e9).text('hello')).toBe(5);
    expect(sizer(() => 4, 16).text('hello')).toBe(5);
    expect(sizer(() => 1e9).json('a"b')).toBe(HARD_SIZER.json('a"b'));
  });

  it.each([
    ['nothing for something', () => 0],
    ['a fraction', () => 1.5],
    ['not a number', () => Number.NaN],
    ['a negative number', () => -5],
  ])('takes the bytes where the tokenizer gives %s', (_name, tokenizer) => {
    expect(sizer(tokenizer).text('hello world')).toBe(11);
  });

  it('takes the bytes where the tokenizer throws', () => {
    const broken = sizer(() => {
      throw new Error('no vocabulary');
    });
    expect(broken.text('hello')).toBe(5);
  });

  it('counts what stands inside JSON as it is escaped there, and an empty text as nothing', () => {
    const seen: string[] = [];
    const tight = sizer((piece) => seen.push(piece));
    tight.json('a"\n');
    expect(seen).toEqual(['a\\"\\n']);
    expect(tight.text('')).toBe(0);
  });

  it('counts so much of one request and no more: the rest is bytes', () => {
    let calls = 0;
    const tight = sizer(() => {
      calls += 1;
      return 1;
    });
    const half = 'x'.repeat(COUNTED_CHARS_MAX / 2 + 1);
    expect(tight.text(half)).toBeLessThan(half.length / 100);
    const before = calls;
    expect(tight.text(half)).toBe(half.length);
    expect(calls).toBe(before);
  });
});
