import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import Libsql from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../errors/error.ts';
import { capped, identityOf, itemOf, messageOf } from '../../conformance/lease-orders.ts';
import type { SqliteDatabase } from './driver.ts';
import { migrate } from './migrations.ts';
import { SCHEMA, type SchemaStep } from './schema.ts';
import { createSqliteLeaseStore } from '../lease-store.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hardcap-migrate-'));
let files = 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

const NEXT: SchemaStep = { version: 2, sql: 'ALTER TABLE holders ADD COLUMN region TEXT' };
const BROKEN: SchemaStep = {
  version: 3,
  sql: 'CREATE TABLE more (a); INSERT INTO none VALUES (1)',
};

describe.each([
  ['better-sqlite3', (path: string): SqliteDatabase => new Sqlite(path)],
  ['libsql', (path: string): SqliteDatabase => new Libsql(path)],
] as const)('migrating a ledger with %s', (driver, open) => {
  function written(): string {
    files += 1;
    const path = join(FOLDER, `${files}.db`);
    const store = createSqliteLeaseStore({ path, driver });
    store.open(identityOf('h'));
    store.exchange(messageOf('h', 1, [itemOf(capped(100), { need: { usd: 60 } })]));
    store.end();
    return path;
  }

  function numberIn(database: SqliteDatabase, sql: string): unknown {
    return Object.values(database.prepare(sql).get() as object)[0];
  }

  it('goes forward step by step, and keeps what stands in it', () => {
    const database = open(written());
    migrate(database, [...SCHEMA, NEXT], 'a.db');
    expect(numberIn(database, 'PRAGMA user_version')).toBe(2);
    expect(numberIn(database, 'SELECT held_usd FROM accounts')).toBe(60);
    expect(numberIn(database, 'SELECT count(region) FROM holders')).toBe(0);
    migrate(database, [...SCHEMA, NEXT], 'a.db');
    database.close();
  });

  it('takes all steps or none', () => {
    const database = open(written());
    expect(() => migrate(database, [...SCHEMA, NEXT, BROKEN], 'a.db')).toThrow(/none/);
    expect(numberIn(database, 'PRAGMA user_version')).toBe(1);
    expect(() => numberIn(database, 'SELECT region FROM holders')).toThrow(/no such column/);
    expect(numberIn(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'")).toBe(0);
    database.close();
  });

  it('never goes back', () => {
    const database = open(written());
    migrate(database, [...SCHEMA, NEXT], 'a.db');
    expect(() => migrate(database, SCHEMA, 'a.db')).toThrow(ConfigError);
    expect(numberIn(database, 'PRAGMA user_version')).toBe(2);
    database.close();
  });

  it('numbers its steps from 1 without a gap', () => {
    expect(SCHEMA.map(({ version }) => version)).toEqual(SCHEMA.map((_, index) => index + 1));
  });
});
