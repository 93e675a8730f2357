import type { Field } from '../../policy/fields.ts';
import { readTextFile } from '../books/file.ts';
import { usageError } from '../usage-error.ts';
import { recordingField, type Recording } from './recording.ts';
import { scenarioField, type Scenario } from './scenario.ts';

/** What a file that is simulated can be. */
export type SimulatedFile =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'recording'; readonly recording: Recording };

/**
 * Reads a scenario or a recording: its `kind` says which. Throws `COMMAND_INVALID` and
 * `CONFIG_INVALID`.
 */
export function readSimulated(path: string, cwd: string): SimulatedFile {
  const value = readJson(path, cwd);
  const kind: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined;
  switch (kind) {
    case 'hardcap-scenario':
      return { kind: 'scenario', scenario: scenarioField.read(value, path) };
    case 'hardcap-recording':
      return { kind: 'recording', recording: recordingField.read(value, path) };
    default:
      throw usageError(
        `${path} has the kind ${JSON.stringify(kind ?? null)}, and neither "hardcap-scenario" ` +
          'nor "hardcap-recording"',
        'Say which it is, as in { "kind": "hardcap-scenario", "version": 1, "traffic": [...] }',
      );
  }
}

/** Reads a file of one form. Throws `COMMAND_INVALID`, `CONFIG_INVALID`. */
export function readFileAs<T>(field: Field<T>, path: string, cwd: string): T {
  return field.read(readJson(path, cwd), path);
}

function readJson(path: string, cwd: string): unknown {
  const text = readTextFile(path, cwd);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${path} is not JSON (${reason})`, 'Correct it, or say another file');
  }
}
