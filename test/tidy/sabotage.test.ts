import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
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
});
