import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { accountOf, DAY_MS } from '../conformance/orders.ts';
import { identityOf, itemOf, messageOf } from '../conformance/lease-orders.ts';
import { SQLITE_DRIVERS } from './file/driver.ts';
import { BUSY_TIMEOUT_MS_DEFAULT } from './file/open-file.ts';
import { createSqliteLeaseStore } from './lease-store.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hardcap-page-'));
const PAGE = readFileSync(new URL('../../../docs/ledgers/sqlite.md', import.meta.url), 'utf8');
const DOLLAR = 1_000_000_000;

afterAll(() => rmSync(FOLDER, { recursive: true }));

describe('the page about the SQLite ledger', () => {
  it('has one query that says who spent what today, beside a store that is open', () => {
    const path = join(FOLDER, 'spend.db');
    const store = createSqliteLeaseStore({ path });
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const day = (scope: string, start: number) =>
      accountOf({ cap: 'day', scope, ceiling: { usd: 50 * DOLLAR }, starts: [start] });
    const [acme, before, other] = [
      day('customer:acme', today),
      day('customer:acme', today - DAY_MS),
      day('customer:other', today),
    ];
    store.open(identityOf('h'));
    const items = [acme, before, other].map((each) => itemOf(each, { need: { usd: 3 * DOLLAR } }));
    store.exchange(messageOf('h', 1, items));
    const known = { usd: 3 * DOLLAR };
    const spent = [acme, before].map((each) => itemOf(each, { known, spent: { usd: DOLLAR / 4 } }));
    store.exchange(messageOf('h', 2, spent));
    const query = /```sql\n([\s\S]+?)```/.exec(PAGE)![1]!;
    const reader = new Sqlite(path, { readonly: true });
    const cap = { cap_id: 'day', cap_dollars: 50 };
    expect(reader.prepare(query).all()).toEqual([
      { scope: 'customer:acme', ...cap, spent_dollars: 0.25, held_dollars: 2.75 },
      { scope: 'customer:other', ...cap, spent_dollars: 0, held_dollars: 3 },
    ]);
    reader.close();
    store.end();
  });

  it('names every table, every driver and the default of the busy timeout', () => {
    const path = join(FOLDER, 'tables.db');
    createSqliteLeaseStore({ path }).end();
    const reader = new Sqlite(path, { readonly: true });
    const tables =
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    const names = reader.prepare(tables).pluck().all() as string[];
    reader.close();
    const wanted = [...names, ...SQLITE_DRIVERS, `| ${BUSY_TIMEOUT_MS_DEFAULT} |`];
    expect(wanted.filter((name) => !PAGE.includes(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(8);
  });
});
