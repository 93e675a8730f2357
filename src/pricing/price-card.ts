import type { PicoUsd } from '../units/money.ts';
import type { Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';
import type { FeeKind, TokenClass } from '../meter/usage.ts';

/** Pico-dollars per token of each class that has a price. A class without a rate cannot be priced. */
export type Rates = Readonly<Partial<Record<TokenClass, PicoUsd>>>;

/** An exact factor, for multipliers that are not whole numbers: 1.1 is `{ over: 11, under: 10 }`. */
export interface Ratio {
  readonly over: number;
  readonly under: number;
}

/** One model's dated rates. Exact match only: a prefix never prices. */
export interface PriceCard {
  readonly provider: string;
  /** The exact model id that the request names. */
  readonly model: string;
  /** From when these rates hold; `null`: since ever. */
  readonly effectiveFrom: EpochMs | null;
  readonly rates: Rates;
  /** Above this many input tokens (all classes) the whole request is billed at these rates: a cliff. */
  readonly longContext: { readonly aboveInputTokens: Tokens; readonly rates: Rates } | undefined;
  /** Rates of other service tiers; a tier without an entry is not served for this model. */
  readonly priority: Rates | undefined;
  readonly flex: Rates | undefined;
  readonly batch: Rates | undefined;
  readonly fast: Ratio | undefined;
  /** Uplift by region. */
  readonly geos: Readonly<Record<string, Ratio>>;
  /** Pico-dollars per piece. */
  readonly fees: Readonly<Partial<Record<FeeKind, PicoUsd>>>;
  readonly inputTokensMax: Tokens | undefined;
  readonly outputTokensMax: Tokens | undefined;
  /** Where the figures come from. */
  readonly source: string;
}

/** Why a usage or a bound has no price. */
export interface Unpriced {
  readonly kind: 'unpriced';
  readonly model: string;
  readonly reason: string;
}
