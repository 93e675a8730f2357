import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../../errors/error.ts';
import { Connection, integerOf, onlyValue, textOf } from './connection.ts';
import { SQLITE_DRIVERS, withDriver, type SqliteDatabase, type SqliteDriver } from './driver.ts';
import { migrate } from './migrations.ts';
import { claimFile } from './one-library.ts';
import { APPLICATION_ID, SCHEMA } from './schema.ts';
import { faultOf, storeError, unavailable, unusable } from './failure.ts';

/** How long a transaction waits for another one unless configured otherwise. */
export const BUSY_TIMEOUT_MS_DEFAULT = 5_000;

/** The longest wait for another transaction: an hour. */
export const BUSY_TIMEOUT_MS_MAX = 3_600_000;

/** Files up to this size are checked whole when they are opened. */
export const CHECKED_BYTES_MAX = 67_108_864;

/**
 * Size of a page of a new file. A message changes a few small rows, and a commit writes each page
 * that they lie on whole: SQLite's own 4096 bytes take it a third longer.
 */
export const PAGE_BYTES = 1_024;

/** What the file of a ledger is opened with. */
export interface SqliteFileOptions {
  /** The ledger's own file; it is created when it does not exist. On a local disk. */
  readonly path?: string | undefined;
  /** An open database instead of a path; the store does not close it. */
  readonly database?: SqliteDatabase | undefined;
  /** The driver to open `path` with; the first that is installed unless given. */
  readonly driver?: SqliteDriver | undefined;
  /**
   * `full`: what was answered survives a power cut. `normal`: it survives the end of the process,
   * but a power cut may take back the last grants, and so pass the cap by those. `full` unless
   * given.
   */
  readonly synchronous?: 'full' | 'normal' | undefined;
  /** How long a transaction waits for another one, 0 to 3,600,000; 5,000 unless given. */
  readonly busyTimeoutMs?: number | undefined;
  /** Declares that no other connection has the file open, for SQLite older than 3.51.3. */
  readonly wal?: 'single-process' | undefined;
  /** Opens a file on a network file system, whose locks may not hold. */
  readonly allowNetworkFileSystem?: boolean | undefined;
}

/**
 * Opens the file, creates or migrates its tables, and makes its commits durable.
 *
 * Throws `CONFIG_INVALID` for options, drivers and files that cannot be meant, and
 * `STORE_UNAVAILABLE` for a file that is damaged, locked or cannot be written.
 */
export function openFile(options: SqliteFileOptions): Connection {
  const { path, database, driver, busyTimeoutMs } = options;
  checkOptions(options);
  const place = database === undefined ? resolve(path ?? '') : placeOf(database);
  if (options.allowNetworkFileSystem !== true) refuseNetwork(place);
  if (database !== undefined) {
    const release = claimFile(place, Object.getPrototypeOf(database));
    return orElse(release, () => setUp(database, { ...options, place, isOwn: false, release }));
  }
  const busyMs = busyTimeoutMs ?? BUSY_TIMEOUT_MS_DEFAULT;
  const open = (Database: new (path: string) => SqliteDatabase): Connection => {
    const unclaim = claimFile(place, Database.prototype);
    const opened = orElse(unclaim, () => new Database(place));
    const release = () => {
      opened.close();
      unclaim();
    };
    const set = { ...options, busyTimeoutMs: busyMs, place, isOwn: true, release };
    return orElse(release, () => setUp(opened, set));
  };
  try {
    return withDriver(driver, open);
  } catch (error) {
    throw storeError(error, place);
  }
}

/** What `work` makes; when it throws, `undo` is called before. */
function orElse<T>(undo: () => unknown, work: () => T): T {
  try {
    return work();
  } catch (error) {
    undo();
    throw error;
  }
}

interface SetUp extends SqliteFileOptions {
  readonly place: string;
  readonly isOwn: boolean;
  readonly release: () => void;
}

/** Switching to WAL is not covered by SQLite's own waiting, so a busy file is tried again. */
function setUp(database: SqliteDatabase, options: SetUp): Connection {
  const waitMs = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS_DEFAULT;
  const triesMax = Math.ceil(waitMs / BUSY_PAUSE_MS) + 1;
  for (let tries = 1; ; tries += 1) {
    try {
      return setUpOnce(database, options);
    } catch (error) {
      if (faultOf(error) !== 'busy' || tries >= triesMax) throw storeError(error, options.place);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

const BUSY_PAUSE_MS = 20;

function setUpOnce(database: SqliteDatabase, options: SetUp): Connection {
  const { place, isOwn, release } = options;
  setBusyTimeout(database, options);
  const isNew = isEmptyOrOurs(database, place);
  const isWalSafe = isWalShared(versionOf(database)) || options.wal === 'single-process';
  if (isOwn && isNew) database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  if (isOwn) chooseJournal(database, { place, isNew, isWalSafe });
  checkJournal(database, { place, isWalSafe });
  setSynchronous(database, options.synchronous ?? 'full');
  if (!isNew) checkWhole(database, place);
  migrate(database, SCHEMA, place);
  const schemaVersion = SCHEMA.at(-1)?.version ?? 0;
  return new Connection({
    database,
    place,
    isOwn,
    release,
    schemaVersion,
    mustNotUseWal: !isWalSafe,
  });
}

function setBusyTimeout(database: SqliteDatabase, { busyTimeoutMs, isOwn }: SetUp): void {
  const isSet = isOwn || busyTimeoutMs !== undefined || integerOf(database, 'busy_timeout') > 0;
  const timeoutMs = busyTimeoutMs ?? (isSet ? undefined : BUSY_TIMEOUT_MS_DEFAULT);
  if (timeoutMs !== undefined) database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
}

/** Whether the file is empty. Throws unless it is empty or a ledger. */
function isEmptyOrOurs(database: SqliteDatabase, place: string): boolean {
  // In this order: whoever creates the tables now sets the id with them.
  const tables = Number(onlyValue(database.prepare('SELECT count(*) FROM sqlite_schema').get()));
  const application = integerOf(database, 'application_id');
  if (application === APPLICATION_ID) return false;
  if (application === 0 && tables === 0) return true;
  const found = application === 0 ? `${tables} tables` : `application_id ${application}`;
  throw unusable(place, `the file belongs to something else (${found}); give the ledger its own`);
}

/**
 * A new file gets WAL where that is safe. One that exists keeps its mode, but for an SQLite that
 * cannot share WAL, which takes it back to TRUNCATE as soon as nobody else has it open.
 */
function chooseJournal(
  database: SqliteDatabase,
  { place, isNew, isWalSafe }: JournalChoice & { readonly isNew: boolean },
): void {
  const found = textOf(database, 'journal_mode');
  const isWal = isWalSafe && (isNew || found === 'wal');
  const wanted = isWal ? 'wal' : 'truncate';
  if (found === wanted) return;
  const got = textOf(database, `journal_mode = ${wanted}`);
  if (got !== wanted && !isWal) {
    throw unusable(place, `journal_mode is ${got}, and ${UNSAFE_WAL}`, NEAREST_WAL);
  }
}

interface JournalChoice {
  readonly place: string;
  readonly isWalSafe: boolean;
}

const UNSAFE_WAL =
  'this SQLite is older than 3.51.3, which may damage a WAL file that two connections write';
const NEAREST_WAL = "a newer SQLite, journal_mode TRUNCATE, or wal: 'single-process'";

function checkJournal(database: SqliteDatabase, { place, isWalSafe }: JournalChoice): void {
  const mode = textOf(database, 'journal_mode');
  if (mode === 'wal' && !isWalSafe) throw unusable(place, UNSAFE_WAL, NEAREST_WAL);
  if (mode === 'off' || mode === 'memory') {
    throw unusable(place, `journal_mode ${mode} may damage the file when a process dies`);
  }
}

/** Versions in which connections can share a WAL file (sqlite.org/wal.html, the WAL-reset bug). */
export function isWalShared(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return major > 3;
  if (minor === 44) return patch >= 6;
  if (minor === 50) return patch >= 7;
  return minor === 51 ? patch >= 3 : minor > 51;
}

function versionOf(database: SqliteDatabase): string {
  return String(onlyValue(database.prepare('SELECT sqlite_version()').get()));
}

/** A commit that deletes its journal is durable only with EXTRA, which syncs the folder, too. */
function setSynchronous(database: SqliteDatabase, synchronous: 'full' | 'normal'): void {
  const isDeleted = textOf(database, 'journal_mode') === 'delete';
  const level = synchronous === 'full' && isDeleted ? 'EXTRA' : synchronous.toUpperCase();
  database.exec(`PRAGMA synchronous = ${level}`);
  if (process.platform !== 'darwin' || synchronous !== 'full') return;
  // There fsync leaves data in the drive's cache.
  database.exec('PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
}

/** Reads a small file whole: its pages, and that each row keeps the rules of its table. */
function checkWhole(database: SqliteDatabase, place: string): void {
  const bytes = integerOf(database, 'page_count') * integerOf(database, 'page_size');
  if (bytes > CHECKED_BYTES_MAX) return;
  const found = textOf(database, 'quick_check(1)');
  if (found === 'ok') return;
  const advice = 'keep a copy of it and restore the latest backup';
  throw unavailable(place, `the file is damaged (${found}); ${advice}`);
}

function checkOptions(options: SqliteFileOptions): void {
  const { path, database, driver, busyTimeoutMs, synchronous } = options;
  if ((path === undefined) === (database === undefined)) {
    const reason = 'give either a path or an open database';
    throw new ConfigError({ field: 'path', value: path, reason, nearest: "{ path: 'spend.db' }" });
  }
  if (path !== undefined && (path === '' || path === ':memory:' || path.startsWith('file:'))) {
    throw unusable(path, `it must be the path of a file; ${IN_MEMORY}`);
  }
  if (driver !== undefined && !SQLITE_DRIVERS.includes(driver)) {
    const reason = `it must be one of ${SQLITE_DRIVERS.join(', ')}`;
    throw new ConfigError({ field: 'driver', value: driver, reason });
  }
  if (synchronous !== undefined && synchronous !== 'full' && synchronous !== 'normal') {
    const reason = "it must be 'full' or 'normal'";
    throw new ConfigError({ field: 'synchronous', value: synchronous, reason });
  }
  const waitMs = busyTimeoutMs ?? 0;
  if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > BUSY_TIMEOUT_MS_MAX) {
    const reason = `it must be an integer from 0 to ${BUSY_TIMEOUT_MS_MAX}`;
    throw new ConfigError({ field: 'busyTimeoutMs', value: busyTimeoutMs, reason });
  }
}

const IN_MEMORY = 'what is only in memory is lost with the process: use a memory store for that';

function placeOf(database: SqliteDatabase): string {
  let place: unknown;
  try {
    const main = database.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'");
    place = onlyValue(main.get());
  } catch (error) {
    throw storeError(error, 'handed in');
  }
  if (typeof place === 'string' && place !== '') return place;
  throw unusable(':memory:', `the database has no file; ${IN_MEMORY}`);
}

/** Types of file systems whose locks or syncs may not hold (statfs(2), `linux/magic.h`). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x786f4256, 'a VirtualBox folder'],
]);

/** Which network file system statfs(2) calls by this type; `undefined` for any other. */
export function networkFileSystem(type: number): string | undefined {
  return NETWORK_FILE_SYSTEMS.get(type >>> 0);
}

function refuseNetwork(place: string): void {
  const folder = dirname(place);
  const isShare = place.startsWith('\\\\');
  const isKnown = process.platform === 'linux' && existsSync(folder);
  const type = isKnown ? statfsSync(existsSync(place) ? place : folder).type : 0;
  const name = isShare ? 'a network share' : networkFileSystem(type);
  if (name === undefined) return;
  const reason = `the file lies on ${name}, where locks between processes may not hold`;
  throw unusable(place, reason, 'a path on a local disk, or allowNetworkFileSystem: true');
}
