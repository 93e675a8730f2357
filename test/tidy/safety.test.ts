import { describe, expect, it } from 'vitest';
import {
  PURE_EXCEPT,
  anyTypes,
  asyncKernel,
  impureCalls,
  silencedCompiler,
  skippedTests,
  unitCasts,
} from './safety.ts';
import { parse, sample, textFiles } from './source.ts';

const sources = parse(textFiles());

describe('safety', () => {
  it('only units/ casts to a unit', () => {
    expect(unitCasts(sources)).toEqual([]);
  });

  it('nothing in the tree is typed any', () => {
    expect(anyTypes(sources)).toEqual([]);
  });

  it('nothing switches the compiler off', () => {
    expect(silencedCompiler(sources)).toEqual([]);
  });

  it('no test runs alone, and none is skipped without a reason', () => {
    expect(skippedTests(sources)).toEqual([]);
  });

  it('pure folders read no clock, no randomness, no timer and no I/O', () => {
    expect(impureCalls(sources)).toEqual([]);
    for (const { why } of PURE_EXCEPT) expect(why).toMatch(/^[A-Z].*\.$/);
  });

  it('the kernel has no async code', () => {
    expect(asyncKernel(sources)).toEqual([]);
  });
});

describe('the safety rules fire on', () => {
  const library = (text: string) => [sample('src/guard/a.ts', text)];

  it.each([
    'const a = 5 as NanoUsd;',
    'const a = raw as unknown as Tokens;',
    'const a = <EpochMs>5;',
    'const a = raw as Calls | undefined;',
    'const a = {} as Record<string, PicoUsd>;',
  ])('a unit cast: %s', (text) => {
    expect(unitCasts(library(text))).toHaveLength(1);
    expect(unitCasts([sample('src/units/a.ts', text)])).toEqual([]);
    expect(unitCasts([sample('src/guard/a.test.ts', text)])).toEqual([]);
  });

  it.each(['const a = b as any;', 'let a: any;', 'function f(...args: any[]) {}'])(
    'any: %s',
    (text) => {
      expect(anyTypes([sample('test/a.ts', text)])).toHaveLength(1);
    },
  );

  it('but not on the word in a string or a comment', () => {
    expect(anyTypes(library("// as any\nconst a = 'as any';"))).toEqual([]);
    expect(silencedCompiler(library("const a = '// @ts-ignore';"))).toEqual([]);
    expect(skippedTests(library("const a = 'it.only(';"))).toEqual([]);
  });

  it.each([
    ['src/guard/a.ts', '// @ts-ignore: old types\nf();'],
    ['src/guard/a.ts', '// @ts-nocheck\nf();'],
    ['src/guard/a.ts', '// @ts-expect-error a number is no unit\nf();'],
    ['src/guard/a.ts', 'f(/* @ts-ignore */ a);'],
    ['test/a.ts', '// @ts-expect-error\nf();'],
  ])('a silenced compiler in %s: %s', (path, text) => {
    expect(silencedCompiler([sample(path, text)])).toHaveLength(1);
  });

  it('but not on a test that says which error it expects', () => {
    const text = '// @ts-expect-error a bare number is no money\nf(5);';
    expect(silencedCompiler([sample('test/types/a.test-d.ts', text)])).toEqual([]);
  });

  it.each([
    "it.only('a', f);",
    "describe.only('a', f);",
    "it.each([1]).only('a', f);",
    "describe.skip('a', f);",
    "it.skip('a', f);",
    "it.todo('a');",
    "test.skipIf(x)('a', f);",
    "it('a', (context) => context.skip());",
    "it('a', (ctx) => { ctx.skip(isWindows); });",
  ])('a test that does not run: %s', (text) => {
    expect(skippedTests([sample('test/a.test.ts', text)])).toHaveLength(1);
  });

  it.each([
    "// Skipped: the emulator has no such fault yet.\nit.skip('a', f);",
    "it('a', (context) => context.skip('no server'));",
    "it('a', (ctx) => ctx.skip(isWindows, 'no signals there'));",
    'reader.skip(5);',
  ])('but not on a reason: %s', (text) => {
    expect(skippedTests([sample('test/a.test.ts', text)])).toEqual([]);
  });

  it.each([
    'Date.now();',
    'new Date();',
    'Math.random();',
    'setTimeout(f, 1);',
    'console.log(1);',
    'crypto.randomUUID();',
    'performance.now();',
    "fetch('x');",
  ])('impurity: %s', (text) => {
    expect(impureCalls([sample('src/ledger/a.ts', text)])).toHaveLength(1);
    expect(impureCalls(library(text))).toEqual([]);
  });

  it('but not on a date made of what is given', () => {
    expect(impureCalls([sample('src/ledger/a.ts', 'new Date(at).toISOString();')])).toEqual([]);
  });

  it.each(['async function f() {}', 'const f = (p: Promise<1>) => p;', 'const f = async () => 1;'])(
    'an async kernel: %s',
    (text) => {
      expect(asyncKernel([sample('src/kernel/a.ts', text)])).toHaveLength(1);
    },
  );
});
