import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_PAGE, errorPage } from '../../scripts/error-docs.ts';
import { ERROR_TABLE, type CodeOfKind, type ErrorCode, type ErrorRow } from './codes.ts';
import {
  ConfigError,
  type HardcapError,
  IntegrityError,
  MisuseError,
  OperationError,
  RefusalError,
} from './error.ts';

const rows = Object.entries(ERROR_TABLE) as [ErrorCode, ErrorRow][];

/** An error of each code, made by the one class that may carry it. */
const made: Readonly<Record<ErrorCode, () => HardcapError>> = {
  ...refusals(
    'BUDGET_CAP',
    'SCOPE_CLOSED',
    'SCOPE_MISSING',
    'PRICE_UNKNOWN',
    'UNBOUNDED_REQUEST',
    'ROUTE_UNKNOWN',
    'GRANT_INVALID',
    'GRANT_EXPIRED',
    'GRANT_REDEEMED',
    'GRANT_IN_USE',
    'ALLOTMENT_MISSING',
  ),
  ...misuses(
    'REQUEST_INVALID',
    'HANDLE_SPENT',
    'RESERVATION_SETTLED',
    'RESERVATION_RELEASED',
    'RESERVATION_EXPIRED',
    'RESERVATION_UNKNOWN',
    'ORDER_INVALID',
    'REPORT_INVALID',
    'COMMAND_INVALID',
  ),
  CONFIG_INVALID: () => new ConfigError({ field: 'caps', value: 1, reason: 'not a list' }),
  ...operations('STORE_UNAVAILABLE', 'STORE_CONFLICT', 'UPSTREAM_FAILED', 'USAGE_MISSING'),
  INVARIANT_BROKEN: () => new IntegrityError('Must hold: one.'),
};

const CLASS_OF_KIND = {
  refusal: RefusalError,
  misuse: MisuseError,
  operation: OperationError,
  integrity: IntegrityError,
} as const;

describe('the error table is the one truth', () => {
  it.each(rows)('%s: the class that carries it says what the table says', (code, row) => {
    const error = made[code]();
    expect(error).toMatchObject({
      code,
      kind: row.kind,
      status: row.status,
      retryable: row.retryable,
    });
    expect(error.toJSON()).toMatchObject({ code, kind: row.kind, status: row.status });
    for (const [kind, type] of Object.entries(CLASS_OF_KIND)) {
      expect(error instanceof type, `${code} instanceof ${type.name}`).toBe(kind === row.kind);
    }
  });

  it('the docs page says what the table says, row by row', () => {
    const page = readFileSync(ERROR_PAGE, 'utf8');
    const written = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map(
      ([, code, cells]) => `${code}: ${cells}`,
    );
    const expected = rows.map(([code, row]) => {
      const { kind, status, meaning, remedy } = row;
      return `${code}: ${kind} | ${status} | no | ${meaning} | ${remedy}`;
    });
    expect(written).toEqual(expected);
  });

  it('the docs page is what its script writes', () => {
    expect(readFileSync(ERROR_PAGE, 'utf8')).toBe(errorPage(ERROR_TABLE));
  });

  it('each kind has one HTTP status, and none that a client re-sends by itself', () => {
    const statusOfKind = { refusal: 402, misuse: 400, operation: 402, integrity: 500 };
    for (const [code, row] of rows) {
      expect(row.status, code).toBe(statusOfKind[row.kind]);
      expect(row.retryable, code).toBe(false);
    }
  });

  it('every row says what happened and what to do, in sentences that fit a table cell', () => {
    for (const [code, row] of rows) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      for (const text of [row.meaning, row.remedy]) {
        expect(text, code).toMatch(/^[A-Z].*\.$/);
        expect(text, code).not.toMatch(/[|\n]/);
      }
    }
  });
});

function refusals<C extends CodeOfKind<'refusal'>>(...codes: readonly C[]): Makers<C> {
  return makers(codes, (code) => new RefusalError(code, 'Refused.'));
}

function misuses<C extends CodeOfKind<'misuse'>>(...codes: readonly C[]): Makers<C> {
  return makers(codes, (code) => new MisuseError(code, 'Misused.'));
}

function operations<C extends CodeOfKind<'operation'>>(...codes: readonly C[]): Makers<C> {
  return makers(codes, (code) => new OperationError(code, 'Failed.'));
}

type Makers<C extends ErrorCode> = Record<C, () => HardcapError>;

function makers<C extends ErrorCode>(
  codes: readonly C[],
  make: (code: C) => HardcapError,
): Makers<C> {
  return Object.fromEntries(codes.map((code) => [code, () => make(code)])) as Makers<C>;
}
