import { nonZero } from '../meter/token-counts.ts';
import { nanoUsd } from '../units/money.ts';
import { parseCsv, type CsvTable } from './csv.ts';
import { costLine, daySpanned, USAGE_FIELDS, usageLine } from './openai-report.ts';
import { ReportError } from './report-error.ts';
import { RowFields, type Known } from './report-fields.ts';
import { sumLines, type ReportLine } from './report-sums.ts';
import type { SpendRow } from './row.ts';

/** What an export does not say itself. */
export interface CsvExportOptions {
  /**
   * Model ids by the names that the Claude Console's cost export writes instead:
   * `{ 'Claude Haiku 4.5': 'claude-haiku-4-5' }`.
   */
  readonly models?: Readonly<Record<string, string>>;
}

/**
 * Rows of a CSV export of the Claude Console (usage or cost) or the OpenAI dashboard (completions
 * usage or costs). Which one it is, its heading says.
 *
 * The forms were read from exports that are public (files of 2024 to 2026); neither provider
 * documents them. The Claude Console's costs are whole cents a line and name models for people:
 * `options.models` must say which ids they are, and the rows say by how much they may be off.
 * Throws `REPORT_INVALID`, naming the row, for a heading, column, unit or value it does not know.
 */
export function readCsvExport(text: string, options: CsvExportOptions = {}): readonly SpendRow[] {
  const table = parseCsv('CSV export', text);
  const format = FORMATS.find(({ marks }) => marks.every((name) => table.heading.includes(name)));
  if (format === undefined) {
    const reason = 'is none of an export that is known';
    const [source, value] = ['CSV export', table.heading.join(',')];
    throw new ReportError({ source, row: null, field: 'heading', value, reason });
  }
  return sumLines(format.source, linesOf(table, format, options));
}

interface Format {
  readonly source: string;
  /** Columns that only this export has together. */
  readonly marks: readonly string[];
  readonly known: Known;
  /** `undefined` for a row that says that nothing happened. */
  readonly lineOf: (fields: RowFields, options: CsvExportOptions) => ReportLine | undefined;
}

const ANTHROPIC_COMMON = [
  'usage_date_utc',
  'workspace',
  'api_key',
  'api_key_id',
  'api_key_status',
  'usage_type',
  'context_window',
  'inference_geo',
  'speed',
] as const;
const OPENAI_COMMON = [
  'start_time',
  'end_time',
  'start_time_iso',
  'end_time_iso',
  'project_id',
  'project_name',
  'user_id',
  'user_email',
  'api_key_id',
  'api_key_name',
  'api_source',
  'organization_id',
  'organization_name',
] as const;

const FORMATS: readonly Format[] = [
  {
    source: 'Claude Console usage export',
    marks: ['usage_date_utc', 'model_version', 'usage_input_tokens_no_cache'],
    known: new Set([
      ...ANTHROPIC_COMMON,
      'model_version',
      'usage_input_tokens_no_cache',
      'usage_input_tokens_cache_write_5m',
      'usage_input_tokens_cache_write_1h',
      'usage_input_tokens_cache_read',
      'usage_output_tokens',
      'web_search_count',
    ]),
    lineOf: consoleUsage,
  },
  {
    source: 'Claude Console cost export',
    marks: ['usage_date_utc', 'token_type', 'cost_usd'],
    known: new Set([
      ...ANTHROPIC_COMMON,
      'model',
      'token_type',
      'cost_usd',
      'list_price_usd',
      'cost_type',
    ]),
    lineOf: consoleCost,
  },
  {
    source: 'OpenAI usage export',
    marks: ['start_time', 'num_model_requests', 'input_tokens'],
    known: new Set([...OPENAI_COMMON, ...USAGE_FIELDS]),
    lineOf: (fields) =>
      fields.has('num_model_requests') ? usageLine(fields, daySpanned(fields)) : undefined,
  },
  {
    source: 'OpenAI costs export',
    marks: ['start_time', 'amount_value', 'amount_currency'],
    known: new Set([
      ...OPENAI_COMMON,
      'amount_value',
      'amount_currency',
      'line_item',
      'quantity',
      'quantity_unit',
    ]),
    lineOf: dashboardCost,
  },
];

function linesOf(
  { rows }: CsvTable,
  { source, known, lineOf }: Format,
  options: CsvExportOptions,
): readonly ReportLine[] {
  return rows.flatMap((row, index) => {
    const line = lineOf(new RowFields(row, { source, row: index + 1, known }), options);
    return line === undefined ? [] : [line];
  });
}

function consoleUsage(fields: RowFields): ReportLine {
  return {
    day: dateOf(fields),
    provider: 'anthropic',
    model: fields.text('model_version'),
    tokens: nonZero({
      input: fields.tokens('usage_input_tokens_no_cache'),
      cacheRead: fields.tokens('usage_input_tokens_cache_read'),
      cacheWrite5m: fields.tokens('usage_input_tokens_cache_write_5m'),
      cacheWrite1h: fields.tokens('usage_input_tokens_cache_write_1h'),
      output: fields.tokens('usage_output_tokens'),
    }),
  };
}

const TOKEN_TYPES = [
  'input_no_cache',
  'input_cache_read',
  'input_cache_write_5m',
  'input_cache_write_1h',
  'output',
] as const;

/** Each line is whole cents; whether cut or rounded nobody says, so it may be a cent off. */
const CENT = nanoUsd(10_000_000);

function consoleCost(fields: RowFields, { models = {} }: CsvExportOptions): ReportLine {
  fields.oneOf('cost_type', ['token']);
  fields.oneOf('token_type', TOKEN_TYPES);
  const name = fields.text('model');
  const model = Object.hasOwn(models, name) ? models[name] : undefined;
  if (model === undefined) {
    throw fields.refuse('model', 'is a name for people: say its id under `models`');
  }
  const line = {
    day: dateOf(fields),
    provider: 'anthropic',
    model,
    usd: fields.usd('cost_usd', 0),
  };
  return CENT === undefined ? line : { ...line, roundedBy: CENT };
}

function dashboardCost(fields: RowFields): ReportLine | undefined {
  const day = daySpanned(fields);
  if (!fields.has('amount_value')) return undefined;
  fields.oneOf('amount_currency', ['usd']);
  return costLine(fields, { day, usd: fields.usd('amount_value', 0) });
}

function dateOf(fields: RowFields): string {
  const day = fields.text('usage_date_utc');
  if (/^\d{4}-\d{2}-\d{2}$/.test(day)) return day;
  throw fields.refuse('usage_date_utc', 'must be a date, YYYY-MM-DD');
}
