import { durationMs, type DurationMs } from '../units/time.ts';
import { nearestOf } from './nearest.ts';
import type { CalendarUnit, Window } from './window.ts';

/** Words for windows that follow the clock on the wall, shortest first. */
export const CALENDAR_UNITS = [
  'minute',
  'hour',
  'day',
  'week',
  'month',
] as const satisfies readonly CalendarUnit[];

/** Longest rolling window, in days. */
export const ROLLING_DAYS_MAX = 366;

/** ECMAScript pattern of a rolling window; a whole number without leading zeros, and its unit. */
export const ROLLING_PATTERN = '^rolling [1-9][0-9]{0,8}[smhd]$';

const ROLLING = new RegExp(ROLLING_PATTERN);
const LOOSE = /^\s*(?:rolling|last|past)?[\s_-]*(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)\s*$/i;

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
type RollingUnit = keyof typeof UNIT_MS;
const ROLLING_UNITS = ['d', 'h', 'm', 's'] as const satisfies readonly RollingUnit[];

const SYNONYMS: Readonly<Record<string, string>> = {
  minutely: 'minute',
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  total: 'lifetime',
  forever: 'lifetime',
  never: 'lifetime',
  rolling: 'rolling 24h',
};

/** Reads a window; `undefined` if the text is none. `timeZone` is for calendar windows. */
export function readWindow(text: string, timeZone: string): Window | undefined {
  if (text === 'lifetime') return { kind: 'lifetime' };
  const unit = CALENDAR_UNITS.find((candidate) => candidate === text);
  if (unit !== undefined) return { kind: 'calendar', unit, timeZone };
  if (!ROLLING.test(text)) return undefined;
  const count = Number(text.slice('rolling '.length, -1));
  const duration = rollingDuration(count, text.slice(-1));
  return duration === undefined ? undefined : { kind: 'rolling', duration };
}

/** How people call a window: `day`, `rolling 90m`, `lifetime`. Equal windows have equal names. */
export function windowText(window: Window): string {
  switch (window.kind) {
    case 'calendar':
      return window.unit;
    case 'lifetime':
      return 'lifetime';
    case 'rolling':
      return `rolling ${durationText(window.duration)}`;
  }
}

/** The valid window that was probably meant by `text`. */
export function nearestWindow(text: string): string | undefined {
  const known = SYNONYMS[text.toLowerCase().trim()];
  if (known !== undefined && Object.hasOwn(SYNONYMS, text.toLowerCase().trim())) return known;
  return nearestRolling(text) ?? nearestOf(text, [...CALENDAR_UNITS, 'lifetime']);
}

function nearestRolling(text: string): string | undefined {
  const match = LOOSE.exec(text);
  if (match === null) return undefined;
  const letter = (match[2] ?? '').toLowerCase();
  const unit = letter.startsWith('ms') ? undefined : rollingUnit(letter.slice(0, 1));
  if (unit === undefined) return undefined;
  const wanted = Math.ceil((Number(match[1]) * UNIT_MS[unit]) / UNIT_MS.s) * UNIT_MS.s;
  const longest = ROLLING_DAYS_MAX * UNIT_MS.d;
  const duration = durationMs(Math.min(Math.max(wanted, UNIT_MS.s), longest));
  return duration === undefined ? undefined : `rolling ${durationText(duration)}`;
}

function rollingDuration(count: number, letter: string): DurationMs | undefined {
  const unit = rollingUnit(letter);
  if (unit === undefined) return undefined;
  const duration = count * UNIT_MS[unit];
  return duration > ROLLING_DAYS_MAX * UNIT_MS.d ? undefined : durationMs(duration);
}

function rollingUnit(letter: string): RollingUnit | undefined {
  return ROLLING_UNITS.find((unit) => unit === letter);
}

/** The largest unit that divides the duration: 5,400,000 ms is `90m`. */
function durationText(duration: DurationMs): string {
  const unit = ROLLING_UNITS.find((candidate) => duration % UNIT_MS[candidate] === 0);
  return unit === undefined ? `${duration} ms` : `${duration / UNIT_MS[unit]}${unit}`;
}
