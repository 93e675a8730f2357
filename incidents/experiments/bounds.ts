import { BudgetGuard, type Call } from '../../src/index.ts';
import { promptOf, PROMPT_KINDS, type AdversarialPrompt, type PromptKind } from './prompts.ts';
import { figure, mean, of, sum, type Experiment, type Row } from './result.ts';
import type { Sizes } from './sizes.ts';
import { ASSUME, onStage, type Stage } from './stage.ts';
import { TOKENIZERS, type NamedTokenizer } from './tokenizers.ts';

const CLAUDE = 'claude-haiku-4-5';
const GPT = 'gpt-4o';
const CEILING = 16;
const MEASURES = ['hard', 'tight'] as const;

type Measure = (typeof MEASURES)[number];

/** One request under one measure: its bound and what the provider counted, in input tokens. */
interface Sample {
  readonly tokenizer: string;
  readonly isWorstCase: boolean;
  readonly kind: PromptKind;
  readonly provider: string;
  readonly measure: Measure;
  readonly bound: number;
  readonly counted: number;
}

/** Bounds of adversarial prompts beside what providers with several tokenizers count. */
export async function bounds(sizes: Sizes, seed: number): Promise<Experiment> {
  const samples: Sample[] = [];
  let aboveHold = 0;
  for (const tokenizer of TOKENIZERS) {
    const emulator = { countTokens: tokenizer.count, reply: { outputTokens: 1 } };
    await onStage({ name: 'hardcap', config: { caps: [] } }, emulator, async (stage) => {
      for (const kind of PROMPT_KINDS) {
        for (let index = 0; index < sizes.boundPrompts; index += 1) {
          const prompt = promptOf(kind, index, seed);
          for (const call of callsOf(prompt)) {
            samples.push(...(await measured(stage, { call, prompt, tokenizer })));
          }
        }
      }
      aboveHold += stage.settled.filter(
        (event) => event.cost_nano_usd > event.held_nano_usd,
      ).length;
    });
  }
  return experimentOf(samples, { aboveHold, prompts: sizes.boundPrompts });
}

/** The same prompt as both SDKs send it. */
function callsOf({ text, tools }: AdversarialPrompt): readonly Call[] {
  const messages = [{ role: 'user', content: text }];
  const anthropicTools = tools.map(({ name, description, schema }) => {
    return { name, description, input_schema: schema };
  });
  const openaiTools = tools.map(({ name, description, schema }) => {
    return { type: 'function', function: { name, description, parameters: schema } };
  });
  const some = tools.length > 0;
  return [
    {
      provider: 'anthropic',
      route: 'messages',
      body: {
        model: CLAUDE,
        max_tokens: CEILING,
        messages,
        ...(some ? { tools: anthropicTools } : {}),
      },
    },
    {
      provider: 'openai',
      route: 'chat.completions',
      body: {
        model: GPT,
        max_completion_tokens: CEILING,
        messages,
        ...(some ? { tools: openaiTools } : {}),
      },
    },
  ];
}

interface Measuring {
  readonly call: Call;
  readonly prompt: AdversarialPrompt;
  readonly tokenizer: NamedTokenizer;
}

async function measured(
  stage: Stage,
  { call, prompt, tokenizer }: Measuring,
): Promise<readonly Sample[]> {
  const boundBy = MEASURES.map((measure) => [measure, boundOf(call, measure)] as const);
  await send(stage, call);
  const entry = stage.entries().at(-1);
  if (entry === undefined) throw new Error('The provider billed nothing');
  const counted = entry.usage.inputTokens;
  return boundBy.map(([measure, bound]) => ({
    tokenizer: tokenizer.name,
    isWorstCase: tokenizer.isWorstCase,
    kind: prompt.kind,
    provider: call.provider,
    measure,
    bound,
    counted,
  }));
}

/** By a guard of its own: the tight measure must not have learned from the prompts before. */
function boundOf(call: Call, measure: Measure): number {
  const guard = new BudgetGuard({ caps: [], assume: ASSUME, inputBound: measure });
  const held = guard.reserve(call);
  held.release('only the bound is wanted');
  return held.quote.bound.inputTokens;
}

async function send({ clients }: Stage, { provider, body }: Call): Promise<void> {
  // The body is what the SDK would send; its type is the union of both.
  if (provider === 'anthropic') await clients.anthropic.messages.create(body as never);
  else await clients.openai.chat.completions.create(body as never);
}

interface Told {
  readonly aboveHold: number;
  readonly prompts: number;
}

function experimentOf(samples: readonly Sample[], { aboveHold, prompts }: Told): Experiment {
  const real = samples.filter(({ isWorstCase }) => !isWorstCase);
  const hard = samples.filter(({ measure }) => measure === 'hard');
  const tightMissed = missed(real.filter(({ measure }) => measure === 'tight'));
  const table = (measure: Measure) => ({
    caption: `The ${measure} measure: requests above it, mean and largest bound / counted`,
    head: ['class', ...TOKENIZERS.map(({ name }) => name)],
    rows: PROMPT_KINDS.map((kind): Row => {
      const own = samples.filter((sample) => sample.measure === measure && sample.kind === kind);
      return [kind, ...TOKENIZERS.map(({ name }) => cellOf(own, name))];
    }),
  });
  return {
    number: 4,
    title: 'Adversarial bounds',
    repeats: [9],
    setUp:
      `Seven classes of prompts, ${prompts} of each from the seed, about 1,500 to 4,000 characters, sent with both SDKs to a provider that counts with ` +
      `each of ${TOKENIZERS.length} counters. Three are published tokenizers, run on pieces of 512 characters, so that they count at least as much as on the whole. The last is ` +
      'the worst that can be, and nobody’s tokenizer. Bounds are of input tokens, with the 512 (with tools 1,112) that are held for what a provider adds.',
    tables: MEASURES.map(table),
    notes: [
      "The tight measure is an estimate with a margin, and only used where it is asked for (`inputBound: 'tight'`, `count`): what it misses is booked and raises it for the model. " +
        'Here each bound comes from a guard that has learned nothing. A token a byte it must miss.',
      `Of ${real.length / MEASURES.length} requests to providers with real counters ${tightMissed} were above the tight measure.`,
    ],
    musts: [
      {
        what: `bounds: no request is above the hard measure, whatever counts (${of(missed(hard), hard.length)})`,
        isShown: missed(hard) === 0 && aboveHold === 0,
      },
    ],
    figures: { aboveHold, samples },
  };
}

function cellOf(samples: readonly Sample[], tokenizer: string): string {
  const own = samples.filter((sample) => sample.tokenizer === tokenizer);
  const factors = own.map(({ bound, counted }) => bound / counted);
  return `${missed(own)}, ${figure(mean(factors), 2)}, ${figure(Math.max(...factors), 2)}`;
}

function missed(samples: readonly Sample[]): number {
  return sum(samples.map(({ bound, counted }) => (bound < counted ? 1 : 0)));
}
