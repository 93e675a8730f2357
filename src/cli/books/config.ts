import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readConfigFile } from '../../guard/config-file.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import { readConfig, type GuardSettings } from '../../policy/read-config.ts';

/** The name of the configuration that is read unless another is named. */
export const CONFIG_FILE = 'budget-guard.config.json';

/**
 * The configuration in a file: the one that was named, or `budget-guard.config.json` where it
 * exists; `undefined` without one. Throws `CONFIG_INVALID` for a file that is not there or wrong.
 */
export function configOf(path: string | undefined, cwd: string): BudgetGuardConfig | undefined {
  const usual = resolve(cwd, CONFIG_FILE);
  if (path === undefined && !existsSync(usual)) return undefined;
  const config = readConfigFile(path === undefined ? usual : resolve(cwd, path));
  // Wrong figures must be told here, and not after something was done.
  readConfig(config);
  return config;
}

/** The same, validated, with every default filled in. */
export function settingsOf(path: string | undefined, cwd: string): GuardSettings | undefined {
  const config = configOf(path, cwd);
  return config === undefined ? undefined : readConfig(config);
}
