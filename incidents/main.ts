import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Incident } from './catalogue/incident.ts';
import { CatalogueError, readCatalogue } from './catalogue/read.ts';
import { faultsOf, type Fault } from './judge/verdict.ts';
import { HELP, readOptions, UsageError, type Options } from './options.ts';
import { playAll } from './replay/pool.ts';
import { pageOf } from './report/page.ts';
import { plotOf } from './report/plot.ts';
import type { Report } from './report/results.ts';
import { tablesOf } from './report/tables.ts';

/** The replay of the catalogue: `npm run incidents -- --help`. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  const incidents = chosen(readFile(options.catalogue), options.only);
  const report = await replay(incidents, options);
  const faults = faultsOf(report);
  if (options.json !== undefined) writeFileSync(options.json, jsonOf(report));
  if (options.docs !== undefined) writeDocs(options.docs, report, incidents, faults);
  console.log(tablesOf(report));
  for (const { id, variant, policy, schedule, what } of faults) {
    console.log(`FAULT ${id} ${variant} · ${policy} · ${schedule}: ${what}`);
  }
  return faults.length > 0 ? 1 : 0;
}

function readFile(path: string): readonly Incident[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CatalogueError(basename(path), error instanceof Error ? error.message : 'unreadable');
  }
  return readCatalogue(value);
}

function chosen(incidents: readonly Incident[], only: readonly string[]): readonly Incident[] {
  if (only.length === 0) return incidents;
  for (const name of only) {
    if (!incidents.some(({ id, scenario }) => id === name || scenario.pattern === name)) {
      throw new UsageError(`--only: no scenario and no pattern is called ${name}`);
    }
  }
  return incidents.filter(
    ({ id, scenario }) => only.includes(id) || only.includes(scenario.pattern),
  );
}

const PROGRESS_EVERY = 10;

async function replay(incidents: readonly Incident[], options: Options): Promise<Report> {
  const startedAt = Date.now();
  const { seed, schedules, policies, workers } = options;
  const onPlayed = (done: number): void => {
    if (done % PROGRESS_EVERY !== 0 && done !== incidents.length) return;
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    process.stderr.write(`incidents: ${done} of ${incidents.length} scenarios, ${seconds} s\n`);
  };
  const played = await playAll(incidents, { seed, schedules, policies, workers, onPlayed });
  return { seed, schedules, incidents: incidents.length, versions: versions(), ...played };
}

function versions(): Readonly<Record<string, string>> {
  const of = (name: string): string => {
    const path = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  };
  return {
    node: process.version,
    '@anthropic-ai/sdk': of('@anthropic-ai/sdk'),
    openai: of('openai'),
  };
}

/** Plays in the order of their ids and variants, whatever order the catalogue has. */
function jsonOf(report: Report): string {
  const order = (play: { id: string; variant: string }): string => `${play.id} ${play.variant}`;
  const plays = report.plays.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  return `${JSON.stringify({ ...report, plays }, undefined, 1)}\n`;
}

function writeDocs(
  folder: string,
  report: Report,
  incidents: readonly Incident[],
  faults: readonly Fault[],
): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'incidents.svg'), plotOf(report));
  writeFileSync(join(folder, 'incidents.md'), pageOf(report, incidents, faults));
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof CatalogueError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
