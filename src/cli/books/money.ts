import { invariant } from '../../errors/error.ts';
import { formatUsd, nanoUsd } from '../../units/money.ts';

/** Whole nano-dollars as dollars, for people: `$0.0123`, `-$2.00`. Exact. */
export function usdText(nano: number): string {
  const amount = nanoUsd(Math.abs(nano));
  invariant(amount !== undefined, 'money is whole nano-dollars');
  return `${nano < 0 ? '-' : ''}${formatUsd(amount)}`;
}

/** A count for people, in groups of three: `1,234,567`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Part of a whole in whole percent, rounded down: what shows 100 % is full. */
export function percentOf(part: number, whole: number): number {
  if (whole === 0) return 100;
  return Math.floor((100 * part) / whole);
}

/** `2026-11-22 08:15:04Z`. */
export function instantText(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
}

/** How long, for people: `45 s`, `3 min`, `2 h`, `5 d`; whole units, rounded down. */
export function lengthText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
