/** The page `docs/measured.md`: its blocks are written by scripts, everything else by hand. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Linted, Report } from './lint.ts';
import type { Label } from './programs.ts';

const PAGE = new URL('../docs/measured.md', import.meta.url);

/** A part of the page that a script writes. */
export type Block = 'corpus' | 'speed';

const beginOf = (name: Block) => `<!-- ${name}:begin; written by a script -->\n\n`;
const endOf = (name: Block) => `\n\n<!-- ${name}:end -->`;

/** What stands in a block now. */
export function readBlock(name: Block): string {
  const [from, to] = placeOf(name, readFileSync(PAGE, 'utf8'));
  return readFileSync(PAGE, 'utf8').slice(from, to);
}

/** Replaces what stands in a block. */
export function writeBlock(name: Block, text: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = placeOf(name, page);
  writeFileSync(PAGE, page.slice(0, from) + text + page.slice(to));
}

function placeOf(name: Block, page: string): readonly [from: number, to: number] {
  const begin = page.indexOf(beginOf(name));
  const end = page.indexOf(endOf(name));
  if (begin < 0 || end < begin) throw new Error(`docs/measured.md has no block ${name}.`);
  return [begin + beginOf(name).length, end];
}

/** The labelled lines that no report of their rule is on; the compiler's are its own affair. */
export function missedOf({ labels, reports }: Linted): readonly Label[] {
  const isOn =
    ({ rule, line }: Label) =>
    (report: Report) =>
      report.rule === rule && report.line === line;
  return labels.filter((label) => label.rule !== 'tsc' && !reports.some(isOn(label)));
}

/** How the programs of the corpus fare, folder by folder, as a table. */
export function corpusTable(programs: readonly Linted[]): string {
  const folders = [...new Set(programs.map(({ rule }) => rule))];
  const rowOf = (name: string, own: readonly Linted[]) => {
    const bad = own.filter(({ verdict }) => verdict === 'bad');
    const good = own.filter(({ verdict }) => verdict === 'good');
    const reported = bad.filter((one) => missedOf(one).length === 0).length;
    const falsely = good.filter(({ reports }) => reports.length > 0).length;
    return `| ${name} | ${reported} of ${bad.length} | ${falsely} of ${good.length} |`;
  };
  const rows = folders.map((folder) =>
    rowOf(
      `\`${folder}\``,
      programs.filter(({ rule }) => rule === folder),
    ),
  );
  const head = ['| folder | bad programs reported | good programs reported |', '|---|---|---|'];
  return [...head, ...rows, rowOf('all', programs)].join('\n');
}
