import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder } from './world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPT = join(ROOT, 'templates/ci-cost-simulation.sh');
const APP = join(ROOT, 'test/simulate/regression/app.mjs');

let program: string;
let programFolder: string;

/** The program as it is published: JavaScript, with its preload beside it. */
beforeAll(async () => {
  programFolder = mkdtempSync(join(tmpdir(), 'hardcap-program-'));
  copyFileSync(join(ROOT, 'package.json'), join(programFolder, 'package.json'));
  const outdir = join(programFolder, 'dist/cli');
  const entryPoints = {
    main: join(ROOT, 'src/cli/main.ts'),
    preload: join(ROOT, 'src/cli/simulate/preload.ts'),
  };
  await build({
    entryPoints,
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  program = join(outdir, 'main.js');
});

afterAll(() => rmSync(programFolder, { recursive: true, force: true }));

/** A repository as a user has one: an application, its packages, and the script. */
function repository(): string {
  const folder = emptyFolder();
  const modules = join(folder, 'node_modules');
  for (const name of ['@anthropic-ai/sdk', 'openai']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
  }
  const bin = `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`;
  mkdirSync(join(modules, '.bin'));
  writeFileSync(join(modules, '.bin/hardcap'), bin, { mode: 0o755 });
  const scripts = { test: 'node app.mjs' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  copyFileSync(APP, join(folder, 'app.mjs'));
  copyFileSync(SCRIPT, join(folder, 'ci-cost-simulation.sh'));
  return folder;
}

function change(folder: string, from: string, to: string): void {
  const text = readFileSync(APP, 'utf8');
  expect(text.split(from), from).toHaveLength(2);
  writeFileSync(join(folder, 'app.mjs'), text.replace(from, to));
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function script(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { PATH, HOME } = process.env;
  const options = { cwd: folder, env: { PATH, HOME, ...env }, timeout: 120_000 };
  return new Promise((resolve) => {
    execFile('bash', ['ci-cost-simulation.sh', ...args], options, (error, out, err) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      resolve({ code, out, err });
    });
  });
}

/** The row of a table of text that begins so, its cells apart. */
function rowOf(out: string, start: string): readonly string[] {
  const line = out.split('\n').find((each) => each.startsWith(start));
  return (
    line
      ?.slice(start.length)
      .trim()
      .split(/\s{2,}/) ?? []
  );
}

describe('ci-cost-simulation.sh', () => {
  it('asks for a baseline that nobody has agreed to yet', async () => {
    const { code, err } = await script(repository());
    expect(code).toBe(2);
    expect(err).toContain('Run ci-cost-simulation.sh --update, look at it and commit it.');
    expect((await script(repository(), ['--upgrade'])).code).toBe(2);
  });

  it('passes what costs the same, and fails each regression of a pull request with what rose', async () => {
    const folder = repository();
    const summary = join(folder, 'summary.md');
    const env = { GITHUB_STEP_SUMMARY: summary };
    const first = await script(folder, ['--update']);
    expect(first.code, first.err).toBe(0);
    const agreed = readFileSync(join(folder, 'cost-baseline.json'), 'utf8');

    const same = await script(folder);
    expect(same.code, same.err).toBe(0);
    expect(same.out).toContain('Nothing became dearer by more than 10 %.');

    // Three times the price for the same words: $1 and $5 a million became $3 and $15.
    change(folder, "'claude-haiku-4-5'", "'claude-sonnet-4-6'");
    const dearer = await script(folder, [], env);
    expect(dearer.code, dearer.err).toBe(1);
    expect(dearer.out).toContain('More than 10 % dearer than the baseline: total +');
    const reply = rowOf(dearer.out, 'feature reply ');
    expect(reply.slice(0, 2)).toEqual(['3', '3']);
    expect(reply.slice(-2)).toEqual(['+200.0 %', 'too much']);
    expect(rowOf(dearer.out, 'model claude-sonnet-4-6').at(-1)).toBe('new');
    expect(rowOf(dearer.out, 'model claude-haiku-4-5').at(-1)).toBe('gone');
    const report = readFileSync(join(folder, 'cost-report.md'), 'utf8');
    expect(report).toContain('| **feature reply** | **3** | **3** |');
    expect(report).toContain('| **+200.0 %** | **too much** |');
    expect(readFileSync(summary, 'utf8')).toBe(report);

    change(folder, 'TRIES = 1', 'TRIES = 2');
    const twice = await script(folder);
    expect(twice.code, twice.err).toBe(1);
    expect(rowOf(twice.out, 'feature reply ').slice(0, 2)).toEqual(['3', '6']);

    change(folder, "'You answer customers.'", "'You answer customers. '.repeat(200)");
    const longer = await script(folder);
    expect(longer.code, longer.err).toBe(1);
    expect(rowOf(longer.out, 'feature reply ').at(-1)).toBe('too much');

    // A ceiling that cuts the answers makes them cheaper, which nobody has to agree to.
    change(folder, 'max_tokens: 600', 'max_tokens: 60');
    const cheaper = await script(folder);
    expect(cheaper.code, cheaper.err).toBe(0);
    expect(readFileSync(join(folder, 'cost-baseline.json'), 'utf8')).toBe(agreed);
  }, 300_000);

  it('fails where the tests themselves fail, and writes no baseline then', async () => {
    const folder = repository();
    change(
      folder,
      'const TRIES = 1;',
      "const TRIES = 1;\nprocess.on('exit', () => (process.exitCode = 7));",
    );
    const env = { COST_COMMAND: 'node app.mjs' };
    const { code, out } = await script(folder, ['--update'], env);
    expect(code).toBe(1);
    expect(out).toContain('The command ended with 7');
    expect(existsSync(join(folder, 'cost-baseline.json'))).toBe(false);
  }, 120_000);

  it('takes traffic and other options from the environment', async () => {
    const folder = repository();
    const env = {
      COST_COMMAND: 'node app.mjs',
      COST_CALLS_PER_DAY: '6000',
      COST_CUSTOMERS: '3',
      COST_OPTIONS: '--answer-tokens 30 --runs 20',
      COST_BASELINE: 'agreed.json',
    };
    const { code, err } = await script(folder, ['--update'], env);
    expect(code, err).toBe(0);
    const baseline = JSON.parse(readFileSync(join(folder, 'agreed.json'), 'utf8')) as object;
    expect(baseline).toMatchObject({
      terms: { calls_per_day: 6_000, customers: 3, runs: 20 },
      calls_per_day: 6_000,
    });
    const mismatch = await script(folder, [], { ...env, COST_CALLS_PER_DAY: '7000' });
    expect(mismatch.code).toBe(2);
    expect(mismatch.err).toContain('--calls-per-day 6000');
  }, 120_000);
});

describe('the program as it is published', () => {
  it('stops connections of worker threads to a provider, too', async () => {
    const folder = repository();
    const thread = `
      const fail = (error) => console.log(error.message);
      require('node:https').get('https://api.openai.com/v1/models').on('error', fail);
      const { Socket } = require('node:net');
      new Socket().on('error', fail).connect({ host: 'API.Anthropic.com.', port: 443 });
    `;
    const app = `
      import { Worker } from 'node:worker_threads';
      new Worker(${JSON.stringify(thread)}, { eval: true });
    `;
    writeFileSync(join(folder, 'threads.mjs'), app);
    const env = { COST_COMMAND: 'node threads.mjs' };
    const { code, err } = await script(folder, ['--update'], env);
    expect(code).toBe(2);
    expect(err).toContain('no connection to api.openai.com leaves a dry run');
    expect(err).toContain('no connection to API.Anthropic.com. leaves a dry run');
    expect(err).toContain('it was stopped from reaching API.Anthropic.com., api.openai.com');
    expect(err).not.toContain('Warning');
  }, 60_000);
});
