import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pageOf } from './page.ts';
import { plotOf } from './plot.ts';
import { playAll } from './result.ts';

/** Plays six bills that changed overnight, and writes the page and the plot of them. */
const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

const results = await playAll((name) => process.stderr.write(`billing: ${name}\n`));
const page = pageOf(results);
writeFileSync(docs('billing-incidents.md'), page);
writeFileSync(docs('billing-incidents.svg'), plotOf(results));
console.log(page.slice(page.indexOf('| case'), page.indexOf('## What to take')).trim());
