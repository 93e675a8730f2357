import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import { epochMs } from '../../units/time.ts';
import type { Call } from '../call.ts';
import { BudgetGuard } from '../guard.ts';
import { REFUSED_KEPT_MAX } from './storms.ts';

const ask = (content: string): Call => ({
  provider: 'anthropic',
  body: { model: 'claude-sonnet-4-6', max_tokens: 10, messages: [{ role: 'user', content }] },
});

/** A guard that has nothing to spend, on a clock of the test's own. */
function shut() {
  const time = { ms: Date.UTC(2026, 0, 1, 0, 0, 30) };
  const guard = new BudgetGuard({ global_cap_usd: 0 }, { clock: () => epochMs(time.ms)! });
  const refuse = (call: Call): BudgetCapError => {
    const error = guard.tryReserve(call);
    if (!(error instanceof BudgetCapError)) throw new Error('It was not refused for a cap.');
    return error;
  };
  return { guard, time, refuse };
}

describe('a request that is refused over and over', () => {
  it('is named a retry storm from the fifth refusal within a minute on', () => {
    const { time, refuse } = shut();
    for (let refusal = 1; refusal <= 4; refusal += 1) {
      const error = refuse(ask('Hello'));
      expect(error).toMatchObject({ pattern: null, repeats: null, dimension: 'usd' });
      expect(error.message).not.toContain('storm');
      time.ms += 1_000;
    }
    const error = refuse(ask('Hello'));
    expect(error).toMatchObject({ pattern: 'retry-storm', repeats: 5, retryable: false });
    expect(error.toJSON()).toMatchObject({ pattern: 'retry-storm', repeats: 5 });
    expect(error.message).toContain(
      'The same request was refused 5 times within 60 s: a retry storm.',
    );
  });

  it('what was refused more than a minute ago does not count', () => {
    const { time, refuse } = shut();
    for (let refusal = 0; refusal < 4; refusal += 1) refuse(ask('Hello'));
    time.ms += 60_000;
    expect(refuse(ask('Hello')).pattern).toBeNull();
  });

  it('another request, or another caller, has a count of its own', () => {
    const { guard, refuse } = shut();
    for (let refusal = 0; refusal < 4; refusal += 1) refuse(ask('Hello'));
    expect(refuse(ask('Hello!')).pattern).toBeNull();
    const other = guard.run({ customer: 'acme' }, () => refuse(ask('Hello')));
    expect(other.pattern).toBeNull();
    expect(refuse(ask('Hello')).pattern).toBe('retry-storm');
  });

  it('looking with check() is no refusal', () => {
    const { guard, refuse } = shut();
    for (let look = 0; look < 10; look += 1) guard.check(ask('Hello'));
    expect(refuse(ask('Hello')).pattern).toBeNull();
  });

  it('is forgotten when as many others as are remembered were refused since', () => {
    const { refuse } = shut();
    for (let refusal = 0; refusal < 4; refusal += 1) refuse(ask('Hello'));
    for (let other = 0; other < REFUSED_KEPT_MAX; other += 1) refuse(ask(`Other ${other}`));
    expect(refuse(ask('Hello')).pattern).toBeNull();
  });
});
