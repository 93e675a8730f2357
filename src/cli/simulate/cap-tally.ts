import type { Refusal } from './guarded-run.ts';

/** What became of one cap. */
export interface CapForecast {
  readonly cap_id: string;
  readonly window: string;
  /** Whether it only watches. */
  readonly is_observed: boolean;
  /** In which part of the days it said no at least once, from 0 to 1. */
  readonly days_bound_share: number;
  readonly refused_per_day: number;
  /** When it first said no, in the middle of the runs in which it did. */
  readonly first_bound: {
    /** From 1. */
    readonly day: number;
    /** `14:05`, in the time zone of the configuration. */
    readonly time: string;
  };
  /** The account that it said no for most often: `customer:acme`. */
  readonly most_refused: string;
}

interface Tally {
  readonly window: string;
  readonly isObserved: boolean;
  boundDays: number;
  lastDay: string;
  refused: number;
  /** Milliseconds since the run's first midnight, the first of each run. */
  readonly firsts: number[];
  lastRun: number;
  readonly byScope: Map<string, number>;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Counts which caps said no, how often and when first. */
export class CapTally {
  readonly #caps = new Map<string, Tally>();
  readonly #others = new Map<string, number>();
  #run = 0;
  #refused = 0;

  /** The refusals that follow are of another run. */
  beginRun(): void {
    this.#run += 1;
  }

  /** The refusals of one day of the run, in their order. */
  add(day: number, refusals: readonly Refusal[]): void {
    for (const refusal of refusals) {
      if (!refusal.isObserved) this.#refused += 1;
      if (refusal.capId === undefined) {
        this.#others.set(refusal.scope, (this.#others.get(refusal.scope) ?? 0) + 1);
      } else this.#addTo(this.#tallyOf(refusal.capId, refusal), day, refusal);
    }
  }

  /** Everything, over so many days in all. */
  forecast(days: number) {
    const caps = [...this.#caps].map(([capId, tally]) => capForecast(capId, tally, days));
    const others = [...this.#others].map(([code, count]) => [code, count / days] as const);
    return {
      refused_per_day: this.#refused / days,
      caps: caps.toSorted((left, right) => right.refused_per_day - left.refused_per_day),
      other_refusals_per_day: Object.fromEntries(others),
    };
  }

  #addTo(tally: Tally, day: number, { atMs, scope }: Refusal): void {
    const today = `${this.#run} ${day}`;
    if (tally.lastDay !== today) {
      tally.boundDays += 1;
      tally.lastDay = today;
    }
    if (tally.lastRun !== this.#run) {
      tally.firsts.push(day * DAY_MS + atMs);
      tally.lastRun = this.#run;
    }
    tally.refused += 1;
    tally.byScope.set(scope, (tally.byScope.get(scope) ?? 0) + 1);
  }

  #tallyOf(capId: string, { window, isObserved }: Refusal): Tally {
    const known = this.#caps.get(capId);
    if (known !== undefined) return known;
    const sums = { boundDays: 0, lastDay: '', refused: 0, firsts: [], lastRun: -1 };
    const tally: Tally = { window, isObserved, ...sums, byScope: new Map() };
    this.#caps.set(capId, tally);
    return tally;
  }
}

function capForecast(capId: string, tally: Tally, days: number): CapForecast {
  const firsts = tally.firsts.toSorted((left, right) => left - right);
  const first = firsts[Math.ceil(firsts.length / 2) - 1] ?? 0;
  const scopes = [...tally.byScope].toSorted(([, left], [, right]) => right - left);
  return {
    cap_id: capId,
    window: tally.window,
    is_observed: tally.isObserved,
    days_bound_share: tally.boundDays / days,
    refused_per_day: tally.refused / days,
    first_bound: { day: Math.floor(first / DAY_MS) + 1, time: timeOf(first % DAY_MS) },
    most_refused: scopes[0]?.[0] ?? '',
  };
}

function timeOf(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
