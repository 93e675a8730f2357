/**
 * Writes what is computed in the Blueprint: its drawings (`docs/diagrams/*.svg`) and its section on
 * scale. Run it after a change of either, or of a page that the figures come from:
 * `npm run docs:blueprint`. A test holds them equal.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DRAWINGS } from './blueprint-drawings.ts';
import { svgOf } from './diagrams.ts';
import { ROOT } from './navigation.ts';
import { withScale } from './scale.ts';

/** Every file that is written, with the text it must have. */
export function blueprintFiles(): readonly (readonly [path: string, text: string])[] {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  const published = {
    benchmarks: read('docs/reference/benchmarks.md'),
    leases: read('docs/reference/leases.md'),
  };
  return [
    ...DRAWINGS.map((drawing) => [`docs/diagrams/${drawing.name}.svg`, svgOf(drawing)] as const),
    ['docs/blueprint.md', withScale(read('docs/blueprint.md'), published)],
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of blueprintFiles()) writeFileSync(join(ROOT, path), text);
}
