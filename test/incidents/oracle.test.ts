import { describe, expect, it } from 'vitest';
import { bestNano } from '../../incidents/judge/best.ts';
import { explain, leastNano } from '../../incidents/judge/exceptions.ts';
import { Oracle } from '../../incidents/judge/oracle.ts';
import { callCostNano, trueCostNano, unprotectedNano } from '../../incidents/replay/truth.ts';
import { catalogue, playFor, playsFor } from './catalogue.ts';

const FREE = { cacheRead: 0, cacheWrite: 0, reasoning: 0, units: 0 };
const PLAIN = playFor('AIDR-004').rows[0]!.calls[0]!;
const STD = PLAIN.billed;

describe('what a call truly costs', () => {
  it('is its tokens at the profile’s prices, each class once, rounded up to a nano-dollar', () => {
    // 11,000 x $3 + 300 x $15 per million.
    expect(trueCostNano({ ...FREE, input: 11_000, output: 300 }, STD)).toBe(37_500_000n);
    // 1 x $3 + 1,000 x $0.30 + 100 x $3.75 + 1 x $15 per million: 0.000693 dollars.
    const cached = { ...FREE, input: 1, cacheRead: 1_000, cacheWrite: 100, output: 1 };
    expect(trueCostNano(cached, STD)).toBe(693_000n);
    // A third of a nano-dollar is a whole one.
    const odd = { ...STD, picoPerUnit: 1 };
    expect(trueCostNano({ ...FREE, input: 0, output: 0, units: 1 }, odd)).toBe(1n);
  });

  it('doubles as a whole above the threshold, and not at it', () => {
    const tiered = { ...STD, doubleAbove: 200_000 };
    expect(trueCostNano({ ...FREE, input: 200_000, output: 0 }, tiered)).toBe(600_000_000n);
    expect(trueCostNano({ ...FREE, input: 200_001, output: 0 }, tiered)).toBe(1_200_006_000n);
  });

  it('is nothing where the provider turns the call away before it generates', () => {
    const call = playFor('LANG-012', 'turned away').rows[0]!.calls[0]!;
    expect(callCostNano(call)).toBe(0n);
    expect(callCostNano({ ...call, fault: undefined })).toBe(150_000_000n);
  });

  it('sums up to what the catalogue says of the scenario when nothing holds it back', () => {
    const different = catalogue().flatMap((incident) => {
      const stated = incident.scenario.oracle.true_cost_if_unprotected_usd;
      const sums = playsFor(incident).map((play) => Number(unprotectedNano(play)) / 1e9);
      // The catalogue gives three digits.
      const isEqual = sums.some((usd) => Math.abs(usd - stated) <= 0.006 * stated);
      return isEqual ? [] : [incident.id];
    });
    // Their output is above their own ceiling, which cuts it on the wire.
    expect(different).toEqual(['O075', 'O078', 'O122', 'O126']);
  });
});

describe('the oracle', () => {
  it('calls a refusal needless only if the call fits beside what is spent and in flight', () => {
    // Each call costs 37.5 million nano-dollars; the cap has room for two.
    const oracle = new Oracle(75_000_000n);
    oracle.depart('a', PLAIN, 0);
    expect(oracle.refuse(PLAIN, 0)).toEqual({
      isNeedless: true,
      costNano: 37_500_000n,
      leftNano: 37_500_000n,
    });
    oracle.depart('b', PLAIN, 0);
    expect(oracle.refuse(PLAIN, 0)).toMatchObject({ isNeedless: false, leftNano: 0n });
  });

  it('counts an attempt once, and each window by itself', () => {
    const oracle = new Oracle(75_000_000n);
    oracle.depart('a', PLAIN, 0);
    oracle.depart('a', PLAIN, 0);
    expect(oracle.committedNano(0)).toBe(37_500_000n);
    expect(oracle.refuse(PLAIN, 1)).toMatchObject({ isNeedless: true, leftNano: 75_000_000n });
    oracle.depart('b', PLAIN, 1);
    oracle.depart('c', PLAIN, 1);
    expect(oracle.committedNano()).toBe(112_500_000n);
    expect(oracle.fullestWindowNano()).toBe(75_000_000n);
  });

  it('follows a ceiling on the wire that cuts the answer, and says that it did', () => {
    const oracle = new Oracle(75_000_000n);
    oracle.depart('a', PLAIN, 0);
    // 11,000 x $3 + 100 x $15 per million.
    oracle.arrive('a', PLAIN, 100);
    expect(oracle.committedNano()).toBe(34_500_000n);
    expect(oracle.cutAnswers).toBe(1);
    oracle.depart('b', PLAIN, 0);
    oracle.arrive('b', PLAIN, 1_024);
    expect(oracle.cutAnswers).toBe(1);
  });

  it('takes what was written when the client left', () => {
    const oracle = new Oracle(500_000_000n);
    const call = playFor('O090').rows[0]!.calls[0]!;
    oracle.depart('a', call, 0);
    oracle.arrive('a', call, 4_000);
    // 10,000 x $3 + a fifth of 1,500 x $15 per million.
    expect(oracle.committedNano()).toBe(34_500_000n);
  });

  it('knows what perfect foresight lets through', async () => {
    // 13 calls of 37.5 million fit into 500 million.
    expect(await bestNano(playFor('AIDR-004'))).toBe(487_500_000n);
    // One of ten children of 9.45 million fits into 14.2.
    expect(await bestNano(playFor('O002'))).toBe(9_450_000n);
    // Four calls on each of two days: the cap counts twice.
    expect(await bestNano(playFor('O203'))).toBe(840_000_000n);
  });
});

describe('the rules for exceptions', () => {
  const play = playFor('AIDR-004');
  const refusal = {
    code: 'BUDGET_CAP',
    isNeedless: true,
    costNano: 37_500_000,
    leftNano: 60_000_000,
    neededNano: 60_000_001,
    booksNano: 440_000_000,
    committedNano: 440_000_000,
  };

  it('leave a refusal unexplained when the closest count and the least ceiling would have fitted', () => {
    expect(explain(refusal, PLAIN, play, 'hardcap+strategies')).toBeUndefined();
  });

  it('explain one that fits by less than the margin of the closest count', () => {
    // (11,000 x 1.02 + 640) x $3 + 16 x $15 per million, in nano-dollars.
    expect(leastNano(PLAIN)).toBeCloseTo(35_820_000, 0);
    const tight = { ...refusal, leftNano: 35_819_999 };
    expect(explain(tight, PLAIN, play, 'hardcap+strategies')).toBe('counting-margin');
  });

  it('let books above the truth excuse a scenario only where usage cannot be known', () => {
    const booked = { ...refusal, booksNano: 490_000_000 };
    expect(explain(booked, PLAIN, play, 'hardcap+strategies')).toBeUndefined();
    const aborted = { ...play, excuses: ['unknown-is-spent'] };
    expect(explain(booked, PLAIN, aborted, 'hardcap+strategies')).toBe('unknown-is-spent');
    expect(explain(refusal, PLAIN, aborted, 'hardcap+strategies')).toBeUndefined();
    // The books are the truth: what is unknown is not why.
    const tight = { ...refusal, leftNano: 35_819_999 };
    expect(explain(tight, PLAIN, aborted, 'hardcap+strategies')).toBe('counting-margin');
  });

  it('excuse the setting without strategies by its bound, and nothing but refusals by the cap', () => {
    expect(explain(refusal, PLAIN, play, 'hardcap')).toBe('by-bound');
    const other = { ...refusal, code: 'STORE_UNAVAILABLE' };
    expect(explain(other, PLAIN, play, 'hardcap')).toBeUndefined();
  });
});
