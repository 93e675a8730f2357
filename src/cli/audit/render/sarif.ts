import type { Audit, PointAnswer } from '../audit.ts';
import type { Level } from '../point.ts';
import type { Place } from '../project.ts';

/**
 * An audit as SARIF 2.1.0 (OASIS, errata 01): a rule for each point, a result for each finding, and
 * one of the kind `pass` or `notApplicable` for each point without any.
 */
export function auditSarif(audit: Audit, version: string): string {
  const run = {
    tool: {
      driver: {
        name: 'hardcap audit',
        semanticVersion: version,
        rules: audit.points.map(ruleOf),
      },
    },
    invocations: [{ executionSuccessful: true, toolExecutionNotifications: notices(audit) }],
    originalUriBaseIds: { PROJECT: { description: { text: 'The folder that was audited.' } } },
    columnKind: 'utf16CodeUnits',
    results: audit.points.flatMap(resultsOf),
  };
  const log = {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [run],
  };
  return JSON.stringify(log, null, 2);
}

const LEVELS: Readonly<Record<Level, 'error' | 'warning' | 'note'>> = {
  fail: 'error',
  warn: 'warning',
  note: 'note',
};

function ruleOf({ point }: PointAnswer) {
  return {
    id: point.id,
    name: pascal(point.id),
    shortDescription: { text: `${point.title}.` },
    fullDescription: { text: point.why },
    help: { text: point.mend },
    defaultConfiguration: { level: 'error' },
  };
}

function resultsOf({ point, status, findings, reason }: PointAnswer, ruleIndex: number): object[] {
  const rule = { ruleId: point.id, ruleIndex };
  if (status === 'not applicable') {
    const message = { text: `Not applicable: ${reason ?? ''}.` };
    return [{ ...rule, kind: 'notApplicable', level: 'none', message }];
  }
  if (findings.length === 0) {
    return [{ ...rule, kind: 'pass', level: 'none', message: { text: `${point.title}.` } }];
  }
  return findings.map(({ level, place, what, mend }) => ({
    ...rule,
    kind: 'fail',
    level: LEVELS[level],
    message: { text: level === 'note' ? `${what}.` : `${what}. To mend it, ${mend}.` },
    locations: [locationOf(place)],
  }));
}

function locationOf({ file, line }: Place): object {
  const uri = file === '' ? '.' : file.split('/').map(encodeURIComponent).join('/');
  return {
    physicalLocation: {
      artifactLocation: { uri, uriBaseId: 'PROJECT' },
      region: { startLine: line },
    },
  };
}

function notices({ engines, filesRead, filesSkipped }: Audit): object[] {
  const text = `${filesRead} files read by ${engines.join(' and ')}, ${filesSkipped} skipped.`;
  return [{ level: 'note', message: { text } }];
}

function pascal(id: string): string {
  return id.replace(/(^|-)(\w)/g, (_, _dash: string, letter: string) => letter.toUpperCase());
}
