import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKLIST_PAGE, checklistPage } from '../../scripts/checklist-docs.ts';
import { TIES, VENDORS } from '../../src/cli/audit/data/vendors.ts';
import { readFailOn } from '../../src/cli/audit/command.ts';
import { POINTS } from '../../src/cli/audit/points.ts';

describe('the checklist as a page', () => {
  it('is what the points and the map say', () => {
    const page = readFileSync(CHECKLIST_PAGE, 'utf8');
    expect(page).toBe(checklistPage(POINTS, { vendors: VENDORS, ties: TIES }));
  });

  it('would change with a point', () => {
    const [first, ...rest] = POINTS;
    const changed = [{ ...first!, why: 'Because.' }, ...rest];
    const terms = { vendors: VENDORS, ties: TIES };
    expect(checklistPage(changed, terms)).not.toBe(checklistPage(POINTS, terms));
  });
});

describe('the page of the command', () => {
  const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');

  it('names every point by its id, and no other', () => {
    const named = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, id]) => id);
    expect(named).toEqual(POINTS.map(({ id }) => id));
  });

  it('has command lines that can be meant', () => {
    const lines = [...page.matchAll(/--fail-on ([\w,]+)/g)].map(([, value = '']) => value);
    expect(lines.length).toBeGreaterThan(0);
    for (const value of lines) expect(() => readFailOn(value), value).not.toThrow();
  });
});
