import type { Usage, UsageLine } from '../meter/usage.ts';
import { cost } from '../pricing/cost.ts';
import { parseSnapshot, type PriceBook } from '../pricing/price-book.ts';
import type { PriceCard } from '../pricing/price-card.ts';
import type { NanoUsd } from '../units/money.ts';
import type { EpochMs } from '../units/time.ts';

/** Of which call the prices are asked. */
export interface PricedCall {
  readonly provider: string;
  /** The model that was asked for. */
  readonly model: string;
  readonly at: EpochMs;
  readonly book: PriceBook;
}

type CardFor = (model: string | undefined) => PriceCard | undefined;

/** The cards by which a call is priced, as the guard does when it settles. */
export function cardsOf({ provider, model, at, book }: PricedCall): CardFor {
  const asked = book.find(provider, model, at);
  return (named) => {
    if (named === undefined || named === model) return asked;
    if (asked?.isOwn === true && parseSnapshot(named)?.model === model) return asked;
    return book.find(provider, named, at);
  };
}

/**
 * What the same usage costs by the card when it is served otherwise, by the name of how: the other
 * service tiers, `fast`, `geo:<region>`, `long-context` and `short-context`. What the card has no
 * price for is left out.
 */
export function servedAs(usage: Usage, call: PricedCall): Readonly<Record<string, NanoUsd>> {
  const cardFor = cardsOf(call);
  const prices: Record<string, NanoUsd> = {};
  const tell = (name: string, lines: readonly UsageLine[], cards: CardFor = cardFor): void => {
    const price = cost({ lines }, cards);
    if (typeof price === 'number') prices[name] = price;
  };
  const { lines } = usage;
  for (const serviceTier of ['standard', 'priority', 'flex', 'batch'] as const) {
    tell(
      serviceTier,
      lines.map((line) => ({ ...line, serviceTier })),
    );
  }
  tell(
    'fast',
    lines.map((line) => ({ ...line, isFast: true })),
  );
  const card = cardFor(lines[0]?.model);
  for (const geo of Object.keys(card?.geos ?? {})) {
    tell(
      `geo:${geo}`,
      lines.map((line) => ({ ...line, geo })),
    );
  }
  if (card?.longContext !== undefined) {
    tell('long-context', lines, (model) => longOf(cardFor(model)));
    tell('short-context', lines, (model) => shortOf(cardFor(model)));
  }
  return prices;
}

/** The card with its long rates for every length. */
function longOf(card: PriceCard | undefined): PriceCard | undefined {
  if (card?.longContext === undefined) return card;
  const { rates, priority, flex, batch } = card.longContext;
  return { ...card, rates, priority, flex, batch, longContext: undefined };
}

function shortOf(card: PriceCard | undefined): PriceCard | undefined {
  return card === undefined ? undefined : { ...card, longContext: undefined };
}
