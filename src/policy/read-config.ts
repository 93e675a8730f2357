import { TOKEN_CLASSES } from '../meter/usage.ts';
import type { PriceCard } from '../pricing/price-card.ts';
import type { Tokens } from '../units/count.ts';
import type { DurationMs } from '../units/time.ts';
import { CONFIG_FIELDS, usdField, type ReadPrice } from './config-fields.ts';
import type { Cap } from './cap.ts';
import { fault, present } from './fields.ts';
import { checkStreamShort, type Expect, type OnStreamShort } from './expect.ts';
import type { Strategy } from './on-short.ts';
import { assembleCaps, type CapSource } from './read-caps.ts';
import { nearestField, readShorthand } from './shorthand.ts';

/** What is known of the account with one provider. */
export interface ProviderAssumption {
  readonly serviceTier: 'standard' | 'priority' | 'any';
  /** A region, `global` (no uplift) or `any` (not known). */
  readonly geo: string;
}

/**
 * A configuration after validation: frozen, every default filled in, every number with its unit.
 */
export interface GuardSettings {
  readonly caps: readonly Cap[];
  readonly timeZone: string;
  readonly prices: readonly PriceCard[];
  readonly assume: {
    readonly anthropic: ProviderAssumption;
    readonly openai: ProviderAssumption;
  };
  readonly allow: {
    readonly [feature: string]: {
      readonly inputTokensMax?: number;
      readonly outputTokensMax?: number;
      readonly usesMax?: number;
    };
  };
  readonly inputBound: 'hard' | 'tight';
  /** What is tried with a call that does not fit, where neither it nor the cap says. */
  readonly onShort: readonly Strategy[];
  readonly minOutputTokens: Tokens;
  readonly fitStructured: boolean;
  /** Whether `count` may ask the provider's own counter over the network. */
  readonly countEndpoint: boolean;
  readonly waitMsMax: DurationMs;
  readonly waitersMax: number;
  /** Cheaper models of the same provider, by the model that is asked for. */
  readonly fallback: Readonly<Record<string, readonly string[]>>;
  /** What is expected of answers where a call does not say; `undefined`: nothing. */
  readonly expect: Expect | undefined;
  /** What happens to a stream whose next step does not fit; there whenever steps are asked for. */
  readonly onStreamShort: OnStreamShort | undefined;
  readonly idleTimeoutMs: DurationMs;
  /** Age from which the price book warns. */
  readonly maxPriceAgeDays: number;
}

/** The one place where defaults are. */
export const CONFIG_DEFAULTS = {
  timeZone: 'UTC',
  unattributed: 'share',
  thresholds: Object.freeze([0.5, 0.8, 0.95]),
  mode: 'enforce',
  /** The worst that a request leaves open: a project's default tier may be priority. */
  serviceTier: 'any',
  /** The worst that a request leaves open: a workspace's default region may carry an uplift. */
  geo: 'any',
  inputBound: 'hard',
  onShort: 'refuse',
  minOutputTokens: 256,
  fitStructured: false,
  countEndpoint: false,
  waitMsMax: 30_000,
  waitersMax: 1_000,
  idleTimeoutMs: 600_000,
  maxPriceAgeDays: 90,
} as const;

/** The defaults that validation turns into other types. */
const READ_DEFAULTS = {
  onShort: readDefault('onShort'),
  minOutputTokens: readDefault('minOutputTokens'),
  waitMsMax: readDefault('waitMsMax'),
  idleTimeoutMs: readDefault('idleTimeoutMs'),
} as const;

/**
 * Reads a configuration: all of it is checked before anything is built.
 *
 * Throws `ConfigError` (`CONFIG_INVALID`) that names the first wrong field by its path, its value
 * and the nearest valid form. A configuration without any cap is refused unless it has `caps: []`.
 */
export function readConfig(input: unknown): GuardSettings {
  const { fields, shorthands } = readTop(input);
  checkStreamShort(fields, 'onStreamShort');
  const timeZone = fields.timeZone ?? CONFIG_DEFAULTS.timeZone;
  const sources = [...shorthands, ...capSources(fields.caps ?? [])];
  if (sources.length === 0 && fields.caps === undefined) {
    const reason = 'has no cap, so it guards nothing; to meter without a cap say `caps: []`';
    throw fault({
      field: 'config',
      value: input,
      reason,
      nearest: '{ global_cap_per_day_usd: 50 }',
    });
  }
  const caps = assembleCaps(sources, {
    timeZone,
    unattributed: fields.unattributed ?? CONFIG_DEFAULTS.unattributed,
    thresholds: fields.thresholds ?? CONFIG_DEFAULTS.thresholds,
    mode: CONFIG_DEFAULTS.mode,
    onShort: fields.onShort ?? READ_DEFAULTS.onShort,
    minOutputTokens: fields.minOutputTokens ?? READ_DEFAULTS.minOutputTokens,
  });
  return Object.freeze({
    caps,
    timeZone,
    prices: readPrices(fields.prices ?? []),
    assume: Object.freeze({
      anthropic: assumption(fields.assume?.anthropic),
      openai: assumption(fields.assume?.openai),
    }),
    allow: fields.allow ?? Object.freeze({}),
    inputBound: fields.inputBound ?? CONFIG_DEFAULTS.inputBound,
    onShort: fields.onShort ?? READ_DEFAULTS.onShort,
    minOutputTokens: fields.minOutputTokens ?? READ_DEFAULTS.minOutputTokens,
    fitStructured: fields.fitStructured ?? CONFIG_DEFAULTS.fitStructured,
    countEndpoint: fields.countEndpoint ?? CONFIG_DEFAULTS.countEndpoint,
    waitMsMax: fields.waitMsMax ?? READ_DEFAULTS.waitMsMax,
    waitersMax: fields.waitersMax ?? CONFIG_DEFAULTS.waitersMax,
    fallback: fields.fallback ?? Object.freeze({}),
    expect: fields.expect === false ? undefined : fields.expect,
    onStreamShort: fields.onStreamShort,
    idleTimeoutMs: fields.idleTimeoutMs ?? READ_DEFAULTS.idleTimeoutMs,
    maxPriceAgeDays: fields.maxPriceAgeDays ?? CONFIG_DEFAULTS.maxPriceAgeDays,
  });
}

function readDefault<N extends keyof typeof CONFIG_FIELDS & keyof typeof CONFIG_DEFAULTS>(name: N) {
  // The field of that name reads what the field of that name holds.
  return CONFIG_FIELDS[name].read(CONFIG_DEFAULTS[name], name) as ReturnType<
    (typeof CONFIG_FIELDS)[N]['read']
  >;
}

type ReadFields = {
  readonly [K in keyof typeof CONFIG_FIELDS]?: ReturnType<(typeof CONFIG_FIELDS)[K]['read']>;
};

function readTop(input: unknown): {
  readonly fields: ReadFields;
  readonly shorthands: readonly CapSource[];
} {
  const shorthands: CapSource[] = [];
  const read: [string, unknown][] = [];
  for (const [name, value] of present(input, 'config')) {
    const shorthand = readShorthand(name);
    if (shorthand !== undefined) {
      shorthands.push({ path: name, cap: { ...shorthand, usd: usdField.read(value, name) } });
    } else if (isField(name)) {
      read.push([name, CONFIG_FIELDS[name].read(value, name)]);
    } else {
      throw unknownName(name, value);
    }
  }
  // Each entry was read by the field of its name.
  return { fields: Object.fromEntries(read) satisfies ReadFields, shorthands };
}

function isField(name: string): name is keyof typeof CONFIG_FIELDS {
  return Object.hasOwn(CONFIG_FIELDS, name);
}

function unknownName(name: string, value: unknown): Error {
  const fields = Object.keys(CONFIG_FIELDS);
  const reason =
    'there is no such field; there are global_cap[_per_<window>]_usd, ' +
    `per_<dimension>_cap[_per_<window>]_usd with minute, hour, day, week or month, ` +
    `and ${fields.join(', ')}`;
  return fault({ field: name, value, reason, nearest: nearestField(name, fields) });
}

function capSources(caps: NonNullable<ReadFields['caps']>): readonly CapSource[] {
  return caps.map((cap, index) => ({ path: `caps[${index}]`, cap }));
}

function assumption(given: Partial<ProviderAssumption> | undefined): ProviderAssumption {
  return Object.freeze({
    serviceTier: given?.serviceTier ?? CONFIG_DEFAULTS.serviceTier,
    geo: given?.geo ?? CONFIG_DEFAULTS.geo,
  });
}

function readPrices(prices: readonly ReadPrice[]): readonly PriceCard[] {
  const seen = new Map<string, number>();
  const cards = prices.map((price, index) => {
    const key = JSON.stringify([price.provider, price.model]);
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      const reason = `prices[${earlier}] already gives the price of this provider and model`;
      throw fault({ field: `prices[${index}]`, value: price.model, reason });
    }
    seen.set(key, index);
    return cardOf(price);
  });
  return Object.freeze(cards);
}

function cardOf(price: ReadPrice): PriceCard {
  return Object.freeze({
    provider: price.provider,
    model: price.model,
    effectiveFrom: null,
    rates: price.usdPerMillion,
    longContext: undefined,
    priority: undefined,
    flex: undefined,
    batch: undefined,
    fast: undefined,
    geos: Object.freeze({}),
    fees: price.usdPerUse ?? Object.freeze({}),
    neverBilled: Object.freeze(TOKEN_CLASSES.filter((name) => !(name in price.usdPerMillion))),
    inputTokensMax: price.inputTokensMax,
    outputTokensMax: price.outputTokensMax,
    source: price.source ?? 'configuration',
    isOwn: true,
  });
}
