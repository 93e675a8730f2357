/** Runs a program under `hardcap/register`, with emulated providers that judge what left it. */

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, expect } from 'vitest';
import {
  startEmulator,
  type Emulator,
  type EmulatorOptions,
} from '../../../src/emulator/emulator.ts';
import type { EgressOutcome, EgressRow, RegisterReport } from '../../../src/register/register.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RUN_MS_MAX = 25_000;

/** A day's cap that some twenty of the programs' calls use up. */
export const CAP_USD = 0.01;

export interface Site {
  readonly anthropic: Emulator;
  readonly openai: Emulator;
  /** What both bill, in dollars. */
  billedUsd(): number;
  requestCount(): number;
  /** Where its programs run. */
  readonly folder: string;
  run(scenario: string, options?: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  readonly config?: object | null;
  readonly env?: Readonly<Record<string, string>>;
  /** How it is loaded: by the environment (the default), or on the command line alone. */
  readonly by?: 'environment' | 'command line';
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the scenario returned. */
  readonly result: unknown;
  /** What the main process reported; fails when it did not. */
  readonly report: RegisterReport;
  /** What its children and threads reported. */
  readonly others: readonly RegisterReport[];
}

let compiled: Promise<string> | undefined;

/**
 * The programs and what guards them, compiled once for each test file: a thread cannot load
 * TypeScript by an option of Node.
 */
async function compile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-programs-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await build({
    entryPoints: {
      register: join(ROOT, 'src/register/register.ts'),
      program: join(ROOT, 'test/e2e/register/program.child.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  });
  return folder;
}

afterAll(async () => {
  if (compiled !== undefined) rmSync(await compiled, { recursive: true, force: true });
  compiled = undefined;
});

const sites: { readonly close: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const site of sites.splice(0)) await site.close();
});

export async function openSite(options: EmulatorOptions = {}): Promise<Site> {
  const reply = { inputTokens: 50, outputTokens: 20 };
  const [anthropic, openai] = [
    await startEmulator({ reply, ...options }),
    await startEmulator({ reply, ...options }),
  ];
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-register-'));
  sites.push({
    close: async () => {
      await Promise.all([anthropic.close(), openai.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  });
  return {
    anthropic,
    openai,
    billedUsd: () => Number(anthropic.bill().totalNanoUsd + openai.bill().totalNanoUsd) / 1e9,
    requestCount: () => anthropic.requestCount + openai.requestCount,
    folder,
    run: async (scenario, { config = {}, env = {}, by = 'environment' } = {}) => {
      const cap = { global_cap_per_day_usd: CAP_USD, ...config };
      const path = join(folder, 'budget-guard.config.json');
      if (config !== null) writeFileSync(path, JSON.stringify(cap));
      const report = join(folder, 'report.json');
      const hosts = `anthropic=${anthropic.url},openai=${openai.url}`;
      const programs = await (compiled ??= compile());
      const load = `--import=${pathToFileURL(join(programs, 'register.mjs')).href}`;
      const isByLine = by === 'command line';
      const args = [...(isByLine ? [load] : []), join(programs, 'program.mjs'), scenario];
      const ran = await started(args, folder, {
        ANTHROPIC_URL: anthropic.url,
        OPENAI_URL: openai.url,
        HARDCAP_REPORT: report,
        NODE_OPTIONS: isByLine ? '' : load,
        ...env,
        HARDCAP_HOSTS: env['HARDCAP_HOSTS'] ?? hosts,
      });
      await Promise.all([anthropic.idle(), openai.idle()]);
      return {
        ...ran,
        result: resultOf(ran.stdout),
        get report() {
          expect(existsSync(report), ran.stderr).toBe(true);
          return JSON.parse(readFileSync(report, 'utf8')) as RegisterReport;
        },
        get others() {
          return readdirSync(folder)
            .filter((name) => name.startsWith(`${basename(report)}.`))
            .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RegisterReport);
        },
      };
    },
  };
}

/** The lines of a report with this outcome. */
export function rows(report: RegisterReport, outcome: EgressOutcome): readonly EgressRow[] {
  return report.egress.filter((row) => row.outcome === outcome);
}

/** How many requests had this outcome, by any channel or by one. */
export function count(report: RegisterReport, outcome: EgressOutcome, channel?: string): number {
  return rows(report, outcome)
    .filter((row) => channel === undefined || row.channel === channel)
    .reduce((sum, row) => sum + row.count, 0);
}

/** The main program's: what its threads print comes before. */
function resultOf(stdout: string): unknown {
  const line = stdout.split('\n').findLast((text) => text.startsWith('RESULT '));
  return line === undefined ? undefined : JSON.parse(line.slice('RESULT '.length));
}

function started(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Pick<Ran, 'code' | 'stdout' | 'stderr'>> {
  return new Promise((resolve, reject) => {
    const { NODE_OPTIONS: _options, VITEST: _vitest, ...rest } = process.env;
    const child = spawn(process.execPath, args, { cwd, env: { ...rest, ...env } });
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}
