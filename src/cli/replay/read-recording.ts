import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { readSimulated } from '../simulate/read-file.ts';
import type { Recording } from '../simulate/recording.ts';
import { usageError } from '../usage-error.ts';

/**
 * Reads a recording. Throws `COMMAND_INVALID` and `CONFIG_INVALID` for a file that is none, and an
 * `Error` for one that cannot be read: that is no fault of the command line alone.
 */
export function readRecording(path: string, cwd: string): Recording {
  const place = resolve(cwd, path);
  try {
    accessSync(place, constants.R_OK);
  } catch (cause) {
    const how = '`hardcap simulate --record seen.json -- <command>` writes a recording';
    throw new Error(`${place} cannot be read. Say the path of a recording; ${how}.`, { cause });
  }
  const file = readSimulated(path, cwd);
  switch (file.kind) {
    case 'recording':
      return file.recording;
    case 'scenario':
      throw usageError(
        `${path} is a scenario, whose calls are drawn and not recorded`,
        `Say \`hardcap simulate ${path}\`, or the file of a recording`,
      );
  }
}
