import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe } from 'vitest';
import type { ConformanceLeaseStore } from '../../src/stores/conformance/lease-case.ts';
import { NOON, instant } from '../../src/stores/conformance/orders.ts';
import { createSqliteLeaseStore } from '../../src/stores/sqlite/lease-store.ts';
import { privateDir } from '../servers/private-server.ts';
import { leaseConformance } from './lease-stores.ts';

const dir = privateDir('sqlite-conformance');
const opened: { end(): void }[] = [];
let count = 0;

afterEach(() => {
  for (const store of opened.splice(0)) store.end();
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const driver of ['better-sqlite3', 'libsql'] as const) {
  describe(`the SQLite lease store on ${driver}`, () => {
    leaseConformance(() => makeStore(driver));
  });
}

/** A store in a file of its own; opened anew it is another connection to that file. */
function makeStore(driver: 'better-sqlite3' | 'libsql'): ConformanceLeaseStore {
  count += 1;
  const path = join(dir, `${count}.db`);
  let now: number = NOON;
  const open = () => {
    // Without a sync for each commit the suite is three times as fast, and sees the same.
    const options = { path, driver, synchronous: 'normal' } as const;
    const store = createSqliteLeaseStore({ ...options, clock: () => instant(now) });
    opened.push(store);
    return store;
  };
  return {
    store: open(),
    reopened: open,
    pass: (ms) => {
      now += ms;
    },
  };
}
