import type { SqliteDatabase, SqliteStatement } from './driver.ts';
import { storeError, unavailable } from './failure.ts';

/** What a connection is told about its file when it is made. */
export interface ConnectionOptions {
  readonly database: SqliteDatabase;
  /** The file, for messages. */
  readonly place: string;
  /** Nobody but the store uses this connection. */
  readonly isOwn: boolean;
  /** Lets go of the file at the end. */
  readonly release: () => void;
  /** Version of the schema that the statements are written for. */
  readonly schemaVersion: number;
  /** This SQLite may damage a file in WAL mode that others have open, too. */
  readonly mustNotUseWal: boolean;
}

/**
 * One connection to the file of a ledger: transactions that are whole or nothing, and errors that
 * say what to do.
 */
export class Connection {
  readonly place: string;
  readonly #options: ConnectionOptions;
  readonly #begin: SqliteStatement;
  readonly #beginReading: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #undo: SqliteStatement;
  readonly #othersVersion: SqliteStatement;
  readonly #forgets: (() => void)[] = [];
  /** `data_version` as last seen; it changes when another connection has committed. */
  #seen: unknown;
  #isEnded = false;

  constructor(options: ConnectionOptions) {
    const { database, place } = options;
    this.#options = options;
    this.place = place;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#beginReading = database.prepare('BEGIN');
    this.#commit = database.prepare('COMMIT');
    this.#undo = database.prepare('ROLLBACK');
    this.#othersVersion = database.prepare('PRAGMA data_version');
  }

  prepare(sql: string): SqliteStatement {
    return this.#options.database.prepare(sql);
  }

  /**
   * Calls `forget` whenever what was read or written before may not be in the file any more: others
   * may have written since, or a transaction was not kept.
   */
  watch(forget: () => void): void {
    this.#forgets.push(forget);
  }

  /** Says that rows were written that somebody may remember otherwise. */
  forget(): void {
    for (const forget of this.#forgets) forget();
  }

  /**
   * Runs `work` with the file's write lock and keeps what it wrote, durably, before it returns;
   * keeps nothing when `isKept` says no or when anything throws.
   */
  write<T>(work: () => T, isKept: (reply: T) => boolean = always): T {
    return this.#run({ begin: this.#begin, work, isKept });
  }

  /** Runs `work` on one state of the file, without a write lock. */
  read<T>(work: () => T): T {
    return this.#run({ begin: this.#beginReading, work, isKept: always });
  }

  /** Lets go of the file. Anything after this is refused. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.release();
  }

  #run<T>({ begin, work, isKept }: Run<T>): T {
    if (this.#isEnded) throw unavailable(this.place, 'the store was ended; open another one');
    try {
      begin.run();
    } catch (error) {
      throw storeError(error, this.place);
    }
    try {
      this.#noticeOthers();
      const reply = work();
      if (isKept(reply)) this.#commit.run();
      else this.#abandon();
      return reply;
    } catch (error) {
      this.#abandon();
      throw storeError(error, this.place);
    }
  }

  #abandon(): void {
    this.forget();
    try {
      this.#undo.run();
    } catch {
      // After some errors SQLite has undone the transaction itself; otherwise the next one fails.
    }
  }

  /** What others may have done to the file since: brought its schema on, or switched WAL on. */
  #noticeOthers(): void {
    const { database, schemaVersion, mustNotUseWal, isOwn } = this.#options;
    const now = onlyValue(this.#othersVersion.get());
    // It tells of other connections only, and one that was handed in has other users.
    if (now !== this.#seen || !isOwn) this.forget();
    if (now === this.#seen) return;
    const found = integerOf(database, 'user_version');
    if (found !== schemaVersion) {
      const reason = `its schema is now ${found}, and this process knows ${schemaVersion}`;
      throw unavailable(this.place, `${reason}; restart it with the newer hardcap`);
    }
    if (mustNotUseWal && textOf(database, 'journal_mode') === 'wal') {
      const reason = 'another process switched it to WAL, which this SQLite cannot share safely';
      throw unavailable(this.place, `${reason}; use one driver for all`);
    }
    this.#seen = now;
  }
}

interface Run<T> {
  readonly begin: SqliteStatement;
  readonly work: () => T;
  readonly isKept: (reply: T) => boolean;
}

function always(): boolean {
  return true;
}

/** The value of a pragma that is an integer. */
export function integerOf(database: SqliteDatabase, pragma: string): number {
  return Number(onlyValue(database.prepare(`PRAGMA ${pragma}`).get()));
}

/** The value of a pragma that is a text. */
export function textOf(database: SqliteDatabase, pragma: string): string {
  return String(onlyValue(database.prepare(`PRAGMA ${pragma}`).get()));
}

/** The value in a row of one column; `undefined` when there is no row. */
export function onlyValue(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return undefined;
  // Not Object.values: one driver adds members of its own to a row.
  for (const name in row) return Reflect.get(row, name);
  return undefined;
}

/** How many rows a statement changed, as its `run` says; a driver that does not say fails. */
export function changesOf(result: unknown): number {
  if (typeof result !== 'object' || result === null) return Number.NaN;
  return Number(Reflect.get(result, 'changes'));
}
