/** Programs of this folder as one file that `node` starts at once. */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** A program that can be started, in a private folder. */
export interface Bundle {
  readonly file: string;
  remove(): void;
}

/** Compiles one program of this folder; packages are taken from where this repository has them. */
export function bundle(name: string): Bundle {
  const directory = mkdtempSync(join(tmpdir(), 'hardcap-crash-program-'));
  const file = join(directory, `${name}.mjs`);
  const root = new URL('../../', import.meta.url);
  symlinkSync(fileURLToPath(new URL('node_modules', root)), join(directory, 'node_modules'));
  buildSync({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return { file, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
