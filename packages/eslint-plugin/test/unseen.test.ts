import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lintText } from '../scripts/lint.ts';

const RULES = [
  'no-alias',
  'no-fan-out',
  'no-floating-reservation',
  'no-leaked-budget',
  'no-use-after-move',
];

/** What the lines of a text say that the rules report: `// ! <rule> …`. */
const labelsOf = (text: string) =>
  text
    .split('\n')
    .flatMap((line, at) =>
      (line.split('// ! ')[1]?.split(' ') ?? []).map((rule) => `${at + 1} ${rule}`),
    );

const reportsOf = async (text: string) => {
  const reports = await lintText(text, RULES);
  return [...new Set(reports.map(({ line, rule }) => `${line} ${rule}`))].toSorted(byLine);
};

const byLine = (left: string, right: string) =>
  Number.parseInt(left, 10) - Number.parseInt(right, 10) || left.localeCompare(right);

describe('functions written after the rules, in the style of programs at work', () => {
  for (const name of ['good-1', 'good-2', 'good-3', 'good-4', 'bad-1', 'bad-2', 'bad-3', 'bad-4']) {
    it(`exactly the labelled lines of ${name} are reported, with their rules`, async () => {
      const text = readFileSync(new URL(`unseen/${name}.txt`, import.meta.url), 'utf8');
      const labels = labelsOf(text);
      expect(labels.length > 0).toBe(name.startsWith('bad'));
      expect(await reportsOf(text)).toEqual(labels.toSorted(byLine));
    }, 120_000);
  }
});

describe('what is none of the rules', () => {
  it('a type with methods of the same names and no brand may be used as often as one likes', async () => {
    const text = `
      class Tab { spend(n: number): Tab { return this; } close(): void {} }
      export function f(tab: Tab, brand: typeof import('hardcap')) {
        tab.spend(1); tab.spend(2); const same = tab; same.close(); tab.close();
        return [brand, () => tab, () => tab.close()];
      }`;
    expect(await reportsOf(text)).toEqual([]);
  }, 120_000);

  it('a method that the brand does not list uses nothing up', async () => {
    const text = `
      import type { affine } from 'hardcap';
      interface Token { readonly [affine]: 'burn'; burn(): void; spend(): void }
      export function f(token: Token) { token.spend(); token.spend(); token.burn(); }
      export function g(token: Token) {
        token.burn();
        token.spend();
      }`;
    expect(await reportsOf(text)).toEqual(['7 no-use-after-move']);
  }, 120_000);
});

describe('messages', () => {
  it('name the handle, what used it up and where, and what to write instead', async () => {
    const text = `
      import type { Budget } from 'hardcap';
      export function f(budget: Budget) {
        const rest = budget.spend({ usd: 1 });
        budget.charge({ usd: 1 });
        rest.close();
      }`;
    const [report] = await lintText(text, RULES);
    expect(report?.text).toContain('`budget` was used up by `spend` on line 4');
    expect(report?.text).toContain('`budget = budget.spend(…)`');
  }, 120_000);
});
