import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ConfigError } from '../../../errors/error.ts';

/** What a driver can bind to a statement. */
export type SqliteValue = string | number | bigint | null;

/** A prepared statement, as `better-sqlite3`, `node:sqlite`, `bun:sqlite` and `libsql` have it. */
export interface SqliteStatement {
  run(...values: SqliteValue[]): unknown;
  /** The first row, as an object; `undefined` or `null` when there is none. */
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/** An open database: the part of a driver that the store uses. */
export interface SqliteDatabase {
  /** Runs one statement or several, without values. */
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** Drivers that can be loaded by name, in the order in which they are tried. */
export const SQLITE_DRIVERS = ['better-sqlite3', 'node:sqlite', 'bun:sqlite', 'libsql'] as const;

/** One of the drivers that can be loaded by name. */
export type SqliteDriver = (typeof SQLITE_DRIVERS)[number];

/** Where drivers are looked for; the default is this process. */
export interface DriverPlace {
  /** Paths of files whose packages are looked through, in order. */
  readonly from: readonly string[];
  /** Version of Node, as in `process.versions.node`. */
  readonly node: string;
}

/** First major version of better-sqlite3 that crashes when it opens a file on Node 20. */
const MAJOR_FOR_NODE_22 = 13;

/** A class that opens files. */
type DatabaseClass = new (path: string) => SqliteDatabase;

/**
 * Opens a file by `open` with `driver`, or with the first driver that is installed.
 *
 * Throws `CONFIG_INVALID` when none is, or when the one asked for cannot be used here; what the
 * driver throws about the file itself comes through as it is.
 */
export function withDriver<T>(
  driver: SqliteDriver | undefined,
  open: (Database: DatabaseClass) => T,
  place: DriverPlace = placeOfProcess(),
): T {
  const missing: string[] = [];
  for (const name of driver === undefined ? SQLITE_DRIVERS : [driver]) {
    const found = findDriver(name, place);
    if (typeof found === 'string') {
      missing.push(`${name}: ${found}`);
      continue;
    }
    try {
      return open(found);
    } catch (error) {
      if (!isAboutTheDriver(error)) throw error;
      missing.push(`${name}: ${textOf(error)}`);
    }
  }
  const reason = `no SQLite driver can be loaded (${missing.join('; ')})`;
  const nearest = 'npm install better-sqlite3@12, or Node 22.13 and later, which bring one';
  throw new ConfigError({ field: 'driver', value: driver ?? null, reason, nearest });
}

function placeOfProcess(): DriverPlace {
  return {
    // From here, and from the user's own folder: strict package trees hide the user's from ours.
    from: [import.meta.url, join(process.cwd(), 'package.json')],
    node: process.versions.node,
  };
}

/** The driver's class, or why it cannot be used. */
function findDriver(name: SqliteDriver, place: DriverPlace): DatabaseClass | string {
  let reason = 'not installed';
  for (const from of place.from) {
    const load = createRequire(from);
    try {
      const crash = name === 'better-sqlite3' ? whyItCrashes(load, place.node) : undefined;
      if (crash !== undefined) return crash;
      return classOf(load(name), name);
    } catch (error) {
      if (!isNotFound(error)) reason = textOf(error);
    }
  }
  return reason;
}

/** Version 13 needs Node 22; on Node 20 it loads, and the process dies when it opens a file. */
function whyItCrashes(load: NodeJS.Require, node: string): string | undefined {
  if (majorOf(node) >= 22) return undefined;
  const manifest: unknown = JSON.parse(
    readFileSync(load.resolve('better-sqlite3/package.json'), 'utf8'),
  );
  const version = isRecord(manifest) ? manifest['version'] : undefined;
  if (typeof version === 'string' && majorOf(version) < MAJOR_FOR_NODE_22) return undefined;
  const need = `version ${String(version)} needs Node 22 and would crash on Node ${node}`;
  return `${need}; install version 12`;
}

function majorOf(version: string): number {
  const major = Number.parseInt(version, 10);
  return Number.isNaN(major) ? Number.POSITIVE_INFINITY : major;
}

function classOf(module: unknown, name: SqliteDriver): DatabaseClass | string {
  const member = name === 'node:sqlite' ? 'DatabaseSync' : 'Database';
  const found = name.includes(':') ? memberOf(module, member) : module;
  return isDatabaseClass(found) ? found : 'it exports no database class';
}

function memberOf(module: unknown, member: string): unknown {
  return isRecord(module) ? module[member] : undefined;
}

function isDatabaseClass(value: unknown): value is DatabaseClass {
  return typeof value === 'function';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const NOT_FOUND = new Set(['MODULE_NOT_FOUND', 'ERR_UNKNOWN_BUILTIN_MODULE']);

function isNotFound(error: unknown): boolean {
  return isRecord(error) && NOT_FOUND.has(String(error['code']));
}

/** Whether the driver's native part is missing or was built for another Node. */
function isAboutTheDriver(error: unknown): boolean {
  if (!isRecord(error)) return false;
  return error['code'] === 'ERR_DLOPEN_FAILED' || /bindings file/.test(textOf(error));
}

function textOf(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return first;
}
