import { editDistance, nearestOf } from './nearest.ts';
import { GLOBAL_SCOPE } from './scope.ts';
import { CALENDAR_UNITS } from './window-text.ts';
import type { CalendarUnit } from './window.ts';

/** What a shorthand's name says; its value is the amount in dollars. */
export interface Shorthand {
  readonly scope: string;
  readonly window: CalendarUnit | 'lifetime';
}

const UNITS = CALENDAR_UNITS.join('|');
const DIMENSION = '[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*';
const SUFFIXES = [...CALENDAR_UNITS.map((unit) => `_cap_per_${unit}_usd`), '_cap_usd'];
const GLOBAL_NAMES = SUFFIXES.map((suffix) => `${GLOBAL_SCOPE}${suffix}`);

/** Words that belong to the form of a shorthand: inside a dimension they are a slip of the pen. */
const FORM_WORDS =
  `cap|caps|per|usd|global|${UNITS}|daily|hourly|weekly|monthly|lifetime|total`.split('|');

const NO_FORM_WORDS = `(?!(?:[A-Za-z0-9]+_)*(?:${FORM_WORDS.join('|')})_(?:.*_)?cap_)`;

/** ECMAScript patterns of all legal names, anchored; used for reading and for the JSON Schema. */
export const SHORTHAND_PATTERNS = [
  `^global_cap(?:_per_(?:${UNITS}))?_usd$`,
  `^per_${NO_FORM_WORDS}${DIMENSION}_cap(?:_per_(?:${UNITS}))?_usd$`,
] as const;

const LEGAL = SHORTHAND_PATTERNS.map((pattern) => new RegExp(pattern));
const PARTS = new RegExp(`^(?:global|per_(.+?))_cap(?:_per_(${UNITS}))?_usd$`);

/** Longest name compared with shorthands when searching for what was meant. */
const NAME_CHARS_MAX = 80;

/** Reads a shorthand's name; `undefined` if it is none. */
export function readShorthand(name: string): Shorthand | undefined {
  if (!LEGAL.some((pattern) => pattern.test(name))) return undefined;
  const parts = PARTS.exec(name);
  if (parts === null) return undefined;
  const unit = CALENDAR_UNITS.find((candidate) => candidate === parts[2]);
  return { scope: parts[1] ?? GLOBAL_SCOPE, window: unit ?? 'lifetime' };
}

/** What was meant by an unknown field: one of `fields`, or a shorthand with the dimension kept. */
export function nearestField(name: string, fields: readonly string[]): string | undefined {
  const same = fields.find((field) => field.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return same;
  const snake = name
    .slice(0, NAME_CHARS_MAX)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
  const candidates = [...fields, ...GLOBAL_NAMES, ...dimensionNames(snake)];
  return reordered(snake) ?? nearestOf(snake, candidates) ?? nearestOf(name, candidates);
}

const ADVERBS: Readonly<Record<string, CalendarUnit>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
};

/** The shorthand made of the same words in the right order: `per_customer_daily_cap_usd`. */
function reordered(name: string): string | undefined {
  const words = name
    .split('_')
    .map((word) => (Object.hasOwn(ADVERBS, word) ? ADVERBS[word] : word));
  const [first = ''] = words;
  if (!words.includes('cap') || isSlipOf(first, 'per') || isSlipOf(first, GLOBAL_SCOPE)) {
    return undefined;
  }
  const unit = CALENDAR_UNITS.find((candidate) => words.includes(candidate));
  const form = new Set([unit, 'cap', 'per', 'usd', GLOBAL_SCOPE]);
  const dimension = words.filter((word) => !form.has(word)).join('_');
  if (dimension !== '' && words.includes(GLOBAL_SCOPE)) return undefined;
  const scope = dimension === '' ? GLOBAL_SCOPE : `per_${dimension}`;
  const text = `${scope}_cap${unit === undefined ? '' : `_per_${unit}`}_usd`;
  return readShorthand(text) === undefined ? undefined : text;
}

function isSlipOf(word: string, meant: string): boolean {
  return word !== meant && editDistance(word, meant) <= 2;
}

/** For each suffix the `per_<dimension>` name closest to `name`, whatever its dimension. */
function dimensionNames(name: string): string[] {
  return SUFFIXES.flatMap((suffix) => {
    let best: { readonly text: string; readonly distance: number } | undefined;
    for (const from of cuts(name, 0, 6)) {
      const head = editDistance(name.slice(0, from), 'per_');
      for (const to of cuts(name, name.length - suffix.length - 6, name.length)) {
        const text = `per_${name.slice(from, to).replace(/^_|_$/g, '')}${suffix}`;
        if (to <= from || readShorthand(text) === undefined) continue;
        const distance = head + editDistance(name.slice(to), suffix);
        if (best === undefined || distance < best.distance) best = { text, distance };
      }
    }
    return best === undefined ? [] : [best.text];
  });
}

/** The places from `min` to `max` where a word begins or ends. */
function cuts(name: string, min: number, max: number): readonly number[] {
  const places = Array.from({ length: name.length + 1 }, (_, index) => index);
  return places.filter((index) => {
    if (index < min || index > max) return false;
    return index === 0 || index === name.length || name[index] === '_' || name[index - 1] === '_';
  });
}
