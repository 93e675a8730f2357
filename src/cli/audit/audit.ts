import type { Evidence, Finding, Point, Terms } from './point.ts';
import type { Project } from './project.ts';
import { POINTS } from './points.ts';

/** What became of one point. */
export type PointStatus = 'pass' | 'fail' | 'not applicable';

/** One point with its answer. */
export interface PointAnswer {
  readonly point: Point;
  readonly status: PointStatus;
  readonly findings: readonly Finding[];
  readonly evidence: readonly Evidence[];
  /** Why it does not apply, where it does not. */
  readonly reason: string | undefined;
}

/** The answer of every point, in the order of the checklist. */
export interface Audit {
  readonly points: readonly PointAnswer[];
  /** What read the JavaScript and TypeScript files. */
  readonly engines: readonly string[];
  readonly filesRead: number;
  readonly filesSkipped: number;
}

/** Judges a project by every point of the checklist. */
export function auditProject(project: Project, terms: Terms): Audit {
  return {
    points: POINTS.map((point) => answerOf(point, project, terms)),
    engines: [project.engine, ...(terms.lint === undefined ? [] : [terms.lint.engine])],
    filesRead: project.files.length,
    filesSkipped: project.skipped.length,
  };
}

function answerOf(point: Point, project: Project, terms: Terms): PointAnswer {
  const judged = point.judge(project, terms);
  if (judged.kind === 'not-applicable') {
    const { reason } = judged;
    return { point, status: 'not applicable', findings: [], evidence: [], reason };
  }
  const findings = [...judged.findings].sort(byPlace);
  const isFailed = findings.some(({ level }) => level === 'fail');
  const status = isFailed ? 'fail' : 'pass';
  return { point, status, findings, evidence: judged.evidence, reason: undefined };
}

const LEVELS = ['fail', 'warn', 'note'] as const;

/** The worst first, and then as the files stand. */
function byPlace(left: Finding, right: Finding): number {
  const byLevel = LEVELS.indexOf(left.level) - LEVELS.indexOf(right.level);
  if (byLevel !== 0) return byLevel;
  if (left.place.file !== right.place.file) return left.place.file < right.place.file ? -1 : 1;
  return left.place.line - right.place.line;
}

/** What ends the program with 1: findings of a level, or failures of some points. */
export type FailOn =
  | { readonly kind: 'fail' | 'warn' | 'never' }
  | { readonly kind: 'points'; readonly ids: readonly string[] };

/** Whether an audit has what was said to be a reason to fail. */
export function isHit({ points }: Audit, failOn: FailOn): boolean {
  switch (failOn.kind) {
    case 'never':
      return false;
    case 'fail':
      return points.some(({ status }) => status === 'fail');
    case 'warn':
      return points.some(({ findings }) => findings.some(({ level }) => level !== 'note'));
    case 'points':
      return points.some(({ point, status }) => {
        return status === 'fail' && failOn.ids.includes(point.id);
      });
  }
}
