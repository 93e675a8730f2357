import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY, DAY_MS } from '../conformance/orders.ts';
import { IntegrityError, OperationError } from '../../errors/error.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import { epochMs, shifted } from '../../units/time.ts';
import type { ConformanceLeaseStore } from '../conformance/lease-case.ts';
import {
  capped,
  closeOf,
  identityOf,
  itemOf,
  messageOf,
  raiseOf,
} from '../conformance/lease-orders.ts';
import { runRandomLeases } from '../conformance/lease-random-cases.ts';
import { leaseStoreConformance } from '../conformance/lease-suite.ts';
import { createMemoryLeaseStore } from '../memory/lease-store.ts';
import type { SqliteDatabase } from './file/driver.ts';
import { Connection } from './file/connection.ts';
import {
  SqliteLeaseStore,
  createSqliteLeaseStore,
  type SqliteLeaseStoreOptions,
} from './lease-store.ts';

// In memory where there is such a folder: these tests are about answers, not about the disk.
const DISK = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const FOLDER = mkdtempSync(join(DISK, 'hardcap-sqlite-'));
const NOON = epochMs(DAY + 3_600_000)!;
const SEEDS = Number(process.env['HARDCAP_SQLITE_SEEDS'] ?? 3);
const TOLD = { isOwn: true, schemaVersion: 1, mustNotUseWal: false };
let files = 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

function newPath(): string {
  files += 1;
  return join(FOLDER, `${files}.db`);
}

function open(options: SqliteLeaseStoreOptions) {
  return createSqliteLeaseStore({ clock: () => NOON, synchronous: 'normal', ...options });
}

/** Opens the file anew for each call, so that nothing is known but what stands in it. */
function forgetful(path: string): LeaseStore {
  const once = <T>(call: (store: SqliteLeaseStore) => T): T => {
    const store = open({ path, driver: 'better-sqlite3' });
    try {
      return call(store);
    } finally {
      store.end();
    }
  };
  return {
    isSynchronous: true,
    open: (identity) => once((store) => store.open(identity)),
    exchange: (message) => once((store) => store.exchange(message)),
    close: (order) => once((store) => store.close(order)),
    holders: () => once((store) => store.holders()),
    balances: (accounts) => once((store) => store.balances(accounts)),
    operate: (operation) => once((store) => store.operate(operation)),
    doubts: () => once((store) => store.doubts()),
    journal: (after) => once((store) => store.journal(after)),
    end: () => undefined,
  };
}

it('S2. every column that an answer depends on stands in the file, changed or not', async () => {
  for (let seed = 201; seed < 201 + SEEDS; seed += 1) {
    const unit = seed % 2 === 0 ? 1 : 1_099_511_627_791;
    await runRandomLeases(forgetful(newPath()), { seed, steps: 150, unit });
  }
});

describe.each(['better-sqlite3', 'libsql'] as const)('the SQLite lease store over %s', (driver) => {
  function make(): ConformanceLeaseStore {
    let now = NOON;
    const path = newPath();
    const again = () => open({ path, driver, clock: () => now });
    return { store: again(), reopened: again, pass: (ms) => void (now = shifted(now, ms)) };
  }

  function raw(path: string): SqliteDatabase {
    const Database = createRequire(import.meta.url)(driver) as new (path: string) => SqliteDatabase;
    return new Database(path);
  }

  it.each(leaseStoreConformance)('$title', ({ run }) => run(make));

  it('answers random messages, orders and ends like the memory store, to the digit', async () => {
    for (let seed = 101; seed < 101 + SEEDS; seed += 1) {
      const unit = seed % 2 === 0 ? 1 : 1_099_511_627_791;
      const said: string[][] = [];
      const stores = [createMemoryLeaseStore({ clock: () => epochMs(DAY)! }), make().store];
      for (const store of stores) {
        const lines: string[] = [];
        said.push(lines);
        const saw = (told: string, reply: unknown) =>
          void lines.push(`${told} ${JSON.stringify(reply)}`);
        await runRandomLeases(store, { seed, steps: 300, unit, saw });
      }
      expect(said[1], `seed ${seed}`).toEqual(said[0]);
      expect(said[0]!.length).toBeGreaterThan(200);
    }
  });

  it('S1. keeps the cap among two connections to one file', () => {
    const path = newPath();
    const stores = [open({ path, driver }), open({ path, driver })];
    stores.forEach((store, index) => store.open(identityOf(`h${index}`)));
    const account = capped(100);
    const granted = [0, 0];
    for (let seq = 1; seq <= 20; seq += 1) {
      for (const [index, store] of stores.entries()) {
        const item = itemOf(account, { known: { usd: granted[index]! }, need: { usd: 7 } });
        const reply = store.exchange(messageOf(`h${index}`, seq, [item]));
        if (reply.kind === 'applied') granted[index] = reply.slices[0]!.granted[0];
      }
    }
    expect(granted).toEqual([49, 49]);
    expect(stores[1]!.balances([account])).toEqual([{ spent: [0, 0, 0], held: [98, 0, 0] }]);
    for (const store of stores) store.end();
  });

  it('S1. its tables refuse a grant past the ceiling, whoever makes it', () => {
    const path = newPath();
    const store = open({ path, driver });
    store.open(identityOf('h'));
    const item = itemOf(capped(100), { need: { usd: 60 } });
    store.exchange(messageOf('h', 1, [item]));
    store.end();
    const database = raw(path);
    const grant = (usd: number) => database.exec(`UPDATE accounts SET held_usd = ${usd}`);
    grant(100);
    expect(() => grant(101)).toThrow(/usd_within_ceiling/);
    expect(() => grant(-1)).toThrow(/CHECK/);
    expect(() => database.exec('UPDATE slices SET spent_usd = 61')).toThrow(/CHECK/);
    database.close();
  });

  it('S5. books what was spent above the ceiling, and grants nothing on top of it', () => {
    const path = newPath();
    const store = open({ path, driver });
    store.open(identityOf('h'));
    store.exchange(messageOf('h', 1, [itemOf(capped(100), { need: { usd: 60 } })]));
    const spent = { known: { usd: 60 }, spent: { usd: 130 }, need: { usd: 1 } };
    const reply = store.exchange(messageOf('h', 2, [itemOf(capped(100), spent)]));
    expect(reply).toMatchObject({ slices: [{ isRefused: true, spent: [130, 0, 0] }] });
    const lowered = { known: { usd: 130 }, spent: { usd: 120 } };
    store.exchange(messageOf('h', 3, [itemOf(capped(50), lowered)]));
    store.end();
    const database = raw(path);
    const row = database.prepare('SELECT ceiling_usd, excess_usd FROM accounts').get();
    expect(row).toMatchObject({ ceiling_usd: 50, excess_usd: 80 });
    database.close();
  });

  it('keeps nothing of a message that is lost, not even of its first items', () => {
    const store = open({ path: newPath(), driver });
    store.open(identityOf('h'));
    const [first, second] = [capped(100), capped(100, { scope: 'customer:a' })];
    const items = [
      itemOf(first, { need: { usd: 5 } }),
      itemOf(second, { known: { usd: 5 }, need: { usd: 5 } }),
    ];
    expect(store.exchange(messageOf('h', 1, items)).kind).toBe('lost');
    expect(store.balances([first])).toEqual([{ spent: [0, 0, 0], held: [0, 0, 0] }]);
    expect(store.holders()).toMatchObject([{ holder: 'h', seq: 0 }]);
    store.end();
  });

  it('takes an order of another process into account with the next message', () => {
    const path = newPath();
    const [store, other] = [open({ path, driver }), open({ path, driver })];
    store.open(identityOf('h'));
    const ask = (seq: number) => {
      const reply = store.exchange(
        messageOf('h', seq, [itemOf(capped(10), { need: { usd: 11 } })]),
      );
      return reply.kind === 'applied' ? reply.slices[0]!.isRefused : reply.kind;
    };
    expect(ask(1)).toBe(true);
    other.operate(raiseOf('r', capped(10), { usd: 5 }));
    expect(ask(2)).toBe(false);
    store.end();
    other.end();
  });

  it('reads balances, holders, doubts and the journal while another one writes', () => {
    const path = newPath();
    const store = open({ path, driver, busyTimeoutMs: 0 });
    store.open(identityOf('h'));
    const writer = raw(path);
    writer.exec('BEGIN IMMEDIATE');
    expect(store.balances([capped(1)])).toEqual([{ spent: [0, 0, 0], held: [0, 0, 0] }]);
    expect(store.holders()).toHaveLength(1);
    expect([store.doubts(), store.journal()]).toEqual([[], []]);
    expect(() => store.exchange(messageOf('h', 1, []))).toThrow(/busy timeout/);
    writer.exec('ROLLBACK');
    expect(store.exchange(messageOf('h', 1, [])).kind).toBe('applied');
    writer.close();
    store.end();
  });

  it('works on a database that was handed in open, and leaves it open at the end', () => {
    const database = raw(newPath());
    const store = open({ database });
    store.open(identityOf('h'));
    database.exec('BEGIN');
    expect(() => store.exchange(messageOf('h', 1, []))).toThrow(/end it first/);
    database.exec('COMMIT');
    expect(store.exchange(messageOf('h', 1, [])).kind).toBe('applied');
    store.end();
    store.end();
    expect(() => store.holders()).toThrow(OperationError);
    expect(database.prepare('SELECT seq FROM holders').get()).toMatchObject({ seq: 1 });
    database.close();
  });

  it('refuses a number in the file that is no amount, as damage', () => {
    const path = newPath();
    const store = open({ path, driver });
    const account = capped(100);
    store.open(identityOf('h'));
    store.exchange(messageOf('h', 1, [itemOf(account, { need: { usd: 5 } })]));
    const database = raw(path);
    database.exec('PRAGMA ignore_check_constraints = 1; UPDATE accounts SET held_usd = -5');
    database.close();
    const next = messageOf('h', 2, [itemOf(account, { known: { usd: 5 }, need: { usd: 5 } })]);
    expect(() => store.exchange(next)).toThrow(IntegrityError);
    expect(() => open({ path, driver })).toThrow(/damaged/);
    store.end();
  });

  it('never writes over a row that changed since it was read', () => {
    const path = newPath();
    const database = raw(path);
    const blind: SqliteDatabase = {
      exec: (sql) => database.exec(sql),
      close: () => database.close(),
      // Says for ever that no other connection has written.
      prepare: (sql) =>
        database.prepare(sql === 'PRAGMA data_version' ? 'SELECT 1 AS data_version' : sql),
    };
    createSqliteLeaseStore({ database, synchronous: 'normal' });
    const store = new SqliteLeaseStore(
      new Connection({ ...TOLD, database: blind, place: path, release: () => database.close() }),
      () => NOON,
    );
    const ask = (seq: number, known: number) =>
      messageOf('h', seq, [itemOf(capped(100), { known: { usd: known }, need: { usd: 30 } })]);
    store.open(identityOf('h'));
    expect(store.exchange(ask(1, 0)).kind).toBe('applied');
    const other = raw(path);
    other.exec('UPDATE accounts SET held_usd = 90, version = version + 1');
    expect(() => store.exchange(ask(2, 30))).toThrow(/a row changed since it was read/);
    expect(store.exchange(ask(2, 30))).toMatchObject({ slices: [{ isRefused: true }] });
    other.close();
    store.end();
  });

  it('prunes what can change nothing any more, and nothing else', () => {
    let now = NOON;
    const path = newPath();
    const store = open({ path, driver, clock: () => now });
    const of = (scope: string) => capped(100, { scope });
    for (const holder of ['gone', 'here']) {
      store.open(identityOf(holder));
      const items = [of('global'), of(holder)].map((each) => itemOf(each, { need: { usd: 5 } }));
      store.exchange(messageOf(holder, 1, items));
    }
    store.close(closeOf('gone', { how: 'charged' }));
    store.operate(raiseOf('r', capped(100), { usd: 5, until: shifted(NOON, 1) }));
    const later = shifted(NOON, 4 * DAY_MS);
    expect(store.prune(later)).toEqual({ slices: 2, accounts: 0, raises: 0 });
    now = later;
    expect(store.prune(later)).toEqual({ slices: 0, accounts: 1, raises: 1 });
    expect(store.prune(later)).toEqual({ slices: 0, accounts: 0, raises: 0 });
    expect(store.balances([of('global'), of('gone'), of('here')])).toEqual([
      { spent: [5, 0, 0], held: [5, 0, 0] },
      { spent: [0, 0, 0], held: [0, 0, 0] },
      { spent: [0, 0, 0], held: [5, 0, 0] },
    ]);
    expect(store.exchange(messageOf('gone', 2, []))).toEqual({ kind: 'fenced' });
    expect(store.close(closeOf('here')).kind).toBe('closed');
    store.end();
  });
});
