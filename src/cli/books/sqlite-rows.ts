import {
  ceilingsAt,
  instantAt,
  sumsAt,
  textAt,
  three,
  asArray,
  valuesOf,
} from '../../stores/sqlite/file/values.ts';
import { onlyValue } from '../../stores/sqlite/file/connection.ts';
import { withDriver, type SqliteValue } from '../../stores/sqlite/file/driver.ts';
import { storeError } from '../../stores/sqlite/file/failure.ts';
import { ROWS_MAX, type AccountRow, type RowsAsked } from './account-row.ts';

const COLUMNS = [
  'key',
  'cap_id',
  'scope',
  'window',
  'leaves_at',
  ...['spent', 'held', 'ceiling'].flatMap(three),
];

/** How long a transaction of a guard is waited for. */
const BUSY_MS_MAX = 5_000;

/**
 * The accounts in an SQLite ledger, by cap, scope and window; at most one more than `ROWS_MAX`.
 * Throws `STORE_UNAVAILABLE`. Nothing is written.
 */
export function sqliteRows(path: string, { leavesAfter, scope }: RowsAsked): readonly AccountRow[] {
  const values: SqliteValue[] = [leavesAfter ?? -1, ...(scope === undefined ? [] : [scope])];
  const ofScope = scope === undefined ? '' : 'AND scope = ?';
  const sql = `
    SELECT ${asArray(COLUMNS)} FROM accounts
    WHERE (leaves_at IS NULL OR leaves_at > ?) ${ofScope}
    ORDER BY cap_id, scope, leaves_at LIMIT ${ROWS_MAX + 1}`;
  try {
    return withDriver(undefined, (Database) => {
      const database = new Database(path);
      try {
        database.exec(`PRAGMA busy_timeout = ${BUSY_MS_MAX}`);
        return database
          .prepare(sql)
          .all(...values)
          .map(rowOf);
      } finally {
        database.close();
      }
    });
  } catch (error) {
    throw storeError(error, path);
  }
}

function rowOf(row: unknown): AccountRow {
  const values = valuesOf(onlyValue(row));
  return {
    key: textAt(values, 0),
    capId: textAt(values, 1),
    scope: textAt(values, 2),
    window: textAt(values, 3),
    leavesAt: values[4] === null ? null : instantAt(values, 4),
    spent: sumsAt(values, 5),
    held: sumsAt(values, 8),
    ceiling: ceilingsAt(values, 11),
  };
}
