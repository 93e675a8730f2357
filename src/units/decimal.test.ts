import { describe, expect, it } from 'vitest';
import { scaledDecimal } from './decimal.ts';
import { nanoUsdCeilFromUsd, NANO_USD_MAX } from './money.ts';

describe('a decimal at a scale', () => {
  it.each([
    ['0', 9, 0n, true],
    ['1.5', 9, 1_500_000_000n, true],
    ['0.0000000001', 9, 1n, false],
    ['1e-9', 9, 1n, true],
    ['2.5E2', 0, 250n, true],
    [0.000021, 9, 21_000n, true],
    [1e-7, 9, 100n, true],
    ['0.003835980000000000000000000000', 9, 3_835_980n, true],
    ['12.', 2, 1_200n, true],
  ])('%s at %i digits', (value, digits, scaled, isExact) => {
    expect(scaledDecimal(value, digits)).toEqual({ scaled, isExact });
  });

  const signs = ['', '-1', '+1', '1,000', ' 1', '1 ', '.5', '0x10', '1e999', '٣', '$1'];
  it.each([...signs, 'NaN', 'Infinity'])('is none: %j', (value) => {
    expect(scaledDecimal(value, 9)).toBeUndefined();
  });

  it('takes no number of digits that would take long to read', () => {
    expect(scaledDecimal(`1${'0'.repeat(30)}`, 9)).toBeUndefined();
    expect(scaledDecimal(`0.${'0'.repeat(61)}`, 9)).toBeUndefined();
  });
});

describe('dollars that somebody else states', () => {
  it('are rounded up to whole nano-dollars, never down', () => {
    expect(nanoUsdCeilFromUsd('0.00000000101')).toBe(2);
    expect(nanoUsdCeilFromUsd(0.0033789)).toBe(3_378_900);
    expect(nanoUsdCeilFromUsd('0')).toBe(0);
  });

  it('are none above what an account can count', () => {
    expect(nanoUsdCeilFromUsd('9007199.254740991')).toBe(NANO_USD_MAX);
    expect(nanoUsdCeilFromUsd('9007199.2547409911')).toBeUndefined();
  });
});
