import { describe, expect, it } from 'vitest';
import {
  LENGTH_ROWS,
  lengthLoad,
  playLengthLoad,
} from '../../incidents/experiments/length-load.ts';
import type { Reply } from '../../src/emulator/emulator.ts';
import {
  BudgetCapError,
  BudgetGuard,
  guardedFetch,
  type AdaptedEvent,
  type BudgetGuardConfig,
  type DriftEvent,
  type OverdrawnEvent,
} from '../../src/index.ts';
import { CLAUDE, GPT, openStage, until, type Stage, type StageOptions } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Tell me a story.' }];
const STEP = 64;
const STEPS: BudgetGuardConfig = {
  global_cap_usd: 10,
  expect: { stream: 'steps', stepTokens: STEP },
  onStreamShort: 'stop',
  assume: {
    anthropic: { serviceTier: 'standard', geo: 'global' },
    openai: { serviceTier: 'standard' },
  },
};
/** One byte a token, so that what is seen is what is billed. */
const BYTES: StageOptions = { countTokens: (text) => Buffer.byteLength(text), chunksMax: 500 };
/** Long enough between events that each is read by itself. */
const SLOW = { ...BYTES, chunkDelayMs: 4 };

function said(length: number): Reply {
  return { text: 'x'.repeat(length), inputTokens: 100 };
}

type Client = 'anthropic' | 'openai';

interface Asked {
  readonly ceiling: number;
  readonly isStream?: boolean;
  readonly model?: string;
  readonly signal?: AbortSignal;
}

/** The text of an answer, and the error that ended it. */
async function ask(
  stage: Stage,
  client: Client,
  { ceiling, isStream = true, model, signal }: Asked,
): Promise<{ readonly text: string; readonly error: unknown }> {
  let text = '';
  try {
    if (client === 'anthropic') {
      const body = { model: model ?? CLAUDE, messages, max_tokens: ceiling };
      if (!isStream) await stage.anthropic().messages.create(body);
      else {
        const stream = await stage
          .anthropic()
          .messages.create({ ...body, stream: true }, { signal });
        for await (const event of stream) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
            text += event.delta.text;
          }
        }
      }
    } else {
      const body = { model: model ?? GPT, messages, max_completion_tokens: ceiling };
      if (!isStream) await stage.openai().chat.completions.create(body);
      else {
        const stream = await stage.openai().chat.completions.create({ ...body, stream: true });
        for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
      }
    }
  } catch (error) {
    return { text, error };
  }
  return { text, error: undefined };
}

interface Heard {
  readonly drifts: DriftEvent[];
  readonly adapted: AdaptedEvent[];
  readonly overdrawn: OverdrawnEvent[];
  readonly held: number[];
}

function hear({ guard }: Stage): Heard {
  const heard: Heard = { drifts: [], adapted: [], overdrawn: [], held: [] };
  guard.on('drift', (event) => heard.drifts.push(event));
  guard.on('adapted', (event) => heard.adapted.push(event));
  guard.on('overdrawn', (event) => heard.overdrawn.push(event));
  guard.on('reserved', (event) => heard.held.push(event.held_nano_usd));
  return heard;
}

/** Nano-dollars for one token of output. */
const RATE: Readonly<Record<Client, number>> = { anthropic: 15_000, openai: 10_000 };

/** What is held for a call with this ceiling while so much of its output is held, in nano-dollars. */
function heldAt(client: Client, ceiling: number, output: number): number {
  const { assume } = STEPS;
  const guard = new BudgetGuard({ caps: [], assume });
  const call =
    client === 'anthropic'
      ? { provider: client, body: { model: CLAUDE, messages, max_tokens: ceiling, stream: true } }
      : {
          provider: client,
          body: { model: GPT, messages, max_completion_tokens: ceiling, stream: true },
        };
  const whole = guard.check(call).bound_nano_usd ?? NaN;
  return whole - (ceiling - output) * RATE[client];
}

/** Dollars with room for so many steps of a call with a ceiling of 1,000, and not for one more. */
function capAt(client: Client, steps: number): number {
  return (heldAt(client, 1_000, steps * STEP) + 7) / 1e9;
}

const CLIENTS: readonly Client[] = ['anthropic', 'openai'];

describe.each(CLIENTS)('a ceiling that is expected to do, through the client of %s', (client) => {
  it('is on the wire and in the hold, and an answer that it cuts makes it give way', async () => {
    const lengths = Array.from({ length: 20 }, (_, index) => 281 + index);
    const replies = [...lengths, 290, 5_000, 290];
    const stage = await openStage(
      { global_cap_usd: 10, expect: true },
      { ...BYTES, reply: (_request, index) => said(replies[index] ?? 1) },
    );
    const heard = hear(stage);
    for (const _ of replies) {
      await ask(stage, client, { ceiling: 2_000, isStream: stage.settled.length % 2 === 0 });
    }
    const field = client === 'anthropic' ? 'max_tokens' : 'max_completion_tokens';
    const sent = stage.emulator.requests.map(({ body }) => body?.[field]);
    // The longest of the first twenty is 300: x 1.2.
    expect(sent.slice(0, 20)).toEqual(lengths.map(() => 2_000));
    expect(sent.slice(20)).toEqual([360, 360, 2_000]);
    expect(heard.adapted.map(({ strategies }) => strategies)).toEqual([['expect'], ['expect']]);
    expect(heard.held[20]).toBeLessThan(heard.held[19] ?? 0);
    expect(heard.drifts.map(({ kind }) => kind)).toEqual(['cut']);
    expect(
      stage.settled.every(({ cost_nano_usd: cost, held_nano_usd: held }) => cost <= held),
    ).toBe(true);
  });
});

describe.each(CLIENTS)('a stream held for in steps, through the client of %s', (client) => {
  it('begins with two steps, and is always held a step ahead of what came', async () => {
    const stage = await openStage(STEPS, { ...BYTES, reply: said(600) });
    const heard = hear(stage);
    const { text, error } = await ask(stage, client, { ceiling: 1_000 });
    expect([text.length, error]).toEqual([600, undefined]);
    const [settled] = stage.settled;
    // 600 tokens are in the tenth step: eleven are held.
    expect(heard.held).toEqual([heldAt(client, 1_000, 2 * STEP)]);
    expect(settled?.held_nano_usd).toBe(heldAt(client, 1_000, 11 * STEP));
    expect(settled?.outcome).toBe('complete');
    expect(heard.drifts).toEqual([]);
  });

  it('never holds more than its whole ceiling', async () => {
    const stage = await openStage(STEPS, { ...BYTES, reply: said(5_000) });
    await ask(stage, client, { ceiling: 300 });
    expect(stage.settled[0]?.held_nano_usd).toBe(heldAt(client, 300, 300));
    const short = await openStage(STEPS, { ...BYTES, reply: said(9) });
    await ask(short, client, { ceiling: 100 });
    expect(short.settled[0]?.held_nano_usd).toBe(heldAt(client, 100, 100));
  });

  it('stops with a BudgetCapError when the next step does not fit, and never ends quietly', async () => {
    const cap = capAt(client, 5);
    const stage = await openStage(
      { ...STEPS, global_cap_usd: cap },
      { ...SLOW, reply: said(900), books: 'at-least', billOnDisconnect: 'generated' },
    );
    const heard = hear(stage);
    const { text, error } = await ask(stage, client, { ceiling: 1_000 });
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(String(error)).toMatch(/next step of this call .* The answer was stopped/);
    // Five steps were held, the last of them ahead: four were read.
    expect(text.length).toBeGreaterThanOrEqual(4 * STEP);
    expect(text.length).toBeLessThan(5 * STEP);
    await until(() => stage.settled.length > 0, 1_000);
    const [settled] = stage.settled;
    expect(settled?.cost_nano_usd).toBeLessThanOrEqual(cap * 1e9);
    expect(settled?.held_nano_usd).toBe(heldAt(client, 1_000, 5 * STEP));
    expect(heard.drifts.map(({ kind }) => kind)).toContain('step-refused');
    expect(heard.overdrawn).toEqual([]);
    // The connection was closed: the rest was never sent.
    await stage.emulator.idle();
    expect(stage.emulator.bill().entries[0]?.delivery).toBe('partial');
  });

  it('goes on where it is let finish, books what it costs, and says that it may overdraw', async () => {
    const cap = capAt(client, 5);
    const config = { ...STEPS, onStreamShort: 'let-finish', global_cap_usd: cap } as const;
    const stage = await openStage(config, { ...SLOW, reply: { text: 'x'.repeat(900) } });
    const heard = hear(stage);
    const { text, error } = await ask(stage, client, { ceiling: 1_000 });
    expect([text.length, error]).toEqual([900, undefined]);
    expect(stage.settled[0]?.outcome).toBe('complete');
    const kinds = heard.drifts.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'step-refused')).toHaveLength(1);
    expect(heard.drifts[0]?.message).toMatch(/goes on unheld and may overdraw/);
    expect(kinds).toContain('above-bound');
  });

  it('may be billed beyond what was held when it is stopped, at most for its whole ceiling', async () => {
    const cap = capAt(client, 5);
    const stage = await openStage(
      { ...STEPS, global_cap_usd: cap },
      { ...SLOW, reply: said(900), books: 'under-reported', billOnDisconnect: 'full' },
    );
    await ask(stage, client, { ceiling: 1_000 });
    await until(() => stage.settled.length > 0, 1_000);
    await stage.emulator.idle();
    // A provider that produces and bills the rest all the same: this is what steps give up.
    expect(stage.billed()).toBeGreaterThan(stage.booked());
    expect(stage.billed()).toBeLessThanOrEqual(heldAt(client, 1_000, 1_000));
  });

  it('is booked at its whole ceiling when its reader leaves: it may have been produced', async () => {
    const stage = await openStage(STEPS, { ...SLOW, reply: said(900), books: 'at-least' });
    const abort = new AbortController();
    const stream =
      client === 'anthropic'
        ? await stage
            .anthropic()
            .messages.create(
              { model: CLAUDE, messages, max_tokens: 1_000, stream: true },
              { signal: abort.signal },
            )
        : await stage
            .openai()
            .chat.completions.create(
              { model: GPT, messages, max_completion_tokens: 1_000, stream: true },
              { signal: abort.signal },
            );
    for await (const event of stream) {
      void event;
      break;
    }
    abort.abort();
    await until(() => stage.settled.length > 0, 1_000);
    const [settled] = stage.settled;
    expect(settled?.cost_nano_usd).toBeGreaterThan(settled?.held_nano_usd ?? Infinity);
    expect(settled?.held_nano_usd).toBeLessThan(heldAt(client, 1_000, 1_000));
  });
});

describe('a stream whose output cannot all be seen', () => {
  it.each<[string, Client, string]>([
    ['of a model that reasons', 'openai', 'gpt-5'],
    ['of a model that thinks unasked', 'anthropic', 'claude-opus-5'],
  ])('%s is held for whole', async (_name, client, model) => {
    const stage = await openStage(STEPS, { ...BYTES, reply: said(50) });
    const heard = hear(stage);
    const { error } = await ask(stage, client, { ceiling: 1_000, model });
    expect(error).toBeUndefined();
    expect(heard.held[0]).toBe(stage.settled[0]?.held_nano_usd);
    const body = { model, messages, stream: true };
    const asked = client === 'anthropic' ? { max_tokens: 1_000 } : { max_completion_tokens: 1_000 };
    const whole = stage.guard.check({ provider: client, body: { ...body, ...asked } });
    expect(heard.held[0]).toBe(whole.bound_nano_usd);
  });

  it('is held for whole as soon as the answer is no event stream', async () => {
    const stage = await openStage(STEPS, { ...BYTES, reply: said(50) });
    // A gateway that answers a stream in one piece: the emulator is asked without `stream`.
    const unstreamed: typeof fetch = (input, init) => {
      const wire = typeof init?.body === 'string' ? init.body : '';
      const { stream: _, stream_options: _options, ...body } = JSON.parse(wire);
      return fetch(input, { ...init, body: JSON.stringify(body) });
    };
    const guarded = guardedFetch(stage.guard, { provider: 'openai', fetch: unstreamed });
    const body = { model: GPT, messages, max_completion_tokens: 1_000, stream: true };
    const response = await guarded(`${stage.emulator.openaiUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await response.text();
    expect(stage.settled[0]?.held_nano_usd).toBe(heldAt('openai', 1_000, 1_000));
  });
});

describe('a stream that is stopped', () => {
  it('closes the connection itself, whatever its reader does', async () => {
    const stage = await openStage(
      { ...STEPS, global_cap_usd: capAt('openai', 5) },
      { ...SLOW, reply: said(400), books: 'at-least', billOnDisconnect: 'generated' },
    );
    const guarded = guardedFetch(stage.guard, { provider: 'openai' });
    const body = { model: GPT, messages, max_completion_tokens: 1_000, stream: true };
    const response = await guarded(`${stage.emulator.openaiUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const reader = response.body?.getReader();
    const read = async () => {
      for (;;) if ((await reader?.read())?.done !== false) return 'it ended';
    };
    await expect(read()).rejects.toBeInstanceOf(BudgetCapError);
    await stage.emulator.idle();
    expect(stage.emulator.bill().entries[0]?.delivery).toBe('partial');
  });
});

describe('steps on request', () => {
  it('are one call’s own, and an expectation of the configuration can be put aside', async () => {
    const stage = await openStage({ ...STEPS, expect: true }, { ...BYTES, reply: said(50) });
    const heard = hear(stage);
    const options = {
      expect: { stream: 'steps', stepTokens: STEP },
      onStreamShort: 'stop',
    } as const;
    await stage.guard.run({}, () => ask(stage, 'openai', { ceiling: 1_000 }), options);
    await stage.guard.run({}, () => ask(stage, 'openai', { ceiling: 1_000 }), { expect: false });
    expect(heard.held).toEqual([heldAt('openai', 1_000, 2 * STEP), heldAt('openai', 1_000, 1_000)]);
  });
});

describe('over-reservation, held / settled', () => {
  it('is at most 1.3 at the median with `expect`, and no bill is above its hold', async () => {
    const seed = 20_260_721;
    const load = lengthLoad({ seed, calls: 400, spread: 0.4, streamPercent: 50 });
    const [first, last] = [LENGTH_ROWS[0], LENGTH_ROWS.at(-1)];
    if (first === undefined || last === undefined) throw new Error('there are rows');
    const plain = await playLengthLoad(load, first.config);
    const close = await playLengthLoad(load, last.config);
    for (const result of [plain, close]) {
      expect(result.factors).toHaveLength(load.length);
      expect(result.above, `above the bound, seed ${seed}`).toBe(0);
      expect(result.openHolds).toBe(0);
      expect(result.bookedNanoUsd).toBe(result.billedNanoUsd);
    }
    expect(plain.cut).toBe(0);
    expect(close.median, `seed ${seed}`).toBeLessThanOrEqual(1.3);
    expect(close.median).toBeLessThan(plain.median / 3);
    // One in twenty of the answers in one piece may be longer than is expected.
    expect(close.cut).toBeLessThanOrEqual(0.05 * load.length);
  }, 120_000);
});
