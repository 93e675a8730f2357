import { Seeded } from '../replay/seeded.ts';

/** What one job of the tight half is: three turns of one conversation. */
export interface Job {
  readonly id: string;
  readonly temperature: number;
  /** Tokens that each of the three answers truly has. */
  readonly answers: readonly [number, number, number];
  /** Millionths of a dollar that the three calls truly cost. */
  readonly cost: number;
}

/** One model of the published test, and what its jobs truly cost there. */
export interface TightModel {
  readonly model: string;
  readonly provider: 'anthropic' | 'openai';
  /** Millionths of a dollar. */
  readonly cap: number;
  /** Millionths of a dollar a token. */
  readonly input: number;
  readonly output: number;
  /** Tokens of the user's three turns, so chosen that mean answers cost the published means. */
  readonly turns: readonly [number, number, number];
  /** Tokens of a mean answer. */
  readonly answer: number;
  readonly costMean: number;
  readonly costMax: number;
}

/** Both models, with the published caps, means and maxima (`published.ts`, experiment 7). */
export const TIGHT_MODELS: readonly TightModel[] = [
  {
    model: 'claude-sonnet-4-6',
    provider: 'anthropic',
    cap: 11_000,
    input: 3,
    output: 15,
    turns: [109, 96, 96],
    answer: 100,
    costMean: 7_352,
    costMax: 8_814,
  },
  {
    model: 'gpt-4o-mini',
    provider: 'openai',
    cap: 420,
    input: 0.15,
    output: 0.6,
    turns: [67, 110, 110],
    answer: 80,
    costMean: 265,
    costMax: 326,
  },
];

/** What each call reads: the whole conversation so far, with the provider's framing. */
export function promptsOf(
  { turns: [one, two, three] }: TightModel,
  [first, second]: Job['answers'],
): readonly [number, number, number] {
  const start = framing(1) + one;
  const then = framing(3) + one + first + two;
  return [start, then, then + 2 * MESSAGE_TOKENS + second + three];
}

const MESSAGE_TOKENS = 3;
const REQUEST_TOKENS = 3;
/** How far a job's length lies from the mean, and an answer's from its job's. */
const JOB_SPREAD = 0.22;
const ANSWER_SPREAD = 0.06;

function framing(messages: number): number {
  return REQUEST_TOKENS + messages * MESSAGE_TOKENS;
}

/**
 * Jobs whose true costs have the published mean and maximum: drawn from the seed, one of them made
 * the dearest, and then nudged token by token.
 */
export function drawJobs(
  model: TightModel,
  { temperatures, runs, seed }: DrawTerms,
): readonly Job[] {
  const seeded = new Seeded(seed, `tight ${model.model}`);
  const jobs = temperatures.flatMap((temperature) =>
    Array.from({ length: runs }, (_, run) => {
      const factor = 1 + JOB_SPREAD * (2 * seeded.next() - 1);
      const length = () =>
        Math.round(model.answer * factor * (1 + ANSWER_SPREAD * (2 * seeded.next() - 1)));
      const answers: Answers = [length(), length(), length()];
      return { id: `${model.model}-${temperature}-${run}`, temperature, answers };
    }),
  );
  const [dearest, ...others] = jobs;
  if (dearest === undefined) return [];
  for (let at = 0; costOf(model, dearest.answers) < model.costMax; at += 1) {
    dearest.answers[at % 3] = (dearest.answers[at % 3] ?? 0) + 1;
  }
  for (const { answers } of jobs) {
    while (costOf(model, answers) > model.costMax) answers[2] -= 1;
  }
  for (let nudges = 0; nudges < NUDGES_MAX; nudges += 1) {
    const costs = jobs.map(({ answers }) => costOf(model, answers));
    const off = costs.reduce((total, cost) => total + cost, 0) - model.costMean * jobs.length;
    if (Math.abs(off) <= model.output) break;
    const job = others[seeded.below(others.length)];
    const last = job?.answers[2];
    if (job === undefined || last === undefined) break;
    const next: Answers = [job.answers[0], job.answers[1], last + (off < 0 ? 1 : -1)];
    if (costOf(model, next) <= model.costMax) job.answers[2] = next[2];
  }
  return jobs.map((job) => ({ ...job, cost: costOf(model, job.answers) }));
}

type Answers = [number, number, number];

const NUDGES_MAX = 10_000;

/** How many jobs are drawn, and from what. */
export interface DrawTerms {
  readonly temperatures: readonly number[];
  readonly runs: number;
  readonly seed: number;
}

function costOf(model: TightModel, answers: Answers): number {
  const read = promptsOf(model, answers).reduce((total, tokens) => total + tokens, 0);
  const written = answers[0] + answers[1] + answers[2];
  return read * model.input + written * model.output;
}
