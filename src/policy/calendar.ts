import { shifted, type EpochMs } from '../units/time.ts';
import type { CalendarUnit } from './window.ts';

/** One window: all instants from `start` up to and without `end`. */
export interface Span {
  readonly start: EpochMs;
  readonly end: EpochMs;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No zone's clock has ever been further from UTC, local mean times included. */
const OFFSET_MS_MAX = 16 * HOUR_MS;

/** Two changes of a zone's offset are never closer than this. */
const OFFSET_SAMPLE_MS = 4 * HOUR_MS;

/** 1970-01-05, the first Monday of the epoch, as wall time. */
const MONDAY_MS = 4 * DAY_MS;

/**
 * Start and end of the stretch that contains `at`, exact across every change of a zone's clock.
 *
 * Days, weeks (from Monday) and months begin at the first instant whose wall time is at or past
 * their first midnight. So a day has 23 or 25 hours when the clock is changed, begins late when its
 * midnight does not exist, and is no window at all when the zone skipped it.
 *
 * Hours and minutes are stretches of real time: they follow the zone's wall clock (in Kolkata an
 * hour begins at half past in UTC) and end early where the clock is changed inside of them. An hour
 * that the clock repeats is two windows, and none is longer than its unit.
 *
 * Windows of one unit and zone tile time: no gap, no overlap. `timeZone` must be known to the
 * runtime; instants from year 1 to year 9999.
 */
export function calendarWindow(unit: CalendarUnit, timeZone: string, at: EpochMs): Span {
  switch (unit) {
    case 'minute':
      return realTimeWindow(MINUTE_MS, timeZone, at);
    case 'hour':
      return realTimeWindow(HOUR_MS, timeZone, at);
    case 'day':
    case 'week':
    case 'month':
      return wallWindow(unit, timeZone, at);
  }
}

/**
 * Reads the window for an instant and remembers the last one: two comparisons while time stays in
 * it.
 *
 * The same `Span` object is returned as long as the window is the same.
 */
export function calendarReader(unit: CalendarUnit, timeZone: string): (at: EpochMs) => Span {
  let span: Span | undefined;
  return (at) => {
    if (span !== undefined && at >= span.start && at < span.end) return span;
    span = Object.freeze(calendarWindow(unit, timeZone, at));
    return span;
  };
}

function realTimeWindow(lengthMs: number, timeZone: string, at: EpochMs): Span {
  const offset = offsetMs(timeZone, at);
  const wall = at + offset;
  const start = shifted(at, -modulo(wall, lengthMs));
  const end = shifted(start, lengthMs);
  const last = shifted(end, -1);
  return {
    start: offsetMs(timeZone, start) === offset ? start : changeBetween(timeZone, start, at),
    end: offsetMs(timeZone, last) === offset ? end : changeBetween(timeZone, at, last),
  };
}

function wallWindow(unit: 'day' | 'week' | 'month', timeZone: string, at: EpochMs): Span {
  let wall = wallStart(unit, at + offsetMs(timeZone, at));
  let start = firstInstant(timeZone, wall, at);
  for (;;) {
    const next = wallNext(unit, wall);
    const end = firstInstant(timeZone, next, at);
    // A clock set back over midnight shows yesterday's date after today has begun: go on to today.
    if (at < end) return { start, end };
    wall = next;
    start = end;
  }
}

/** Wall times are written as the epoch milliseconds that the same clock reading has in UTC. */
function wallStart(unit: 'day' | 'week' | 'month', wall: number): number {
  if (unit === 'day') return wall - modulo(wall, DAY_MS);
  if (unit === 'week') return wall - modulo(wall - MONDAY_MS, 7 * DAY_MS);
  const date = new Date(wall);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function wallNext(unit: 'day' | 'week' | 'month', wall: number): number {
  if (unit === 'day') return wall + DAY_MS;
  if (unit === 'week') return wall + 7 * DAY_MS;
  const date = new Date(wall);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

/** The first instant at which the zone's clock shows `wall` or later. `near` is any instant. */
function firstInstant(timeZone: string, wall: number, near: EpochMs): EpochMs {
  const latest = shifted(near, wall + OFFSET_MS_MAX - near);
  let from = shifted(near, wall - OFFSET_MS_MAX - near);
  while (from < latest) {
    const to = shifted(from, OFFSET_SAMPLE_MS);
    const isSteady = offsetMs(timeZone, from) === offsetMs(timeZone, to);
    const change = isSteady ? to : changeBetween(timeZone, from, to);
    const reached = Math.max(0, wall - offsetMs(timeZone, from) - from);
    if (from + reached < change) return shifted(from, reached);
    from = change;
  }
  return from;
}

/** The first instant after `from` with another offset than at `from`; `to` has another. */
function changeBetween(timeZone: string, from: EpochMs, to: EpochMs): EpochMs {
  const offset = offsetMs(timeZone, from);
  let same = from;
  let changed = to;
  while (changed - same > 1) {
    const middle = shifted(same, Math.floor((changed - same) / 2));
    if (offsetMs(timeZone, middle) === offset) same = middle;
    else changed = middle;
  }
  return changed;
}

/** How far the zone's clock is ahead of UTC at an instant, to the second. */
function offsetMs(timeZone: string, at: EpochMs): number {
  let year = 0;
  let [month, day, hour, minute, second] = [1, 1, 0, 0, 0];
  for (const { type, value } of formatterOf(timeZone).formatToParts(at)) {
    if (type === 'year') year = Number(value);
    else if (type === 'month') month = Number(value);
    else if (type === 'day') day = Number(value);
    else if (type === 'hour') hour = Number(value);
    else if (type === 'minute') minute = Number(value);
    else if (type === 'second') second = Number(value);
  }
  const shown = Date.UTC(year, month - 1, day, hour, minute, second);
  return shown - (at - modulo(at, 1000));
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs some 50 us; there are at most as many as time zones. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
