import {
  ConfigError,
  HardcapError,
  IntegrityError,
  OperationError,
} from '../../../errors/error.ts';

/** What a file or its driver said no to, as far as the store treats it apart. */
export type SqliteFault =
  | 'busy'
  | 'read-only'
  | 'io'
  | 'corrupt'
  | 'full'
  | 'cannot-open'
  | 'not-a-database'
  | 'check'
  | 'nested'
  | 'other';

/** Primary result codes (sqlite.org/rescode.html). */
const FAULT_OF_NUMBER: Readonly<Record<number, SqliteFault>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'io',
  11: 'corrupt',
  13: 'full',
  14: 'cannot-open',
  19: 'check',
  26: 'not-a-database',
};

const FAULT_OF_NAME: readonly (readonly [name: string, fault: SqliteFault])[] = [
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_LOCKED', 'busy'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_IOERR', 'io'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_FULL', 'full'],
  ['SQLITE_CANTOPEN', 'cannot-open'],
  ['SQLITE_CONSTRAINT', 'check'],
  ['SQLITE_NOTADB', 'not-a-database'],
];

/** Messages of SQLite itself, for drivers that pass on no code. */
const FAULT_OF_TEXT: readonly (readonly [text: RegExp, fault: SqliteFault])[] = [
  [/database( table| schema)? is locked/, 'busy'],
  [/readonly database/, 'read-only'],
  [/disk I\/O error/, 'io'],
  [/disk image is malformed/, 'corrupt'],
  [/database or disk is full/, 'full'],
  [/unable to open|directory does not exist/i, 'cannot-open'],
  [/constraint failed/, 'check'],
  [/not a database/, 'not-a-database'],
  [/within a transaction/, 'nested'],
];

const ADVICE: Readonly<Record<Exclude<SqliteFault, 'check'>, string>> = {
  busy:
    'another connection kept the file locked for longer than the busy timeout; ' +
    'look for a long transaction on it, or raise busyTimeoutMs',
  'read-only': 'the file or its folder cannot be written; correct its owner or permissions',
  io: 'the disk failed to read or write; check it before the process goes on',
  corrupt: 'the file is damaged; keep a copy of it and restore the latest backup',
  full: 'the disk is full; free space on it',
  'cannot-open': 'the file cannot be opened; create its folder and allow this user to write there',
  'not-a-database': 'the file is not an SQLite database, or was overwritten; name another file',
  nested: 'a transaction is open on the database that was handed in; end it first',
  other: 'SQLite failed; look at the cause',
};

/** Which fault an error of any of the drivers tells of. */
export function faultOf(error: unknown): SqliteFault {
  if (typeof error !== 'object' || error === null) return 'other';
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string') {
    for (const [name, fault] of FAULT_OF_NAME) if (code.startsWith(name)) return fault;
  }
  for (const member of ['errcode', 'rawCode', 'errno']) {
    const number: unknown = Reflect.get(error, member);
    // The low byte of an extended code is the primary one.
    const fault = typeof number === 'number' ? FAULT_OF_NUMBER[number & 0xff] : undefined;
    if (fault !== undefined) return fault;
  }
  const text = error instanceof Error ? error.message : '';
  for (const [pattern, fault] of FAULT_OF_TEXT) if (pattern.test(text)) return fault;
  return 'other';
}

/**
 * The error to throw for what a driver threw: `INVARIANT_BROKEN` where a row would break the
 * rules of its table, `STORE_UNAVAILABLE` for the rest; our own come through as they are.
 */
export function storeError(error: unknown, place: string): HardcapError {
  if (error instanceof HardcapError) return error;
  const fault = faultOf(error);
  const said = error instanceof Error ? error.message : String(error);
  if (fault === 'check') {
    const statement = `every row of ${place} keeps the rules of its table: ${said}`;
    return new IntegrityError(`Must hold: ${statement}.`, { cause: error });
  }
  return unavailable(place, `${ADVICE[fault]} (${said})`, error);
}

/** Says that the store cannot answer, why, and what to do. */
export function unavailable(place: string, reason: string, cause?: unknown): OperationError {
  return new OperationError('STORE_UNAVAILABLE', `SQLite ledger ${place}: ${reason}.`, { cause });
}

/** Says that this file cannot be a ledger of this process, whatever is tried. */
export function unusable(place: string, reason: string, nearest?: string): ConfigError {
  const fault = { field: 'path', value: place, reason };
  return new ConfigError(nearest === undefined ? fault : { ...fault, nearest });
}
