/**
 * Writes `corpus/manifest.json`: what each program is, and whether it is older than the rules.
 *
 * A program that the manifest does not have yet was written `after` them; one that was written
 * `before` and changed since is `revised`. With `--check` nothing is written, and a manifest that
 * does not say what the corpus is ends the process with 1.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { CORPUS, readPrograms, type Program } from './programs.ts';

/** Whether a program was written before the rules, and has stayed as it was. */
export type Written = 'before' | 'revised' | 'after';

/** One line of the manifest. */
export interface Entry extends Program {
  readonly written: Written;
}

/** The manifest of the corpus. */
export const MANIFEST = `${CORPUS}manifest.json`;

/** The manifest as it is kept; empty where there is none. */
export function readManifest(): readonly Entry[] {
  return existsSync(MANIFEST) ? (JSON.parse(readFileSync(MANIFEST, 'utf8')) as Entry[]) : [];
}

/** The manifest that the corpus should have, given the one that it has. */
export function manifestOf(programs: readonly Program[], kept: readonly Entry[]): readonly Entry[] {
  const byFile = new Map(kept.map((entry) => [entry.file, entry]));
  return programs.map((program) => ({
    ...program,
    written: writtenOf(program, byFile.get(program.file)),
  }));
}

/** The text of a manifest: one program a line. */
export function manifestText(entries: readonly Entry[]): string {
  return `[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
}

function writtenOf({ hash }: Program, kept: Entry | undefined): Written {
  if (kept === undefined) return 'after';
  return kept.written === 'before' && kept.hash !== hash ? 'revised' : kept.written;
}

function main(args: readonly string[]): void {
  const text = manifestText(manifestOf(readPrograms(), readManifest()));
  if (!args.includes('--check')) {
    writeFileSync(MANIFEST, text);
  } else if (!existsSync(MANIFEST) || readFileSync(MANIFEST, 'utf8') !== text) {
    console.error('corpus/manifest.json does not say what the corpus is; run scripts/manifest.ts.');
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
