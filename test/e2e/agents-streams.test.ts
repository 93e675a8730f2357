import { AsyncResource } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setTimeout as passed } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  asAgent,
  bindToAgent,
  runAgents,
  spawnAgent,
  wrapMethods,
  type AgentEnd,
  type AgentRun,
} from '../../src/adapters/agents/agents.ts';
import { CLAUDE, GPT, openStage, rejection, until, type StageOptions } from './harness.ts';

/** When an agent ends whose stream is read where nobody sees it, or by nobody. */

const ROOMY = { global_cap_per_day_usd: 1_000 };
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_tokens: 100, messages };
const IDLE_MS = 150;
/** A context that no run stands around. */
const outside = new AsyncResource('outside');

/** A run whose agents have $1 each, fenced off. */
async function openRun(options: StageOptions = {}, config: object = {}) {
  const stage = await openStage(
    { ...ROOMY, ...config },
    { reply: { outputTokens: 20 }, ...options },
  );
  const client = stage.anthropic();
  const ends: AgentEnd[] = [];
  const names = () => ends.map(({ agent }) => agent);
  const [part, rest] = stage.guard.budget({ usd: 5 }, 'all').split({ usd: 4 }, 'run');
  const start = <T>(fn: (run: AgentRun) => T): T =>
    runAgents(stage.guard, part, fn, {
      each: { usd: 1, by: 'split' },
      onEnd: (end) => ends.push(end),
    });
  return { stage, client, openai: stage.openai(), ends, names, rest, start };
}

type Open = Awaited<ReturnType<typeof openRun>>;

/** An answer that can be iterated, and has a way of its own to be read. */
class Answer {
  readonly #ask: () => Promise<unknown>;

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  async *[Symbol.asyncIterator]() {
    yield await this.#ask();
  }

  text(): Promise<unknown> {
    return this.#ask();
  }
}

describe('work that begins only when somebody waits for it', () => {
  const lazily = (work: () => Promise<unknown>): PromiseLike<unknown> => ({
    // oxlint-disable-next-line unicorn/no-thenable
    then: (...both) => work().then(...both),
  });
  it.each([
    ['a run', (work: () => Promise<unknown>) => lazily(work)],
    ['spawnAgent', (work) => spawnAgent('reader', () => lazily(work))],
    ['asAgent', (work) => asAgent('reader', () => lazily(work))()],
    [
      'wrapMethods',
      (work) => wrapMethods({ run: () => lazily(work) }, ['run'], { agent: 'reader' }).run(),
    ],
    ['a thenable that gives a thenable', (work) => lazily(async () => lazily(work))],
    [
      'a bound callback, called and waited for elsewhere',
      async (work) => {
        const bound = bindToAgent(() => lazily(work));
        await outside.runInAsyncScope(async () => await bound());
      },
    ],
    [
      'the step of an iterator',
      async (work) => {
        const steps = { next: () => lazily(work), [Symbol.asyncIterator]: () => steps };
        await spawnAgent('reader', () => steps).next();
      },
    ],
    [
      'the end of an iterator',
      async (work) => {
        const next = () => ({ done: false, value: 1 });
        const steps = { next, return: () => lazily(work), [Symbol.asyncIterator]: () => steps };
        await spawnAgent('reader', () => steps).return();
      },
    ],
  ] satisfies (readonly [string, (work: () => Promise<unknown>) => unknown])[])(
    'draws on the budget: %s',
    async (_of, give) => {
      const { stage, client } = await openRun();
      const work = async () => {
        for (let call = 0; call < 5; call += 1) await client.messages.create(claude);
        return { done: true };
      };
      const budget = stage.guard.budget({ calls: 1 }, 'run');
      const given = runAgents(stage.guard, budget, () => give(work), { unallotted: 'share' });
      expect(await rejection(given as Promise<unknown>)).toMatchObject({ scope: 'budget:run' });
      expect(stage.emulator.requestCount).toBe(1);
    },
  );
});

describe('a stream that is read by other means', () => {
  it.each([
    [
      'finalMessage',
      async ({ client }: Open) => {
        await spawnAgent('reader', () => client.messages.stream(claude)).finalMessage();
      },
    ],
    [
      'done()',
      async ({ client }: Open) => {
        await spawnAgent('reader', () => client.messages.stream(claude)).done();
      },
    ],
    [
      'events',
      async ({ client }: Open) => {
        const stream = spawnAgent('reader', () => client.messages.stream(claude));
        await new Promise<void>((resolve) => void stream.on('end', resolve));
      },
    ],
    [
      'an abort',
      async ({ client }: Open) => {
        const stream = spawnAgent('reader', () => client.messages.stream(claude));
        stream.on('abort', () => undefined);
        stream.abort();
        await rejection(stream.done());
      },
    ],
    [
      'finalChatCompletion of another client',
      async ({ openai }: Open) => {
        const stream = spawnAgent('reader', () => openai.chat.completions.stream(gpt));
        await stream.finalChatCompletion();
      },
    ],
    [
      'a derived web stream',
      async ({ client }: Open) => {
        const stream = spawnAgent('reader', () => client.messages.stream(claude));
        for await (const _chunk of stream.toReadableStream()) void _chunk;
      },
    ],
    [
      'both halves of a tee',
      async ({ client }: Open) => {
        const stream = await spawnAgent('reader', () =>
          client.messages.create({ ...claude, stream: true }),
        );
        for (const half of stream.tee()) for await (const _event of half) void _event;
      },
    ],
    [
      'both halves of a tee of another client',
      async ({ openai }: Open) => {
        const stream = await spawnAgent('reader', () =>
          openai.chat.completions.create({ ...gpt, stream: true }),
        );
        for (const half of stream.tee()) for await (const _event of half) void _event;
      },
    ],
    [
      'the events of a stream of Node',
      async ({ client }: Open) => {
        const pages = Readable.from([1, 2].map(() => client.messages.create(claude)));
        const stream = spawnAgent('reader', () => pages);
        stream.on('data', () => undefined);
        await new Promise<void>((resolve) => void stream.once('close', resolve));
      },
    ],
  ])('ends its agent while its caller goes on: %s', async (_way, read) => {
    const open = await openRun({ books: 'at-least' });
    await open.start(async (run) => {
      await read(open);
      expect(open.names()).toEqual(['reader']);
      await until(() => run.held.usd === 0, 5_000);
    });
    expect(open.names()).toEqual(['reader', 'run']);
    expect(open.rest.held.usd).toBe(0);
  });

  it('by a way that nobody knows: its agent ends when its caller has, and its calls', async () => {
    const { client, start, ends, names, rest } = await openRun();
    await start(async () => {
      const answer = spawnAgent(
        'reader',
        () => new Answer(bindToAgent(() => client.messages.create(claude))),
      );
      await answer.text();
    });
    expect(names()).toEqual(['reader', 'run']);
    expect(ends[0]?.spent.calls).toBe(1);
    expect(rest.held.usd).toBe(0);
  });

  it('its agent does not end before a call that is in flight, and counts it', async () => {
    const { stage, client, start, ends, names, rest } = await openRun({ latencyMs: 300 });
    let text: Promise<unknown> | undefined;
    await start(async () => {
      const give = () => new Answer(bindToAgent(() => ask(client)));
      text = spawnAgent('reader', give).text();
      await until(() => stage.emulator.requestCount === 1, 5_000);
    });
    expect(names()).toEqual([]);
    await text;
    await until(() => names().length === 2, 5_000);
    expect(names()).toEqual(['reader', 'run']);
    expect(ends[0]?.spent.calls).toBe(1);
    expect(nano(rest.spent.usd)).toBe(stage.billed());
    expect(rest.held.usd).toBe(0);
  });
});

describe('a stream that nobody reads', () => {
  it.each([
    ['an iterator', ({ client }: Open) => iterated(client)],
    ['a web stream', ({ client }: Open) => webStream(client)],
    ['an answer', ({ client }: Open) => client.messages.create({ ...claude, stream: true })],
    ['something with ways of its own', ({ client }: Open) => new Answer(() => ask(client))],
    ['a stream of Node', ({ client }: Open) => Readable.from(iterated(client))],
  ])('ends its agent after the idle timeout of the guard: %s', async (_of, give) => {
    const open = await openRun({ books: 'at-least' }, { idleTimeoutMs: IDLE_MS });
    const started = Date.now();
    await open.start(async () => {
      await spawnAgent('reader', () => give(open));
      expect(open.names()).toEqual([]);
    });
    await until(() => open.names().length === 2, 5_000);
    expect(open.names()).toEqual(['reader', 'run']);
    expect(open.rest.held.usd).toBe(0);
    expect(Date.now() - started).toBeGreaterThan(IDLE_MS * 0.9);
  });

  it('and whose answer hangs ends its agent before the answer does, and its hold as spent', async () => {
    const open = await openRun({ books: 'at-least' }, { idleTimeoutMs: IDLE_MS });
    open.stage.emulator.faults.push({ kind: 'stall-body', delayMs: 3_000, afterEvents: 1 });
    let hasAnswered = false;
    await open.start(async () => {
      const stream = spawnAgent('reader', () => open.client.messages.stream(claude));
      stream.on('end', () => (hasAnswered = true));
      await new Promise<void>((resolve) => void stream.on('connect', resolve));
    });
    await until(() => open.names().length === 2, 5_000);
    expect(hasAnswered).toBe(false);
    expect(open.names()).toEqual(['reader', 'run']);
    expect(open.ends[0]?.spent.calls).toBe(1);
    expect(open.rest.held.usd).toBe(0);
  });

  it('ends its agent as well when it is piped on, and nobody reads there', async () => {
    const { client, start, names, stage } = await openRun({}, { idleTimeoutMs: IDLE_MS });
    await start(async () => {
      spawnAgent('reader', () => webStream(client)).pipeThrough(new TransformStream());
    });
    await until(() => names().length === 2, 5_000);
    expect(names()).toEqual(['reader', 'run']);
    expect(stage.emulator.requestCount).toBeLessThan(3);
  });

  it('that its caller left in its middle ends its agent as well', async () => {
    const { client, start, names, rest } = await openRun({}, { idleTimeoutMs: IDLE_MS });
    const reader = await start(async () => {
      const stream = spawnAgent('reader', () => webStream(client));
      const left = stream.getReader();
      await left.read();
      return { left };
    });
    expect(names()).toEqual([]);
    await until(() => names().length === 2, 5_000);
    expect(names()).toEqual(['reader', 'run']);
    expect(rest.held.usd).toBe(0);
    // Who comes back to it is refused, and nothing is sent.
    expect(await rejection(reader.left.read())).toMatchObject({ code: 'SCOPE_CLOSED' });
  });

  it.each([
    ['a reader', (stream: ReadableStream<unknown>) => stream],
    ['a pipe', (stream: ReadableStream<unknown>) => stream.pipeThrough(new TransformStream())],
    ['a tee', (stream: ReadableStream<unknown>) => stream.tee()[0]],
  ])('is not one for which %s waits longer than that', async (_way, through) => {
    const { client, start, names, stage } = await openRun({}, { idleTimeoutMs: IDLE_MS });
    // Handed out in an object: the run has nothing else to do when it is read.
    const { stream } = await start(async () => ({
      stream: through(spawnAgent('reader', () => webStream(client, IDLE_MS * 3))),
    }));
    const seen: unknown[] = [];
    for await (const page of stream) seen.push(page);
    expect(seen).toHaveLength(3);
    expect(names()).toEqual(['reader', 'run']);
    expect(stage.emulator.requestCount).toBe(3);
  });
});

type Client = Open['client'];

function ask(client: Client): Promise<unknown> {
  return client.messages.create(claude);
}

async function* iterated(client: Client) {
  for (let page = 0; page < 3; page += 1) yield await ask(client);
}

/** Three pages, a call for each, which is thought over for so long. */
function webStream(client: Client, pauseMs = 0): ReadableStream<unknown> {
  let page = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (pauseMs > 0) await passed(pauseMs);
        controller.enqueue(await ask(client));
        page += 1;
        if (page === 3) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function nano(usd: number | undefined): number {
  return Math.round((usd ?? 0) * 1e9);
}
