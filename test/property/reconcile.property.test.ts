import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcile } from '../../src/reconcile/compare.ts';
import { factorText } from '../../src/reconcile/ratio.ts';
import { readAnthropicCosts } from '../../src/reconcile/anthropic-report.ts';
import type { SpendRow } from '../../src/reconcile/row.ts';
import { nanoUsd } from '../../src/units/money.ts';

const money = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.maxSafeNat(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1),
);

const row = (usd: number): SpendRow => ({
  day: '2026-11-16',
  provider: 'openai',
  model: 'gpt-4o',
  nanoUsd: nanoUsd(usd)!,
});

/** A decimal of at most `places` places, as its digits. */
const decimal = (most: number, places: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: most }), fc.integer({ min: 0, max: places }))
    .map(([digits, point]) => {
      const text = String(digits).padStart(point + 1, '0');
      return {
        text: point === 0 ? text : `${text.slice(0, -point)}.${text.slice(-point)}`,
        over: BigInt(digits),
        under: 10n ** BigInt(point),
      };
    });

describe('drift is exact', () => {
  it('over the threshold exactly when |theirs - ours| / ours > threshold / 100', () => {
    fc.assert(
      fc.property(money, money, decimal(100_000, 5), (ours, theirs, threshold) => {
        const options = { thresholdPercent: threshold.text };
        const [found] = reconcile([row(ours)], [row(theirs)], options).rows;
        const difference = BigInt(theirs) - BigInt(ours);
        const size = difference < 0n ? -difference : difference;
        const isOver = size * 100n * threshold.under > threshold.over * BigInt(ours);
        expect(found?.isOverThreshold).toBe(isOver);
        expect(found?.driftNanoUsd).toBe(Number(difference));
      }),
      { numRuns: 2_000 },
    );
  });

  it('to the nano-dollar at the threshold, where a quotient of doubles cannot tell', () => {
    const large = fc.integer({ min: 2 ** 52, max: Number.MAX_SAFE_INTEGER });
    // 50 to 99.99999 percent: there the quotients of neighbours are one or two doubles apart.
    const percent = fc.integer({ min: 5_000_000, max: 9_999_999 });
    fc.assert(
      fc.property(large, percent, fc.constantFrom(0n, 1n), (ours, share, beyond) => {
        const edge = (BigInt(ours) * BigInt(share)) / 10_000_000n;
        const theirs = Number(BigInt(ours) - edge - beyond);
        const options = { thresholdPercent: `${share / 100_000}` };
        const [found] = reconcile([row(ours)], [row(theirs)], options).rows;
        const isOver = (edge + beyond) * 10_000_000n > BigInt(share) * BigInt(ours);
        expect(found?.isOverThreshold).toBe(isOver);
      }),
      { numRuns: 2_000 },
    );
  });

  it('in percent it is the exact quotient, off by at most half of its last decimal', () => {
    fc.assert(
      fc.property(money, money, (ours, theirs) => {
        const [found] = reconcile([row(ours)], [row(theirs)], { thresholdPercent: 1 }).rows;
        const text = found?.driftPercent;
        if (ours === 0) {
          expect(text).toBeNull();
          return;
        }
        expect(text).toMatch(/^-?\d+(\.\d{0,5}[1-9])?$/);
        const [whole = '', fraction = ''] = text!.replace('-', '').split('.');
        const scaled = BigInt(whole + fraction.padEnd(6, '0')) * (text!.startsWith('-') ? -1n : 1n);
        // scaled / 10^6 = 100 x (theirs - ours) / ours, within 1 / (2 x 10^6).
        const off = scaled * BigInt(ours) - (BigInt(theirs) - BigInt(ours)) * 10n ** 8n;
        expect((off < 0n ? -off : off) * 2n).toBeLessThanOrEqual(BigInt(ours));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('factors are named as they were made', () => {
  it('a multiplier of up to three decimals is found again, whatever each call rounds', () => {
    const factor = decimal(100_000, 3).filter(({ over }) => over > 0n);
    const bills = fc.array(fc.integer({ min: 2_000_000, max: 10 ** 10 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(factor, bills, ({ over, under, text }, costs) => {
        const ours = costs.reduce((sum, cost) => sum + BigInt(cost), 0n);
        const theirs = costs.reduce((sum, cost) => {
          return sum + (BigInt(cost) * over + under - 1n) / under;
        }, 0n);
        const named = factorText(theirs, ours, BigInt(costs.length));
        expect(Number(named)).toBe(Number(text));
      }),
    );
  });
});

describe('a report is added up exactly', () => {
  it('cents of any fineness come to the nano-dollars above their sum', () => {
    const amounts = fc.array(decimal(40_000_000, 12), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, (cents) => {
        const results = cents.map(({ text }) => ({
          amount: text,
          currency: 'USD',
          cost_type: 'tokens',
          model: 'claude-opus-5',
        }));
        const span = { starting_at: '2026-11-16T00:00:00Z', ending_at: '2026-11-17T00:00:00Z' };
        const page = { data: [{ ...span, results }], has_more: false, next_page: null };
        // In 10^-12 cents, of which 10^5 make a nano-dollar.
        const sum = cents.reduce((total, { over, under }) => {
          return total + (over * 10n ** 12n) / under;
        }, 0n);
        const expected = (sum + 10n ** 5n - 1n) / 10n ** 5n;
        expect(readAnthropicCosts(page)).toMatchObject([{ nanoUsd: Number(expected) }]);
      }),
    );
  });
});
