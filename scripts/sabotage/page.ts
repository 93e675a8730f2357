/** The generated part of `docs/internals/testing.md`. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Break } from './break.ts';
import type { TestResult } from './run-tests.ts';

/** Where the page lies. */
export const TESTING_PAGE = new URL('../../docs/internals/testing.md', import.meta.url);

const BEGIN =
  '<!-- sabotage:begin. Written by `npm run sabotage`; change scripts/sabotage, not this. -->';
const END = '<!-- sabotage:end -->';
const TITLES_MAX = 2;

/** A break with the tests that noticed it. */
export interface Caught {
  readonly row: Break;
  readonly by: readonly TestResult[];
}

/** Writes the table between the markers of the page. Throws when a marker is missing. */
export function writePage(caught: readonly Caught[]): void {
  const page = readFileSync(TESTING_PAGE, 'utf8');
  const [before, rest] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || rest < before) throw new Error('docs/internals/testing.md lost its markers.');
  const head = page.slice(0, before + BEGIN.length);
  writeFileSync(TESTING_PAGE, `${head}\n\n${generated(caught)}\n\n${page.slice(rest)}`);
}

function generated(caught: readonly Caught[]): string {
  const files = new Set(caught.flatMap(({ row }) => row.tests));
  const total =
    `${caught.length} breaks, each noticed by the tests named beside it ` +
    `(${files.size} test files take part). Of the tests that failed, the first two are named.`;
  const parts = [...new Set(caught.map(({ row }) => row.part))];
  const sections = parts.map((part) => {
    const rows = caught.filter(({ row }) => row.part === part).map(tableRow);
    return [
      `### ${part}`,
      '',
      '| Guarantee | What was broken | Caught by |',
      '|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return [total, ...sections].join('\n\n');
}

function tableRow({ row, by }: Caught): string {
  const named = by.slice(0, TITLES_MAX);
  const files = [...new Set(named.map(({ file }) => file))];
  const titles = files.map((file) => {
    const own = named.filter((test) => test.file === file).map(({ title }) => escaped(title));
    return `\`${file}\`: ${own.join('; ')}`;
  });
  const cells = [cell(row.guarantee), `\`${row.file}\`: ${cell(row.broken)}`, titles.join('<br>')];
  return `| ${cells.join(' | ')} |`;
}

/** Our own words may hold code; only what ends a cell is escaped. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** A test's title is plain text, whatever is in it. */
function escaped(title: string): string {
  return title.replace(/[\\|*<>[\]]/g, (sign) => `\\${sign}`);
}
