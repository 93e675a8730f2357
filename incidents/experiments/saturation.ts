import { Seeded } from '../replay/seeded.ts';
import { countReplayTokens } from '../replay/text.ts';
import { checkThenRecord, mutexFullCeiling } from './gates.ts';
import { Load, loadReply, sendLoad, type Feature } from './load.ts';
import { figure, of, span, sum, type Experiment } from './result.ts';
import type { Sizes } from './sizes.ts';
import {
  atRest,
  onStage,
  STRATEGIES,
  STRATEGIES_NAME,
  unlessRefused,
  type Holding,
} from './stage.ts';

const WORKERS = 16;
const LATENCY_MS_MAX = 8;
const CALLS_MAX = 20_000;
const CAP_USE_MIN = 0.99;

const FEATURES: readonly Feature[] = [
  { name: 'classify', prompt: [100, 600], ceiling: 256, median: 12, sigma: 0.5 },
  { name: 'chat', prompt: [50, 1_000], ceiling: 4_096, median: 250, sigma: 0.7 },
  { name: 'summarise', prompt: [500, 1_500], ceiling: 1_024, median: 300, sigma: 0.4 },
  { name: 'code', prompt: [200, 1_500], ceiling: 8_192, median: 600, sigma: 0.6 },
];

/** What one policy made of the load in one run. */
export interface SaturationRun {
  readonly holding: string;
  readonly run: number;
  readonly capNano: number;
  readonly billedNano: number;
  readonly answered: number;
  readonly cut: number;
  readonly openHolds: number;
}

/** A load of mixed calls that goes on until every worker has been refused. */
export async function saturation(sizes: Sizes, seed: number): Promise<Experiment> {
  const runs: SaturationRun[] = [];
  const capNano = Math.round(sizes.saturationUsd * 1e9);
  for (let run = 0; run < sizes.saturationRuns; run += 1) {
    for (const holding of holdings(capNano)) {
      runs.push(await runOnce(holding, { run, capNano, seed }));
    }
  }
  return experimentOf(runs, capNano);
}

function holdings(capNano: number): readonly Holding[] {
  const caps = [{ scope: 'global', window: 'lifetime', usd: capNano / 1e9 }] as const;
  return [
    checkThenRecord({ capNano }),
    mutexFullCeiling({ capNano }),
    { name: 'hardcap', config: { caps } },
    {
      name: STRATEGIES_NAME,
      config: { caps, ...STRATEGIES },
      ports: { tokenizer: countReplayTokens },
    },
  ];
}

interface RunTerms {
  readonly run: number;
  readonly capNano: number;
  readonly seed: number;
}

async function runOnce(holding: Holding, { run, capNano, seed }: RunTerms): Promise<SaturationRun> {
  const load = new Load(FEATURES, seed, `saturation ${run}`);
  const pace = new Seeded(seed, `pace ${run}`);
  const emulator = {
    countTokens: countReplayTokens,
    reply: loadReply,
    fault: () => ({ kind: 'delay', latencyMs: pace.below(LATENCY_MS_MAX) }) as const,
  };
  return onStage(holding, emulator, async (stage) => {
    let [calls, answered, cut] = [0, 0, 0];
    const worker = async (): Promise<void> => {
      while (calls < CALLS_MAX) {
        calls += 1;
        const isCut = await unlessRefused(sendLoad(stage.clients, load.next()));
        if (isCut === undefined) return;
        answered += 1;
        if (isCut) cut += 1;
      }
      throw new Error(`${CALLS_MAX} calls did not use up the cap`);
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
    await atRest(stage);
    const billedNano = stage.billNano();
    const openHolds = stage.openHolds();
    return { holding: holding.name, run, capNano, billedNano, answered, cut, openHolds };
  });
}

function experimentOf(runs: readonly SaturationRun[], capNano: number): Experiment {
  const names = [...new Set(runs.map(({ holding }) => holding))];
  const best = runs.filter(({ holding }) => holding === STRATEGIES_NAME);
  const own = runs.filter(({ holding }) => holding.startsWith('hardcap'));
  const least = Math.min(...best.map(useOf));
  return {
    number: 8,
    title: 'Use of the cap under a saturating load',
    repeats: [],
    setUp:
      `${WORKERS} workers make mixed calls through both SDKs, five models, three APIs, half of them streams, prompts of 50 to 1,500 tokens, until each has been ` +
      `refused once. Cap $${figure(capNano / 1e9, 2)}; ${best.length} runs with other seeds. Ceilings go no lower than the default of 256 tokens.`,
    tables: [
      {
        caption: 'By policy',
        head: [
          'policy',
          'runs over the cap',
          'billed / cap',
          'answers a run',
          'cut by a lowered ceiling',
        ],
        rows: names.map((name) => {
          const some = runs.filter(({ holding }) => holding === name);
          return [
            name,
            of(some.filter((run) => useOf(run) > 1).length, some.length),
            `${span(
              some.map((run) => useOf(run) * 100),
              2,
            )} %`,
            span(some.map(({ answered }) => answered)),
            String(sum(some.map(({ cut }) => cut))),
          ];
        }),
      },
    ],
    notes: [
      'The first refusal of a worker says that its call, of whatever size, did not fit; small ones might have. What is left then is less than the least form of the largest call.',
    ],
    musts: [
      {
        what: 'saturation: 0 over the cap, 0 open holds, with hardcap in either setting',
        isShown: own.every((run) => useOf(run) <= 1 && run.openHolds === 0),
      },
      {
        what: `saturation: with ['count', 'fit', 'wait'] at least 99 % of the cap is used in every run (least: ${figure(least * 100, 2)} %)`,
        isShown: best.length > 0 && least >= CAP_USE_MIN,
      },
    ],
    figures: { capNano, runs },
  };
}

function useOf({ billedNano, capNano }: SaturationRun): number {
  return billedNano / capNano;
}
