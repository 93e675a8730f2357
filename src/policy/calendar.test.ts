import { describe, expect, it } from 'vitest';
import { epochMs, type EpochMs } from '../units/time.ts';
import { calendarReader, calendarWindow } from './calendar.ts';
import type { CalendarUnit } from './window.ts';

const HOUR_MS = 3_600_000;

function instant(iso: string): EpochMs {
  return epochMs(Date.parse(iso))!;
}

/** Row: what, unit, zone, an instant inside, start, end; instants as UTC. */
const WINDOWS: readonly [string, CalendarUnit, string, string, string, string][] = [
  [
    'a plain day in UTC',
    'day',
    'UTC',
    '2026-11-21T12:00Z',
    '2026-11-21T00:00Z',
    '2026-11-22T00:00Z',
  ],
  [
    'a day east of UTC',
    'day',
    'Asia/Kolkata',
    '2026-01-01T00:00Z',
    '2025-12-31T18:30Z',
    '2026-01-01T18:30Z',
  ],
  [
    'the 23-hour day of Berlin',
    'day',
    'Europe/Berlin',
    '2026-03-29T12:00Z',
    '2026-03-28T23:00Z',
    '2026-03-29T22:00Z',
  ],
  [
    'the 25-hour day of Berlin',
    'day',
    'Europe/Berlin',
    '2026-10-25T00:30Z',
    '2026-10-24T22:00Z',
    '2026-10-25T23:00Z',
  ],
  [
    'the same day in its repeated hour',
    'day',
    'Europe/Berlin',
    '2026-10-25T01:30Z',
    '2026-10-24T22:00Z',
    '2026-10-25T23:00Z',
  ],
  [
    'the 23-hour day of New York',
    'day',
    'America/New_York',
    '2026-03-08T12:00Z',
    '2026-03-08T05:00Z',
    '2026-03-09T04:00Z',
  ],
  [
    'the 24.5-hour day of Lord Howe',
    'day',
    'Australia/Lord_Howe',
    '2026-04-04T20:00Z',
    '2026-04-04T13:00Z',
    '2026-04-05T13:30Z',
  ],
  [
    'the 23.5-hour day of Lord Howe',
    'day',
    'Australia/Lord_Howe',
    '2026-10-03T20:00Z',
    '2026-10-03T13:30Z',
    '2026-10-04T13:00Z',
  ],
  [
    'the day before the one that Apia skipped',
    'day',
    'Pacific/Apia',
    '2011-12-30T09:59Z',
    '2011-12-29T10:00Z',
    '2011-12-30T10:00Z',
  ],
  [
    'the day after it',
    'day',
    'Pacific/Apia',
    '2011-12-30T10:00Z',
    '2011-12-30T10:00Z',
    '2011-12-31T10:00Z',
  ],
  [
    'a day whose midnight Sao Paulo skipped',
    'day',
    'America/Sao_Paulo',
    '2018-11-04T12:00Z',
    '2018-11-04T03:00Z',
    '2018-11-05T02:00Z',
  ],
  [
    'a day whose last hour Sao Paulo repeated',
    'day',
    'America/Sao_Paulo',
    '2018-02-18T02:30Z',
    '2018-02-17T02:00Z',
    '2018-02-18T03:00Z',
  ],
  [
    'a day whose midnight Cairo skipped',
    'day',
    'Africa/Cairo',
    '2024-04-26T12:00Z',
    '2024-04-25T22:00Z',
    '2024-04-26T21:00Z',
  ],
  [
    'a day whose first hour Havana repeated',
    'day',
    'America/Havana',
    '2024-11-03T04:30Z',
    '2024-11-03T04:00Z',
    '2024-11-04T05:00Z',
  ],
  [
    'the day that St John’s began, left and began again',
    'day',
    'America/St_Johns',
    '2006-10-29T03:00Z',
    '2006-10-29T02:30Z',
    '2006-10-30T03:30Z',
  ],
  [
    'a week from Monday',
    'week',
    'UTC',
    '2026-11-22T23:59Z',
    '2026-11-16T00:00Z',
    '2026-11-23T00:00Z',
  ],
  [
    'the week in which Berlin changes its clock',
    'week',
    'Europe/Berlin',
    '2026-03-29T12:00Z',
    '2026-03-22T23:00Z',
    '2026-03-29T22:00Z',
  ],
  [
    'the week before the epoch’s first Monday',
    'week',
    'UTC',
    '1970-01-01T00:00Z',
    '1969-12-29T00:00Z',
    '1970-01-05T00:00Z',
  ],
  [
    'February of a leap year',
    'month',
    'UTC',
    '2028-02-29T23:59Z',
    '2028-02-01T00:00Z',
    '2028-03-01T00:00Z',
  ],
  [
    'December into January',
    'month',
    'America/New_York',
    '2026-12-31T23:00Z',
    '2026-12-01T05:00Z',
    '2027-01-01T05:00Z',
  ],
  [
    'an hour in UTC',
    'hour',
    'UTC',
    '2026-11-21T12:59:59.999Z',
    '2026-11-21T12:00Z',
    '2026-11-21T13:00Z',
  ],
  [
    'an hour of Kathmandu',
    'hour',
    'Asia/Kathmandu',
    '2026-11-21T12:20Z',
    '2026-11-21T12:15Z',
    '2026-11-21T13:15Z',
  ],
  [
    'the first of Berlin’s two hours from 2',
    'hour',
    'Europe/Berlin',
    '2026-10-25T00:30Z',
    '2026-10-25T00:00Z',
    '2026-10-25T01:00Z',
  ],
  [
    'the second of them',
    'hour',
    'Europe/Berlin',
    '2026-10-25T01:30Z',
    '2026-10-25T01:00Z',
    '2026-10-25T02:00Z',
  ],
  [
    'the half hour that Lord Howe repeats',
    'hour',
    'Australia/Lord_Howe',
    '2026-04-04T15:10Z',
    '2026-04-04T15:00Z',
    '2026-04-04T15:30Z',
  ],
  [
    'the half hour that Lord Howe begins with',
    'hour',
    'Australia/Lord_Howe',
    '2026-10-03T15:40Z',
    '2026-10-03T15:30Z',
    '2026-10-03T16:00Z',
  ],
  [
    'a minute',
    'minute',
    'Asia/Kathmandu',
    '2026-11-21T12:20:30Z',
    '2026-11-21T12:20Z',
    '2026-11-21T12:21Z',
  ],
];

describe('calendar windows', () => {
  it.each(WINDOWS)('%s is exact', (_, unit, zone, at, start, end) => {
    const span = calendarWindow(unit, zone, instant(at));
    expect([span.start, span.end].map((each) => new Date(each).toISOString())).toEqual(
      [start, end].map((each) => new Date(each).toISOString()),
    );
  });

  it('half-open: the start is inside, the end is not', () => {
    const day = calendarWindow('day', 'Europe/Berlin', instant('2026-10-25T12:00Z'));
    const lastMs = epochMs(day.end - 1)!;
    expect(calendarWindow('day', 'Europe/Berlin', day.start)).toEqual(day);
    expect(calendarWindow('day', 'Europe/Berlin', lastMs)).toEqual(day);
    expect(calendarWindow('day', 'Europe/Berlin', day.end).start).toBe(day.end);
  });

  it('has 23, 24 and 25 hour days where the zone has them, and no others in Berlin’s 2026', () => {
    const lengths = new Map<number, number>();
    let at = instant('2025-12-31T23:00Z');
    while (at < instant('2026-12-31T23:00Z')) {
      const { start, end } = calendarWindow('day', 'Europe/Berlin', at);
      const hours = (end - start) / HOUR_MS;
      lengths.set(hours, (lengths.get(hours) ?? 0) + 1);
      at = end;
    }
    expect(Object.fromEntries(lengths)).toEqual({ 23: 1, 24: 363, 25: 1 });
  });

  it('the reader returns one object until its window ends, and goes back with the clock', () => {
    const read = calendarReader('day', 'UTC');
    const today = read(instant('2026-11-21T00:00Z'));
    expect(read(instant('2026-11-21T23:59:59.999Z'))).toBe(today);
    expect(read(instant('2026-11-22T00:00Z')).start).toBe(instant('2026-11-22T00:00Z'));
    expect(read(instant('2026-11-21T12:00Z'))).toEqual(today);
  });
});
