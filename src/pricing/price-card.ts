import type { PicoUsd } from '../units/money.ts';
import type { Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';
import type { FeeKind, TokenClass } from '../meter/usage.ts';

/** Pico-dollars per token of each class that has a price; one without a rate cannot be priced. */
export type Rates = Readonly<Partial<Record<TokenClass, PicoUsd>>>;

/** An exact factor, for multipliers that are not whole: 1.1 is `{ over: 11, under: 10 }`. */
export interface Ratio {
  readonly over: number;
  readonly under: number;
}

/** What replaces a card's rates for the whole request once its input passes the threshold. */
export interface LongContext {
  /** Strictly more input tokens than this, of all classes together, and the request is long. */
  readonly aboveInputTokens: Tokens;
  readonly rates: Rates;
  /** Rates of long requests at other tiers; a tier without an entry does not serve them. */
  readonly priority?: Rates | undefined;
  readonly flex?: Rates | undefined;
  readonly batch?: Rates | undefined;
}

/** One model's dated rates. Exact match only: a prefix never prices. */
export interface PriceCard {
  readonly provider: string;
  /** The exact model id that the request names. */
  readonly model: string;
  /** From when these rates hold; `null`: since ever. */
  readonly effectiveFrom: EpochMs | null;
  readonly rates: Rates;
  /** The rates of a request with more input tokens than a threshold: a cliff. */
  readonly longContext: LongContext | undefined;
  /** Rates of other service tiers; a tier without an entry is not served for this model. */
  readonly priority: Rates | undefined;
  readonly flex: Rates | undefined;
  readonly batch: Rates | undefined;
  /** Fast mode; without it a fast answer has no price. */
  readonly fast: Ratio | undefined;
  /** Uplift by region; a region without an entry carries none. */
  readonly geos: Readonly<Record<string, Ratio>>;
  /** Pico-dollars per piece. */
  readonly fees: Readonly<Partial<Record<FeeKind, PicoUsd>>>;
  /** Classes that the provider never bills for this model: a bound may leave them out. */
  readonly neverBilled?: readonly TokenClass[] | undefined;
  readonly inputTokensMax: Tokens | undefined;
  readonly outputTokensMax: Tokens | undefined;
  /** Where the figures come from. */
  readonly source: string;
  /** The user's own price: it holds for dated snapshots of the model too. */
  readonly isOwn?: boolean;
}

/** Why a usage or a bound has no price. */
export interface Unpriced {
  readonly kind: 'unpriced';
  readonly model: string;
  readonly reason: string;
}
