/** Reflected form of the polynomial 0x04C11DB7. */
const POLYNOMIAL = 0xedb88320;

/** Bytes taken at once. */
const STEP = 4;

/**
 * For each byte what it does to the sum when it is followed by 0, 1, 2 and 3 further bytes, one
 * table after the other: so that four bytes are taken at once.
 */
const TABLES = tables();

/**
 * The check sum of gzip and PNG (ISO 3309) over the bytes from `start` to before `end`: an integer
 * from 0 to 2^32 - 1. Any change within 32 neighbouring bits changes it.
 */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let sum = -1;
  let index = start;
  for (; index + STEP <= end; index += STEP) {
    sum =
      at(3, sum ^ byteAt(bytes, index)) ^
      at(2, (sum >>> 8) ^ byteAt(bytes, index + 1)) ^
      at(1, (sum >>> 16) ^ byteAt(bytes, index + 2)) ^
      at(0, (sum >>> 24) ^ byteAt(bytes, index + 3));
  }
  for (; index < end; index++) sum = at(0, sum ^ byteAt(bytes, index)) ^ (sum >>> 8);
  return ~sum >>> 0;
}

function at(followers: number, byte: number): number {
  return TABLES[followers * 256 + (byte & 0xff)] ?? 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function tables(): Int32Array {
  const made = new Int32Array(STEP * 256);
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) {
      rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
    }
    made[byte] = rest;
  }
  for (let entry = 256; entry < made.length; entry++) {
    const before = made[entry - 256] ?? 0;
    made[entry] = (made[before & 0xff] ?? 0) ^ (before >>> 8);
  }
  return made;
}
