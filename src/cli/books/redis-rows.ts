import { invariant } from '../../errors/error.ts';
import { sumsAt } from '../../stores/sqlite/file/values.ts';
import { Driver, texts, type RedisClient } from '../../stores/redis/server/driver.ts';
import { Keys } from '../../stores/redis/server/keys.ts';
import { epochMs } from '../../units/time.ts';
import { ROWS_MAX, type AccountRow, type RowsAsked } from './account-row.ts';

const SCAN_COUNT = 1_000;
const TIMEOUT_MS = 5_000;

/** Numbers of a row; the last is when the account stops counting, below zero for never. */
const ROW_NUMBERS = 15;

/**
 * The accounts in a Redis ledger, like `sqliteRows`. Found by scanning the keys of the prefix, so a
 * cluster shows those of the node that the client asks.
 */
export async function redisRows(
  client: RedisClient,
  prefix: string,
  { leavesAfter, scope }: RowsAsked,
): Promise<readonly AccountRow[]> {
  const driver = new Driver(client, TIMEOUT_MS);
  const rows: AccountRow[] = [];
  for (const place of await accountKeys(driver, prefix)) {
    const family = familyOf(place, prefix);
    if (family === undefined || (scope !== undefined && family.scope !== scope)) continue;
    const found = texts(await driver.one(['HGETALL', place]));
    for (let index = 0; index < found.length; index += 2) {
      const row = rowOf(family, { key: found[index] ?? '', packed: found[index + 1] ?? '' });
      const isAsked = row.leavesAt === null || row.leavesAt > (leavesAfter ?? -1);
      if (isAsked) rows.push(row);
    }
    if (rows.length > ROWS_MAX) break;
  }
  return rows.toSorted(byCapAndScope);
}

async function accountKeys(driver: Driver, prefix: string): Promise<readonly string[]> {
  const pattern = new Keys(prefix).accounts('*');
  const found = new Set<string>();
  let cursor = '0';
  do {
    const count = String(SCAN_COUNT);
    const reply = await driver.one(['SCAN', cursor, 'MATCH', pattern, 'COUNT', count]);
    invariant(Array.isArray(reply), 'SCAN answers with a cursor and a list');
    cursor = String(reply[0]);
    for (const key of texts(reply[1])) found.add(key);
  } while (cursor !== '0' && found.size <= ROWS_MAX);
  return [...found];
}

interface Family {
  readonly capId: string;
  readonly scope: string;
}

/** Cap and scope value of `<prefix>:{<cap>|<scope>}:accounts`. */
function familyOf(place: string, prefix: string): Family | undefined {
  const [start, end] = [`${prefix}:{`.length, place.length - '}:accounts'.length];
  const family = place.slice(start, end);
  // Both are escaped, so the one bar is the one between them.
  const bar = family.indexOf('|');
  if (bar < 0) return undefined;
  return { capId: unescaped(family.slice(0, bar)), scope: unescaped(family.slice(bar + 1)) };
}

/** Undoes the escapes of `escaped` in `policy/account-key.ts`, and those of braces. */
function unescaped(text: string): string {
  return text.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, unit?: string, byte?: string) =>
    String.fromCharCode(Number.parseInt(unit ?? byte ?? '', 16)),
  );
}

function rowOf(
  { capId, scope }: Family,
  { key, packed }: { readonly key: string; readonly packed: string },
): AccountRow {
  const numbers = packed.split(' ').map(Number);
  invariant(numbers.length === ROW_NUMBERS, `a row in Redis has ${ROW_NUMBERS} numbers`);
  const leaves = numbers[ROW_NUMBERS - 1] ?? -1;
  return {
    key,
    capId,
    scope,
    window: undefined,
    leavesAt: leaves < 0 ? null : (epochMs(leaves) ?? null),
    spent: sumsAt(numbers, 0),
    held: sumsAt(numbers, 3),
    ceiling: undefined,
  };
}

function byCapAndScope(left: AccountRow, right: AccountRow): number {
  return (
    compare(left.capId, right.capId) ||
    compare(left.scope, right.scope) ||
    (left.leavesAt ?? Infinity) - (right.leavesAt ?? Infinity) ||
    0
  );
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
