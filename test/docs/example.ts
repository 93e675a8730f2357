/** Code examples of the pages: found, bundled against the sources, and run as programs. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One fenced block of TypeScript on a page. */
export interface Example {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly code: string;
  /** Why it is not run; `undefined` for one that is. */
  readonly notRun: string | undefined;
}

/** What the run of an example came to. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The pages whose examples are run. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const found = docs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path));
  return ['README.md', ...found.sort()];
}

/** Every block that is marked `ts`, in the order of the page. */
export function examplesOf(page: string, text = readFileSync(join(ROOT, page), 'utf8')) {
  const examples: Example[] = [];
  for (const found of text.matchAll(/^```ts\b([^\n]*)\n(.*?)^```$/gms)) {
    const [, info = '', code = ''] = found;
    const line = text.slice(0, found.index).split('\n').length + 1;
    const notRun = /^\s+no-run:\s*(\S.*)$/.exec(info)?.[1]?.trim();
    examples.push({ page, line, code, notRun });
  }
  return examples;
}

/** Whether it is a whole program: it imports the package. */
export function isProgram({ code }: Example): boolean {
  return /^import [^;]*from 'hardcap(\/[\w-]+)?';$/m.test(code);
}

/** Runs an example in a folder of its own, which is gone afterwards. */
export async function runExample(
  { code }: Pick<Example, 'code'>,
  env: Readonly<Record<string, string>>,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-example-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    const outfile = join(folder, 'example.mjs');
    await build({
      stdin: { contents: code, resolveDir: folder, loader: 'ts' },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      plugins: [fromSources],
      logLevel: 'silent',
    });
    return await ran(outfile, folder, env);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The package by its exported names, from `src`; all other packages as they are installed. */
const fromSources: Plugin = {
  name: 'from-sources',
  setup(builder) {
    builder.onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      const isOwn = path === 'hardcap' || path.startsWith('hardcap/');
      return isOwn ? { path: sourceOf(path) } : { path, external: true };
    });
  },
};

function sourceOf(name: string): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly default: string }>>;
  };
  const target = manifest.exports[`.${name.slice('hardcap'.length)}`]?.default;
  if (target === undefined) throw new Error(`The package exports no ${name}`);
  return join(ROOT, target.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
}

function ran(file: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'], ...env }, timeout: 20_000 };
    execFile(process.execPath, ['--no-warnings', file], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
