import { resolve } from 'node:path';
import { EXIT, type Answer, type World } from '../command.ts';
import { configOf } from '../books/config.ts';
import { writeTextFile } from '../books/file.ts';
import { usageError } from '../usage-error.ts';
import type { DryRunSummary, Failing, SimulationAnswer } from './answer.ts';
import { answersField, describeAnswers, type Answers } from './answers.ts';
import { baselineField, baselineOf, baselineText, checkSameTerms } from './baseline.ts';
import { compare, readPercent } from './compare.ts';
import { describeAnswer, markdownAnswer } from './describe.ts';
import { dryRun, type DryRun } from './dry-run.ts';
import { failingOf } from './failing.ts';
import { forecast } from './forecast.ts';
import { readNumber, type SimulateOptions } from './options.ts';
import { groundOf, notesOf, trafficOf, type Ground, type Scale } from './plan.ts';
import { forecastUsd } from './money-text.ts';
import { costOf, noPrice } from './priced.ts';
import { progressOf } from './progress.ts';
import { readFileAs, readSimulated, type SimulatedFile } from './read-file.ts';
import { readAttribution, type Attribution } from './record-calls.ts';
import { recordingJson } from './recording.ts';

/** Runs or reads what is simulated, forecasts it, compares it, and writes what was asked for. */
export async function runSimulate(
  options: SimulateOptions,
  rest: readonly string[],
  world: World,
): Promise<Answer<SimulationAnswer>> {
  const ground = groundOf(configOf(options.config, world.cwd), options.date ?? world.clock());
  const scale = scaleOf(options);
  const maxIncrease = readPercent('max-increase', options['max-increase']);
  const { seed, days, runs } = options;
  const terms = {
    seed,
    days,
    runs,
    calls_per_day: scale.callsPerDay ?? null,
    customers: scale.customers ?? null,
    customer_skew: scale.customerSkew,
  };
  const before =
    options.baseline === undefined
      ? undefined
      : readFileAs(baselineField, options.baseline, world.cwd);
  if (before !== undefined) checkSameTerms(before.terms, terms);
  // Everything that can be wrong is read before anything is run.
  const answers = answersOf(options, world.cwd);
  const attributions = options.attribute.map(readAttribution);
  const place = { ground, world, answers, attributions };
  const { file, source, run } = await readTraffic(options, rest, place);
  const traffic = trafficOf(file, ground.pricing, scale);
  const progress = progressOf(world, 'days drawn');
  const { signal } = world;
  const asked = { traffic, seed, runs, days, guard: ground.guard, progress, signal };
  const forecasted = await forecast(asked).finally(() => progress.end());
  const now = baselineOf(forecasted, terms);
  const comparison = before === undefined ? null : compare(before, now, maxIncrease);
  const answer: SimulationAnswer = {
    kind: 'hardcap-simulation',
    version: 1,
    source,
    dry_run: run === undefined ? null : summaryOf(run),
    forecast: forecasted,
    comparison,
    failing: failingOf({ run, comparison, forecasted, isCapNo: options['fail-on-cap'] }),
    notes: [...notesOf(file, ground, scale), ...differenceOf(run, ground)],
  };
  const wantsBaseline = options['write-baseline'];
  if (wantsBaseline !== undefined && answer.failing.every(isAgreedTo)) {
    writeTextFile(wantsBaseline, world.cwd, baselineText(now));
  }
  if (options.markdown !== undefined) {
    writeTextFile(options.markdown, world.cwd, markdownAnswer(answer));
  }
  return {
    exit: answer.failing.length === 0 ? EXIT.ok : EXIT.no,
    json: answer,
    text: (view) => describeAnswer(answer, view),
  };
}

/** Two tables, kept apart on purpose, have to say the same of one run. */
function differenceOf(run: DryRun | undefined, { pricing }: Ground): readonly string[] {
  if (run === undefined) return [];
  const priced = run.calls.reduce((sum, call) => sum + costOf(call, pricing), 0);
  const isSame = Math.abs(priced - run.billedNanoUsd) * SAME_PARTS <= run.billedNanoUsd;
  if (isSame) return [];
  return [
    `The emulator bills ${forecastUsd(run.billedNanoUsd)} for the run by its own table, and the ` +
      `price book says ${forecastUsd(priced)}: one of them is out of date.`,
  ];
}

/** A thousandth of a bill is not worth a word. */
const SAME_PARTS = 1_000;

function isAgreedTo({ reason }: Failing): boolean {
  return reason === 'cost-increased' || reason === 'cap-binds';
}

function scaleOf(options: SimulateOptions): Scale {
  const { 'calls-per-day': callsPerDay, customers } = options;
  return { callsPerDay, customers, customerSkew: readNumber('customer-skew', options, 4) };
}

interface Traffic {
  readonly file: SimulatedFile;
  readonly source: string;
  /** `undefined`: nothing was run. */
  readonly run: DryRun | undefined;
}

interface Place {
  readonly ground: Ground;
  readonly world: World;
  readonly answers: Answers;
  readonly attributions: readonly Attribution[];
}

async function readTraffic(
  options: SimulateOptions,
  rest: readonly string[],
  place: Place,
): Promise<Traffic> {
  const { world } = place;
  const { recording, record } = options;
  const [only, ...more] = rest;
  const isFile = only !== undefined && more.length === 0 && only.endsWith('.json');
  const path = isFile ? only : recording;
  if (recording !== undefined && only !== undefined) {
    throw usageError('Both --recording and a command or file are said', 'Say one of them');
  }
  if (path !== undefined) {
    if (record !== undefined) {
      throw usageError('--record is said, and no command is run', 'Leave it out');
    }
    return { file: readSimulated(path, world.cwd), source: path, run: undefined };
  }
  if (only === undefined) {
    throw usageError(
      'Nothing to simulate is said',
      'Say a command behind -- (hardcap simulate -- npm test), or the file of a scenario',
    );
  }
  return await recordCommand(options, rest, place);
}

async function recordCommand(
  options: SimulateOptions,
  command: readonly string[],
  { ground, world, answers, attributions }: Place,
): Promise<Traffic> {
  const { pricing, ownCards } = ground;
  const { seed, config } = options;
  const configPath = config === undefined ? undefined : resolve(world.cwd, config);
  const register = options.register ? { configPath } : undefined;
  const { for: endAfterMs } = options;
  const who = { attributions, seed, pricing, ownCards };
  const terms = { command, answers, ...who, register, endAfterMs };
  const run = await dryRun(terms, world);
  const [unpriced] = run.unpricedModels;
  if (unpriced !== undefined) {
    const all = run.unpricedModels.map((model) => JSON.stringify(model)).join(', ');
    throw noPrice(`The command asked for ${all}, for which no price is known`, unpriced);
  }
  if (run.calls.length === 0) throw noCalls(run);
  const recording = { calls: run.calls, answers: describeAnswers(answers) };
  if (options.record !== undefined) {
    const text = JSON.stringify(recordingJson(recording), null, 1);
    writeTextFile(options.record, world.cwd, `${text}\n`);
  }
  return { file: { kind: 'recording', recording }, source: command.join(' '), run };
}

function answersOf(options: SimulateOptions, cwd: string): Answers {
  const median = options['answer-tokens'];
  const sigma = readNumber('answer-sigma', options, 3);
  const rules = options.answers === undefined ? [] : readFileAs(answersField, options.answers, cwd);
  return { rules, otherwise: { kind: 'lognormal', median, sigma } };
}

function noCalls({ exitCode, stoppedHosts }: DryRun): Error {
  const ended = exitCode === 0 ? 'ended well' : `ended with ${exitCode ?? 'a signal'}`;
  const tried =
    stoppedHosts.length === 0 ? '' : `; it was stopped from reaching ${stoppedHosts.join(', ')}`;
  return usageError(
    `The command ${ended} and made no call that a provider would bill${tried}`,
    'Let its clients take their address from ANTHROPIC_BASE_URL and OPENAI_BASE_URL, or look at ' +
      'what it printed above',
  );
}

function summaryOf(run: DryRun): DryRunSummary {
  return {
    calls: run.calls.length,
    billed_nano_usd: run.billedNanoUsd,
    billed_nano_usd_by_model: run.billedByModel,
    exit_code: run.exitCode,
    stopped_hosts: run.stoppedHosts,
  };
}
