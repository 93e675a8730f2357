import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit as command } from '../../src/cli/audit/command.ts';
import type { AuditJson } from '../../src/cli/audit/render/json.ts';
import { EXIT } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { ROOT } from '../tidy/source.ts';
import { PREPARED } from './manifest.ts';
import { filesOf, lineOf, unpack, type Unpacked } from './repo.ts';
import { fakeWorld } from './world.ts';

const NAME = 'typescript-api';
const LINTED = ['egress', 'ceilings', 'refusals'];

let repository: Unpacked;

/** The prepared repository as its developers would have it: everything installed. */
beforeAll(async () => {
  const files = new Map(filesOf(NAME));
  const paths = {
    hardcap: [join(ROOT, 'src/index.ts')],
    'hardcap/sqlite': [join(ROOT, 'src/open/sqlite.ts')],
  };
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable', 'dom'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    paths,
    types: [],
  };
  files.set('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
  files.set('eslint.config.cjs', "require('node:fs').writeFileSync(__dirname + '/ran', '');\n");
  repository = unpack(files);
  const modules = join(repository.folder, 'node_modules');
  mkdirSync(join(modules, '@typescript-eslint'), { recursive: true });
  const linked = [
    'eslint',
    '@typescript-eslint/parser',
    '@typescript-eslint/utils',
    'typescript',
    'openai',
    '@anthropic-ai',
  ];
  for (const name of linked) {
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
  }
  const plugin = join(modules, 'eslint-plugin-hardcap');
  mkdirSync(plugin);
  writeFileSync(
    join(plugin, 'package.json'),
    JSON.stringify({ name: 'eslint-plugin-hardcap', type: 'module', main: 'index.js' }),
  );
  await build({
    entryPoints: [join(ROOT, 'packages/eslint-plugin/src/index.ts')],
    outfile: join(plugin, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
});

afterAll(() => repository?.end());

async function run(...args: string[]): Promise<AuditJson> {
  const world = fakeWorld(repository.folder);
  const program = { commands: [command], version: '0.0.0' };
  const exit = await runProgram(['audit', '--json', ...args], program, world);
  expect(world.written.err).toBe('');
  expect(exit).toBe(EXIT.no);
  return JSON.parse(world.written.out) as AuditJson;
}

const places = ({ points }: AuditJson): string[] =>
  points
    .filter(({ id }) => LINTED.includes(id))
    .flatMap(({ id, findings }) => findings.map(({ file, line }) => `${id} ${file}:${line}`))
    .sort();

describe('where ESLint and the plugin are installed', () => {
  it('the rules look, say so, and find what was planted', async () => {
    const prepared = PREPARED.find(({ name }) => name === NAME);
    const planted = (prepared?.planted ?? [])
      .filter(({ point }) => LINTED.includes(point))
      .map(({ point, file, line }) => {
        return `${point} ${file}:${lineOf(filesOf(NAME).get(file) ?? '', line)}`;
      });
    const json = await run();
    expect(json.engines.join()).toMatch(/eslint 10\.\S+ with eslint-plugin-hardcap \d/);
    expect(places(json)).toEqual(planted.sort());
    // The project's own configuration of ESLint is code of the project.
    expect(existsSync(join(repository.folder, 'ran'))).toBe(false);
  }, 120_000);

  it('the scanner looks alone where nothing of the project is to be loaded', async () => {
    const json = await run('--engine', 'scanner');
    expect(json.engines).toEqual(['own scanner']);
    expect(places(json)).toEqual(places(await run('--engine', 'eslint')));
  }, 120_000);
});
