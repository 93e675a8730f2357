import type { EpochMs } from '../units/time.ts';

/** What could be mistaken for a separator, or would change on the way through a store's UTF-8. */
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[%|\u0000-\u001f\u007f\p{Surrogate}]/gu;

/**
 * The key of one account: cap, scope value and window start. Two different values never share a
 * key: `|`, `%`, control characters and lone surrogates in the value are percent-escaped.
 */
export function accountKey(capId: string, value: string, start: EpochMs): string {
  return `${capId}|${escaped(value)}|${start}`;
}

/**
 * Text that holds no `|`, no control character and no lone surrogate; different stays different.
 */
export function escaped(text: string): string {
  return text.replace(UNSAFE, (unit) => {
    const code = unit.charCodeAt(0);
    const hex = code.toString(16).toUpperCase();
    return code < 0x80 ? `%${hex.padStart(2, '0')}` : `%u${hex.padStart(4, '0')}`;
  });
}
