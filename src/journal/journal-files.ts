import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** One segment file of a holder's journal. */
export interface SegmentFile {
  readonly holder: string;
  /** 1 for the first of a holder, then one more each. */
  readonly segment: number;
  readonly path: string;
}

/** What an id must be to stand in a file's name. */
const HOLDER = /^[A-Za-z0-9_-]{1,128}$/;

const FILE_NAME = /^([A-Za-z0-9_-]{1,128})\.([1-9]\d{0,8})\.journal$/;

/** Whether journals of this holder can be named: so that a name never leads out of its folder. */
export function isNameable(holder: string): boolean {
  return HOLDER.test(holder);
}

/** Where a segment of a holder lies. */
export function segmentPath(directory: string, holder: string, segment: number): string {
  return join(directory, `${holder}.${segment}.journal`);
}

/** Every segment in a folder, newest first; none where there is no such folder. */
export function listSegments(directory: string): readonly SegmentFile[] {
  const files: SegmentFile[] = [];
  for (const name of namesIn(directory)) {
    const [, holder, segment] = FILE_NAME.exec(name) ?? [];
    if (holder === undefined) continue;
    files.push({ holder, segment: Number(segment), path: join(directory, name) });
  }
  return files.sort((left, right) => right.segment - left.segment);
}

/** Removes every segment of one holder. */
export function removeSegments(directory: string, holder: string): void {
  for (const file of listSegments(directory)) {
    if (file.holder === holder) rmSync(file.path, { force: true });
  }
}

/** Makes the folder when it is not there, readable for this user only. */
export function makeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Makes the names in a folder outlive a loss of power, where the system can. */
export function syncDirectory(directory: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(directory, 'r');
  } catch {
    // Windows opens no folder; there a name lasts as soon as the system writes it by itself.
    return;
  }
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
