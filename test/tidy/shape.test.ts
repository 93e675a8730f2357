import { describe, expect, it } from 'vitest';
import { importsWithoutExtension, longFiles, longFunctions, longLines } from './shape.ts';
import { parse, sample, textFiles } from './source.ts';

const sources = parse(textFiles());
const statements = (count: number) => 'step();\n'.repeat(count);

describe('sizes', () => {
  it('no library file is longer than 400 lines', () => {
    expect(longFiles(sources)).toEqual([]);
  });

  it('no library function is longer than 70 lines', () => {
    expect(longFunctions(sources)).toEqual([]);
  });

  it('no line of src is longer than 100 columns', () => {
    expect(longLines(sources)).toEqual([]);
  });

  it('every relative import names its file, with .ts', () => {
    expect(importsWithoutExtension(sources)).toEqual([]);
  });
});

describe('the size rules fire at their edge', () => {
  it('401 lines of a library file, not 400, and not of a test', () => {
    expect(longFiles([sample('src/guard/a.ts', statements(400))])).toEqual([]);
    expect(longFiles([sample('src/guard/a.ts', statements(401))])).toHaveLength(1);
    expect(longFiles([sample('packages/x/src/a.ts', statements(401))])).toHaveLength(1);
    expect(longFiles([sample('src/guard/a.test.ts', statements(401))])).toEqual([]);
  });

  it.each([
    ['a function', (body: string) => `function f() {\n${body}}`],
    ['an arrow', (body: string) => `const f = () => {\n${body}};`],
    ['a method', (body: string) => `class C {\nm() {\n${body}}\n}`],
    ['a constructor', (body: string) => `class C {\nconstructor() {\n${body}}\n}`],
  ])('71 lines of %s, not 70', (_name, wrap) => {
    expect(longFunctions([sample('src/guard/a.ts', wrap(statements(68)))])).toEqual([]);
    expect(longFunctions([sample('src/guard/a.ts', wrap(statements(69)))])).toHaveLength(1);
  });

  it('blank lines, comments and the docstring of a function are free', () => {
    const free = `/** ${'Text.\n * '.repeat(80)}*/\nfunction f() {\n\n// why\n${statements(68)}}`;
    expect(longFunctions([sample('src/guard/a.ts', free)])).toEqual([]);
  });

  it('101 columns, not 100, counted as characters; an address is free', () => {
    const line = (text: string) => longLines([sample('src/guard/a.ts', text)]);
    expect(line(`// ${'x'.repeat(97)}`)).toEqual([]);
    expect(line(`// ${'é'.repeat(97)}`)).toEqual([]);
    expect(line(`// ${'x'.repeat(98)}`)).toEqual(['src/guard/a.ts:1: 101 columns']);
    expect(line(`// https://example.com/${'x'.repeat(98)}`)).toEqual([]);
  });

  it.each([
    "import { x } from './a';",
    "import { x } from './a.js';",
    "import type { X } from '../guard';",
    "export { x } from './a';",
    "await import('./a.js');",
    "type X = import('./a').X;",
  ])('%s', (text) => {
    expect(importsWithoutExtension([sample('test/a.ts', text)])).toHaveLength(1);
  });
});
