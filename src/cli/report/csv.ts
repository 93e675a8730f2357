import { printableLines } from '../frame/text.ts';
import type { SpendReport, ReportRow } from './spend-report.ts';

const COLUMNS = [
  'cap_id',
  'scope',
  'window',
  'starts_at',
  'leaves_at',
  'spent_nano_usd',
  'spent_tokens',
  'spent_calls',
  'held_nano_usd',
  'cap_nano_usd',
] as const satisfies readonly (keyof ReportRow)[];

/** What a spreadsheet would take for a formula (owasp.org, CSV Injection). */
const FORMULA = /^[=+\-@]/;

/**
 * Every row of the report as CSV (RFC 4180), with a heading. A text that a spreadsheet would run as
 * a formula begins with a quotation mark instead, and what a terminal would obey or not show is
 * written as `\u{1b}`.
 */
export function csvOf({ caps }: SpendReport): string {
  const rows = caps.flatMap(({ rows: list }) => list);
  const lines = rows.map((row) => COLUMNS.map((name) => field(row[name])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function field(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const shown = printableLines(value);
  const safe = FORMULA.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
