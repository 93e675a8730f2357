import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { History, identityOf, sorted, write, type Meaning } from '../../test/crash/history.ts';
import { NOON, accountOf, amountsOf } from '../stores/conformance/orders.ts';
import { openFileJournal } from './file-journal.ts';
import { readJournal, type JournalReading } from './read-journal.ts';

const SEEDS = Number(process.env['HARDCAP_JOURNAL_SEEDS'] ?? 20);
const HOLDER = 'h-1';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hardcap-journal-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function open(said: { segmentBytesMax?: number; into?: string } = {}) {
  const { into = directory, ...rest } = said;
  return openFileJournal({ directory: into, identity: identityOf({ holder: HOLDER }), ...rest });
}

function read(): JournalReading {
  return readJournal({ directory, holder: HOLDER });
}

function meaningOf(reading: JournalReading): Meaning {
  if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
  const { finals, inDoubt } = reading.proof;
  return sorted({
    finals: finals.map(({ account, spent }) => [account.parts.at(-1)!.key, spent]),
    inDoubt,
  });
}

function segment(number: number): string {
  return join(directory, `${HOLDER}.${number}.journal`);
}

describe('a journal that is read back', () => {
  it('proves what its records mean, whatever the ids and reasons say', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const journal = open();
      const meanings = write(journal, new History(`seed ${seed}`), 60);
      expect(meaningOf(read()), `seed ${seed}`).toEqual(meanings.at(-1));
      journal.discard();
    }
  });

  it('proves the same when it began new files on the way', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const journal = open({ segmentBytesMax: 400 + 150 * seed });
      const history = new History(`seed ${seed}`);
      journal.attach(() => history.snapshot());
      const meanings = write(journal, history, 120);
      expect(meaningOf(read()), `seed ${seed}`).toEqual(meanings.at(-1));
      expect(readdirSync(directory), 'the old files are gone').toHaveLength(1);
      expect(readdirSync(directory)).not.toEqual([`${HOLDER}.1.journal`]);
      journal.discard();
    }
  });

  it('names its writer', () => {
    open();
    const { journal, ...identity } = identityOf({ holder: HOLDER });
    expect(read()).toMatchObject({ kind: 'read', identity, proof: { boot: 'some boot' } });
    expect(journal).toBeNull();
  });

  it('charges what is in flight at its bound, extended, and books what was billed above it', () => {
    const journal = open();
    const accounts = [accountOf({ cap: 'a' }), accountOf({ cap: 'b' })];
    const reserve = (id: string, usd: number) =>
      journal.record({ kind: 'reserved', id, at: NOON, amounts: amountsOf({ usd }), accounts });
    reserve('one', 100);
    reserve('two', 30);
    journal.record({ kind: 'settled', id: 'one', at: NOON, amounts: amountsOf({ usd: 130 }) });
    journal.record({ kind: 'extended', id: 'two', at: NOON, by: amountsOf({ usd: 5 }) });
    const keys = ['a|global|1763683200000', 'b|global|1763683200000'];
    expect(meaningOf(read())).toEqual({
      finals: keys.map((key) => [key, [165, 0, 0]]),
      inDoubt: [{ id: 'two', at: NOON, amounts: [35, 0, 0], keys }],
    });
  });

  it('says of each account all that a store would open it from', () => {
    const journal = open();
    const starts = [0, 1, 2].map((minute) => NOON + minute * 60_000);
    const accounts = [
      accountOf({ cap: '-', scope: '', mode: 'observe', ceiling: { usd: 7, calls: 0 } }),
      accountOf({ cap: 'a b', ceiling: { tokens: Number.MAX_SAFE_INTEGER }, starts }),
      { ...accountOf({ cap: 'ever' }), parts: [{ key: 'ever|"x"', leavesAt: null }] },
    ];
    const amounts = amountsOf({ usd: 5 });
    journal.record({ kind: 'reserved', id: 'one', at: NOON, amounts, accounts });
    const reading = read();
    const said = reading.kind === 'read' ? reading.proof.finals.map(({ account }) => account) : [];
    const [first, , last] = accounts[1]!.parts;
    expect(said).toEqual([accounts[0], { ...accounts[1], parts: [first, last] }, accounts[2]]);
  });

  it('keeps a sum that passed what can be counted, whatever is taken away later', () => {
    const journal = open();
    const accounts = [accountOf({ cap: 'a' })];
    const most = amountsOf({ usd: Number.MAX_SAFE_INTEGER });
    for (const id of ['one', 'two']) {
      journal.record({ kind: 'reserved', id, at: NOON, amounts: most, accounts });
      journal.record({ kind: 'settled', id, at: NOON, amounts: most });
    }
    const change = { replaced: most, amounts: amountsOf({}), accounts, reason: 'none' };
    journal.record({ kind: 'adjusted', id: 'f', reservationId: 'one', at: NOON, ...change });
    expect(meaningOf(read()).finals[0]![1][0]).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('cut off at any byte, still proves what it proved at some moment before', () => {
    const meanings = write(open(), new History('cut'), 20);
    const whole = readFileSync(segment(1));
    const ends = [...whole].flatMap((byte, index) => (byte === 10 ? [index + 1] : []));
    const begins = whole.indexOf('1 w ');
    let before = -1;
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(segment(1), whole.subarray(0, length));
      const reading = read();
      if (length < begins || ends.filter((end) => end <= length).length < 2) {
        expect(reading.kind, `${length} bytes`).toBe('corrupt');
        continue;
      }
      const meaning = JSON.stringify(meaningOf(reading));
      const found = meanings.findIndex((known) => JSON.stringify(known) === meaning);
      expect(found, `${length} bytes`).toBeGreaterThanOrEqual(Math.max(0, before));
      before = found;
    }
    expect(before).toBe(meanings.length - 1);
  });

  it('with any one bit changed says that it is corrupt, or proves what it did', () => {
    const meanings = write(open(), new History('flip'), 4);
    const whole = readFileSync(segment(1));
    const harmless: number[] = [];
    const file = openSync(segment(1), 'r+');
    onTestFinished(() => closeSync(file));
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const at = bit >> 3;
      writeSync(file, Uint8Array.of(whole[at]! ^ (1 << (bit & 7))), 0, 1, at);
      const reading = read();
      writeSync(file, Uint8Array.of(whole[at]!), 0, 1, at);
      if (reading.kind === 'corrupt') continue;
      harmless.push(bit);
      expect(meaningOf(reading), `bit ${bit}`).toEqual(meanings.at(-1));
    }
    expect(harmless, 'in fact none is harmless').toEqual([]);
  });

  it('with a line taken out, put in twice or swapped is corrupt', () => {
    write(open(), new History('lines'), 12);
    const lines = readFileSync(segment(1), 'latin1').split('\n').slice(0, -1);
    const changes = lines
      .slice(0, -1)
      .flatMap((_, index) => [
        lines.toSpliced(index, 1),
        lines.toSpliced(index, 0, lines[index]!),
        lines.toSpliced(index, 2, lines[index + 1]!, lines[index]!),
      ]);
    for (const changed of changes) {
      writeFileSync(segment(1), `${changed.join('\n')}\n`, 'latin1');
      expect(read().kind, changed.join('\n')).toBe('corrupt');
    }
  });

  it('under another name, or as another segment, is corrupt', () => {
    write(open(), new History('name'), 3);
    const whole = readFileSync(segment(1));
    writeFileSync(segment(2), whole);
    expect(read()).toMatchObject({ kind: 'corrupt', reason: expect.stringContaining('another') });
    writeFileSync(join(directory, 'h-2.1.journal'), whole);
    expect(readJournal({ directory, holder: 'h-2' }).kind).toBe('corrupt');
  });

  it('is missing where there is no file, and no folder', () => {
    expect(read()).toEqual({ kind: 'missing' });
    expect(readJournal({ directory: join(directory, 'none'), holder: HOLDER }).kind).toBe(
      'missing',
    );
  });

  it('says where it is in doubt up to the place that is corrupt', () => {
    const accounts = [accountOf({ cap: 'a' })];
    const journal = open();
    for (const id of ['one', 'two']) {
      journal.record({ kind: 'reserved', id, at: NOON, amounts: amountsOf({ usd: 1 }), accounts });
    }
    const text = readFileSync(segment(1), 'latin1');
    writeFileSync(segment(1), text.replace(' two ', ' twa '), 'latin1');
    expect(read()).toMatchObject({ kind: 'corrupt', inDoubt: [{ id: 'one' }] });
  });
});

describe('a journal that begins a new file', () => {
  it('reads the same wherever a crash cuts the new file off, with the old one still there', () => {
    const journal = open({ segmentBytesMax: 1500 });
    const history = new History('new file');
    journal.attach(() => history.snapshot());
    let old: Buffer | undefined;
    let [before, after] = [history.meaning(), history.meaning()];
    while (readdirSync(directory).includes(`${HOLDER}.1.journal`)) {
      old = readFileSync(segment(1));
      [before] = write(journal, history, 1) as [Meaning];
      after = history.meaning();
    }
    const next = readFileSync(segment(2));
    writeFileSync(segment(1), old!);
    for (let length = 0; length < next.length; length += 1) {
      writeFileSync(segment(2), next.subarray(0, length));
      expect(meaningOf(read()), `${length} bytes`).toEqual(before);
    }
    writeFileSync(segment(2), next);
    expect(meaningOf(read())).toEqual(after);
  });

  it('does not go back to the old file for a new one that is corrupt', () => {
    const journal = open({ segmentBytesMax: 300 });
    const history = new History('no way back');
    journal.attach(() => history.snapshot());
    const old = readFileSync(segment(1));
    write(journal, history, 30);
    const [name = ''] = readdirSync(directory);
    const newest = readFileSync(join(directory, name));
    newest[20]! ^= 1;
    writeFileSync(join(directory, name), newest);
    writeFileSync(segment(1), old);
    expect(read().kind).toBe('corrupt');
  });
});
