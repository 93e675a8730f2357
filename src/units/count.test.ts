import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CALLS_ONE,
  CALLS_ZERO,
  TOKENS_ZERO,
  addTokens,
  bytes,
  calls,
  isCount,
  minTokens,
  timesTokens,
  tokens,
  tokensFromBytes,
} from './count.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const count = fc.integer({ min: 0, max: MAX }).map((value) => tokens(value)!);
const held = (exact: bigint) => Number(exact > BigInt(MAX) ? BigInt(MAX) : exact);

describe('a count is an integer from 0 to 2^53 - 1', () => {
  it.each([-1, 1.5, Number.NaN, Infinity, MAX + 1, 2 ** 63, '5', 5n, true, null, undefined, [5]])(
    '%s is none',
    (value) => {
      expect(isCount(value)).toBe(false);
      expect(tokens(value)).toBeUndefined();
      expect(calls(value)).toBeUndefined();
      expect(bytes(value)).toBeUndefined();
    },
  );

  it.each([0, 1, MAX])('%s is one, unchanged', (value) => {
    expect([tokens(value), calls(value), bytes(value)]).toEqual([value, value, value]);
  });

  it('the constants are what they say', () => {
    expect([TOKENS_ZERO, CALLS_ZERO, CALLS_ONE]).toEqual([0, 0, 1]);
  });
});

describe('arithmetic on tokens is exact and held at 2^53 - 1', () => {
  it('sums', () => {
    fc.assert(
      fc.property(count, count, (left, right) => {
        expect(addTokens(left, right)).toBe(held(BigInt(left) + BigInt(right)));
      }),
    );
    expect(addTokens(tokens(MAX)!, tokens(MAX)!)).toBe(MAX);
  });

  it('products', () => {
    fc.assert(
      fc.property(count, fc.integer({ min: 0, max: 10_000 }), (value, factor) => {
        expect(timesTokens(value, factor)).toBe(held(BigInt(value) * BigInt(factor)));
      }),
    );
    expect(timesTokens(tokens(MAX)!, MAX)).toBe(MAX);
    expect(timesTokens(tokens(3)!, 2)).toBe(6);
  });

  it.each([-1, 0.5, Number.NaN, Infinity])('a factor of %s bounds nothing', (factor) => {
    expect(timesTokens(tokens(3)!, factor)).toBe(MAX);
  });

  it('the smaller of two', () => {
    expect(minTokens(tokens(3)!, tokens(2)!)).toBe(2);
    expect(minTokens(tokens(2)!, tokens(3)!)).toBe(2);
  });

  it('bytes bound tokens one for one', () => {
    expect(tokensFromBytes(bytes(4096)!)).toBe(4096);
  });
});
