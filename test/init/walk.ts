/** Takes the steps of the page for newcomers, in an empty project, and measures them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ran, ROOT, type Packed, type Ran } from '../package/pack.ts';
import { linkPackages } from './adoption.ts';

/** One command of the page, and what came of it. */
export interface Step extends Ran {
  readonly line: string;
  readonly ms: number;
}

/** The blocks of the page, in order: commands to run, and files to save under the name before. */
export function blocksOf(
  page: string,
): readonly { readonly kind: string; readonly text: string }[] {
  return [...page.matchAll(/^```(sh|js)\n([^]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
    kind,
    text,
  }));
}

/**
 * Runs the page in a project of its own beside the packed one. The package comes from the tarball,
 * without network, and its companions from what is installed here.
 */
export async function walkStart(packed: Packed): Promise<readonly Step[]> {
  const page = readFileSync(join(ROOT, 'docs/start.md'), 'utf8');
  const folder = join(packed.project, '..', 'newcomer');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'newcomer', private: true }));
  const steps: Step[] = [];
  for (const { kind, text } of blocksOf(page)) {
    if (kind === 'js') writeFileSync(join(folder, fileNamed(page, text)), text);
    else for (const line of text.trim().split('\n')) steps.push(await step(line, folder, packed));
  }
  return steps;
}

async function step(line: string, folder: string, packed: Packed): Promise<Step> {
  const isInstall = line.startsWith('npm install hardcap ');
  const run = isInstall
    ? `npm install --offline --no-audit --no-fund ${JSON.stringify(packed.tarball)}`
    : line;
  const begun = performance.now();
  const outcome = await ran('sh', ['-c', run], { cwd: folder, env: { NO_COLOR: '1' } });
  const ms = performance.now() - begun;
  if (isInstall) linkPackages({ project: folder });
  return { line, ms, ...outcome };
}

/** The last name in backticks before the block. */
function fileNamed(page: string, text: string): string {
  const before = page.slice(0, page.indexOf(text));
  const names = [...before.matchAll(/Save it as `([\w.-]+)`/g)].map(([, name = '']) => name);
  const name = names.at(-1);
  if (name === undefined) throw new Error('The page does not say under which name to save a file.');
  return name;
}
