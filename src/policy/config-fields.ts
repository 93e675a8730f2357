import { nanoUsdFromUsd, NANO_USD_MAX, usdOf, type NanoUsd } from '../units/money.ts';
import { picoUsdFromUsd, picoUsdFromUsdPerMillion, type PicoUsd } from '../units/money.ts';
import { TOKEN_CLASSES, type FeeKind, type TokenClass } from '../meter/usage.ts';
import { callsField, durationField, partField, tokensField } from './amount-fields.ts';
import { expectField, onStreamShortField } from './expect.ts';
import { choice, fault, flag, list, object, record, text, whole, type Field } from './fields.ts';
import { matchFault } from './match.ts';
import { onShortField } from './on-short.ts';
import { GLOBAL_SCOPE } from './scope.ts';
import { DIMENSION_PATTERN, SCOPE_CHARS_MAX, SCOPE_VALUES_MAX } from './scope-set.ts';
import { isTimeZone, nearestTimeZone, TIME_ZONE_PATTERN } from './time-zone.ts';
import { CALENDAR_UNITS, nearestWindow, readWindow, ROLLING_PATTERN } from './window-text.ts';

const FEE_KINDS = [
  'webSearch',
  'fileSearch',
  'codeSession',
  'image',
] as const satisfies readonly FeeKind[];

/** An amount of money that a cap allows. */
export const usdField: Field<NanoUsd> = {
  schema: { type: 'number', minimum: 0, maximum: usdOf(NANO_USD_MAX) },
  read(value, path) {
    const amount = typeof value === 'number' && value >= 0 ? nanoUsdFromUsd(value) : undefined;
    if (amount !== undefined) return amount;
    throw fault({ field: path, value, ...usdFault(value) });
  },
};

/** The largest cap in whole dollars. */
const USD_MAX = Math.floor(usdOf(NANO_USD_MAX));

function usdFault(value: unknown): { readonly reason: string; readonly nearest?: string } {
  const dollars = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof dollars !== 'number' || !Number.isFinite(dollars)) {
    const isTooMuch = value === Infinity;
    const way = isTooMuch ? '; for no cap leave it out' : '';
    return { reason: `must be a number of dollars, 0 to ${USD_MAX}${way}`, nearest: '50' };
  }
  if (dollars < 0) return { reason: 'must not be negative', nearest: plainDollars(-dollars) };
  if (dollars > usdOf(NANO_USD_MAX)) {
    const reason =
      `one cap counts to the nano-dollar, up to $${USD_MAX.toLocaleString('en-US')}; for more, ` +
      'use a shorter window, a cap for each customer or feature, or `tokens`';
    return { reason, nearest: String(USD_MAX) };
  }
  if (typeof value === 'string') {
    return { reason: 'must be a number, not text', nearest: plainDollars(dollars) };
  }
  return { reason: 'must be no finer than a nano-dollar', nearest: plainDollars(dollars) };
}

/** Dollars to the nearest nano-dollar, without an exponent. */
function plainDollars(dollars: number): string {
  return Math.min(dollars, USD_MAX)
    .toFixed(9)
    .replace(/\.?0+$/, '');
}

const fractionField: Field<number> = {
  schema: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  read(value, path) {
    if (typeof value === 'number' && value > 0 && value <= 1) return value;
    const isPercent = typeof value === 'number' && value > 1 && value <= 100;
    const nearest = isPercent ? String(value / 100) : undefined;
    throw fault({ field: path, value, reason: 'must be a fraction above 0 and up to 1', nearest });
  },
};

const thresholdList = list(fractionField);

/** Fractions of a cap, ascending, each once. */
const thresholdsField: Field<readonly number[]> = {
  schema: thresholdList.schema,
  read(value, path) {
    const fractions = new Set(thresholdList.read(value, path));
    return Object.freeze([...fractions].sort((left, right) => left - right));
  },
};

const timeZoneField: Field<string> = {
  schema: { type: 'string', pattern: TIME_ZONE_PATTERN },
  read(value, path) {
    if (typeof value === 'string' && isTimeZone(value)) return value;
    const nearest = JSON.stringify(nearestTimeZone(String(value)));
    const reason = 'is no time zone of the IANA database that this runtime knows';
    throw fault({ field: path, value, reason, nearest });
  },
};

const scopeField: Field<string> = {
  schema: { type: 'string', pattern: DIMENSION_PATTERN },
  read(value, path) {
    if (typeof value === 'string' && new RegExp(DIMENSION_PATTERN).test(value)) return value;
    const reason =
      `must be "${GLOBAL_SCOPE}" or a dimension: a letter, then up to 63 letters, digits, ` +
      '"_", "-" or "."';
    const dimension = typeof value === 'string' ? value.split(':')[0] : undefined;
    const isNamed = dimension !== undefined && new RegExp(DIMENSION_PATTERN).test(dimension);
    throw fault({
      field: path,
      value,
      reason,
      nearest: JSON.stringify(isNamed ? dimension : 'customer'),
    });
  },
};

const matchText = text({ charsMax: SCOPE_CHARS_MAX, what: 'a text of 1 to 256 characters' });

const matchField: Field<string> = {
  schema: matchText.schema,
  read(value, path) {
    const found = typeof value === 'string' ? matchFault(value) : undefined;
    if (found !== undefined) throw fault({ field: path, value, ...found });
    return matchText.read(value, path);
  },
};

const windowField: Field<string> = {
  schema: {
    anyOf: [
      { enum: [...CALENDAR_UNITS, 'lifetime'] },
      { type: 'string', pattern: ROLLING_PATTERN },
    ],
  },
  read(value, path) {
    if (typeof value === 'string' && readWindow(value, 'UTC') !== undefined) return value;
    const nearest = typeof value === 'string' ? nearestWindow(value) : undefined;
    const reason =
      `must be ${CALENDAR_UNITS.join(', ')}, lifetime, or "rolling " with a whole number of ` +
      's, m, h or d up to 366 days';
    throw fault({ field: path, value, reason, nearest: JSON.stringify(nearest ?? 'day') });
  },
};

const modeField = choice(['enforce', 'observe']);
const unattributedField = choice(['share', 'refuse']);

/** The longest queue that can be asked for: each waiter keeps its request in memory. */
const WAITERS_MAX = 1_000_000;

/** Most distinct children of one parent that a cap can count. */
export const FAN_OUT_MAX = 10_000;

/** Letters that a cap's id may have: no `|`, which ends it in an account's key. */
const ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.:/@=*%+~-]{0,127}$';

const capField = object(
  {
    id: text({ pattern: ID_PATTERN, what: 'up to 128 letters, digits or any of _.:/@=*%+~-' }),
    scope: scopeField,
    match: matchField,
    window: windowField,
    usd: usdField,
    tokens: tokensField,
    calls: callsField,
    identical: whole({ min: 1 }),
    depth: whole({ min: 1, max: SCOPE_VALUES_MAX }),
    fanOut: whole({ min: 1, max: FAN_OUT_MAX }),
    mode: modeField,
    unattributed: unattributedField,
    thresholds: thresholdsField,
    timeZone: timeZoneField,
    onShort: onShortField,
    minOutputTokens: tokensField,
    wrapUp: partField,
  },
  {
    required: ['scope', 'window'],
    anyOf: ['usd', 'tokens', 'calls', 'identical', 'depth', 'fanOut'],
  },
);

/** Lower than any price ever listed by far. */
const USD_PER_MILLION_MIN = 1e-4;

const perMillionField = figure(picoUsdFromUsdPerMillion, {
  finest: 'a micro-dollar per million tokens',
  usdMin: USD_PER_MILLION_MIN,
});
const perUseField = figure(picoUsdFromUsd, { finest: 'a pico-dollar', usdMin: 0 });

const priceField = object(
  {
    provider: text({ charsMax: SCOPE_CHARS_MAX, what: 'the name of a provider' }),
    model: text({ charsMax: SCOPE_CHARS_MAX, what: 'the exact id of a model' }),
    usdPerMillion: object(sameFields<TokenClass, PicoUsd>(TOKEN_CLASSES, perMillionField), {
      required: ['input', 'output'],
    }),
    usdPerUse: object(sameFields<FeeKind, PicoUsd>(FEE_KINDS, perUseField)),
    inputTokensMax: tokensField,
    outputTokensMax: tokensField,
    source: text({ charsMax: 2048, what: 'a text of 1 to 2048 characters' }),
  },
  { required: ['provider', 'model', 'usdPerMillion'] },
);

const assumeField = object({
  serviceTier: choice(['standard', 'priority', 'any']),
  geo: text({
    pattern: '^[a-z][a-z0-9-]{0,31}$',
    what: 'a region such as "us", "global" or "any"',
  }),
});

const featureBoundField = object(
  {
    inputTokensMax: whole({ min: 0 }),
    outputTokensMax: whole({ min: 0 }),
    usesMax: whole({ min: 0 }),
  },
  { anyOf: ['inputTokensMax', 'outputTokensMax', 'usesMax'] },
);

/** Every field of the configuration but the shorthands. */
export const CONFIG_FIELDS = {
  $schema: text({ charsMax: 2048, what: 'a URL or a path' }),
  caps: list(capField),
  timeZone: timeZoneField,
  unattributed: unattributedField,
  thresholds: thresholdsField,
  prices: list(priceField),
  assume: object({ anthropic: assumeField, openai: assumeField }),
  allow: record(featureBoundField, {
    pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$',
    what: 'the name of a feature: letters, digits, "_", "-" or "."',
  }),
  inputBound: choice(['hard', 'tight']),
  onShort: onShortField,
  minOutputTokens: tokensField,
  fitStructured: flag(),
  countEndpoint: flag(),
  waitMsMax: durationField,
  waitersMax: whole({ min: 0, max: WAITERS_MAX }),
  fallback: record(list(text({ charsMax: SCOPE_CHARS_MAX, what: 'the exact id of a model' })), {
    pattern: '^\\S{1,256}$',
    what: 'the exact id of a model',
  }),
  expect: expectField,
  onStreamShort: onStreamShortField,
  idleTimeoutMs: durationField,
  maxPriceAgeDays: whole({ min: 1, max: 36_500 }),
} as const;

/** A cap as it was read: amounts with their units, the rest as written. */
export type ReadCap = ReturnType<typeof capField.read>;

/** A price as it was read. */
export type ReadPrice = ReturnType<typeof priceField.read>;

/** A price: a number or a decimal string, exact in its unit. */
function figure(
  read: (usd: number | string) => PicoUsd | undefined,
  { finest, usdMin }: { readonly finest: string; readonly usdMin: number },
): Field<PicoUsd> {
  return {
    schema: {
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'string', pattern: '^[0-9]+(?:\\.[0-9]+)?$' },
      ],
    },
    read(value, path) {
      const isFigure = typeof value === 'number' || /^\d+(?:\.\d+)?$/.test(String(value));
      if (isFigure && (typeof value === 'number' || typeof value === 'string')) {
        const amount = read(value);
        if (Number(value) > 0 && Number(value) < usdMin) throw perTokenFault(value, path);
        if (amount !== undefined) return amount;
      }
      const reason = `must be a price in dollars, not negative and no finer than ${finest}`;
      const nearest = typeof value === 'number' && value < 0 ? String(-value) : undefined;
      throw fault({ field: path, value, reason, nearest });
    },
  };
}

/** A price per token where one per million tokens is meant would open the gate a million times. */
function perTokenFault(value: number | string, path: string): Error {
  const nearest = String(Number((Number(value) * 1e6).toPrecision(12)));
  const reason = `is under $${USD_PER_MILLION_MIN} per million tokens: a price per token?`;
  return fault({ field: path, value, reason, nearest });
}

function sameFields<K extends string, T>(
  names: readonly K[],
  field: Field<T>,
): { readonly [N in K]: Field<T> } {
  const entries = names.map((name) => [name, field] as const);
  // `names` holds every member of K: the callers pass the constant lists that K comes from.
  return Object.fromEntries(entries) as { readonly [N in K]: Field<T> };
}
