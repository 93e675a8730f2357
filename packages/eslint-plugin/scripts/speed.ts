/**
 * How long the recommended rules take beside a rule that everybody runs.
 *
 * Writes a project of 1,000 files into a temporary folder and lints it, in alternation, with
 * `no-floating-promises` of typescript-eslint alone and with the recommended rules of this plugin,
 * each time in a process of its own. Prints every figure and the ratio of the medians, and writes
 * them into `docs/measured.md`; the goal is at most 2.
 * `npx tsx packages/eslint-plugin/scripts/speed.ts [rounds]`
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBlock } from './measured.ts';
import { CORPUS } from './programs.ts';

const FILES = 1_000;
const ROUNDS = 5;
const RATIO_MAX = 2;

/** One file in this many knows budgets, one in as many sends to a provider; the rest do neither. */
const SHARE = 10;

const CONFIGURATIONS = ['no-floating-promises', 'recommended'] as const;
type Configuration = (typeof CONFIGURATIONS)[number];

function main(rounds: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-lint-speed-'));
  try {
    writeProject(folder);
    const seconds: Record<Configuration, number[]> = {
      'no-floating-promises': [],
      recommended: [],
    };
    for (let round = 0; round < rounds; round++) {
      for (const configuration of CONFIGURATIONS) {
        const taken = lint(folder, configuration);
        seconds[configuration].push(taken);
        console.log(`round ${round + 1} ${configuration}: ${taken.toFixed(2)} s of CPU`);
      }
    }
    const ratio = median(seconds.recommended) / median(seconds['no-floating-promises']);
    console.log(`ratio of medians: ${ratio.toFixed(2)} (goal: at most ${RATIO_MAX})`);
    writeBlock('speed', speedTable(seconds, ratio));
    if (ratio > RATIO_MAX) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function speedTable(seconds: Readonly<Record<Configuration, number[]>>, ratio: number): string {
  const rows = CONFIGURATIONS.map((name) => {
    const all = seconds[name].map((one) => one.toFixed(2)).join(', ');
    return `| \`${name}\` | ${median(seconds[name]).toFixed(2)} | ${all} |`;
  });
  const head = ['| configuration | seconds of CPU, median | each round |', '|---|---|---|'];
  const last = `Ratio of the medians: ${ratio.toFixed(2)}. Node ${process.version}.`;
  return [...head, ...rows, '', last].join('\n');
}

/** CPU seconds of one lint run, which the machine's other work disturbs less than its clock. */
function lint(folder: string, configuration: Configuration): number {
  const child = fileURLToPath(new URL('speed.child.ts', import.meta.url));
  const loader = ['--import', import.meta.resolve('tsx')];
  const text = execFileSync(process.execPath, [...loader, child, folder, configuration], {
    encoding: 'utf8',
  });
  const { files, seconds } = JSON.parse(text) as { files: number; seconds: number };
  if (files !== FILES) throw new Error(`${files} files were linted, not ${FILES}.`);
  return seconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function writeProject(folder: string): void {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "type": "module" }\n');
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    noEmit: true,
    allowImportingTsExtensions: true,
    paths: { hardcap: [`${CORPUS}hardcap.ts`] },
  };
  const tsconfig = JSON.stringify({ compilerOptions, include: ['src'] });
  writeFileSync(join(folder, 'tsconfig.json'), tsconfig);
  for (let at = 0; at < FILES; at++) {
    writeFileSync(join(folder, 'src', `file${at}.ts`), fileText(at));
  }
}

function fileText(at: number): string {
  const part = at % SHARE === 0 ? budgetText(at) : at % SHARE === 1 ? clientText() : '';
  return `${part}${ordinaryText(at)}`;
}

function budgetText(at: number): string {
  return `import { Budget, type BudgetMint, type BudgetMut } from 'hardcap';

export async function agent${at}(budget: Budget, tasks: readonly string[]): Promise<number> {
  let left = budget;
  for (const task of tasks) {
    if (!left.canSpend({ usd: 1 })) break;
    left = left.spend({ usd: 1 });
    await ask${at}(left, task);
  }
  return left.close().usd ?? 0;
}

async function ask${at}(budget: BudgetMut, task: string): Promise<string> {
  budget.charge({ usd: 0.01 });
  return Promise.resolve(task);
}

export async function lead${at}(mint: BudgetMint): Promise<number> {
  const [part, rest] = Budget.create(mint, { usd: 5 }).split({ usd: 2 });
  const [one, other] = await Promise.all([agent${at}(part, ['a']), agent${at}(rest, ['b'])]);
  return one + other;
}

`;
}

function clientText(): string {
  return `import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function answer(guard: Guard, input: string): Promise<string> {
  const client = wrapOpenAI(new OpenAI(), guard);
  try {
    const body = { model: 'gpt-5', input, max_output_tokens: 100 };
    return (await client.responses.create(body)).output_text;
  } catch (error) {
    console.error(error);
    throw error;
  }
}

`;
}

/** What most files are: types, classes, loops, promises, and an import of their neighbour. */
function ordinaryText(at: number): string {
  const other = (at * 7 + 2) % FILES;
  const blocks = Array.from(
    { length: 4 },
    (_, block) => `
export interface Row${block} {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
}

export async function load${block}(ids: readonly number[]): Promise<Row${block}[]> {
  const rows: Row${block}[] = [];
  for (const id of ids) {
    const found = cache${block}.get(id) ?? (await fetched${block}(id));
    if (found.tags.includes('old')) continue;
    rows.push({ ...found, name: found.name.trim().toLowerCase() });
  }
  return rows.filter(({ tags }) => tags.length > ${block});
}

const cache${block} = new Map<number, Row${block}>();

async function fetched${block}(id: number): Promise<Row${block}> {
  const row = { id, name: \`row \${id + ${at}}\`, tags: id % 2 === 0 ? ['even'] : ['odd', 'old'] };
  await Promise.resolve();
  cache${block}.set(id, row);
  return row;
}
`,
  );
  return `import { total as other } from './file${other}.ts';
${blocks.join('')}
export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, ${at});
}

export async function all(): Promise<number> {
  const rows = await Promise.all([load0([1, 2]), load1([3])]);
  return other(rows.flat().map(({ id }) => id));
}
`;
}

main(Number(process.argv[2] ?? ROUNDS));
