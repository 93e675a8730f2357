import { ReportError } from './report-error.ts';

/** Most characters of one export. */
export const CSV_CHARS_MAX = 64 * 1_024 * 1_024;

/** A CSV text as its heading and its rows. */
export interface CsvTable {
  readonly heading: readonly string[];
  /** Fields by the name in the heading; every row has all of them. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/**
 * A CSV text by RFC 4180: commas, fields in double quotes with quotes doubled inside, any line end,
 * a byte order mark before the heading. Empty lines are left out.
 *
 * Throws `REPORT_INVALID` for a row with more or fewer fields than the heading, a heading that says
 * a name twice, a quote that nobody closes, or a text above `CSV_CHARS_MAX`.
 */
export function parseCsv(source: string, text: string): CsvTable {
  const fault = (row: number | null, reason: string) =>
    new ReportError({ source, row, field: 'CSV', reason });
  if (text.length > CSV_CHARS_MAX) throw fault(null, `is longer than ${CSV_CHARS_MAX} characters`);
  const records = recordsOf(text.replace(/^\uFEFF/, ''));
  if (records === undefined) throw fault(null, 'has a quote that nothing closes');
  const [heading = [], ...rows] = records.filter((record) => record.some((field) => field !== ''));
  if (new Set(heading).size !== heading.length) throw fault(null, 'names a column twice');
  return {
    heading,
    rows: rows.map((record, index) => {
      if (record.length !== heading.length) {
        throw fault(index + 1, `has ${record.length} fields and the heading ${heading.length}`);
      }
      return Object.fromEntries(heading.map((name, place) => [name, record[place] ?? '']));
    }),
  };
}

/** `undefined` when the text ends inside quotes, or a quoted field goes on after its quote. */
function recordsOf(text: string): readonly (readonly string[])[] | undefined {
  const records: string[][] = [];
  let record: string[] = [];
  let place = 0;
  while (place < text.length) {
    const field = text[place] === '"' ? quotedField(text, place) : plainField(text, place);
    if (field === undefined) return undefined;
    record.push(field.value);
    place = field.end;
    if (text[place] === ',') {
      place += 1;
      if (place === text.length) record.push('');
      continue;
    }
    if (text[place] === '\r' && text[place + 1] === '\n') place += 1;
    place += 1;
    records.push(record);
    record = [];
  }
  if (record.length > 0) records.push(record);
  return records;
}

interface Field {
  readonly value: string;
  /** The place behind the field: a comma, a line end, or the end of the text. */
  readonly end: number;
}

function plainField(text: string, start: number): Field {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') {
    end += 1;
  }
  return { value: text.slice(start, end), end };
}

function quotedField(text: string, start: number): Field | undefined {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      const end = quote + 1;
      const isClosed = end === text.length || /[,\r\n]/.test(text[end] ?? '');
      return isClosed ? { value, end } : undefined;
    }
    value += '"';
    from = quote + 2;
  }
}
