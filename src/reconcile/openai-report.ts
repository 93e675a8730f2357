import { nonZero } from '../meter/token-counts.ts';
import { tokens, type Tokens } from '../units/count.ts';
import { RowFields, readSpans, type Known, type ReportPages } from './report-fields.ts';
import { sumLines, type ReportLine } from './report-sums.ts';
import { dayOf, type SpendRow } from './row.ts';

const PROVIDER = 'openai';
const USAGE = 'OpenAI usage report';
const COSTS = 'OpenAI costs report';

const PAGE: Known = new Set(['object', 'data', 'has_more', 'next_page']);
const SPAN: Known = new Set([
  'object',
  'start_time',
  'end_time',
  'start_time_iso',
  'end_time_iso',
  'results',
]);

/** Fields of one usage result, by SDK 7.57 (`resources/admin/organization/usage`). */
export const USAGE_FIELDS = [
  'object',
  'model',
  'num_model_requests',
  'input_tokens',
  'input_uncached_tokens',
  'input_cached_tokens',
  'input_cache_write_tokens',
  'input_cache_write_30m_tokens',
  'input_cache_write_12h_tokens',
  'input_text_tokens',
  'input_cached_text_tokens',
  'input_audio_tokens',
  'input_cached_audio_tokens',
  'input_image_tokens',
  'input_cached_image_tokens',
  'output_tokens',
  'output_text_tokens',
  'output_audio_tokens',
  'output_image_tokens',
  'batch',
  'service_tier',
  'project_id',
  'user_id',
  'api_key_id',
  'api_source',
] as const;

const USAGE_ROW: Known = new Set(USAGE_FIELDS);
const COST_ROW: Known = new Set([
  'object',
  'amount',
  'line_item',
  'quantity',
  'quantity_unit',
  'project_id',
  'user_id',
  'api_key_id',
  'api_source',
  'organization_id',
  'organization_name',
  'project_name',
]);
const AMOUNT: Known = new Set(['value', 'currency']);
const USAGE_OBJECTS = [
  'organization.usage.completions.result',
  'organization.usage.embeddings.result',
] as const;
const DOLLAR_DIGITS = 0;

/**
 * Rows of `GET /v1/organization/usage/completions` or `/embeddings`, grouped by `model` at least:
 * tokens and calls, no money.
 *
 * Takes one page or a list of all pages, as JSON text or parsed. Form: the official SDK 7.57,
 * `admin.organization.usage`: `input_tokens` includes cached and written ones, audio is counted
 * without what was cached. Throws `REPORT_INVALID` for a field or form it does not know.
 */
export function readOpenAIUsage(pages: ReportPages): readonly SpendRow[] {
  const lines = linesOf(USAGE, pages, USAGE_ROW, (fields, day) => {
    fields.oneOf('object', USAGE_OBJECTS);
    return usageLine(fields, day);
  });
  return sumLines(USAGE, lines);
}

/**
 * Rows of `GET /v1/organization/costs`, grouped by `line_item`: money, and nothing else.
 *
 * `amount.value` is a number of dollars (`currency` is `usd`). A line item of the form `model,
 * input`, `model, cached input` or `model, output` is that model's; any other keeps its whole name
 * in parentheses, so that nothing is lost and nothing guessed. Form: the official SDK 7.57,
 * `admin.organization.usage.costs`; the form of line items is not documented and was read from
 * public exports. Throws `REPORT_INVALID` for a field, unit or form it does not know.
 */
export function readOpenAICosts(pages: ReportPages): readonly SpendRow[] {
  const lines = linesOf(COSTS, pages, COST_ROW, (fields, day) => {
    fields.oneOf('object', ['organization.costs.result']);
    const amount = fields.object('amount', AMOUNT);
    amount.oneOf('currency', ['usd']);
    return costLine(fields, { day, usd: amount.usd('value', DOLLAR_DIGITS) });
  });
  return sumLines(COSTS, lines);
}

/** One usage result, from the API or an export, in disjoint classes. */
export function usageLine(fields: RowFields, day: string): ReportLine {
  if (!fields.has('model')) throw fields.refuse('model', 'is missing: group the report by model');
  const count = (name: string) => fields.tokensIfAny(name);
  const less = (name: string, whole: Tokens, ...parts: readonly Tokens[]): Tokens => {
    const rest = tokens(whole - parts.reduce((sum, part) => sum + part, 0));
    if (rest !== undefined) return rest;
    throw fields.refuse(name, 'is less than its parts together');
  };
  const [audio, cachedAudio] = [count('input_audio_tokens'), count('input_cached_audio_tokens')];
  const [cached, written] = [count('input_cached_tokens'), count('input_cache_write_tokens')];
  const long = count('input_cache_write_12h_tokens');
  const [spoken, drawn] = [count('output_audio_tokens'), count('output_image_tokens')];
  return {
    day,
    provider: PROVIDER,
    model: fields.text('model'),
    calls: fields.calls('num_model_requests'),
    tokens: nonZero({
      input: less('input_tokens', fields.tokens('input_tokens'), cached, written, audio),
      cacheRead: less('input_cached_tokens', cached, cachedAudio),
      cacheWrite5m: less('input_cache_write_tokens', written, long),
      cacheWrite1h: long,
      audioInput: audio,
      audioCacheRead: cachedAudio,
      output: less('output_tokens', count('output_tokens'), spoken, drawn),
      audioOutput: spoken,
      imageOutput: drawn,
    }),
  };
}

const MODEL_LINE = /^([^\s,|][^,|]*), (input|cached input|output)$/;

/** One cost, from the API or an export, under the model that its line item names. */
export function costLine(
  fields: RowFields,
  { day, usd }: { readonly day: string; readonly usd: bigint },
): ReportLine {
  if (!fields.has('line_item')) {
    throw fields.refuse('line_item', 'is missing: group the report by line item');
  }
  const item = fields.text('line_item');
  const model = MODEL_LINE.exec(item)?.[1]?.trim() ?? `(${item})`;
  return { day, provider: PROVIDER, model, usd };
}

function linesOf(
  source: string,
  pages: ReportPages,
  known: Known,
  lineOf: (fields: RowFields, day: string) => ReportLine,
): readonly ReportLine[] {
  let row = 0;
  return readSpans(source, pages, PAGE).flatMap((value) => {
    const span = new RowFields(value, { source, row: row + 1, known: SPAN });
    const day = daySpanned(span);
    const results = span.value('results');
    if (!Array.isArray(results)) throw span.refuse('results', 'must be a list');
    return results.map((result: unknown) => {
      row += 1;
      return lineOf(new RowFields(result, { source, row, known }), day);
    });
  });
}

const DAY_SECONDS = 86_400;

/** The one UTC day in which the span of Unix seconds lies. */
export function daySpanned(span: RowFields): string {
  const [start, end] = [span.tokens('start_time'), span.tokens('end_time')];
  const midnight = start - (start % DAY_SECONDS);
  if (end <= start || end > midnight + DAY_SECONDS) {
    throw span.refuse('end_time', 'must lie in the same UTC day as `start_time`');
  }
  return dayOf(midnight * 1_000);
}
