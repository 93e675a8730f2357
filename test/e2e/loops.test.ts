import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import Anthropic from '@anthropic-ai/sdk';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { CLAUDE, GPT, openStage, outcomes, rejection, type Stage } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_completion_tokens: 100, messages };
const saying = (content: string) => ({ ...claude, messages: [{ role: 'user' as const, content }] });

/** A model that looks into the same empty file for ever. */
const stuck = { toolCalls: [{ name: 'look', input: { path: 'a' } }], outputTokens: 20 };

const LOOP_CAP = {
  caps: [{ scope: 'session', window: 'rolling 1h' as const, identical: 3, usd: 100 }],
};

interface RunnerOptions {
  readonly stream?: boolean;
  /** Whether the provider keeps the conversation, which is what the runner asks for by default. */
  readonly isKept?: boolean;
}

/** An agent of the Anthropic SDK; `look` says what the tool finds. */
function anthropicAgent(
  stage: Stage,
  look: () => string,
  { stream = false, isKept = false }: RunnerOptions = {},
) {
  const runner = stage.anthropic().beta.messages.toolRunner({
    ...claude,
    max_iterations: 50,
    stream,
    ...(isKept ? {} : { thread: false as const }),
    tools: [
      {
        type: 'custom',
        name: 'look',
        description: 'Looks into a file',
        input_schema: { type: 'object', properties: { path: { type: 'string' } } },
        parse: (input: unknown) => input,
        run: look,
      },
    ],
  });
  return runner.runUntilDone();
}

/** The same of the OpenAI SDK, over chat completions. */
function chatAgent(stage: Stage, look: () => string) {
  const tool = {
    type: 'function' as const,
    function: {
      name: 'look',
      description: 'Looks into a file',
      parameters: { type: 'object', properties: { path: { type: 'string' } } },
      parse: JSON.parse,
      function: look,
    },
  };
  const runner = stage
    .openai()
    .chat.completions.runTools({ ...gpt, tools: [tool] }, { maxChatCompletions: 50 });
  return runner.done();
}

/** A loop by hand over responses, as agents are written. */
async function responsesAgent(stage: Stage, look: () => string): Promise<void> {
  const client = stage.openai();
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Find it.' }];
  const tools = [
    { type: 'function' as const, name: 'look', parameters: { type: 'object' }, strict: false },
  ];
  for (let turn = 0; turn < 50; turn += 1) {
    const answer = await client.responses.create({
      model: GPT,
      max_output_tokens: 100,
      store: false,
      input,
      tools,
    });
    const made = answer.output.filter((item) => item.type === 'function_call');
    if (made.length === 0) return;
    for (const item of made) {
      input.push(item, { type: 'function_call_output', call_id: item.call_id, output: look() });
    }
  }
}

const AGENTS = [
  ['Anthropic toolRunner', (stage: Stage, look: () => string) => anthropicAgent(stage, look)],
  [
    'Anthropic toolRunner, streamed',
    (stage: Stage, look: () => string) => anthropicAgent(stage, look, { stream: true }),
  ],
  ['OpenAI runTools', chatAgent],
  ['OpenAI responses by hand', responsesAgent],
] as const;

describe.each(AGENTS)('an agent that goes round in a circle: %s', (_name, run) => {
  it('is stopped when its tool step has come as often as the cap says, with a typed error', async () => {
    const stage = await openStage(LOOP_CAP, { reply: stuck });
    const agent = stage.guard.run({ session: 's1' }, () => run(stage, () => 'nothing'));
    const error = await rejection(Promise.resolve(agent));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({
      pattern: 'tool-loop',
      repeats: 4,
      scope: 'session:s1',
      dimension: 'identical',
      retryable: false,
    });
    // The first request has no step yet; those after one, two and three looks still go.
    expect(stage.emulator.requestCount).toBe(4);
    expect(stage.refused).toHaveLength(1);
  });

  it('may go on while its tool finds something new', async () => {
    let looks = 0;
    const reply = () => (looks < 12 ? stuck : { text: 'Found it.', outputTokens: 5 });
    const stage = await openStage(LOOP_CAP, { reply });
    const agent = stage.guard.run({ session: 's1' }, () =>
      run(stage, () => `line ${(looks += 1)}`),
    );
    await Promise.resolve(agent);
    expect(stage.emulator.requestCount).toBeGreaterThanOrEqual(13);
    expect(stage.refused).toHaveLength(0);
  });
});

describe('an agent whose conversation the provider keeps', () => {
  it('shows no steps, so it is the cap on calls that stops it', async () => {
    const caps = [...LOOP_CAP.caps, { scope: 'global', window: 'day' as const, calls: 9 }];
    const stage = await openStage({ caps }, { reply: stuck });
    const agent = stage.guard.run({ session: 's1' }, () =>
      anthropicAgent(stage, () => 'nothing', { isKept: true }),
    );
    const error = await rejection(Promise.resolve(agent));
    expect(error).toMatchObject({ dimension: 'calls', pattern: null, scope: 'global' });
    expect(stage.emulator.requestCount).toBe(9);
  });
});

describe('a retry storm', () => {
  it('of a client is stopped at the cap, whatever its maxRetries, and named', async () => {
    const overloaded = {
      kind: 'status',
      status: 529,
      headers: { 'retry-after-ms': '1' },
    } as const;
    const stage = await openStage(LOOP_CAP, { fault: () => overloaded });
    const client = stage.anthropic({ maxRetries: 20, scopes: { session: 's1' } });
    const error = await rejection(client.messages.create(claude));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ pattern: 'retry-storm', repeats: 4, scope: 'session:s1' });
    expect((error as Error).message).toContain('a retry storm');
    expect(stage.emulator.requestCount).toBe(3);
  });

  it('of a job queue against a spent cap is named from the fifth refusal on', async () => {
    const stage = await openStage({ global_cap_per_day_usd: 0 });
    const patterns: unknown[] = [];
    let last: unknown;
    for (let job = 0; job < 12; job += 1) {
      last = await rejection(stage.openai().chat.completions.create(gpt));
      patterns.push((last as BudgetCapError).pattern);
    }
    expect(patterns.slice(0, 4)).toEqual([null, null, null, null]);
    expect(new Set(patterns.slice(4))).toEqual(new Set(['retry-storm']));
    expect(last).toMatchObject({ repeats: 12, dimension: 'usd' });
    expect((last as Error).message).toContain('refused 12 times within 60 s: a retry storm');
    expect(stage.emulator.requestCount).toBe(0);
    expect(stage.refused.at(-1)?.error).toMatchObject({ pattern: 'retry-storm', repeats: 12 });
  });

  it('sent at once gets exactly as many through as the cap says', async () => {
    const stage = await openStage({
      caps: [{ scope: 'global', window: 'rolling 1h', identical: 5 }],
    });
    const client = stage.anthropic();
    const { answered, errors } = await outcomes(
      Array.from({ length: 50 }, () => client.messages.create(claude)),
    );
    expect(answered).toBe(5);
    expect(errors.every((error) => error instanceof BudgetCapError)).toBe(true);
    expect(stage.emulator.requestCount).toBe(5);
  });
});

describe('velocity', () => {
  it('a session makes as many calls in a minute as its cap says, others are not touched', async () => {
    const stage = await openStage({
      caps: [{ scope: 'session', window: 'rolling 1m', calls: 30 }],
    });
    const client = stage.anthropic();
    const calls = Array.from({ length: 40 }, (_, index) =>
      stage.guard.run({ session: 's1' }, () => client.messages.create(saying(`Part ${index}`))),
    );
    const { answered, errors } = await outcomes(calls);
    expect(answered).toBe(30);
    for (const error of errors) {
      expect(error).toMatchObject({ dimension: 'calls', scope: 'session:s1' });
      const seconds = (error as BudgetCapError).retry_after ?? 0;
      expect(seconds).toBeGreaterThanOrEqual(58);
      expect(seconds).toBeLessThanOrEqual(61);
    }
    await stage.guard.run({ session: 's2' }, () => client.messages.create(claude));
  });
});

describe('agents that start agents', () => {
  /** Asks once as this agent, then as each of its children, with theirs inside. */
  async function agent(stage: Stage, name: string, children: () => PromiseLike<unknown>) {
    await stage.guard.run({ agent: name }, async () => {
      await stage.anthropic().messages.create(saying(name));
      await children();
    });
  }

  it('come no deeper than the cap says, with the error at the root', async () => {
    const stage = await openStage({ caps: [{ scope: 'agent', window: 'lifetime', depth: 4 }] });
    const down = (level: number): Promise<unknown> =>
      agent(stage, `level-${level}`, () => down(level + 1));
    const error = await rejection(down(1));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(error).toMatchObject({ dimension: 'depth', scope: 'agent:level-5' });
    expect((error as Error).message).toContain('level-1 > level-2 > level-3 > level-4 > level-5');
    expect(stage.emulator.requestCount).toBe(4);
  });

  it('have no more children each than the cap says, however many are started at once', async () => {
    const stage = await openStage({ caps: [{ scope: 'agent', window: 'day', fanOut: 3 }] });
    const none = () => Promise.resolve();
    const root = (name: string) =>
      agent(stage, name, async () => {
        const children = Array.from({ length: 8 }, (_, index) =>
          agent(stage, `${name}-${index}`, none),
        );
        return expect(await outcomes(children)).toMatchObject({
          answered: 3,
          errors: Array.from({ length: 5 }, () => ({
            dimension: 'fanOut',
            scope: `agent:${name}`,
          })),
        });
      });
    await Promise.all([root('a'), root('b')]);
    expect(stage.emulator.requestCount).toBe(2 + 2 * 3);
  });
});

describe('over a shared ledger', () => {
  it('a cap on loops alone books what is spent, and counts in each process by itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hardcap-loops-'));
    const emulator = await startEmulator({ reply: { outputTokens: 50 } });
    const config = { caps: [{ scope: 'session', window: 'day', identical: 2 } as const] };
    const sides = [1, 2].map(() => {
      const ledger = openSqliteLedger({ path: join(folder, 'spend.db'), config });
      const guard = new BudgetGuard(config, { ledger });
      const options = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
      const client = wrapAnthropic(new Anthropic(options), guard, { session: 's1' });
      return { guard, ledger, ask: () => client.messages.create(claude) };
    });
    try {
      for (const { ask } of sides) {
        const { answered, errors } = await outcomes([ask(), ask(), ask()]);
        expect(answered).toBe(2);
        expect(errors).toMatchObject([{ pattern: 'retry-storm', repeats: 3 }]);
      }
      for (const { guard } of sides) await guard.flush();
      const [row] = (await sides[0]?.ledger.operations.balance('session:s1')) ?? [];
      expect(row?.spent_nano_usd).toBe(Number(emulator.bill().totalNanoUsd));
      expect(row?.held_nano_usd).toBe(0);
      expect(emulator.requestCount).toBe(4);
    } finally {
      for (const { guard } of sides) await guard.close();
      await emulator.close();
      rmSync(folder, { recursive: true });
    }
  });
});
