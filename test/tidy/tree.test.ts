import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT, textFiles } from './source.ts';
import {
  ALLOWED,
  brokenLinks,
  machinePaths,
  registryAddresses,
  unequalSiblings,
  unknownCommands,
} from './tree.ts';

const files = textFiles();
const isThere = (path: string) => existsSync(`${ROOT}${path}`);
const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

describe('the tree', () => {
  it('is read whole: sources, tests, pages, lockfile, scripts', () => {
    const paths = files.map(({ path }) => path);
    for (const path of ['src/units/money.ts', 'LICENSE', 'package-lock.json', '.ci/run']) {
      expect(paths).toContain(path);
    }
    expect(paths.some((path) => path.startsWith('node_modules/'))).toBe(false);
  });

  it('names no path of a machine', () => {
    expect(machinePaths(files)).toEqual([]);
  });

  it('names no package registry, in the lockfile neither', () => {
    expect(registryAddresses(files)).toEqual([]);
  });

  it('has no link that leads nowhere', () => {
    expect(brokenLinks(files, isThere)).toEqual([]);
  });

  it('names no command that does not exist', () => {
    expect(unknownCommands(files, scripts)).toEqual([]);
  });

  it.each(['src/providers/', 'src/stores/'])(
    'has the same files in each folder of %s',
    (parent) => {
      expect(unequalSiblings(files, parent)).toEqual([]);
    },
  );

  it('gives every exception its reason, and keeps none that is gone', () => {
    for (const { path, why } of ALLOWED) {
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(isThere(path), path).toBe(true);
    }
  });
});

describe('the tree rules fire on', () => {
  const file = (text: string, path = 'docs/a.md') => [{ path, text }];

  it.each([
    'see /tmp/report.md',
    '"/root/.cache/x"',
    'file:///work/main/src',
    '(/home/someone/x)',
    '`/Users/someone/x`',
  ])('a path of a machine: %s', (text) => {
    expect(machinePaths(file(text))).toHaveLength(1);
  });

  it.each(['https://example.com/work/x', 'src/work/x.ts', 'a/tmp/b', '${dir}/tmp/x', 'and/or'])(
    'but not on %s',
    (text) => {
      expect(machinePaths(file(text))).toEqual([]);
    },
  );

  it.each([
    '"resolved": "https://host/x.tgz"',
    'https://registry.npmjs.org/',
    'http://host:4873/x/-/x-1.0.0.tgz',
  ])('a registry: %s', (text) => {
    expect(registryAddresses(file(text, 'package-lock.json'))).toHaveLength(1);
  });

  it('links and mentions that lead nowhere, and no others', () => {
    const text = [
      '[gone](gone.md) [there](there.md) [out](https://example.com/x)',
      '[here](#a-heading) [nowhere](#no-heading) [theirs](there.md#no-heading)',
      '`[code](code.md)`',
      'docs/gone-too.md',
      '# A heading!',
    ].join('\n');
    const tree = [...file(text), { path: 'docs/there.md', text: '# Other' }];
    const isHere = (path: string) => tree.some((entry) => entry.path === path);
    expect(brokenLinks(tree, isHere)).toEqual([
      'docs/a.md: gone.md',
      'docs/a.md: #no-heading',
      'docs/a.md: there.md#no-heading',
      'docs/a.md: docs/gone-too.md',
    ]);
  });

  it('mentions by the path inside a package, where that leads somewhere', () => {
    const mention = [{ path: 'packages/a/README.md', text: 'docs/there.md docs/gone-too.md' }];
    const isHere = (path: string) => path === 'packages/a/docs/there.md';
    expect(brokenLinks(mention, isHere)).toEqual(['packages/a/README.md: docs/gone-too.md']);
  });

  it('a command that does not exist', () => {
    expect(unknownCommands(file('`npm run chek` and `npm run check`'), { check: '' })).toEqual([
      'docs/a.md: npm run chek',
    ]);
  });

  it('a sibling that lacks a file; tests and the suite do not count', () => {
    const paths = ['a/x.ts', 'a/y.ts', 'b/x.ts', 'b/x.test.ts', 'shared.ts', 'conformance/z.ts'];
    const tree = paths.map((path) => ({ path: `src/stores/${path}`, text: '' }));
    expect(unequalSiblings(tree, 'src/stores/')).toEqual(['src/stores/b lacks y.ts']);
  });
});
