import type { Play } from './play.ts';
import { Seeded } from './seeded.ts';
import { instancesOf } from './truth.ts';

/**
 * In which order calls are made that are free to overlap.
 *
 * `as-given`: one after the other, in the order of the catalogue. `at-once`: all that may run side
 * by side starts together and answers late. `shuffled`: everything starts and answers at moments of
 * its own, parents and children too. Calls in `seq` mode stay one after the other in each.
 */
export const SCHEDULES = ['as-given', 'at-once', 'shuffled'] as const;

/** One of the orders. */
export type ScheduleName = (typeof SCHEDULES)[number];

/** The moments of one run. */
export interface Schedule {
  readonly name: ScheduleName;
  /** Before something starts that may run beside others, in milliseconds. */
  readonly startMs: () => number;
  /** Before an answer, in milliseconds. */
  readonly latencyMs: () => number;
}

const START_MS_MAX = 12;
const LATENCY_MS_MAX = 8;
/** Late enough for all of a group to have asked before the first is answered. */
const AT_ONCE_MS = 20;

/** A schedule from its seed. */
export function scheduleOf(name: ScheduleName, seed: number, play: Play): Schedule {
  const seeded = new Seeded(seed, `${play.incident.id} ${play.variant} ${name}`);
  switch (name) {
    case 'as-given':
      return { name, startMs: () => 0, latencyMs: () => 0 };
    case 'at-once':
      return { name, startMs: () => 0, latencyMs: () => AT_ONCE_MS + seeded.below(LATENCY_MS_MAX) };
    case 'shuffled':
      return {
        name,
        startMs: () => seeded.below(START_MS_MAX),
        latencyMs: () => seeded.below(LATENCY_MS_MAX),
      };
    default:
      return name satisfies never;
  }
}

/** Those of the first `count` schedules that differ: what cannot overlap has one order only. */
export function schedulesFor(play: Play, count: number): readonly ScheduleName[] {
  const instances = instancesOf(play);
  const overlaps =
    play.rows.some(({ mode, calls, actor }) => {
      const isSide = mode === 'parallel' && calls.length > 1;
      return isSide || (instances.get(actor) ?? 1) > 1;
    }) || new Set(play.rows.map(({ actor }) => actor)).size > 1;
  return SCHEDULES.slice(0, overlaps ? count : 1);
}
