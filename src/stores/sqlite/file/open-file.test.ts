import { execFile, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import Libsql from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, HardcapError, OperationError } from '../../../errors/error.ts';
import { capped, identityOf, itemOf, messageOf } from '../../conformance/lease-orders.ts';
import type { SqliteDatabase } from './driver.ts';
import { PAGE_BYTES, isWalShared, networkFileSystem } from './open-file.ts';
import { createSqliteLeaseStore, type SqliteLeaseStoreOptions } from '../lease-store.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hardcap-open-'));
let files = 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

function newPath(): string {
  files += 1;
  return join(FOLDER, `${files}.db`);
}

/** A ledger with one slice of 60 nano-dollars, closed again. */
function written(driver: 'better-sqlite3' | 'libsql' = 'better-sqlite3'): string {
  const path = newPath();
  const store = createSqliteLeaseStore({ path, driver });
  store.open(identityOf('h'));
  store.exchange(messageOf('h', 1, [itemOf(capped(100), { need: { usd: 60 } })]));
  store.end();
  return path;
}

function refusal(options: SqliteLeaseStoreOptions): HardcapError {
  try {
    createSqliteLeaseStore(options).end();
  } catch (error) {
    if (error instanceof HardcapError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

/** Runs code in another process up to its first line of output; returns what ends that process. */
async function meanwhile(code: string): Promise<() => Promise<void>> {
  const program = `${code}; console.log('ready'); process.stdin.on('data', () => 0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', IMPORTS + program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
}

/** What other code prints, in another process, to its end. */
async function another(code: string): Promise<string> {
  const url = new URL('../lease-store.ts', import.meta.url).href;
  const program = `const { createSqliteLeaseStore } = await import('${url}'); ${code}`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  return (await promisify(execFile)(process.execPath, args)).stdout.trim();
}

const IMPORTS = `
  import { createRequire } from 'node:module';
  const require = createRequire('${import.meta.url}');
  const Sqlite = require('better-sqlite3');
  const Libsql = require('libsql');
`;

/** A database of the driver, as an application opens it. */
function databaseOf(driver: 'better-sqlite3' | 'libsql', path: string): SqliteDatabase {
  return driver === 'libsql' ? new Libsql(path) : new Sqlite(path);
}

function onlyValue(row: unknown): unknown {
  return Object.values(row as object)[0];
}

function modeOf(path: string): unknown {
  const database = new Sqlite(path);
  const mode = database.pragma('journal_mode', { simple: true });
  database.close();
  return mode;
}

describe.each(['better-sqlite3', 'libsql'] as const)('opening a ledger with %s', (driver) => {
  it('refuses a file of a newer schema and does not touch it', () => {
    const path = written();
    new Sqlite(path).exec('PRAGMA user_version = 99').close();
    const before = readFileSync(path);
    const error = refusal({ path, driver });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toMatch(/schema 99, and this version of hardcap knows up to 1; update/);
    if (driver === 'better-sqlite3') expect(readFileSync(path)).toEqual(before);
  });

  it('refuses a database of somebody else, by its id or by its tables', () => {
    const [byId, byTables] = [newPath(), newPath()];
    new Sqlite(byId).exec('PRAGMA application_id = 7; CREATE TABLE t (a)').close();
    new Sqlite(byTables).exec('CREATE TABLE t (a)').close();
    for (const path of [byId, byTables]) {
      const error = refusal({ path, driver });
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(/belongs to something else .* give the ledger its own/);
      expect(modeOf(path)).toBe('delete');
    }
  });

  it('refuses a file that is no database', () => {
    const path = newPath();
    writeFileSync(path, 'not a database, but long enough to have had a header '.repeat(50));
    const error = refusal({ path, driver });
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(error.message).toMatch(/not an SQLite database, or was overwritten; name another/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('makes new files of small pages, and leaves those of others as they are', () => {
    const sizeOf = (path: string) => {
      const database = new Sqlite(path);
      const size: unknown = database.pragma('page_size', { simple: true });
      database.close();
      return size;
    };
    expect(sizeOf(written())).toBe(1_024);
    const path = newPath();
    const database = new Sqlite(path);
    createSqliteLeaseStore({ database }).end();
    database.close();
    createSqliteLeaseStore({ path }).end();
    expect(sizeOf(path)).toBe(4_096);
  });

  it('refuses a damaged file when it is opened', () => {
    const path = written();
    const bytes = readFileSync(path);
    // The second page is the first of a table.
    bytes.fill(0xee, PAGE_BYTES, PAGE_BYTES + 200);
    writeFileSync(path, bytes);
    const error = refusal({ path, driver });
    expect(error).toBeInstanceOf(OperationError);
    expect(error.message).toMatch(/damaged[^]*restore the latest backup/);
  });

  it('refuses a file whose rows break the rules of their table', () => {
    const path = written();
    const broken = 'PRAGMA ignore_check_constraints = 1; UPDATE accounts SET held_usd = 101';
    new Sqlite(path).exec(broken).close();
    expect(refusal({ path, driver }).message).toMatch(/damaged \(CHECK/);
  });

  it('says within the busy timeout that the file is locked', () => {
    const path = written(driver);
    const other = databaseOf(driver, path);
    const store = createSqliteLeaseStore({ path, driver, busyTimeoutMs: 50 });
    other.exec('BEGIN IMMEDIATE');
    const begun = performance.now();
    expect(() => store.exchange(messageOf('h', 2, []))).toThrow(OperationError);
    expect(performance.now() - begun).toBeLessThan(5_000);
    other.exec('ROLLBACK');
    expect(store.exchange(messageOf('h', 2, [])).kind).toBe('applied');
    store.end();
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    expect(refusal({ path, driver, busyTimeoutMs: 50 }).message).toMatch(/raise busyTimeoutMs/);
    other.close();
  });

  it('keeps what it said when the disk is full, and goes on when there is space', () => {
    const path = newPath();
    const database = databaseOf(driver, path);
    const store = createSqliteLeaseStore({ database });
    store.open(identityOf('h'));
    const item = (index: number) =>
      itemOf(capped(100, { scope: `customer:${'x'.repeat(200)}${index}` }), { need: { usd: 1 } });
    const pages = Number(onlyValue(database.prepare('PRAGMA page_count').get()));
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    let seq = 0;
    let failure: unknown;
    for (let index = 1; index <= 1_000 && failure === undefined; index += 1) {
      try {
        const reply = store.exchange(messageOf('h', index, [item(index)]));
        if (reply.kind === 'applied') seq = index;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(String(failure)).toMatch(/disk is full; free space/);
    expect(store.holders()).toMatchObject([{ seq }]);
    database.exec('PRAGMA max_page_count = 100000');
    const again = messageOf('h', seq + 1, [item(seq + 1)]);
    expect(store.exchange(again)).toMatchObject({ slices: [{ granted: [1, 0, 0] }] });
    database.close();
  });

  it('commits to the disk unless told otherwise', () => {
    const path = newPath();
    const database = databaseOf(driver, path);
    const level = () => onlyValue(database.prepare('PRAGMA synchronous').get());
    createSqliteLeaseStore({ database });
    // EXTRA: in mode DELETE a commit is durable when the folder is, too.
    expect(level()).toBe(3);
    createSqliteLeaseStore({ database, synchronous: 'normal' });
    expect(level()).toBe(1);
    if (driver === 'better-sqlite3') database.exec('PRAGMA journal_mode = WAL');
    else database.exec('PRAGMA journal_mode = TRUNCATE');
    createSqliteLeaseStore({ database });
    expect(level()).toBe(2);
    database.close();
  });

  it('refuses what only lives in memory', () => {
    for (const path of ['', ':memory:', 'file:x?mode=memory']) {
      expect(refusal({ path, driver }).message).toMatch(/use a memory store/);
    }
    const database = databaseOf(driver, ':memory:');
    expect(refusal({ database }).message).toMatch(/use a memory store/);
    database.close();
  });

  it('says that the folder is missing', () => {
    const error = refusal({ path: join(FOLDER, 'none', 'a.db'), driver });
    expect(error.message).toMatch(/create its folder/);
  });
});

describe('the journal mode of a ledger', () => {
  it('is WAL in a new file where connections can share one, TRUNCATE elsewhere', () => {
    expect(modeOf(written('better-sqlite3'))).toBe('wal');
    // TRUNCATE is a property of the connection: another one finds the default.
    expect(modeOf(written('libsql'))).toBe('delete');
  });

  it('goes back from WAL for an SQLite that cannot share it, once nobody is there', async () => {
    const path = written('better-sqlite3');
    const options = `{ path: '${path}', driver: 'libsql', busyTimeoutMs: 0 }`;
    const open = `createSqliteLeaseStore(${options}).end()`;
    const leave = await meanwhile(`new Sqlite('${path}').exec('SELECT * FROM accounts')`);
    expect(await another(`try { ${open} } catch (error) { console.log(String(error)) }`)).toMatch(
      /locked/,
    );
    await leave();
    await another(open);
    expect(modeOf(path)).toBe('delete');
    createSqliteLeaseStore({ path, driver: 'better-sqlite3' }).end();
    expect(modeOf(path)).toBe('delete');
  });

  it('stays WAL for an older SQLite that is declared to be alone', () => {
    const path = written('better-sqlite3');
    createSqliteLeaseStore({ path, driver: 'libsql', wal: 'single-process' }).end();
    expect(modeOf(path)).toBe('wal');
  });

  it('of a database handed in is refused where it is not safe, and else left alone', () => {
    const database = new Libsql(written('better-sqlite3'));
    expect(refusal({ database }).message).toMatch(/older than 3.51.3/);
    createSqliteLeaseStore({ database, wal: 'single-process' });
    database.close();
    const off = new Sqlite(newPath());
    off.pragma('journal_mode = MEMORY');
    expect(refusal({ database: off }).message).toMatch(/may damage the file/);
    off.pragma('journal_mode = PERSIST');
    createSqliteLeaseStore({ database: off });
    expect(off.pragma('journal_mode', { simple: true })).toBe('persist');
    off.close();
  });

  it('stops a store when another process turns to WAL where that cannot be shared', async () => {
    const path = written('libsql');
    const store = createSqliteLeaseStore({ path, driver: 'libsql' });
    expect(store.holders()).toHaveLength(1);
    const toWal = `.exec('PRAGMA journal_mode = WAL; UPDATE meta SET value = value')`;
    const leave = await meanwhile(`new Sqlite('${path}')${toWal}`);
    expect(() => store.exchange(messageOf('h', 2, []))).toThrow(/use one driver for all/);
    await leave();
    store.end();
  });

  it('is of one SQLite library in a process, as the locks of two do not see each other', () => {
    const path = written('libsql');
    const store = createSqliteLeaseStore({ path, driver: 'better-sqlite3' });
    const second = createSqliteLeaseStore({ path, driver: 'better-sqlite3' });
    expect(refusal({ path, driver: 'libsql' }).message).toMatch(/another SQLite library/);
    const database = new Libsql(path);
    expect(refusal({ database })).toBeInstanceOf(ConfigError);
    database.close();
    store.end();
    expect(refusal({ path, driver: 'libsql' })).toBeInstanceOf(ConfigError);
    second.end();
    createSqliteLeaseStore({ path, driver: 'libsql' }).end();
  });

  it('knows the versions with the WAL-reset bug', () => {
    const safe = ['3.44.6', '3.50.7', '3.51.3', '3.53.2', '4.0.0'];
    const unsafe = ['3.7.0', '3.44.5', '3.45.1', '3.50.6', '3.51.2', '3.49.9'];
    expect(safe.filter((version) => !isWalShared(version))).toEqual([]);
    expect(unsafe.filter(isWalShared)).toEqual([]);
  });
});

describe('opening a ledger', () => {
  it('refuses a file that cannot be written', () => {
    const path = written();
    const database = new Sqlite(path, { readonly: true });
    const store = createSqliteLeaseStore({ database });
    expect(() => store.exchange(messageOf('h', 2, []))).toThrow(/correct its owner or permissions/);
    database.close();
  });

  it('stops a store whose file was brought to a newer schema meanwhile', () => {
    const path = written();
    const store = createSqliteLeaseStore({ path });
    new Sqlite(path).exec('PRAGMA user_version = 2').close();
    expect(() => store.exchange(messageOf('h', 2, []))).toThrow(/restart it with the newer/);
    store.end();
  });

  it('knows network file systems by their type, also as a negative number', () => {
    expect(networkFileSystem(0x6969)).toBe('NFS');
    expect(networkFileSystem(0xff534d42 | 0)).toBe('CIFS');
    expect(networkFileSystem(0xef53)).toBeUndefined();
  });

  it('refuses options that cannot be meant', () => {
    const path = newPath();
    const database = new Sqlite(':memory:');
    const bad: readonly SqliteLeaseStoreOptions[] = [
      {},
      { path, database },
      { path, driver: 'sqlite3' as 'libsql' },
      { path, synchronous: 'off' as 'full' },
      { path, busyTimeoutMs: -1 },
      { path, busyTimeoutMs: 0.5 },
      { path, busyTimeoutMs: 3_600_001 },
    ];
    for (const options of bad) expect(refusal(options)).toBeInstanceOf(ConfigError);
    database.close();
  });

  it('is safe for many processes that create the file at once', async () => {
    for (let round = 0; round < 2; round += 1) {
      const path = newPath();
      const code = `
        const store = createSqliteLeaseStore({ path: ${JSON.stringify(path)} });
        console.log(store.holders().length, store.journal().length);`;
      const said = await Promise.all([1, 2, 3, 4].map(() => another(code)));
      expect(said).toEqual(['0 0', '0 0', '0 0', '0 0']);
    }
  });

  it('opens a copy that was made while the ledger was closed', () => {
    const [path, copy] = [written(), newPath()];
    copyFileSync(path, copy);
    const store = createSqliteLeaseStore({ path: copy });
    expect(store.balances([capped(100)])).toEqual([{ spent: [0, 0, 0], held: [60, 0, 0] }]);
    store.end();
  });
});
