import { describe, expect, it } from 'vitest';
import { docstringFindings, wordsOf } from './docstrings.ts';
import { parse, sample, textFiles } from './source.ts';

const sources = parse(textFiles());

describe('docstrings', () => {
  it('every export of library code says what it is, in a sentence, not by its own name', () => {
    expect(docstringFindings(sources)).toEqual([]);
  });
});

describe('the docstring rule fires on', () => {
  it.each([
    ['a function without one', 'export function settle() {}'],
    ['a constant without one', 'export const LIMIT = 1;'],
    ['a type without one', 'export type Name = string;'],
    ['an interface without one', 'export interface Draw {}'],
    ['a class without one', 'export class Guard {}'],
    ['a comment that is none', '// Takes the bound.\nexport function settle() {}'],
    ['tags only', '/** @internal */\nexport function settle() {}'],
    ['no full stop', '/** Takes the bound */\nexport function settle() {}'],
    ['a title above the sentence', '/** Taking\n *\n * Text. */\nexport function settle() {}'],
    ['the name again', '/** The price card of a model. */\nexport interface PriceCard {}'],
    ['the name as a verb', '/** Settles it. */\nexport function settle() {}'],
    [
      'one of two that share a docstring by mistake',
      '/** One. */\nexport const A = 1;\nexport const B = 2;',
    ],
  ])('%s', (_name, text) => {
    expect(docstringFindings([sample('src/guard/a.ts', text)])).toHaveLength(1);
  });

  it.each([
    ['a good one', '/** Replaces the hold by the metered cost. */\nexport function settle() {}'],
    ['a proper name', "/** Anthropic's wire format. */\nexport const anthropic = 1;"],
    ['a decimal point', '/** At most $9.5 of it. */\nexport const A = 1;'],
    ['an overload', '/** One. */\nexport function f(): void;\nexport function f(x?: 1) {}'],
    ['a re-export', "export { a } from './a.ts';"],
    ['what is not exported', 'function settle() {}'],
  ])('but not on %s', (_name, text) => {
    expect(docstringFindings([sample('src/guard/a.ts', text)])).toEqual([]);
  });

  it('not on tests and generated data', () => {
    const bare = 'export const A = 1;';
    expect(docstringFindings([sample('src/guard/a.test.ts', bare)])).toEqual([]);
    expect(docstringFindings([sample('src/pricing/data/cards.ts', bare)])).toEqual([]);
  });

  it('names are read as words', () => {
    expect(wordsOf('nanoUsdFromUSDText')).toEqual(['nano', 'usd', 'from', 'usd', 'text']);
    expect(wordsOf('NANO_USD_MAX')).toEqual(['nano', 'usd', 'max']);
  });
});
