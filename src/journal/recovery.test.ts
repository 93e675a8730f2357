import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLeasedLedger } from '../ledger/leases/leased-ledger.ts';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import { NO_SUMS, type Sums } from '../ledger/leases/sums.ts';
import { NOON, accountOf, amountsOf, instant, reserveOrder } from '../stores/conformance/orders.ts';
import { createMemoryLeaseStore, type MemoryLeaseStore } from '../stores/memory/lease-store.ts';
import { systemClock } from '../units/time.ts';
import { openFileJournal } from './file-journal.ts';
import { identifyProcess } from './identity.ts';
import { LineBuffer, textOfLine } from './journal-line.ts';
import { recoverHolder, recoverHolders, recoverHoldersNow } from './recovery.ts';

const ACCOUNT = accountOf({ cap: 'a', ceiling: { usd: 1000 } });
const KEY = ACCOUNT.parts[0]!.key;
const GRANTED: Sums = [100, 0, 0];

let directory: string;
let store: MemoryLeaseStore;
let self: HolderIdentity;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hardcap-recovery-'));
  store = createMemoryLeaseStore({ clock: () => NOON });
  self = identifyProcess({ journal: directory, openedAt: systemClock() });
});

afterEach(() => rmSync(directory, { recursive: true }));

/** This process's place, with the process id of one that has ended. */
function gone(said: Partial<HolderIdentity> = {}): HolderIdentity {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const own = identifyProcess({ journal: directory, openedAt: NOON });
  return { ...own, pid, incarnation: `${own.incarnation.split('/')[0]}/1`, ...said };
}

/** A holder with 100 granted that settled 15 of 40, and has a call of 20 in flight. */
function hold(identity: HolderIdentity, written = identity) {
  store.open(identity);
  const none = { known: NO_SUMS, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
  const asked = { need: GRANTED, demand: GRANTED, want: GRANTED };
  const items = [{ account: ACCOUNT, ...none, ...asked }];
  const { holder } = identity;
  const reply = store.exchange({ holder, seq: 1, at: NOON, items, declares: 'none' });
  expect(reply.kind).toBe('applied');
  if (written.journal === null) return;
  const journal = openFileJournal({ directory: written.journal, identity: written });
  const accounts = [ACCOUNT];
  const reserve = (id: string, usd: number) =>
    journal.record({ kind: 'reserved', id, at: NOON, amounts: amountsOf({ usd }), accounts });
  reserve('one', 40);
  reserve('two', 20);
  journal.record({ kind: 'settled', id: 'one', at: NOON, amounts: amountsOf({ usd: 15 }) });
}

/** The journal as it was before its accounts had more than a key, with sums that are right. */
function withKeysAlone(journal: Buffer): Buffer {
  const lines = new LineBuffer();
  for (const line of journal.toString('latin1').trimEnd().split('\n')) {
    const text = textOfLine(Buffer.from(line, 'latin1'))!;
    const words = text.split(' ');
    lines.add(words[1] === 'a' ? [...words.slice(0, 3), words.at(-2)].join(' ') : text);
  }
  return lines.bytes.subarray(0, lines.length);
}

function recover() {
  return recoverHoldersNow({ store, identity: self, clock: () => NOON });
}

function spentAndHeld(): readonly [number, number] {
  const row = store.accounts.get(KEY)?.row;
  return [row?.spent[0] ?? 0, row?.held[0] ?? 0];
}

describe('the recovery of holders', () => {
  it('gives back what is proven unspent, and charges what is in flight at its bound', () => {
    const identity = gone();
    hold(identity);
    const inDoubt = [{ id: 'two', at: NOON, amounts: [20, 0, 0], keys: [KEY] }];
    const row = { holder: identity.holder, how: 'proven', reason: undefined, inDoubt };
    const sums = { freed: [65, 0, 0], charged: [35, 0, 0] };
    expect(recover()).toEqual({ recovered: [{ ...row, ...sums }], unknown: [] });
    expect(spentAndHeld()).toEqual([35, 0]);
    expect(store.doubts()).toMatchObject([{ id: 'two', holder: identity.holder }]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('books what a holder spent before it first spoke of an account, once', () => {
    const identity = gone();
    const journal = openFileJournal({ directory, identity });
    const watched = accountOf({ cap: 'watch', mode: 'observe', ceiling: { usd: 10 } });
    // No timer ever runs: the process is killed before it reports.
    const schedule = () => () => undefined;
    const of = { store, identity, journal, clock: () => NOON, schedule };
    const ledger = createLeasedLedger(of);
    for (const [id, usd] of [
      ['one', 40],
      ['two', 20],
    ] as const) {
      const order = reserveOrder({ id, sum: { usd, calls: 1 }, accounts: [watched] });
      expect(ledger.reserve(order).kind).toBe('reserved');
    }
    ledger.settle({ id: 'one', at: NOON, amounts: amountsOf({ usd: 15, calls: 1 }) });
    expect(store.balances([watched])).toEqual([{ spent: NO_SUMS, held: NO_SUMS }]);
    const { key } = watched.parts[0]!;
    const inDoubt = [{ id: 'two', at: NOON, amounts: [20, 0, 1], keys: [key] }];
    const sums = { freed: NO_SUMS, charged: [35, 0, 2] };
    const row = { holder: identity.holder, how: 'proven', reason: undefined, inDoubt, ...sums };
    expect(recover().recovered).toEqual([row]);
    for (let time = 0; time < 2; time += 1) {
      expect(store.balances([watched])).toEqual([{ spent: [35, 0, 2], held: NO_SUMS }]);
      expect(recover().recovered).toEqual([]);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it('charges the whole slice, and says so, when the journal names accounts by key alone', () => {
    const identity = gone();
    hold(identity);
    const path = join(directory, `${identity.holder}.1.journal`);
    writeFileSync(path, withKeysAlone(readFileSync(path)));
    const [row] = recover().recovered;
    expect(row).toMatchObject({ how: 'charged', charged: [100, 0, 0] });
    expect(row?.reason).toMatch(/corrupt .*line 2: it is out of turn, or says nothing known/);
  });

  it('charges the whole slice when the host has booted since, whatever the journal says', () => {
    const bootedAt = Date.now() - uptime() * 1000;
    const openedAt = instant(Math.floor(bootedAt - 3_600_000));
    hold(gone({ boot: 'an earlier boot', openedAt }));
    const [row] = recover().recovered;
    expect(row).toMatchObject({ how: 'charged', freed: [0, 0, 0], charged: [100, 0, 0] });
    expect(row?.reason).toMatch(/another boot/);
    expect(spentAndHeld()).toEqual([100, 0]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lists calls of a journal that it does not trust so that none can be taken back', () => {
    const identity = gone();
    hold(identity, { ...identity, boot: 'written on another boot' });
    expect(recover().recovered).toMatchObject([
      { how: 'charged', inDoubt: [{ id: 'two', keys: [] }] },
    ]);
  });

  it.each(['holder', 'host', 'boot', 'pid', 'incarnation'] as const)(
    'charges the whole slice when the journal names another %s',
    (field) => {
      const identity = gone();
      const other = { ...identity, [field]: field === 'pid' ? 1 : 'another' };
      hold(identity, other);
      expect(recover().recovered).toMatchObject([{ how: 'charged', charged: [100, 0, 0] }]);
    },
  );

  it('charges the whole slice when the journal is corrupt, gone, or was never kept', () => {
    const corrupt = gone();
    hold(corrupt);
    const path = join(directory, `${corrupt.holder}.1.journal`);
    writeFileSync(path, readFileSync(path, 'latin1').replace(' 20 ', ' 10 '), 'latin1');
    expect(recover().recovered).toMatchObject([{ how: 'charged', charged: [100, 0, 0] }]);

    const missing = gone();
    hold(missing);
    rmSync(join(directory, `${missing.holder}.1.journal`));
    expect(recover().recovered).toMatchObject([{ how: 'charged', reason: /no journal/ }]);

    hold(gone({ journal: null }));
    expect(recover().recovered).toMatchObject([{ how: 'charged', charged: [100, 0, 0] }]);
    expect(spentAndHeld()).toEqual([300, 0]);
  });

  it('leaves alone itself, holders that live, those of other hosts and those it cannot see', () => {
    const living = identifyProcess({ journal: directory, openedAt: NOON });
    const elsewhere = gone({ host: 'another host' });
    const unseen = gone({ incarnation: '1/1' });
    for (const identity of [self, living, elsewhere, unseen]) hold(identity);
    expect(recover()).toMatchObject({ recovered: [], unknown: [{ holder: unseen.holder }] });
    expect(spentAndHeld()).toEqual([0, 400]);
    expect(readdirSync(directory)).toHaveLength(4);
  });

  it('a second time finds nothing to do, and is told so by the store', async () => {
    const identity = gone();
    hold(identity);
    recover();
    const { holder } = identity;
    const operator = { holder, how: 'charged', by: 'ann', reason: 'again' } as const;
    const again = await recoverHolder({ store, ...operator, clock: () => NOON });
    expect(again).toMatchObject({ how: 'already-closed', freed: NO_SUMS, charged: NO_SUMS });
    expect(await recoverHolders({ store, identity: self, clock: () => NOON })).toEqual({
      recovered: [],
      unknown: [],
    });
    expect(spentAndHeld()).toEqual([35, 0]);
  });

  it('by an operator charges the slice whole, and fences the holder', async () => {
    const identity = gone({ host: 'another host' });
    hold(identity);
    const { holder } = identity;
    const order = { store, holder, how: 'charged', by: 'ann', reason: 'host lost' } as const;
    const row = await recoverHolder({ ...order, clock: () => NOON });
    expect(row).toMatchObject({ how: 'charged', charged: [100, 0, 0] });
    const late = { holder, seq: 2, at: NOON, items: [], declares: 'none' as const };
    expect(store.exchange(late)).toEqual({ kind: 'fenced' });
    expect(store.journal()[0]?.body).toMatch(/"by":"ann","reason":"host lost"/);
  });

  it('removes a journal of a crash before the holder was open, or after it was closed', () => {
    const closed = gone();
    hold(closed);
    const order = { holder: closed.holder, at: NOON, by: 'x', reason: 'y', inDoubt: [] };
    store.close({ ...order, how: 'charged', finals: [] });
    openFileJournal({ directory, identity: gone() });
    const ofOtherStore = gone();
    const call = { kind: 'reserved', id: 'x', at: NOON, accounts: [ACCOUNT] } as const;
    const journal = openFileJournal({ directory, identity: ofOtherStore });
    journal.record({ ...call, amounts: amountsOf({ usd: 1 }) });
    const living = identifyProcess({ journal: directory, openedAt: NOON });
    openFileJournal({ directory, identity: living });
    expect(recover().recovered).toEqual([]);
    const kept = [ofOtherStore, living].map(({ holder }) => `${holder}.1.journal`);
    expect(readdirSync(directory).sort()).toEqual(kept.sort());
  });

  it('takes no path from a holder’s id', () => {
    const victim = join(directory, 'victim.1.journal');
    writeFileSync(victim, 'not a journal');
    hold({ ...gone(), holder: '../x', journal: null });
    const inner = join(directory, 'inner');
    store.open({ ...gone(), holder: '../victim', journal: inner });
    const report = recover();
    expect(report.recovered.map(({ how }) => how)).toEqual(['charged', 'charged']);
    expect(readFileSync(victim, 'utf8')).toBe('not a journal');
  });
});
