import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-sdk-0';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { describe, expectTypeOf, it } from 'vitest';
import {
  BudgetCapError,
  BudgetGuard,
  guardedFetch,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
} from '../../src/index.ts';

const guard = new BudgetGuard({ global_cap_per_day_usd: 1 });

describe('wrapped clients', () => {
  it('keep their type', () => {
    expectTypeOf(wrapAnthropic(new Anthropic(), guard)).toEqualTypeOf<Anthropic>();
    expectTypeOf(wrapAnthropic(new Anthropic0(), guard)).toEqualTypeOf<Anthropic0>();
    expectTypeOf(wrapOpenAI(new OpenAI(), guard)).toEqualTypeOf<OpenAI>();
    expectTypeOf(wrapOpenAI(new OpenAI7(), guard)).toEqualTypeOf<OpenAI7>();
  });

  it('are clients: anything else is a type error', () => {
    // @ts-expect-error An empty object has no `withOptions`.
    wrapAnthropic({}, guard);
  });
});

describe('guardedFetch', () => {
  it('is a fetch', () => {
    expectTypeOf(guardedFetch(guard)).toExtend<typeof globalThis.fetch>();
  });
});

describe('a configuration', () => {
  it('types its shorthands by template', () => {
    expectTypeOf<{ per_tenant_cap_per_week_usd: number }>().toExtend<BudgetGuardConfig>();
    expectTypeOf<{ global_cap_usd: number }>().toExtend<BudgetGuardConfig>();
    // @ts-expect-error A cap is a number of dollars.
    const text: BudgetGuardConfig = { global_cap_per_day_usd: '50' };
    void text;
  });
});

describe('BudgetCapError', () => {
  it('narrows by instanceof', () => {
    const error: unknown = undefined;
    if (error instanceof BudgetCapError) {
      expectTypeOf(error.retry_after).toEqualTypeOf<number | null>();
      expectTypeOf(error.scope).toEqualTypeOf<string>();
    }
  });
});
