import { describe, expect, it } from 'vitest';
import { nanoUsd } from '../units/money.ts';
import { describeChange, PriceWatch, RESTORED_CALLS, type PriceChange } from './price-watch.ts';

const CARD = 7_500_000;
const PRIORITY = 12_750_000;

/** Changes that a watch tells of calls billed so, with the number of the call that showed each. */
function told(billed: readonly number[], byCard: (index: number) => number = () => CARD) {
  const watch = new PriceWatch();
  return billed.flatMap((reported, index): (PriceChange & { readonly call: number })[] => {
    const card = byCard(index);
    const change = watch.observe({
      id: `r${index + 1}`,
      provider: 'openai',
      model: 'gpt-4o',
      at: Date.UTC(2026, 10, 16),
      nanoUsd: nanoUsd(card)!,
      reportedNanoUsd: nanoUsd(reported)!,
      servedAs: { standard: nanoUsd(card)!, priority: nanoUsd((card / CARD) * PRIORITY)! },
    });
    return change === undefined ? [] : [{ ...change, call: index + 1 }];
  });
}

const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe('a price change is told', () => {
  it('never of calls at the card’s price, within rounding and the threshold', () => {
    expect(told([CARD, CARD + 10, CARD - 10, CARD * 1.01, CARD * 0.99])).toEqual([]);
  });

  it.each([
    ['7.5', 56_250_000],
    ['27', 202_500_000],
    ['0.5', 3_750_000],
  ])('as a multiplier of %s at its first call, once', (factor, billed) => {
    expect(told([...times(5, CARD), ...times(30, billed)])).toMatchObject([
      { kind: 'multiplier', factor, id: 'r6', call: 6, afterCalls: 1, changedCalls: 1 },
    ]);
  });

  it('as another tier where the card has one at that price', () => {
    expect(told([CARD, PRIORITY, PRIORITY])).toMatchObject([
      { kind: 'tier-reclassified', servedAs: 'priority', factor: '1.7', call: 2 },
    ]);
  });

  it('again as mixed when calls at the card’s price come between', () => {
    const dear = 27 * CARD;
    expect(told([dear, CARD, CARD, dear, CARD, dear])).toMatchObject([
      { kind: 'multiplier', factor: '27', call: 1 },
      { kind: 'mixed', factor: '27', call: 4, afterCalls: 4, changedCalls: 2 },
    ]);
  });

  it('again at another multiplier', () => {
    expect(told([CARD, ...times(3, 7.5 * CARD), ...times(3, 27 * CARD)])).toMatchObject([
      { kind: 'multiplier', factor: '7.5', call: 2 },
      { kind: 'multiplier', factor: '27', call: 5, afterCalls: 4 },
    ]);
  });

  it('as restored after enough calls at the card’s price, and then anew', () => {
    const back = [2 * CARD, ...times(RESTORED_CALLS, CARD), 2 * CARD];
    expect(told(back)).toMatchObject([
      { kind: 'multiplier', factor: '2', call: 1 },
      { kind: 'restored', factor: '1', call: 1 + RESTORED_CALLS },
      { kind: 'multiplier', factor: '2', call: 2 + RESTORED_CALLS },
    ]);
  });

  it('by the factor, whatever each call costs', () => {
    const cards = [CARD, 3 * CARD, 40 * CARD];
    const billed = cards.map((card) => card * 7.5);
    expect(told(billed, (index) => cards[index]!)).toMatchObject([
      { kind: 'multiplier', factor: '7.5', call: 1 },
    ]);
  });

  it('for a model that should cost nothing', () => {
    expect(told([100], () => 0)).toMatchObject([{ kind: 'multiplier', factor: 'infinite' }]);
  });

  it('in words with its figures', () => {
    const [change] = told([27 * CARD]);
    expect(describeChange(change!)).toBe(
      'openai gpt-4o: billed at 27 times the price card (1 of 1 calls since the first).',
    );
  });
});
