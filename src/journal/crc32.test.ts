import { crc32 as crc32OfZlib } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.ts';

describe('the check sum', () => {
  it('is the one that its standard gives for the digits 1 to 9', () => {
    expect(crc32(Buffer.from('123456789'), 0, 9)).toBe(0xcbf43926);
  });

  it('is that of zlib for every length, over the bytes asked for only', () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 197 + 31) & 255));
    for (let end = 0; end <= 300; end += 1) {
      const start = end % 7;
      if (start > end) continue;
      expect(crc32(bytes, start, end)).toBe(crc32OfZlib(bytes.subarray(start, end)));
    }
  });
});
