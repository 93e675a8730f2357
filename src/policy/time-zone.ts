import { editDistance } from './nearest.ts';

/** What an IANA name may be written with; offsets such as `+02:00` are no time zones. */
export const TIME_ZONE_PATTERN = '^[A-Za-z][A-Za-z0-9_+/-]{0,63}$';

const NAME = new RegExp(TIME_ZONE_PATTERN);
const OFFSET = /^(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?$/i;

/** Abbreviations that people write and that are ambiguous or unknown to the time zone database. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  bst: 'Europe/London',
  cdt: 'America/Chicago',
  cest: 'Europe/Berlin',
  cst: 'America/Chicago',
  edt: 'America/New_York',
  ist: 'Asia/Kolkata',
  jst: 'Asia/Tokyo',
  local: 'UTC',
  mdt: 'America/Denver',
  pdt: 'America/Los_Angeles',
  pst: 'America/Los_Angeles',
  z: 'UTC',
};

/**
 * Names of three letters that the database has. The runtime knows more, of its own: `BST` is Dhaka
 * to it, and `IST` is Kolkata, so those are refused.
 */
const SHORT_NAMES = 'utc gmt uct est mst hst cet met eet wet prc roc rok'.split(' ');

/** Whether the runtime knows `name` as an IANA time zone; letter case does not matter. */
export function isTimeZone(name: string): boolean {
  if (!NAME.test(name)) return false;
  if (name.length === 3 && !SHORT_NAMES.includes(name.toLowerCase())) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The IANA name closest to `text`: by the whole name or by the city alone; `UTC` if none is close.
 */
export function nearestTimeZone(text: string): string {
  const wanted = text.trim().toLowerCase().replace(/\s+/g, '_');
  const known = Object.hasOwn(ABBREVIATIONS, wanted) ? ABBREVIATIONS[wanted] : undefined;
  if (known !== undefined) return known;
  const offset = OFFSET.exec(wanted);
  if (offset !== null) return fixedZone(offset[1] === '-', Number(offset[2]));
  let best = { name: 'UTC', distance: Math.ceil(wanted.length / 2) + 1 };
  for (const name of ['UTC', ...Intl.supportedValuesOf('timeZone')]) {
    const distance = zoneDistance(wanted, name.toLowerCase());
    if (distance < best.distance) best = { name, distance };
  }
  return best.name;
}

function zoneDistance(wanted: string, name: string): number {
  const city = name.slice(name.lastIndexOf('/') + 1);
  const whole = editDistance(wanted, name);
  return Math.min(whole, editDistance(wanted.slice(wanted.lastIndexOf('/') + 1), city) + 0.5);
}

/** The zone of a whole-hour offset; the database writes the sign the other way round. */
function fixedZone(isWest: boolean, hours: number): string {
  if (hours === 0 || hours > 14) return 'UTC';
  const name = `Etc/GMT${isWest ? '+' : '-'}${hours}`;
  return isTimeZone(name) ? name : 'UTC';
}
