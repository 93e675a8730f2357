import { describe, expect, it } from 'vitest';
import { BudgetCapError, type Call } from '../../src/index.ts';
import { CLAUDE, GPT, openStage, outcomes, type Stage } from './harness.ts';

const CALLS = 200;
const CAP_NANO_USD = 1_000_000_000;
const CONFIG = { global_cap_per_day_usd: 1 };
const PROMPT = 'word '.repeat(3_000);

type Send = (stage: Stage) => Promise<unknown>;

interface Client {
  readonly name: string;
  readonly provider: 'anthropic' | 'openai';
  readonly body: Record<string, unknown>;
  readonly send: Send;
}

const claudeBody = {
  model: CLAUDE,
  max_tokens: 2_000,
  messages: [{ role: 'user' as const, content: PROMPT }],
};
const gptBody = { model: GPT, messages: [{ role: 'user' as const, content: PROMPT }] };
const gptCeiling = { ...gptBody, max_completion_tokens: 3_000 };

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const event of stream) void event;
}

const clients: readonly Client[] = [
  {
    name: 'Anthropic JSON, with a ceiling',
    provider: 'anthropic',
    body: claudeBody,
    send: (stage) => stage.anthropic().messages.create(claudeBody),
  },
  {
    name: 'Anthropic streamed, with a ceiling',
    provider: 'anthropic',
    body: { ...claudeBody, stream: true },
    send: async (stage) =>
      drain(await stage.anthropic().messages.create({ ...claudeBody, stream: true })),
  },
  {
    name: 'OpenAI JSON, with a ceiling',
    provider: 'openai',
    body: gptCeiling,
    send: (stage) => stage.openai().chat.completions.create(gptCeiling),
  },
  {
    name: 'OpenAI streamed, with a ceiling',
    provider: 'openai',
    body: { ...gptCeiling, stream: true },
    send: async (stage) =>
      drain(await stage.openai().chat.completions.create({ ...gptCeiling, stream: true })),
  },
  {
    name: 'OpenAI JSON, without a ceiling',
    provider: 'openai',
    body: gptBody,
    send: (stage) => stage.openai().chat.completions.create(gptBody),
  },
  {
    name: 'OpenAI streamed, without a ceiling',
    provider: 'openai',
    body: { ...gptBody, stream: true },
    send: async (stage) =>
      drain(await stage.openai().chat.completions.create({ ...gptBody, stream: true })),
  },
];

/** A reply of about $0.05 on either model: 6,665 tokens in, 2,000 or 3,330 out. */
function reply(provider: Client['provider']) {
  return { inputTokens: 6_665, outputTokens: provider === 'anthropic' ? 2_000 : 3_000 };
}

describe.each(clients)('200 concurrent calls under a cap of one dollar: $name', (client) => {
  it('admits exactly the calls that fit by bound, and the rest of the cap stays usable', async () => {
    let isRush = true;
    const stage = await openStage(CONFIG, {
      reply: reply(client.provider),
      // Slow only while all 200 are there: none of them has been settled when the last one asks.
      fault: () => (isRush ? { kind: 'delay', latencyMs: 2_000 } : undefined),
    });
    const bound = boundOf(stage, client);
    const fitting = Math.floor(CAP_NANO_USD / bound);
    const { answered, errors } = await outcomes(
      Array.from({ length: CALLS }, () => client.send(stage)),
    );
    expect(answered, `calls of ${bound} nano-dollars bound`).toBe(fitting);
    expect(errors.every((error) => error instanceof BudgetCapError)).toBe(true);
    expect(stage.emulator.requestCount).toBe(fitting);
    expect(stage.billed()).toBeLessThanOrEqual(CAP_NANO_USD);

    isRush = false;
    let more = 0;
    while (stage.guard.check(callOf(client)).fits) {
      await client.send(stage);
      more += 1;
    }
    expect(more, 'sequential calls that used the rest').toBeGreaterThan(0);
    expect(stage.billed()).toBeLessThanOrEqual(CAP_NANO_USD);
    expect(CAP_NANO_USD - stage.billed(), 'what is left is less than one bound').toBeLessThan(
      bound,
    );
  });
});

describe.each(clients)('200 calls, half of them timing out while billed: $name', (client) => {
  it('keeps the bill under the cap and the ledger at or above the bill', async () => {
    const stage = await openStage(CONFIG, {
      books: 'at-least',
      reply: reply(client.provider),
      fault: (_request, index) =>
        index % 2 === 0 ? { kind: 'stall-headers', delayMs: 4_000 } : undefined,
    });
    const clientOptions = { maxRetries: 2, timeout: 1_500 };
    const anthropic = stage.anthropic(clientOptions);
    const openai = stage.openai(clientOptions);
    const timed: Stage = { ...stage, anthropic: () => anthropic, openai: () => openai };
    await outcomes(Array.from({ length: CALLS }, () => client.send(timed)));
    await stage.emulator.idle();
    expect(stage.emulator.requestCount).toBeGreaterThan(0);
    expect(stage.billed()).toBeLessThanOrEqual(CAP_NANO_USD);
    expect(stage.booked()).toBeGreaterThanOrEqual(stage.billed());
    expect(stage.booked()).toBeLessThanOrEqual(CAP_NANO_USD);
  });
});

describe('a request without the ceiling that Anthropic requires', () => {
  it('is held at the model maximum, refused by the provider, and costs nothing', async () => {
    const stage = await openStage({ global_cap_per_day_usd: 5 }, {});
    const { max_tokens: _left, ...body } = claudeBody;
    const error = await stage
      .anthropic()
      .messages.create(body as unknown as typeof claudeBody)
      .catch((reason: unknown) => reason);
    expect((error as { status: number }).status).toBe(400);
    expect(stage.emulator.requestCount).toBe(1);
    expect(stage.settled[0]?.outcome).toBe('refused');
  });
});

function callOf(client: Client): Call {
  return { provider: client.provider, body: client.body };
}

function boundOf(stage: Stage, client: Client): number {
  const { bound_nano_usd: bound, error } = stage.guard.check(callOf(client));
  if (bound === null) throw error;
  return bound;
}
