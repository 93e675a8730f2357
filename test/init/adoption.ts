/** Takes an application through `hardcap init` as a person would, by what the program prints. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, type Packed } from '../package/pack.ts';

const APPS = fileURLToPath(new URL('apps/', import.meta.url));

/** Packages of the applications, as they would be installed beside hardcap. */
const PACKAGES = [
  '@anthropic-ai',
  '@hono',
  '@types',
  'express',
  'fastify',
  'hono',
  'openai',
  'tsx',
];

/** Puts what the applications need beside the installed package. */
export function linkPackages({ project }: Pick<Packed, 'project'>): void {
  for (const name of PACKAGES) {
    const link = join(project, 'node_modules', name);
    if (!existsSync(link)) symlinkSync(join(ROOT, 'node_modules', name), link, 'dir');
  }
}

/** A copy of one of the applications inside the project that has the package installed. */
export function copyApp({ project }: Pick<Packed, 'project'>, name: string): string {
  const folder = join(project, 'apps', name);
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(join(APPS, name), folder, { recursive: true });
  return folder;
}

/** One line that the program printed under a file: `12 + enforceCaps(app, { anthropic });`. */
export interface PrintedLine {
  readonly file: string;
  readonly line: number;
  readonly sign: '+' | '-';
  readonly text: string;
}

/** The lines to change, read from what was printed for people. */
export function printedLines(printed: string): readonly PrintedLine[] {
  const block = printed.split('\n\n').find((one) => one.includes(' to change in the code\n')) ?? '';
  const lines: PrintedLine[] = [];
  let file = '';
  for (const line of block.split('\n')) {
    const changed = /^ *(\d+) ([+-]) (.*)$/.exec(line);
    const named = /^ {2}(\S+)$/.exec(line);
    if (named !== null) file = named[1] ?? '';
    if (changed === null) continue;
    const [, number, sign, text = ''] = changed;
    lines.push({ file, line: Number(number), sign: sign === '+' ? '+' : '-', text });
  }
  return lines;
}

/** Does what the lines say, as a person with an editor would, from the bottom up. */
export function applyLines(folder: string, lines: readonly PrintedLine[]): void {
  for (const file of new Set(lines.map((line) => line.file))) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8').split('\n');
    const own = lines.filter((line) => line.file === file);
    for (const number of [...new Set(own.map(({ line }) => line))].sort((a, b) => b - a)) {
      const here = own.filter(({ line }) => line === number);
      const gone = here.filter(({ sign }) => sign === '-');
      for (const { text: old } of gone) {
        if (text[number - 1] !== old) throw new Error(`${file}:${number} is not ${old}`);
      }
      const added = here.filter(({ sign }) => sign === '+').map((one) => one.text);
      text.splice(number - 1, gone.length, ...added);
    }
    writeFileSync(path, text.join('\n'));
  }
}

/** A running application. */
export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the program of the application's `start` script; resolves when it says its port. */
export async function startApp(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Running> {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  const [program = '', file = ''] = manifest.scripts.start.split(' ');
  const args = program === 'tsx' ? ['--import', 'tsx', file] : [file];
  const options = { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', ...env } };
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const port = await portOf(child, said);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function portOf(
  child: ChildProcess,
  said: { readonly out: string; readonly err: string },
): Promise<string> {
  while (!/^\d+\n/.test(said.out)) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${said.err}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return said.out.split('\n')[0] ?? '';
}

/** One question to the application, asked as a customer. */
export async function ask(
  url: string,
  customer: string,
  prompt: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${url}/chat`, {
    method: 'POST',
    headers: { authorization: customer, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
  });
  return { status: response.status, body: await response.text() };
}
