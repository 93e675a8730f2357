import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NINE_PAGE, ninePage } from '../scripts/nine-docs.ts';

it('docs/budgets-nine.md says what the checker says and what the runtime does', async () => {
  const page = readFileSync(NINE_PAGE, 'utf8');
  expect(page, 'npm run docs:nine').toBe(await ninePage());
  expect(page.match(/^## /gm)).toHaveLength(10);
}, 120_000);
