/** The prepared repositories: one text file each, unpacked into a folder of its own. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOS = fileURLToPath(new URL('repos/', import.meta.url));

/** The files of a prepared repository, by their paths: what stands between `-- path --` lines. */
export function filesOf(name: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(REPOS, `${name}.txtar`), 'utf8');
  const parts = text.split(/^-- (.+) --\n/m);
  const files = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2) {
    files.set(parts[index] ?? '', parts[index + 1] ?? '');
  }
  return files;
}

/** A prepared repository on disk, until `end` is called. */
export interface Unpacked {
  readonly folder: string;
  end(): void;
}

/** Writes the files of a repository, or those that are given, into a new folder. */
export function unpack(files: ReadonlyMap<string, string>): Unpacked {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-audit-'));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, end: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The line, from 1, of the only line that holds a text; throws where there is not exactly one. */
export function lineOf(text: string, part: string): number {
  const lines = text.split('\n').flatMap((line, index) => (line.includes(part) ? [index + 1] : []));
  if (lines.length !== 1)
    throw new Error(`${JSON.stringify(part)} stands in ${lines.length} lines`);
  return lines[0] ?? 0;
}
