import { ChatAnthropic } from '@langchain/anthropic';
import { HumanMessage, type BaseMessage } from '@langchain/core/messages';
import { RunnableLambda } from '@langchain/core/runnables';
import { tool } from '@langchain/core/tools';
import { Annotation, END, GraphRecursionError, START, StateGraph } from '@langchain/langgraph';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  asAgent,
  runAgents,
  wrapRunnable,
  type AgentEnd,
  type AgentsOptions,
} from '../../src/adapters/agents/agents.ts';
import { BudgetCapError, guardedFetch } from '../../src/index.ts';
import { as, endless, fanOut, script, steps, type Part } from './agent-script.ts';
import { CLAUDE, GPT, openStage, rejection, until, type Stage } from './harness.ts';

const ROOMY = { global_cap_per_day_usd: 1_000 };
const DEEP = { recursionLimit: 1_000 };
const GO = { messages: [{ role: 'user', content: 'Go' }] };

const models = {
  anthropic: (stage: Stage) =>
    new ChatAnthropic({
      apiKey: 'test',
      model: CLAUDE,
      maxTokens: 500,
      clientOptions: {
        baseURL: stage.emulator.url,
        fetch: guardedFetch(stage.guard, to.anthropic),
      },
    }),
  openai: (stage: Stage) =>
    new ChatOpenAI({
      apiKey: 'test',
      model: GPT,
      maxTokens: 500,
      configuration: {
        baseURL: stage.emulator.openaiUrl,
        fetch: guardedFetch(stage.guard, to.openai),
      },
    }),
};

const to = { anthropic: { provider: 'anthropic' }, openai: { provider: 'openai' } } as const;

const look = tool(({ page }: { page: string }) => `Page ${page} is empty.`, {
  name: 'look',
  description: 'Looks at a page',
  schema: z.object({ page: z.string() }),
});

async function openTeam(parts: Readonly<Record<string, Part>>, provider: keyof typeof models) {
  const stage = await openStage(ROOMY, { reply: script(parts) });
  const llm = models[provider](stage);
  const ends: AgentEnd[] = [];
  const agent = (name: string, tools: Parameters<typeof createReactAgent>[0]['tools'] = [look]) =>
    wrapRunnable(createReactAgent({ llm, tools, prompt: as(name), name }), { agent: name });
  const start = <T>(usd: number, fn: () => T, terms: AgentsOptions = {}) =>
    runAgents(stage.guard, stage.guard.budget({ usd }, 'run'), fn, {
      onEnd: (end) => ends.push(end),
      ...terms,
    });
  return { stage, llm, ends, agent, start };
}

type Team = Awaited<ReturnType<typeof openTeam>>;
type Graph = ReturnType<Team['agent']>;

/** An agent as a tool of another. */
function asTool(name: string, agent: Graph) {
  const ask = async () => textOf(await agent.invoke(GO, DEEP));
  const schema = z.object({ input: z.string().optional(), page: z.string().optional() });
  return tool(ask, { name, description: 'Asks an agent', schema });
}

const State = Annotation.Root({
  notes: Annotation<string[]>({ reducer: (left, right) => [...left, ...right], default: () => [] }),
});

describe.each(['anthropic', 'openai'] as const)('LangGraph on %s', (provider) => {
  it('a graph that never ends is stopped by its budget, with the error that the guard made', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    const error = await rejection(team.start(0.05, () => lead.invoke(GO, DEEP), { lead: 'lead' }));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run', cap_usd: 0.05 });
    expect(team.stage.emulator.requestCount).toBeGreaterThan(3);
    expect(team.stage.billed()).toBeLessThanOrEqual(0.05e9);
    expect(nano(team.ends.at(-1)?.spent.usd)).toBe(team.stage.billed());
  });

  it('agents as tools, all at once: the runaway stops alone, its siblings and the lead finish', async () => {
    const parts = {
      lead: fanOut(['reader', 'runaway', 'writer'], 'Report.'),
      reader: steps('look', 3, 'Read.'),
      writer: steps('look', 3, 'Written.'),
      runaway: endless('look'),
    };
    const team = await openTeam(parts, provider);
    const names = ['reader', 'runaway', 'writer'];
    const lead = team.agent(
      'lead',
      names.map((name) => asTool(name, team.agent(name))),
    );
    const result = await team.start(1, () => lead.invoke(GO, DEEP), {
      lead: 'lead',
      each: { usd: 0.1 },
    });
    expect(textOf(result)).toBe('Report.');
    expectRunawayAlone(team);
  });

  it('nodes at once: `whenStopped` keeps the graph going where one agent is stopped', async () => {
    const parts = {
      reader: steps('look', 3, 'Read.'),
      writer: steps('look', 3, 'Written.'),
      runaway: endless('look'),
    };
    const team = await openTeam(parts, provider);
    const node = (name: string) => {
      const inner = createReactAgent({ llm: team.llm, tools: [look], prompt: as(name) });
      return asAgent(
        name,
        async (_state: typeof State.State) => ({ notes: [textOf(await inner.invoke(GO, DEEP))] }),
        { whenStopped: () => ({ notes: [`${name} was stopped`] }) },
      );
    };
    const graph = new StateGraph(State)
      .addNode('reader', node('reader'))
      .addNode('runaway', node('runaway'))
      .addNode('writer', node('writer'))
      .addEdge(START, 'reader')
      .addEdge(START, 'runaway')
      .addEdge(START, 'writer')
      .addEdge('reader', END)
      .addEdge('runaway', END)
      .addEdge('writer', END)
      .compile();
    const result = await team.start(1, () => graph.invoke({}), { each: { usd: 0.1 } });
    expect([...result.notes].sort()).toEqual(['Read.', 'Written.', 'runaway was stopped']);
    expectRunawayAlone(team);
  });

  it('a subgraph that is a node draws on its own budget, and on that of the graph around it', async () => {
    const parts = { inner: endless('look') };
    const team = await openTeam(parts, provider);
    const inner = team.agent('inner');
    const outer = new StateGraph(State)
      .addNode('ask', async () => ({ notes: [textOf(await inner.invoke(GO, DEEP))] }))
      .addEdge(START, 'ask')
      .addEdge('ask', END)
      .compile();
    wrapRunnable(outer, { agent: 'outer' });
    const agents = { outer: { usd: 0.05 }, inner: { usd: 0.5 } };
    const error = await rejection(team.start(1, () => outer.invoke({}), { agents }));
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:outer' });
    expect(team.ends.map(({ agent, callers }) => [...callers, agent])).toEqual([
      ['run', 'outer', 'inner'],
      ['run', 'outer'],
      ['run'],
    ]);
    expect(team.ends[1]?.spent.usd).toBeLessThanOrEqual(0.05);
  });

  it('a compiled graph as a node is one agent for each time it is run', async () => {
    const team = await openTeam({ sub: steps('look', 1, 'Sub.') }, provider);
    const sub = team.agent('sub');
    const Messages = Annotation.Root({
      messages: Annotation<BaseMessage[]>({ reducer: (_, right) => right, default: () => [] }),
    });
    const graph = new StateGraph(Messages)
      .addNode('sub', sub)
      .addEdge(START, 'sub')
      .addEdge('sub', END)
      .compile();
    await team.start(1, () => graph.invoke({ messages: [new HumanMessage('Go')] }, DEEP), {
      each: { usd: 0.1 },
    });
    expect(team.ends).toMatchObject([{ agent: 'sub', spent: { calls: 2 } }, { agent: 'run' }]);
  });

  it('a tool whose call is refused ends its agent, though the graph gives the error to the model', async () => {
    const team = await openTeam({ lead: endless('ask') }, provider);
    const client = team.stage.openai();
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const ask = tool(
      () => client.chat.completions.create({ model: GPT, max_tokens: 16_000, messages }),
      { name: 'ask', description: 'Asks a dear model', schema: z.object({ page: z.string() }) },
    );
    const lead = team.agent('lead', [ask]);
    const error = await rejection(team.start(0.15, () => lead.invoke(GO, DEEP), { lead: 'lead' }));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ code: 'BUDGET_CAP' });
    expect(team.stage.emulator.requestCount).toBe(1);
  });

  it.each([
    ['stream', async (graph: Graph) => graph.stream(GO, { ...DEEP, streamMode: 'values' })],
    ['streamEvents', async (graph: Graph) => graph.streamEvents(GO, { ...DEEP, version: 'v2' })],
  ] as const)(
    '%s, read outside: the refusal reaches the reader, and all is closed',
    async (_way, open) => {
      const team = await openTeam({ lead: endless('look') }, provider);
      const lead = team.agent('lead');
      const stream = await team.start(1, () => open(lead), { agents: { lead: { usd: 0.05 } } });
      let parts = 0;
      const error = await rejection(
        (async () => {
          for await (const part of stream as AsyncIterable<unknown>) parts += part === null ? 0 : 1;
        })(),
      );
      expect(error).toBeInstanceOf(BudgetCapError);
      expect(error).toMatchObject({ scope: 'budget:lead' });
      expect(parts).toBeGreaterThan(5);
      await until(() => team.ends.length === 2, 5_000);
      expect(team.ends.map(({ agent }) => agent)).toEqual(['lead', 'run']);
      expect(team.ends[0]?.spent.calls).toBe(team.stage.emulator.requestCount);
      expect(nano(team.ends[1]?.spent.usd)).toBe(team.stage.billed());
    },
  );

  it('a stream that is left early ends its graph', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    const stream = await team.start(1, () => lead.stream(GO, DEEP), { lead: 'lead' });
    for await (const _part of stream) break;
    await until(() => team.ends.length === 1, 5_000);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null }]);
    await until(() => team.stage.openHolds() === 0, 5_000);
    const { requestCount } = team.stage.emulator;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(team.stage.emulator.requestCount).toBe(requestCount);
  });

  it('an agent without an allotment is refused before anything leaves', async () => {
    const team = await openTeam({}, provider);
    const error = await rejection(team.start(1, async () => team.agent('stranger').invoke(GO)));
    expect(error).toMatchObject({ code: 'ALLOTMENT_MISSING' });
    expect(team.stage.emulator.requestCount).toBe(0);
  });

  it('an error that is none of ours stays as it is, and the run is closed', async () => {
    const team = await openTeam({ lead: endless('look') }, provider);
    const lead = team.agent('lead');
    const error = await rejection(
      team.start(1, () => lead.invoke(GO, { recursionLimit: 5 }), { lead: 'lead' }),
    );
    expect(error).toBeInstanceOf(GraphRecursionError);
    expect(team.ends).toMatchObject([{ agent: 'run', stoppedBy: null }]);
  });

  it('a chain is an agent, and so is what is made of it', async () => {
    const team = await openTeam({ '': () => ({ text: 'Hi.' }) }, provider);
    const chain = RunnableLambda.from((input: string) => team.llm.invoke(input));
    wrapRunnable(chain, { agent: 'chain' });
    const longer = chain.pipe((message) => message.text).withConfig({ tags: ['test'] });
    const given = await team.start(1, () => longer.batch(['a', 'b']), { each: { usd: 0.1 } });
    expect(given).toEqual(['Hi.', 'Hi.']);
    // A batch is one call of the chain.
    expect(team.ends.map(({ agent, spent }) => [agent, spent.calls])).toEqual([
      ['chain', 2],
      ['run', 2],
    ]);
    expect(() => wrapRunnable(RunnableLambda.from(() => 1))).toThrow('no name of its own');
  });
});

function expectRunawayAlone({ ends, stage }: Team): void {
  const byName = new Map(ends.map((end) => [end.agent, end]));
  expect([...byName.keys()].sort()).toEqual(['reader', 'run', 'runaway', 'writer']);
  expect(byName.get('runaway')?.stoppedBy).toBeInstanceOf(BudgetCapError);
  expect(byName.get('runaway')?.stoppedBy).toMatchObject({ scope: 'budget:runaway' });
  expect(byName.get('runaway')?.spent.usd).toBeLessThanOrEqual(0.1);
  for (const name of ['reader', 'writer']) {
    expect(byName.get(name), name).toMatchObject({ stoppedBy: null, spent: { calls: 4 } });
  }
  expect(nano(byName.get('run')?.spent.usd)).toBe(stage.billed());
}

function textOf({ messages }: { readonly messages: readonly BaseMessage[] }): string {
  return messages.at(-1)?.text ?? '';
}

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
