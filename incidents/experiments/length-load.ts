import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startEmulator } from '../../src/emulator/emulator.ts';
import {
  BudgetGuard,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
  type GuardPorts,
} from '../../src/index.ts';
import { Seeded } from '../replay/seeded.ts';

/** One call of the load, before anything is known of its guard. */
export interface LengthCall {
  readonly model: string;
  /** Which use of the model it is; answers of one use are of a length. */
  readonly feature: string;
  readonly isStream: boolean;
  readonly prompt: string;
  /** The output ceiling that its caller asks for. */
  readonly ceiling: number;
  /** What the model would say if nothing cut it. */
  readonly answer: string;
}

/** What the load is made of. */
export interface LengthLoadOptions {
  readonly seed: number;
  readonly calls: number;
  /** Standard deviation of the logarithm of an answer's length. */
  readonly spread: number;
  /** How many of a hundred calls are streams. */
  readonly streamPercent: number;
}

/** What one configuration held for the load, beside what it cost. */
export interface LengthResult {
  /** Held / settled of every call, in the order of their ends. */
  readonly factors: readonly number[];
  readonly mean: number;
  readonly median: number;
  /** Calls whose bill was above their hold. */
  readonly above: number;
  /** Answers that were cut at a ceiling that the guard had lowered. */
  readonly cut: number;
  readonly bookedNanoUsd: number;
  readonly billedNanoUsd: number;
  readonly openHolds: number;
}

const KINDS = [
  { model: 'claude-sonnet-4-6', feature: 'chat', ceiling: 1_024 },
  { model: 'claude-haiku-4-5', feature: 'summary', ceiling: 500 },
  { model: 'gpt-4o', feature: 'chat', ceiling: 768 },
  { model: 'gpt-4.1-mini', feature: 'reply', ceiling: 640 },
] as const;

/** Answers are this part of their ceiling on average. */
const MEAN_SHARE = 0.2;
const PROMPT_TOKENS_MIN = 200;
const PROMPT_TOKENS_MAX = 4_000;
/** As the emulator counts. */
const TOKEN_CHARS = 4;

/**
 * Prose prompts of 200 to 4,000 tokens, evenly spread; answers of lognormal length, a fifth of the
 * asked ceiling on average. The same seed gives the same load.
 */
export function lengthLoad(options: LengthLoadOptions): readonly LengthCall[] {
  const random = new Seeded(options.seed, 'length load');
  return Array.from({ length: options.calls }, () => callOf(random, options));
}

function callOf(random: Seeded, { spread, streamPercent }: LengthLoadOptions): LengthCall {
  const kind = KINDS[random.below(KINDS.length)] ?? KINDS[0];
  const median = kind.ceiling * MEAN_SHARE * Math.exp(-(spread ** 2) / 2);
  const length = Math.max(1, Math.round(median * Math.exp(spread * normal(random))));
  const isStream = random.below(100) < streamPercent;
  const promptTokens = PROMPT_TOKENS_MIN + random.below(PROMPT_TOKENS_MAX - PROMPT_TOKENS_MIN);
  return {
    ...kind,
    isStream,
    prompt: proseOf(random, promptTokens),
    answer: proseOf(random, length),
  };
}

/** Box and Muller: a standard normal number of two even ones. */
function normal(random: Seeded): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

const WORDS =
  'the of and to in a is that for it as was with be by on not he his but at are this have from or ' +
  'had an they which one you were all her she there would their we him been has when who will no ' +
  'more if out so said what up its about into than them can only other time new some could these ' +
  'two may first then do any like my now over such our man me even most made after also did many ' +
  'before must through years where much your way well down should because each just those people ' +
  'question government different important between national number system program however';
const WORD_LIST = WORDS.split(' ');

/** English words in no order, about so many tokens of four bytes; never fewer than one word. */
function proseOf(random: Seeded, tokens: number): string {
  const words: string[] = [];
  for (let chars = 0; chars < tokens * TOKEN_CHARS;) {
    const word = WORD_LIST[random.below(WORD_LIST.length)] ?? 'the';
    words.push(word);
    chars += word.length + 1;
  }
  return words.join(' ').slice(0, tokens * TOKEN_CHARS);
}

/** What is known of the accounts, so that no row holds for a dearer tier or region than there is. */
const KNOWN: BudgetGuardConfig = {
  global_cap_per_day_usd: 1_000,
  assume: {
    anthropic: { serviceTier: 'standard', geo: 'global' },
    openai: { serviceTier: 'standard' },
  },
};
const TIGHT: BudgetGuardConfig = { ...KNOWN, inputBound: 'tight', minOutputTokens: 64 };

/** The configurations that are compared, the closest last. */
export const LENGTH_ROWS: readonly { readonly name: string; readonly config: BudgetGuardConfig }[] =
  [
    { name: 'default', config: { global_cap_per_day_usd: 1_000 } },
    { name: 'with `assume`', config: KNOWN },
    { name: 'and `inputBound: tight`', config: TIGHT },
    { name: 'and `expect: true`', config: { ...TIGHT, expect: true } },
    {
      name: 'and streams in steps of 32',
      config: {
        ...TIGHT,
        expect: { stream: 'steps', stepTokens: 32 },
        onStreamShort: 'stop',
      },
    },
    {
      name: 'and `quantile: 0.95, margin: 1, inputMargin: 1.05`',
      config: {
        ...TIGHT,
        expect: { quantile: 0.95, margin: 1, inputMargin: 1.05, stream: 'steps', stepTokens: 32 },
        onStreamShort: 'stop',
      },
    },
  ];

/** Calls in flight at a time. */
const IN_FLIGHT = 4;

/** Plays the load through both SDKs, one guard and the emulator, which bills it. */
export async function playLengthLoad(
  load: readonly LengthCall[],
  config: BudgetGuardConfig,
  ports: GuardPorts = {},
): Promise<LengthResult> {
  const answers = new Map(load.map(({ prompt, answer }) => [prompt, answer]));
  const emulator = await startEmulator({
    reply: (request) => ({ text: answers.get(promptIn(request.body ?? {})) ?? '' }),
  });
  const guard = new BudgetGuard(config, ports);
  const [factors, drifts]: [number[], string[]] = [[], []];
  let [bookedNanoUsd, opened] = [0, 0];
  guard.on('reserved', () => (opened += 1));
  guard.on('settled', ({ held_nano_usd: held, cost_nano_usd: cost }) => {
    factors.push(held / cost);
    bookedNanoUsd += cost;
  });
  guard.on('drift', ({ kind }) => drifts.push(kind));
  const clients = {
    anthropic: wrapAnthropic(
      new Anthropic({ apiKey: 'any', baseURL: emulator.url, maxRetries: 0 }),
      guard,
    ),
    openai: wrapOpenAI(
      new OpenAI({ apiKey: 'any', baseURL: emulator.openaiUrl, maxRetries: 0 }),
      guard,
    ),
  };
  const queue = load.values();
  const work = async () => {
    for (const call of queue) {
      await guard.run({ feature: call.feature }, () => make(call, clients));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  await emulator.idle();
  const billedNanoUsd = Number(emulator.bill().totalNanoUsd);
  await emulator.close();
  const count = (kind: string) => drifts.filter((each) => each === kind).length;
  return {
    factors,
    mean: factors.reduce((sum, factor) => sum + factor, 0) / factors.length,
    median: medianOf(factors),
    above: count('above-bound'),
    cut: count('cut'),
    bookedNanoUsd,
    billedNanoUsd,
    openHolds: opened - factors.length,
  };
}

interface Clients {
  readonly anthropic: Anthropic;
  readonly openai: OpenAI;
}

async function make(call: LengthCall, { anthropic, openai }: Clients): Promise<void> {
  const { model, ceiling, isStream: stream } = call;
  const messages = [{ role: 'user' as const, content: call.prompt }];
  const answer = model.startsWith('claude')
    ? await anthropic.messages.create({ model, messages, stream, max_tokens: ceiling })
    : await openai.chat.completions.create({
        model,
        messages,
        stream,
        max_completion_tokens: ceiling,
      });
  if (!(Symbol.asyncIterator in answer)) return;
  for await (const event of answer) void event;
}

function promptIn(body: Readonly<Record<string, unknown>>): string {
  const { messages } = body as { readonly messages?: readonly { readonly content?: unknown }[] };
  return String(messages?.[0]?.content);
}

function medianOf(values: readonly number[]): number {
  const ascending = [...values].sort((left, right) => left - right);
  const middle = ascending.length / 2;
  const [low, high] = [Math.ceil(middle) - 1, Math.floor(middle)];
  return ((ascending[low] ?? NaN) + (ascending[high] ?? NaN)) / 2;
}
