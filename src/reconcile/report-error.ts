import { MisuseError, markError } from '../errors/error.ts';

/** Where in a report something cannot be meant. */
export interface ReportFault {
  /** Which reader: `'Anthropic cost report'`. */
  readonly source: string;
  /** 1 for the first row, with a CSV's heading not counted; `null`: the report as a whole. */
  readonly row: number | null;
  readonly field: string;
  readonly value?: unknown;
  readonly reason: string;
}

/** A report that cannot be read. Code `REPORT_INVALID`; nothing was compared with the books. */
export class ReportError extends MisuseError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.report');
  readonly source: string;
  readonly row: number | null;
  readonly field: string;

  constructor({ source, row, field, value, reason }: ReportFault) {
    const place = row === null ? source : `${source}, row ${row}`;
    const shown = value === undefined ? '' : ` = ${shorten(value)}`;
    super('REPORT_INVALID', `${place}: ${field}${shown}: ${reason}.`);
    this.source = source;
    this.row = row;
    this.field = field;
    markError(this, ReportError.marker, { name: 'ReportError', code: 'REPORT_INVALID' });
  }

  override toJSON(): Record<string, unknown> {
    const { source, row, field } = this;
    return { ...super.toJSON(), source, row, field };
  }
}

const SHOWN_MAX = 80;

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
  return JSON.stringify(text.slice(0, SHOWN_MAX));
}
