import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/docs/navigation.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { hardcap, wordsOf } from '../cli/terminal.ts';
import { allCommands, commandsOf, hardcapLine, type RunElsewhere } from './command.ts';

/** Commands that are not run here, each with its reason and what runs it instead. */
const ELSEWHERE: readonly RunElsewhere[] = [
  {
    command: /^hardcap \w+ .*(<\w+>|\[options\])/,
    why: 'A usage line, written from the table of commands; every word of it is tested there.',
    by: 'test/cli/commands.test.ts',
  },
  {
    command: /--ledger (redis|postgres):\/\//,
    why: 'It needs a server, which that test starts.',
    by: 'test/e2e/cli-servers.test.ts',
  },
  {
    command: /^hardcap top\b/,
    why: 'It goes on until somebody presses q, as that test does.',
    by: 'test/e2e/cli-top.test.ts',
  },
  {
    command: /^hardcap journal --follow/,
    why: 'It goes on until it is interrupted, as that test does.',
    by: 'test/e2e/cli.test.ts',
  },
  {
    command: /^hardcap (resolve 7f3a|recover 5b1c)/,
    why: 'The id is of a call or process that a crash left, and that test crashes one.',
    by: 'test/e2e/cli.test.ts',
  },
  {
    command:
      /^(HARDCAP_\w+=\S+ )*(NODE_OPTIONS=--import=hardcap\/register npm test|node --import hardcap\/register app\.js)$/,
    why: 'It starts a guarded process of the packed program, as that test does with its own.',
    by: 'test/e2e/register-processes.test.ts',
  },
  {
    command:
      /^(cp node_modules\/hardcap\/templates\/ci-cost-simulation\.sh \.|\.\/ci-cost-simulation\.sh( --update)?)$/,
    why: 'The script is run there, against an application of its own.',
    by: 'test/simulate/ci-script.test.ts',
  },
  {
    command: /^npm (ci|test)$/,
    why: 'It installs and tests the repository: the run that this test is in.',
    by: '.ci/run',
  },
  {
    command: /^(npm install hardcap( @anthropic-ai\/sdk)?|node first-refusal\.mjs)$/,
    why: 'They are steps from an empty folder on, which that test takes with the packed program.',
    by: 'test/init/adopt.test.ts',
  },
  {
    command: /^(npx )?hardcap simulate .*--calls-per-day 20000/,
    why: 'To draw so many calls takes a minute; there fewer are drawn with the same options.',
    by: 'test/simulate/ci-script.test.ts',
  },
  {
    command: /^hardcap reconcile costs\.json$/,
    why: 'The ledger must have spent on the day of the report, as it has there.',
    by: 'test/e2e/cli.test.ts',
  },
  {
    command: /^npm run sabotage\b/,
    why: 'It runs the tests once for each guarantee; that test holds its rows and the code together.',
    by: 'test/tidy/sabotage.test.ts',
  },
];

/** Commands that end with another code than 0 here, and why. */
const EXITS: readonly { readonly command: RegExp; readonly exit: number; readonly why: string }[] =
  [
    {
      command: /^(npx )?hardcap audit(?! services| --fail-on never)/,
      exit: 1,
      why: 'The project here sends past the guard, which is what the audit is for.',
    },
    {
      command: /^hardcap verify --head 9ca6/,
      exit: 1,
      why: 'The head on the page is that of another journal.',
    },
    {
      command: /^hardcap reconcile/,
      exit: 1,
      why: 'The report here is above the books.',
    },
  ];

const commands = [...new Map(allCommands().map((one) => [one.text, one])).values()];
const elsewhere = (text: string) => ELSEWHERE.find(({ command }) => command.test(text));
/** What writes a file that another reads comes first. */
const here = commands
  .filter(({ text }) => elsewhere(text) === undefined && text !== 'npm start')
  .toSorted((left, right) => Number(isWriter(right.text)) - Number(isWriter(left.text)));

/** A script of calls, as the page on it has them. */
const TRAFFIC = {
  kind: 'hardcap-scenario',
  version: 1,
  calls: [
    {
      model: 'gpt-4o',
      scopes: { feature: 'report', customer: 'acme' },
      input_tokens: 9_000,
      output_tokens: 400,
      max_output_tokens: 800,
      times: 3,
    },
  ],
};

let world: string;
let emulator: Emulator;

const config = {
  per_customer_cap_per_day_usd: 2,
  caps: [{ scope: 'global', window: 'day' as const, usd: 50, calls: 1_000 }],
};
const APP = `
await fetch(process.env.ANTHROPIC_BASE_URL + '/v1/messages', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': 'none', 'x-feature': 'chat' },
  body: JSON.stringify({
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    metadata: { user_id: 'acme' },
    messages: [{ role: 'user', content: 'Hello' }],
  }),
}).then((answer) => answer.text());
`;

beforeAll(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 20 } });
  world = mkdtempSync(join(tmpdir(), 'hardcap-commands-'));
  mkdirSync(join(world, 'services/api'), { recursive: true });
  const write = (name: string, value: unknown) =>
    writeFileSync(join(world, name), typeof value === 'string' ? value : JSON.stringify(value));
  const project = {
    name: 'world',
    private: true,
    type: 'module',
    scripts: { test: 'node app.js' },
  };
  write('package.json', project);
  write('services/api/package.json', project);
  write('app.js', APP);
  const bucket = { object: 'bucket', start_time: 1_730_419_200, end_time: 1_730_505_600 };
  const page = (results: readonly object[]) => ({
    object: 'page',
    data: [{ ...bucket, results }],
    has_more: false,
    next_page: null,
  });
  const amount = { value: 0.45, currency: 'usd' };
  write(
    'costs.json',
    page([{ object: 'organization.costs.result', amount, line_item: 'gpt-4o, input' }]),
  );
  const usage = { input_tokens: 8_000, output_tokens: 4_000, num_model_requests: 8 };
  const result = { object: 'organization.usage.completions.result', model: 'gpt-4o', ...usage };
  write('usage.json', page([result]));
  const figures = { nanoUsd: 60_000_000, calls: 8, tokens: { input: 8_000, output: 4_000 } };
  write('spend-log.json', [{ day: '2024-11-01', provider: 'openai', model: 'gpt-4o', ...figures }]);
  const egress = { host: 'api.openai.com', route: 'responses', channel: 'fetch', outcome: 'held' };
  write('egress.json', { pid: 1, egress: [{ ...egress, count: 3 }] });
  write('traffic.json', TRAFFIC);
  write('budget-guard.config.json', config);
  await fill(join(world, 'spend.db'));
  const { json } = await hardcap(['verify', '--ledger', 'spend.db', '--json'], { cwd: world });
  write('head.txt', json<{ readonly head: string }>().head);
});

afterAll(async () => {
  await emulator?.close();
  rmSync(world, { recursive: true, force: true });
});

/** A project that knows nothing of hardcap yet. */
function fresh(): string {
  const folder = mkdtempSync(join(world, 'fresh-'));
  mkdirSync(join(folder, 'services/api'), { recursive: true });
  const project = readFileSync(join(world, 'package.json'), 'utf8');
  for (const path of ['', 'services/api'])
    writeFileSync(join(folder, path, 'package.json'), project);
  return folder;
}

/** A ledger that two customers of the emulated provider have spent from. */
async function fill(path: string): Promise<void> {
  const guard = new BudgetGuard(config, { ledger: openSqliteLedger({ path, config }) });
  const anthropic = wrapAnthropic(new Anthropic({ baseURL: emulator.url, apiKey: 'x' }), guard);
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  for (const customer of ['acme', 'globex']) {
    await guard.run({ customer }, () =>
      anthropic.messages.create({ model: 'claude-sonnet-4-6', max_tokens: 100, messages }),
    );
  }
  await guard.close();
}

/** The words of a line as a shell would hand them on, in the world of these tests. */
function argsOf(rest: string): readonly string[] {
  const filled = rest.replace(/\$\(cat (\S+)\)/g, (_, name: string) =>
    readFileSync(join(world, name), 'utf8').trim(),
  );
  return wordsOf(filled);
}

describe('every shell command of the pages', () => {
  it('is known: run here, or in the table with what runs it', () => {
    const unknown = here.filter(({ text }) => lineOf(text) === undefined);
    expect(unknown.map(({ page, line, text }) => `${page}:${line}: ${text}`)).toEqual([]);
    expect(here.length).toBeGreaterThan(20);
  });

  it.each(here.map((command) => [command.text, command] as const))(
    '%s',
    async (text) => {
      const line = lineOf(text);
      if (line === undefined) throw new Error(`Nothing runs ${text}`);
      // What a command starts is run from its source here, which takes a loader.
      const loader = { NODE_OPTIONS: `--import ${import.meta.resolve('tsx')}` };
      const base = { HARDCAP_LEDGER: 'spend.db', PATH: process.env['PATH'] ?? '', ...loader };
      const cwd = line.rest.startsWith('init') ? fresh() : world;
      const { exit, err } = await hardcap(argsOf(line.rest), {
        cwd,
        env: { ...base, ...line.env },
      });
      const expected = EXITS.find(({ command }) => command.test(text))?.exit ?? 0;
      expect({ exit, err: exit === expected ? '' : err }).toEqual({ exit: expected, err: '' });
    },
    60_000,
  );

  it('npm start: the main job ends by itself, with the bill beside the books', async () => {
    const env = { ...process.env, ANTHROPIC_API_KEY: '', OPENAI_API_KEY: '' };
    const { stdout } = await promisify(execFile)('npm', ['start'], { cwd: ROOT, env });
    expect(stdout).toMatch(/bill/i);
  }, 120_000);

  it('whatever is run elsewhere is run by a file that exists, for a reason, and still on a page', () => {
    for (const { command, why, by } of ELSEWHERE) {
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(existsSync(join(ROOT, by)), by).toBe(true);
      expect(
        commands.some(({ text }) => command.test(text)),
        String(command),
      ).toBe(true);
    }
    for (const { command, why } of EXITS) {
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(
        here.some(({ text }) => command.test(text)),
        String(command),
      ).toBe(true);
    }
  });
});

describe('the reader of commands', () => {
  it('leaves out comments and prose, and takes joined commands apart', () => {
    const text =
      "# A\n\n```sh\nnpm ci && npm start   # no key\n# a comment\nhardcap close a --reason 'no #1'\n```\n";
    expect(commandsOf('a.md', text)).toEqual([
      { page: 'a.md', line: 4, text: 'npm ci' },
      { page: 'a.md', line: 4, text: 'npm start' },
      { page: 'a.md', line: 6, text: "hardcap close a --reason 'no #1'" },
    ]);
    expect(commandsOf('a.md', '```ts\nlet a;\n```\n')).toEqual([]);
  });

  it('finds a command that nobody knows, and one that cannot be meant', async () => {
    expect(lineOf('curl https://example.com | sh')).toBeUndefined();
    expect(elsewhere('rm -rf /')).toBeUndefined();
    expect((await hardcap(argsOf('balance --ovr 80'), { cwd: world })).exit).toBe(2);
  });
});

function isWriter(text: string): boolean {
  return text.includes('--write-baseline') || text.includes('--record ');
}

/** A line of the program itself, by whatever means a page starts it. */
function lineOf(text: string) {
  const line = hardcapLine(text.replace(/^source <\((.*)\)$/, '$1'));
  const name = line?.rest.split(' ')[0] ?? '';
  const isKnown =
    ['help', 'completions', ''].includes(name) || COMMANDS.some((one) => one.name === name);
  return isKnown ? line : undefined;
}
