import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { budgetGuardSchema, SCHEMA_FILE, schemaText } from '../../scripts/schema.ts';
import type { JsonSchema } from './fields.ts';
import { readConfig } from './read-config.ts';

/** The keywords of JSON Schema 2020-12 that the schema uses; an unknown one fails the test. */
function isValid(schema: JsonSchema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, argument]) => {
    const check: Check<never> | undefined = Reflect.get(KEYWORDS, keyword);
    if (check === undefined) throw new Error(`The test does not know the keyword ${keyword}`);
    return check(argument as never, value, schema);
  });
}

type Check<A> = (argument: A, value: unknown, schema: JsonSchema) => boolean;
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const note: Check<unknown> = () => true;

interface Arguments {
  readonly $schema: string;
  readonly title: string;
  readonly description: string;
  readonly default: unknown;
  readonly examples: unknown;
  readonly type: string;
  readonly enum: readonly unknown[];
  readonly minimum: number;
  readonly exclusiveMinimum: number;
  readonly exclusiveMaximum: number;
  readonly maximum: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: string;
  readonly items: JsonSchema;
  readonly required: readonly string[];
  readonly anyOf: readonly JsonSchema[];
  readonly not: JsonSchema;
  readonly propertyNames: JsonSchema;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties: boolean;
}

const KEYWORDS: { readonly [K in keyof Arguments]: Check<Arguments[K]> } = {
  $schema: note,
  title: note,
  description: note,
  default: note,
  examples: note,
  type: (type, value) => {
    if (type === 'object') return isObject(value);
    if (type === 'array') return Array.isArray(value);
    if (type === 'integer') return Number.isInteger(value);
    return typeof value === type;
  },
  enum: (words, value) => words.includes(value),
  minimum: (min, value) => typeof value !== 'number' || value >= min,
  exclusiveMinimum: (min, value) => typeof value !== 'number' || value > min,
  exclusiveMaximum: (max, value) => typeof value !== 'number' || value < max,
  maximum: (max, value) => typeof value !== 'number' || value <= max,
  minLength: (min, value) => typeof value !== 'string' || Array.from(value).length >= min,
  maxLength: (max, value) => typeof value !== 'string' || Array.from(value).length <= max,
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  items: (items, value) => !Array.isArray(value) || value.every((each) => isValid(items, each)),
  required: (names, value) => !isObject(value) || names.every((name) => Object.hasOwn(value, name)),
  anyOf: (schemas, value) => schemas.some((schema) => isValid(schema, value)),
  not: (schema, value) => !isValid(schema, value),
  propertyNames: (schema, value) =>
    !isObject(value) || Object.keys(value).every((name) => isValid(schema, name)),
  properties: (properties, value) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, each]) => !Object.hasOwn(properties, name) || isValid(properties[name] ?? {}, each),
    ),
  patternProperties: (patterns, value) =>
    !isObject(value) ||
    Object.entries(value).every(([name, each]) =>
      Object.entries(patterns).every(
        ([pattern, schema]) => !new RegExp(pattern, 'u').test(name) || isValid(schema, each),
      ),
    ),
  additionalProperties: (allowed, value, schema) => {
    if (allowed) throw new Error('only additionalProperties: false is used');
    const patterns = Object.keys(schema['patternProperties'] ?? {});
    const known = schema['properties'] ?? {};
    return (
      !isObject(value) ||
      Object.keys(value).every(
        (name) =>
          Object.hasOwn(known, name) || patterns.some((each) => new RegExp(each, 'u').test(name)),
      )
    );
  },
};

const cap = { scope: 'customer', window: 'day', usd: 2 };
const price = { provider: 'openai', model: 'm', usdPerMillion: { input: '1.25', output: 2 } };

const ACCEPTED: readonly unknown[] = [
  { global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 },
  { global_cap_usd: 0 },
  { global_cap_usd: 9_007_199 },
  { per_sub_agent_cap_per_minute_usd: 0.000000001 },
  { per_Customer2_cap_usd: 1 },
  { caps: [] },
  { $schema: './node_modules/hardcap/budget-guard.schema.json', caps: [cap] },
  { caps: [{ ...cap, id: 'a', match: 'acme-*', mode: 'observe', unattributed: 'refuse' }] },
  { caps: [{ scope: 'global', window: 'rolling 90m', tokens: 5, thresholds: [1, 0.5] }] },
  { caps: [{ ...cap, window: 'lifetime', timeZone: 'Europe/Berlin' }], timeZone: 'UTC' },
  { caps: [{ scope: 'global', window: 'rolling 1m', identical: 1 }] },
  { caps: [{ scope: 'agent', window: 'lifetime', depth: 64, fanOut: 10_000, usd: 1 }] },
  { caps: [{ scope: 'agent', window: 'day', fanOut: 1, mode: 'observe' }] },
  { caps: [], prices: [price], thresholds: [], unattributed: 'share' },
  { caps: [], prices: [{ ...price, usdPerUse: { image: 0.04 }, inputTokensMax: 1, source: 'x' }] },
  { caps: [], assume: { anthropic: { geo: 'us' }, openai: { serviceTier: 'standard' } } },
  { caps: [], allow: { 'web_search.preview': { usesMax: 3 } } },
  { caps: [{ ...cap, onShort: 'wait', minOutputTokens: 0, wrapUp: 0.1 }], onShort: 'refuse' },
  { caps: [], onShort: ['count', 'fit', 'wait', 'fallback'], minOutputTokens: 64 },
  { caps: [], onShort: [], fitStructured: true, countEndpoint: false, fallback: {} },
  { caps: [], waitMsMax: 1, waitersMax: 0, fallback: { 'gpt-5': ['gpt-5-mini', 'gpt-5-nano'] } },
  { caps: [], inputBound: 'tight', idleTimeoutMs: 1000, maxPriceAgeDays: 30 },
];

const REFUSED: readonly unknown[] = [
  null,
  [],
  {},
  { timeZone: 'UTC' },
  { golbal_cap_per_day_usd: 5 },
  { global_cap_per_days_usd: 5 },
  { per_customer_per_day_cap_usd: 5 },
  { per_global_cap_per_day_usd: 5 },
  { per__cap_usd: 5 },
  { per_customer_daily_cap_usd: 5 },
  { global_cap_usd: -1 },
  { global_cap_usd: '5' },
  { global_cap_usd: 9_007_200 },
  { caps: {} },
  { caps: [{ scope: 'global', usd: 1 }] },
  { caps: [{ scope: 'global', window: 'day' }] },
  { caps: [{ ...cap, windows: 'day' }] },
  { caps: [{ ...cap, window: 'year' }] },
  { caps: [{ ...cap, window: 'rolling 1.5h' }] },
  { caps: [{ ...cap, scope: 'customer:acme' }] },
  { caps: [{ ...cap, match: '' }] },
  { caps: [{ ...cap, tokens: 1.5 }] },
  { caps: [{ ...cap, id: 'a|b' }] },
  { caps: [{ ...cap, identical: 0 }] },
  { caps: [{ ...cap, depth: 65 }] },
  { caps: [{ ...cap, fanOut: 10_001 }] },
  { caps: [{ ...cap, thresholds: [50] }] },
  { caps: [{ ...cap, thresholds: [0] }] },
  { caps: [{ ...cap, timeZone: '+02:00' }] },
  { caps: [], prices: [{ ...price, usdPerMillion: { input: 1 } }] },
  { caps: [], prices: [{ ...price, usdPerMillion: { input: '-1', output: 1 } }] },
  { caps: [], prices: [{ ...price, usdPerUse: { websearch: 1 } }] },
  { caps: [], assume: { openai: { serviceTier: 'fast' } } },
  { caps: [], allow: { x: {} } },
  { caps: [], allow: { 'a b': { usesMax: 1 } } },
  { caps: [], idleTimeoutMs: 0 },
  { caps: [], onShort: 'retry' },
  { caps: [], onShort: ['refuse'] },
  { caps: [{ ...cap, onShort: 7 }] },
  { caps: [{ ...cap, wrapUp: 0 }] },
  { caps: [{ ...cap, wrapUp: 1 }] },
  { caps: [], minOutputTokens: 0.5 },
  { caps: [], waitMsMax: 0 },
  { caps: [], waitersMax: -1 },
  { caps: [], countEndpoint: 'yes' },
  { caps: [], fallback: { 'gpt-5': 'gpt-5-mini' } },
  { caps: [], fallback: { 'gpt 5': ['gpt-5-mini'] } },
  { caps: [], maxPriceAgeDays: 0.5 },
];

/** What only the guard can tell: exactness, the time zone database, comparison of caps. */
const REFUSED_BY_GUARD_ALONE: readonly unknown[] = [
  { global_cap_usd: 0.1 + 0.2 },
  { caps: [cap, cap] },
  { caps: [{ ...cap, wrapUp: 0.12345678 }] },
  { caps: [{ ...cap, timeZone: 'Europe/Berln' }] },
  { caps: [{ ...cap, match: '^acme$' }] },
  { caps: [{ scope: 'global', window: 'day', depth: 2 }] },
  { caps: [{ scope: 'global', window: 'day', fanOut: 2 }] },
  { caps: [{ ...cap, window: 'rolling 400d' }] },
  { caps: [], prices: [price, price] },
];

describe('budget-guard.schema.json', () => {
  const schema = budgetGuardSchema();

  it('is what the generator writes from the fields that validation reads', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(schemaText());
  });

  it.each(ACCEPTED)('accepts what the guard accepts: %j', (config) => {
    expect(() => readConfig(config)).not.toThrow();
    expect(isValid(schema, config)).toBe(true);
  });

  it.each(REFUSED)('refuses what the guard refuses: %j', (config) => {
    expect(() => readConfig(config)).toThrow();
    expect(isValid(schema, config)).toBe(false);
  });

  it.each(REFUSED_BY_GUARD_ALONE)('leaves to the guard what a schema cannot say: %j', (config) => {
    expect(() => readConfig(config)).toThrow();
    expect(isValid(schema, config)).toBe(true);
  });

  it('has examples that the guard accepts', () => {
    for (const example of schema['examples'] as readonly unknown[]) {
      expect(() => readConfig(example)).not.toThrow();
    }
  });
});
