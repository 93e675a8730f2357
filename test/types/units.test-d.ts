import { describe, expectTypeOf, it } from 'vitest';
import type { Bytes, Calls, Tokens } from '../../src/units/count.ts';
import { tokens, tokensFromBytes } from '../../src/units/count.ts';
import type { NanoUsd, PicoUsd } from '../../src/units/money.ts';
import { addNanoUsd, nanoUsd, nanoUsdCeil, nanoUsdFromUsd } from '../../src/units/money.ts';
import type { DurationMs, EpochMs } from '../../src/units/time.ts';
import { after, between } from '../../src/units/time.ts';

declare const money: NanoUsd;
declare const rate: PicoUsd;
declare const count: Tokens;
declare const attempts: Calls;
declare const size: Bytes;
declare const instant: EpochMs;
declare const duration: DurationMs;

describe('a bare number is not a unit', () => {
  it('not money, not a rate', () => {
    expectTypeOf<number>().not.toExtend<NanoUsd>();
    expectTypeOf<number>().not.toExtend<PicoUsd>();
    // @ts-expect-error a bare number is no money
    addNanoUsd(5, money);
    // @ts-expect-error the result of plain arithmetic is a bare number again
    addNanoUsd(money + money, money);
  });

  it('not a count, not a time', () => {
    expectTypeOf<number>().not.toExtend<Tokens>();
    expectTypeOf<number>().not.toExtend<Calls>();
    expectTypeOf<number>().not.toExtend<Bytes>();
    expectTypeOf<number>().not.toExtend<EpochMs>();
    expectTypeOf<number>().not.toExtend<DurationMs>();
    // @ts-expect-error a bare number is no duration
    after(instant, 1000);
  });

  it('and reading one may fail, which the type says', () => {
    expectTypeOf(nanoUsd(5)).toEqualTypeOf<NanoUsd | undefined>();
    expectTypeOf(nanoUsdFromUsd('0.05')).toEqualTypeOf<NanoUsd | undefined>();
    expectTypeOf(tokens(5)).toEqualTypeOf<Tokens | undefined>();
  });
});

describe('one unit is not another', () => {
  it('rates are not money until they are rounded', () => {
    expectTypeOf(rate).not.toExtend<NanoUsd>();
    expectTypeOf(money).not.toExtend<PicoUsd>();
    // @ts-expect-error a rate is no money
    addNanoUsd(rate, money);
    expectTypeOf(nanoUsdCeil(rate)).toEqualTypeOf<NanoUsd>();
  });

  it('tokens, calls and bytes do not mix', () => {
    expectTypeOf(count).not.toExtend<Calls>();
    expectTypeOf(attempts).not.toExtend<Tokens>();
    expectTypeOf(size).not.toExtend<Tokens>();
    expectTypeOf(tokensFromBytes(size)).toEqualTypeOf<Tokens>();
  });

  it('instants and durations do not mix', () => {
    expectTypeOf(instant).not.toExtend<DurationMs>();
    expectTypeOf(duration).not.toExtend<EpochMs>();
    expectTypeOf(between(instant, instant)).toEqualTypeOf<DurationMs>();
    expectTypeOf(after(instant, duration)).toEqualTypeOf<EpochMs>();
  });

  it('every unit is still a number to whoever reads it', () => {
    expectTypeOf<NanoUsd | PicoUsd | Tokens | Calls | Bytes>().toExtend<number>();
    expectTypeOf<EpochMs | DurationMs>().toExtend<number>();
  });
});
