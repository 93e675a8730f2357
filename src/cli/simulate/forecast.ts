import { usageError } from '../usage-error.ts';
import { CapTally, type CapForecast } from './cap-tally.ts';
import { GuardedRun, type GuardTerms, type TimedCall } from './guarded-run.ts';
import { Groups, type GroupForecast } from './groups.ts';
import type { Progress } from './progress.ts';
import { Random } from './random.ts';
import { spreadOf, type Spread } from './spread.ts';
import { asCustomer, callsPerDay, type Source, type Traffic } from './traffic.ts';

/** What is drawn how often. */
export interface ForecastTerms {
  readonly traffic: Traffic;
  readonly seed: number;
  /** How many times the days are drawn. */
  readonly runs: number;
  /** Days that follow each other, under one set of books. */
  readonly days: number;
  /** The caps that are tried; `undefined`: none. */
  readonly guard: GuardTerms | undefined;
  readonly progress: Pick<Progress, 'step'>;
  readonly signal: AbortSignal;
}

/** What a day costs. Money in whole nano-dollars. */
export interface Forecast {
  readonly calls_per_day: number;
  readonly seed: number;
  readonly runs: number;
  readonly days: number;
  /** Of a day in which nothing is refused. */
  readonly cost: Spread;
  /** The same by customer, feature and model, the dearest first. */
  readonly groups: readonly GroupForecast[];
  /** What the caps make of it; `null` where there are none. */
  readonly under_caps: UnderCaps | null;
}

/** The days as the guard let them pass. */
export interface UnderCaps {
  /** How many of the drawn runs were played through the guard. */
  readonly runs: number;
  readonly cost: Spread;
  readonly refused_per_day: number;
  /** Each cap that bound, the one with most refusals first. */
  readonly caps: readonly CapForecast[];
  /** Refusals by error code that no cap is the cause of. */
  readonly other_refusals_per_day: Readonly<Record<string, number>>;
}

/** Most calls that are drawn for one forecast, and most that are played through the guard. */
export const DRAWN_CALLS_MAX = 50_000_000;
/** See `DRAWN_CALLS_MAX`. At least one run is played, unless it alone has ten times as many. */
export const GUARDED_CALLS_MAX = 200_000;

/** Rates are said no finer than this part of a call a day. */
const PER_CALL = 1_000_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Draws days of the traffic, prices them, and plays them through the production guard in simulated
 * time. The same traffic, caps and seed give the same forecast.
 *
 * Means are exact where the traffic is drawn from calls that are known; everything else is counted
 * over the drawn days. Throws `COMMAND_INVALID` for more calls than can be drawn.
 */
export async function forecast(terms: ForecastTerms): Promise<Forecast> {
  const { traffic, seed, days, guard, progress, signal } = terms;
  const perDay = Math.round(callsPerDay(traffic) * PER_CALL) / PER_CALL;
  const runs = isSure(traffic) ? 1 : terms.runs;
  checkSize({ perDay, runs, days });
  const guarded = guard === undefined ? 0 : guardedRuns({ perDay, runs, days });
  const isOneTooMany = guarded > 0 && perDay * days > GUARDED_CALLS_MAX * 10;
  if (isOneTooMany) throw tooManyGuarded({ perDay, runs, days });
  const groups = new Groups(traffic, runs * days);
  const caps = new CapTally();
  const [costs, spent]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    const random = new Random(seed, `run ${run}`);
    const play = guard !== undefined && run < guarded ? new GuardedRun(guard) : undefined;
    caps.beginRun();
    for (let day = 0; day < days; day += 1) {
      const calls = drawDay(traffic, random, groups);
      costs.push(groups.endDay());
      if (play === undefined) continue;
      const outcome = play.play(day, inOrder(calls));
      spent.push(outcome.spent);
      caps.add(day, outcome.refusals);
    }
    progress.step(run + 1, runs);
    await new Promise(setImmediate);
    if (signal.aborted) throw usageError('The forecast was interrupted', 'Run it again');
  }
  return {
    calls_per_day: perDay,
    seed,
    runs,
    days,
    cost: spreadOf(costs, groups.expectedNanoUsd()),
    groups: groups.forecasts(),
    under_caps:
      guarded === 0
        ? null
        : { runs: guarded, cost: spreadOf(spent), ...caps.forecast(guarded * days) },
  };
}

/** Whether every day is like the other. */
function isSure({ sources, customers }: Traffic): boolean {
  return customers === undefined && sources.every(({ isExact }) => isExact);
}

interface Size {
  readonly perDay: number;
  readonly runs: number;
  readonly days: number;
}

function checkSize({ perDay, runs, days }: Size): void {
  const total = Math.ceil(perDay * runs * days);
  if (total <= DRAWN_CALLS_MAX) return;
  const fewer = Math.max(1, Math.floor(DRAWN_CALLS_MAX / (perDay * days)));
  throw usageError(
    `${runs} runs of ${days} days of ${Math.round(perDay)} calls are ${total} calls, and at most ` +
      `${DRAWN_CALLS_MAX} are drawn`,
    `Say --runs ${fewer}, or fewer --calls-per-day`,
  );
}

function tooManyGuarded({ perDay, days }: Size): Error {
  return usageError(
    `One run of ${days} days of ${Math.round(perDay)} calls is more than ` +
      `${GUARDED_CALLS_MAX * 10} calls through the guard`,
    'Say fewer --days or --calls-per-day, or a --config without caps',
  );
}

function guardedRuns({ perDay, runs, days }: Size): number {
  const most = Math.floor(GUARDED_CALLS_MAX / Math.max(1, perDay * days));
  return Math.max(1, Math.min(runs, most));
}

function drawDay({ sources, customers }: Traffic, random: Random, groups: Groups): TimedCall[] {
  const calls: TimedCall[] = [];
  for (const source of sources) {
    const count = source.isExact ? source.unitsPerDay : random.poisson(source.unitsPerDay);
    for (let index = 0; index < count; index += 1) {
      const startMs = startOf(source, random);
      const drawn = source.draw(random);
      const unit =
        customers === undefined
          ? drawn
          : asCustomer(drawn, customers.names[customers.weights.pick(random)] ?? '');
      for (const call of unit) {
        const atMs = Math.min(startMs + call.offsetMs, DAY_MS - 1);
        calls.push({ call, atMs });
        groups.add(call, source.units === undefined);
      }
    }
  }
  return calls;
}

function startOf({ isExact, hours }: Source, random: Random): number {
  if (isExact) return 0;
  if (hours === undefined) return random.below(DAY_MS);
  return hours.pick(random) * HOUR_MS + random.below(HOUR_MS);
}

function inOrder(calls: readonly TimedCall[]): readonly TimedCall[] {
  return calls.toSorted((left, right) => left.atMs - right.atMs);
}
