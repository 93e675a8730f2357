import { ConfigError } from '../errors/error.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';

const DEFAULT_PATH = 'budget-guard.config.json';

/**
 * The configuration as it stands in a file; not yet validated.
 * Throws `CONFIG_INVALID` when the file cannot be read or is not JSON.
 */
export function readConfigFile(path: string = DEFAULT_PATH): BudgetGuardConfig {
  const text = readText(path);
  try {
    return JSON.parse(text) as BudgetGuardConfig;
  } catch (error) {
    const reason = `the file is not JSON (${(error as Error).message})`;
    throw new ConfigError({ field: 'path', value: path, reason }, { cause: error });
  }
}

/** Asked of the runtime when needed, so that importing the package needs no file system. */
function readText(path: string): string {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  if (fs === undefined) {
    const reason = 'this runtime has no file system; pass the configuration as an object';
    throw new ConfigError({ field: 'path', value: path, reason });
  }
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    const reason = `the file cannot be read (${(error as Error).message})`;
    throw new ConfigError({ field: 'path', value: path, reason }, { cause: error });
  }
}
