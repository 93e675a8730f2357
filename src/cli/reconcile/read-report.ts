import { readAnthropicCosts, readAnthropicUsage } from '../../reconcile/anthropic-report.ts';
import { readCsvExport } from '../../reconcile/csv-export.ts';
import { readOpenAICosts, readOpenAIUsage } from '../../reconcile/openai-report.ts';
import type { SpendRow } from '../../reconcile/row.ts';
import { usageError } from '../usage-error.ts';

/** Forms of reports that can be read. */
export const REPORT_FORMS = [
  'anthropic-usage',
  'anthropic-costs',
  'openai-usage',
  'openai-costs',
  'csv',
] as const;

/** One of `REPORT_FORMS`. */
export type ReportForm = (typeof REPORT_FORMS)[number];

/** What a report does not say itself. */
export interface ReportTerms {
  /** The form; recognised by what only it has, unless given. */
  readonly form: ReportForm | undefined;
  /** Model ids by the names that the Claude Console writes for people. */
  readonly models: Readonly<Record<string, string>>;
}

/** Fields that only one form has. */
const MARKS: readonly (readonly [ReportForm, RegExp])[] = [
  ['openai-costs', /"organization\.costs\.result"/],
  ['openai-usage', /"organization\.usage\.(?:completions|embeddings)\.result"/],
  ['anthropic-usage', /"uncached_input_tokens"\s*:/],
  ['anthropic-costs', /"cost_type"\s*:/],
];

/**
 * The rows of a provider's report. Throws `REPORT_INVALID` as its reader does, and
 * `COMMAND_INVALID` when nobody can say of which form it is.
 */
export function readReport(
  path: string,
  text: string,
  { form, models }: ReportTerms,
): readonly SpendRow[] {
  const found = form ?? formOf(text);
  switch (found) {
    case 'anthropic-usage':
      return readAnthropicUsage(text);
    case 'anthropic-costs':
      return readAnthropicCosts(text);
    case 'openai-usage':
      return readOpenAIUsage(text);
    case 'openai-costs':
      return readOpenAICosts(text);
    case 'csv':
      return readCsvExport(text, { models });
    case undefined:
      throw usageError(
        `${path} has no field by which its form could be told`,
        `Say --form <${REPORT_FORMS.join('|')}>`,
      );
  }
}

function formOf(text: string): ReportForm | undefined {
  if (!/^\s*[[{]/.test(text)) return 'csv';
  return MARKS.find(([, mark]) => mark.test(text))?.[0];
}
