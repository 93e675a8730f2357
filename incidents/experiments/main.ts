import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../options.ts';
import { plain } from '../report/tables.ts';
import { EXPERIMENTS } from './experiments.ts';
import { HELP, readExperimentOptions, type ExperimentOptions } from './options.ts';
import { experimentsPage, PLOTS } from './page.ts';
import { plotsOf } from './plots.ts';
import type { Experiment, Report } from './result.ts';
import { FULL } from './sizes.ts';

/** The published experiments, redone: `npm run experiments -- --help`. */
async function main(): Promise<number> {
  const options = readExperimentOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  const report = await runAll(options);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify(report, undefined, 1)}\n`);
  }
  if (options.docs !== undefined) writeDocs(options.docs, report);
  for (const experiment of report.experiments) print(experiment);
  const musts = report.experiments.flatMap((experiment) => experiment.musts);
  for (const { what, isShown } of musts) console.log(`${isShown ? 'SHOWN' : 'NOT SHOWN'} ${what}`);
  return musts.every(({ isShown }) => isShown) ? 0 : 1;
}

async function runAll({ seed, only }: ExperimentOptions): Promise<Report> {
  const startedAt = Date.now();
  const seconds = (): number => Math.round((Date.now() - startedAt) / 1_000);
  const chosen = EXPERIMENTS.filter(({ number }) => only.length === 0 || only.includes(number));
  const experiments: Experiment[] = [];
  for (const { number, run } of chosen) {
    const experiment = await run(FULL, seed);
    experiments.push(experiment);
    process.stderr.write(`experiments: ${number} ${experiment.title}, ${seconds()} s\n`);
  }
  const date = new Date().toISOString().slice(0, 10);
  return { seed, date, seconds: seconds(), versions: versions(), experiments };
}

function versions(): Readonly<Record<string, string>> {
  const of = (name: string): string => {
    const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  };
  const packages = ['@anthropic-ai/sdk', 'openai', 'gpt-tokenizer'];
  return {
    node: process.version,
    ...Object.fromEntries(packages.map((name) => [name, of(name)])),
  };
}

function writeDocs(folder: string, report: Report): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'experiments.md'), experimentsPage(report));
  for (const [number, svg] of plotsOf(report)) {
    const plot = PLOTS[number];
    if (plot !== undefined) writeFileSync(join(folder, plot.file), svg);
  }
}

function print({ number, title, tables }: Experiment): void {
  console.log(`\n${number}. ${title}`);
  for (const { caption, head, rows } of tables) {
    console.log(`\n${caption}\n\n${plain(head, rows)}`);
  }
  console.log('');
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
