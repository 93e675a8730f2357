/** What the runtime does with the programs of the corpus, the checker switched off. */

import { describe, expect, it } from 'vitest';
import { execute, type Run } from '../scripts/execute.ts';
import { CORPUS, readPrograms } from '../scripts/programs.ts';

const programs = readPrograms().filter(({ runtime }) => runtime !== null);

/** Requests that the one handle of a race pays for: it holds 0.6, and each costs 0.5. */
const PAID_IN_RACE = 1;

describe('without the checker, the runtime meets a program as the corpus says', () => {
  it.each(programs.map((program) => [`${program.runtime}: ${program.file}`, program] as const))(
    '%s',
    async (_title, { file, rule, runtime, verdict }) => {
      const { run } = (await import(/* @vite-ignore */ CORPUS + file)) as { run: Run };
      const { outcome, error, sent } = await execute(run);
      expect(outcome, String(error)).toBe(runtime);
      if (verdict === 'good') expect(outcome).toBe('silent');
      if (rule === 'nine' && outcome === 'throws') expect(sent).toBe(0);
      if (rule === 'race') {
        expect(outcome).toBe('throws');
        expect(sent).toBeLessThanOrEqual(PAID_IN_RACE);
      }
    },
  );

  it('of the nine, eight throw before a request leaves; the ninth leaves money missing', () => {
    const nine = programs.filter(({ rule }) => rule === 'nine');
    expect(nine.filter(({ runtime }) => runtime === 'throws')).toHaveLength(8);
    expect(nine.filter(({ runtime }) => runtime === 'audit').map(({ file }) => file)).toEqual([
      'nine/forget_resolve.ts',
    ]);
  });
});
