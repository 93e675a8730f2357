import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import type { Break } from '../../scripts/sabotage/break.ts';
import { BREAKS } from '../../scripts/sabotage/table.ts';
import { ROOT } from './source.ts';

describe('the table of breaks', () => {
  it('fits the code as it stands: each row finds what it breaks exactly once', () => {
    const lost = BREAKS.filter(({ file, find }) => {
      const text = readFileSync(`${ROOT}${file}`, 'utf8');
      return text.split(find).length !== 2;
    });
    expect(lost.map(({ guarantee, file }) => `${file}: ${guarantee}`)).toEqual([]);
    expect(BREAKS.length).toBeGreaterThan(50);
  });

  it('breaks what the code does, never its syntax', () => {
    const unreadable = BREAKS.filter(({ file }) => file.endsWith('.ts')).flatMap((row) => {
      const fault = syntaxFault(row);
      return fault === undefined ? [] : [`${row.file}: ${row.guarantee}: ${fault}`];
    });
    expect(unreadable).toEqual([]);
  });
});

/** What the compiler says of the broken file; `undefined` when it can be read. */
function syntaxFault({ file, find, replace }: Break): string | undefined {
  const [before = '', after = ''] = readFileSync(`${ROOT}${file}`, 'utf8').split(find);
  try {
    transformSync(`${before}${replace}${after}`, { loader: 'ts', logLevel: 'silent' });
    return undefined;
  } catch (error) {
    return String(error);
  }
}
