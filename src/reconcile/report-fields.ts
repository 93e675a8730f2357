import { isFields, type Fields } from '../meter/figures.ts';
import { calls, tokens, type Calls, type Tokens } from '../units/count.ts';
import { exactUsd } from './report-sums.ts';
import { ReportError } from './report-error.ts';

/** Reads the fields of one row, and refuses what it does not know by name. */
export class RowFields {
  readonly #source: string;
  readonly #row: number | null;
  readonly #fields: Fields;

  /**
   * Throws `REPORT_INVALID` when the row is no object or has a field that is not in `known`: a
   * field that nobody knows may change what the others mean.
   */
  constructor(
    value: unknown,
    place: { readonly source: string; readonly row: number | null; readonly known: Known },
  ) {
    this.#source = place.source;
    this.#row = place.row;
    if (!isFields(value)) throw this.#fault('row', value, 'is no object');
    this.#fields = value;
    for (const name of Object.keys(value)) {
      if (!place.known.has(name)) throw this.#fault(name, value[name], 'is a field not known here');
    }
  }

  /** Whether the field is there and says something. */
  has(name: string): boolean {
    const value = this.#fields[name];
    return value !== undefined && value !== null && value !== '';
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value === 'string' && value !== '') return value;
    throw this.refuse(name, 'must be text');
  }

  /** The text, or `undefined` where the field is absent, `null` or empty. */
  textIfAny(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#fields[name];
    const found = values.find((known) => known === value);
    if (found !== undefined) return found;
    throw this.refuse(name, `must be ${values.join(' or ')}`);
  }

  tokens(name: string): Tokens {
    return tokens(this.#count(name)) ?? this.#notWhole(name);
  }

  /** The count, and zero where the report leaves the field out. */
  tokensIfAny(name: string): Tokens {
    return this.has(name) ? this.tokens(name) : (tokens(0) ?? this.#notWhole(name));
  }

  calls(name: string): Calls {
    return calls(this.#count(name)) ?? this.#notWhole(name);
  }

  /** Money in 10^-30 dollars; `unitDigits` is 0 for a field in dollars and 2 for one in cents. */
  usd(name: string, unitDigits: number): bigint {
    const value = this.#fields[name];
    const isDecimal = typeof value === 'number' || typeof value === 'string';
    const read = isDecimal ? exactUsd(value, unitDigits) : undefined;
    if (read !== undefined) return read;
    throw this.refuse(name, 'must be a plain decimal from zero up, with at most 28 decimals');
  }

  object(name: string, known: Known): RowFields {
    const place = { source: this.#source, row: this.#row, known };
    return new RowFields(this.#fields[name], place);
  }

  value(name: string): unknown {
    return this.#fields[name];
  }

  /** The error that names this row and the field. */
  refuse(name: string, reason: string): ReportError {
    return this.#fault(name, this.#fields[name], reason);
  }

  /** Exports write whole numbers as `10` and as `10.0`. */
  #count(name: string): unknown {
    const value = this.#fields[name];
    if (typeof value !== 'string') return value;
    return /^\d{1,16}(\.0*)?$/.test(value) ? Number(value) : undefined;
  }

  #notWhole(name: string): never {
    throw this.refuse(name, 'must be a whole number from zero up');
  }

  #fault(field: string, value: unknown, reason: string): ReportError {
    return new ReportError({ source: this.#source, row: this.#row, field, value, reason });
  }
}

/** The names of fields that a reader knows. */
export type Known = ReadonlySet<string>;

/** One or more pages of a report, as JSON text or parsed. */
export type ReportPages = unknown;

/**
 * What all pages hold, span of time by span of time, in order.
 *
 * Throws `REPORT_INVALID` for what is no page of a report, and when pages are missing after the
 * last: a part must not pass for the whole.
 */
export function readSpans(source: string, pages: ReportPages, known: Known): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(pages) ? pages : [pages];
  if (list.length === 0) throw pageFault(source, 'pages', 'has none');
  const spans: unknown[] = [];
  let hasMore = false;
  for (const page of list) {
    const parsed = typeof page === 'string' ? parse(source, page) : page;
    const fields = new RowFields(parsed, { source, row: null, known });
    const data = fields.value('data');
    if (!Array.isArray(data)) throw fields.refuse('data', 'must be a list');
    spans.push(...(data as readonly unknown[]));
    hasMore = fields.value('has_more') === true;
  }
  if (hasMore) throw pageFault(source, 'has_more', 'is true on the last page: pages are missing');
  return spans;
}

function parse(source: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw pageFault(source, 'page', 'is not JSON');
  }
}

function pageFault(source: string, field: string, reason: string): ReportError {
  return new ReportError({ source, row: null, field, reason });
}
