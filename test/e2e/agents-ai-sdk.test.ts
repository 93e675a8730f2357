import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, streamText, tool, ToolLoopAgent, type ToolSet } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  agentStream,
  runAgents,
  wrapAiAgent,
  type AgentEnd,
  type AgentsOptions,
} from '../../src/adapters/agents/agents.ts';
import { BudgetCapError, guardedFetch } from '../../src/index.ts';
import { as, endless, fanOut, script, steps, type Part } from './agent-script.ts';
import { CLAUDE, GPT, openStage, rejection, until, type Stage } from './harness.ts';

const ROOMY = { global_cap_per_day_usd: 1_000 };
/** By default the SDK writes every error of a stream to the console. */
const silent: object = { onError: () => undefined };
const STEPS = stepCountIs(1_000);

const look = tool({
  description: 'Looks at a page',
  inputSchema: z.object({ page: z.string() }),
  execute: ({ page }) => `Page ${page} is empty.`,
});

const models = {
  anthropic: (stage: Stage) =>
    createAnthropic({
      apiKey: 'test',
      baseURL: `${stage.emulator.url}/v1`,
      fetch: guardedFetch(stage.guard, { provider: 'anthropic' }),
    })(CLAUDE),
  openai: (stage: Stage) =>
    createOpenAI({
      apiKey: 'test',
      baseURL: stage.emulator.openaiUrl,
      fetch: guardedFetch(stage.guard, { provider: 'openai' }),
    }).responses(GPT),
};

async function openTeam(
  parts: Readonly<Record<string, Part>>,
  provider: keyof typeof models,
  { config = {}, books = 'equal' }: { config?: object; books?: 'equal' | 'at-least' } = {},
) {
  const stage = await openStage({ ...ROOMY, ...config }, { reply: script(parts), books });
  const model = models[provider](stage);
  const ends: AgentEnd[] = [];
  const agent = (id: string, tools: ToolSet = { look }, more: object = {}) =>
    wrapAiAgent(
      new ToolLoopAgent({
        id,
        model,
        instructions: as(id),
        tools,
        maxOutputTokens: 500,
        stopWhen: STEPS,
        ...silent,
        ...more,
      }),
    );
  const start = <T>(usd: number, fn: () => T, terms: AgentsOptions = {}) =>
    runAgents(stage.guard, stage.guard.budget({ usd }, 'run'), fn, {
      onEnd: (end) => ends.push(end),
      ...terms,
    });
  return { stage, model, ends, agent, start };
}

/** An agent as a tool of another, whole or streamed. */
function asTool(agent: ToolLoopAgent<never, ToolSet>, isStreamed = false) {
  return tool({
    description: 'Asks an agent',
    inputSchema: z.object({ input: z.string().optional(), page: z.string().optional() }),
    execute: async () => {
      if (!isStreamed) return (await agent.generate({ prompt: 'Go' })).text;
      const { fullStream } = await agent.stream({ prompt: 'Go' });
      let text = '';
      for await (const part of fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'text-delta') text += part.text;
      }
      return text;
    },
  });
}

describe.each(['anthropic', 'openai'] as const)('Vercel AI SDK on %s', (provider) => {
  it('an agent that never ends is stopped by its budget, with the error that the guard made', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    const error = await rejection(
      team.start(0.05, () => lead.generate({ prompt: 'Go' }), { lead: 'lead' }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run', cap_usd: 0.05 });
    expect(team.stage.emulator.requestCount).toBeGreaterThan(3);
    expect(team.stage.billed()).toBeLessThanOrEqual(0.05e9);
    expect(nano(team.ends.at(-1)?.spent.usd)).toBe(team.stage.billed());
  });

  it('generateText and streamText need no wrapping: the run ends with the refusal', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const call = { model: team.model, system: as('lead'), prompt: 'Go', tools: { look } };
    const common = { ...call, maxOutputTokens: 500, stopWhen: STEPS };
    const whole = await rejection(team.start(0.03, () => generateText(common)));
    expect(whole).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run' });
    const streamed = team.start(0.03, async () => {
      // The text of a stream that fails just ends.
      const { textStream } = streamText({ ...common, onError: () => undefined });
      for await (const part of textStream) void part;
      return 'quiet';
    });
    expect(await rejection(streamed)).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run' });
    expect(team.ends.map(({ agent }) => agent)).toEqual(['run', 'run']);
    const spent = team.ends.reduce((sum, end) => sum + nano(end.spent.usd), 0);
    expect(spent).toBe(team.stage.billed());
    for (const end of team.ends) expect(end.spent.usd).toBeLessThanOrEqual(0.03);
  });

  it.each([
    ['whole', false],
    ['streamed', true],
  ] as const)(
    'agents as tools, all at once, %s: the runaway stops alone, its siblings and the lead finish',
    async (_form, isStreamed) => {
      const parts = {
        lead: fanOut(['reader', 'runaway', 'writer'], 'Report.'),
        reader: steps('look', 3, 'Read.'),
        writer: steps('look', 3, 'Written.'),
        runaway: endless('look'),
      };
      const team = await openTeam(parts, provider);
      const tools = Object.fromEntries(
        ['reader', 'runaway', 'writer'].map((id) => [id, asTool(team.agent(id), isStreamed)]),
      );
      const lead = team.agent('lead', tools);
      const result = await team.start(1, () => lead.generate({ prompt: 'Go' }), {
        lead: 'lead',
        each: { usd: 0.1 },
      });
      expect(result.text).toBe('Report.');
      const failed = result.steps[0]?.content.find((part) => part.type === 'tool-error');
      expect(failed?.error).toBeInstanceOf(BudgetCapError);
      const ends = new Map(team.ends.map((end) => [end.agent, end]));
      expect([...ends.keys()].sort()).toEqual(['reader', 'run', 'runaway', 'writer']);
      expect(ends.get('runaway')?.stoppedBy).toMatchObject({ scope: 'budget:runaway' });
      expect(ends.get('runaway')?.spent.usd).toBeLessThanOrEqual(0.1);
      for (const name of ['reader', 'writer']) {
        expect(ends.get(name), name).toMatchObject({ stoppedBy: null, spent: { calls: 4 } });
      }
      expect(nano(ends.get('run')?.spent.usd)).toBe(team.stage.billed());
    },
  );

  it('an agent under an agent is under its budget too', async () => {
    const parts = { lead: fanOut(['middle']), middle: fanOut(['inner']), inner: endless('look') };
    const team = await openTeam(parts, provider);
    const middle = team.agent('middle', { inner: asTool(team.agent('inner')) });
    const lead = team.agent('lead', { middle: asTool(middle) });
    const agents = { middle: { usd: 0.05 }, inner: { usd: 0.5 } };
    await team.start(1, () => lead.generate({ prompt: 'Go' }), { lead: 'lead', agents });
    const [first, second] = team.ends;
    expect(first).toMatchObject({ agent: 'inner', callers: ['run', 'middle'] });
    expect(first?.stoppedBy).toMatchObject({ scope: 'budget:middle' });
    expect(second?.spent.usd).toBeLessThanOrEqual(0.05);
  });

  it('a tool whose call is refused ends its agent, though the SDK gives the error to the model', async () => {
    const team = await openTeam({ lead: endless('ask') }, provider);
    const client = team.stage.openai();
    const ask = tool({
      inputSchema: z.object({ page: z.string() }),
      execute: () =>
        client.chat.completions.create({
          model: GPT,
          max_tokens: 16_000,
          messages: [{ role: 'user', content: 'Hello' }],
        }),
    });
    const lead = team.agent('lead', { ask });
    const error = await rejection(
      team.start(0.15, () => lead.generate({ prompt: 'Go' }), { lead: 'lead' }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP' });
    expect(team.stage.emulator.requestCount).toBe(1);
  });

  it('a streamed agent, read outside: the refusal is its error part, and all is closed', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const told: unknown[] = [];
    const onError = ({ error }: { readonly error: unknown }) => told.push(error);
    const lead = team.agent('lead', undefined, { onError });
    const { fullStream } = await team.start(1, () => lead.stream({ prompt: 'Go' }), {
      agents: { lead: { usd: 0.05 } },
    });
    const errors: unknown[] = [];
    for await (const part of fullStream) if (part.type === 'error') errors.push(part.error);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(BudgetCapError);
    expect(errors[0]).toMatchObject({ scope: 'budget:lead' });
    expect(told).toEqual(errors);
    await until(() => team.ends.length === 2, 5_000);
    expect(team.ends.map(({ agent }) => agent)).toEqual(['lead', 'run']);
    expect(team.ends[0]?.spent.usd).toBeLessThanOrEqual(0.05);
    // Each step was a call of the agent, however it was pulled on.
    expect(team.ends[0]?.spent.calls).toBe(team.stage.emulator.requestCount);
    expect(nano(team.ends[1]?.spent.usd)).toBe(team.stage.billed());
  });

  it('a streamText of one’s own, read outside, is at work until its last part', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const told: unknown[] = [];
    const result = team.start(0.05, () =>
      streamText({
        model: team.model,
        system: as('lead'),
        prompt: 'Go',
        tools: { look },
        maxOutputTokens: 500,
        stopWhen: STEPS,
        onError: ({ error }) => void told.push(error),
        experimental_transform: agentStream(),
      }),
    );
    for await (const part of result.textStream) void part;
    expect(told).toHaveLength(1);
    expect(told[0]).toBeInstanceOf(BudgetCapError);
    expect(told[0]).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run' });
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends[0]?.spent.calls).toBe(team.stage.emulator.requestCount);
    expect(team.stage.emulator.requestCount).toBeGreaterThan(3);
  });

  it('a streamed agent that finishes is whole, and closed with its last part', async () => {
    const team = await openTeam({ lead: steps('look', 3, 'Done.') }, provider);
    const lead = team.agent('lead');
    const result = await team.start(1, () => lead.stream({ prompt: 'Go' }), { lead: 'lead' });
    expect(team.ends).toEqual([]);
    expect(await result.text).toBe('Done.');
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null, spent: { calls: 4 } }]);
  });

  it('a streamed agent that its caller gives up is closed, and begins no further step', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    const aborting = new AbortController();
    const { fullStream } = await team.start(
      1,
      () => lead.stream({ prompt: 'Go', abortSignal: aborting.signal }),
      { lead: 'lead' },
    );
    for await (const part of fullStream) if (part.type === 'finish-step') aborting.abort();
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null }]);
    const { requestCount } = team.stage.emulator;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(team.stage.emulator.requestCount).toBe(requestCount);
  });

  it('a streamed agent that nobody reads is closed after the idle timeout of the guard', async () => {
    const team = await openTeam({ reader: steps('look', 3) }, provider, {
      config: { idleTimeoutMs: 100 },
      books: 'at-least',
    });
    const reader = team.agent('reader');
    const call = { model: team.model, system: as('reader'), prompt: 'Go', maxOutputTokens: 500 };
    await team.start(
      1,
      async () => {
        await reader.stream({ prompt: 'Go' });
        streamText({ ...call, ...silent, experimental_transform: agentStream() });
      },
      { each: { usd: 0.5, by: 'split' } },
    );
    expect(team.ends).toEqual([]);
    await until(() => team.ends.length === 2, 5_000);
    expect(team.ends.map(({ agent }) => agent)).toEqual(['reader', 'run']);
  });

  it('a streamed agent whose tool works longer than that is not closed: its reader waits', async () => {
    const team = await openTeam({ lead: steps('look', 2, 'Done.') }, provider, {
      config: { idleTimeoutMs: 100 },
    });
    const slow = tool({
      description: 'Looks long',
      inputSchema: z.object({ page: z.string() }),
      execute: () => new Promise((resolve) => setTimeout(() => resolve('Empty.'), 350)),
    });
    const lead = team.agent('lead', { look: slow });
    const result = await team.start(1, () => lead.stream({ prompt: 'Go' }), { lead: 'lead' });
    expect(await result.text).toBe('Done.');
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null, spent: { calls: 3 } }]);
  });

  it('an agent without an allotment is refused before anything leaves', async () => {
    const team = await openTeam({}, provider);
    const stranger = team.agent('stranger');
    const whole = await rejection(team.start(1, async () => stranger.generate({ prompt: 'Go' })));
    const streamed = await rejection(team.start(1, async () => stranger.stream({ prompt: 'Go' })));
    expect([whole, streamed]).toMatchObject([
      { code: 'ALLOTMENT_MISSING' },
      { code: 'ALLOTMENT_MISSING' },
    ]);
    expect(team.stage.emulator.requestCount).toBe(0);
  });

  it('an error that is none of ours stays as it is, and the run is closed', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    team.stage.emulator.faults.push({ kind: 'status', status: 400 });
    const error = await rejection(
      team.start(1, () => lead.generate({ prompt: 'Go' }), { lead: 'lead' }),
    );
    expect(error).toMatchObject({ name: 'AI_APICallError', statusCode: 400 });
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null }]);
  });
});

it('an agent without a name is refused when it is wrapped', () => {
  const model = createOpenAI({ apiKey: 'test' })(GPT);
  expect(() => wrapAiAgent(new ToolLoopAgent({ model }))).toThrow('has no `id`');
});

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
