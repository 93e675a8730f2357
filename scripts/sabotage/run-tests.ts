/** Runs test files in a copy of the repository and tells what became of each test. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CONFIG_FILE } from './copy.ts';

/** One test that ran. */
export interface TestResult {
  /** The test file, relative to the repository. */
  readonly file: string;
  /** What vitest's `-t` matches: every title from the outermost, with a space between. */
  readonly fullTitle: string;
  /** The same for people: with ` > ` between. */
  readonly title: string;
  readonly isPassed: boolean;
}

/** What a run of vitest amounts to. */
export type Run =
  | {
      readonly kind: 'ran';
      readonly tests: readonly TestResult[];
      readonly unloaded: readonly string[];
    }
  | { readonly kind: 'no-report'; readonly reason: string };

/** What to run, and where. */
export interface RunOptions {
  /** The copy. */
  readonly folder: string;
  readonly files: readonly string[];
  /** Only tests whose full title matches this regular expression. */
  readonly title: string | undefined;
  readonly workers: 1 | 2;
  readonly timeoutMs: number;
}

const REPORT = 'sabotage-report.json';
const OUTPUT_CHARS_MAX = 4_000;

/** Children that still run, by process id, so that an interrupt can end them. */
const running = new Set<number>();

/** Ends every run that is under way. */
export function stopRuns(): void {
  for (const pid of running) killGroup(pid);
}

/** Runs vitest once. Skipped tests are left out of the results. */
export async function runTests(options: RunOptions): Promise<Run> {
  const { folder, files, title, workers } = options;
  const report = join(folder, REPORT);
  rmSync(report, { force: true });
  const args = [
    join(folder, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...files,
    '--config',
    CONFIG_FILE,
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--maxWorkers=${workers}`,
    ...(title === undefined ? [] : ['-t', title]),
  ];
  const ended = await end(args, options);
  if (ended.isTimedOut)
    return { kind: 'no-report', reason: `no end after ${options.timeoutMs} ms` };
  return readReport(report, folder, ended.output);
}

interface Ended {
  readonly isTimedOut: boolean;
  readonly output: string;
}

function end(args: readonly string[], { folder, timeoutMs }: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { FORCE_COLOR: _color, NODE_OPTIONS: _options, ...rest } = process.env;
    const env = { ...rest, NO_COLOR: '1' };
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    let output = '';
    let isTimedOut = false;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      isTimedOut = true;
      if (pid !== undefined) killGroup(pid);
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
      resolve({ isTimedOut, output });
    });
  });
}

/** The run leads a group of its own, so its workers end with it. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself a moment ago, which is what was wanted.
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}

/** The part of vitest's JSON report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

function readReport(report: string, folder: string, output: string): Run {
  let text: string;
  try {
    text = readFileSync(report, 'utf8');
  } catch {
    return { kind: 'no-report', reason: output };
  }
  const { testResults } = JSON.parse(text) as Report;
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ ancestorTitles, title, status }): TestResult => {
        const titles = [...ancestorTitles.filter((part) => part !== ''), title];
        const file = relative(folder, name);
        const isPassed = status === 'passed';
        return { file, fullTitle: titles.join(' '), title: titles.join(' > '), isPassed };
      }),
  );
  const unloaded = testResults
    .filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    )
    .map(({ name, message }) => `${relative(folder, name)}: ${message}`);
  return { kind: 'ran', tests, unloaded };
}
