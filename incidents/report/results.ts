import type { PolicyName } from '../policies/policy.ts';
import type { NotRun } from '../replay/plan.ts';
import type { RunResult } from '../replay/result.ts';

/** One play and all its runs. */
export interface PlayReport {
  readonly id: string;
  readonly variant: string;
  readonly note: string;
  readonly framework: string;
  readonly cluster: string;
  readonly pattern: string;
  readonly fault: string;
  readonly oracle: string;
  /** Why the promise does not cover it; `null`: it does. */
  readonly outside: string | null;
  readonly capNano: number;
  /** By the oracle's arithmetic, at the output ceilings that are on the wire. */
  readonly unprotectedNano: number;
  /** What a guard with perfect foresight would let through. */
  readonly bestNano: number;
  readonly runs: readonly RunResult[];
}

/** Everything that `--json` writes. */
export interface Report {
  readonly seed: number;
  readonly schedules: number;
  readonly incidents: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly notRun: readonly NotRun[];
  readonly plays: readonly PlayReport[];
}

/** The figures of one policy over some plays. */
export interface Figures {
  readonly policy: PolicyName;
  readonly plays: number;
  readonly runs: number;
  /** Runs in which more was billed than the cap. */
  readonly runsOver: number;
  readonly playsOver: number;
  /** The worst of them: billed over cap. */
  readonly worstOver: number;
  /** Whether that run was ended early, so that it is a lower bound. */
  readonly isWorstOpen: boolean;
  /** Refusals of calls that would have fitted by their true cost. */
  readonly needless: number;
  /** Runs that had any. */
  readonly runsNeedless: number;
  /** Mean over runs of billed / the lesser of cap and unprotected cost, each at most 1. */
  readonly capUse: number;
  /** The same over what perfect foresight would let through. */
  readonly fittingUse: number;
  readonly openHolds: number;
  readonly untyped: number;
  readonly cutAnswers: number;
}

/** Sums up a policy over plays that the promise covers. */
export function figuresOf(policy: PolicyName, plays: readonly PlayReport[]): Figures {
  const covered = plays.filter(({ outside }) => outside === null);
  const pairs = covered.flatMap((play) =>
    play.runs.filter((run) => run.policy === policy).map((run) => ({ play, run })),
  );
  const over = pairs.filter(({ run }) => isOver(run));
  const worst = over.reduce<RunResult | undefined>(
    (most, { run }) => (most === undefined || ratio(run) > ratio(most) ? run : most),
    undefined,
  );
  const spending = pairs.filter(({ play }) => play.bestNano > 0);
  return {
    policy,
    plays: covered.length,
    runs: pairs.length,
    runsOver: over.length,
    playsOver: new Set(over.map(({ play }) => play)).size,
    worstOver: worst === undefined ? 0 : ratio(worst),
    isWorstOpen: worst?.isEndedEarly ?? false,
    needless: sum(pairs.map(({ run }) => needlessOf(run))),
    runsNeedless: pairs.filter(({ run }) => needlessOf(run) > 0).length,
    capUse: mean(spending.map(({ play, run }) => useOf(run, usable(play)))),
    fittingUse: mean(spending.map(({ play, run }) => useOf(run, play.bestNano))),
    openHolds: sum(pairs.map(({ run }) => run.openHolds)),
    untyped: pairs.filter(({ run }) => run.isTypedAtRoot === false).length,
    cutAnswers: sum(pairs.map(({ run }) => run.cutAnswers)),
  };
}

/** Whether more was billed in one window than its cap. */
export function isOver(run: RunResult): boolean {
  return run.fullestNano > run.capNano;
}

/** All needless refusals of a run, whatever explains them. */
export function needlessOf(run: RunResult): number {
  return sum(Object.values(run.needless));
}

function ratio({ fullestNano, capNano }: RunResult): number {
  return capNano === 0 ? Number.POSITIVE_INFINITY : fullestNano / capNano;
}

function usable({ capNano, unprotectedNano, bestNano }: PlayReport): number {
  // Over more windows than one, more than one cap may be spent.
  return Math.max(bestNano, Math.min(capNano, unprotectedNano));
}

function useOf({ billNano }: RunResult, whole: number): number {
  return whole === 0 ? 1 : Math.min(1, billNano / whole);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 1 : sum(values) / values.length;
}
