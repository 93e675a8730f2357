import type { EpochMs } from '../units/time.ts';
import { allCards, dateMs, lookupIn, type CardLookup } from './data-reader.ts';
import { PRICE_DATA } from './data/cards.ts';
import type { PriceCard } from './price-card.ts';

/** All prices that are known, by exact model id and date. */
export interface PriceBook {
  /**
   * The card in force at `at` for exactly this provider and model; `undefined` means unknown, and
   * an unknown price refuses. No prefix ever prices: the one form accepted besides a listed id is a
   * listed id with the date of a snapshot behind it (`-20251001`, `-2025-10-01`).
   */
  find(provider: string, model: string, at: EpochMs): PriceCard | undefined;
  /** The date of the price data; overrides do not change it. */
  readonly generatedAt: EpochMs;
  /** Whole days from `generatedAt` to `at`, never negative. */
  ageDays(at: EpochMs): number;
}

/** What a price book is made of; every part has a default. */
export interface PriceBookOptions {
  /** Used in place of the bundled cards. */
  readonly cards?: readonly PriceCard[] | undefined;
  /** The user's own cards; they go before everything else. */
  readonly overrides?: readonly PriceCard[] | undefined;
  /** When `cards` were made; default: the date of the bundled data. */
  readonly at?: EpochMs | undefined;
}

/** The bundled cards, or `cards`, with `overrides` before them. */
export function createPriceBook(options: PriceBookOptions = {}): PriceBook {
  const overridden = lookupAmong(options.overrides ?? []);
  const listed = options.cards === undefined ? lookupIn(PRICE_DATA) : lookupAmong(options.cards);
  const generatedAt = options.at ?? dateMs(PRICE_DATA.generatedAt);
  const parsed = new Map<string, Snapshot | null>();
  const snapshotOf = (model: string): Snapshot | null => {
    const known = parsed.get(model);
    if (known !== undefined) return known;
    const snapshot = parseSnapshot(model);
    if (parsed.size >= PARSED_MAX) parsed.clear();
    parsed.set(model, snapshot);
    return snapshot;
  };
  const exact = (provider: string, model: string, at: EpochMs): PriceCard | undefined =>
    inForce(overridden(provider, model), at) ?? inForce(listed(provider, model), at);
  return {
    generatedAt,
    ageDays: (at) => Math.max(0, Math.floor((at - generatedAt) / DAY_MS)),
    find: (provider, model, at) => {
      const card = exact(provider, model, at);
      if (card !== undefined || listed(provider, model) !== undefined) return card;
      const snapshot = snapshotOf(model);
      if (snapshot === null || snapshot.madeAt > at + DAY_MS) return undefined;
      const base = exact(provider, snapshot.model, at);
      if (base === undefined) return undefined;
      // A snapshot older than the first price of its model is something else with a similar name.
      const first = listed(provider, snapshot.model)?.at(-1)?.effectiveFrom ?? null;
      return first !== null && snapshot.madeAt < first ? undefined : base;
    },
  };
}

/** Every card of the bundled data, as the reference table of the docs lists them. */
export function bundledCards(): readonly PriceCard[] {
  return allCards(PRICE_DATA);
}

const DAY_MS = 86_400_000;

/** How many unlisted ids are remembered; then the memory starts anew. */
const PARSED_MAX = 1_000;
const SNAPSHOT = /^(.+)-(\d{4})(-?)(\d{2})\3(\d{2})$/;

/** The newest card that has come into force. Cards are newest first. */
function inForce(cards: readonly PriceCard[] | undefined, at: EpochMs): PriceCard | undefined {
  if (cards === undefined) return undefined;
  for (const card of cards) {
    if (card.effectiveFrom === null || card.effectiveFrom <= at) return card;
  }
  return undefined;
}

/** A dated id taken apart. */
interface Snapshot {
  readonly model: string;
  readonly madeAt: number;
}

/** `null` unless the id ends in a real date and what stands before it can have snapshots. */
export function parseSnapshot(id: string): Snapshot | null {
  const match = SNAPSHOT.exec(id);
  if (match === null) return null;
  const [, model = '', year = '', , month = '', day = ''] = match;
  const madeAt = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const read = new Date(madeAt);
  const isReal = read.getUTCMonth() === Number(month) - 1 && read.getUTCDate() === Number(day);
  const isAlias = model.endsWith('-latest') || SNAPSHOT.test(model);
  return isReal && !isAlias ? { model, madeAt } : null;
}

function lookupAmong(cards: readonly PriceCard[]): CardLookup {
  const byProvider = new Map<string, Map<string, PriceCard[]>>();
  for (const card of cards) {
    const models = byProvider.get(card.provider) ?? new Map<string, PriceCard[]>();
    byProvider.set(card.provider, models);
    models.set(card.model, [...(models.get(card.model) ?? []), card]);
  }
  for (const models of byProvider.values()) {
    for (const dated of models.values()) dated.sort(byDateNewestFirst);
  }
  return (provider, model) => byProvider.get(provider)?.get(model);
}

function byDateNewestFirst(left: PriceCard, right: PriceCard): number {
  return (right.effectiveFrom ?? -Infinity) - (left.effectiveFrom ?? -Infinity) || 0;
}
