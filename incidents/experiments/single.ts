import { Seeded } from '../replay/seeded.ts';
import { countReplayTokens, proseOf } from '../replay/text.ts';
import { mutexFullCeiling, NONE } from './gates.ts';
import { figure, mean, of, span, sum, type Experiment } from './result.ts';
import type { Sizes } from './sizes.ts';
import {
  atRest,
  onStage,
  STRATEGIES,
  STRATEGIES_NAME,
  unlessRefused,
  type Holding,
  type Stage,
} from './stage.ts';

/** Their unit here: a millionth of a dollar. */
const UNIT_NANO = 1_000;
const CAP_UNITS = 540;
const MODEL = 'gpt-4o';
/** At $2.5 and $10 a million the first turn costs 420 units, the second 560, and so on. */
const TURN = { prompt: 80, grows: 56, ceiling: 100, answer: 22 } as const;
const TURNS = { least: 6, most: 12 } as const;
const FRAMING_TOKENS = 6;

type Api = 'responses' | 'chat';

interface Setting {
  readonly holding: Holding;
  readonly api: Api;
}

interface SingleCell {
  readonly holding: string;
  readonly api: Api;
  readonly runs: number;
  readonly runsOver: number;
  /** Calls that the provider billed, run by run. */
  readonly calls: readonly number[];
  readonly billed: readonly number[];
  readonly openHolds: number;
}

/** One agent in a loop that grows its prompt, on a cap that the first call fits and two do not. */
export async function single(sizes: Sizes, seed: number): Promise<Experiment> {
  const cells: SingleCell[] = [];
  for (const setting of settings()) cells.push(await runCell(setting, sizes.singleRuns, seed));
  return experimentOf(cells);
}

function settings(): readonly Setting[] {
  const capNano = CAP_UNITS * UNIT_NANO;
  const caps = [{ scope: 'global', window: 'lifetime', usd: capNano / 1e9 }] as const;
  const strategies = { caps, ...STRATEGIES, minOutputTokens: TURN.answer };
  return [
    { holding: NONE, api: 'responses' },
    { holding: { ...mutexFullCeiling({ capNano }), name: 'counter' }, api: 'responses' },
    { holding: { name: 'hardcap', config: { caps } }, api: 'responses' },
    { holding: { name: STRATEGIES_NAME, config: strategies }, api: 'responses' },
    {
      holding: {
        name: STRATEGIES_NAME,
        config: strategies,
        ports: { tokenizer: countReplayTokens },
      },
      api: 'chat',
    },
  ];
}

async function runCell({ holding, api }: Setting, runs: number, seed: number): Promise<SingleCell> {
  const [calls, billed]: [number[], number[]] = [[], []];
  let openHolds = 0;
  for (let run = 0; run < runs; run += 1) {
    const seeded = new Seeded(seed, `single ${run}`);
    const turns = TURNS.least + seeded.below(TURNS.most - TURNS.least + 1);
    const emulator = { countTokens: countReplayTokens, reply: { outputTokens: TURN.answer } };
    await onStage(holding, emulator, async (stage) => {
      for (let turn = 0; turn < turns; turn += 1) {
        const answered = await unlessRefused(ask(stage, api, turn));
        if (answered === undefined) break;
      }
      await atRest(stage);
      calls.push(stage.entries().length);
      billed.push(stage.billNano() / UNIT_NANO);
      openHolds += stage.openHolds();
    });
  }
  const runsOver = billed.filter((units) => units > CAP_UNITS).length;
  return { holding: holding.name, api, runs, runsOver, calls, billed, openHolds };
}

async function ask({ clients }: Stage, api: Api, turn: number): Promise<true> {
  const input = proseOf(TURN.prompt + turn * TURN.grows - FRAMING_TOKENS);
  if (api === 'responses') {
    const body = { model: MODEL, input, max_output_tokens: TURN.ceiling };
    await clients.openai.responses.create(body);
    return true;
  }
  const messages = [{ role: 'user' as const, content: input }];
  const body = { model: MODEL, messages, max_completion_tokens: TURN.ceiling };
  await clients.openai.chat.completions.create(body);
  return true;
}

function experimentOf(cells: readonly SingleCell[]): Experiment {
  const own = cells.filter(({ holding }) => holding.startsWith('hardcap'));
  const best = own.filter(({ holding, api }) => holding === STRATEGIES_NAME && api === 'responses');
  return {
    number: 2,
    title: 'Single agent',
    repeats: [1, 5],
    setUp:
      `One agent in a loop whose prompt grows, cap ${CAP_UNITS} millionths of a dollar. The first call truly costs 420, the second ` +
      `560, so one fits. Here: ${MODEL}, ${TURN.prompt} tokens read and ${TURN.grows} more each turn, ${TURN.answer} written of at most ` +
      `${TURN.ceiling}; the loop would go on for ${TURNS.least} to ${TURNS.most} turns, drawn from the seed. The counter holds one token a byte and the ceiling.`,
    tables: [
      {
        caption: 'In millionths of a dollar',
        head: ['policy', 'API', 'runs over the cap', 'billed', 'calls made', 'that fit'],
        rows: cells.map(({ holding, api, runs, runsOver, calls, billed }) => [
          holding,
          api,
          of(runsOver, runs),
          `${figure(mean(billed))} (${span(billed)})`,
          span(calls),
          '1',
        ]),
      },
    ],
    notes: [
      'Zero over the cap by making no call is what the published counter and crate show too. The call that fits is let through where the ' +
        "provider's counter bounds the prompt (Responses). Chat completions has no such counter: even with the exact tokenizer at hand the " +
        '512 tokens held for what the provider may add are 1,280 millionths, more than the cap.',
    ],
    musts: [
      {
        what: 'single agent: 0 over the cap, 0 open holds, with hardcap in every setting',
        isShown: sum(own.map(({ runsOver, openHolds }) => runsOver + openHolds)) === 0,
      },
      {
        what: 'single agent: the one call that fits is made in every run where the provider counts',
        isShown: best.length > 0 && best.every(({ calls }) => calls.every((made) => made === 1)),
      },
    ],
    figures: { capUnits: CAP_UNITS, cells },
  };
}
