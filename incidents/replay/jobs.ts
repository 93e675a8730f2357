import { bestNano } from '../judge/best.ts';
import type { Incident } from '../catalogue/incident.ts';
import {
  checkThenRecord,
  fixedSplit,
  mutexFullCeiling,
  none,
  postCall,
} from '../policies/baselines.ts';
import { hardcap, hardcapWithStrategies } from '../policies/hardcap.ts';
import type { Policy, PolicyName } from '../policies/policy.ts';
import type { PlayReport } from '../report/results.ts';
import { playsOf, type NotRun } from './plan.ts';
import type { Play } from './play.ts';
import { playOnce } from './run.ts';
import type { RunResult } from './result.ts';
import { scheduleOf, schedulesFor } from './schedule.ts';
import { unprotectedNano } from './truth.ts';

/** The policies by name. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  none,
  'check-then-record': checkThenRecord,
  'post-call': postCall,
  'mutex-full-ceiling': mutexFullCeiling,
  'fixed-split': fixedSplit,
  hardcap,
  'hardcap+strategies': hardcapWithStrategies,
};

/** How scenarios are played. */
export interface JobOptions {
  readonly seed: number;
  readonly schedules: number;
  readonly policies: readonly PolicyName[];
}

/** Plays one scenario in all its variants, or says why it cannot be played. */
export async function playIncident(
  incident: Incident,
  options: JobOptions,
): Promise<readonly PlayReport[] | NotRun> {
  const plays = playsOf(incident);
  if ('reason' in plays) return plays;
  const reports: PlayReport[] = [];
  for (const play of plays) reports.push(await reportOf(play, options));
  return reports;
}

async function reportOf(play: Play, options: JobOptions): Promise<PlayReport> {
  const runs: RunResult[] = [];
  for (const name of options.policies) {
    for (const order of schedulesFor(play, options.schedules)) {
      runs.push(await playOnce(play, POLICIES[name], scheduleOf(order, options.seed, play)));
    }
  }
  const { incident } = play;
  return {
    id: incident.id,
    variant: play.variant,
    note: play.note,
    framework: incident.framework,
    cluster: incident.cluster,
    pattern: incident.scenario.pattern,
    fault: incident.scenario.fault.kind,
    oracle: incident.scenario.oracle.kind,
    outside: play.outside ?? null,
    capNano: Math.round((play.capUsd || 0) * 1e9),
    unprotectedNano: Number(unprotectedNano(play)),
    bestNano: Number(await bestNano(play)),
    runs,
  };
}
