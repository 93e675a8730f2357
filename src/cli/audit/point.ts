import type { EpochMs } from '../../units/time.ts';
import type { EgressRow } from './register-report.ts';
import type { Place, Project } from './project.ts';

/** How bad a finding is: the point fails, or it passes with a warning, or it is good to know. */
export type Level = 'fail' | 'warn' | 'note';

/** One thing that was found, where, and what to do about it. */
export interface Finding {
  readonly level: Level;
  readonly place: Place;
  /** What is so there: a sentence without a full stop. */
  readonly what: string;
  /** What to do now: a sentence without a full stop. */
  readonly mend: string;
}

/** Something that speaks for a point. */
export interface Evidence {
  readonly place: Place;
  readonly what: string;
}

/** What a point comes to in a project. */
export type Judged =
  | { readonly kind: 'not-applicable'; readonly reason: string }
  | {
      readonly kind: 'judged';
      readonly findings: readonly Finding[];
      /** Why it holds, where it does. */
      readonly evidence: readonly Evidence[];
    };

/** What an audit is told from outside of the project. */
export interface Terms {
  readonly now: EpochMs;
  /** Hosts that are gateways of hardcap, with a port or without. */
  readonly gateways: readonly string[];
  /** What `hardcap/register` saw in runs; `undefined`: no report was given. */
  readonly seen: readonly EgressRow[] | undefined;
  /** What the rules of `eslint-plugin-hardcap` found, by point; `undefined`: they did not run. */
  readonly lint: LintFindings | undefined;
}

/** Findings of the lint rules, in place of those of the scanner in the same files. */
export interface LintFindings {
  /** ESLint and the plugin, with their versions. */
  readonly engine: string;
  /** Files that the rules have read; others are left to the scanner. */
  readonly files: ReadonlySet<string>;
  readonly findings: Readonly<Record<LintedPoint, readonly Finding[]>>;
}

/** Points that have a lint rule. */
export type LintedPoint = 'egress' | 'ceilings' | 'refusals';

/** One point of the checklist. */
export interface Point {
  readonly id: string;
  readonly title: string;
  /** Why it matters: one or two sentences. */
  readonly why: string;
  /** What is looked at, each a sentence without a full stop. */
  readonly looksAt: readonly string[];
  /** What a person does who mends it, in general: a sentence. */
  readonly mend: string;
  judge(project: Project, terms: Terms): Judged;
}

/** The project as a whole. */
export const WHOLE: Place = { file: '', line: 1 };

/** What there is to say of a project that calls no model. */
export const NO_MODELS: Judged = {
  kind: 'not-applicable',
  reason: 'nothing was found that calls a model',
};

/** Whether the project calls models or makes a guard. */
export function spends({ firstSpending, guards }: Project): boolean {
  return firstSpending !== undefined || guards.length > 0;
}

/** The answer of a point that every project without a guard fails. */
export function withoutGuard(project: Project, what: string): Judged | undefined {
  if (project.guards.length > 0) return undefined;
  const place = project.firstSpending ?? WHOLE;
  const mend =
    'make a guard (`new BudgetGuard({ global_cap_per_day_usd: 50 })`) or run `hardcap init`';
  return { kind: 'judged', findings: [{ level: 'fail', place, what, mend }], evidence: [] };
}
