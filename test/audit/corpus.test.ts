/**
 * The scanner of the audit against the labelled programs of the lint rules, which it had no part in:
 * without types it may miss some, and may report nothing that is right.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { lossesIn } from '../../src/cli/audit/code/refusal-loss.ts';
import { escapesIn } from '../../src/cli/audit/code/unguarded.ts';
import { CEILINGS } from '../../src/cli/audit/points/ceilings.ts';
import { readProject } from '../../src/cli/audit/project.ts';
import { CodeFile } from '../../src/cli/audit/read/code-file.ts';
import { OWN_READER } from '../../src/cli/audit/read/typescript-tokens.ts';
import { NOON } from './clock.ts';

const CORPUS = fileURLToPath(new URL('../../packages/eslint-plugin/corpus/', import.meta.url));

/** The most programs that may be missed, of those that the rule itself is to report. */
const MISSED_MAX = {
  'no-unguarded-client': 1,
  'no-swallowed-cap-error': 3,
  'require-output-ceiling': 3,
};

const LOOKS: Readonly<Record<keyof typeof MISSED_MAX, (file: CodeFile) => number>> = {
  'no-unguarded-client': (file) => escapesIn(file).length,
  'no-swallowed-cap-error': (file) => lossesIn(file).length,
  'require-output-ceiling': ceilings,
};

function ceilings({ source: { path, text } }: CodeFile): number {
  const files = [{ path, text }];
  const project = readProject({ files, skipped: [], cutShort: undefined }, OWN_READER);
  const terms = { now: NOON, gateways: [], seen: undefined, lint: undefined };
  const judged = CEILINGS.judge(project, terms);
  if (judged.kind === 'not-applicable') return 0;
  return judged.findings.filter(({ level }) => level === 'fail').length;
}

describe.each(Object.keys(LOOKS) as (keyof typeof MISSED_MAX)[])('programs of %s', (rule) => {
  const programs = (verdict: string) =>
    readdirSync(`${CORPUS}${rule}/${verdict}`).map((name) => {
      const path = `${rule}/${verdict}/${name}`;
      return new CodeFile(path, readFileSync(`${CORPUS}${path}`, 'utf8'), OWN_READER);
    });
  const isReported = (file: CodeFile): boolean => LOOKS[rule](file) > 0;

  it('that are right are not reported', () => {
    const good = programs('good');
    expect(good.length).toBeGreaterThan(8);
    expect(good.filter(isReported).map(({ path }) => path)).toEqual([]);
  });

  it('that are wrong are reported but for a few', () => {
    const bad = programs('bad');
    const missed = bad.filter((file) => !isReported(file)).map(({ path }) => path);
    console.log(
      `${rule}: ${bad.length - missed.length} of ${bad.length}; missed ${missed.join(' ')}`,
    );
    expect(bad.length).toBeGreaterThan(8);
    expect(missed.length).toBeLessThanOrEqual(MISSED_MAX[rule]);
  });
});
