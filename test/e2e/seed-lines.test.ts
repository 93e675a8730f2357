import { describe, expect, it } from 'vitest';
import Anthropic from '@anthropic-ai/sdk';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { CLAUDE, rejection } from './harness.ts';

describe('the two seed lines, unchanged', () => {
  it('refuse with a BudgetCapError, and the provider never sees the request', async () => {
    await using emulator = await startEmulator({
      reply: { inputTokens: 20_000, outputTokens: 60_000 },
    });
    process.env['ANTHROPIC_BASE_URL'] = emulator.url;
    process.env['ANTHROPIC_API_KEY'] = 'test';

    const guard = new BudgetGuard({ global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 });
    const anthropic = wrapAnthropic(new Anthropic(), guard);

    const ask = () =>
      guard.run({ customer: 'acme', feature: 'chat' }, () =>
        anthropic.messages
          .stream({
            model: CLAUDE,
            max_tokens: 64_000,
            messages: [{ role: 'user', content: 'Go on' }],
          })
          .finalMessage(),
      );
    await ask();
    const seen = emulator.requestCount;
    let error: unknown;
    for (let call = 0; call < 10 && error === undefined; call += 1) {
      error = await ask().then(
        () => undefined,
        (reason: unknown) => reason,
      );
    }
    expect(error).toBeInstanceOf(BudgetCapError);
    const cap = error as BudgetCapError;
    expect(cap.scope).toBe('customer:acme');
    expect(cap.cap_usd).toBe(2);
    expect(cap.spend_usd).toBeCloseTo(Number(emulator.bill().totalUsd), 9);
    expect(cap.spend_usd + cap.held_usd + cap.needed_usd).toBeGreaterThan(2);
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    expect(Math.abs((cap.retry_after ?? 0) - (midnight - Date.now()) / 1000)).toBeLessThan(5);
    expect(cap.message).toContain('customer:acme');
    expect(JSON.parse(JSON.stringify(cap))).toMatchObject({
      code: 'BUDGET_CAP',
      scope: 'customer:acme',
    });

    const before = emulator.requestCount;
    expect(before).toBeGreaterThan(seen - 1);
    expect(await rejection(ask())).toBeInstanceOf(BudgetCapError);
    expect(emulator.requestCount, 'requests the provider saw after the refusal').toBe(before);

    const other = await guard.run({ customer: 'globex' }, () =>
      anthropic.messages.create({
        model: CLAUDE,
        max_tokens: 100,
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    );
    expect(other.usage.output_tokens).toBe(100);
  });
});
