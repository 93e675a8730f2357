import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NANO_USD_MAX,
  NANO_USD_ZERO,
  addNanoUsd,
  formatUsd,
  isNanoUsd,
  nanoUsd,
  nanoUsdCeil,
  nanoUsdFromUsd,
  picoUsd,
  picoUsdFromUsd,
  picoUsdFromUsdPerMillion,
  subtractNanoUsd,
  usdOf,
} from './money.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const count = fc.integer({ min: 0, max: MAX });
const amount = count.map((value) => nanoUsd(value)!);
const notAmounts = [-1, 0.5, Number.NaN, Infinity, -Infinity, MAX + 1, '5', 5n, null, undefined];

describe('an amount is an integer from 0 to 2^53 - 1', () => {
  it.each(notAmounts)('%s is none', (value) => {
    expect(isNanoUsd(value)).toBe(false);
    expect(nanoUsd(value)).toBeUndefined();
    expect(picoUsd(value)).toBeUndefined();
  });

  it.each([0, 1, MAX])('%s is one, unchanged', (value) => {
    expect(nanoUsd(value)).toBe(value);
    expect(picoUsd(value)).toBe(value);
  });
});

describe('dollars are read exactly or not at all', () => {
  it.each([
    [50, 50_000_000_000],
    ['2', 2_000_000_000],
    [0.05, 50_000_000],
    [0.1, 100_000_000],
    ['0.000000001', 1],
    [1e-9, 1],
    ['1e-9', 1],
    ['2.50E+1', 25_000_000_000],
    ['007.10', 7_100_000_000],
    ['9007199.254740991', MAX],
    [0, 0],
    ['0.0000000000000000000', 0],
    ['0e-400', 0],
    ['1.0000000000', 1_000_000_000],
  ])('$%s is %d nano-dollars', (usd, nano) => {
    expect(nanoUsdFromUsd(usd)).toBe(nano);
  });

  it.each([
    ['finer than a nano-dollar', '0.0000000001'],
    ['a float that is no decimal of nine places', 0.1 + 0.2],
    ['above the largest amount', '9007199.254740992'],
    ['far above it', '1e+300'],
    ['far below a nano-dollar', '1e-300'],
    ['an exponent beyond every number', `1e-${'9'.repeat(400)}`],
    ['negative', -1],
    ['negative text', '-0.5'],
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['no number', 'fifty'],
    ['nothing', ''],
    ['a currency sign', '$5'],
    ['a separator', '1,000'],
    ['space', ' 5'],
    ['hexadecimal', '0x10'],
    ['no whole part', '.5'],
    ['no fraction after the point', '5.'],
    ['digits of another script', '٥'],
  ])('refuses %s', (_name, usd) => {
    expect(nanoUsdFromUsd(usd)).toBeUndefined();
  });

  it('every amount comes back from its decimal text', () => {
    fc.assert(
      fc.property(amount, (value) => {
        const whole = BigInt(value) / 1_000_000_000n;
        const fraction = String(BigInt(value) % 1_000_000_000n).padStart(9, '0');
        expect(nanoUsdFromUsd(`${whole}.${fraction}`)).toBe(value);
        expect(nanoUsdFromUsd(formatUsd(value).slice(1))).toBe(value);
      }),
    );
  });
});

describe('rates are exact pico-dollars per token', () => {
  it.each([
    ['0.075', 75_000],
    ['0.0125', 12_500],
    ['0.003625', 3_625],
    [3, 3_000_000],
    ['600', 600_000_000],
    ['0.000001', 1],
  ])('$%s per million tokens is %d', (usdPerMillion, pico) => {
    expect(picoUsdFromUsdPerMillion(usdPerMillion)).toBe(pico);
  });

  it('a rate finer than a pico-dollar per token is refused, not rounded', () => {
    expect(picoUsdFromUsdPerMillion('0.0000001')).toBeUndefined();
    expect(picoUsdFromUsdPerMillion('0.30000000000000004')).toBeUndefined();
  });

  it('a fee per use is read in dollars', () => {
    expect(picoUsdFromUsd('0.01')).toBe(10_000_000_000);
    expect(picoUsdFromUsd('0.0000000000001')).toBeUndefined();
    expect(picoUsdFromUsd('9007.199254740992')).toBeUndefined();
  });
});

describe('the one rounding goes up to the next whole nano-dollar, and no further', () => {
  const ceil = (pico: bigint) => (pico % 1000n === 0n ? pico / 1000n : pico / 1000n + 1n);

  it.each([
    [0, 0],
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [MAX, 9_007_199_254_741],
  ])('%d pico-dollars are %d nano-dollars', (pico, nano) => {
    expect(nanoUsdCeil(pico)).toBe(nano);
    expect(nanoUsdCeil(BigInt(pico))).toBe(nano);
  });

  it('numbers and bigints round as exact integer division does, near multiples too', () => {
    const near = fc
      .tuple(fc.integer({ min: 0, max: 9_007_199_254_739 }), fc.integer({ min: -2, max: 2 }))
      .map(([thousands, offset]) => Math.max(0, thousands * 1000 + offset));
    fc.assert(
      fc.property(fc.oneof(count, near), (pico) => {
        expect(nanoUsdCeil(pico)).toBe(Number(ceil(BigInt(pico))));
        expect(nanoUsdCeil(BigInt(pico))).toBe(Number(ceil(BigInt(pico))));
      }),
      { numRuns: 5000 },
    );
  });

  it('totals above the largest amount saturate', () => {
    expect(nanoUsdCeil(BigInt(MAX) * 1000n)).toBe(MAX);
    expect(nanoUsdCeil(BigInt(MAX) * 1000n + 1n)).toBe(NANO_USD_MAX);
    expect(nanoUsdCeil(10n ** 40n)).toBe(NANO_USD_MAX);
  });

  it.each([-1, -5000, 0.5, Number.NaN, Infinity, 1e300, MAX + 1, -1n, -5000n])(
    'what is no total (%s) fits under no cap: never zero, never negative',
    (pico) => {
      expect(nanoUsdCeil(pico)).toBe(NANO_USD_MAX);
    },
  );
});

describe('sums stay amounts', () => {
  it('adding is exact until the largest amount, and stays there', () => {
    fc.assert(
      fc.property(amount, amount, (left, right) => {
        const exact = BigInt(left) + BigInt(right);
        const expected = exact > BigInt(MAX) ? BigInt(MAX) : exact;
        expect(BigInt(addNanoUsd(left, right))).toBe(expected);
      }),
    );
    expect(addNanoUsd(NANO_USD_MAX, NANO_USD_MAX)).toBe(NANO_USD_MAX);
  });

  it('subtracting is exact and never goes below zero', () => {
    fc.assert(
      fc.property(amount, amount, (left, right) => {
        expect(subtractNanoUsd(left, right)).toBe(left > right ? left - right : 0);
      }),
    );
    expect(Object.is(subtractNanoUsd(NANO_USD_ZERO, NANO_USD_MAX), 0)).toBe(true);
  });
});

describe('amounts are shown exactly', () => {
  it.each([
    [0, '$0.00'],
    [1, '$0.000000001'],
    [50_000_000, '$0.05'],
    [78_000_000, '$0.078'],
    [12_000_000_000, '$12.00'],
    [1_500_000_000, '$1.50'],
    [MAX, '$9007199.254740991'],
    [8_999_999_999_999_999, '$8999999.999999999'],
    [9_000_000_000_000_000, '$9000000.00'],
  ])('%d nano-dollars read %s', (nano, text) => {
    expect(formatUsd(nanoUsd(nano)!)).toBe(text);
  });

  it('dollars as a number are for reading', () => {
    expect(usdOf(nanoUsd(78_000_000)!)).toBe(0.078);
  });
});
