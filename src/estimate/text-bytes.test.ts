import { describe, expect, it } from 'vitest';
import { countUtf8Bytes, HARD_SIZER, jsonBytes, textBytes } from './text-bytes.ts';

const utf8 = (text: string) => new TextEncoder().encode(text).length;

describe('textBytes', () => {
  it('is the UTF-8 length of ASCII and of text that NFKC leaves alone', () => {
    for (const text of ['', 'hello', '速い茶色の狐', 'café', '🎉🎉']) {
      expect(textBytes(text)).toBe(utf8(text));
    }
  });

  it('counts the NFKC form where that is longer: U+FDFA is 3 bytes raw and 33 normalised', () => {
    expect(utf8('\ufdfa')).toBe(3);
    expect(textBytes('\ufdfa')).toBe(33);
    expect(textBytes('\ufdfa'.repeat(1000))).toBe(33_000);
  });

  it('counts the raw form where that is longer', () => {
    expect(utf8('Ａ'.normalize('NFKC'))).toBe(1);
    expect(textBytes('Ａ')).toBe(3);
  });

  it('counts marks that normalisation reorders across characters', () => {
    const text = 'à\u0323';
    expect(utf8(text.normalize('NFKC'))).toBeGreaterThan(utf8(text));
    expect(textBytes(text)).toBe(utf8(text.normalize('NFKC')));
  });

  it('counts a lone surrogate as three bytes, never as fewer', () => {
    for (const text of ['\ud800', '\udc00', 'a\ud800b', '\ud800\ud800', '\udc00\ud800']) {
      expect(textBytes(text)).toBe(utf8(text));
      expect(countUtf8Bytes(text)).toBe(utf8(text));
    }
  });
});

describe('countUtf8Bytes', () => {
  it('equals the runtime’s own encoder for every code point', () => {
    for (let code = 0; code <= 0x10ffff; code += code < 0x3000 ? 1 : 17) {
      const text = `x${String.fromCodePoint(code)}y`;
      if (countUtf8Bytes(text) !== utf8(text)) throw new Error(`U+${code.toString(16)}`);
    }
    expect(countUtf8Bytes('\u{10ffff}')).toBe(4);
  });
});

describe('jsonBytes', () => {
  it('is never below the serialised string, escaped either way', () => {
    const texts = [
      '',
      'plain',
      '"quoted" \\ back',
      '\u0000\u0007\b\t\n\u000b\f\r\u001f',
      'é漢🎉\ud800',
    ];
    for (const text of texts) {
      const asUtf8 = utf8(JSON.stringify(text)) - 2;
      const asEscapes = Array.from(JSON.stringify(text)).reduce(
        (sum, char) => sum + (char.charCodeAt(0) < 0x80 ? 1 : 6 * char.length),
        -2,
      );
      expect(jsonBytes(text)).toBeGreaterThanOrEqual(Math.max(asUtf8, asEscapes));
    }
  });

  it('is exact for ASCII with escapes', () => {
    const text = 'a"b\\c\nd\u0001e\u000b';
    expect(jsonBytes(text)).toBe(JSON.stringify(text).length - 2);
  });

  it('still counts NFKC growth', () => {
    expect(jsonBytes('\ufdfa')).toBe(33);
  });
});

describe('HARD_SIZER', () => {
  it('measures a megabyte of one letter in linear time', () => {
    const small = timeOf('a'.repeat(100_000));
    const large = timeOf('a'.repeat(1_000_000));
    expect(HARD_SIZER.text('a'.repeat(1_000_000))).toBe(1_000_000);
    expect(large).toBeLessThan(Math.max(small, 0.05) * 200);
  });
});

function timeOf(text: string): number {
  const start = performance.now();
  for (let run = 0; run < 5; run++) HARD_SIZER.json(text);
  return performance.now() - start;
}
