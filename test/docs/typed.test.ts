import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { published, ROOT } from '../../scripts/docs/navigation.ts';
import { BudgetGuard } from '../../src/index.ts';
import { examplesOf, isProgram, pages } from './example.ts';

/** Programs that are not run, but for those on a page about what must not compile. */
const notRun = pages()
  .filter((page) => page !== 'docs/budgets-nine.md')
  .flatMap((page) => examplesOf(page))
  .filter((example) => example.notRun !== undefined && isProgram(example));

/** What the compiler says of programs against the sources: the first line of each complaint. */
function complaints(programs: readonly { readonly name: string; readonly code: string }[]) {
  const texts = new Map(programs.map(({ name, code }) => [join(ROOT, 'tmp', name), code]));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default?: string }>>;
  };
  const paths = Object.entries(manifest.exports).flatMap(([name, { default: target }]) => {
    const source = target?.replace('./dist/', './src/').replace(/\.js$/, '.ts');
    return source === undefined ? [] : [[`hardcap${name.slice(1)}`, [source]] as const];
  });
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    allowImportingTsExtensions: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: Object.fromEntries(paths.map(([name, sources]) => [name, [...sources]])),
    pathsBasePath: ROOT,
  };
  const base = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...base,
    getSourceFile(name, language, onError) {
      const text = texts.get(name);
      return text === undefined
        ? base.getSourceFile(name, language, onError)
        : ts.createSourceFile(name, text, language);
    },
    fileExists: (name) => texts.has(name) || base.fileExists(name),
    readFile: (name) => texts.get(name) ?? base.readFile(name),
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((name) => {
    const file = program.getSourceFile(name);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(
      ({ messageText }) =>
        `${name.slice(ROOT.length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}

describe('examples that need a server', () => {
  it('are right by their types, and a wrong one is not', () => {
    const wrong = `import { openPostgresLedger } from 'hardcap/postgres';
      await openPostgresLedger({ pool: {} });`;
    const programs = notRun.map(({ page, line, code }) => ({
      name: `${page.replaceAll('/', '-')}-${line}.mts`,
      code,
    }));
    expect(programs.length).toBeGreaterThan(1);
    const found = complaints([...programs, { name: 'wrong.mts', code: wrong }]);
    expect(found.filter((text) => !text.startsWith('tmp/wrong.mts'))).toEqual([]);
    expect(found.filter((text) => text.startsWith('tmp/wrong.mts'))).not.toEqual([]);
  }, 180_000);
});

describe('configurations on the pages', () => {
  const CAP = /^(global|per_\w+)_cap(_per_\w+)?_usd$/;
  const configs = published().flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```json\n(.*?)^```$/gms)]
      .map(([, text = '']) => ({ page, value: JSON.parse(text) as Record<string, unknown> }))
      .filter(({ value }) => Object.keys(value).some((name) => name === 'caps' || CAP.test(name))),
  );

  it('are all read by the guard', () => {
    expect(configs.length).toBeGreaterThan(2);
    for (const { page, value } of configs) {
      expect(() => new BudgetGuard(value as never), page).not.toThrow();
    }
  });

  it('would be refused with a field that does not exist', () => {
    const [first] = configs;
    expect(() => new BudgetGuard({ ...first?.value, novel: 1 } as never)).toThrow('novel');
  });
});
