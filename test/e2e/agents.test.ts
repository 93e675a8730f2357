import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  asAgent,
  bindToAgent,
  runAgents,
  spawnAgent,
  wrapMethods,
  type AgentEnd,
} from '../../src/adapters/agents/agents.ts';
import { BudgetCapError, HandleSpentError, MisuseError } from '../../src/index.ts';
import { CLAUDE, openStage, rejection, until, type Stage } from './harness.ts';

const ROOMY = { global_cap_per_day_usd: 1_000 };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 1_000, messages };
const reply = { outputTokens: 500 };

/** An agent that makes so many calls. */
function worker(stage: Stage, calls: number) {
  const client = stage.anthropic();
  return async () => {
    for (let call = 0; call < calls; call += 1) await client.messages.create(claude);
    return calls;
  };
}

const FOREVER = Number.MAX_SAFE_INTEGER;

describe('a run of agents', () => {
  it('takes the budget over, books all in it, and closes it at the end', async () => {
    const stage = await openStage(ROOMY, { reply });
    const ends: AgentEnd[] = [];
    const budget = stage.guard.budget({ usd: 1 }, 'run');
    const given = runAgents(
      stage.guard,
      budget,
      async (run) => {
        await worker(stage, 2)();
        await spawnAgent('reader', worker(stage, 3), { usd: 0.5 });
        return [run.spent.calls, run.held.usd];
      },
      { onEnd: (end) => ends.push(end) },
    );
    expect(() => budget.spend({ usd: 0 })).toThrow(HandleSpentError);
    expect(() => budget.remaining).toThrow(/runAgents has used this handle up.*agents\.test\.ts/s);
    expect(await given).toEqual([5, 0]);
    const [reader, run] = ends;
    expect(ends).toHaveLength(2);
    expect(reader).toMatchObject({ agent: 'reader', callers: ['run'], stoppedBy: null });
    expect(run).toMatchObject({ agent: 'run', callers: [], stoppedBy: null });
    expect([reader?.spent.calls, run?.spent.calls]).toEqual([3, 5]);
    expect(nano(run?.spent.usd)).toBe(stage.billed());
  });

  it('a runaway stops alone: siblings finish, and the run stays within its sum', async () => {
    const stage = await openStage(ROOMY, { reply });
    const ends: AgentEnd[] = [];
    const results = await runAgents(
      stage.guard,
      stage.guard.budget({ usd: 0.6 }, 'run'),
      () =>
        Promise.allSettled([
          spawnAgent('runaway', worker(stage, FOREVER)),
          spawnAgent('reader', worker(stage, 5)),
          spawnAgent('writer', worker(stage, 5)),
        ]),
      { each: { usd: 0.2 }, onEnd: (end) => ends.push(end) },
    );
    const [stopped, ...finished] = results;
    expect(Reflect.get(stopped ?? {}, 'reason')).toBeInstanceOf(BudgetCapError);
    expect(Reflect.get(stopped ?? {}, 'reason')).toMatchObject({ scope: 'budget:runaway' });
    expect(finished.map((one) => Reflect.get(one, 'value'))).toEqual([5, 5]);
    const runaway = ends.find(({ agent }) => agent === 'runaway');
    expect(runaway?.stoppedBy).toBe(Reflect.get(stopped ?? {}, 'reason'));
    expect(runaway?.spent.usd).toBeLessThanOrEqual(0.2);
    expect(nano(ends.at(-1)?.spent.usd)).toBe(stage.billed());
    expect(stage.billed()).toBeLessThanOrEqual(0.6e9);
  });

  it('an agent that swallows its refusal makes no further call and still ends with it', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    let first: unknown;
    const error = await rejection(
      runAgents(stage.guard, stage.guard.budget({ usd: 1 }), () =>
        spawnAgent(
          'stubborn',
          async () => {
            for (let round = 0; round < 50; round += 1) {
              await client.messages.create(claude).catch((error: unknown) => (first ??= error));
              // A call this small would still fit.
              const small = { ...claude, max_tokens: 1 };
              if (first !== undefined) await client.messages.create(small).catch(() => undefined);
            }
            return 'all is well';
          },
          { usd: 0.05 },
        ),
      ),
    );
    expect(first).toBeInstanceOf(BudgetCapError);
    expect(error).toBe(Reflect.get(first as object, 'cause'));
    const afterwards = stage.refused.slice(1).map(({ code }) => code);
    expect(afterwards.length).toBeGreaterThan(10);
    expect(new Set(afterwards)).toEqual(new Set(['SCOPE_CLOSED']));
    expect(stage.billed()).toBeLessThanOrEqual(0.05e9);
    expect(stage.settled.every(({ usage }) => usage !== undefined)).toBe(true);
  });

  it('an answer that was stopped in its middle stops its agent too', async () => {
    const stage = await openStage(
      { ...ROOMY, expect: { stream: 'steps', stepTokens: 64 }, onStreamShort: 'stop' },
      {
        reply: { text: 'x'.repeat(900), inputTokens: 100 },
        countTokens: (text) => Buffer.byteLength(text),
        chunksMax: 500,
        chunkDelayMs: 2,
        billOnDisconnect: 'generated',
        books: 'at-least',
      },
    );
    const client = stage.anthropic();
    const afterwards: unknown[] = [];
    const error = await rejection(
      runAgents(stage.guard, stage.guard.budget({ usd: 0.008 }, 'run'), async () => {
        const stream = await client.messages.create({ ...claude, stream: true });
        try {
          for await (const event of stream) void event;
        } catch {
          // As a framework does that shows what it has.
        }
        const small = { ...claude, max_tokens: 1 };
        afterwards.push(await client.messages.create(small).catch((late: unknown) => late));
        return 'a part of it';
      }),
    );
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:run' });
    expect(String(error)).toContain('The answer was stopped');
    expect(afterwards).toMatchObject([{ code: 'SCOPE_CLOSED' }]);
    expect(stage.emulator.requestCount).toBe(1);
    expect(stage.booked()).toBeLessThanOrEqual(0.008e9);
  });

  it('with `leave` the code of the agent deals with the refusal itself', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const text = await runAgents(
      stage.guard,
      stage.guard.budget({ usd: 0.05 }),
      async () => {
        await rejection(worker(stage, FOREVER)());
        await client.messages.create({ ...claude, max_tokens: 1 });
        return 'wrapped up';
      },
      { onRefusal: 'leave' },
    );
    expect(text).toBe('wrapped up');
    expect(stage.billed()).toBeLessThanOrEqual(0.05e9);
  });

  it('with `stop-run` the first refusal ends all', async () => {
    const stage = await openStage(ROOMY, { reply });
    const error = await rejection(
      runAgents(
        stage.guard,
        stage.guard.budget({ usd: 10 }),
        async () => {
          await spawnAgent('small', worker(stage, FOREVER), { usd: 0.05 }).catch(() => undefined);
          return spawnAgent('other', worker(stage, 1), { usd: 1 });
        },
        { onRefusal: 'stop-run' },
      ),
    );
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:small' });
    expect(stage.billed()).toBeLessThanOrEqual(0.05e9);
  });
});

describe('a run that the first refusal ends', () => {
  it('stops those too for whom money was fenced off', async () => {
    const stage = await openStage(ROOMY, { reply, latencyMs: 5 });
    const fenced = worker(stage, FOREVER);
    const results = runAgents(
      stage.guard,
      stage.guard.budget({ usd: 50 }),
      () =>
        Promise.allSettled([
          spawnAgent('small', worker(stage, FOREVER), { usd: 0.05 }),
          spawnAgent('outer', () => spawnAgent('fenced', fenced, { usd: 2, by: 'split' }), {
            usd: 3,
          }),
        ]),
      { onRefusal: 'stop-run' },
    );
    expect(await rejection(results)).toMatchObject({ scope: 'budget:small' });
    expect(stage.billed()).toBeLessThan(0.3e9);
  });
});

describe('many agents at once', () => {
  it('200 of them on one pool: not a cent over, all who were refused know it, nothing is open', async () => {
    const stage = await openStage(ROOMY, { reply, latencyMs: 5 });
    const ends: AgentEnd[] = [];
    const results = await runAgents(
      stage.guard,
      stage.guard.budget({ usd: 0.5 }, 'pool'),
      () =>
        Promise.allSettled(
          Array.from({ length: 200 }, (_, index) => spawnAgent(`a-${index}`, worker(stage, 2))),
        ),
      { each: { usd: 0.05 }, onEnd: (end) => ends.push(end) },
    );
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons.length).toBeGreaterThan(100);
    expect(reasons.length).toBeLessThan(200);
    for (const reason of reasons) expect(reason).toBeInstanceOf(BudgetCapError);
    expect(ends).toHaveLength(201);
    expect(ends.filter(({ stoppedBy }) => stoppedBy !== null)).toHaveLength(reasons.length);
    const below = ends.slice(0, -1).reduce((sum, { spent }) => sum + nano(spent.usd), 0);
    expect(below).toBe(stage.billed());
    expect(nano(ends.at(-1)?.spent.usd)).toBe(stage.billed());
    expect(stage.billed()).toBeLessThanOrEqual(0.5e9);
  });
});

describe('what an agent may spend', () => {
  it('is refused where nothing says it, before anything leaves, and tells what to write', async () => {
    const stage = await openStage(ROOMY, { reply });
    const error = await rejection(
      runAgents(stage.guard, stage.guard.budget({ usd: 1 }, 'run'), async () => {
        await spawnAgent('reader', worker(stage, 1)).catch(() => undefined);
        await worker(stage, 1)().catch(() => undefined);
      }),
    );
    expect(error).toMatchObject({ code: 'ALLOTMENT_MISSING', status: 402 });
    expect(String(error)).toContain('Write agents: { "reader": { usd: 0.5 } }');
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('with `share` it draws on what its caller has, and can be stopped alone', async () => {
    const stage = await openStage(ROOMY, { reply });
    const spent = await runAgents(
      stage.guard,
      stage.guard.budget({ usd: 1 }),
      async (run) => {
        await spawnAgent('reader', worker(stage, 3));
        return run.spent.calls;
      },
      { unallotted: 'share' },
    );
    expect(spent).toBe(3);
  });

  it('by split nobody else can take it, and what is left goes back', async () => {
    const stage = await openStage(ROOMY, { reply });
    await runAgents(stage.guard, stage.guard.budget({ usd: 1 }), async (run) => {
      await spawnAgent(
        'fenced',
        async () => {
          expect(run.remaining.usd).toBe(0.4);
          await worker(stage, 1)();
        },
        { usd: 0.6, by: 'split' },
      );
      expect(nano(run.remaining.usd)).toBe(1e9 - stage.billed());
      // Also when it fails, and when it is stopped.
      const failing = () => Promise.reject(new Error('broken'));
      const allotment = { usd: 0.01, by: 'split' as const };
      expect(await rejection(spawnAgent('failing', failing, allotment))).toMatchObject({
        message: 'broken',
      });
      const late = spawnAgent('stopped', worker(stage, FOREVER), allotment);
      expect(await rejection(late)).toBeInstanceOf(BudgetCapError);
      expect(nano(run.remaining.usd)).toBe(1e9 - stage.billed());
      expect(run.held.usd).toBe(0);
    });
  });

  it('without a run there is nothing to take it from', async () => {
    const stage = await openStage(ROOMY, { reply });
    expect(() => spawnAgent('reader', worker(stage, 1), { usd: 1 })).toThrow(MisuseError);
    const reader = asAgent('reader', worker(stage, 1), { allotment: { usd: 1 } });
    expect(() => reader()).toThrow('outside of any run');
    expect(stage.emulator.requestCount).toBe(0);
    // Without an allotment nothing is promised: the caps hold as ever.
    expect(await asAgent('reader', worker(stage, 1))()).toBe(1);
  });

  it('is under the agent that calls it, and under the caps and scopes around the run', async () => {
    const stage = await openStage({ per_customer_cap_per_day_usd: 10, per_agent_cap_usd: 5 });
    await stage.guard.run({ customer: 'acme' }, () =>
      runAgents(stage.guard, stage.guard.budget({ usd: 1 }, 'run'), () =>
        spawnAgent('outer', () => spawnAgent('inner', worker(stage, 1), { usd: 0.1 }), {
          usd: 0.5,
        }),
      ),
    );
    expect(stage.settled[0]?.draws.map(({ scope }) => scope)).toEqual([
      'customer:acme',
      'agent:inner',
      'agent:outer',
      'budget:run',
      'budget:outer',
      'budget:inner',
    ]);
  });

  it('is not taken from an agent that has ended', async () => {
    const stage = await openStage(ROOMY, { reply });
    let late: Promise<unknown> | undefined;
    await runAgents(stage.guard, stage.guard.budget({ usd: 1 }, 'run'), async () => {
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        spawnAgent('late', worker(stage, 1), { usd: 0.1 }),
      );
      late.catch(() => undefined);
    });
    const error = await rejection(late ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'SCOPE_CLOSED' });
    expect(String(error)).toContain('"late" was called by "run", which has ended');
    expect(stage.emulator.requestCount).toBe(0);
  });

  it('options that cannot be meant are refused before the budget is taken', async () => {
    const stage = await openStage(ROOMY);
    const budget = stage.guard.budget({ usd: 1 });
    const wrong = { onRefusal: 'ignore' } as never;
    expect(() => runAgents(stage.guard, budget, () => 1, wrong)).toThrow('onRefusal');
    expect(() => runAgents(stage.guard, budget, () => 1, { agent: {} } as never)).toThrow('agent');
    expect(budget.isLive).toBe(true);
    const misspelt = { usd: 0.1, by: 'spilt' } as never;
    const spawned = () => spawnAgent('a', worker(stage, 1), misspelt);
    expect(() => runAgents(stage.guard, stage.guard.budget({ usd: 1 }), spawned)).toThrow('spilt');
    const copy = { ...(budget as object) } as never;
    expect(() => runAgents(stage.guard, copy, () => 1)).toThrow('no live budget');
  });
});

describe('work that goes on after a call', () => {
  it('a generator pulled from outside runs each step in its agent, and then ends it', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const ends: AgentEnd[] = [];
    async function* pages() {
      for (let page = 0; page < 3; page += 1) {
        await client.messages.create(claude);
        yield page;
      }
    }
    const stream = runAgents(
      stage.guard,
      stage.guard.budget({ usd: 1 }),
      () => spawnAgent('pager', pages, { usd: 0.5 }),
      { onEnd: (end) => ends.push(end) },
    );
    expect(stage.emulator.requestCount).toBe(0);
    const seen: number[] = [];
    for await (const page of stream) seen.push(page);
    expect(seen).toEqual([0, 1, 2]);
    expect(ends.map(({ agent, spent }) => [agent, spent.calls])).toEqual([
      ['pager', 3],
      ['budget', 3],
    ]);
    for (const { draws } of stage.settled) {
      expect(draws.map(({ scope }) => scope)).toContain('budget:pager');
    }
  });

  it.each([
    ['for await', async (stream: ReadableStream<number>) => void (await all(stream))],
    [
      'a reader',
      async (stream: ReadableStream<number>) => {
        const reader = stream.getReader();
        for (let step = await reader.read(); !step.done; step = await reader.read());
      },
    ],
    [
      'a pipe',
      async (stream: ReadableStream<number>) =>
        void (await all(stream.pipeThrough(new TransformStream()))),
    ],
    [
      'a tee',
      async (stream: ReadableStream<number>) => {
        const [left, right] = stream.tee();
        await Promise.all([all(left), all(right)]);
      },
    ],
  ])('a web stream read with %s makes its calls in its agent', async (_way, read) => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const ends: AgentEnd[] = [];
    let page = 0;
    const stream = runAgents(
      stage.guard,
      stage.guard.budget({ usd: 1 }, 'run'),
      () =>
        new ReadableStream<number>(
          {
            async pull(controller) {
              await client.messages.create(claude);
              controller.enqueue((page += 1));
              if (page === 3) controller.close();
            },
          },
          { highWaterMark: 0 },
        ),
      { onEnd: (end) => ends.push(end) },
    );
    await read(stream);
    await until(() => ends.length > 0, 5_000);
    expect(ends.map(({ agent, spent }) => [agent, spent.calls])).toEqual([['run', 3]]);
  });

  it('a stream that is left early ends its agent', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const ends: AgentEnd[] = [];
    async function* pages() {
      for (;;) yield await client.messages.create(claude);
    }
    const options = { onEnd: (end: AgentEnd) => void ends.push(end) };
    for await (const _page of runAgents(
      stage.guard,
      stage.guard.budget({ usd: 1 }),
      pages,
      options,
    )) {
      break;
    }
    expect(ends).toHaveLength(1);
  });

  it('a stream whose agent was stopped ends with the refusal, also where its code hid it', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    async function* pages() {
      try {
        for (;;) yield await client.messages.create(claude);
      } catch {
        // As a framework does that ends a stream quietly.
      }
    }
    const error = await rejection(
      all(runAgents(stage.guard, stage.guard.budget({ usd: 0.05 }), pages)),
    );
    expect(error).toMatchObject({ code: 'BUDGET_CAP', scope: 'budget:budget' });
  });

  it('a callback that was bound runs as its agent, called from anywhere', async () => {
    const stage = await openStage({ ...ROOMY, per_agent_cap_usd: 5 }, { reply });
    const client = stage.anthropic();
    const bell = new EventEmitter();
    await runAgents(stage.guard, stage.guard.budget({ usd: 1 }, 'run'), () =>
      Promise.all([
        spawnAgent(
          'listener',
          async () => {
            const rung = once(bell, 'rung');
            const answer = () => {
              const ringBack = () => void bell.emit('rung');
              client.messages.create(claude).then(ringBack, ringBack);
            };
            bell.once('ring', bindToAgent(answer));
            await rung;
          },
          { usd: 0.1 },
        ),
        spawnAgent('ringer', async () => void bell.emit('ring'), { usd: 0.1 }),
      ]),
    );
    const scopes = ['global', 'agent:listener', 'budget:run', 'budget:listener'];
    expect(stage.settled[0]?.draws.map(({ scope }) => scope)).toEqual(scopes);
  });

  it('what an agent left running is refused once it has ended', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    let late: Promise<unknown> | undefined;
    await runAgents(stage.guard, stage.guard.budget({ usd: 1 }), async () => {
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        rejection(client.messages.create(claude)),
      );
    });
    expect(await late).toMatchObject({ code: 'SCOPE_CLOSED' });
    expect(stage.emulator.requestCount).toBe(0);
  });
});

describe('wrapped functions and methods', () => {
  it('every call is an agent of its own; calls of itself are not', async () => {
    const stage = await openStage(ROOMY, { reply });
    const client = stage.anthropic();
    const crawler = wrapMethods(
      {
        async crawl(pages: number): Promise<number> {
          for (let page = 0; page < pages; page += 1) await this.read();
          return pages;
        },
        read: () => client.messages.create(claude),
      },
      ['crawl', 'read'],
      { agent: 'crawler' },
    );
    const ends: AgentEnd[] = [];
    await runAgents(
      stage.guard,
      stage.guard.budget({ usd: 1 }),
      () => Promise.all([crawler.crawl(2), crawler.crawl(3)]),
      { agents: { crawler: { usd: 0.3 } }, onEnd: (end) => ends.push(end) },
    );
    expect(ends.map(({ agent, spent }) => [agent, spent.calls])).toEqual([
      ['crawler', 2],
      ['crawler', 3],
      ['budget', 5],
    ]);
    expect(() => wrapMethods({ name: 'x' }, ['name'], { agent: 'x' })).toThrow('no method');
  });

  it('a stopped function may give something else in its place', async () => {
    const stage = await openStage(ROOMY, { reply });
    const read = asAgent('reader', worker(stage, FOREVER), {
      allotment: { usd: 0.05 },
      whenStopped: (error) => (error instanceof BudgetCapError ? -1 : -2),
    });
    expect(await runAgents(stage.guard, stage.guard.budget({ usd: 1 }), () => read())).toBe(-1);
    expect(stage.billed()).toBeLessThanOrEqual(0.05e9);
  });
});

async function all<T>(stream: AsyncIterable<T> | ReadableStream<T>): Promise<readonly T[]> {
  const values: T[] = [];
  for await (const value of stream as AsyncIterable<T>) values.push(value);
  return values;
}

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
