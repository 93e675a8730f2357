import type { FeeKind, TokenClass } from '../meter/usage.ts';

/**
 * The compact form of the bundled prices: what `scripts/prices/update.ts` writes and
 * `data-reader.ts` expands. Money is whole pico-dollars, ratios are `[over, under]`, dates are
 * milliseconds.
 */
export interface PriceTable {
  readonly version: 1;
  /** The date of the first price source, `YYYY-MM-DD`. */
  readonly generatedAt: string;
  /** Every source with its version or date, as `source` of a card names it. */
  readonly sources: readonly string[];
  /** Provider to model id to the index of its dated rows. */
  readonly models: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Dated rows of one price, newest first. Models that cost the same share one entry. */
  readonly rows: readonly (readonly PriceRow[])[];
}

/** One dated row. Left out: not known, not served, or none. */
export interface PriceRow {
  /** Effective from; left out: since ever. */
  readonly d?: number;
  readonly r: RateRow;
  /** Long context. */
  readonly l?: {
    readonly a: number;
    readonly r: RateRow;
    readonly p?: RateRow;
    readonly f?: RateRow;
    readonly b?: RateRow;
  };
  /** Priority, flex, batch. */
  readonly p?: RateRow;
  readonly f?: RateRow;
  readonly b?: RateRow;
  /** Fast mode. */
  readonly x?: readonly [number, number];
  readonly g?: Readonly<Record<string, readonly [number, number]>>;
  /** Fees. */
  readonly e?: Readonly<Record<string, number>>;
  /** Keys of the classes that are never billed. */
  readonly n?: readonly string[];
  /** Most input and most output tokens; 0: not known. */
  readonly m: readonly [number, number];
  /** Indexes into `sources`. */
  readonly s: readonly number[];
}

/** Class key to pico-dollars per token. */
export type RateRow = Readonly<Record<string, number>>;

/** The short key of each token class. */
export const CLASS_KEYS: Readonly<Record<TokenClass, string>> = {
  input: 'i',
  cacheRead: 'r',
  cacheWrite5m: 'w',
  cacheWrite1h: 'h',
  audioInput: 'a',
  audioCacheRead: 'ar',
  imageInput: 'm',
  imageCacheRead: 'mr',
  output: 'o',
  audioOutput: 'ao',
  imageOutput: 'mo',
};

/** The short key of each fee. */
export const FEE_KEYS: Readonly<Record<FeeKind, string>> = {
  webSearch: 'w',
  fileSearch: 'f',
  codeSession: 'c',
  image: 'i',
};
