import { nonZero } from '../meter/token-counts.ts';
import { RowFields, readSpans, type Known, type ReportPages } from './report-fields.ts';
import { sumLines, type ReportLine } from './report-sums.ts';
import type { SpendRow } from './row.ts';

const PROVIDER = 'anthropic';
const USAGE = 'Anthropic usage report';
const COSTS = 'Anthropic cost report';

const PAGE: Known = new Set(['data', 'has_more', 'next_page']);
const SPAN: Known = new Set(['starting_at', 'ending_at', 'results']);
const USAGE_ROW: Known = new Set([
  'uncached_input_tokens',
  'cache_creation',
  'cache_read_input_tokens',
  'output_tokens',
  'server_tool_use',
  'model',
  'api_key_id',
  'workspace_id',
  'account_id',
  'service_account_id',
  'service_tier',
  'context_window',
  'inference_geo',
  'speed',
]);
const COST_ROW: Known = new Set([
  'amount',
  'currency',
  'cost_type',
  'model',
  'token_type',
  'description',
  'service_tier',
  'context_window',
  'inference_geo',
  'workspace_id',
]);
const LIFETIMES: Known = new Set(['ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens']);
const COST_TYPES = ['tokens', 'web_search', 'code_execution', 'session_usage'] as const;
const CENT_DIGITS = 2;

/**
 * Rows of `GET /v1/organizations/usage_report/messages`, grouped by `model` at least: tokens, no
 * money and no calls, which this report does not count.
 *
 * Takes one page or a list of all pages, as JSON text or parsed. Form: Claude API reference, Admin
 * API, "Get Messages Usage Report" (platform.claude.com/docs/en/api/admin/usage_report).
 * Throws `REPORT_INVALID` for a field or form it does not know.
 */
export function readAnthropicUsage(pages: ReportPages): readonly SpendRow[] {
  return sumLines(USAGE, linesOf(USAGE, pages, USAGE_ROW, usageLine));
}

/**
 * Rows of `GET /v1/organizations/cost_report`, grouped by `description`: money, and nothing else.
 *
 * `amount` is a decimal string "in lowest currency units (e.g. cents)": `"123.45"` is $1.2345. What
 * is billed beside models comes as `(web_search)`, `(code_execution)` and `(session_usage)`. Costs
 * of the priority tier are not in this report. Takes pages as `readAnthropicUsage` does.
 * Form: Claude API reference, Admin API, "Cost Report"
 * (platform.claude.com/docs/en/api/admin/cost_report).
 * Throws `REPORT_INVALID` for a field, unit or form it does not know.
 */
export function readAnthropicCosts(pages: ReportPages): readonly SpendRow[] {
  return sumLines(COSTS, linesOf(COSTS, pages, COST_ROW, costLine));
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
    const day = dayOfSpan(span);
    const results = span.value('results');
    if (!Array.isArray(results)) throw span.refuse('results', 'must be a list');
    return results.map((result: unknown) => {
      row += 1;
      return lineOf(new RowFields(result, { source, row, known }), day);
    });
  });
}

const RFC3339_UTC = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)$/;
const DAY_MS = 86_400_000;

/** The one UTC day in which the span lies. */
function dayOfSpan(span: RowFields): string {
  const [start, end] = [span.text('starting_at'), span.text('ending_at')];
  const day = RFC3339_UTC.exec(start)?.[1];
  if (day === undefined) throw span.refuse('starting_at', 'must be an RFC 3339 instant in UTC');
  if (!RFC3339_UTC.test(end)) {
    throw span.refuse('ending_at', 'must be an RFC 3339 instant in UTC');
  }
  if (Date.parse(end) > Date.parse(`${day}T00:00:00Z`) + DAY_MS) {
    throw span.refuse('ending_at', 'must lie in the same UTC day as `starting_at`');
  }
  return day;
}

function usageLine(fields: RowFields, day: string): ReportLine {
  if (!fields.has('model')) throw fields.refuse('model', 'is missing: group the report by model');
  const written = fields.object('cache_creation', LIFETIMES);
  return {
    day,
    provider: PROVIDER,
    model: fields.text('model'),
    tokens: nonZero({
      input: fields.tokens('uncached_input_tokens'),
      cacheRead: fields.tokens('cache_read_input_tokens'),
      cacheWrite5m: written.tokensIfAny('ephemeral_5m_input_tokens'),
      cacheWrite1h: written.tokensIfAny('ephemeral_1h_input_tokens'),
      output: fields.tokens('output_tokens'),
    }),
  };
}

function costLine(fields: RowFields, day: string): ReportLine {
  fields.oneOf('currency', ['USD']);
  if (!fields.has('cost_type')) {
    throw fields.refuse('cost_type', 'is missing: group the report by description');
  }
  const type = fields.oneOf('cost_type', COST_TYPES);
  const model = type === 'tokens' ? fields.text('model') : `(${type})`;
  return { day, provider: PROVIDER, model, usd: fields.usd('amount', CENT_DIGITS) };
}
