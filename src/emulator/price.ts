/** An exact decimal: `'3.75'`. A number is read by its shortest decimal form. */
export type Decimal = string | number;

/** Which of the emulated providers. */
export type ProviderName = 'anthropic' | 'openai';

/** At which tier an answer was served. `standard` is `default` on OpenAI's wire. */
export type ServedTier = 'standard' | 'priority' | 'flex' | 'batch';

/**
 * USD per million tokens of each class.
 *
 * A class without a price is charged as its plain kind: cache classes and image input as
 * `input`, image output as `output`.
 */
export interface TokenPrices {
  readonly input: Decimal;
  readonly output: Decimal;
  readonly cacheRead?: Decimal;
  readonly cacheWrite?: Decimal;
  readonly cacheWrite1h?: Decimal;
  readonly imageInput?: Decimal;
  readonly imageOutput?: Decimal;
}

/** What a service tier costs: prices of its own, or a factor on all token prices. */
export type TierPrice = { readonly rates: TokenPrices } | { readonly factor: Decimal };

/** What one model costs and how much it takes. */
export interface ModelPrice {
  readonly provider: ProviderName;
  readonly rates: TokenPrices;
  /**
   * Prices of the whole request once its prompt, all classes together, is above so many tokens.
   * A tier with prices of its own is not served up there; the request falls to `standard`.
   */
  readonly longContext?: { readonly aboveInputTokens: number; readonly rates: TokenPrices };
  readonly tiers?: Readonly<Partial<Record<Exclude<ServedTier, 'standard'>, TierPrice>>>;
  /** Anthropic `speed: "fast"`; without it the model refuses that speed. */
  readonly fastFactor?: Decimal;
  /** By region: Anthropic `inference_geo`. */
  readonly geoFactors?: Readonly<Record<string, Decimal>>;
  /** USD per thousand searches; no factor applies to it. */
  readonly webSearchPerThousand?: Decimal;
  /** A longer counted prompt is refused with 400. */
  readonly inputTokensMax?: number;
  /** The ceiling when the request names none; a request above it is refused with 400. */
  readonly outputTokensMax?: number;
  /** Numbers per embedding when the request does not say. */
  readonly embeddingSize?: number;
}

/** A rational factor. */
export interface Factor {
  readonly over: bigint;
  readonly under: bigint;
}

/** Token prices in whole pico-dollars per token, every class filled in. */
export type PicoRates = Readonly<Record<keyof TokenPrices, bigint>>;

/**
 * The token prices in pico-dollars (10^-12 USD) per token.
 *
 * Throws a `RangeError` for text that is no plain decimal, and for a price finer than one
 * pico-dollar per token.
 */
export function picoRates(prices: TokenPrices): PicoRates {
  const input = picoPerToken(prices.input);
  const output = picoPerToken(prices.output);
  const or = (price: Decimal | undefined, plain: bigint): bigint =>
    price === undefined ? plain : picoPerToken(price);
  return {
    input,
    output,
    cacheRead: or(prices.cacheRead, input),
    cacheWrite: or(prices.cacheWrite, input),
    cacheWrite1h: or(prices.cacheWrite1h, input),
    imageInput: or(prices.imageInput, input),
    imageOutput: or(prices.imageOutput, output),
  };
}

/** The decimal as an exact ratio. Throws a `RangeError` for text that is no plain decimal. */
export function factorOf(value: Decimal): Factor {
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/i.exec(String(value));
  if (match === null) throw new RangeError(`${value} is not a plain decimal`);
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return shift >= 0
    ? { over: digits * 10n ** BigInt(shift), under: 1n }
    : { over: digits, under: 10n ** BigInt(-shift) };
}

/** USD per thousand pieces in pico-dollars per piece. Throws a `RangeError` as `picoRates` does. */
export function picoPerPiece(usdPerThousand: Decimal): bigint {
  return scaled(usdPerThousand, 10n ** 9n);
}

function picoPerToken(usdPerMillion: Decimal): bigint {
  return scaled(usdPerMillion, 10n ** 6n);
}

function scaled(value: Decimal, by: bigint): bigint {
  const { over, under } = factorOf(value);
  if ((over * by) % under !== 0n) throw new RangeError(`${value} is finer than one pico-dollar`);
  return (over * by) / under;
}
