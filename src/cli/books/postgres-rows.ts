import { invariant } from '../../errors/error.ts';
import { queryOf, type PostgresClient } from '../../stores/postgres/database/driver.ts';
import { failureOf } from '../../stores/postgres/database/failure.ts';
import { readSchema } from '../../stores/postgres/database/migrations.ts';
import { NEVER } from '../../stores/postgres/database/wire.ts';
import {
  ceilingsAt,
  instantAt,
  sumsAt,
  textAt,
  three,
  valuesOf,
} from '../../stores/sqlite/file/values.ts';
import { ROWS_MAX, type AccountRow, type RowsAsked } from './account-row.ts';

const COLUMNS = [
  'key',
  'cap_id',
  'scope',
  'window_name',
  'leaves_at',
  ...['spent', 'held', 'ceiling'].flatMap(three),
];

/** The accounts in a PostgreSQL ledger, like `sqliteRows`. */
export async function postgresRows(
  client: PostgresClient,
  schema: string,
  { leavesAfter, scope }: RowsAsked,
): Promise<readonly AccountRow[]> {
  const values = [String(leavesAfter ?? -1), ...(scope === undefined ? [] : [scope])];
  const ofScope = scope === undefined ? '' : 'and scope = $2::text';
  const text = `
    select json_build_array(${COLUMNS.join(', ')})::text as reply
    from "${readSchema(schema)}".accounts
    where leaves_at > $1::text::bigint ${ofScope}
    order by cap_id, scope, leaves_at limit ${ROWS_MAX + 1}`;
  try {
    return (await queryOf(client)(text, values)).map(rowOf);
  } catch (cause) {
    throw failureOf(cause);
  }
}

function rowOf(row: unknown): AccountRow {
  const hasReply = typeof row === 'object' && row !== null && 'reply' in row;
  invariant(hasReply, 'the server answers with one column');
  const values = valuesOf(row.reply);
  return {
    key: textAt(values, 0),
    capId: textAt(values, 1),
    scope: textAt(values, 2),
    window: textAt(values, 3),
    leavesAt: values[4] === NEVER ? null : instantAt(values, 4),
    spent: sumsAt(values, 5),
    held: sumsAt(values, 8),
    ceiling: ceilingsAt(values, 11),
  };
}
