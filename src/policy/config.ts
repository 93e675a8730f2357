import type { FeeKind, TokenClass } from '../meter/usage.ts';
import type { ExpectConfig, OnStreamShort } from './expect.ts';
import type { OnShort } from './on-short.ts';
import type { CalendarUnit } from './window.ts';

/** A cap on everything together: `global_cap_per_day_usd`, or `global_cap_usd` for a lifetime. */
export type GlobalShorthand = `global_cap_per_${CalendarUnit}_usd` | 'global_cap_usd';

/** A cap for each value of a dimension: `per_customer_cap_per_day_usd`, `per_agent_cap_usd`. */
export type DimensionShorthand =
  | `per_${string}_cap_per_${CalendarUnit}_usd`
  | `per_${string}_cap_usd`;

/**
 * A window as text: a calendar unit, `lifetime`, or `rolling 90m` (whole numbers of s, m, h, d).
 */
export type WindowText = CalendarUnit | 'lifetime' | `rolling ${number}${'s' | 'm' | 'h' | 'd'}`;

/**
 * One cap in full: scope x window x amount. At least one of `usd`, `tokens`, `calls`, `identical`,
 * `depth`, `fanOut`.
 *
 * `identical`, `depth` and `fanOut` are counted in each process by itself, whatever ledger is
 * shared: what another process did is not seen, and a restart begins anew.
 */
export interface CapConfig {
  /**
   * Names the cap's balances. Default: derived from scope, match, window, time zone and mode, so
   * that changing an amount, or moving the cap in the list, keeps what was spent.
   */
  readonly id?: string | undefined;
  /** `'global'`, or a dimension: `customer`, `feature`, `model`, `provider`, or one of your own. */
  readonly scope: string;
  /**
   * Which values of the dimension the cap is for; `*` stands for any characters. All values that
   * match share one account. Without `match` each value has an account of its own.
   */
  readonly match?: string | undefined;
  readonly window: WindowText;
  /** Dollars, 0 to 9,007,199.254740991, no finer than a nano-dollar. 0: nothing may be spent. */
  readonly usd?: number | undefined;
  readonly tokens?: number | undefined;
  /** Attempts: every physical request counts, retries too. */
  readonly calls?: number | undefined;
  /**
   * Attempts with the same request, from 1: the next one is refused as a retry storm. Retries
   * count, so it must be above the `maxRetries` of the client. A tool step that comes more often
   * than this in a row, with the same arguments and the same result, is refused as a tool loop.
   */
  readonly identical?: number | undefined;
  /** How many values of the dimension may be nested in one call, 1 to 64. Not for `'global'`. */
  readonly depth?: number | undefined;
  /**
   * How many distinct values of the dimension may come directly under one chain of values in the
   * window, 1 to 10,000. The outermost value has no parent and is not counted. Not for `'global'`.
   */
  readonly fanOut?: number | undefined;
  /** `observe` records and reports, and never refuses. Default `enforce`. */
  readonly mode?: 'enforce' | 'observe' | undefined;
  /**
   * What happens to a call without a value for the dimension. Default: that of the configuration.
   */
  readonly unattributed?: 'share' | 'refuse' | undefined;
  /** Fractions of the cap in (0, 1]. Default: those of the configuration. */
  readonly thresholds?: readonly number[] | undefined;
  /** IANA name. Default: that of the configuration. */
  readonly timeZone?: string | undefined;
  /**
   * What is tried with a call that this cap has too little room for. Where several caps are short,
   * what all of them list is tried. Default: that of the configuration.
   */
  readonly onShort?: OnShort | undefined;
  /** The least output ceiling that `fit` leaves a call. Default: that of the configuration. */
  readonly minOutputTokens?: number | undefined;
  /** A fraction in (0, 1): the part of the cap that only calls marked `wrapUp` may spend. */
  readonly wrapUp?: number | undefined;
}

/** Your own price of a model. It replaces the bundled card, all of it. */
export interface PriceOverride {
  readonly provider: string;
  /** The exact model id that the request names. */
  readonly model: string;
  /**
   * Dollars per million tokens. `input` and `output` are required. Leaving a class out says that it
   * is never billed; should the provider bill it all the same, the attempt is booked at its bound.
   */
  readonly usdPerMillion: { readonly input: Figure; readonly output: Figure } & {
    readonly [K in TokenClass]?: Figure | undefined;
  };
  /** Dollars per piece. */
  readonly usdPerUse?: { readonly [K in FeeKind]?: Figure | undefined } | undefined;
  readonly inputTokensMax?: number | undefined;
  readonly outputTokensMax?: number | undefined;
  /** Where the figures come from. */
  readonly source?: string | undefined;
}

/** A price as a number, or as a decimal string where every digit counts. */
export type Figure = number | string;

/** What you know about your account with a provider, so that bounds need not assume the worst. */
export interface AssumeConfig {
  readonly serviceTier?: 'standard' | 'priority' | 'any' | undefined;
  readonly geo?: string | undefined;
}

/** How much a feature may cost per attempt that the request itself does not bound. */
export interface AllowConfig {
  readonly inputTokensMax?: number | undefined;
  readonly outputTokensMax?: number | undefined;
  readonly usesMax?: number | undefined;
}

/** The fields of a configuration other than shorthands. */
export interface ConfigFields {
  readonly $schema?: string | undefined;
  readonly caps?: readonly CapConfig[] | undefined;
  /** IANA name of the time zone in which days, weeks and months begin. Default `UTC`. */
  readonly timeZone?: string | undefined;
  readonly unattributed?: 'share' | 'refuse' | undefined;
  readonly thresholds?: readonly number[] | undefined;
  readonly prices?: readonly PriceOverride[] | undefined;
  readonly assume?:
    | { readonly anthropic?: AssumeConfig | undefined; readonly openai?: AssumeConfig | undefined }
    | undefined;
  /** Features that are refused unless bounded here. */
  readonly allow?: { readonly [feature: string]: AllowConfig | undefined } | undefined;
  readonly inputBound?: 'hard' | 'tight' | undefined;
  /** What is tried, in this order, with a call that does not fit. Default `'refuse'`. */
  readonly onShort?: OnShort | undefined;
  /** The least output ceiling that `fit` leaves a call. Default 256. */
  readonly minOutputTokens?: number | undefined;
  /**
   * Whether `fit` may lower the ceiling where cut output is of no use: strict or forced tool calls,
   * structured output. Default `false`.
   */
  readonly fitStructured?: boolean | undefined;
  /** Whether `count` may ask the provider's free counting endpoint. Default `false`. */
  readonly countEndpoint?: boolean | undefined;
  /** Milliseconds that `wait` takes at most. Default 30,000. */
  readonly waitMsMax?: number | undefined;
  /** How many calls may wait at a time; the next is refused. Default 1,000. */
  readonly waitersMax?: number | undefined;
  /** For `fallback`: cheaper models of the same provider, by the model that is asked for. */
  readonly fallback?: { readonly [model: string]: readonly string[] | undefined } | undefined;
  /**
   * Holds for the length that answers are expected to have, learned from those before, and lowers
   * the output ceiling on the wire to it. `true`: with the defaults. Default: the whole ceiling.
   */
  readonly expect?: boolean | ExpectConfig | undefined;
  /**
   * With `expect: { stream: 'steps' }`, which requires it: whether a stream whose next step does
   * not fit is stopped with a `BudgetCapError`, or goes on and may overdraw.
   */
  readonly onStreamShort?: OnStreamShort | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly maxPriceAgeDays?: number | undefined;
}

/**
 * What `new BudgetGuard(...)` takes and `budget-guard.config.json` holds. Amounts are dollars.
 *
 * A field whose value is `undefined` counts as absent. A configuration without any cap is refused,
 * unless it says `caps: []`.
 *
 * @example
 * const config: BudgetGuardConfig = {
 *   global_cap_per_day_usd: 50,
 *   per_customer_cap_per_day_usd: 2,
 *   caps: [{ scope: 'model', match: 'claude-opus-*', window: 'rolling 1h', usd: 5 }],
 * };
 */
export type BudgetGuardConfig = ConfigFields & {
  readonly [K in GlobalShorthand]?: number | undefined;
} & { readonly [shorthand: DimensionShorthand]: number | undefined };
