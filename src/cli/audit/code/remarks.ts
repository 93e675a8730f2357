import type { Evidence, Finding, LintedPoint, Terms } from '../point.ts';
import type { Project } from '../project.ts';
import type { CodeFile } from '../read/code-file.ts';

const DISABLE = /eslint-disable-(next-line|line)\s+([^*]*?)(?:\s+--\s+([^*]+?))?\s*(?:\*\/)?$/;

interface Disabled {
  /** The line that the remark is about. */
  readonly line: number;
  readonly rules: string;
  readonly reason: string;
}

/**
 * Why a rule of `eslint-plugin-hardcap` is switched off for a line; `undefined` where it is not, or
 * where no reason stands behind ` -- `.
 */
export function disabledHere(file: CodeFile, line: number, rule: string): string | undefined {
  return remarksOf(file).find((one) => one.line === line && one.rules.includes(`hardcap/${rule}`))
    ?.reason;
}

const RULES: Readonly<Record<LintedPoint, string>> = {
  egress: 'no-unguarded-client',
  ceilings: 'require-output-ceiling',
  refusals: 'no-swallowed-cap-error',
};

/** What the rule of a point found, but for lines where it is switched off with a reason. */
export function lintedOf({ code }: Project, { lint }: Terms, point: LintedPoint): Finding[] {
  return (lint?.findings[point] ?? []).filter(({ place }) => {
    const file = code.find(({ path }) => path === place.file);
    return file === undefined || disabledHere(file, place.line, RULES[point]) === undefined;
  });
}

/** Every line for which a rule is switched off with a reason, for the evidence. */
export function disabledLines(file: CodeFile): readonly Evidence[] {
  return remarksOf(file)
    .filter(({ rules }) => rules.includes('hardcap/'))
    .map(({ line, rules, reason }) => ({
      place: { file: file.path, line },
      what: `${rules} is switched off: ${reason}`,
    }));
}

function remarksOf(file: CodeFile): Disabled[] {
  return file.source.remarks.flatMap(({ text, start }) => {
    const [, where, rules = '', reason = ''] = DISABLE.exec(text.trim()) ?? [];
    if (where === undefined || reason === '') return [];
    const line = file.source.lineAt(start) + (where === 'next-line' ? 1 : 0);
    return [{ line, rules: rules.trim(), reason: reason.trim() }];
  });
}
