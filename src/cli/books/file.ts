import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageError } from '../usage-error.ts';

/** Largest file that is read whole: 256 MiB. */
export const FILE_BYTES_MAX = 268_435_456;

/** The text of a file. Throws `COMMAND_INVALID` when it is not there, too large or unreadable. */
export function readTextFile(path: string, cwd: string): string {
  const place = resolve(cwd, path);
  try {
    if (statSync(place).size <= FILE_BYTES_MAX) return readFileSync(place, 'utf8');
  } catch (error) {
    throw usageError(`${place} cannot be read (${reasonOf(error)})`, 'Say the path of a file');
  }
  throw usageError(`${place} has more than ${FILE_BYTES_MAX} bytes`, 'Split it');
}

/** Writes a file whole. Throws `COMMAND_INVALID` when it cannot be written. */
export function writeTextFile(path: string, cwd: string, text: string): void {
  const place = resolve(cwd, path);
  try {
    writeFileSync(place, text);
  } catch (error) {
    throw usageError(`${place} cannot be written (${reasonOf(error)})`, 'Say another path');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
