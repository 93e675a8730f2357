import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { capped } from '../conformance/lease-orders.ts';
import { createSqliteLeaseStore } from './lease-store.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hardcap-processes-'));
const AMOUNT = 1_000;
const KILLS = Number(process.env['HARDCAP_SQLITE_KILLS'] ?? 3);
const children: ChildProcess[] = [];
let files = 0;

afterAll(() => rmSync(FOLDER, { recursive: true }));
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function newPath(): string {
  files += 1;
  return join(FOLDER, `${files}.db`);
}

/**
 * A process that asks for one amount after the other, and says each grant in a line of its own once
 * the store has answered.
 */
function asker(settings: { path: string; holder: string; driver: string; cap: number }) {
  const { path, holder, driver, cap } = settings;
  const url = (name: string) => new URL(name, import.meta.url).href;
  const program = `
    const { writeSync } = await import('node:fs');
    const { createSqliteLeaseStore } = await import('${url('lease-store.ts')}');
    const orders = await import('${url('../conformance/lease-orders.ts')}');
    const options = { path: '${path}', driver: '${driver}', synchronous: 'normal' };
    const store = createSqliteLeaseStore({ ...options, busyTimeoutMs: 60000 });
    store.open(orders.identityOf('${holder}'));
    writeSync(1, 'ready\\n');
    process.stdin.once('data', () => {
      let known = 0;
      for (let seq = 1; ; seq += 1) {
        const item = orders.itemOf(orders.capped(${cap}), {
          known: { usd: known }, inFlight: { usd: known }, need: { usd: ${AMOUNT} },
        });
        const [slice] = store.exchange(orders.messageOf('${holder}', seq, [item])).slices;
        if (slice.isRefused) break;
        known = slice.granted[0];
        writeSync(1, known + '\\n');
      }
      writeSync(1, 'done\\n');
      process.exit(0);
    });`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  let awaited = { line: '', tell: () => undefined as void };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line === awaited.line || lines.length === Number(awaited.line)) awaited.tell();
  });
  return {
    child,
    /** Resolves with the line, or with so many lines. */
    said: (line: string) =>
      new Promise<void>((tell, fail) => {
        awaited = { line, tell };
        if (lines.includes(line)) tell();
        child.once('close', () => fail(new Error(`it ended before it said ${line}`)));
      }),
    granted: () => Math.max(0, ...lines.map(Number).filter(Number.isInteger)),
  };
}

describe.each(['better-sqlite3', 'libsql'])('processes that share a ledger over %s', (driver) => {
  it('S1. are granted exactly the 500 amounts that fit into 500.5', async () => {
    const path = newPath();
    const cap = 500.5 * AMOUNT;
    const racers = [1, 2, 3, 4].map((n) => asker({ path, holder: `h${n}`, driver, cap }));
    await Promise.all(racers.map(({ said }) => said('ready')));
    const ends = racers.map(({ child, said }) => {
      child.stdin?.write('go\n');
      return said('done');
    });
    await Promise.all(ends);
    const granted = racers.map((racer) => racer.granted());
    expect(granted.reduce((sum, each) => sum + each, 0)).toBe(500 * AMOUNT);
    const store = createSqliteLeaseStore({ path, driver: driver as 'libsql' });
    expect(store.balances([capped(cap)])).toEqual([{ spent: [0, 0, 0], held: [500_000, 0, 0] }]);
    store.end();
  }, 120_000);

  it('S2. S4. keep every grant that was told when one of them is killed', async () => {
    for (let round = 0; round < KILLS; round += 1) {
      const path = newPath();
      const cap = 1e9;
      const victim = asker({ path, holder: 'victim', driver, cap });
      await victim.said('ready');
      victim.child.stdin?.write('go\n');
      await victim.said(String(20 + round * 7));
      victim.child.kill('SIGKILL');
      await once(victim.child, 'close');
      const store = createSqliteLeaseStore({ path, driver: driver as 'libsql' });
      const [balance] = store.balances([capped(cap)]);
      const [holder] = store.holders();
      expect(balance!.held[0]).toBeGreaterThanOrEqual(victim.granted());
      // At most the one grant that was in flight is not told.
      expect(balance!.held[0]).toBeLessThanOrEqual(victim.granted() + AMOUNT);
      expect(balance!.held[0]).toBe(holder!.seq * AMOUNT);
      store.end();
    }
  }, 120_000);
});
