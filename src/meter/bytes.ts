/** Where `byte` stands next at or after `from`; the length when it does not. */
export function findByte(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}

/** Whether `bytes` holds exactly `wanted` from `from` up to `end`. */
export function areBytes(
  wanted: Uint8Array,
  bytes: Uint8Array,
  from: number,
  end: number,
): boolean {
  if (end - from !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at += 1) if (bytes[from + at] !== wanted[at]) return false;
  return true;
}

/** Whether `byte` stands between `from` and `end`; for short spans. */
export function hasByte(bytes: Uint8Array, byte: number, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if (bytes[at] === byte) return true;
  return false;
}
