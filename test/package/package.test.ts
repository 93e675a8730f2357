import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machinePaths } from '../tidy/tree.ts';
import { bundle } from './bundle.ts';
import { ROOT, pack, ran, readJson, tool, type Packed } from './pack.ts';

const MINUTE_MS = 60_000;

interface Manifest {
  readonly [field: string]: unknown;
  readonly exports: Readonly<Record<string, string | { types: string; default: string }>>;
}

const manifest = readJson(join(ROOT, 'package.json')) as Manifest;
const subpaths = Object.keys(manifest.exports);
const isData = (subpath: string) => subpath.endsWith('.json');
/** Guards the process that loads it, and so is loaded with a configuration, further down. */
const loadable = subpaths.filter((subpath) => subpath !== './register');
const nameOf = (subpath: string) => `hardcap${subpath.slice(1)}`;

let packed: Packed;

beforeAll(async () => {
  packed = await pack();
}, 3 * MINUTE_MS);

afterAll(() => packed?.remove());

describe('the tarball', () => {
  it('asks for nothing: no dependency of any kind, no install script', () => {
    const published = readJson(join(packed.installed, 'package.json')) as Manifest;
    for (const field of [
      'dependencies',
      'peerDependencies',
      'optionalDependencies',
      'bundleDependencies',
      'bundledDependencies',
    ]) {
      expect(published[field], field).toBeUndefined();
    }
    const scripts = Object.keys(published['scripts'] ?? {});
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
    expect(published).toMatchObject({ type: 'module', license: 'Apache-2.0' });
    // A bundler must not drop the one module that is imported for what it does.
    expect(published['sideEffects']).toEqual(['./dist/register/register.js']);
  });

  it('holds the code, its sources, its pages and nothing else', () => {
    for (const path of ['LICENSE', 'README.md', 'CHANGELOG.md', 'budget-guard.schema.json']) {
      expect(packed.files).toContain(path);
    }
    const others = packed.files.filter(
      (path) =>
        !/^(dist|src)\/.+\.(js|ts|map|json)$/.test(path) &&
        !/^templates\/\w+\/enforcement-middleware\.ts$/.test(path) &&
        path !== 'templates/ci-cost-simulation.sh' &&
        !/^[\w.-]+\.(md|json)$|^LICENSE$/.test(path),
    );
    expect(others).toEqual([]);
    expect(packed.files.filter((path) => /\.test(-d)?\./.test(path))).toEqual([]);
  });

  it('holds what every exported subpath points to', () => {
    for (const target of Object.values(manifest.exports)) {
      const paths = typeof target === 'string' ? [target] : Object.values(target);
      for (const path of paths) expect(packed.files).toContain(path.replace('./', ''));
    }
  });

  it('names no path of the machine that built it', () => {
    const files = packed.files.map((path) => ({
      path,
      text: readFileSync(join(packed.installed, path), 'utf8'),
    }));
    expect(machinePaths(files)).toEqual([]);
    expect(files.filter(({ text }) => text.includes(ROOT)).map(({ path }) => path)).toEqual([]);
  });

  it('has a source in it for every source map', () => {
    const maps = packed.files.filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(0);
    for (const path of maps) {
      const file = join(packed.installed, path);
      const { sources } = readJson(file) as { sources: string[] };
      for (const source of sources) expect(existsSync(join(file, '..', source)), source).toBe(true);
    }
  });

  it('is clean for publint', async () => {
    const { messages, pkg } = await publint({
      pkgDir: packed.installed,
      pack: false,
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it(
    'has types that are right for every way to resolve them',
    async () => {
      const args = [packed.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'];
      const { code, stdout, stderr } = await ran(tool('attw'), args, { cwd: packed.project });
      expect(code, `${stdout}${stderr}`).toBe(0);
    },
    2 * MINUTE_MS,
  );
});

describe('every subpath loads, without a warning', () => {
  it.each(loadable)('import of %s', async (subpath) => {
    const attributes = isData(subpath) ? ", { with: { type: 'json' } }" : '';
    const code = `
      const module = await import('${nameOf(subpath)}'${attributes});
      console.log(Object.keys(module).length > 0);
    `;
    const { stdout, stderr } = await node(['--input-type=module', '-e', code]);
    // JSON modules are experimental in Node 20, and it says so.
    expect(isData(subpath) ? '' : stderr).toBe('');
    expect(stdout).toBe('true\n');
  });

  it.each(loadable)('require of %s', async (subpath) => {
    const code = `console.log(Object.keys(require('${nameOf(subpath)}')).length > 0);`;
    const { stdout, stderr } = await node(['--input-type=commonjs', '-e', code]);
    expect(stderr).toBe('');
    expect(stdout).toBe('true\n');
  });

  it('a path that is not exported does not', async () => {
    const { code, stderr } = await node(['-e', "require('hardcap/dist/index.js')"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('import and require give one and the same module', async () => {
    const code = `
      const required = require('hardcap');
      import('hardcap').then((imported) =>
        console.log(imported.BudgetGuard !== undefined, imported.BudgetGuard === required.BudgetGuard));
    `;
    expect((await node(['--input-type=commonjs', '-e', code])).stdout).toBe('true true\n');
  });
});

describe('hardcap/register', () => {
  const env = { HARDCAP_GLOBAL_CAP_PER_DAY_USD: '1', HARDCAP_SUMMARY: 'off' };
  const ask = `fetch('https://api.openai.com/v1/nothing', { method: 'POST', body: '{}' })
    .then((response) => console.log(response.status))`;

  it.each([
    ['--import, of a module', ['--import', 'hardcap/register', '--input-type=module']],
    ['--import, of a script', ['--import', 'hardcap/register', '--input-type=commonjs']],
    ['--require, of a module', ['--require', 'hardcap/register', '--input-type=module']],
    ['--require, of a script', ['--require', 'hardcap/register', '--input-type=commonjs']],
  ])('guards a process by %s, without a warning', async (_name, args) => {
    const { code, stdout, stderr } = await node([...args, '-e', ask], env);
    expect([code, stdout, stderr]).toEqual([0, '402\n', '']);
  });

  it('by import and by require it is one guard', async () => {
    const code = `
      const { registeredGuard } = require('hardcap/register');
      import('hardcap/register').then((other) =>
        console.log(registeredGuard() === other.registeredGuard(),
          registeredGuard() instanceof require('hardcap').BudgetGuard));
    `;
    const args = ['--import', 'hardcap/register', '--input-type=commonjs', '-e', code];
    expect((await node(args, env)).stdout).toBe('true true\n');
  });

  it.each(['--import', '--require'])(
    'by %s, a process that has no cap does not start',
    async (by) => {
      const { code, stdout, stderr } = await node([by, 'hardcap/register', '-e', 'console.log(1)']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('hardcap/register: ');
      expect(stderr).toContain('budget-guard.config.json');
    },
  );
});

describe('the program', () => {
  const hardcap = (...args: string[]) =>
    ran(join(packed.project, 'node_modules', '.bin', 'hardcap'), args, { cwd: packed.project });

  it('runs as it is installed, with nothing else installed', async () => {
    const version = String(manifest['version']);
    expect(await hardcap('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const { code, stdout } = await hardcap('help', 'raise');
    expect(code).toBe(0);
    expect(stdout).toContain('hardcap raise <scope> --reason <text> [options]');
    expect(await hardcap('balance', '--ledger', 'none.db')).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(join(packed.project, 'none.db'))).toBe(false);
  });

  it.each([
    ['redis://127.0.0.1:1', 'npm install ioredis'],
    ['postgres://127.0.0.1:1/db', 'npm install pg'],
  ])('says which client to install for %s', async (ledger, said) => {
    const { code, stderr } = await hardcap('balance', '--ledger', ledger);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe('sizes, minified and compressed, without price data', () => {
  it('the guard with one adapter is at most 80 kB (docs/decisions/2026-11-22-bundle-size.md)', async () => {
    const code = "export { BudgetGuard, wrapAnthropic } from 'hardcap';";
    const { gzipBytes, external } = await bundle(code, packed.project);
    expect(gzipBytes).toBeLessThanOrEqual(80_000);
    // An empty bundle would be small too.
    expect(gzipBytes).toBeGreaterThan(5_000);
    expect(external.filter((path) => path.startsWith('price-data:'))).not.toEqual([]);
  });

  it('the adapters for agents are at most 15 kB, bring no framework, and need Node only', async () => {
    const code = "export * from 'hardcap/agents';";
    const { gzipBytes, external, inputs } = await bundle(code, packed.project);
    expect(gzipBytes).toBeLessThanOrEqual(15_000);
    expect(gzipBytes).toBeGreaterThan(5_000);
    expect(external).toEqual(['node:async_hooks']);
    expect(inputs.filter((path) => !/^<stdin>$|(^|\/)hardcap\/dist\//.test(path))).toEqual([]);
  });

  it('the kernel alone is at most 5 kB', async () => {
    const { gzipBytes, external } = await bundle("export * from 'hardcap/kernel';", packed.project);
    expect(gzipBytes).toBeLessThanOrEqual(5_000);
    expect(gzipBytes).toBeGreaterThan(500);
    expect(external).toEqual([]);
  });

  it.each([
    ['sqlite', ['node:crypto', 'node:fs', 'node:module', 'node:os', 'node:path']],
    ['redis', ['node:crypto', 'node:fs', 'node:os', 'node:path']],
    ['postgres', ['node:crypto', 'node:fs', 'node:os', 'node:path']],
  ])('the opener of hardcap/%s alone is at most 55 kB, and needs Node only', async (name, node) => {
    const code = `export * from 'hardcap/${name}';`;
    const { gzipBytes, external, inputs } = await bundle(code, packed.project);
    expect(gzipBytes).toBeLessThanOrEqual(55_000);
    expect(gzipBytes).toBeGreaterThan(5_000);
    expect(external.filter((path) => !node.includes(path))).toEqual([]);
    const others = ['sqlite', 'redis', 'postgres'].filter((other) => other !== name);
    const strange = inputs.filter((path) =>
      others.some((other) => path.includes(`/stores/${other}/`)),
    );
    expect(strange).toEqual([]);
  });

  it('the guard brings no store but the one in memory', async () => {
    const { inputs } = await bundle("export * from 'hardcap';", packed.project);
    const durable = /\/(journal|open|stores\/(sqlite|redis|postgres)|ledger\/leases)\//;
    expect(inputs.filter((path) => durable.test(path))).toEqual([]);
  });

  it('what is not used is not bundled', async () => {
    const code = "export { BudgetCapError } from 'hardcap';";
    expect((await bundle(code, packed.project)).gzipBytes).toBeLessThanOrEqual(5_000);
  });
});

describe('the bundle of everything', () => {
  const code = "export * from 'hardcap';";

  it('is made of this package and asks the runtime for async context only', async () => {
    const { inputs, external } = await bundle(code, packed.project);
    expect(inputs.filter((path) => !/^<stdin>$|(^|\/)hardcap\/dist\//.test(path))).toEqual([]);
    expect(external.filter((path) => !path.startsWith('price-data:'))).toEqual([
      'node:async_hooks',
    ]);
  });

  it.each([
    ['loads code at run time', /\brequire\(|\bimport\(/],
    ['evaluates text', /\beval\(|new Function\(/],
    ['imports an SDK', /["']@anthropic-ai|from ?["']openai|@ai-sdk|@langchain/],
    ['carries a test runner', /vitest|node:test/],
    ['carries its price generator', /genai-prices["']/],
  ])('nowhere %s', async (_name, forbidden) => {
    const { text } = await bundle(code, packed.project);
    expect(forbidden.exec(text)?.[0]).toBeUndefined();
  });

  it('an import of a package would be seen', async () => {
    await expect(bundle("import 'openai';", packed.project)).rejects.toThrow('Could not resolve');
    const dynamic = await bundle("eval('1'); import('node:net');", packed.project);
    expect(dynamic.external).toEqual(['node:net']);
    expect(dynamic.text).toMatch(/\beval\(/);
  });
});

describe('a user’s project type-checks against the packed types', () => {
  const compilers = [
    ['TypeScript 6', 'tsc6'],
    ['TypeScript 7', 'tsc'],
  ] as const;
  const resolutions = [
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ] as const;
  const cases = compilers.flatMap(([compiler, program]) =>
    resolutions.map(([name, options]) => [compiler, name, program, options] as const),
  );

  it.each(cases)(
    '%s, %s, every declaration checked',
    async (_compiler, name, program, options) => {
      const files = { 'use.ts': EVERY_SUBPATH };
      const { code, stdout } = await check(`${program}-${name}`, program, files, options);
      expect(stdout).toBe('');
      expect(code).toBe(0);
    },
    2 * MINUTE_MS,
  );

  it.each(cases)(
    '%s, %s, with the SDKs: a wrapped client keeps its type',
    async (_compiler, name, program, options) => {
      const lenient = { ...options, skipLibCheck: true };
      const files = { 'use.ts': SEED_LINES };
      const { code, stdout } = await check(`${program}-${name}-sdk`, program, files, lenient);
      expect(stdout).toBe('');
      expect(code).toBe(0);
    },
    2 * MINUTE_MS,
  );

  it('a mistake in the configuration is a compile error', async () => {
    const files = { 'use.ts': MISSPELT };
    const { code, stdout } = await check('misspelt', 'tsc', files, resolutions[0][1]);
    expect(code).not.toBe(0);
    expect(stdout).toContain('global_cap_per_decade_usd');
  });
});

const EVERY_SUBPATH = `
import { BudgetCapError, BudgetGuard, HardcapError } from 'hardcap';
import * as kernel from 'hardcap/kernel';
import * as emulator from 'hardcap/emulator';
import * as conformance from 'hardcap/conformance';
import * as ledger from 'hardcap/ledger';
import * as sqlite from 'hardcap/sqlite';
import * as agents from 'hardcap/agents';
import * as register from 'hardcap/register';
import * as redis from 'hardcap/redis';
import * as postgres from 'hardcap/postgres';
import * as express from 'hardcap/express';
import * as fastify from 'hardcap/fastify';
import * as hono from 'hardcap/hono';

export const guard: BudgetGuard = new BudgetGuard({
  global_cap_per_day_usd: 50,
  per_customer_cap_per_day_usd: 2,
});
export const modules: readonly object[] = [
  agents,
  register,
  kernel,
  emulator,
  conformance,
  ledger,
  sqlite,
  redis,
  postgres,
  express,
  fastify,
  hono,
];

export function durable(path: string): BudgetGuard {
  const shared: sqlite.OpenedLedger = sqlite.openSqliteLedger({ path, mode: 'direct' });
  return new BudgetGuard({ global_cap_per_day_usd: 50 }, { ledger: shared });
}


export function explain(error: unknown): string | null {
  if (error instanceof BudgetCapError) {
    const scope: string = error.scope;
    const spent: number = error.spend_usd;
    const cap: number | null = error.cap_usd;
    const wait: number | null = error.retry_after;
    return [scope, spent, cap, wait].join(' ');
  }
  return error instanceof HardcapError ? error.code : null;
}
`;

const SEED_LINES = `
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { BudgetGuard, wrapAnthropic, wrapOpenAI } from 'hardcap';

const guard = new BudgetGuard({ global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 });
export const anthropic: Anthropic = wrapAnthropic(new Anthropic({ apiKey: 'key' }), guard);
export const openai: OpenAI = wrapOpenAI(new OpenAI({ apiKey: 'key' }), guard);

const message = await guard.run({ customer: 'acme', feature: 'chat' }, () =>
  anthropic.messages.create({ model: 'm', max_tokens: 1, messages: [] }),
);
export const tokens: number = message.usage.output_tokens;
`;

const MISSPELT = `
import { BudgetGuard } from 'hardcap';
export const guard = new BudgetGuard({ global_cap_per_decade_usd: 50 });
`;

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return ran(process.execPath, args, { cwd: packed.project, env: { NODE_OPTIONS: '', ...env } });
}

/** Compiles the files in a folder of their own in the project, against the installed package. */
async function check(
  name: string,
  program: string,
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>>,
) {
  const folder = join(packed.project, name);
  mkdirSync(folder);
  linkPackages(join(packed.project, 'node_modules'));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ['node'],
    noEmit: true,
    ...options,
  };
  const entries = Object.entries({
    ...files,
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts'] }),
  });
  for (const [path, text] of entries) writeFileSync(join(folder, path), text);
  return ran(tool(program), ['-p', folder, '--pretty', 'false'], { cwd: folder });
}

/** The SDKs and Node's types, as a user would have them beside the package. */
function linkPackages(modules: string): void {
  for (const name of ['@anthropic-ai', '@types', 'openai']) {
    const link = join(modules, name);
    if (!existsSync(link)) symlinkSync(join(ROOT, 'node_modules', name), link, 'dir');
  }
}
