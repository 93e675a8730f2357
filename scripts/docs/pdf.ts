/**
 * Writes the Blueprint as `tmp/blueprint.pdf`: `npm run docs:pdf`. Printing takes a Chromium that is
 * installed: the one that `CHROMIUM` names, or the first of its usual names in `PATH`.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createMarkdownRenderer } from 'vitepress';
import { ROOT } from './navigation.ts';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome-headless-shell',
];

const STYLE = `
@page { size: A4; margin: 18mm 16mm; }
body { font: 10pt/1.45 system-ui, sans-serif; color: #1f2328; }
h1 { font-size: 20pt; } h2 { font-size: 14pt; margin-top: 1.6em; }
h1, h2, h3 { break-after: avoid; } a { color: #0969da; text-decoration: none; }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt; }
th, td { border: 1px solid #d0d7de; padding: 3px 6px; text-align: left; vertical-align: top; }
tr, img, svg { break-inside: avoid; } svg { max-width: 100%; height: auto; }
code { font-size: 0.92em; background: #f6f8fa; } .header-anchor { display: none; }
`;

/** The browser that prints; `undefined` where none is installed. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['CHROMIUM'];
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
}

/** The page as one HTML file: its drawings stand in it, its links are those of the repository. */
export async function blueprintHtml(): Promise<string> {
  const docs = join(ROOT, 'docs');
  const page = readFileSync(join(docs, 'blueprint.md'), 'utf8').replace(/^<!--.*?-->$/gms, '');
  const markdown = await createMarkdownRenderer(docs);
  const body = markdown
    .render(page, { path: 'docs/blueprint.md', relativePath: 'docs/blueprint.md' })
    .replace(/<img src="\.?\/?(diagrams\/[\w-]+\.svg)"[^>]*>/g, (_, path: string) =>
      readFileSync(join(docs, path), 'utf8'),
    );
  return `<!doctype html><meta charset="utf-8"><title>Blueprint</title><style>${STYLE}</style>${body}`;
}

async function print(): Promise<number> {
  const chromium = findChromium();
  if (chromium === undefined) {
    console.error(
      'No Chromium was found, and a PDF is printed by one. Install it (Debian: `apt-get install ' +
        'chromium`), or name its program: `CHROMIUM=/path/to/chrome npm run docs:pdf`.',
    );
    return 1;
  }
  const folder = join(ROOT, 'tmp');
  mkdirSync(folder, { recursive: true });
  const [html, pdf] = [join(folder, 'blueprint.html'), join(folder, 'blueprint.pdf')];
  writeFileSync(html, await blueprintHtml());
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--no-pdf-header-footer'];
  execFileSync(chromium, [...options, `--print-to-pdf=${pdf}`, pathToFileURL(html).href], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  console.log(`Wrote ${pdf}`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await print();
