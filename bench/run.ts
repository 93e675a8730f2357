/**
 * Compiles the library as it is published, runs every suite in a process of its own and writes `docs/reference/benchmarks.md`. Figures are
 * never typed by hand: change the code, run `npm run bench`, keep the page. `npm run bench -- budget` measures affine budgets only, and
 * replaces their section.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { benchBound } from './bound.ts';
import type { benchBudget } from './budget.ts';
import type { benchDecision } from './decision.ts';
import type { benchKernel } from './kernel.ts';
import type { benchLedger } from './ledger.ts';
import type { benchMeter } from './meter.ts';
import type { RegisterFigures } from './register.ts';
import { registerSection } from './register-rows.ts';
import type { benchShared } from './shared.ts';
import { SHARED_HEAD, sharedRows } from './shared-rows.ts';
import { BUDGET_HEAD, budgetRows, kernelRows, ledgerRows } from './rows.ts';
import { markdownTable, type Row } from './table.ts';

const PAGE = new URL('../docs/reference/benchmarks.md', import.meta.url);
const SUITE = new URL('../dist/bench/bench/suite.js', import.meta.url).pathname;
const SUITE_MS_MAX = 600_000;

function run(name: string): unknown {
  process.stderr.write(`bench: ${name} ...\n`);
  const started = Date.now();
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=8192', SUITE, name],
    { encoding: 'utf8', timeout: SUITE_MS_MAX, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  process.stderr.write(`bench: ${name} took ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

execFileSync('npx', ['tsc', '-p', 'tsconfig.bench.json'], { stdio: 'inherit' });

if (process.argv[2] === 'budget') {
  writeFileSync(PAGE, withBudgets(readFileSync(PAGE, 'utf8'), budgetSection()));
  process.exit();
}

const decision = run('decision') as ReturnType<typeof benchDecision>;
const kernel = run('kernel') as Awaited<ReturnType<typeof benchKernel>>;
const ledger = run('ledger') as Awaited<ReturnType<typeof benchLedger>>;
const bound = run('bound') as ReturnType<typeof benchBound>;
const meter = run('meter') as ReturnType<typeof benchMeter>;
const shared = run('shared') as Awaited<ReturnType<typeof benchShared>>;

const decisionRows: readonly Row[] = decision.map((figure) => [
  String(figure.accounts),
  String(figure.promptBytes),
  figure.readP50Us.toFixed(1),
  figure.p50Us.toFixed(1),
  figure.p99Us.toFixed(1),
  `${figure.p50UsQuiet.toFixed(1)} / ${figure.p99UsQuiet.toFixed(1)}`,
  figure.settleP50Us.toFixed(1),
]);

const page = `# Benchmarks

Written by \`npm run bench\`; no figure here is typed by hand. Node ${process.version}, ${cpus().length} cores
(${cpus()[0]?.model.trim() ?? 'unknown'}), the library compiled as it is published, on a shared and noisy machine: trust ratios inside one table more than
absolute times. Numbers to reach stand in the last column where there is one.

## The guard's decision

Bound, price, plan and reserve of one attempt with \`claude-sonnet-4-6\`, ASCII prompt, memory ledger, 1,000 customers in
turn inside \`guard.run\`, each attempt timed by itself; microseconds, medians over seven rounds. Reading the request off the wire (\`JSON.parse\` and its
checks) comes before it and is shown beside it. To reach: decision p50 <= 5 and p99 <= 20 over 4 accounts with 4 kB.

${markdownTable(
  [
    'accounts',
    'prompt, bytes',
    'reading p50',
    'decision p50',
    'decision p99',
    'quietest round p50 / p99',
    'settle p50',
  ],
  decisionRows,
)}

## The kernel

Median over rounds of each round's fastest sample; the ratio is taken inside one round against an unchecked
\`Float64Array\` add.

${markdownTable(['operation', 'ns', 'ratio to an unchecked add', 'to reach'], kernelRows(kernel))}

## The ledger

${markdownTable(['figure', 'value', 'to reach'], ledgerRows(ledger))}

${budgetSection()}

## Ledgers that are shared

Reserve and settle over four warm accounts far from their caps, one call at a time in each process; the global account,
one model and one feature are shared by all processes. Redis and PostgreSQL run on the same machine, each change synced
to its disk. Medians over three rounds in turn. *Direct* asks the store for each call; *leased* decides from slices, with a
journal of its own. Compare ratios: the disk of a shared machine is fast in one hour and slow in the next.

${markdownTable(SHARED_HEAD, sharedRows(shared))}

${registerSection(run('register') as RegisterFigures)}

## Bounding a request

${markdownTable(
  ['provider', 'text', 'prompt, bytes', 'p50, us', 'p99, us'],
  bound.map((figure) => [
    figure.provider,
    figure.script,
    String(figure.promptBytes),
    (figure.p50Ns / 1000).toFixed(2),
    (figure.p99Ns / 1000).toFixed(2),
  ]),
)}

## Metering an answer

${markdownTable(
  ['body', 'MB/s'],
  meter.map((figure) => [figure.body, figure.megabytesPerSecond.toFixed(0)]),
)}
`;

writeFileSync(PAGE, page);
console.log(page);

/** Heading, words and table of one section, measured now. */
function budgetSection(): string {
  const { rounds, operations, batches, operationsCounted, figures } = run('budget') as ReturnType<
    typeof benchBudget
  >;
  return `## Affine budgets

One operation on a live handle, for dollars, tokens and calls at once; medians over ${rounds} rounds of ${operations} operations, with the garbage
collections that fall into them. Bytes: growth of the heap in ${operationsCounted} operations right after a collection, the median of ${batches} such batches, less
that of an empty one. By default each handle remembers where it was used up, so that a late use can name the place; *no places* is
after \`traceMoves(false)\`.

${markdownTable(BUDGET_HEAD, budgetRows(figures))}`;
}

/** The page with its section on budgets replaced, or added before that on shared ledgers. */
function withBudgets(page: string, section: string): string {
  const next = '## Ledgers that are shared';
  const at = page.indexOf('## Affine budgets');
  const end = page.indexOf(next);
  if (end < 0) throw new Error(`The page has no section "${next}".`);
  return `${page.slice(0, at < 0 ? end : at)}${section}\n\n${page.slice(end)}`;
}
