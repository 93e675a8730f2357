import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../src/index.ts';
import { CLAUDE, GPT, openStage, outcomes, type Stage } from './harness.ts';

const CALLS = 200;
const CAP_NANO_USD = 1_000_000_000;

/** What the emulator counts as 6,660 tokens on Claude, 8,000 on GPT: about $0.02 on either. */
const CLAUDE_PROMPT = 'word '.repeat(5_320);
const GPT_PROMPT = 'word '.repeat(6_390);
/** What the job takes: with the prompt about $0.05. */
const CLAUDE_OUTPUT = 2_000;
const GPT_OUTPUT = 3_000;

interface Job {
  readonly name: string;
  readonly output: number;
  /** Sends it; whether the answer came in full. */
  readonly send: (stage: Stage) => Promise<boolean>;
}

const claude = {
  model: CLAUDE,
  messages: [{ role: 'user' as const, content: CLAUDE_PROMPT }],
};
const gpt = { model: GPT, messages: [{ role: 'user' as const, content: GPT_PROMPT }] };

async function claudeStreamed(stage: Stage, max_tokens: number): Promise<boolean> {
  const stream = await stage.anthropic().messages.create({ ...claude, max_tokens, stream: true });
  let reason: string | null = null;
  for await (const event of stream) {
    if (event.type === 'message_delta') reason = event.delta.stop_reason;
  }
  return reason === 'end_turn';
}

async function gptStreamed(stage: Stage, more: object): Promise<boolean> {
  const stream = await stage.openai().chat.completions.create({ ...gpt, ...more, stream: true });
  let reason: string | null = null;
  for await (const { choices } of stream) reason = choices[0]?.finish_reason ?? reason;
  return reason === 'stop';
}

async function gptJson(stage: Stage, more: object): Promise<boolean> {
  const answer = await stage.openai().chat.completions.create({ ...gpt, ...more, stream: false });
  return answer.choices[0]?.finish_reason === 'stop';
}

async function responsesStreamed(stage: Stage): Promise<boolean> {
  const body = { model: GPT, input: GPT_PROMPT, stream: true } as const;
  let isComplete = false;
  for await (const event of await stage.openai().responses.create(body)) {
    isComplete ||= event.type === 'response.completed';
  }
  return isComplete;
}

const jobs: readonly Job[] = [
  {
    name: 'Anthropic JSON, asking for as much as it needs',
    output: CLAUDE_OUTPUT,
    send: async (stage) => {
      const body = { ...claude, max_tokens: CLAUDE_OUTPUT };
      return (await stage.anthropic().messages.create(body)).stop_reason === 'end_turn';
    },
  },
  {
    name: 'Anthropic streamed, asking for four times as much',
    output: CLAUDE_OUTPUT,
    send: (stage) => claudeStreamed(stage, 4 * CLAUDE_OUTPUT),
  },
  {
    name: 'OpenAI chat JSON, without a ceiling',
    output: GPT_OUTPUT,
    send: (stage) => gptJson(stage, {}),
  },
  {
    name: 'OpenAI chat streamed, without a ceiling',
    output: GPT_OUTPUT,
    send: (stage) => gptStreamed(stage, {}),
  },
  {
    name: 'OpenAI chat JSON, with a ceiling',
    output: GPT_OUTPUT,
    send: (stage) => gptJson(stage, { max_completion_tokens: 2 * GPT_OUTPUT }),
  },
  {
    name: 'OpenAI chat streamed, with the older ceiling',
    output: GPT_OUTPUT,
    send: (stage) => gptStreamed(stage, { max_tokens: 2 * GPT_OUTPUT }),
  },
  {
    name: 'OpenAI Responses JSON, without a ceiling',
    output: GPT_OUTPUT,
    send: async (stage) => {
      const body = { model: GPT, input: GPT_PROMPT };
      return (await stage.openai().responses.create(body)).status === 'completed';
    },
  },
  {
    name: 'OpenAI Responses streamed, without a ceiling',
    output: GPT_OUTPUT,
    send: responsesStreamed,
  },
];

describe.each(jobs)('200 concurrent calls of $0.05 under a cap of one dollar: $name', (job) => {
  it('completes at least 19 in full, never spends over the cap, and ends with nobody waiting', async () => {
    const stage = await openStage(
      {
        global_cap_per_day_usd: 1,
        onShort: ['count', 'fit', 'wait'],
        minOutputTokens: job.output,
        waitMsMax: 60_000,
      },
      { reply: { outputTokens: job.output }, latencyMs: 20 },
    );
    let settledAt = 0;
    let refusedAt = 0;
    stage.guard.on('settled', () => {
      settledAt = performance.now();
      expect(stage.guard.balance()[0]?.remaining_usd).toBeGreaterThanOrEqual(0);
    });
    stage.guard.on('refused', () => (refusedAt = performance.now()));
    let inFull = 0;
    const { answered, errors } = await outcomes(
      Array.from({ length: CALLS }, async () => {
        if (await job.send(stage)) inFull += 1;
      }),
    );
    const each = stage.billed() / answered;
    expect(each, 'true cost of one').toBeGreaterThan(0.0498e9);
    expect(each, 'true cost of one').toBeLessThanOrEqual(0.05e9);
    expect(answered).toBeGreaterThanOrEqual(19);
    expect(inFull, 'no answer was cut short').toBe(answered);
    expect(stage.billed()).toBeLessThanOrEqual(CAP_NANO_USD);
    expect(stage.openHolds()).toBe(0);
    expect(errors.every((error) => error instanceof BudgetCapError)).toBe(true);
    // Once nothing is in flight nothing comes back: whoever is left is refused then, or before.
    expect(refusedAt - settledAt, 'waited for money that could not come').toBeLessThan(1_000);
  });
});
