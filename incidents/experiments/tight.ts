import { proseOf, countReplayTokens } from '../replay/text.ts';
import { mutexFullCeiling } from './gates.ts';
import { figure, mean, of, span, sum, type Experiment, type Table } from './result.ts';
import type { Sizes } from './sizes.ts';
import { drawJobs, TIGHT_MODELS, type Job, type TightModel } from './tight-draw.ts';
import {
  atRest,
  onStage,
  STRATEGIES,
  STRATEGIES_NAME,
  unlessRefused,
  type Holding,
  type Stage,
} from './stage.ts';

const TEMPERATURES = [0, 0.3, 0.7, 1];
const OUTPUT_TOKENS_MAX = 500;
/** A shorter answer is no use to the job. */
const OUTPUT_TOKENS_MIN = 150;
const JOB_HEADER = 'x-job';
const TURN_HEADER = 'x-turn';
const MICRO_NANO = 1_000;
const JOBS_AT_A_TIME = 8;

interface JobResult {
  readonly id: string;
  readonly answers: number;
  readonly cut: number;
  readonly isComplete: boolean;
  readonly billedNano: number;
  readonly isOver: boolean;
}

/** The Responses API and Anthropic's have a free counter of prompts; chat completions has none. */
type Api = 'messages' | 'responses' | 'chat';

interface TightCell {
  readonly holding: string;
  readonly api: Api;
  readonly model: string;
  readonly cap: number;
  readonly jobs: readonly JobResult[];
  readonly openHolds: number;
  /** Whether every whole job was billed what it was drawn to cost. */
  readonly agrees: boolean;
}

/** Three-turn jobs on caps that they truly fit and their output ceilings do not. */
export async function tight(sizes: Sizes, seed: number): Promise<Experiment> {
  const cells: TightCell[] = [];
  const drawn = TIGHT_MODELS.map((model) => ({
    model,
    jobs: drawJobs(model, { temperatures: TEMPERATURES, runs: sizes.tightRuns, seed }),
  }));
  for (const { model, jobs } of drawn) {
    for (const setting of settingsFor(model)) cells.push(await runCell(setting, model, jobs));
  }
  return experimentOf(cells, drawn);
}

interface Setting {
  readonly holding: Holding;
  readonly api: Api;
}

function settingsFor(model: TightModel): readonly Setting[] {
  const [mutex, plain, strategies] = holdingsFor(model);
  const api = model.provider === 'anthropic' ? 'messages' : 'responses';
  const settings = [mutex, plain, strategies].map((holding) => ({ holding, api }) as const);
  return api === 'messages' ? settings : [...settings, { holding: strategies, api: 'chat' }];
}

function holdingsFor({ cap }: TightModel): readonly [Holding, Holding, Holding] {
  const usd = cap / 1e6;
  const caps = [{ scope: 'job', window: 'lifetime', usd }] as const;
  const accountOf = (headers: Headers) => headers.get(JOB_HEADER) ?? '';
  return [
    mutexFullCeiling({ capNano: cap * MICRO_NANO, accountOf }),
    { name: 'hardcap', config: { caps } },
    {
      name: STRATEGIES_NAME,
      config: { caps, ...STRATEGIES, minOutputTokens: OUTPUT_TOKENS_MIN },
      ports: { tokenizer: countReplayTokens },
    },
  ];
}

async function runCell(
  { holding, api }: Setting,
  model: TightModel,
  jobs: readonly Job[],
): Promise<TightCell> {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const emulator = {
    countTokens: countReplayTokens,
    reply: ({ headers }: { headers: Readonly<Record<string, string>> }) => {
      const turn = Number(headers[TURN_HEADER]);
      const tokens = byId.get(headers[JOB_HEADER] ?? '')?.answers[turn] ?? 0;
      return { text: proseOf(tokens), outputTokens: tokens };
    },
  };
  return onStage(holding, emulator, async (stage) => {
    const results: JobResult[] = [];
    for (let at = 0; at < jobs.length; at += JOBS_AT_A_TIME) {
      const some = jobs.slice(at, at + JOBS_AT_A_TIME);
      await Promise.all(
        some.map(async (job) => results.push(await runJob(stage, { model, job, api }))),
      );
    }
    await atRest(stage);
    const billed = billedByJob(stage);
    const judged = results.map((result) => {
      const billedNano = billed.get(result.id) ?? 0;
      return { ...result, billedNano, isOver: billedNano > model.cap * MICRO_NANO };
    });
    const agrees = judged.every(({ id, isComplete, billedNano }) => {
      return !isComplete || billedNano === Math.round((byId.get(id)?.cost ?? 0) * MICRO_NANO);
    });
    const cell = { holding: holding.name, api, model: model.model, cap: model.cap };
    return { ...cell, jobs: judged, openHolds: stage.openHolds(), agrees };
  });
}

function billedByJob({ emulator, entries }: Stage): ReadonlyMap<string, number> {
  const byJob = new Map<string, number>();
  for (const { requestIndex, nanoUsd } of entries()) {
    const id = emulator.requests[requestIndex]?.headers[JOB_HEADER] ?? '';
    byJob.set(id, (byJob.get(id) ?? 0) + Number(nanoUsd));
  }
  return byJob;
}

interface Task {
  readonly model: TightModel;
  readonly job: Job;
  readonly api: Api;
}

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

async function runJob(stage: Stage, task: Task): Promise<JobResult> {
  const { model, job } = task;
  const messages: Message[] = [];
  let [answers, cut] = [0, 0];
  for (const [turn, tokens] of model.turns.entries()) {
    messages.push({ role: 'user', content: proseOf(tokens) });
    const call = () => ask(stage, task, { turn, messages: [...messages] });
    const answer = await unlessRefused(stage.within({ job: job.id }, call));
    if (answer === undefined) break;
    answers += 1;
    if (answer.isCut) cut += 1;
    messages.push({ role: 'assistant', content: answer.text });
  }
  const isComplete = answers === model.turns.length && cut === 0;
  return { id: job.id, answers, cut, isComplete, billedNano: 0, isOver: false };
}

interface Turn {
  readonly turn: number;
  readonly messages: Message[];
}

async function ask(
  { clients: { anthropic, openai } }: Stage,
  { model: { model }, job, api }: Task,
  { turn, messages }: Turn,
): Promise<{ readonly text: string; readonly isCut: boolean }> {
  const options = { headers: { [JOB_HEADER]: job.id, [TURN_HEADER]: String(turn) } };
  const { temperature } = job;
  const common = { model, temperature };
  switch (api) {
    case 'messages': {
      const body = { ...common, max_tokens: OUTPUT_TOKENS_MAX, messages };
      const { content, stop_reason: reason } = await anthropic.messages.create(body, options);
      const [block] = content;
      return { text: block?.type === 'text' ? block.text : '', isCut: reason === 'max_tokens' };
    }
    case 'responses': {
      const body = { ...common, max_output_tokens: OUTPUT_TOKENS_MAX, input: messages };
      const answer = await openai.responses.create(body, options);
      return { text: answer.output_text, isCut: answer.status === 'incomplete' };
    }
    case 'chat': {
      const body = { ...common, max_completion_tokens: OUTPUT_TOKENS_MAX, messages };
      const { choices } = await openai.chat.completions.create(body, options);
      const [choice] = choices;
      return { text: choice?.message.content ?? '', isCut: choice?.finish_reason === 'length' };
    }
    default:
      return api satisfies never;
  }
}

interface Drawn {
  readonly model: TightModel;
  readonly jobs: readonly Job[];
}

function experimentOf(cells: readonly TightCell[], drawn: readonly Drawn[]): Experiment {
  const own = cells.filter(({ holding }) => holding.startsWith('hardcap'));
  const listed = cells.filter(({ holding }) => holding === STRATEGIES_NAME);
  const best = listed.filter(({ api }) => api !== 'chat');
  const byChat = sum(listed.filter(({ api }) => api === 'chat').map((cell) => completeIn(cell)));
  const total = sum(drawn.map(({ jobs }) => jobs.length));
  const complete = sum(best.map((cell) => completeIn(cell)));
  return {
    number: 3,
    title: 'The tight half of the 160-run test',
    repeats: [7],
    setUp:
      `${TIGHT_MODELS.length} models x ${TEMPERATURES.length} temperatures x ${(drawn[0]?.jobs.length ?? 0) / TEMPERATURES.length} runs of a three-turn job, at most ` +
      `${OUTPUT_TOKENS_MAX} output tokens a call, each job on a cap of its own. The lengths of the answers are drawn so that the three calls truly cost what ` +
      'the published ones did with the roomy cap. A job is complete when all three answers came and none was cut.',
    tables: [drawnTable(drawn), outcomeTable(cells)],
    notes: [
      `With strategies no ceiling goes below ${OUTPUT_TOKENS_MIN} tokens (\`minOutputTokens\`), so that an answer is refused rather than cut short.`,
      `Chat completions has no counter of prompts. With the exact tokenizer at hand 512 tokens are held on top for what the provider may add, 77 of a cap ` +
        `of 420 millionths, so ${byChat} of ${drawn.at(-1)?.jobs.length ?? 0} jobs complete over it: the others are needless refusals that remain.`,
    ],
    musts: [
      {
        what: 'tight half: 0 jobs over the cap, 0 open holds, every whole job billed as it was drawn',
        isShown: own.every(({ jobs, openHolds, agrees }) => {
          return agrees && openHolds === 0 && jobs.every(({ isOver }) => !isOver);
        }),
      },
      {
        what: `tight half: with ['count', 'fit', 'wait'] and the provider's counter all ${total} jobs complete within the cap (${complete} did)`,
        isShown: complete === total,
      },
    ],
    figures: { drawn, cells },
  };
}

function drawnTable(drawn: readonly Drawn[]): Table {
  return {
    caption: 'What was drawn, in millionths of a dollar',
    head: ['model', 'cap', 'jobs', 'mean true cost', 'published', 'largest', 'published'],
    rows: drawn.map(({ model, jobs }) => {
      const costs = jobs.map(({ cost }) => cost);
      return [
        model.model,
        figure(model.cap),
        String(jobs.length),
        figure(mean(costs), 1),
        figure(model.costMean),
        figure(Math.max(...costs), 1),
        figure(model.costMax),
      ];
    }),
  };
}

function outcomeTable(cells: readonly TightCell[]): Table {
  return {
    caption: 'What came of it',
    head: ['model', 'API', 'policy', 'jobs over', 'complete', 'answers a job', 'cut', 'cap use'],
    rows: cells.map((cell) => [
      cell.model,
      cell.api,
      cell.holding,
      of(cell.jobs.filter(({ isOver }) => isOver).length, cell.jobs.length),
      of(completeIn(cell), cell.jobs.length),
      span(cell.jobs.map(({ answers }) => answers)),
      String(sum(cell.jobs.map(({ cut }) => cut))),
      `${figure(mean(cell.jobs.map(({ billedNano }) => billedNano / cell.cap / 10)), 1)} %`,
    ]),
  };
}

function completeIn({ jobs }: TightCell): number {
  return jobs.filter(({ isComplete }) => isComplete).length;
}
