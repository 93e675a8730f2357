import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hardcap } from '../../../test/cli/terminal.ts';
import { HardcapError } from '../../errors/error.ts';
import { readAddress } from './address.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-address-'));
  writeFileSync(join(folder, 'spend.db'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('where a ledger is kept', () => {
  it('is an address, or a file that exists, also as hardcap/register names it', () => {
    const file = { kind: 'sqlite', path: join(folder, 'spend.db') };
    expect(readAddress('spend.db', folder)).toMatchObject(file);
    expect(readAddress('sqlite:spend.db', folder)).toMatchObject(file);
    expect(readAddress(`sqlite:${file.path}`, '/')).toMatchObject(file);
    const url = 'redis://u:two words@host:6379/0';
    expect(readAddress(url, folder)).toEqual({
      kind: 'redis',
      url,
      shown: 'redis://***@host:6379/0',
    });
  });

  it('says which file is not there', () => {
    const path = join(folder, 'no.db');
    expect(() => readAddress('no.db', folder)).toThrow(`There is no ledger at ${path}.`);
    expect(() => readAddress('sqlite:no.db', folder)).toThrow(`There is no ledger at ${path}.`);
  });

  it('names quotes and blanks around it, which an .env file may have kept', () => {
    for (const text of ['"spend.db"', "'spend.db'", ' spend.db', 'spend.db\n', '"redis://host"']) {
      expect(() => readAddress(text, folder), text).toThrow('quotes or blanks around it');
    }
  });

  it.each([
    ['quotes that an .env file kept', '"postgres://bob:s3cr3t@db/x"'],
    ['other quotes', "'redis://:s3cr3t@db'"],
    ['a blank before it', ' postgres://bob:s3cr3t@db/x'],
    ['a line break after it', 'postgres://bob:s3cr3t@db/x\n'],
    ['one slash', 'postgres:/bob:s3cr3t@db/x'],
    ['no slash', 'redis:bob:s3cr3t@db/x'],
    ['backslashes', 'postgres:\\\\bob:s3cr3t@db/x'],
    ['no scheme', 'bob:s3cr3t@db/x'],
    ['no host', 'bob:s3cr3t'],
    ['another scheme', 'mysql://bob:s3cr3t@db/x'],
    ['another scheme, one slash', 'mysql:/bob:s3cr3t@db/x'],
    ['a blank in the password of another scheme', 'mysql://bob:no s3cr3t@db/x'],
    ['words of libpq', "host=db password='no s3cr3t'"],
    ['a parameter', 'mysql://db/x?password=no s3cr3t'],
    ['the scheme of a file', 'sqlite:postgres://bob:s3cr3t@db/x'],
    ['the scheme of a file, with two slashes', 'sqlite://bob:s3cr3t@db/x'],
    ['text before it', 'HARDCAP_LEDGER=postgres://bob:s3cr3t@db/x'],
  ])('is refused without its password: %s', async (_name, text) => {
    const failed = errorOf(() => readAddress(text, folder));
    expect(failed).toMatchObject({ code: 'COMMAND_INVALID' });
    expect(JSON.stringify([failed.message, failed])).not.toContain('s3cr3t');
    for (const more of [[], ['--json']]) {
      const around = { cwd: folder, env: { HARDCAP_LEDGER: text, HARDCAP_DEBUG: '1' } };
      const { exit, out, err } = await hardcap(['balance', ...more], around);
      expect(exit).toBe(2);
      expect(out + err).not.toContain('s3cr3t');
    }
  });
});

function errorOf(read: () => unknown): HardcapError {
  try {
    read();
  } catch (error) {
    if (error instanceof HardcapError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}
