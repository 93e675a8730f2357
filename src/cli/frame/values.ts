import { isCount } from '../../units/count.ts';
import { nanoUsdFromUsd } from '../../units/money.ts';
import { durationMs, epochMs } from '../../units/time.ts';
import type { HardcapError } from '../../errors/error.ts';
import { nearestOf } from '../../policy/nearest.ts';
import type { Option } from '../command.ts';
import { usageError } from '../usage-error.ts';

/** Milliseconds of each unit that a duration can be said in. */
export const DURATION_UNITS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

const DURATION = /^(\d{1,15})(ms|s|m|h|d|w)$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** An option that has a value. */
export type ValueOption = Exclude<Option, { readonly kind: 'flag' }>;

/**
 * The value that a text says, in the unit of the option's kind.
 *
 * Throws `COMMAND_INVALID`, with the option, the value and what to say instead.
 */
export function readValue(name: string, option: ValueOption, text: string): unknown {
  switch (option.kind) {
    case 'text':
    case 'texts':
    case 'path':
      return text === '' ? fail(name, text, 'is empty', `Say --${name} <${wordOf(option)}>`) : text;
    case 'usd':
      return nanoUsdFromUsd(text) ?? failUsd(name, text);
    case 'count':
      return readCount(name, text, option);
    case 'duration':
      return readDuration(text) ?? failDuration(name, text);
    case 'instant':
      return readInstant(text) ?? failInstant(name, text);
    case 'choice':
      return option.choices.includes(text) ? text : failChoice(name, text, option.choices);
  }
}

/** What help prints for the value of an option: `dollars`, `file`. */
export function wordOf(option: ValueOption): string {
  switch (option.kind) {
    case 'text':
    case 'texts':
      return option.value ?? 'text';
    case 'path':
      return option.value ?? 'file';
    case 'usd':
      return option.value ?? 'dollars';
    case 'count':
      return option.value ?? 'number';
    case 'duration':
      return option.value ?? 'duration';
    case 'instant':
      return option.value ?? 'date';
    case 'choice':
      return option.value ?? option.choices.join('|');
  }
}

function readCount(
  name: string,
  text: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Extract<Option, { readonly kind: 'count' }>,
): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  if (isCount(value) && value >= min && value <= max) return value;
  return fail(name, text, `is no whole number from ${min} to ${max}`, `Say --${name} ${min}`);
}

function readDuration(text: string) {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? [];
  const factor = isDurationUnit(unit) ? DURATION_UNITS[unit] : undefined;
  return factor === undefined ? undefined : durationMs(Number(count) * factor);
}

function isDurationUnit(unit: string): unit is keyof typeof DURATION_UNITS {
  return Object.hasOwn(DURATION_UNITS, unit);
}

/** Only whole dates and instants with their zone: what a clock on the wall shows is ambiguous. */
function readInstant(text: string) {
  if (!DAY.test(text) && !INSTANT.test(text)) return undefined;
  const [at, day] = [Date.parse(text), text.slice(0, 'YYYY-MM-DD'.length)];
  if (Number.isNaN(at)) return undefined;
  // `Date.parse` turns 30 February into 2 March.
  const isReal = new Date(Date.parse(day)).toISOString().startsWith(day);
  return isReal ? epochMs(at) : undefined;
}

function failUsd(name: string, text: string): never {
  const bare = text.replaceAll(/[$,_\s]|usd/gi, '');
  const isClose = bare !== text && nanoUsdFromUsd(bare) !== undefined;
  return fail(
    name,
    text,
    'is no amount of dollars: a plain number from 0, no finer than a nano-dollar',
    `Say --${name} ${isClose ? bare : '5'} for ${isClose ? bare : '5'} dollars`,
  );
}

function failDuration(name: string, text: string): never {
  const isBare = /^\d+$/.test(text);
  const what = isBare ? 'has no unit' : 'is no duration';
  const units = Object.keys(DURATION_UNITS).join(', ');
  return fail(
    name,
    text,
    `${what}: a whole number and one of ${units}`,
    `Say --${name} ${isBare ? text : '2'}h for ${isBare ? text : '2'} hours`,
  );
}

function failInstant(name: string, text: string): never {
  const what = 'is no date (2026-11-22) and no instant with its zone (2026-11-22T08:00:00Z)';
  return fail(name, text, what, `Say --${name} 2026-11-22T08:00:00Z`);
}

function failChoice(name: string, text: string, choices: readonly string[]): never {
  const nearest = nearestOf(text, choices) ?? choices[0] ?? '';
  return fail(name, text, `is none of ${choices.join(', ')}`, `Say --${name} ${nearest}`);
}

function fail(name: string, text: string, what: string, instead: string): never {
  throw refusal(name, text, what, instead);
}

function refusal(name: string, text: string, what: string, instead: string): HardcapError {
  return usageError(`--${name} ${JSON.stringify(text)} ${what}`, instead);
}
