/** Packs the package as `npm publish` would, from a copy, so that nothing in the tree changes. */

import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The installed development tool of this name. */
export function tool(name: string): string {
  return join(ROOT, 'node_modules', '.bin', name);
}

const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage', 'tmp']);
const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What a command printed and how it ended. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The packed package and a project that has it installed. */
export interface Packed {
  /** The tarball. */
  readonly tarball: string;
  /** Paths in the tarball, without its `package/` folder. */
  readonly files: readonly string[];
  /** A project whose `node_modules` holds the package, installed from the tarball without network. */
  readonly project: string;
  /** The installed package in it. */
  readonly installed: string;
  remove(): void;
}

/** Runs a program and reports how it ended; only a program that cannot be started throws. */
export async function ran(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const options = { cwd, env: { ...process.env, ...env }, maxBuffer: OUTPUT_BYTES_MAX };
  try {
    return { code: 0, ...(await run(program, args, options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

/** Builds, packs and installs; throws with the whole output when one of them fails. */
export async function pack(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-package-'));
  const copy = join(folder, 'copy');
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir');
  const [report] = JSON.parse(
    await succeeded(
      'npm',
      ['pack', '--json', '--loglevel=error', '--pack-destination', folder],
      copy,
    ),
  ) as [{ filename: string; files: { path: string }[] }];
  const tarball = join(folder, report.filename);
  const project = makeProject(folder);
  await succeeded('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], project);
  return {
    tarball,
    files: report.files.map(({ path }) => path),
    project,
    installed: join(project, 'node_modules', 'hardcap'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The JSON file's content. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function makeProject(folder: string): string {
  const project = join(folder, 'project');
  mkdirSync(project);
  const manifest = { name: 'project', version: '1.0.0', private: true, type: 'module' };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  return project;
}

async function succeeded(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await ran(program, args, { cwd });
  if (code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  }
  // `prepack` prints in front of the report.
  return stdout.slice(Math.max(0, stdout.indexOf('[\n')));
}
