/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads an image's dimensions from the header of its base64 text, by the file's own magic bytes and
 * never by a declared type: PNG, JPEG, GIF and WebP. `undefined` when the header is none of these,
 * is broken, or claims no pixels. Decodes only the bytes it looks at.
 */
export function imageSize(base64: string): ImageSize | undefined {
  const bytes = new Base64Bytes(base64);
  const size = pngSize(bytes) ?? gifSize(bytes) ?? webpSize(bytes) ?? jpegSize(bytes);
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
}

/** The base64 text of a `data:` URL, or `undefined` when `url` is not a base64 data URL. */
export function dataUrlBase64(url: string): string | undefined {
  if (url.slice(0, 5).toLowerCase() !== 'data:') return undefined;
  const comma = url.indexOf(',');
  if (comma < 0 || comma > DATA_URL_HEAD_MAX) return undefined;
  return /;\s*base64$/i.test(url.slice(0, comma).trimEnd()) ? url.slice(comma + 1) : undefined;
}

/** Square patches that cover an image: `ceil(w/p) * ceil(h/p)`. */
export function patches({ width, height }: ImageSize, pixels: number): number {
  return Math.ceil(width / pixels) * Math.ceil(height / pixels);
}

const DATA_URL_HEAD_MAX = 256;

/** Most JPEG segments that are skipped in search of the frame header. */
const JPEG_SEGMENTS_MAX = 512;

/** Random access to the bytes of base64 text; `-1` outside it or where it is not base64. */
class Base64Bytes {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  at(index: number): number {
    const group = Math.floor(index / 3) * 4;
    const place = index % 3;
    const left = sextet(this.#text.charCodeAt(group + place));
    const right = sextet(this.#text.charCodeAt(group + place + 1));
    if (left < 0 || right < 0) return -1;
    return place === 0
      ? (left << 2) | (right >> 4)
      : place === 1
        ? ((left & 15) << 4) | (right >> 2)
        : ((left & 3) << 6) | right;
  }

  /** `count` bytes as an unsigned number, most significant first; `NaN` outside the text. */
  big(index: number, count: number): number {
    let value = 0;
    for (let offset = 0; offset < count; offset++)
      value = value * 256 + this.#known(index + offset);
    return value;
  }

  /** `count` bytes as an unsigned number, least significant first. */
  little(index: number, count: number): number {
    let value = 0;
    for (let offset = count - 1; offset >= 0; offset--) {
      value = value * 256 + this.#known(index + offset);
    }
    return value;
  }

  /** Whether ASCII `text` stands at `index`. */
  has(index: number, text: string): boolean {
    for (let offset = 0; offset < text.length; offset++) {
      if (this.at(index + offset) !== text.charCodeAt(offset)) return false;
    }
    return true;
  }

  #known(index: number): number {
    const value = this.at(index);
    return value < 0 ? Number.NaN : value;
  }
}

function sextet(unit: number): number {
  if (unit >= 65 && unit <= 90) return unit - 65;
  if (unit >= 97 && unit <= 122) return unit - 71;
  if (unit >= 48 && unit <= 57) return unit + 4;
  if (unit === 43 || unit === 45) return 62;
  return unit === 47 || unit === 95 ? 63 : -1;
}

function pngSize(bytes: Base64Bytes): ImageSize | undefined {
  if (bytes.at(0) !== 0x89 || !bytes.has(1, 'PNG') || !bytes.has(12, 'IHDR')) return undefined;
  return { width: bytes.big(16, 4), height: bytes.big(20, 4) };
}

/** The logical screen, which the frames cannot leave. */
function gifSize(bytes: Base64Bytes): ImageSize | undefined {
  if (!bytes.has(0, 'GIF87a') && !bytes.has(0, 'GIF89a')) return undefined;
  return { width: bytes.little(6, 2), height: bytes.little(8, 2) };
}

function webpSize(bytes: Base64Bytes): ImageSize | undefined {
  if (!bytes.has(0, 'RIFF') || !bytes.has(8, 'WEBP')) return undefined;
  if (bytes.has(12, 'VP8X')) {
    return { width: bytes.little(24, 3) + 1, height: bytes.little(27, 3) + 1 };
  }
  if (bytes.has(12, 'VP8L')) {
    const packed = bytes.little(21, 4);
    return { width: (packed & 0x3fff) + 1, height: (Math.floor(packed / 0x4000) & 0x3fff) + 1 };
  }
  if (!bytes.has(12, 'VP8 ')) return undefined;
  return { width: bytes.little(26, 2) & 0x3fff, height: bytes.little(28, 2) & 0x3fff };
}

/**
 * Walks the segments to the first frame header; an embedded thumbnail lies inside a skipped one.
 */
function jpegSize(bytes: Base64Bytes): ImageSize | undefined {
  if (bytes.at(0) !== 0xff || bytes.at(1) !== 0xd8) return undefined;
  let index = 2;
  for (let segment = 0; segment < JPEG_SEGMENTS_MAX; segment++) {
    if (bytes.at(index) !== 0xff) return undefined;
    const marker = bytes.at(index + 1);
    if (marker === 0xff) {
      index += 1;
      continue;
    }
    if (isFrameHeader(marker)) {
      return { height: bytes.big(index + 5, 2), width: bytes.big(index + 7, 2) };
    }
    const length = bytes.big(index + 2, 2);
    const isSkippable = marker >= 0xc0 && marker !== 0xd9 && marker !== 0xda && length >= 2;
    if (!isSkippable) return undefined;
    index += 2 + length;
  }
  return undefined;
}

/** SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
