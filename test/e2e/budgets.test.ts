import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { BudgetCapError, BudgetGuard, HandleSpentError, type Budget } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { CLAUDE, GPT, openStage, rejection } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 1_000, messages };
const gpt = { model: GPT, max_completion_tokens: 1_000, messages };
const ROOMY = { global_cap_per_day_usd: 1_000 };
const reply = { outputTokens: 1_000 };

describe('a budget as an account like any other', () => {
  it('every call in the context draws on it and on the caps, in one reservation', async () => {
    const stage = await openStage({ per_customer_cap_per_day_usd: 10 }, { reply });
    const run = stage.guard.budget({ usd: 5 }, 'run');
    await stage.guard.run({ customer: 'acme', budget: run }, async () => {
      await stage.anthropic().messages.create(claude);
      await stage.openai().chat.completions.create(gpt);
    });
    const spent = stage.booked();
    expect(spent).toBeGreaterThan(0);
    expect(run.spent.usd).toBe(spent / 1e9);
    expect(run.held.usd).toBe(0);
    expect(run.spent.calls).toBe(2);
    expect(stage.settled[0]?.draws.map(({ scope }) => scope)).toEqual([
      'customer:acme',
      'budget:run',
    ]);
  });

  it('stops a run at its budget, long before the caps, with a typed refusal', async () => {
    const stage = await openStage(ROOMY, { reply });
    const run = stage.guard.budget({ usd: 0.05 }, 'run');
    const client = stage.anthropic();
    const error = await rejection(
      stage.guard.run({ budget: run }, async () => {
        for (;;) await client.messages.create(claude);
      }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ scope: 'budget:run', cap_usd: 0.05, retry_after: null });
    expect(stage.billed()).toBeLessThanOrEqual(0.05e9);
    expect(run.spent.usd).toBe(stage.billed() / 1e9);
  });

  it('a cap refuses what the budget would allow, and the budget is left as it was', async () => {
    const stage = await openStage({ global_cap_per_day_usd: 0.001 }, { reply });
    const run = stage.guard.budget({ usd: 5 });
    const call = () => stage.anthropic().messages.create(claude);
    const error = await rejection(stage.guard.run({ budget: run }, call));
    expect(error).toMatchObject({ scope: 'global' });
    expect([run.spent.usd, run.held.usd, stage.emulator.requestCount]).toEqual([0, 0, 0]);
  });

  it('near the budget, `fit` lowers the ceiling to what is left in it', async () => {
    const config = { ...ROOMY, onShort: ['count', 'fit'] as const, minOutputTokens: 10 };
    const stage = await openStage(config, { reply: { outputTokens: 5_000 } });
    const run = stage.guard.budget({ usd: 0.01 });
    const ask = { ...claude, max_tokens: 5_000 };
    await stage.guard.run({ budget: run }, () => stage.anthropic().messages.create(ask));
    expect(stage.emulator.requests[0]?.body?.['max_tokens']).toBeLessThan(1_000);
    expect(stage.billed()).toBeGreaterThan(0);
    expect(stage.billed()).toBeLessThanOrEqual(0.01e9);
  });
});

describe('sub-agents', () => {
  it('a runaway stops alone: siblings finish, and the root stays within its sum', async () => {
    const stage = await openStage(ROOMY, { reply: { outputTokens: 500 } });
    const { guard } = stage;
    const client = stage.anthropic();
    let root = guard.budget({ usd: 0.6 }, 'root');
    const agent = (name: string) => {
      const [child, rest] = root.delegate({ usd: 0.2 }, name);
      root = rest;
      return child;
    };
    const work = async (budget: Budget, calls: number) =>
      guard.run({ budget }, async () => {
        for (let call = 0; call < calls; call++) await client.messages.create(claude);
        return budget.spent.usd ?? 0;
      });
    const [runaway, ...siblings] = [agent('runaway'), agent('reader'), agent('writer')];
    const results = await Promise.allSettled([
      work(runaway, Number.MAX_SAFE_INTEGER),
      ...siblings.map((budget) => work(budget, 5)),
    ]);
    const [stopped, ...finished] = results;
    expect(stopped?.status).toBe('rejected');
    expect(Reflect.get(stopped ?? {}, 'reason')).toMatchObject({ scope: 'budget:runaway' });
    expect(finished.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    const below = [runaway, ...siblings].reduce((sum, { spent }) => sum + nano(spent.usd), 0);
    expect(nano(root.spent.usd)).toBe(below);
    expect(nano(root.spent.usd)).toBe(stage.billed());
    expect(stage.billed()).toBeLessThanOrEqual(0.6e9);
  });

  it('a nested run narrows: the inner budget is drawn on, and all above it once', async () => {
    const stage = await openStage(ROOMY, { reply });
    const { guard } = stage;
    const [child, root] = guard.budget({ usd: 5 }, 'root').delegate({ usd: 1 }, 'child');
    const call = () => stage.anthropic().messages.create(claude);
    await guard.run({ budget: root }, () => guard.run({ budget: child }, call));
    await guard.run({ budget: child }, () => guard.run({ budget: root }, call));
    expect(nano(child.spent.usd)).toBe(stage.billed());
    expect(nano(root.spent.usd)).toBe(stage.billed());
  });

  it('closing the root refuses new calls below it at once; those in flight settle', async () => {
    const stage = await openStage(ROOMY, { reply, latencyMs: 200 });
    const { guard } = stage;
    const [child, root] = guard.budget({ usd: 5 }, 'root').delegate({ usd: 1 }, 'child');
    const call = () =>
      guard.run({ budget: child }, () => stage.anthropic().messages.create(claude));
    const inFlight = call();
    await vi.waitFor(() => expect(stage.emulator.requestCount).toBe(1));
    root.close();
    const error = await rejection(call());
    expect(error).toMatchObject({ code: 'SCOPE_CLOSED', scope: 'budget:child' });
    expect((error as Error).message).toContain(
      'cannot be held: budget:child was closed, itself or by the one above it. Use a budget ' +
        'that is open. Nothing was sent.',
    );
    await inFlight;
    expect(nano(child.spent.usd)).toBe(stage.billed());
  });

  it('a used-up handle lends nothing, and a budget beside another in one tree is refused', async () => {
    const stage = await openStage(ROOMY, { reply });
    const { guard } = stage;
    const [left, pool] = guard.budget({ usd: 5 }).delegate({ usd: 1 }, 'left');
    const [right] = pool.delegate({ usd: 1 }, 'right');
    expect(() => guard.run({ budget: pool }, () => 0)).toThrow(HandleSpentError);
    expect(() => guard.run({ budget: { ...(left as object) } as Budget }, () => 0)).toThrow(
      'is no live budget',
    );
    const call = () => stage.anthropic().messages.create(claude);
    const sideways = guard.run({ budget: left }, () => guard.run({ budget: right }, call));
    expect(await rejection(sideways)).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('the delegation race: one handle in every branch is caught before any request leaves', async () => {
    const stage = await openStage(ROOMY, { reply });
    const budget = stage.guard.budget({ usd: 5 });
    const branch = async () => {
      const [child] = budget.split({ usd: 2 });
      return stage.guard.run({ budget: child }, () => stage.anthropic().messages.create(claude));
    };
    const results = await Promise.allSettled([branch(), branch(), branch()]);
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toBeInstanceOf(HandleSpentError);
    expect(stage.emulator.requestCount).toBe(1);
  });
});

describe('a budget over a shared ledger', () => {
  it('draws on the durable caps and on the budget alike, and gives back what a cap refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hardcap-budget-'));
    const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') });
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1 }, { ledger });
    const budget = guard.budget({ usd: 5 });
    const call = { provider: 'anthropic', body: { ...claude } };
    const held = await guard.run({ budget }, () => guard.reserveAsync(call));
    expect(nano(budget.held.usd)).toBe(nano(held.held_usd));
    held.settle({ input_tokens: 10, output_tokens: 100 });
    expect(nano(budget.spent.usd)).toBeGreaterThan(0);
    const huge = { provider: 'anthropic', body: { ...claude, max_tokens: 64_000 } };
    const before = budget.spent.usd;
    const many = Array.from({ length: 4 }, () =>
      rejection(
        guard.run({ budget }, async () => (await guard.reserveAsync(huge)).release('a test')),
      ).catch(() => undefined),
    );
    await Promise.all(many);
    expect([budget.held.usd, budget.spent.usd]).toEqual([0, before]);
    await guard.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
