import { describe, expect, it } from 'vitest';
import { dataUrlBase64, imageSize, patches } from './media.ts';

const base64 = (bytes: readonly number[]) => Buffer.from(bytes).toString('base64');
const ascii = (text: string) => Array.from(text, (char) => char.charCodeAt(0));
const big = (value: number, count: number) =>
  Array.from({ length: count }, (_, index) => (value >> (8 * (count - 1 - index))) & 255);
const little = (value: number, count: number) => big(value, count).toReversed();

/** A real 1 x 1 PNG. */
const PNG_1X1 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADU' +
  'lEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const png = (w: number, h: number) =>
  base64([
    0x89,
    ...ascii('PNG\r\n\u001a\n'),
    ...big(13, 4),
    ...ascii('IHDR'),
    ...big(w, 4),
    ...big(h, 4),
  ]);

const segment = (marker: number, body: readonly number[]) => [
  0xff,
  marker,
  ...big(body.length + 2, 2),
  ...body,
];
const frame = (w: number, h: number) => segment(0xc2, [8, ...big(h, 2), ...big(w, 2), 3]);

describe('imageSize', () => {
  it('reads PNG', () => {
    expect(imageSize(PNG_1X1)).toEqual({ width: 1, height: 1 });
    expect(imageSize(png(4000, 3001))).toEqual({ width: 4000, height: 3001 });
  });

  it('reads GIF', () => {
    const gif = base64([...ascii('GIF89a'), ...little(640, 2), ...little(481, 2), 0, 0, 0]);
    expect(imageSize(gif)).toEqual({ width: 640, height: 481 });
  });

  it('reads WebP in its three forms', () => {
    const riff = (kind: string, rest: readonly number[]) =>
      base64([...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WEBP'), ...ascii(kind), 0, 0, 0, 0, ...rest]);
    const extended = [0, 0, 0, 0, ...little(1919, 3), ...little(1079, 3)];
    expect(imageSize(riff('VP8X', extended))).toEqual({ width: 1920, height: 1080 });
    const lossless = [0x2f, ...little(799 + 599 * 0x4000, 4)];
    expect(imageSize(riff('VP8L', lossless))).toEqual({ width: 800, height: 600 });
    const lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, ...little(320, 2), ...little(200, 2)];
    expect(imageSize(riff('VP8 ', lossy))).toEqual({ width: 320, height: 200 });
  });

  it('reads JPEG behind large segments and is not led by an embedded thumbnail', () => {
    const thumbnail = [0xff, 0xd8, ...frame(16, 16)];
    const exif = segment(0xe1, [...ascii('Exif'), ...thumbnail, ...Array<number>(60_000).fill(0)]);
    const jpeg = base64([0xff, 0xd8, ...exif, ...segment(0xdb, [0, 1]), ...frame(3024, 4032)]);
    expect(imageSize(jpeg)).toEqual({ width: 3024, height: 4032 });
  });

  it('has no size for a header that is unknown, cut off, not base64 or without pixels', () => {
    const unreadable = [
      '',
      'hello world, this is prose and no picture at all',
      png(100, 100).slice(0, 24),
      png(0, 100),
      png(100, 100).replace('IHDR', '!!!!').slice(0, 20) + '\n\n\n\n\n\n',
      base64([0xff, 0xd8, 0xff, 0xda, 0, 8]),
      base64([0xff, 0xd8, 0xff, 0xe0, 0, 0]),
    ];
    for (const text of unreadable) expect(imageSize(text)).toBeUndefined();
  });
});

describe('dataUrlBase64', () => {
  it('gives the base64 of a base64 data URL only', () => {
    expect(dataUrlBase64('data:image/png;base64,AAAA')).toBe('AAAA');
    expect(dataUrlBase64('DATA:image/png;charset=x;BASE64,AAAA')).toBe('AAAA');
    for (const url of [
      'https://a.b/c;base64,AAAA',
      'data:text/plain,hello',
      'data:image/png;base64',
    ]) {
      expect(dataUrlBase64(url)).toBeUndefined();
    }
  });
});

describe('patches', () => {
  it('rounds each side up', () => {
    expect(patches({ width: 28, height: 29 }, 28)).toBe(2);
    expect(patches({ width: 1000, height: 1000 }, 28)).toBe(36 * 36);
  });
});
