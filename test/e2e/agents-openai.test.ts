import {
  Agent,
  MaxTurnsExceededError,
  OpenAIProvider,
  Runner,
  handoff,
  tool,
} from '@openai/agents';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  runAgents,
  wrapOpenAIAgent,
  type AgentEnd,
  type AgentsOptions,
} from '../../src/adapters/agents/agents.ts';
import { BudgetCapError } from '../../src/index.ts';
import { agentOf, as, endless, fanOut, script, steps, type Part } from './agent-script.ts';
import { GPT, openStage, rejection, until, type Stage, type StageOptions } from './harness.ts';

const ROOMY = { global_cap_per_day_usd: 1_000, per_feature_cap_per_day_usd: 1_000 };
const TURNS = { maxTurns: 1_000 };

/** A stage whose models speak these parts, and what makes agents on it. */
async function openTeam(
  parts: Readonly<Record<string, Part>>,
  useResponses: boolean,
  options: StageOptions = {},
) {
  const stage = await openStage(ROOMY, { reply: script(parts), ...options });
  const modelProvider = new OpenAIProvider({ openAIClient: clientOf(stage), useResponses });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const ends: AgentEnd[] = [];
  const agent = (name: string, more: Partial<ConstructorParameters<typeof Agent>[0]> = {}) =>
    wrapOpenAIAgent(
      new Agent({
        name,
        instructions: as(name),
        model: GPT,
        modelSettings: { maxTokens: 500 },
        tools: [look],
        ...more,
      }) as Agent,
      { modelProvider },
    );
  const start = <T>(usd: number, fn: () => T, terms: AgentsOptions = {}) =>
    runAgents(stage.guard, stage.guard.budget({ usd }, 'run'), fn, {
      onEnd: (end) => ends.push(end),
      ...terms,
    });
  const requestsOf = (name: string) =>
    stage.emulator.requests.filter((request) => agentOf(request) === name).length;
  return { stage, modelProvider, runner, ends, agent, start, requestsOf };
}

/** The SDK brings an `openai` of its own; a client of another copy is the same on the wire. */
function clientOf(stage: Stage) {
  return stage.openai7() as unknown as NonNullable<
    NonNullable<ConstructorParameters<typeof OpenAIProvider>[0]>['openAIClient']
  >;
}

const look = tool({
  name: 'look',
  description: 'Looks at a page',
  parameters: z.object({ page: z.string() }),
  execute: ({ page }) => `Page ${page} is empty.`,
});

describe.each([
  ['responses', true],
  ['chat completions', false],
] as const)('OpenAI Agents SDK over %s', (_wire, useResponses) => {
  it('a run that never ends is stopped by its budget, with the error that the guard made', async () => {
    const team = await openTeam({ lead: endless('look') }, useResponses);
    const lead = team.agent('lead');
    const error = await rejection(
      team.start(0.05, () => team.runner.run(lead, 'Go', TURNS), { lead: 'lead' }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run', cap_usd: 0.05 });
    expect(team.stage.emulator.requestCount).toBeGreaterThan(3);
    expect(team.stage.billed()).toBeLessThanOrEqual(0.05e9);
    expect(nano(team.ends.at(-1)?.spent.usd)).toBe(team.stage.billed());
  });

  it('the agent that is handed over to draws on its own budget, beside the one before', async () => {
    const parts = {
      triage: fanOut(['transfer_to_billing']),
      billing: steps('look', 3, 'Paid.'),
    };
    const team = await openTeam(parts, useResponses);
    const billing = team.agent('billing');
    const triage = team.agent('triage', { handoffs: [billing] });
    const agents = { triage: { usd: 0.1 }, billing: { usd: 0.2 } };
    const result = await team.start(1, () => team.runner.run(triage, 'Go', TURNS), { agents });
    expect(result.finalOutput).toBe('Paid.');
    const calls = team.ends.map(({ agent, callers, spent }) => [agent, ...callers, spent.calls]);
    expect(calls).toEqual([
      ['triage', 'run', team.requestsOf('triage')],
      ['billing', 'run', team.requestsOf('billing')],
      ['run', team.stage.emulator.requestCount],
    ]);
    expect(team.requestsOf('billing')).toBeGreaterThan(1);
  });

  it('a runaway that took over ends the run at its own budget, not at the one of the run', async () => {
    const parts = { triage: fanOut(['transfer_to_billing']), billing: endless('look') };
    const team = await openTeam(parts, useResponses);
    const billing = team.agent('billing');
    const triage = team.agent('triage', { handoffs: [handoff(billing)] });
    const agents = { billing: { usd: 0.05 } };
    const error = await rejection(
      team.start(1, () => team.runner.run(triage, 'Go', TURNS), { lead: 'triage', agents }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ scope: 'budget:billing', cap_usd: 0.05 });
    expect(team.ends.find(({ agent }) => agent === 'billing')?.stoppedBy).not.toBeNull();
  });

  it('agents as tools, all at once: the runaway stops alone, its siblings and the lead finish', async () => {
    const parts = {
      lead: fanOut(['reader', 'runaway', 'writer'], 'Report.'),
      reader: steps('look', 3, 'Read.'),
      writer: steps('look', 3, 'Written.'),
      runaway: endless('look'),
    };
    const team = await openTeam(parts, useResponses);
    const tools = ['reader', 'runaway', 'writer'].map((name) =>
      team.agent(name).asTool({ toolName: name, runOptions: TURNS }),
    );
    const lead = team.agent('lead', { tools });
    const result = await team.start(1, () => team.runner.run(lead, 'Go', TURNS), {
      lead: 'lead',
      each: { usd: 0.1 },
    });
    expect(result.finalOutput).toBe('Report.');
    const ends = new Map(team.ends.map((end) => [end.agent, end]));
    expect([...ends.keys()].sort()).toEqual(['reader', 'run', 'runaway', 'writer']);
    expect(ends.get('runaway')?.stoppedBy).toBeInstanceOf(BudgetCapError);
    expect(ends.get('runaway')?.spent.usd).toBeLessThanOrEqual(0.1);
    for (const name of ['reader', 'writer']) {
      expect(ends.get(name)?.stoppedBy, name).toBeNull();
      expect(ends.get(name)?.spent.calls, name).toBe(4);
    }
    expect(nano(ends.get('run')?.spent.usd)).toBe(team.stage.billed());
  });

  it('an agent under an agent is under its budget too', async () => {
    const parts = {
      lead: fanOut(['middle']),
      middle: fanOut(['inner']),
      inner: endless('look'),
    };
    const team = await openTeam(parts, useResponses);
    const inner = team.agent('inner').asTool({ toolName: 'inner', runOptions: TURNS });
    const middle = team.agent('middle', { tools: [inner] });
    const lead = team.agent('lead', {
      tools: [middle.asTool({ toolName: 'middle', runOptions: TURNS })],
    });
    const agents = { middle: { usd: 0.05 }, inner: { usd: 0.5 } };
    await team.start(1, () => team.runner.run(lead, 'Go', TURNS), { lead: 'lead', agents });
    const [first, second] = team.ends;
    expect([first?.agent, first?.callers]).toEqual(['inner', ['run', 'middle']]);
    expect(first?.stoppedBy).toMatchObject({ scope: 'budget:middle' });
    expect(second).toMatchObject({ agent: 'middle' });
    expect(second?.spent.usd).toBeLessThanOrEqual(0.05);
  });

  it('a tool whose call is refused ends its agent, though the SDK tells the model to try again', async () => {
    const parts = { lead: endless('ask') };
    const team = await openTeam(parts, useResponses);
    const client = team.stage.openai();
    const ask = tool({
      name: 'ask',
      description: 'Asks a dear model',
      parameters: z.object({ page: z.string() }),
      execute: async () => {
        const messages = [{ role: 'user' as const, content: 'Hello' }];
        // Does not fit from the first call on; the turns of the agent do for long.
        await client.chat.completions.create({ model: GPT, max_tokens: 16_000, messages });
        return 'never';
      },
    });
    const lead = team.agent('lead', { tools: [ask] });
    const error = await rejection(
      team.start(0.15, () => team.runner.run(lead, 'Go', TURNS), { lead: 'lead' }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP' });
    expect(team.stage.emulator.requestCount).toBe(1);
  });

  it('runs at once in one run do not take each other’s turns: tools draw on their own agent', async () => {
    const parts = { first: steps('ask', 3), second: steps('ask', 3), '': () => ({ text: 'Hi.' }) };
    const team = await openTeam(parts, useResponses);
    const client = team.stage.openai();
    const ask = (feature: string) =>
      tool({
        name: 'ask',
        description: 'Asks another model',
        parameters: z.object({ page: z.string() }),
        execute: () =>
          team.stage.guard.run({ feature }, async () => {
            const messages = [{ role: 'user' as const, content: 'Hello' }];
            await client.chat.completions.create({ model: GPT, max_tokens: 50, messages });
            return 'asked';
          }),
      });
    const agents = ['first', 'second'].map((name) => team.agent(name, { tools: [ask(name)] }));
    await team.start(
      1,
      () => Promise.all(agents.map((agent) => team.runner.run(agent, 'Go', TURNS))),
      { each: { usd: 0.2 } },
    );
    const draws = team.stage.settled.map((event) => event.draws.map(({ scope }) => scope));
    for (const name of ['first', 'second']) {
      const asked = draws.filter((scopes) => scopes.includes(`feature:${name}`));
      expect(asked, name).toHaveLength(3);
      for (const scopes of asked) {
        const budgets = scopes.filter((scope) => scope.startsWith('budget:'));
        expect(budgets, name).toEqual(['budget:run', `budget:${name}`]);
      }
    }
  });

  it('a streamed run, read outside: budgets hold, the refusal reaches the reader, all is closed', async () => {
    const parts = { triage: fanOut(['transfer_to_billing']), billing: endless('look') };
    const team = await openTeam(parts, useResponses);
    const triage = team.agent('triage', { handoffs: [team.agent('billing')] });
    const stream = await team.start(
      1,
      () => team.runner.run(triage, 'Go', { ...TURNS, stream: true }),
      { lead: 'triage', agents: { billing: { usd: 0.05 } } },
    );
    let events = 0;
    const error = await rejection(
      (async () => {
        for await (const event of stream) events += event.type === 'raw_model_stream_event' ? 1 : 0;
      })(),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ scope: 'budget:billing' });
    expect(events).toBeGreaterThan(10);
    await rejection(stream.completed);
    await until(() => team.ends.length === 2, 5_000);
    expect(team.ends.map(({ agent }) => agent)).toEqual(['billing', 'run']);
    expect(nano(team.ends.at(-1)?.spent.usd)).toBe(team.stage.billed());
  });

  it('a streamed run that finishes is whole, and closed when it is complete', async () => {
    const team = await openTeam({ lead: steps('look', 2, 'Done.') }, useResponses);
    const lead = team.agent('lead');
    const stream = await team.start(
      1,
      () => team.runner.run(lead, 'Go', { ...TURNS, stream: true }),
      { lead: 'lead' },
    );
    expect(team.ends).toEqual([]);
    let text = '';
    for await (const part of stream.toTextStream()) text += part;
    expect(text).toBe('Done.');
    await stream.completed;
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends[0]).toMatchObject({ agent: 'run', stoppedBy: null });
    expect(team.ends[0]?.spent.calls).toBe(3);
  });

  it('an agent without an allotment is refused before anything leaves', async () => {
    const team = await openTeam({}, useResponses);
    const error = await rejection(
      team.start(1, () => team.runner.run(team.agent('stranger'), 'Go')),
    );
    expect(error).toMatchObject({ code: 'ALLOTMENT_MISSING' });
    expect(team.stage.emulator.requestCount).toBe(0);
  });

  it('an agent that nobody wrapped is refused in a run, and shares with its caller where it may', async () => {
    const parts = { lead: fanOut(['reader'], 'Report.'), reader: steps('look', 1, 'Read.') };
    const team = await openTeam(parts, useResponses);
    const settings = { model: GPT, modelSettings: { maxTokens: 500 }, tools: [look] };
    const reader = new Agent({ ...settings, name: 'reader', instructions: as('reader') });
    const lead = team.agent('lead', { tools: [reader.asTool({ toolName: 'reader' })] });
    const go = () => team.runner.run(lead, 'Go', TURNS);
    const error = await rejection(team.start(1, go, { lead: 'lead' }));
    expect(error).toMatchObject({ code: 'ALLOTMENT_MISSING' });
    expect(String(error)).toContain('Wrap it too');
    expect(team.requestsOf('reader')).toBe(0);
    const result = await team.start(1, go, { lead: 'lead', unallotted: 'share' });
    expect(result.finalOutput).toBe('Report.');
    expect(team.ends.at(-1)).toMatchObject({ agent: 'run', spent: { calls: 4 } });
    // Outside a run nothing is asked of anybody.
    expect((await team.runner.run(reader, 'Go')).finalOutput).toBe('Read.');
  });

  it('a clone of a wrapped agent is an agent of its own once it is wrapped', async () => {
    const team = await openTeam({ '': steps('look', 1, 'Done.') }, useResponses);
    const first = team.agent('first', { instructions: 'Look once.' });
    const second = wrapOpenAIAgent(first.clone({ name: 'second' }));
    await team.start(
      1,
      async () => {
        await team.runner.run(first, 'Go');
        return team.runner.run(second, 'Go');
      },
      { each: { usd: 0.1 } },
    );
    expect(team.ends.map(({ agent, spent }) => [agent, spent.calls])).toEqual([
      ['first', 2],
      ['second', 2],
      ['run', 4],
    ]);
  });

  it('an error that is none of ours stays as it is, and the run is closed', async () => {
    const team = await openTeam({ lead: endless('look') }, useResponses);
    const error = await rejection(
      team.start(1, () => team.runner.run(team.agent('lead'), 'Go', { maxTurns: 3 }), {
        lead: 'lead',
      }),
    );
    expect(error).toBeInstanceOf(MaxTurnsExceededError);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null, spent: { calls: 3 } }]);
  });
});

it('an agent whose model cannot be reached is refused when it is wrapped', () => {
  expect(() => wrapOpenAIAgent(new Agent({ name: 'a', model: GPT }))).toThrow('modelProvider');
  expect(() => wrapOpenAIAgent(new Agent({ name: 'a' }))).toThrow('names no model');
});

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
