import { integerOf } from './connection.ts';
import type { SqliteDatabase } from './driver.ts';
import { APPLICATION_ID, type SchemaStep } from './schema.ts';
import { unusable } from './failure.ts';

/**
 * Brings the file forward to the last of `steps`, in one transaction: all or nothing, once,
 * whoever else does the same now. Throws `CONFIG_INVALID` for a file that is ahead of them.
 */
export function migrate(
  database: SqliteDatabase,
  steps: readonly SchemaStep[],
  place: string,
): void {
  const newest = steps.at(-1)?.version ?? 0;
  if (versionIn(database, { newest, place }) === newest) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const found = versionIn(database, { newest, place });
    for (const { version, sql } of steps) {
      if (version > found) database.exec(`${sql}; PRAGMA user_version = ${version}`);
    }
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec('COMMIT');
  } catch (error) {
    abandon(database);
    throw error;
  }
}

function versionIn(
  database: SqliteDatabase,
  { newest, place }: { readonly newest: number; readonly place: string },
): number {
  const found = integerOf(database, 'user_version');
  if (found <= newest) return found;
  const reason = `the file has schema ${found}, and this version of hardcap knows up to ${newest}`;
  throw unusable(place, `${reason}; update hardcap here, too`);
}

function abandon(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has undone the transaction itself.
  }
}
