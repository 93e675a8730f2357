/**
 * Breaks each guarantee on purpose, in a copy, and sees which test notices: `npm run sabotage`.
 *
 * Fails when a break goes unnoticed, when the whole code fails the same tests, or when a row of
 * `sabotage/table.ts` does not fit the code any more. A full run that succeeds writes the table of
 * `docs/internals/testing.md`. `--only TEXT` runs the rows that contain the text, and writes nothing.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Break } from './sabotage/break.ts';
import { copyRepository, ROOT } from './sabotage/copy.ts';
import { writePage, type Caught } from './sabotage/page.ts';
import { runTests, stopRuns, type TestResult } from './sabotage/run-tests.ts';
import { BREAKS } from './sabotage/table.ts';

/** Rows that run at once. */
const WORKERS = 2;
const ROW_MS_MAX = 180_000;
const BASELINE_MS_MAX = 600_000;

type Judged =
  | { readonly kind: 'caught'; readonly by: readonly TestResult[] }
  | { readonly kind: 'failed'; readonly reason: string };

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'hardcap-sabotage-'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopRuns();
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  });
}
try {
  process.exitCode = await sabotage(values.only);
} finally {
  stopRuns();
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the rows; the exit code. */
async function sabotage(only: string | undefined): Promise<number> {
  const started = Date.now();
  const rows = BREAKS.filter((row) => only === undefined || rowText(row).includes(only));
  const faults = rows.flatMap(tableFaults);
  if (rows.length === 0) faults.push(`No row contains ${JSON.stringify(only)}.`);
  if (faults.length > 0) return fail(faults);

  const copies = Array.from({ length: WORKERS }, (_, index) => join(folder, String(index)));
  for (const copy of copies) {
    mkdirSync(copy);
    copyRepository(copy);
  }
  say(`${rows.length} rows; first the whole code ...`);
  const whole = await baseline(rows, copies[0] ?? folder);
  if (whole.faults.length > 0) return fail(whole.faults);
  say(`the whole code passes ${whole.tests.length} tests (${seconds(started)})`);

  const judged = await judgeAll(rows, copies, whole.tests);
  const caught: Caught[] = [];
  const failed: string[] = [];
  for (const [index, row] of rows.entries()) {
    const verdict = judged[index];
    if (verdict?.kind === 'caught') caught.push({ row, by: verdict.by });
    else failed.push(`${row.guarantee} (${row.file}): ${verdict?.reason ?? 'not judged'}`);
  }
  if (failed.length === 0 && only === undefined) writePage(caught);
  say(`sabotage: ${caught.length} caught, ${failed.length} not (${seconds(started)})`);
  return failed.length === 0 ? 0 : fail(failed);
}

/** What makes a row unusable before anything runs. */
function tableFaults({ guarantee, file, find, replace }: Break): string[] {
  const count = readFileSync(join(ROOT, file), 'utf8').split(find).length - 1;
  const faults: string[] = [];
  if (count !== 1) faults.push(`${guarantee}: \`find\` occurs ${count} times in ${file}.`);
  if (find === replace) faults.push(`${guarantee}: it breaks nothing.`);
  return faults;
}

/**
 * Runs everything that the rows run on the code as it is: files of rows without a title whole, the
 * others with all titles at once.
 */
async function baseline(
  rows: readonly Break[],
  copy: string,
): Promise<{ readonly tests: readonly TestResult[]; readonly faults: readonly string[] }> {
  const whole = new Set(
    rows.filter(({ title }) => title === undefined).flatMap(({ tests }) => tests),
  );
  const titled = rows.filter(({ tests }) => tests.some((file) => !whole.has(file)));
  const part = new Set(titled.flatMap(({ tests }) => tests).filter((file) => !whole.has(file)));
  const titles = [...new Set(titled.map(({ title }) => `(?:${title ?? ''})`))].join('|');
  const tests: TestResult[] = [];
  const faults: string[] = [];
  for (const { files, title } of [
    { files: [...whole], title: undefined },
    { files: [...part], title: titles },
  ]) {
    if (files.length === 0) continue;
    const terms = {
      folder: copy,
      files,
      title,
      workers: WORKERS,
      timeoutMs: BASELINE_MS_MAX,
    } as const;
    const run = await runTests(terms);
    if (run.kind === 'no-report') return { tests, faults: [`The whole code: ${run.reason}`] };
    tests.push(...run.tests);
    faults.push(...run.unloaded.map((text) => `did not load: ${text}`));
  }
  const failing = tests.filter(({ isPassed }) => !isPassed);
  faults.push(...failing.map(({ file, title }) => `The whole code fails ${file}: ${title}`));
  for (const row of rows) {
    if (!tests.some((test) => isOf(row, test))) faults.push(`${row.guarantee}: it runs no test.`);
  }
  return { tests, faults };
}

/** Judges all rows, one in each copy at a time; the answers are in the order of the rows. */
async function judgeAll(
  rows: readonly Break[],
  copies: readonly string[],
  whole: readonly TestResult[],
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  const queue = [...rows.entries()];
  let done = 0;
  const work = async (copy: string): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, row] = next;
      const started = Date.now();
      const verdict = await judge(row, copy, whole);
      judged[index] = verdict;
      done += 1;
      const told = verdict.kind === 'caught' ? verdict.by[0]?.title : verdict.reason;
      const word = verdict.kind === 'caught' ? 'caught' : 'NOT CAUGHT';
      say(`${done}/${rows.length} ${word}: ${row.guarantee} <- ${told} (${seconds(started)})`);
    }
  };
  await Promise.all(copies.map(work));
  return judged;
}

/** Breaks one file in the copy, runs the row's tests, and restores the file. */
async function judge(row: Break, copy: string, whole: readonly TestResult[]): Promise<Judged> {
  const path = join(copy, row.file);
  const text = readFileSync(path, 'utf8');
  if (text.split(row.find).length !== 2) {
    return { kind: 'failed', reason: `\`find\` does not stand once in the copy` };
  }
  writeFileSync(
    path,
    text.replace(row.find, () => row.replace),
  );
  try {
    const { tests: files, title } = row;
    const terms = { folder: copy, files, title, workers: 1, timeoutMs: ROW_MS_MAX } as const;
    const run = await runTests(terms);
    if (run.kind === 'no-report') return { kind: 'failed', reason: run.reason };
    const [unloaded] = run.unloaded;
    // Code that does not even load would fail any test, so it proves nothing about this one.
    if (unloaded !== undefined) return { kind: 'failed', reason: `did not load: ${unloaded}` };
    const by = run.tests
      .filter((test) => !test.isPassed && whole.some((known) => isSame(known, test)))
      .sort((left, right) => files.indexOf(left.file) - files.indexOf(right.file));
    if (by.length > 0) return { kind: 'caught', by };
    return { kind: 'failed', reason: `survived ${run.tests.length} tests` };
  } finally {
    writeFileSync(path, text);
  }
}

function isOf({ tests, title }: Break, test: TestResult): boolean {
  return tests.includes(test.file) && new RegExp(title ?? '').test(test.fullTitle);
}

function isSame(left: TestResult, right: TestResult): boolean {
  return left.file === right.file && left.title === right.title;
}

function rowText({ part, guarantee, file, broken, tests }: Break): string {
  return [part, guarantee, file, broken, ...tests].join('\n');
}

function fail(reasons: readonly string[]): number {
  for (const reason of reasons) console.error(`sabotage: ${reason}`);
  return 1;
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  console.log(line);
}
