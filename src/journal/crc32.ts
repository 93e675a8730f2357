/** Reflected form of the polynomial 0x04C11DB7. */
const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++)
    rest = (rest & 1) === 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/**
 * The check sum of gzip and PNG (ISO 3309) over the bytes from `start` to before `end`: an integer
 * from 0 to 2^32 - 1. Any change within 32 neighbouring bits changes it.
 */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let sum = -1;
  for (let index = start; index < end; index++) {
    sum = (TABLE[(sum ^ (bytes[index] ?? 0)) & 0xff] ?? 0) ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}
