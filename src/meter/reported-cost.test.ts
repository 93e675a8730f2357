import { describe, expect, it } from 'vitest';
import { costInHeader, costInUsage } from './reported-cost.ts';

describe('the cost that an answer states itself', () => {
  // The usage object of an OpenRouter answer, as one was printed in public.
  const usage = {
    prompt_tokens: 10_427,
    completion_tokens: 264,
    total_tokens: 10_691,
    cost: 0.0033789,
    is_byok: false,
    cost_details: { upstream_inference_cost: 0.0033789 },
  };

  it('is OpenRouter’s `usage.cost`, in dollars', () => {
    expect(costInUsage(usage)).toBe(3_378_900);
    expect(costInUsage({ ...usage, cost: 0 })).toBe(0);
  });

  it('is none with the user’s own key, where the field is a fee', () => {
    expect(costInUsage({ ...usage, is_byok: true })).toBeUndefined();
  });

  it('is LiteLLM’s header, in dollars', () => {
    expect(costInHeader('0.000415')).toBe(415_000);
    expect(costInHeader(' 2.1e-05 ')).toBe(21_000);
  });

  it('is none where the header is absent, says zero, or says nothing', () => {
    for (const text of [null, '', '0', '0.0', 'None', '-0.1', 'NaN']) {
      expect(costInHeader(text), String(text)).toBeUndefined();
    }
  });

  it.each([undefined, null, '-1', 'a lot', {}, [], true, Number.NaN, -0.5])(
    'is none where the field is %j',
    (cost) => {
      expect(costInUsage({ ...usage, cost })).toBeUndefined();
    },
  );

  it('is none without a usage', () => {
    expect(costInUsage(undefined)).toBeUndefined();
  });
});
