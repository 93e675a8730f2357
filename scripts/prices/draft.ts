import { TOKEN_CLASSES, type FeeKind, type TokenClass } from '../../src/meter/usage.ts';
import type { Ratio } from '../../src/pricing/price-card.ts';

/** Whole pico-dollars per token by class, still being put together. */
export type DraftRates = Partial<Record<TokenClass, number>>;

/** The service tiers that have rates of their own. */
export const TIERS = ['priority', 'flex', 'batch'] as const;
export type Tier = (typeof TIERS)[number];

/** A price card while the sources are joined; money in whole pico-dollars. */
export interface Draft {
  readonly provider: string;
  readonly model: string;
  /** `YYYY-MM-DD`, or `null`: since ever. */
  from: string | null;
  rates: DraftRates;
  long: ({ above: number; rates: DraftRates } & Partial<Record<Tier, DraftRates>>) | undefined;
  priority: DraftRates | undefined;
  flex: DraftRates | undefined;
  batch: DraftRates | undefined;
  fast: Ratio | undefined;
  geos: Record<string, Ratio>;
  fees: Partial<Record<FeeKind, number>>;
  neverBilled: TokenClass[];
  inputTokensMax: number;
  outputTokensMax: number;
  sources: string[];
}

/** Prints one line about something that was dropped, corrected or derived. */
export type Note = (line: string) => void;

/** A draft with nothing but its name. */
export function emptyDraft(provider: string, model: string, from: string | null): Draft {
  return {
    provider,
    model,
    from,
    rates: {},
    long: undefined,
    priority: undefined,
    flex: undefined,
    batch: undefined,
    fast: undefined,
    geos: {},
    fees: {},
    neverBilled: [],
    inputTokensMax: 0,
    outputTokensMax: 0,
    sources: [],
  };
}

/** `provider/model` and, when dated, the date. */
export function nameOf(draft: Draft): string {
  return `${draft.provider}/${draft.model}${draft.from === null ? '' : ` from ${draft.from}`}`;
}

/** Every rate times `ratio`, rounded up to whole pico-dollars. */
export function timesRates(rates: DraftRates, ratio: Ratio): DraftRates {
  const scaled: DraftRates = {};
  for (const name of TOKEN_CLASSES) {
    const rate = rates[name];
    if (rate !== undefined) scaled[name] = ceilRatio(rate, ratio);
  }
  return scaled;
}

/** `value * ratio`, rounded up; exact in between. */
export function ceilRatio(value: number, { over, under }: Ratio): number {
  const scaled = BigInt(value) * BigInt(over);
  return Number((scaled + BigInt(under) - 1n) / BigInt(under));
}

/** `"2"`, `"11/10"` as a ratio. */
export function readRatio(text: string): Ratio {
  const [over = Number.NaN, under = 1] = text.split('/').map(Number);
  if (!Number.isSafeInteger(over) || !Number.isSafeInteger(under) || over < 1 || under < 1) {
    throw new Error(`"${text}" is not a ratio of whole numbers`);
  }
  return { over, under };
}
