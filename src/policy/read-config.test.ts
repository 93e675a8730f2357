import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors/error.ts';
import type { BudgetGuardConfig } from './config.ts';
import { readConfig } from './read-config.ts';

function faultOf(config: unknown): ConfigError {
  try {
    readConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(config)}`);
}

const cap = { scope: 'customer', window: 'day', usd: 2 } as const;
const price = { provider: 'openai', model: 'm', usdPerMillion: { input: 1, output: 2 } } as const;

/** Row: what, configuration, path named, nearest valid form (`undefined`: none). */
const REFUSED: readonly [string, unknown, string, string | undefined][] = [
  [
    'a typo in a shorthand',
    { golbal_cap_per_day_usd: 5 },
    'golbal_cap_per_day_usd',
    'global_cap_per_day_usd',
  ],
  [
    'a window in the plural',
    { global_cap_per_days_usd: 5 },
    'global_cap_per_days_usd',
    'global_cap_per_day_usd',
  ],
  [
    'a missing _usd',
    { per_custmer_cap_per_day: 5 },
    'per_custmer_cap_per_day',
    'per_custmer_cap_per_day_usd',
  ],
  [
    'a typo around a dimension',
    { pre_custmer_cap_per_day_usd: 5 },
    'pre_custmer_cap_per_day_usd',
    'per_custmer_cap_per_day_usd',
  ],
  [
    'a missing per_',
    { tenant_cap_per_month_usd: 5 },
    'tenant_cap_per_month_usd',
    'per_tenant_cap_per_month_usd',
  ],
  [
    'swapped parts',
    { per_customer_per_day_cap_usd: 5 },
    'per_customer_per_day_cap_usd',
    'per_customer_cap_per_day_usd',
  ],
  [
    'global as a dimension',
    { per_global_cap_per_day_usd: 5 },
    'per_global_cap_per_day_usd',
    'global_cap_per_day_usd',
  ],
  ['camel case', { globalCapPerDayUsd: 5 }, 'globalCapPerDayUsd', 'global_cap_per_day_usd'],
  ['a typo in a field', { timezone: 'UTC', global_cap_usd: 1 }, 'timezone', 'timeZone'],
  ['an own __proto__', JSON.parse('{"__proto__": {}, "caps": []}'), '__proto__', undefined],
  ['a negative amount', { global_cap_per_day_usd: -5 }, 'global_cap_per_day_usd', '5'],
  ['NaN', { global_cap_per_day_usd: NaN }, 'global_cap_per_day_usd', '50'],
  ['Infinity', { global_cap_per_day_usd: Infinity }, 'global_cap_per_day_usd', '50'],
  ['an amount as text', { global_cap_per_day_usd: '5.50' }, 'global_cap_per_day_usd', '5.5'],
  ['null', { global_cap_per_day_usd: null }, 'global_cap_per_day_usd', '50'],
  ['a bigint', { global_cap_per_day_usd: 5n }, 'global_cap_per_day_usd', '50'],
  ['finer than a nano-dollar', { global_cap_usd: 0.1 + 0.2 }, 'global_cap_usd', '0.3'],
  ['above the money range', { global_cap_usd: 9_007_200 }, 'global_cap_usd', '9007199'],
  [
    'a negative amount in a cap',
    { caps: [cap, { ...cap, scope: 'a', usd: -1 }] },
    'caps[1].usd',
    '1',
  ],
  ['fractional tokens', { caps: [{ ...cap, tokens: 1.5 }] }, 'caps[0].tokens', '2'],
  ['negative calls', { caps: [{ ...cap, calls: -1 }] }, 'caps[0].calls', '0'],
  ['a cap without an amount', { caps: [{ scope: 'global', window: 'day' }] }, 'caps[0]', undefined],
  ['a cap without a window', { caps: [{ scope: 'global', usd: 1 }] }, 'caps[0].window', undefined],
  [
    'an unknown field of a cap',
    { caps: [{ ...cap, windows: 'day' }] },
    'caps[0].windows',
    'window',
  ],
  ['an unknown window', { caps: [{ ...cap, window: 'daily' }] }, 'caps[0].window', '"day"'],
  ['a year', { caps: [{ ...cap, window: 'dya' }] }, 'caps[0].window', '"day"'],
  ['a bare duration', { caps: [{ ...cap, window: '90m' }] }, 'caps[0].window', '"rolling 90m"'],
  [
    'a fractional duration',
    { caps: [{ ...cap, window: 'rolling 1.5h' }] },
    'caps[0].window',
    '"rolling 90m"',
  ],
  [
    'a spelled unit',
    { caps: [{ ...cap, window: 'rolling 24 hours' }] },
    'caps[0].window',
    '"rolling 1d"',
  ],
  ['no duration', { caps: [{ ...cap, window: 'rolling 0s' }] }, 'caps[0].window', '"rolling 1s"'],
  [
    'too long a duration',
    { caps: [{ ...cap, window: 'rolling 400d' }] },
    'caps[0].window',
    '"rolling 366d"',
  ],
  ['a window that is no text', { caps: [{ ...cap, window: 3600 }] }, 'caps[0].window', '"day"'],
  [
    'a member of Object.prototype as window',
    { caps: [{ ...cap, window: 'constructor' }] },
    'caps[0].window',
    '"day"',
  ],
  [
    'a bad time zone',
    { timeZone: 'Europe/Berln', global_cap_usd: 1 },
    'timeZone',
    '"Europe/Berlin"',
  ],
  ['a city alone', { timeZone: 'Berlin', global_cap_usd: 1 }, 'timeZone', '"Europe/Berlin"'],
  ['an offset', { timeZone: '+02:00', global_cap_usd: 1 }, 'timeZone', '"Etc/GMT-2"'],
  [
    'an abbreviation',
    { caps: [{ ...cap, timeZone: 'PST' }] },
    'caps[0].timeZone',
    '"America/Los_Angeles"',
  ],
  ['a time zone that is no text', { timeZone: 2, global_cap_usd: 1 }, 'timeZone', '"UTC"'],
  [
    'a scope with its value',
    { caps: [{ ...cap, scope: 'customer:acme' }] },
    'caps[0].scope',
    '"customer"',
  ],
  ['an empty match', { caps: [{ ...cap, match: '' }] }, 'caps[0].match', '"*"'],
  ['a regular expression', { caps: [{ ...cap, match: '^acme-.*$' }] }, 'caps[0].match', '"acme-*"'],
  [
    'match on global',
    { caps: [{ ...cap, scope: 'global', match: 'x' }] },
    'caps[0].match',
    '"scope": "model"',
  ],
  ['a mode', { caps: [{ ...cap, mode: 'observed' }] }, 'caps[0].mode', '"observe"'],
  ['thresholds in percent', { global_cap_usd: 1, thresholds: [50] }, 'thresholds[0]', '0.5'],
  [
    'a threshold of 0',
    { caps: [{ ...cap, thresholds: [0.5, 0] }] },
    'caps[0].thresholds[1]',
    undefined,
  ],
  ['a separator in an id', { caps: [{ ...cap, id: 'a|b' }] }, 'caps[0].id', undefined],
  ['caps that are no list', { caps: cap }, 'caps', undefined],
  ['a hole in the list of caps', { caps: [undefined, cap] }, 'caps[0]', undefined],
  ['no cap at all', {}, 'config', '{ global_cap_per_day_usd: 50 }'],
  [
    'only undefined caps',
    { global_cap_usd: undefined },
    'config',
    '{ global_cap_per_day_usd: 50 }',
  ],
  ['nothing', undefined, 'config', undefined],
  ['null instead of a configuration', null, 'config', undefined],
  ['a list', [], 'config', undefined],
  ['text', '{}', 'config', undefined],
  [
    'a negative price',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: -1, output: 1 } }] },
    'prices[0].usdPerMillion.input',
    '1',
  ],
  [
    'a price without output',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: 1 } }] },
    'prices[0].usdPerMillion.output',
    undefined,
  ],
  [
    'a price finer than can be counted',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: '1.0000001', output: 1 } }] },
    'prices[0].usdPerMillion.input',
    undefined,
  ],
  [
    'a price per token given as one per million tokens',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: 0.000003, output: 1 } }] },
    'prices[0].usdPerMillion.input',
    '3',
  ],
  [
    'a price that is no figure',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: '$1', output: 1 } }] },
    'prices[0].usdPerMillion.input',
    undefined,
  ],
  [
    'an unknown class',
    { caps: [], prices: [{ ...price, usdPerMillion: { input: 1, output: 1, cacheReads: 1 } }] },
    'prices[0].usdPerMillion.cacheReads',
    'cacheRead',
  ],
  [
    'an unknown fee',
    { caps: [], prices: [{ ...price, usdPerUse: { websearch: 1 } }] },
    'prices[0].usdPerUse.websearch',
    'webSearch',
  ],
  ['one model priced twice', { caps: [], prices: [price, price] }, 'prices[1]', undefined],
  [
    'an unknown tier',
    { caps: [], assume: { openai: { serviceTier: 'standart' } } },
    'assume.openai.serviceTier',
    '"standard"',
  ],
  ['an unknown provider', { caps: [], assume: { opanai: {} } }, 'assume.opanai', 'openai'],
  [
    'a feature without a bound',
    { caps: [], allow: { web_search: {} } },
    'allow.web_search',
    undefined,
  ],
  [
    'a feature with a negative bound',
    { caps: [], allow: { web_search: { usesMax: -1 } } },
    'allow.web_search.usesMax',
    '0',
  ],
  ['an input bound', { caps: [], inputBound: 'exact' }, 'inputBound', '"hard"'],
  [
    'a timeout that a timer cannot take',
    { caps: [], idleTimeoutMs: 2_147_483_648 },
    'idleTimeoutMs',
    '2147483647',
  ],
  ['a timeout of 0', { caps: [], idleTimeoutMs: 0 }, 'idleTimeoutMs', '1'],
  ['an age as text', { caps: [], maxPriceAgeDays: '30' }, 'maxPriceAgeDays', '30'],
];

describe('a configuration that cannot be meant', () => {
  it.each(REFUSED)(
    '%s is refused with its path and the nearest form',
    (_, config, path, nearest) => {
      const fault = faultOf(config);
      expect(fault.field).toBe(path);
      expect(fault.nearest).toBe(nearest);
      expect(fault.code).toBe('CONFIG_INVALID');
      expect(fault.message.startsWith(`${path} = `)).toBe(true);
    },
  );

  it('the nearest form of a refused name or amount is accepted', () => {
    for (const [, config, path, nearest] of REFUSED) {
      if (path.includes('[') || path.includes('.') || nearest === undefined) continue;
      if (typeof config !== 'object' || config === null || !Object.hasOwn(config, path)) continue;
      const { [path]: value, ...rest } = config as Record<string, unknown>;
      const isName = /^[a-z_]+$/i.test(nearest);
      const corrected = isName
        ? { ...rest, [nearest]: value }
        : { ...rest, [path]: JSON.parse(nearest) };
      expect(() => readConfig(corrected), path).not.toThrow();
    }
  });

  it('an amount above the money range says the way out', () => {
    expect(faultOf({ global_cap_usd: 1e7 }).message).toMatch(/\$9,007,199.*shorter window.*tokens/);
  });

  it('a second cap on the same accounts is refused, and both are named', () => {
    const { message, field } = faultOf({ per_customer_cap_per_day_usd: 1, caps: [cap] });
    expect(field).toBe('caps[0]');
    expect(message).toContain('per_customer_cap_per_day_usd');
    expect(message).toContain('caps[0]');
    const given = faultOf({
      caps: [
        { ...cap, id: 'x' },
        { ...cap, window: 'week', id: 'x' },
      ],
    });
    expect(given.field).toBe('caps[1].id');
  });

  it('equal windows are one cap however they are written', () => {
    const caps = [
      { ...cap, window: 'rolling 60m' },
      { ...cap, window: 'rolling 1h' },
    ];
    expect(faultOf({ caps }).message).toContain('customer/rolling-1h');
    const zones = ['Europe/Berlin', 'europe/berlin'].map((timeZone) => ({ ...cap, timeZone }));
    expect(faultOf({ caps: zones }).message).toContain('customer/day@europe/berlin');
  });
});

describe('a configuration that can be meant', () => {
  it('the two seed caps, with every default', () => {
    const settings = readConfig({ global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 });
    expect(settings).toEqual({
      caps: [
        {
          id: 'global/day',
          scope: 'global',
          match: undefined,
          window: { kind: 'calendar', unit: 'day', timeZone: 'UTC' },
          ceiling: { usd: 50e9, tokens: undefined, calls: undefined },
          mode: 'enforce',
          unattributed: 'share',
          thresholds: [0.5, 0.8, 0.95],
          onShort: [],
          minOutputTokens: 256,
          wrapUpParts: 0,
        },
        expect.objectContaining({ id: 'customer/day', scope: 'customer' }),
      ],
      timeZone: 'UTC',
      prices: [],
      assume: {
        anthropic: { serviceTier: 'any', geo: 'any' },
        openai: { serviceTier: 'any', geo: 'any' },
      },
      allow: {},
      inputBound: 'hard',
      onShort: [],
      minOutputTokens: 256,
      fitStructured: false,
      countEndpoint: false,
      waitMsMax: 30_000,
      waitersMax: 1_000,
      fallback: {},
      idleTimeoutMs: 600_000,
      maxPriceAgeDays: 90,
    });
  });

  it('every shorthand window, in any dimension', () => {
    const { caps } = readConfig({
      global_cap_per_minute_usd: 1,
      global_cap_per_hour_usd: 1,
      per_sub_agent_cap_per_week_usd: 1,
      per_custmer_cap_per_month_usd: 1,
      global_cap_usd: 1,
      per_session_cap_usd: 1,
    } satisfies BudgetGuardConfig);
    expect(caps.map(({ id }) => id)).toEqual([
      'global/minute',
      'global/hour',
      'sub_agent/week',
      'custmer/month',
      'global/lifetime',
      'session/lifetime',
    ]);
  });

  it('a cap of 0 is legal, and so is the largest', () => {
    const caps = readConfig({ global_cap_usd: 0, per_agent_cap_usd: 9_007_199 }).caps;
    expect(caps.map(({ ceiling }) => ceiling.usd)).toEqual([0, 9_007_199e9]);
    expect(readConfig({ caps: [{ ...cap, tokens: 0, calls: 0 }] }).caps[0]!.ceiling).toEqual({
      usd: 2e9,
      tokens: 0,
      calls: 0,
    });
  });

  it('an undefined field counts as absent', () => {
    const settings = readConfig({
      global_cap_usd: 1,
      timeZone: undefined,
      caps: [{ ...cap, match: undefined, tokens: undefined }],
    });
    expect(settings.timeZone).toBe('UTC');
    expect(settings.caps).toHaveLength(2);
  });

  it('no caps are accepted when they are said to be none', () => {
    expect(readConfig({ caps: [] }).caps).toEqual([]);
  });

  it('caps take zone, thresholds and unattributed from the configuration unless they say', () => {
    const { caps } = readConfig({
      timeZone: 'Europe/Berlin',
      thresholds: [0.9, 0.1, 0.9],
      unattributed: 'refuse',
      global_cap_per_day_usd: 1,
      caps: [{ ...cap, timeZone: 'Asia/Tokyo', thresholds: [], unattributed: 'share' }],
    });
    expect(caps[0]).toMatchObject({
      id: 'global/day@europe/berlin',
      thresholds: [0.1, 0.9],
      unattributed: 'refuse',
    });
    expect(caps[1]).toMatchObject({
      id: 'customer/day@asia/tokyo',
      thresholds: [],
      unattributed: 'share',
    });
  });

  it('raising an amount or moving a cap keeps its id, so what was spent stays (I8)', () => {
    const before = readConfig({ caps: [cap, { ...cap, scope: 'agent' }] }).caps;
    const after = readConfig({
      caps: [
        { ...cap, scope: 'agent' },
        { ...cap, usd: 20, calls: 5 },
      ],
    }).caps;
    expect(after.map(({ id }) => id)).toEqual([before[1]!.id, before[0]!.id]);
  });

  it('another scope, match, window, zone or mode is another id', () => {
    const variants = [
      cap,
      { ...cap, scope: 'feature' },
      { ...cap, match: 'a' },
      { ...cap, match: 'a/day' },
      { ...cap, match: '*' },
      { ...cap, window: 'week' },
      { ...cap, window: 'rolling 1d' },
      { ...cap, window: 'lifetime' },
      { ...cap, timeZone: 'Europe/Berlin' },
      { ...cap, mode: 'observe' },
    ];
    const ids = readConfig({ caps: variants }).caps.map(({ id }) => id);
    expect(new Set(ids).size).toBe(variants.length);
  });

  it('a price becomes a card with exact rates, and nothing priced that was not given', () => {
    const { prices } = readConfig({
      caps: [],
      prices: [
        {
          provider: 'openai',
          model: 'tuned',
          usdPerMillion: { input: '0.30', output: 1.2, cacheRead: 0.075 },
          usdPerUse: { webSearch: 0.01 },
          outputTokensMax: 4096,
        },
      ],
    });
    expect(prices).toEqual([
      {
        provider: 'openai',
        model: 'tuned',
        effectiveFrom: null,
        rates: { input: 300_000, output: 1_200_000, cacheRead: 75_000 },
        longContext: undefined,
        priority: undefined,
        flex: undefined,
        batch: undefined,
        fast: undefined,
        geos: {},
        fees: { webSearch: 10_000_000_000 },
        neverBilled: [
          'cacheWrite5m',
          'cacheWrite1h',
          'audioInput',
          'audioCacheRead',
          'imageInput',
          'imageCacheRead',
          'audioOutput',
          'imageOutput',
        ],
        inputTokensMax: undefined,
        outputTokensMax: 4096,
        source: 'configuration',
        isOwn: true,
      },
    ]);
  });

  it('settings are frozen all the way down', () => {
    const settings = readConfig({
      caps: [cap],
      prices: [price],
      assume: { openai: { serviceTier: 'standard' } },
      allow: { previous_response_id: { inputTokensMax: 1000 } },
    });
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
    };
    visit(settings, 'settings');
    expect(open).toEqual([]);
  });

  it('the types accept what is documented and refuse typos', () => {
    const config: BudgetGuardConfig = {
      $schema: './budget-guard.schema.json',
      global_cap_per_day_usd: 50,
      per_customer_cap_per_day_usd: 2,
      caps: [{ scope: 'model', match: 'claude-opus-*', window: 'rolling 1h', usd: 5 }],
    };
    expect(readConfig(config).caps).toHaveLength(3);
    // @ts-expect-error there is no such shorthand
    expect(() => readConfig({ global_cap_per_days_usd: 5 } satisfies BudgetGuardConfig)).toThrow();
    // @ts-expect-error amounts are numbers
    expect(() => readConfig({ per_agent_cap_usd: '5' } satisfies BudgetGuardConfig)).toThrow();
    // @ts-expect-error there is no such window
    const years: BudgetGuardConfig = { caps: [{ scope: 'global', window: 'year', usd: 5 }] };
    expect(() => readConfig(years)).toThrow();
  });
});
