import type { Audit } from '../audit.ts';

/** A place as `file:line`; the project as a whole is `.`. */
export function placeText({
  file,
  line,
}: {
  readonly file: string;
  readonly line: number;
}): string {
  return file === '' ? '.' : `${file}:${line}`;
}

/** What `--json` prints: the same fields whatever was found. */
export interface AuditJson {
  readonly version: 1;
  readonly engines: readonly string[];
  readonly files_read: number;
  readonly files_skipped: number;
  readonly passed: number;
  readonly failed: number;
  readonly not_applicable: number;
  readonly warnings: number;
  readonly points: readonly PointJson[];
}

/** One point of `AuditJson`. */
export interface PointJson {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly status: 'pass' | 'fail' | 'not applicable';
  readonly why: string;
  readonly mend: string;
  /** Why it does not apply; `null` where it does. */
  readonly reason: string | null;
  readonly findings: readonly {
    readonly level: 'fail' | 'warn' | 'note';
    readonly file: string;
    readonly line: number;
    readonly what: string;
    readonly mend: string;
  }[];
  readonly evidence: readonly {
    readonly file: string;
    readonly line: number;
    readonly what: string;
  }[];
}

/** An audit as plain JSON. */
export function auditJson({ points, engines, filesRead, filesSkipped }: Audit): AuditJson {
  const count = (status: string): number => points.filter((one) => one.status === status).length;
  const warnings = points
    .flatMap(({ findings }) => findings)
    .filter(({ level }) => level === 'warn').length;
  return {
    version: 1,
    engines,
    files_read: filesRead,
    files_skipped: filesSkipped,
    passed: count('pass'),
    failed: count('fail'),
    not_applicable: count('not applicable'),
    warnings,
    points: points.map(({ point, status, findings, evidence, reason }, index) => ({
      number: index + 1,
      id: point.id,
      title: point.title,
      status,
      why: point.why,
      mend: point.mend,
      reason: reason ?? null,
      findings: findings.map(({ level, place, what, mend }) => ({ level, ...place, what, mend })),
      evidence: evidence.map(({ place, what }) => ({ ...place, what })),
    })),
  };
}
