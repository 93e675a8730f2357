import { Agent, OpenAIProvider, Runner } from '@openai/agents';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import {
  runAgents,
  spawnAgent,
  wrapOpenAIAgent,
  wrapMethods,
  type AgentEnd,
  type AgentTerms,
  type Allotment,
} from '../../src/adapters/agents/agents.ts';
import { BudgetGuard, ConfigError, wrapOpenAI } from '../../src/index.ts';
import { as, script } from './agent-script.ts';
import { CLAUDE, GPT, openStage, rejection } from './harness.ts';

/** Ways around the budget of an agent, each found once by a reviewer and kept as a test. */

const ROOMY = { global_cap_per_day_usd: 1_000 };
const reply = { outputTokens: 20 };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };

describe('a budget of a run', () => {
  it('is drawn on by work that begins only when somebody waits for it', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const calls = async () => {
      for (let call = 0; call < 5; call += 1) await client.messages.create(claude);
      return 5;
    };
    // oxlint-disable-next-line unicorn/no-thenable
    const lazy = (): PromiseLike<number> => ({ then: (...both) => calls().then(...both) });
    const budget = stage.guard.budget({ calls: 1 }, 'run');
    await rejection(runAgents(stage.guard, budget, lazy));
    expect(stage.emulator.requests).toHaveLength(1);
  });

  it('comes back when all has ended, though a stream of an agent was read by other means', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const ends: AgentEnd[] = [];
    const [part, rest] = stage.guard.budget({ usd: 5 }, 'all').split({ usd: 2 });
    await runAgents(
      stage.guard,
      part,
      async () => {
        const ask = () => client.messages.stream(claude);
        const stream = spawnAgent('reader', ask, { usd: 1 });
        return await stream.finalMessage();
      },
      { onEnd: (end) => ends.push(end) },
    );
    expect(ends.map(({ agent }) => agent)).toEqual(['reader', 'all']);
    expect(rest.held.usd).toBe(0);
  });
});

describe('the allotment of an agent of the OpenAI Agents SDK', () => {
  it.each(['before', 'after'] as const)(
    'holds where it is said %s the agent that hands over to it is wrapped',
    async (order) => {
      const parts = { billing: () => ({ text: 'Hi.', outputTokens: 10 }) };
      const stage = await openStage(ROOMY, { reply: script(parts) });
      const openAIClient = stage.openai7() as unknown as NonNullable<
        NonNullable<ConstructorParameters<typeof OpenAIProvider>[0]>['openAIClient']
      >;
      const modelProvider = new OpenAIProvider({ openAIClient, useResponses: false });
      const common = { model: GPT, modelSettings: { maxTokens: 500 } };
      const billing = new Agent({ ...common, name: 'billing', instructions: as('billing') });
      const triage = new Agent({ ...common, name: 'triage', handoffs: [billing] });
      const wraps = [
        () => wrapOpenAIAgent(billing, { modelProvider, allotment: { calls: 0 } }),
        () => wrapOpenAIAgent(triage, { modelProvider }),
      ];
      for (const wrap of order === 'before' ? wraps : wraps.toReversed()) wrap();
      const runner = new Runner({ modelProvider, tracingDisabled: true });
      const run = () => runner.run(billing, 'Go.', { maxTurns: 3 });
      const budget = stage.guard.budget({ usd: 1 }, 'run');
      const [result] = await Promise.allSettled([
        runAgents(stage.guard, budget, run, { each: { usd: 1 } }),
      ]);
      expect(stage.emulator.requests).toHaveLength(0);
      expect(result?.status).toBe('rejected');
    },
  );

  it('is one: the same may be said again, another is refused, and none takes it away', () => {
    const guard = new BudgetGuard(ROOMY);
    const client = wrapOpenAI(new OpenAI({ apiKey: 'test' }), guard);
    const modelProvider = new OpenAIProvider({ openAIClient: client as never });
    const agent = new Agent({ name: 'billing', model: GPT });
    const wrap = (allotment?: Allotment) => wrapOpenAIAgent(agent, { modelProvider, allotment });
    wrap();
    wrap({ usd: 1, calls: 2 });
    wrap({ calls: 2, by: 'delegate', usd: 1, tokens: undefined });
    wrap();
    for (const other of [{ usd: 2, calls: 2 }, { usd: 1 }, { usd: 1, calls: 2, by: 'split' }]) {
      const again = () => wrap(other as Allotment);
      expect(again).toThrow(ConfigError);
      expect(again).toThrow('before, as {"agent":"billing","allotment":{"usd":1,"calls":2,');
    }
  });

  it('is not dropped either where methods are wrapped twice', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const crawler = { crawl: () => client.messages.create(claude) };
    const wrap = (terms: AgentTerms) => wrapMethods(crawler, ['crawl'], terms);
    wrap({ agent: 'crawler', allotment: { calls: 0 } });
    expect(() => wrap({ agent: 'crawler' })).toThrow(ConfigError);
    expect(() => wrap({ agent: 'other', allotment: { calls: 0 } })).toThrow(ConfigError);
    wrap({ agent: 'crawler', allotment: { calls: 0, by: 'delegate' } });
    const budget = stage.guard.budget({ usd: 1 }, 'run');
    const error = await rejection(runAgents(stage.guard, budget, () => crawler.crawl()));
    expect(error).toMatchObject({ scope: 'budget:crawler' });
    expect(stage.emulator.requestCount).toBe(0);
  });
});
