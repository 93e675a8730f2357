import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { diffLines } from '../../src/cli/init/diff.ts';
import { planFiles, writeFiles, type WantedFile } from '../../src/cli/init/files.ts';
import { middlewareText } from '../../src/cli/init/middleware-text.ts';
import type { InitAnswer } from '../../src/cli/init/told.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { hardcap, terminal } from '../cli/terminal.ts';
import { applyLines } from './adoption.ts';

const APPS = fileURLToPath(new URL('apps/', import.meta.url));
const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder of these files, which is gone after the test. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-init-'));
  made.push(folder);
  mkdirSync(join(folder, '.git'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const manifest = (fields: object) => JSON.stringify({ name: 'p', version: '1.0.0', ...fields });
const EXPRESS = manifest({
  type: 'module',
  dependencies: { '@anthropic-ai/sdk': '*', express: '*', openai: '*' },
});
const answerOf = async (folder: string, ...args: string[]): Promise<InitAnswer> => {
  const { json, err } = await hardcap(['init', '--json', ...args], { cwd: folder });
  expect(err).toBe('');
  return json<InitAnswer>();
};
/** The lines of an answer, without their place. */
const insertsOf = ({ edits }: InitAnswer) => edits.map(({ insert }) => insert);
/** Every file and folder that is there, but for `.git`. */
const listed = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path !== '.git')
    .sort();

describe('what is found', () => {
  it.each([
    ['package-lock.json', 'npm install'],
    ['pnpm-lock.yaml', 'pnpm add'],
    ['yarn.lock', 'yarn add'],
    ['bun.lock', 'bun add'],
    ['bun.lockb', 'bun add'],
  ])('the package manager by %s', async (lockfile, install) => {
    const folder = folderOf({ 'package.json': EXPRESS, [lockfile]: '' });
    const { notes } = await answerOf(folder, '--dry-run');
    expect(notes).toContain(`hardcap is not among the dependencies yet: ${install} hardcap`);
  });

  it('the package manager by the manifest first, and by a lockfile above', async () => {
    const said = manifest({ packageManager: 'yarn@4.9.0' });
    const one = folderOf({ 'package.json': said, 'package-lock.json': '' });
    expect((await answerOf(one, '--dry-run')).installer).toBe('yarn');
    const two = folderOf({ 'pnpm-lock.yaml': '', 'a/package.json': EXPRESS });
    expect((await answerOf(two, '--dry-run', '--dir', 'a')).installer).toBe('pnpm');
  });

  it('the one workspace that spends; of several it asks which', async () => {
    const files = {
      'package.json': manifest({ workspaces: ['packages/*'] }),
      'packages/web/package.json': manifest({ dependencies: { react: '*' } }),
      'packages/api/package.json': EXPRESS,
    };
    const folder = folderOf(files);
    expect((await answerOf(folder, '--dry-run')).dir).toBe(join(folder, 'packages/api'));

    const both = folderOf({ ...files, 'packages/jobs/package.json': EXPRESS });
    const { exit, err } = await hardcap(['init', '--yes'], { cwd: both });
    expect(exit).toBe(2);
    expect(err).toContain('packages/api, packages/jobs');
    expect(err).toContain('--dir packages/api');
  });

  it('other languages, clients that need a fetch, and models without a price', async () => {
    const folder = folderOf({
      'package.json': manifest({ dependencies: { 'groq-sdk': '*', '@ai-sdk/openai': '*' } }),
      'jobs/night.py': 'from anthropic import Anthropic\nclient = Anthropic()\n',
      'src/a.ts': `import OpenAI from 'openai';
const openai = new OpenAI();
await openai.chat.completions.create({ model: 'nobody-knows-it', messages: [] });
`,
    });
    const { notes } = await answerOf(folder, '--dry-run');
    const text = notes.join('\n');
    expect(text).toContain('Python calls a provider too (jobs/night.py:2)');
    expect(text).toContain('@ai-sdk/openai: no line above guards it. Pass `fetch: guardedFetch');
    expect(text).toContain('groq-sdk: hardcap has no meter for it');
    expect(text).toContain('nobody-knows-it of openai has no price');
  });

  it('a folder that is no project ends with 2 and says what to do', async () => {
    const folder = folderOf({});
    const { exit, err } = await hardcap(['init', '--yes'], { cwd: folder });
    expect(exit).toBe(2);
    expect(err).toContain('There is no package.json');
    expect((await hardcap(['init', '--yes', '--dir', 'nowhere'], { cwd: folder })).exit).toBe(2);
    expect(listed(folder)).toEqual([]);
  });
});

describe('the lines to change', () => {
  it('a client that the application cannot name is guarded where it is made', async () => {
    const files = {
      'package.json': EXPRESS,
      'src/app.ts': `import express from 'express';
import { answer } from './answer.js';

const app = express();
app.post('/chat', answer);
`,
      'src/answer.ts': `import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const anthropic = new Anthropic();
const clients = [new OpenAI({
  maxRetries: 1,
})];
export const answer = () => [anthropic, clients];
`,
    };
    const folder = folderOf(files);
    const answer = await answerOf(folder, '--yes');
    expect(answer.by_hand).toEqual([]);
    const lines = answer.edits.flatMap(({ file, line, remove, insert }) => [
      ...(remove === null ? [] : [{ file, line, sign: '-' as const, text: remove }]),
      { file, line, sign: '+' as const, text: insert },
    ]);
    applyLines(folder, lines);
    expect(readFileSync(join(folder, 'src/answer.ts'), 'utf8'))
      .toBe(`import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { guardAnthropic, guardOpenAI } from './enforcement-middleware.js';

const anthropic = guardAnthropic(new Anthropic());
const clients = [guardOpenAI(new OpenAI({
  maxRetries: 1,
}))];
export const answer = () => [anthropic, clients];
`);
    expect(readFileSync(join(folder, 'src/app.ts'), 'utf8')).toContain(
      "enforceCaps(app);\napp.post('/chat', answer);",
    );
    const again = await answerOf(folder, '--yes');
    expect([again.edits, again.by_hand]).toEqual([[], []]);
  });

  it('two clients on one line: one is wrapped, and the other is said', async () => {
    const folder = folderOf({
      'package.json': manifest({ type: 'module', dependencies: { openai: '*' } }),
      'a.js': `import OpenAI from 'openai';\nexport default [new OpenAI(), new OpenAI()];\n`,
    });
    const { edits, by_hand: byHand } = await answerOf(folder, '--dry-run');
    expect(edits.map(({ insert }) => insert)).toContain(
      'export default [guardOpenAI(new OpenAI()), new OpenAI()];',
    );
    expect(byHand).toEqual(['Wrap the client of a.js:2 in `guardOpenAI(...)`.']);
  });

  it('stand behind authentication, with every client that is named', async () => {
    const folder = folderOf({
      'package.json': EXPRESS,
      'app.mjs': `import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import express from 'express';
const claude = new Anthropic();
const openai = new OpenAI();
const app = express();
app.get('/health', (req, res) => res.send('ok'));
app.use(authenticate);
app.post('/chat', (req, res) => res.send(req.user.sub));
function authenticate() {}
`,
    });
    const { edits, files } = await answerOf(folder, '--yes');
    expect(edits).toEqual([
      {
        file: 'app.mjs',
        line: 4,
        remove: null,
        insert: "import { enforceCaps } from './enforcement-middleware.mjs';",
      },
      {
        file: 'app.mjs',
        line: 9,
        remove: null,
        insert: 'enforceCaps(app, { anthropic: claude, openai });',
      },
    ]);
    expect(files.map(({ path }) => path)).toContain('enforcement-middleware.mjs');
    const written = readFileSync(join(folder, 'enforcement-middleware.mjs'), 'utf8');
    expect(written).toContain('user?.sub ?? undefined');
  });

  it.each([
    ["app.use('/customers', customerRouter);", 'a router'],
    ["app.use('/chat', chat);", 'what is mounted at a path'],
    ['app.use(routes);', 'what is named after routes'],
    ["app.route('/chat').post(chat);", 'a chain of routes'],
    ['app.get(/^.chat/, chat);', 'a route by a pattern'],
  ])('stand before %s', async (route) => {
    const text = (rest: string) => `import express from 'express';
const app = express();
app.set('trust proxy', 1);
app.use(express.json());
app.use('/chat', authenticate);
${rest}
app.use((error, req, res, next) => next(error));
`;
    const folder = folderOf({ 'package.json': EXPRESS, 'a.js': text(route) });
    const { edits } = await answerOf(folder, '--dry-run');
    expect(edits.map(({ line, insert }) => [line, insert])).toEqual([
      [2, "import { enforceCaps } from './enforcement-middleware.js';"],
      [6, 'enforceCaps(app);'],
    ]);
  });

  it('are said in words where no place for them is found', async () => {
    const folder = folderOf({
      'package.json': EXPRESS,
      'app.js': "import express from 'express';\nexport const app = express();\nroutes(app);\n",
    });
    const answer = await answerOf(folder, '--dry-run');
    expect(answer.edits).toEqual([]);
    expect(answer.by_hand.join()).toContain('behind authentication and before the routes');
  });

  it('are said for every further application, too', async () => {
    const app = "import express from 'express';\nconst app = express();\napp.get('/', f);\n";
    const folder = folderOf({ 'package.json': EXPRESS, 'a.js': app, 'b.js': app });
    const { edits, by_hand: byHand } = await answerOf(folder, '--dry-run');
    expect(edits.map(({ file }) => file)).toEqual(['a.js', 'a.js']);
    expect(byHand).toEqual(['b.js:2 makes another application: write `enforceCaps` there too.']);
  });

  it('leave a client alone that is guarded already', async () => {
    const folder = folderOf({
      'package.json': manifest({ type: 'module', dependencies: { openai: '*' } }),
      'a.js': `import OpenAI from 'openai';
import { BudgetGuard, guardedFetch, wrapOpenAI } from 'hardcap';
const guard = new BudgetGuard({ global_cap_per_day_usd: 1 });
export const one = wrapOpenAI(new OpenAI(), guard);
const two = new OpenAI();
wrapOpenAI(two, guard);
const four = new OpenAI({ fetch: guardedFetch(guard) });
export const three = new OpenAI();
`,
    });
    const answer = await answerOf(folder, '--dry-run');
    expect(answer.notes.join('\n')).toContain('a.js:3 makes a guard already');
    expect(insertsOf(answer)).toEqual([
      "import { guardOpenAI } from './enforcement-middleware.js';",
      'export const three = guardOpenAI(new OpenAI());',
    ]);
  });

  it.each([
    ["require('fastify')()", 'one call'],
    ["require('fastify')({ logger: true })", 'one call with options'],
  ])('know an application made by %s', async (making) => {
    const folder = folderOf({
      'package.json': manifest({ dependencies: { fastify: '*' } }),
      'a.js': `const app = ${making};\napp.get('/', async () => 'ok');\n`,
    });
    expect(insertsOf(await answerOf(folder, '--dry-run'))).toEqual([
      "const { enforceCaps } = require('./enforcement-middleware.js');",
      'enforceCaps(app);',
    ]);
  });
});

describe('who asks', () => {
  const written = (folder: string) =>
    readFileSync(join(folder, 'enforcement-middleware.js'), 'utf8');

  it('is a header where that is said, and no other name', async () => {
    const folder = folderOf({ 'package.json': EXPRESS });
    await answerOf(folder, '--yes', '--customer-header', 'X-Customer-Id');
    expect(written(folder)).toContain("trustedHeaders: { customer: 'x-customer-id' }");
    const bad = ['init', '--yes', '--customer-header', "x' }); evil("];
    const { exit, err } = await hardcap(bad, { cwd: folder });
    expect(exit).toBe(2);
    expect(err).toContain('is no name of a header');
  });

  it('is said to be unknown where nothing in the code says it', async () => {
    const folder = folderOf({
      'package.json': EXPRESS,
      'a.js': "import express from 'express';\n",
    });
    const { notes } = await answerOf(folder, '--dry-run');
    expect(notes.join('\n')).toContain('Nothing in the code says who is asking');
    cpSync(join(APPS, 'express-js', 'server.js'), join(folder, 'server.js'));
    const known = await answerOf(folder, '--yes');
    expect(known.notes.join('\n')).not.toContain('who is asking');
  });
});

describe('what is written', () => {
  it('without --yes and without a terminal is nothing, and the program ends with 2', async () => {
    const folder = folderOf({ 'package.json': EXPRESS });
    const { exit, err } = await hardcap(['init'], { cwd: folder });
    expect(exit).toBe(2);
    expect(err).toContain('--yes');
    expect(listed(folder)).toEqual(['package.json']);
  });

  it('in a dry run is nothing either, and all of it is shown', async () => {
    const folder = folderOf({ 'package.json': EXPRESS });
    const { exit, out } = await hardcap(['init', '--dry-run'], { cwd: folder });
    expect(exit).toBe(0);
    expect(out).toContain('budget-guard.config.json: would be created');
    expect(listed(folder)).toEqual(['package.json']);
  });

  it('replaces nothing unless --force says so', async () => {
    const folder = folderOf({ 'package.json': EXPRESS, 'budget-guard.config.json': '{}\n' });
    const kept = await hardcap(['init', '--yes'], { cwd: folder });
    expect(kept.exit).toBe(1);
    const path = join(folder, 'budget-guard.config.json');
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
    expect(existsSync(join(folder, 'enforcement-middleware.js'))).toBe(true);

    const dry = await hardcap(['init', '--dry-run', '--force'], { cwd: folder });
    expect(dry.out).toContain('budget-guard.config.json: would be replaced');
    expect(readFileSync(path, 'utf8')).toBe('{}\n');
    const forced = await hardcap(['init', '--yes', '--force'], { cwd: folder });
    expect(forced.exit).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ global_cap_per_day_usd: 50 });
  });

  it('is nothing where something that is no file stands in the way', async () => {
    const folder = folderOf({ 'package.json': EXPRESS, 'ci-cost-simulation.sh/x': '' });
    const { exit, err } = await hardcap(['init', '--yes', '--force'], { cwd: folder });
    expect(exit).toBe(2);
    expect(err).toContain('ci-cost-simulation.sh is there and is no ordinary file');
    expect(existsSync(join(folder, 'budget-guard.config.json'))).toBe(false);
  });

  const wanted: readonly WantedFile[] = ['a', 'b', 'c'].map((path) => ({
    path,
    text: `new ${path}\n`,
    isProgram: path === 'c',
  }));

  it('is all of it or nothing: a file that appears meanwhile is kept', () => {
    const folder = folderOf({});
    const planned = planFiles(folder, wanted, true);
    writeFileSync(join(folder, 'b'), 'mine\n');
    expect(() => writeFiles(folder, planned)).toThrow('Nothing was changed');
    expect(listed(folder)).toEqual(['b']);
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('mine\n');
  });

  it('is all of it or nothing where files are replaced, too', () => {
    const folder = folderOf({ a: 'old a\n', b: 'old b\n' });
    const planned = planFiles(folder, wanted, true);
    writeFileSync(join(folder, 'b'), 'mine\n');
    expect(() => writeFiles(folder, planned)).toThrow('b has changed since it was read');
    expect(listed(folder)).toEqual(['a', 'b']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('old a\n');

    writeFiles(folder, planFiles(folder, wanted, true));
    expect(listed(folder)).toEqual(['a', 'b', 'c']);
    expect(readFileSync(join(folder, 'b'), 'utf8')).toBe('new b\n');
    expect(statSync(join(folder, 'c')).mode & 0o777).toBe(0o755);
  });

  it('has the amounts of the command line, and refuses what no guard would take', async () => {
    const folder = folderOf({ 'package.json': EXPRESS });
    await answerOf(folder, '--yes', '--global-usd', '12.5', '--customer-usd', '0.25', '--fallback');
    const path = join(folder, 'budget-guard.config.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      global_cap_per_day_usd: 12.5,
      global_cap_per_month_usd: 250,
      per_customer_cap_per_day_usd: 0.25,
      onShort: ['count', 'fit', 'wait', 'fallback'],
    });
    expect((await hardcap(['init', '--yes', '--customer-usd', 'much'], { cwd: folder })).exit).toBe(
      2,
    );
  });
});

describe('at a terminal', () => {
  const run = async (folder: string, keys: readonly string[]) => {
    const one = terminal({ cwd: folder, isTerminal: true, env: { NO_COLOR: '1' } });
    const program = { commands: COMMANDS, version: '0.0.0' };
    const ended = runProgram(['init'], program, one.world);
    for (const [index, key] of keys.entries()) {
      await expect.poll(() => one.told().match(/\] \$?/g)?.length ?? 0).toBeGreaterThan(index);
      one.press(key);
    }
    return { exit: await ended, told: one.told(), listeners: one.listeners() };
  };

  it('four questions are asked, with defaults, and again after what is no amount', async () => {
    const folder = folderOf({ 'package.json': EXPRESS });
    const { exit, told, listeners } = await run(folder, ['20\r', 'x\r', '\r', 'y\r', '\r']);
    expect([exit, listeners]).toEqual([0, 0]);
    expect(told).toContain('That is no amount of dollars above 0.');
    const config: unknown = JSON.parse(
      readFileSync(join(folder, 'budget-guard.config.json'), 'utf8'),
    );
    expect(config).toMatchObject({
      global_cap_per_day_usd: 20,
      per_customer_cap_per_day_usd: 2,
      onShort: ['count', 'fit', 'wait', 'fallback'],
    });
  });

  it.each([
    ['a no', ['\r', '\r', '\r', 'n\r']],
    ['Ctrl+C', ['\r', '\u0003']],
  ])('%s writes nothing and ends with 2', async (_what, keys) => {
    const folder = folderOf({ 'package.json': EXPRESS });
    const { exit, listeners } = await run(folder, keys);
    expect([exit, listeners]).toEqual([2, 0]);
    expect(listed(folder)).toEqual(['package.json']);
  });
});

describe('texts', () => {
  it.each(['express', 'fastify', 'hono'] as const)(
    'the template of %s is what is written for TypeScript',
    (framework) => {
      const customer = { kind: 'property', holder: 'user', field: 'id' } as const;
      const template = new URL(
        `../../templates/${framework}/enforcement-middleware.ts`,
        import.meta.url,
      );
      const text = middlewareText({ framework, dialect: 'typescript', customer });
      expect(readFileSync(template, 'utf8')).toBe(text);
    },
  );

  it('a difference adds and removes what it must', () => {
    const shown = diffLines('a\nb\nc\n', 'a\nx\nc\nd\n');
    const before = shown.filter(({ kind }) => kind !== 'added').map(({ text }) => text);
    const after = shown.filter(({ kind }) => kind !== 'removed').map(({ text }) => text);
    expect([before.join('\n'), after.join('\n')]).toEqual(['a\nb\nc\n', 'a\nx\nc\nd\n']);
    expect(shown.filter(({ kind }) => kind === 'same')).toHaveLength(3);
  });
});
