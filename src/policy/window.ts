import type { DurationMs } from '../units/time.ts';

/**
 * Stretches of the calendar, half-open `[start, end)` in their time zone. A week starts on Monday.
 */
export type CalendarUnit = 'minute' | 'hour' | 'day' | 'week' | 'month';

/** How long a charge counts. */
export type Window =
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit; readonly timeZone: string }
  | { readonly kind: 'rolling'; readonly duration: DurationMs }
  | { readonly kind: 'lifetime' };
