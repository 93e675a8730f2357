import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One file of a project, with its text. */
export interface TextFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** A file that was not looked at, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

/** What a walk through a project brought. */
export interface Walked {
  readonly files: readonly TextFile[];
  readonly skipped: readonly Skipped[];
  /** The walk ended before the project did; `undefined`: all of it was seen. */
  readonly cutShort: string | undefined;
}

/** How much is read at most. */
export interface WalkBounds {
  readonly filesMax: number;
  readonly bytesMax: number;
  readonly fileBytesMax: number;
  readonly depthMax: number;
}

/** The bounds unless the command line names others. */
export const WALK_BOUNDS: WalkBounds = {
  filesMax: 20_000,
  bytesMax: 200_000_000,
  fileBytesMax: 1_000_000,
  depthMax: 32,
};

/** Folders with what others wrote, or a machine. */
const FOLDERS_LEFT_OUT = new Set([
  '.cache',
  '.git',
  '.hg',
  '.mypy_cache',
  '.next',
  '.nuxt',
  '.output',
  '.pnpm-store',
  '.pytest_cache',
  '.ruff_cache',
  '.svelte-kit',
  '.svn',
  '.tox',
  '.turbo',
  '.venv',
  '.vercel',
  '.yarn',
  '__pycache__',
  'bower_components',
  'build',
  'coverage',
  'dist',
  'node_modules',
  'out',
  'site-packages',
  'target',
  'vendor',
  'venv',
]);

const WANTED = [
  /\.([cm]?[jt]sx?|vue|svelte|astro|py|ipynb|json|ya?ml|toml|go|rb|java|kt|cs|php|rs|sh)$/,
  /(^|\/)(Dockerfile[^/]*|Procfile|crontab|Makefile|Justfile|\.env[^/]*|\.tool-versions|\.nvmrc)$/,
  /(^|\/)(requirements[^/]*\.txt|Pipfile|bun\.lockb?|uv\.lock)$/,
];

/** Written by a machine: too long for a person, and named in the manifest already. */
const GENERATED = [
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock)$/,
  /\.min\.[cm]?js$|\.d\.[cm]?ts$/,
];

/**
 * Every file of a project that an audit can read, in path order, within bounds. Links are not
 * followed, nothing is run. What was wanted and not read is listed.
 */
export function walk(root: string, bounds: WalkBounds = WALK_BOUNDS): Walked {
  const files: TextFile[] = [];
  const skipped: Skipped[] = [];
  let cutShort: string | undefined;
  let bytes = 0;
  const waiting: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (folder.depth > bounds.depthMax) {
      skipped.push({ path: folder.path, reason: `deeper than ${bounds.depthMax} folders` });
      continue;
    }
    const entries = readdirSync(join(root, folder.path), { withFileTypes: true });
    for (const entry of entries.sort((left, right) => (left.name < right.name ? 1 : -1))) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!FOLDERS_LEFT_OUT.has(entry.name)) waiting.push({ path, depth: folder.depth + 1 });
        continue;
      }
      if (!entry.isFile() || !isRead(path)) continue;
      const { size } = lstatSync(join(root, path));
      if (size > bounds.fileBytesMax) {
        skipped.push({ path, reason: `larger than ${bounds.fileBytesMax} bytes` });
        continue;
      }
      bytes += size;
      if (files.length >= bounds.filesMax || bytes > bounds.bytesMax) {
        cutShort ??= `after ${files.length} files and ${bytes - size} bytes, before ${path}`;
        continue;
      }
      files.push({ path, text: readFileSync(join(root, path), 'utf8') });
    }
  }
  files.sort((left, right) => (left.path < right.path ? -1 : 1));
  return { files, skipped, cutShort };
}

function isRead(path: string): boolean {
  return WANTED.some((one) => one.test(path)) && !GENERATED.some((one) => one.test(path));
}
