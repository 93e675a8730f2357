import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { crashCases } from './crash-cases.ts';

const directories: string[] = [];

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe('holders over SQLite', () => {
  crashCases(() => {
    const directory = mkdtempSync(join(tmpdir(), 'hardcap-crash-sqlite-'));
    directories.push(directory);
    return { kind: 'sqlite', path: join(directory, 'ledger.db') };
  });
});
