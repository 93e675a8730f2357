import { describe, expect, it } from 'vitest';
import { BudgetCapError, createMemoryLedger, type DriftEvent } from '../../src/index.ts';
import type { CostField, Repricing, RepricingFunction } from '../../src/emulator/emulator.ts';
import {
  readAnthropicCosts,
  readAnthropicUsage,
  readOpenAICosts,
  readOpenAIUsage,
  reconcile,
  SpendLog,
  watchPrices,
  type SpendRow,
} from '../../src/reconcile/reconcile.ts';
import { CLAUDE, GPT, openStage, rejection, type Stage, type StageOptions } from './harness.ts';

const USAGE = { inputTokens: 1_000, outputTokens: 500 };
const TRIGGER = 'fast-lane';
const NEVER_CAPPED = { global_cap_per_day_usd: 9_000 };

/** What is asked, and how the provider changes its prices silently. */
interface Scenario {
  readonly name: string;
  readonly model: string;
  readonly repricing: Repricing | RepricingFunction;
  /** How the change must be named. */
  readonly named: RegExp;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: '7.5x overnight',
    model: CLAUDE,
    repricing: { factor: '7.5' },
    named: /billed at 7\.5 times the price card/,
  },
  {
    name: '27x overnight',
    model: CLAUDE,
    repricing: { factor: '27' },
    named: /billed at 27 times the price card/,
  },
  {
    name: '7.5x overnight',
    model: GPT,
    repricing: { factor: '7.5' },
    named: /billed at 7\.5 times the price card/,
  },
  {
    name: '27x overnight',
    model: GPT,
    repricing: { factor: '27' },
    named: /billed at 27 times the price card/,
  },
  {
    name: 'standard billed as priority',
    model: GPT,
    repricing: { tier: 'priority' },
    named: /billed as priority, 1\.7 times/,
  },
  {
    name: 'billed in the US region',
    model: CLAUDE,
    repricing: { geo: 'us' },
    named: /billed as geo:us, 1\.1 times/,
  },
  {
    name: 'billed at the rates of fast mode',
    model: 'claude-opus-4-6',
    repricing: { isFast: true },
    named: /billed as fast, 6 times/,
  },
  {
    name: 'short prompts billed at long rates',
    model: 'gpt-5.4',
    repricing: { isLongContext: true },
    named: /billed as long-context, 1\.625/,
  },
];

interface Watched {
  readonly stage: Stage;
  readonly drifts: DriftEvent[];
  readonly call: (prompt?: string) => Promise<unknown>;
}

async function watched(model: string, options: StageOptions): Promise<Watched> {
  const stage = await openStage(NEVER_CAPPED, {
    reply: USAGE,
    books: 'under-reported',
    ...options,
  });
  const drifts: DriftEvent[] = [];
  stage.guard.on('drift', (event) => drifts.push(event));
  return { stage, drifts, call: caller(stage, model) };
}

function caller(stage: Stage, model: string): (prompt?: string) => Promise<unknown> {
  if (model.startsWith('claude')) {
    const client = stage.anthropic();
    return (content = 'Hello') =>
      client.messages.create({ model, max_tokens: 600, messages: [{ role: 'user', content }] });
  }
  const client = stage.openai();
  return (content = 'Hello') =>
    client.chat.completions.create({
      model,
      max_completion_tokens: 600,
      messages: [{ role: 'user', content }],
    });
}

/** The provider's own usage and cost reports, as its Admin API gives them. */
async function reported(stage: Stage, model: string): Promise<readonly SpendRow[]> {
  const page = async (path: string) => (await fetch(`${stage.emulator.url}${path}`)).text();
  if (!model.startsWith('claude')) {
    return [
      ...readOpenAIUsage(await page('/v1/organization/usage/completions?group_by=model')),
      ...readOpenAICosts(await page('/v1/organization/costs?group_by=line_item')),
    ];
  }
  const root = '/v1/organizations';
  return [
    ...readAnthropicUsage(await page(`${root}/usage_report/messages?group_by[]=model`)),
    ...readAnthropicCosts(await page(`${root}/cost_report?group_by[]=description`)),
  ];
}

const priceDrifts = (drifts: readonly DriftEvent[]) =>
  drifts.filter(({ kind }) => kind === 'price-changed');

describe('a price that changes silently is told from the answer that states its cost', () => {
  const FIELDS = { [CLAUDE]: 'x-litellm-response-cost' } as const;

  it.each(SCENARIOS)('$model: $name, at the first call', async ({ model, repricing, named }) => {
    const isClaude = model.startsWith('claude');
    const costField: CostField = isClaude ? FIELDS[CLAUDE] : 'usage.cost';
    const { stage, drifts, call } = await watched(model, { costField });
    watchPrices(stage.guard);
    for (let before = 0; before < 5; before += 1) await call();
    expect(drifts).toEqual([]);

    stage.emulator.reprice(repricing);
    let after = 0;
    while (drifts.length === 0 && after < 10) {
      await call();
      after += 1;
    }
    expect(after, 'calls until it was told').toBe(1);
    expect(drifts[0]).toMatchObject({ kind: 'price-changed', id: stage.settled.at(-1)?.id });
    expect(drifts[0]?.message).toMatch(named);

    for (let more = 0; more < 5; more += 1) await call();
    expect(drifts, 'told once').toHaveLength(1);
  });

  it.each([CLAUDE, GPT])(
    '%s: a word in the prompt that decides is told as mixed',
    async (model) => {
      const isClaude = model.startsWith('claude');
      const { stage, drifts, call } = await watched(model, {
        costField: isClaude ? 'x-litellm-response-cost' : 'usage.cost',
        repricing: ({ bodyText }) => (bodyText.includes(TRIGGER) ? { factor: '27' } : undefined),
      });
      const { changes } = watchPrices(stage.guard);
      for (let plain = 0; plain < 4; plain += 1) await call();
      await call(`please, ${TRIGGER}`);
      expect(drifts.map(({ message }) => message)).toEqual([
        expect.stringContaining('billed at 27 times the price card (1 of 1 calls since the first)'),
      ]);
      await call();
      await call();
      await call(`again: ${TRIGGER}`);
      expect(changes.at(-1)).toMatchObject({
        kind: 'mixed',
        factor: '27',
        afterCalls: 4,
        changedCalls: 2,
      });
      expect(drifts).toHaveLength(2);
    },
  );

  it.each([false, true])('so it is where the answer is a stream (%s)', async (isStream) => {
    const { stage, drifts } = await watched(GPT, {
      costField: 'usage.cost',
      repricing: { factor: '7.5' },
    });
    watchPrices(stage.guard);
    const call = { model: GPT, messages: [{ role: 'user' as const, content: 'Hello' }] };
    const client = stage.openai();
    if (isStream)
      for await (const _ of await client.chat.completions.create({ ...call, stream: true }));
    else await client.chat.completions.create(call);
    expect(priceDrifts(drifts)).toHaveLength(1);
  });

  it('an answer that states no cost, or the card’s, tells nothing', async () => {
    for (const costField of [undefined, 'usage.cost'] as const) {
      const options = costField === undefined ? {} : { costField };
      const { stage, drifts, call } = await watched(GPT, { ...options, books: 'equal' });
      watchPrices(stage.guard);
      for (let calls = 0; calls < 3; calls += 1) await call();
      expect(drifts).toEqual([]);
    }
  });
});

describe('without a cost in the answer, the next report tells', () => {
  const CALLS_PER_REPORT = 10;

  it.each(SCENARIOS)('$model: $name, within one report', async ({ model, repricing, named }) => {
    const { stage, drifts, call } = await watched(model, {});
    const watching = watchPrices(stage.guard);
    const check = async () => watching.check(await reported(stage, model));
    for (let before = 0; before < 25; before += 1) await call();
    const level = await check();
    expect(level.isClean, JSON.stringify(level.rows.map(({ findings }) => findings))).toBe(true);

    stage.emulator.reprice(repricing);
    let after = 0;
    while (drifts.length === 0 && after < 100) {
      await call();
      after += 1;
      if (after % CALLS_PER_REPORT === 0) await check();
    }
    expect(after, 'calls until it was told').toBe(CALLS_PER_REPORT);
    expect(drifts.map(({ kind }) => kind)).toEqual(['price-changed']);
    expect(drifts[0]?.message).toMatch(named);

    for (let more = 0; more < CALLS_PER_REPORT; more += 1) await call();
    await check();
    expect(drifts, 'told once').toHaveLength(1);
  });

  it('a word in the prompt that decides shows as the mean factor of the calls', async () => {
    const { stage, drifts, call } = await watched(CLAUDE, {
      repricing: ({ bodyText }) => (bodyText.includes(TRIGGER) ? { factor: '27' } : undefined),
    });
    const watching = watchPrices(stage.guard);
    for (let calls = 0; calls < 10; calls += 1) await call(calls % 5 === 0 ? TRIGGER : 'plain');
    watching.check(await reported(stage, CLAUDE));
    // Two of ten calls at 27: (8 + 54) / 10.
    expect(drifts.map(({ message }) => message)).toEqual([expect.stringContaining('at 6.2 times')]);
  });
});

describe('a provider that under-reports in its answers is found by its report', () => {
  const cases = [CLAUDE, GPT].flatMap((model) =>
    [2, 5, 10].map((factor) => [model, factor] as const),
  );

  it.each(cases)('%s, a %i-th of what it bills', async (model, factor) => {
    const fault = () => ({ kind: 'under-report', factor }) as const;
    const { stage, call } = await watched(model, { fault });
    const log = new SpendLog();
    stage.guard.on('settled', (event) => log.add(event));
    for (let calls = 0; calls < 4; calls += 1) await call();

    const theirs = await reported(stage, model);
    const { rows } = reconcile(log.rows(), theirs, { thresholdPercent: 1 });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.findings).toEqual([
      {
        kind: 'tokens-differ',
        factor: String(factor),
        ours: (4 * 1_500) / factor,
        theirs: 4 * 1_500,
      },
    ]);
    expect(rows[0]?.driftPercent).toBe(String((factor - 1) * 100));
    expect(rows[0]?.driftNanoUsd).toBe(stage.billed() - stage.booked());
  });
});

describe('caps hold meanwhile', () => {
  /** 1,000 tokens as the emulator counts, and bounded from its bytes. */
  const PROMPT = 'word'.repeat(1_000);
  const FULL = { reply: { outputTokens: 500 }, repricing: { factor: '27' } } as const;

  it.each([
    ['tokens', { tokens: 30_000 }],
    ['calls', { calls: 4 }],
  ] as const)('a cap in %s admits no more at 27 times the price', async (_what, cap) => {
    const config = { caps: [{ scope: 'global' as const, window: 'day' as const, ...cap }] };
    const costField = 'x-litellm-response-cost';
    const stage = await openStage(config, { ...FULL, costField, books: 'under-reported' });
    const { changes } = watchPrices(stage.guard);
    const call = caller(stage, CLAUDE);
    const atOnce = await Promise.allSettled(Array.from({ length: 30 }, () => call(PROMPT)));
    expect(atOnce.some(({ status }) => status === 'rejected')).toBe(true);
    for (let more = 0; more < 30; more += 1) await call(PROMPT).catch(() => undefined);

    const { entries } = stage.emulator.bill();
    const used = entries.reduce((sum, { usage }) => {
      return sum + usage.inputTokens + usage.outputTokens;
    }, 0);
    expect(changes).toMatchObject([{ kind: 'multiplier', factor: '27' }]);
    expect(entries.length).toBeGreaterThan(0);
    if ('calls' in cap) expect(entries).toHaveLength(cap.calls);
    else expect(used).toBeLessThanOrEqual(cap.tokens);
  });

  it('a cap in dollars holds by the price card, which is what is booked', async () => {
    const stage = await openStage(
      { global_cap_per_day_usd: 0.1 },
      { reply: USAGE, repricing: { factor: '27' }, books: 'under-reported' },
    );
    const call = caller(stage, CLAUDE);
    for (let calls = 0; calls < 12; calls += 1) await call().catch(() => undefined);
    // $0.0105 a call by the card; the last is bounded at more, so nine fit. Billed are 27 times that.
    expect(stage.booked()).toBeLessThanOrEqual(100_000_000);
    expect(stage.billed()).toBe(27 * stage.booked());
  });

  it('a stated cost above the card is booked where it is trusted, and closes the account', async () => {
    const ledger = createMemoryLedger();
    const stage = await openStage(
      { global_cap_per_day_usd: 0.1 },
      {
        reply: USAGE,
        costField: 'x-litellm-response-cost',
        repricing: { factor: '27' },
        books: 'under-reported',
        ledger,
      },
    );
    const { log } = watchPrices(stage.guard, { trustCost: ledger });
    const call = caller(stage, CLAUDE);
    await call();
    const error = await rejection(call());
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'SCOPE_CLOSED', spend_usd: 0.2835 });
    expect(stage.emulator.bill().totalUsd).toBe('0.2835');
    expect(log.rows()[0]?.nanoUsd).toBe(283_500_000);
  });

  it('a stated cost below the card is told and never booked', async () => {
    const ledger = createMemoryLedger();
    const stage = await openStage(
      { global_cap_per_day_usd: 1 },
      {
        reply: USAGE,
        costField: 'usage.cost',
        repricing: { factor: '0' },
        books: 'at-least',
        ledger,
      },
    );
    const { changes } = watchPrices(stage.guard, { trustCost: ledger });
    await caller(stage, GPT)();
    expect(changes).toMatchObject([{ kind: 'multiplier', factor: '0' }]);
    expect(stage.guard.balance()[0]).toMatchObject({ spend_usd: 0.0075 });
  });
});
