import { describe, expectTypeOf, it } from 'vitest';
import type { BudgetCapError } from '../../src/errors/budget-cap-error.ts';
import type { CodeOfKind, ErrorCode, ErrorKind, ErrorRow } from '../../src/errors/codes.ts';
import type { ERROR_TABLE } from '../../src/errors/codes.ts';
import {
  MisuseError,
  OperationError,
  RefusalError,
  type HardcapError,
} from '../../src/errors/error.ts';

describe('codes are a closed union', () => {
  it('a string is no code, and every code has a row', () => {
    expectTypeOf<string>().not.toExtend<ErrorCode>();
    expectTypeOf<ErrorCode>().toExtend<string>();
    expectTypeOf<(typeof ERROR_TABLE)[ErrorCode]>().toExtend<ErrorRow>();
    expectTypeOf<HardcapError['code']>().toEqualTypeOf<ErrorCode>();
  });

  it('the codes of the kinds are all codes, each in one kind', () => {
    expectTypeOf<CodeOfKind<ErrorKind>>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<CodeOfKind<'refusal'> & CodeOfKind<'misuse'>>().toBeNever();
    expectTypeOf<CodeOfKind<'refusal'> & CodeOfKind<'operation'>>().toBeNever();
    expectTypeOf<CodeOfKind<'integrity'>>().toEqualTypeOf<'INVARIANT_BROKEN'>();
  });

  it('a class takes the codes of its kind only', () => {
    expectTypeOf(RefusalError).toBeConstructibleWith('PRICE_UNKNOWN', 'No card.');
    // @ts-expect-error a misuse is no refusal
    void new RefusalError('CONFIG_INVALID', '');
    // @ts-expect-error a refusal is no misuse
    void new MisuseError('BUDGET_CAP', '');
    // @ts-expect-error a code of nobody
    void new OperationError('NOT_A_CODE', '');
  });

  it('a switch over every kind is exhaustive without a default', () => {
    expectTypeOf(ownerOf).returns.toEqualTypeOf<'us' | 'caller' | 'guard' | 'world'>();
  });
});

describe('a cap refusal has the fields of the public surface', () => {
  it('with null where there is no figure', () => {
    expectTypeOf<BudgetCapError['scope']>().toEqualTypeOf<string>();
    expectTypeOf<BudgetCapError['spend_usd']>().toEqualTypeOf<number>();
    expectTypeOf<BudgetCapError['held_usd']>().toEqualTypeOf<number>();
    expectTypeOf<BudgetCapError['needed_usd']>().toEqualTypeOf<number>();
    expectTypeOf<BudgetCapError['cap_usd']>().toEqualTypeOf<number | null>();
    expectTypeOf<BudgetCapError['retry_after']>().toEqualTypeOf<number | null>();
    expectTypeOf<BudgetCapError['resets_at']>().toEqualTypeOf<string | null>();
    expectTypeOf<BudgetCapError['affordable_output_tokens']>().toEqualTypeOf<number | null>();
    expectTypeOf<BudgetCapError['pattern']>().toEqualTypeOf<'retry-storm' | 'tool-loop' | null>();
    expectTypeOf<BudgetCapError['repeats']>().toEqualTypeOf<number | null>();
    expectTypeOf<'identical' | 'depth' | 'fanOut'>().toExtend<BudgetCapError['dimension']>();
    expectTypeOf<BudgetCapError['retryable']>().toEqualTypeOf<false>();
  });
});

function ownerOf(kind: ErrorKind): 'us' | 'caller' | 'guard' | 'world' {
  switch (kind) {
    case 'refusal':
      return 'guard';
    case 'misuse':
      return 'caller';
    case 'operation':
      return 'world';
    case 'integrity':
      return 'us';
  }
}
