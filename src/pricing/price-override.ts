import { ConfigError } from '../errors/error.ts';
import { TOKEN_CLASSES, type FeeKind, type TokenClass } from '../meter/usage.ts';
import { picoUsdFromUsd, picoUsdFromUsdPerMillion, type PicoUsd } from '../units/money.ts';
import { tokens, type Tokens } from '../units/count.ts';
import type { PriceCard } from './price-card.ts';

/**
 * A price of the user's own, which goes before the bundled one of the same provider and model.
 *
 * A flat price: no long-context tier, no other service tier, no uplift. Give every class that the
 * provider may bill: an open class without a rate refuses the request. 0 means free.
 */
export interface PriceOverride {
  readonly provider: string;
  /** The exact model id that requests name. */
  readonly model: string;
  /** Dollars per million tokens, not finer than a pico-dollar per token. */
  readonly usdPerMillion: Readonly<Partial<Record<TokenClass, number | string>>>;
  /** Dollars per piece. */
  readonly usdPerUse?: Readonly<Partial<Record<FeeKind, number | string>>> | undefined;
  readonly inputTokensMax?: number | undefined;
  readonly outputTokensMax?: number | undefined;
  /** Where the price comes from; for people. */
  readonly source?: string | undefined;
}

/** Lower than any price ever listed by far: a price per token given as one per million. */
const USD_PER_MILLION_MIN = 1e-4;

const FEE_KINDS: readonly FeeKind[] = ['webSearch', 'fileSearch', 'codeSession', 'image'];

/** The price card of an override. Throws `CONFIG_INVALID`, naming the field in `prices[index]`. */
export function cardFromOverride(override: PriceOverride, index: number): PriceCard {
  const at = `prices[${index}]`;
  for (const field of ['provider', 'model'] as const) {
    const value: unknown = override[field];
    if (typeof value !== 'string' || value === '') {
      throw new ConfigError({ field: `${at}.${field}`, value, reason: 'must be a name' });
    }
  }
  const rates = readRecord(override.usdPerMillion, `${at}.usdPerMillion`, TOKEN_CLASSES, readRate);
  if (Object.keys(rates).length === 0) {
    throw new ConfigError({
      field: `${at}.usdPerMillion`,
      value: override.usdPerMillion,
      reason: 'must price at least one class of tokens',
      nearest: '{ "input": 3, "output": 15 }',
    });
  }
  return {
    provider: override.provider,
    model: override.model,
    effectiveFrom: null,
    rates,
    longContext: undefined,
    priority: undefined,
    flex: undefined,
    batch: undefined,
    fast: undefined,
    geos: {},
    fees: readRecord(override.usdPerUse ?? {}, `${at}.usdPerUse`, FEE_KINDS, readFee),
    inputTokensMax: readTokens(override.inputTokensMax, `${at}.inputTokensMax`),
    outputTokensMax: readTokens(override.outputTokensMax, `${at}.outputTokensMax`),
    source: override.source ?? 'configuration',
  };
}

function readRecord<K extends string>(
  value: Readonly<Partial<Record<K, number | string>>>,
  field: string,
  names: readonly K[],
  read: (value: unknown, field: string) => PicoUsd,
): Partial<Record<K, PicoUsd>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError({ field, value, reason: 'must be an object of prices' });
  }
  const known: readonly string[] = names;
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) {
      const nearest =
        known.find((one) => one.toLowerCase() === name.toLowerCase()) ?? names.join(', ');
      const reason = 'is not a class that has a price';
      throw new ConfigError({
        field: `${field}.${name}`,
        value: Reflect.get(value, name),
        reason,
        nearest,
      });
    }
  }
  const prices: Partial<Record<K, PicoUsd>> = {};
  for (const name of names) {
    if (value[name] !== undefined) prices[name] = read(value[name], `${field}.${name}`);
  }
  return prices;
}

function readRate(value: unknown, field: string): PicoUsd {
  const rate = isPrice(value) ? picoUsdFromUsdPerMillion(value) : undefined;
  const usd = Number(value);
  if (isPrice(value) && usd > 0 && usd < USD_PER_MILLION_MIN) {
    throw new ConfigError({
      field,
      value,
      reason: `is under $${USD_PER_MILLION_MIN} per million: it looks like a price per token`,
      nearest: String(Number((usd * 1e6).toPrecision(12))),
    });
  }
  if (rate !== undefined) return rate;
  throw new ConfigError({
    field,
    value,
    reason: 'must be dollars per million tokens: a decimal from 0, at most six decimals',
  });
}

function readFee(value: unknown, field: string): PicoUsd {
  const fee = isPrice(value) ? picoUsdFromUsd(value) : undefined;
  if (fee !== undefined) return fee;
  const reason = 'must be dollars per piece: a decimal from 0, at most twelve decimals';
  throw new ConfigError({ field, value, reason });
}

function readTokens(value: unknown, field: string): Tokens | undefined {
  if (value === undefined) return undefined;
  const count = tokens(value);
  if (count !== undefined && count > 0) return count;
  throw new ConfigError({ field, value, reason: 'must be a whole number of tokens above 0' });
}

function isPrice(value: unknown): value is number | string {
  return typeof value === 'number' || typeof value === 'string';
}
