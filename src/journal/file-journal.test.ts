import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundle, type Bundle } from '../../test/crash/bundle.ts';
import { History, identityOf, write } from '../../test/crash/history.ts';
import { NOON, accountOf, amountsOf } from '../stores/conformance/orders.ts';
import { openFileJournal } from './file-journal.ts';
import { readJournal } from './read-journal.ts';

const HOLDER = 'h-1';
const ACCOUNTS = [accountOf({ cap: 'a' })];

let parent: string;
let directory: string;
let program: Bundle;

beforeAll(() => {
  program = bundle('full-disk.child');
});

afterAll(() => program.remove());

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'hardcap-journal-'));
  directory = join(parent, 'of', 'holders');
});

afterEach(() => rmSync(parent, { recursive: true }));

function open(segmentBytesMax?: number) {
  return openFileJournal({ directory, identity: identityOf(), segmentBytesMax });
}

function reserved(id: string, usd = 1) {
  return {
    kind: 'reserved' as const,
    id,
    at: NOON,
    amounts: amountsOf({ usd }),
    accounts: ACCOUNTS,
  };
}

function idsInDoubt(holder = HOLDER): readonly string[] {
  const reading = readJournal({ directory, holder });
  if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
  return reading.proof.inDoubt.map(({ id }) => id);
}

/** Closes the file behind the journal's back; the number of its descriptor. */
function closeBehind(path: string): number {
  const descriptor = Array.from({ length: 256 }, (_, index) => index).find((index) => {
    try {
      return readlinkSync(`/proc/self/fd/${index}`) === path;
    } catch {
      // Not open.
      return false;
    }
  });
  closeSync(descriptor!);
  return descriptor!;
}

describe('the file journal', () => {
  it('is for this user only, folder and file', () => {
    open();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, `${HOLDER}.1.journal`)).mode & 0o777).toBe(0o600);
  });

  it('has each record in the file when `record` returns, and an account named once', () => {
    const journal = open();
    const path = join(directory, `${HOLDER}.1.journal`);
    const sizes = ['one', 'two', 'six'].map((id) => {
      const before = statSync(path).size;
      journal.record(reserved(id));
      return statSync(path).size - before;
    });
    expect(sizes.every((size) => size > 0)).toBe(true);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]).toBe(sizes[2]);
  });

  it('discarded removes its files, leaves those of others, and records no more', () => {
    const journal = open();
    const other = openFileJournal({ directory, identity: identityOf({ holder: 'h-11' }) });
    journal.discard();
    expect(readdirSync(directory)).toEqual(['h-11.1.journal']);
    expect(() => journal.record(reserved('late'))).toThrow(/discarded/);
    journal.discard();
    other.discard();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is not opened for an id that leads out of the folder, or for a size of nothing', () => {
    for (const holder of ['', '../h', 'a/b', 'a.b', '.', 'x'.repeat(129)]) {
      const identity = identityOf({ holder });
      expect(() => openFileJournal({ directory, identity }), holder).toThrow(/identity.holder/);
    }
    expect(() => open(0)).toThrow(/segmentBytesMax/);
    expect(() => open(1.5)).toThrow(/segmentBytesMax/);
    expect(existsSync(directory)).toBe(false);
  });

  it('never writes into a file that is there already', () => {
    const journal = open();
    journal.record(reserved('one'));
    expect(() => open()).toThrow(/EEXIST/);
    expect(idsInDoubt()).toEqual(['one']);
  });

  it('where there is no room, reads back what was acknowledged and nothing else', () => {
    // Skipped: a shell sets the size that a file may have, which Windows has not.
    if (process.platform === 'win32') return;
    const limited = ['-c', 'ulimit -f 8 && exec "$@"', 'bash', process.execPath];
    const { stdout, stderr } = spawnSync('bash', [...limited, program.file, directory]);
    expect(stderr.toString()).toBe('');
    const { kept, refused } = JSON.parse(stdout.toString()) as { kept: string[]; refused: number };
    expect(idsInDoubt('full')).toEqual(kept);
    expect(refused).toBeGreaterThanOrEqual(4);
    const isGoingOn = kept.some((id) => Number(id.split('-')[0]) > 10);
    expect(isGoingOn, 'short records after a refused one were kept').toBe(true);
  });

  it('where not even its first line can be written, leaves no file', () => {
    const limited = ['-c', 'ulimit -f 0 && exec "$@"', 'bash', process.execPath];
    const { status, stderr } = spawnSync('bash', [...limited, program.file, directory]);
    expect(stderr.toString()).toMatch(/EFBIG/);
    expect(status).not.toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });

  // Skipped: elsewhere the test cannot find the descriptor to close.
  it.runIf(process.platform === 'linux')(
    'that cannot take back a record records nothing any more, even when writing works again',
    () => {
      const journal = open();
      journal.record(reserved('one'));
      const path = join(directory, `${HOLDER}.1.journal`);
      const descriptor = closeBehind(path);
      expect(() => journal.record(reserved('two'))).toThrow(/Nothing was recorded/);
      expect(openSync(path, 'a')).toBe(descriptor);
      expect(() => journal.record(reserved('three'))).toThrow(/damaged/);
      expect(idsInDoubt()).toEqual(['one']);
      journal.discard();
    },
  );

  it('names an account again that a failed record had named', () => {
    const journal = open();
    const [before, after] = [accountOf({ cap: 'new' }), accountOf({ cap: 'newer' })];
    const id = 'x'.repeat(6 * 1024 * 1024);
    expect(() => journal.record({ ...reserved(id), accounts: [before] })).toThrow(/Nothing was/);
    journal.record({ ...reserved('one'), accounts: [after, before] });
    const reading = readJournal({ directory, holder: HOLDER });
    const keys = [after, before].map(({ parts }) => parts[0]!.key);
    expect(reading).toMatchObject({ proof: { inDoubt: [{ id: 'one', keys }] } });
  });
});

describe('the file journal, when it begins a new file', () => {
  it('goes on with the old one while the state cannot be had', () => {
    const journal = open(200);
    journal.attach(() => {
      throw new Error('not now');
    });
    const ids = Array.from({ length: 12 }, (_, index) => `call ${index}`);
    for (const id of ids) journal.record(reserved(id));
    expect(readdirSync(directory)).toEqual([`${HOLDER}.1.journal`]);
    expect(idsInDoubt()).toEqual(ids);
  });

  it('goes on with the old one when nobody gave it the state', () => {
    const journal = open(100);
    for (let index = 0; index < 12; index += 1) journal.record(reserved(`${index}`));
    expect(readdirSync(directory)).toEqual([`${HOLDER}.1.journal`]);
    expect(idsInDoubt()).toHaveLength(12);
  });

  it('records no more when a file of others could be taken for the new one', () => {
    const journal = open(200);
    const history = new History('taken');
    journal.attach(() => history.snapshot());
    const taken = join(directory, `${HOLDER}.2.journal`);
    writeFileSync(taken, 'whose?');
    expect(() => write(journal, history, 50)).toThrow(/may be read/);
    expect(readFileSync(taken, 'utf8')).toBe('whose?');
  });
});
