import { CALLS_ONE } from '../units/count.ts';
import { nanoUsd, type NanoUsd } from '../units/money.ts';
import { servedAsFitting } from './finding.ts';
import { exceeds, factorText, thresholdOf, type Threshold } from './ratio.ts';
import { baseModel, dayOf } from './row.ts';

/** One answered call with its price by the card and by the provider. */
export interface PricedAnswer {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly at: number;
  /** By the price card. */
  readonly nanoUsd: NanoUsd;
  /** By the provider's own figure. */
  readonly reportedNanoUsd: NanoUsd;
  /** By the price card, had it been served otherwise. */
  readonly servedAs: Readonly<Record<string, NanoUsd>>;
}

/** A change of what a provider bills for a model, as it was noticed. */
export interface PriceChange {
  /**
   * `multiplier`: at so many times the card. `tier-reclassified`: as if served otherwise. `mixed`:
   * some calls, others at the card's price, as when a word in the prompt decides. `restored`: by
   * the card again.
   */
  readonly kind: 'multiplier' | 'tier-reclassified' | 'mixed' | 'restored';
  readonly provider: string;
  readonly model: string;
  /** How many times the card's price the call that showed it was billed at: `'7.5'`. */
  readonly factor: string;
  readonly servedAs: string | null;
  /** The call that showed it. */
  readonly id: string;
  readonly at: number;
  /** Calls from the first that was billed otherwise to the one that showed this, both included. */
  readonly afterCalls: number;
  /** How many of these were billed otherwise. */
  readonly changedCalls: number;
}

/** A price change in a sentence, for events. */
export function describeChange({ provider, model, ...change }: PriceChange): string {
  const what = `${provider} ${model}`;
  const count = `${change.changedCalls} of ${change.afterCalls} calls since the first`;
  switch (change.kind) {
    case 'multiplier':
      return `${what}: billed at ${change.factor} times the price card (${count}).`;
    case 'tier-reclassified':
      return `${what}: billed as ${change.servedAs}, ${change.factor} times the card (${count}).`;
    case 'mixed':
      return `${what}: some calls are billed at ${change.factor} times the card (${count}).`;
    case 'restored':
      return `${what}: billed by the price card again (${count} were not).`;
  }
}

/** How closely a watch looks. */
export interface PriceWatchOptions {
  /** Percent by which a call's cost may differ and still be the card's. Default: 1. */
  readonly thresholdPercent?: number | string;
}

/** Calls in a row at the card's price after which a change counts as taken back. */
export const RESTORED_CALLS = 20;

/** Ways of being billed that are told apart for one model; more are one change without end. */
export const WAYS_MAX = 16;

/** Models that are watched at once; the one watched longest is forgotten first. */
export const WATCHED_MODELS_MAX = 10_000;

/** Rounding of stated costs: OpenRouter writes 8 decimals of a dollar. In nano-dollars. */
const STATED_SLACK = 10n;

const DEFAULT_THRESHOLD_PERCENT = 1;

/**
 * Notices from answers that state their own cost that a provider bills otherwise than its price
 * card says. One such answer is enough: its figure is what was billed. What kind of change it is,
 * later calls may show more of, and then it is told again.
 */
export class PriceWatch {
  readonly #threshold: Threshold;
  readonly #models = new Map<string, Watched>();

  /** Throws `CONFIG_INVALID` for a threshold that is no percentage. */
  constructor({ thresholdPercent = DEFAULT_THRESHOLD_PERCENT }: PriceWatchOptions = {}) {
    this.#threshold = thresholdOf(thresholdPercent);
  }

  /** Takes in one answer; a change, the first time that it shows. */
  observe(answer: PricedAnswer): PriceChange | undefined {
    const watched = this.#watched(answer);
    const way = wayOf(answer, this.#threshold);
    if (way === 'by-card') return observeByCard(watched, answer);
    watched.calls += 1;
    watched.changed += 1;
    const isAgain = watched.ways.some((known) => isSameWay(known, way, this.#threshold));
    const isMixedNow = watched.byCard > 0 && !watched.isMixed;
    watched.byCardInRow = 0;
    if (isMixedNow) watched.isMixed = true;
    if (!isAgain && watched.ways.length < WAYS_MAX) {
      watched.ways.push(way);
      if (!isMixedNow) return change(watched, answer, way);
    }
    return isMixedNow ? { ...change(watched, answer, way), kind: 'mixed' } : undefined;
  }

  #watched(answer: PricedAnswer): Watched {
    const key = JSON.stringify([answer.provider, baseModel(answer.model)]);
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const watched = newlyWatched();
    this.#models.set(key, watched);
    const isFull = this.#models.size > WATCHED_MODELS_MAX;
    const oldest = isFull ? this.#models.keys().next().value : undefined;
    if (oldest !== undefined) this.#models.delete(oldest);
    return watched;
  }
}

/** One model since the first call that was billed otherwise. */
interface Watched {
  calls: number;
  changed: number;
  /** Calls at the card's price, since then and in a row. */
  byCard: number;
  byCardInRow: number;
  isMixed: boolean;
  ways: Way[];
}

/** How a call was billed, other than by the card. */
interface Way {
  readonly servedAs: string | null;
  readonly factor: string;
  readonly billed: bigint;
  readonly byCard: bigint;
}

function newlyWatched(): Watched {
  return { calls: 0, changed: 0, byCard: 0, byCardInRow: 0, isMixed: false, ways: [] };
}

function observeByCard(watched: Watched, answer: PricedAnswer): PriceChange | undefined {
  const [way] = watched.ways;
  if (way === undefined) return undefined;
  watched.calls += 1;
  watched.byCard += 1;
  watched.byCardInRow += 1;
  if (watched.byCardInRow < RESTORED_CALLS || watched.isMixed) return undefined;
  const restored = { ...change(watched, answer, way), kind: 'restored' as const, factor: '1' };
  Object.assign(watched, newlyWatched());
  return { ...restored, servedAs: null };
}

function change(watched: Watched, answer: PricedAnswer, way: Way): PriceChange {
  const { id, at, provider, model } = answer;
  return {
    kind: way.servedAs === null ? 'multiplier' : 'tier-reclassified',
    provider,
    model,
    factor: way.factor,
    servedAs: way.servedAs,
    id,
    at,
    afterCalls: watched.calls,
    changedCalls: watched.changed,
  };
}

function wayOf(answer: PricedAnswer, threshold: Threshold): Way | 'by-card' {
  const [byCard, billed] = [BigInt(answer.nanoUsd), BigInt(answer.reportedNanoUsd)];
  if (!exceeds(billed - byCard, { of: byCard, threshold, slack: STATED_SLACK })) return 'by-card';
  if (byCard === 0n) return { servedAs: null, factor: 'infinite', billed, byCard };
  const factor = factorText(billed, byCard, billed / byCard + 1n + STATED_SLACK);
  const row = { day: dayOf(answer.at), provider: answer.provider, model: answer.model };
  const [servedAs = null] = servedAsFitting({
    ours: { ...row, nanoUsd: answer.nanoUsd, calls: CALLS_ONE, servedAs: answer.servedAs },
    theirs: { ...row, nanoUsd: answer.reportedNanoUsd, roundedBy: nanoUsd(Number(STATED_SLACK)) },
    threshold,
  });
  return { servedAs, factor, billed, byCard };
}

function isSameWay(left: Way, right: Way, threshold: Threshold): boolean {
  if (left.servedAs !== null || right.servedAs !== null) return left.servedAs === right.servedAs;
  const [over, under] = [left.billed * right.byCard, right.billed * left.byCard];
  const slack = STATED_SLACK * (left.byCard + right.byCard);
  return !exceeds(over - under, { of: under, threshold, slack });
}
