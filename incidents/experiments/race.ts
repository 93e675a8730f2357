import { proseOf, countReplayTokens } from '../replay/text.ts';
import { Seeded } from '../replay/seeded.ts';
import { checkThenRecord, fixedSplit, mutexFullCeiling, NONE } from './gates.ts';
import { figure, mean, of, span, type Experiment, type Row } from './result.ts';
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

/** One unit of the published race: ten millionths of a dollar. */
const UNIT_NANO = 10_000;
const TRUE_UNITS = 23;
const EXPECTED_UNITS = 31;
const CAPS = [60, 100];
const MODEL = 'claude-haiku-4-5';
/** At $1 and $5 a million: 30 read and 40 written tokens are 23 units. */
const CHILD = { prompt: 30, ceiling: 50, answer: 40 } as const;
const FRAMING_TOKENS = 6;
const LATENCY_MS = { least: 3, more: 12 } as const;

/** What one way of holding made of one cell. */
export interface RaceCell {
  readonly holding: string;
  readonly children: number;
  readonly capUnits: number;
  /** Children that fit by their true cost. */
  readonly fitting: number;
  readonly runs: number;
  readonly runsOver: number;
  /** Children that got a whole answer, run by run. */
  readonly completed: readonly number[];
  /** Billed, in units, run by run. */
  readonly billed: readonly number[];
  readonly cut: number;
  readonly openHolds: number;
}

/** The delegation race: children of one parent call at the same time on one cap. */
export async function race(sizes: Sizes, seed: number): Promise<Experiment> {
  const cells: RaceCell[] = [];
  for (const capUnits of CAPS) {
    for (const children of sizes.raceChildren) {
      for (const holding of holdingsFor(children, capUnits)) {
        cells.push(await runCell(holding, { children, capUnits, runs: sizes.raceRuns, seed }));
      }
    }
  }
  return experimentOf(cells, sizes.raceRuns);
}

function holdingsFor(children: number, capUnits: number): readonly Holding[] {
  const capNano = capUnits * UNIT_NANO;
  const terms = { capNano, expectedNano: () => EXPECTED_UNITS * UNIT_NANO };
  const accountOf = (headers: Headers) => headers.get('x-child') ?? '';
  const caps = [{ scope: 'global', window: 'lifetime', usd: capNano / 1e9 }] as const;
  return [
    NONE,
    checkThenRecord(terms),
    mutexFullCeiling(terms),
    fixedSplit({ ...terms, shares: children, accountOf }),
    { name: 'hardcap', config: { caps } },
    {
      name: STRATEGIES_NAME,
      // A shorter answer is no use, so no ceiling goes below what a child writes.
      config: { caps, ...STRATEGIES, minOutputTokens: CHILD.answer },
    },
  ];
}

interface CellTerms {
  readonly children: number;
  readonly capUnits: number;
  readonly runs: number;
  readonly seed: number;
}

async function runCell(
  holding: Holding,
  { children, capUnits, runs, seed }: CellTerms,
): Promise<RaceCell> {
  const completed: number[] = [];
  const billed: number[] = [];
  let [cut, openHolds] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const seeded = new Seeded(seed, `race ${children} ${capUnits} ${run}`);
    const latencyMs = () => LATENCY_MS.least + seeded.below(LATENCY_MS.more);
    const emulator = {
      countTokens: countReplayTokens,
      reply: { outputTokens: CHILD.answer },
      fault: () => ({ kind: 'delay', latencyMs: latencyMs() }) as const,
    };
    await onStage(holding, emulator, async (stage) => {
      const answers = await Promise.all(
        Array.from({ length: children }, (_, index) => child(stage, index)),
      );
      await atRest(stage);
      completed.push(answers.filter((answer) => answer === 'end_turn').length);
      cut += answers.filter((answer) => answer === 'max_tokens').length;
      billed.push(stage.billNano() / UNIT_NANO);
      openHolds += stage.openHolds();
    });
  }
  const fitting = Math.min(children, Math.floor(capUnits / TRUE_UNITS));
  const runsOver = billed.filter((units) => units > capUnits).length;
  const cell = { holding: holding.name, children, capUnits, fitting, runs };
  return { ...cell, runsOver, completed, billed, cut, openHolds };
}

async function child({ clients }: Stage, index: number): Promise<string | null> {
  const content = proseOf(CHILD.prompt - FRAMING_TOKENS);
  const messages = [{ role: 'user' as const, content }];
  const body = { model: MODEL, max_tokens: CHILD.ceiling, messages };
  const options = { headers: { 'x-child': String(index) } };
  const answer = await unlessRefused(clients.anthropic.messages.create(body, options));
  return answer === undefined ? 'refused' : answer.stop_reason;
}

function experimentOf(cells: readonly RaceCell[], runs: number): Experiment {
  const own = cells.filter(({ holding }) => holding.startsWith('hardcap'));
  const best = cells.filter(({ holding }) => holding === STRATEGIES_NAME);
  return {
    number: 1,
    title: 'Delegation race',
    repeats: [6],
    setUp:
      'Children of one parent ask at the same time, on one cap. In their units of ten millionths of a dollar a child truly ' +
      `costs ${TRUE_UNITS} and was expected to cost ${EXPECTED_UNITS}; the baselines expect just that. Here: ${MODEL}, ` +
      `${CHILD.prompt} tokens read, ${CHILD.answer} written of at most ${CHILD.ceiling}, which is ${TRUE_UNITS} units; an answer ` +
      `takes ${LATENCY_MS.least} to ${LATENCY_MS.least + LATENCY_MS.more - 1} ms, drawn from the seed; ${runs} runs of each cell.`,
    tables: CAPS.map((capUnits) => ({
      caption: `Cap ${capUnits} units`,
      head: [
        'children',
        'policy',
        'runs over the cap',
        'units billed',
        'children with a whole answer',
        'that fit by true cost',
      ],
      rows: cells.filter((cell) => cell.capUnits === capUnits).map(rowOf),
    })),
    notes: [
      `With strategies no ceiling goes below ${CHILD.answer} tokens (\`minOutputTokens\`): a shorter answer is no use here. With a lower one the rest of the cap would go to one more, cut answer.`,
      'As it comes, hardcap holds 512 tokens for what a provider may add to a prompt: 51 units here, of a cap of 60. So small a ' +
        "cap needs `count`, where the provider's own counter bounds the prompt.",
    ],
    musts: [
      {
        what: 'race: 0 over the cap, 0 open holds, with hardcap in either setting',
        isShown: own.every(({ runsOver, openHolds }) => runsOver + openHolds === 0),
      },
      {
        what:
          "race: with ['count', 'fit', 'wait'] exactly the children complete that fit by true cost, at " +
          `${[...new Set(best.map(({ children }) => children))].join(', ')} children and caps 60 and 100`,
        isShown: best.every(({ completed, fitting, cut }) => {
          return cut === 0 && completed.every((count) => count === fitting);
        }),
      },
    ],
    figures: { trueUnits: TRUE_UNITS, expectedUnits: EXPECTED_UNITS, cells },
  };
}

function rowOf({ children, holding, runsOver, runs, billed, completed, fitting }: RaceCell): Row {
  return [
    String(children),
    holding,
    of(runsOver, runs),
    `${figure(mean(billed))} (${span(billed)})`,
    span(completed),
    String(fitting),
  ];
}
