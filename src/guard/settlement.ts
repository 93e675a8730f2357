import { addNanoUsd, subtractNanoUsd, type NanoUsd } from '../units/money.ts';
import { addTokens, CALLS_ONE, TOKENS_ZERO, type Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';
import type { Amounts } from '../ledger/account.ts';
import type { MeterReading, ServiceTier, TokenClass, Usage, UsageLine } from '../meter/usage.ts';
import { boundCost, cost } from '../pricing/cost.ts';
import { parseSnapshot, type PriceBook } from '../pricing/price-book.ts';
import type { PriceCard, Unpriced } from '../pricing/price-card.ts';
import type { AttemptOutcome, DriftEvent } from './events.ts';
import type { Quote } from './call.ts';

/** What to book for an attempt whose answer has been metered as far as it goes. */
export interface Settlement {
  readonly outcome: AttemptOutcome;
  readonly amounts: Amounts;
  readonly usage: Usage | null;
  readonly reason: string | null;
  readonly drift: DriftEvent['kind'] | null;
}

const OUTPUT_CLASSES: ReadonlySet<TokenClass> = new Set(['output', 'audioOutput', 'imageOutput']);

/**
 * Turns a meter reading into what is booked.
 *
 * Final usage is booked at its cost, above the hold if need be. Of a broken-off answer, what was
 * reported is booked and the output stays at its bound. Anything else is booked at the whole bound:
 * unknown is never zero.
 */
export function settlementOf(
  reading: MeterReading,
  { quote, book, at }: { readonly quote: Quote; readonly book: PriceBook; readonly at: EpochMs },
): Settlement {
  const cardFor = cardsFor(quote, book, at);
  switch (reading.kind) {
    case 'complete':
      return settleComplete(reading.usage, quote, cardFor);
    case 'partial':
      return reading.outputKnown
        ? settleComplete(reading.usage, quote, cardFor)
        : settlePartial(reading.usage, quote, cardFor);
    case 'missing':
      return atBound(quote, 'the provider reported no usage', 'usage-missing');
    case 'failed':
      return {
        outcome: 'refused',
        amounts: quote.amounts,
        usage: null,
        reason: reading.message,
        drift: null,
      };
    case 'hostile':
      return atBound(quote, reading.reason, 'hostile-usage');
  }
}

/** The whole bound, as booked when nothing better is known. */
export function atBound(
  quote: Quote,
  reason: string,
  drift: DriftEvent['kind'] | null = null,
): Settlement {
  return { outcome: 'unknown', amounts: quote.amounts, usage: null, reason, drift };
}

type CardFor = (model: string | undefined) => PriceCard | undefined;

function cardsFor(quote: Quote, book: PriceBook, at: EpochMs): CardFor {
  const { card, facts, provider } = quote;
  return (model) => {
    if (model === undefined || model === facts.model) return card;
    // Answers name the dated snapshot of the model that was asked for; the user's price is for
    // both.
    if (card.isOwn === true && parseSnapshot(model)?.model === facts.model) return card;
    return book.find(provider.name, model, at);
  };
}

function settleComplete(usage: Usage, quote: Quote, cardFor: CardFor): Settlement {
  const usd = cost(usage, cardFor, { serviceTier: dearestTier(quote) });
  if (isUnpriced(usd)) return unpriced(usd, usage, quote);
  return {
    outcome: 'complete',
    amounts: { usd, tokens: tokensOf(usage), calls: CALLS_ONE },
    usage,
    reason: null,
    drift: usd > quote.amounts.usd ? 'above-bound' : null,
  };
}

function settlePartial(usage: Usage, quote: Quote, cardFor: CardFor): Settlement {
  const reason = 'the answer broke off before its final usage';
  const outputUsd = outputShare(quote);
  // More samplings, fees and models may still be billed: then only the whole bound is safe.
  const isPlain = !quote.bound.maySampleAgain && usage.lines.length === 1;
  if (!isPlain || outputUsd === undefined) return atBound(quote, reason);
  const input: Usage = { lines: usage.lines.map(inputOnly) };
  const inputUsd = cost(input, cardFor, { serviceTier: dearestTier(quote) });
  if (isUnpriced(inputUsd)) return unpriced(inputUsd, usage, quote);
  const usd = addNanoUsd(inputUsd, outputUsd);
  if (usd >= quote.amounts.usd) return { ...atBound(quote, reason), outcome: 'partial', usage };
  const tokens = addTokens(tokensOf(input), quote.bound.outputTokens);
  return {
    outcome: 'partial',
    amounts: { usd, tokens, calls: CALLS_ONE },
    usage,
    reason,
    drift: null,
  };
}

/** The part of the bound that output makes up, at the rates the whole bound was priced at. */
function outputShare(quote: Quote): NanoUsd | undefined {
  const withoutOutput = boundCost({ ...quote.bound, outputTokens: TOKENS_ZERO }, quote.card);
  return isUnpriced(withoutOutput) ? undefined : subtractNanoUsd(quote.amounts.usd, withoutOutput);
}

/** The tier to book when the provider did not say which one served: the dearest that was open. */
function dearestTier({ bound, card }: Quote): ServiceTier {
  if (bound.serviceTiers.includes('priority') && card.priority !== undefined) return 'priority';
  if (bound.serviceTiers.includes('standard')) return 'standard';
  return bound.serviceTiers[0] ?? 'standard';
}

function inputOnly(line: UsageLine): UsageLine {
  const kept = Object.entries(line.tokens).filter(
    ([name]) => !OUTPUT_CLASSES.has(name as TokenClass),
  );
  return { ...line, tokens: Object.fromEntries(kept) };
}

function tokensOf(usage: Usage): Tokens {
  let total = TOKENS_ZERO;
  for (const line of usage.lines) {
    for (const count of Object.values(line.tokens)) total = addTokens(total, count ?? TOKENS_ZERO);
  }
  return total;
}

function unpriced(unpricedLine: Unpriced, usage: Usage, quote: Quote): Settlement {
  return { ...atBound(quote, unpricedLine.reason, 'unpriced-model'), usage };
}

/** What is booked beside what was held, for an event. */
export function driftMessage(settlement: Settlement, held: Amounts): string {
  const booked = `${settlement.amounts.usd} nano-dollars booked, ${held.usd} held`;
  return settlement.reason === null ? `${booked}.` : `${settlement.reason}; ${booked}.`;
}

/** Whether a price could not be given. */
export function isUnpriced(value: NanoUsd | Unpriced): value is Unpriced {
  return typeof value !== 'number';
}
