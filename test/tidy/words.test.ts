import { describe, expect, it } from 'vitest';
import { ERROR_TABLE } from '../../src/errors/codes.ts';
import { parse, sample, textFiles } from './source.ts';
import { ALLOWED, bannedWordIn, wordFindings } from './words.ts';

const sources = parse(textFiles());

describe('words', () => {
  it('no name in library code says a banned word', () => {
    expect(wordFindings(sources)).toEqual([]);
  });

  it('no text of the error table says one', () => {
    for (const { meaning, remedy } of Object.values(ERROR_TABLE)) {
      expect(bannedWordIn(`${meaning} ${remedy}`)).toBeUndefined();
    }
  });

  it('every allowed name is in use and carries its reason', () => {
    for (const { name, why } of ALLOWED) {
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(sources.some(({ path, text }) => path.startsWith('src/') && text.includes(name))).toBe(
        true,
      );
    }
  });
});

describe('the word rule fires on', () => {
  it.each([
    ['a class', 'class BudgetManager {}'],
    ['a function', 'function denyCall() {}'],
    ['a variable', 'const daily_quota = 1;'],
    ['a constant', 'const QUOTA_MAX = 1;'],
    ['a parameter', 'function f(walletId: string) {}'],
    ['a member', 'interface A { readonly bucket: string }'],
    ['a method', 'class A { rollback() {} }'],
    ['a type that ends in nothing', 'interface UsageInfo {}'],
    ['a rival of the cap', 'const limitUsd = 1;'],
  ])('%s', (_name, text) => {
    expect(wordFindings([sample('src/guard/a.ts', text)])).toHaveLength(1);
  });

  it('a file name', () => {
    expect(wordFindings([sample('src/guard/string-utils.ts', '')])).toHaveLength(1);
  });

  it.each([
    ['a word that only contains one', 'src/guard/a.ts', 'const utilisation = 1;'],
    ['a key of the wire', 'src/guard/a.ts', "const body = { type: 'x', quota: 1 };"],
    ['limit in the kernel', 'src/kernel/a.ts', 'const limit = 1;'],
    ['a name that is allowed', 'src/guard/a.ts', 'interface ModelLimits {}'],
    ['tests', 'src/guard/a.test.ts', 'const quota = 1;'],
  ])('but not on %s', (_name, path, text) => {
    expect(wordFindings([sample(path, text)])).toEqual([]);
  });
});
