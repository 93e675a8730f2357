import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../errors/error.ts';
import { withDriver, type DriverPlace, type SqliteDriver } from './driver.ts';
import { faultOf, storeError } from './failure.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hardcap-driver-'));
let places = 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));

/** A folder with packages of these names, each with one file of code. */
function placeWith(packages: Readonly<Record<string, { version: string; code: string }>>): string {
  places += 1;
  const root = join(FOLDER, `${places}`);
  mkdirSync(root);
  for (const [name, { version, code }] of Object.entries(packages)) {
    const folder = join(root, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version }));
    writeFileSync(join(folder, 'index.js'), code);
  }
  return join(root, 'package.json');
}

function namedIn(from: readonly string[], driver?: SqliteDriver, node = '20.20.2'): string {
  const place: DriverPlace = { from, node };
  return withDriver(driver, (Database) => (new Database('x') as never)['name'], place);
}

function named(name: string): string {
  return `module.exports = class { constructor() { this.name = '${name}'; } };`;
}

describe('finding a driver', () => {
  it('takes the first that is installed, in the order of the list', () => {
    const [b, l] = ['better-sqlite3', 'libsql'];
    const better = { version: '12.11.1', code: named(b) };
    const libsql = { version: '0.5.29', code: named(l) };
    expect(namedIn([placeWith({ [b]: better, [l]: libsql })])).toBe(b);
    expect(namedIn([placeWith({ [l]: libsql })])).toBe(l);
    expect(namedIn([placeWith({ [b]: better, [l]: libsql })], 'libsql')).toBe(l);
  });

  it('looks into the second place for what the first does not have', () => {
    const better = { version: '12.11.1', code: named('second') };
    expect(namedIn([placeWith({}), placeWith({ 'better-sqlite3': better })])).toBe('second');
  });

  it('refuses better-sqlite3 13 on Node 20, where it would crash, and allows it on 22', () => {
    const better = { version: '13.2.0', code: named('thirteen') };
    const from = [placeWith({ 'better-sqlite3': better })];
    expect(() => namedIn(from)).toThrow(/13\.2\.0 needs Node 22 .* install version 12/);
    expect(() => namedIn(from, 'better-sqlite3')).toThrow(ConfigError);
    expect(namedIn(from, undefined, '22.13.0')).toBe('thirteen');
  });

  it('goes on to the next when the native part of one is missing', () => {
    const broken = `module.exports = class { constructor() {
      throw new Error('Could not locate the bindings file. Tried:');
    } };`;
    const packages = {
      'better-sqlite3': { version: '12.11.1', code: broken },
      libsql: { version: '0.5.29', code: named('libsql') },
    };
    expect(namedIn([placeWith(packages)])).toBe('libsql');
    expect(() => namedIn([placeWith(packages)], 'better-sqlite3')).toThrow(/bindings file/);
  });

  it('does not go on to the next when the file itself is the trouble', () => {
    const locked = `module.exports = class { constructor() { throw new Error('locked'); } };`;
    const packages = {
      'better-sqlite3': { version: '12.11.1', code: locked },
      libsql: { version: '0.5.29', code: named('libsql') },
    };
    expect(() => namedIn([placeWith(packages)])).toThrow(/^locked$/);
  });

  it('says what to install when there is none', () => {
    const message = /better-sqlite3: not installed; .*libsql: not installed.* npm install better/s;
    expect(() => namedIn([placeWith({})])).toThrow(message);
    expect(() => namedIn([placeWith({})])).toThrow(ConfigError);
  });

  it('loads the drivers that are installed here', () => {
    for (const driver of ['better-sqlite3', 'libsql'] as const) {
      const path = join(FOLDER, `${driver}.db`);
      const one = withDriver(driver, (Database) => {
        const database = new Database(path);
        const row = database.prepare('SELECT 1 AS one').get();
        database.close();
        return row;
      });
      expect(one).toMatchObject({ one: 1 });
    }
  });
});

describe('an error of a driver', () => {
  it('is known by the name, the number or the text that the driver gives', () => {
    const forms = (name: string, number: number, text: string): unknown[] => [
      Object.assign(new Error('x'), { code: name }),
      Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode: number }),
      Object.assign(new Error('x'), { errno: number | (3 << 8) }),
      new Error(text),
    ];
    const faults = (...given: Parameters<typeof forms>) => [
      ...new Set(forms(...given).map(faultOf)),
    ];
    expect(faults('SQLITE_BUSY_SNAPSHOT', 5, 'database is locked')).toEqual(['busy']);
    expect(faults('SQLITE_FULL', 13, 'database or disk is full')).toEqual(['full']);
    expect(faults('SQLITE_CORRUPT_VTAB', 11, 'database disk image is malformed')).toEqual([
      'corrupt',
    ]);
    expect(faults('SQLITE_NOTADB', 26, 'file is not a database')).toEqual(['not-a-database']);
    expect(faults('SQLITE_READONLY', 8, 'attempt to write a readonly database')).toEqual([
      'read-only',
    ]);
    expect(faults('SQLITE_IOERR_FSYNC', 10, 'disk I/O error')).toEqual(['io']);
    expect([undefined, 'text', 7, new Error('else')].map(faultOf)).toEqual(Array(4).fill('other'));
  });

  it('is final where a row would break the rules of its table, and else is not', () => {
    const check = storeError(new Error('CHECK constraint failed: usd_within_ceiling'), 'a.db');
    expect(check).toMatchObject({ code: 'INVARIANT_BROKEN', kind: 'integrity' });
    expect(storeError(new Error('disk I/O error'), 'a.db')).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/a\.db: the disk failed .*check it/) as unknown,
    });
  });
});
