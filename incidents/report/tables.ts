import { EXCEPTION_RULES, BY_BOUND } from '../judge/exceptions.ts';
import { POLICY_NAMES, type PolicyName } from '../policies/policy.ts';
import { UNEXPLAINED } from '../replay/result.ts';
import { figuresOf, type Figures, type PlayReport, type Report } from './results.ts';

/** A row of cells. */
export type Row = readonly string[];

/** Policies that the report has runs of. */
export function policiesIn({ plays }: Report): readonly PolicyName[] {
  const found = new Set(plays.flatMap(({ runs }) => runs.map(({ policy }) => policy)));
  return POLICY_NAMES.filter((name) => found.has(name));
}

/** The tables that a run prints. */
export function tablesOf(report: Report): string {
  const policies = policiesIn(report);
  const parts = [
    `${report.incidents} scenarios, ${report.plays.length} plays, seed ${report.seed}, ` +
      `${report.schedules} schedules`,
    plain(
      OVERALL_HEAD,
      policies.map((name) => overallRow(figuresOf(name, report.plays))),
    ),
    'Runs over the cap / needless refusals, by cluster',
    grouped(report, policies, ({ cluster }) => cluster),
    'Runs over the cap / needless refusals, by pattern',
    grouped(report, policies, ({ pattern }) => pattern),
    'Needless refusals of hardcap, by the rule that explains them',
    plain(['rule', 'hardcap', 'hardcap+strategies'], exceptionRows(report)),
    ...report.notRun.map(({ id, reason }) => `NOT RUN ${id}: ${reason}`),
    `not run: ${report.notRun.length}; outside the promise: ${outsideOf(report).length} plays`,
  ];
  return parts.join('\n\n');
}

/** Plays that are shown and not judged. */
export function outsideOf({ plays }: Report): readonly PlayReport[] {
  return plays.filter(({ outside }) => outside !== null);
}

/** The columns of the overall table. */
export const OVERALL_HEAD: Row = [
  'policy',
  'runs',
  'over the cap',
  'worst',
  'needless refusals',
  'in runs',
  'use of the cap',
  'use of what fits',
  'open holds',
  'cut answers',
];

/** One policy over everything. */
export function overallRow(figures: Figures): Row {
  return [
    figures.policy,
    String(figures.runs),
    `${figures.runsOver} (${share(figures.runsOver, figures.runs)})`,
    worst(figures),
    String(figures.needless),
    String(figures.runsNeedless),
    percent(figures.capUse),
    percent(figures.fittingUse),
    String(figures.openHolds),
    String(figures.cutAnswers),
  ];
}

/** How often each rule explained a needless refusal, in both settings of hardcap. */
export function exceptionRows(report: Report): readonly Row[] {
  const names = [...EXCEPTION_RULES.map(({ name }) => name), BY_BOUND, UNEXPLAINED];
  const of = (policy: PolicyName, rule: string): number => {
    const covered = report.plays.filter(({ outside }) => outside === null);
    const runs = covered.flatMap((play) => play.runs.filter((run) => run.policy === policy));
    return runs.reduce((total, run) => total + (run.needless[rule] ?? 0), 0);
  };
  return names.map((name) => [
    name,
    String(of('hardcap', name)),
    String(of('hardcap+strategies', name)),
  ]);
}

/** The plays in groups, in the order of the groups' names. */
export function groups(
  plays: readonly PlayReport[],
  by: (play: PlayReport) => string,
): readonly (readonly [string, readonly PlayReport[]])[] {
  const found = new Map<string, PlayReport[]>();
  for (const play of plays) {
    const name = by(play);
    found.set(name, [...(found.get(name) ?? []), play]);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `12 / 3`: runs over the cap, needless refusals. */
export function overAndNeedless(policy: PolicyName, plays: readonly PlayReport[]): string {
  const { runsOver, needless } = figuresOf(policy, plays);
  return `${runsOver} / ${needless}`;
}

function grouped(
  report: Report,
  policies: readonly PolicyName[],
  by: (play: PlayReport) => string,
): string {
  const rows = groups(report.plays, by).map(([name, plays]) => [
    name,
    String(plays.length),
    ...policies.map((policy) => overAndNeedless(policy, plays)),
  ]);
  return plain(['', 'plays', ...policies], rows);
}

function worst({ worstOver, isWorstOpen }: Figures): string {
  if (worstOver === 0) return '-';
  if (!Number.isFinite(worstOver)) return 'of a cap of 0';
  // A cap of a nano-dollar makes any bill millions of times too large.
  const times =
    worstOver >= 100 ? Math.round(worstOver).toLocaleString('en-US') : worstOver.toFixed(1);
  return `${isWorstOpen ? '> ' : ''}${times} x`;
}

function share(part: number, whole: number): string {
  return percent(whole === 0 ? 0 : part / whole);
}

/** A fraction in percent, one digit after the point. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

/** A table in columns, for a terminal. */
export function plain(head: Row, rows: readonly Row[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
