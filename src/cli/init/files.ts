import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { usageError } from '../usage-error.ts';

/** A file as it is to be. */
export interface WantedFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly isProgram: boolean;
}

/** A wanted file beside what is there. */
export interface PlannedFile extends WantedFile {
  /** `kept`: something else is there, and stays. */
  readonly state: 'create' | 'unchanged' | 'kept' | 'replace';
  /** What is there; `undefined`: nothing. */
  readonly before: string | undefined;
}

/**
 * What would be done with each file: what is there already is kept, unless `isForced`. Throws
 * `COMMAND_INVALID` where something that is no file stands in the way.
 */
export function planFiles(
  root: string,
  wanted: readonly WantedFile[],
  isForced: boolean,
): readonly PlannedFile[] {
  return wanted.map((file) => {
    const before = textAt(root, file.path);
    if (before === undefined) return { ...file, before, state: 'create' };
    if (before === file.text) return { ...file, before, state: 'unchanged' };
    return { ...file, before, state: isForced ? 'replace' : 'kept' };
  });
}

/**
 * Writes what is to be created or replaced: all of it, or nothing. Every text is on the disk under
 * another name before the first file gets its own; a file that appeared meanwhile is not
 * overwritten, and what was done until then is undone. Throws `COMMAND_INVALID`.
 */
export function writeFiles(root: string, planned: readonly PlannedFile[]): void {
  const staged: Staged[] = [];
  const undo: (() => void)[] = [];
  try {
    for (const file of planned) {
      if (file.state !== 'create' && file.state !== 'replace') continue;
      staged.push({ file, place: join(root, file.path), staging: stage(root, file, undo) });
    }
    for (const one of staged) undo.push(publish(one));
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw usageError(
      `The files could not be written (${(error as Error).message})`,
      'Nothing was changed: remove the cause and run the command again',
    );
  }
  for (const { staging } of staged) {
    for (const name of [staging, oldName(staging)]) rmSync(name, { force: true });
  }
}

interface Staged {
  readonly file: PlannedFile;
  readonly place: string;
  readonly staging: string;
}

const PROGRAM_MODE = 0o755;
const FILE_MODE = 0o644;

function stage(root: string, file: PlannedFile, undo: (() => void)[]): string {
  const place = join(root, file.path);
  const staging = join(dirname(place), `.${basename(place)}.${randomUUID()}`);
  undo.push(() => rmSync(staging, { force: true }));
  writeFileSync(staging, file.text, { flag: 'wx', flush: true });
  chmodSync(staging, file.isProgram ? PROGRAM_MODE : FILE_MODE);
  return staging;
}

/** Gives a staged file its name; returns what takes that back. */
function publish({ file: { path, before, state }, place, staging }: Staged): () => void {
  if (state === 'create') {
    // A link, unlike a rename, fails where a file has appeared since.
    linkSync(staging, place);
    return () => rmSync(place, { force: true });
  }
  if (before === undefined || readFileSync(place, 'utf8') !== before) {
    throw new Error(`${path} has changed since it was read`);
  }
  const old = oldName(staging);
  linkSync(place, old);
  renameSync(staging, place);
  return () => renameSync(old, place);
}

/** What a file that is replaced is called until all are. */
function oldName(staging: string): string {
  return `${staging}.old`;
}

function textAt(root: string, path: string): string | undefined {
  const stats = lstatSync(join(root, path), { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return readFileSync(join(root, path), 'utf8');
  throw usageError(`${path} is there and is no ordinary file`, 'Move it away first');
}
