/** Copies of the repository that may be broken: made in a temporary folder, removed at the end. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Name of the vitest configuration that every copy gets. */
export const CONFIG_FILE = 'sabotage.vitest.config.ts';

/** One worker a run, no type tests, and caches inside the copy. */
const CONFIG = `import base from './vitest.config.ts';

export default {
  ...base,
  cacheDir: '.sabotage-cache',
  test: { ...base.test, typecheck: { enabled: false } },
};
`;

/** Files of the repository as they stand now, new ones too, ignored ones not. */
function listFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return [...new Set(listed.split('\0'))].filter(
    (path) => path !== '' && existsSync(join(ROOT, path)),
  );
}

/**
 * Copies the repository into `folder`. Installed packages are linked one by one, so that what tools
 * write into `node_modules` stays in the copy.
 */
export function copyRepository(folder: string): void {
  for (const path of listFiles()) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(ROOT, path), target);
  }
  const installed = join(folder, 'node_modules');
  mkdirSync(installed);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') && name !== '.bin') continue;
    symlinkSync(join(ROOT, 'node_modules', name), join(installed, name));
  }
  writeFileSync(join(folder, CONFIG_FILE), CONFIG);
}
