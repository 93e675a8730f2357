import { describe, expect, it } from 'vitest';
import type { CallOptions } from '../../policy/call-options.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import type { Call } from '../call.ts';
import { BudgetGuard } from '../guard.ts';
import type { Reservation } from '../reservation.ts';
import { KINDS_MAX } from './expectations.ts';

const MODEL = 'claude-sonnet-4-6';
const messages = [{ role: 'user', content: 'Hello' }];
const ON: CallOptions = { expect: true };

function guardOf(config: BudgetGuardConfig = {}): BudgetGuard {
  return new BudgetGuard({ global_cap_usd: 9_000, minOutputTokens: 1, ...config });
}

interface Asked {
  readonly ceiling?: number;
  readonly feature?: string;
  readonly options?: CallOptions;
  readonly more?: Readonly<Record<string, unknown>>;
}

function callOf({ ceiling = 4_000, feature = 'chat', options = ON, more = {} }: Asked = {}): Call {
  const body = { model: MODEL, max_tokens: ceiling, messages, ...more };
  return { provider: 'anthropic', body, scopes: { feature }, options };
}

function answer(guard: BudgetGuard, lengths: readonly number[], asked: Asked = {}): void {
  for (const length of lengths) {
    guard.reserve(callOf(asked)).settle({ input_tokens: 9, output_tokens: length });
  }
}

function ceilingOf({ quote }: Reservation): unknown {
  return quote.facts.body['max_tokens'];
}

const twenty = Array.from({ length: 20 }, (_, index) => 81 + index);

describe('a ceiling that is expected to do', () => {
  it('is the learned length times the margin, held for as it is sent, and shown', () => {
    const guard = guardOf();
    answer(guard, twenty);
    const held = guard.reserve(callOf());
    // The longest of twenty is 100; x 1.2.
    expect(ceilingOf(held)).toBe(120);
    expect(held.quote.bound.outputTokens).toBe(120);
    const plain = guard.reserve(callOf({ ceiling: 120, options: { expect: false } }));
    expect(held.held_usd).toBe(plain.held_usd);
    expect(held.adaptation).toMatchObject({
      strategies: ['expect'],
      output_tokens_max: 120,
      asked: { output_tokens_max: 4_000 },
    });
    expect(plain.adaptation).toBeUndefined();
  });

  it('is not there before `samplesMin` answers are known', () => {
    const guard = guardOf();
    answer(guard, twenty.slice(1));
    expect(ceilingOf(guard.reserve(callOf()))).toBe(4_000);
  });

  it('is never above what was asked for, nor under `minOutputTokens`', () => {
    const guard = guardOf({
      caps: [{ scope: 'global', window: 'day', usd: 9, minOutputTokens: 300 }],
    });
    answer(guard, twenty);
    expect(ceilingOf(guard.reserve(callOf({ ceiling: 50 })))).toBe(50);
    expect(ceilingOf(guard.reserve(callOf()))).toBe(300);
    const own = { ...ON, minOutputTokens: 200 };
    expect(ceilingOf(guard.reserve(callOf({ options: own })))).toBe(200);
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    expect(ceilingOf(guard.reserve(callOf({ options: own, more: { thinking } })))).toBe(2_200);
  });

  it('leaves alone what is no use when cut, unless `fitStructured`', () => {
    const guard = guardOf();
    answer(guard, twenty);
    const more = { tool_choice: { type: 'any' }, tools: [{ name: 'f', input_schema: {} }] };
    expect(ceilingOf(guard.reserve(callOf({ more })))).toBe(4_000);
    const options = { ...ON, fitStructured: true };
    expect(ceilingOf(guard.reserve(callOf({ more, options })))).toBe(120);
  });

  it('is each feature’s own', () => {
    const guard = guardOf();
    answer(guard, twenty);
    expect(ceilingOf(guard.reserve(callOf({ feature: 'summary' })))).toBe(4_000);
  });

  it('gives way when an answer was cut at it, and says so', () => {
    const guard = guardOf();
    const drifts: string[] = [];
    guard.on('drift', ({ kind }) => drifts.push(kind));
    answer(guard, twenty);
    guard.reserve(callOf()).settle({ input_tokens: 9, output_tokens: 120 });
    expect(drifts).toEqual(['cut']);
    expect(ceilingOf(guard.reserve(callOf()))).toBe(4_000);
    // 1 of 199 cut: rank 198 of 199 is an answer that was not.
    answer(
      guard,
      Array.from({ length: 178 }, () => 90),
    );
    expect(ceilingOf(guard.reserve(callOf()))).toBe(120);
    expect(drifts).toEqual(['cut']);
  });

  it('learns from answers that came in full or were cut, and from no others', () => {
    const guard = guardOf();
    answer(guard, twenty);
    for (let count = 0; count < 50; count += 1) guard.reserve(callOf()).release('never left');
    for (let count = 0; count < 50; count += 1) guard.reserve(callOf()).settle(undefined);
    expect(ceilingOf(guard.reserve(callOf()))).toBe(120);
  });

  it('is not for calls by hand that do not ask for it: they may send what they wrote', () => {
    const guard = guardOf({ expect: true });
    answer(guard, twenty);
    expect(ceilingOf(guard.reserve(callOf({ options: {} })))).toBe(4_000);
    expect(ceilingOf(guard.reserve(callOf()))).toBe(120);
  });

  it('forgets the kind that was answered longest ago when there are too many', () => {
    const guard = guardOf();
    answer(guard, twenty, { feature: 'first' });
    answer(guard, twenty, { feature: 'second' });
    for (let count = 0; count < KINDS_MAX - 1; count += 1) {
      answer(guard, [1], { feature: `feature ${count}` });
    }
    expect(ceilingOf(guard.reserve(callOf({ feature: 'first' })))).toBe(4_000);
    expect(ceilingOf(guard.reserve(callOf({ feature: 'second' })))).toBe(120);
  });

  it('is what a call is fitted and refused from', () => {
    const guard = guardOf();
    answer(guard, twenty);
    const { bound_nano_usd: bound } = guard.check(callOf());
    // 20 x 9 tokens in and 1,810 out are spent; what is left does for one call, not for two.
    const spent = 20 * 9 * 3_000 + 1_810 * 15_000;
    const tight = guardOf({
      global_cap_usd: Math.floor(spent + 1.8 * Number(bound)) / 1e9,
      onShort: 'fit',
    });
    answer(tight, twenty, { ceiling: 101 });
    expect(tight.reserve(callOf()).adaptation?.strategies).toEqual(['expect']);
    const last = tight.reserve(callOf());
    expect(last.adaptation?.strategies).toEqual(['expect', 'fit']);
    expect(last.adaptation?.asked.output_tokens_max).toBe(4_000);
  });
});

describe('the input that is expected', () => {
  const prompt = 'the cap was set and then the run ate all of it '.repeat(200);
  const more = { messages: [{ role: 'user', content: prompt }] };
  // As many digits as the ceiling that is expected, so that both bodies are as long.
  const ceiling = 999;
  const settle = (guard: BudgetGuard, input: number, count: number) => {
    for (let done = 0; done < count; done += 1) {
      guard.reserve(callOf({ ceiling, more })).settle({ input_tokens: input, output_tokens: 90 });
    }
  };

  it('is what was counted, times its margin, where the tight measure is taken', () => {
    const guard = guardOf({ inputBound: 'tight' });
    const measured = guard.reserve(callOf({ ceiling, more })).quote.bound.inputTokens;
    settle(guard, 2_000, 20);
    const { quote } = guard.reserve(callOf({ ceiling, more }));
    expect(quote.bound.inputTokens).toBeGreaterThanOrEqual(2_200);
    expect(quote.bound.inputTokens).toBeLessThanOrEqual(2_203);
    expect(quote.measuredInput).toBe(measured);
    // What is held for is no reason to raise the measure itself.
    const other = guard.reserve(callOf({ ceiling, more, options: {} }));
    expect(other.quote.bound.inputTokens).toBe(measured);
  });

  it('is never less than proven where the hard measure is taken', () => {
    const guard = guardOf();
    const measured = guard.reserve(callOf({ ceiling, more })).quote.bound.inputTokens;
    settle(guard, 2_000, 20);
    expect(guard.reserve(callOf({ ceiling, more })).quote.bound.inputTokens).toBe(measured);
  });

  it('is never above the measure', () => {
    const guard = guardOf({ inputBound: 'tight' });
    const measured = guard.reserve(callOf({ ceiling, more })).quote.bound.inputTokens;
    settle(guard, measured - 100, 20);
    expect(guard.reserve(callOf({ ceiling, more })).quote.bound.inputTokens).toBe(measured);
  });
});
