import type { Failing } from './answer.ts';
import { deltaOf, type Comparison } from './compare.ts';
import type { DryRun } from './dry-run.ts';
import type { Forecast } from './forecast.ts';
import { dailyCalls, forecastUsd, increaseText } from './money-text.ts';

/** What decides whether the answer is yes. */
export interface Outcome {
  readonly run: DryRun | undefined;
  readonly comparison: Comparison | null;
  readonly forecasted: Forecast;
  /** Whether a cap that binds is a no. */
  readonly isCapNo: boolean;
}

/** Every reason why the answer is no, the one that makes the figures doubtful first. */
export function failingOf(outcome: Outcome): readonly Failing[] {
  const { run, comparison, forecasted, isCapNo } = outcome;
  return [
    ...(run === undefined ? [] : failedRun(run)),
    ...(comparison?.is_over === true ? [increased(comparison)] : []),
    ...(isCapNo ? bound(forecasted) : []),
  ];
}

function failedRun({ exitCode, stoppedHosts }: DryRun): readonly Failing[] {
  const failed: Failing = {
    reason: 'command-failed',
    message: `The command ended with ${exitCode ?? 'a signal'}, so its calls may not be all.`,
  };
  const stopped: Failing = {
    reason: 'connection-stopped',
    message:
      `The command tried to reach ${stoppedHosts.join(', ')} and was stopped, so its calls are ` +
      'not all. Let its clients take their address from the environment.',
  };
  return [...(exitCode === 0 ? [] : [failed]), ...(stoppedHosts.length === 0 ? [] : [stopped])];
}

function increased({ changes, max_increase_ppm: most }: Comparison): Failing {
  const over = changes.filter(({ is_over: isOver }) => isOver);
  const named = over.map((change) => {
    const { dimension, value, before, after } = change;
    const more = increaseText(before?.mean_nano_usd, after?.mean_nano_usd);
    return `${`${dimension} ${value}`.trim()} ${more} (${forecastUsd(deltaOf(change))} a day)`;
  });
  return {
    reason: 'cost-increased',
    message: `More than ${most / 10_000} % dearer than the baseline: ${named.join(', ')}.`,
  };
}

function bound({ under_caps: caps }: Forecast): readonly Failing[] {
  if (caps === null || caps.refused_per_day === 0) return [];
  const named = caps.caps.filter(({ is_observed: isObserved }) => !isObserved);
  const by = named.map(({ cap_id: id }) => id).join(', ');
  return [
    {
      reason: 'cap-binds',
      message:
        `${dailyCalls(caps.refused_per_day)} would be refused` +
        `${by === '' ? '' : `, by ${by}`}.`,
    },
  ];
}
