import { epochMs, type EpochMs } from '../../src/units/time.ts';

/** Noon of the day after which the prepared repositories were written. */
export const NOON: EpochMs = instant('2026-11-22T12:00:00Z');

/** An instant as a clock would give it. */
export function instant(text: string): EpochMs {
  const read = epochMs(Date.parse(text));
  if (read === undefined) throw new Error(`${text} is no instant`);
  return read;
}
