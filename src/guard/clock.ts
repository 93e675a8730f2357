import type { PriceBook } from '../pricing/price-book.ts';
import type { Clock, EpochMs } from '../units/time.ts';

/**
 * A clock that never goes back: a wall clock set back must not reopen a window that has been spent.
 */
export function monotone(clock: Clock): Clock {
  let latest: EpochMs | undefined;
  return () => {
    const now = clock();
    if (latest === undefined || now > latest) latest = now;
    return latest;
  };
}

/** Warns once, on the process or the console, when the price book is older than `maxDays`. */
export function warnOfStalePrices(book: PriceBook, now: EpochMs, maxDays: number): void {
  const age = Math.floor(book.ageDays(now));
  if (age <= maxDays) return;
  const message =
    `hardcap: the price book is ${age} days old (more than ${maxDays}). ` +
    'Models that changed price since are bounded wrongly; update the package or set `prices`.';
  if (typeof process === 'object' && typeof process.emitWarning === 'function') {
    process.emitWarning(message, { code: 'HARDCAP_STALE_PRICES' });
  } else console.warn(message);
}
