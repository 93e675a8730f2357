import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLI_PAGE, cliPage } from '../../scripts/cli-docs.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { allCommands } from '../../src/cli/frame/built-ins.ts';
import { EXIT_TEXTS } from '../../src/cli/frame/help.ts';
import { optionsOf, parseInput } from '../../src/cli/frame/parse.ts';
import { hardcap, wordsOf } from './terminal.ts';

const ALL = allCommands(COMMANDS);
const names = ALL.map((command) => [command.name, command] as const);
/** A folder without a configuration. */
const empty = mkdtempSync(join(tmpdir(), 'hardcap-cli-'));
/** The report that the first example of `reconcile` names. */
const COSTS = {
  object: 'page',
  data: [
    {
      object: 'bucket',
      start_time: 1730419200,
      end_time: 1730505600,
      results: [
        {
          object: 'organization.costs.result',
          amount: { value: 0.45, currency: 'usd' },
          line_item: 'gpt-4o, input',
        },
      ],
    },
  ],
  has_more: false,
  next_page: null,
};
writeFileSync(join(empty, 'costs.json'), JSON.stringify(COSTS));
afterAll(() => rmSync(empty, { recursive: true }));

describe('every command', () => {
  it('there are some, each with a name of its own', () => {
    expect(COMMANDS.length).toBeGreaterThan(10);
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  });

  it.each(names)('%s --help says what it does, its options and examples', async (name, command) => {
    const { exit, out, err } = await hardcap([name, '--help']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain(`hardcap ${name}: ${command.summary}`);
    for (const option of Object.keys(optionsOf(command))) expect(out).toContain(`--${option}`);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { line } of command.examples) expect(out).toContain(line);
    expect(await hardcap(['help', name])).toMatchObject({ exit: 0, out });
  });

  it.each(names)('%s: its examples are command lines that parse', (name, command) => {
    for (const { line } of command.examples) {
      const [program, first, ...args] = wordsOf(line);
      expect([program, first]).toEqual(['hardcap', name]);
      expect(() => parseInput(command, args), line).not.toThrow();
    }
  });

  it.each(names)(
    '%s: an option that does not exist ends with 2, and says what to do',
    async (name) => {
      const { exit, out, err } = await hardcap([name, '--jsno']);
      expect({ exit, out }).toEqual({ exit: 2, out: '' });
      expect(err).toContain('COMMAND_INVALID');
      expect(err).toContain(`hardcap ${name} has no option --jsno`);
      expect(err).toContain(`See \`hardcap help ${name}\``);
    },
  );

  it.each(names)('%s: too many arguments, or too few, end with 2', async (name, command) => {
    const { args = [] } = command;
    const required = args.filter(({ isOptional }) => isOptional !== true);
    if (required.length > 0) {
      const { exit, err } = await hardcap([name]);
      expect(exit).toBe(2);
      expect(err).toMatch(/needs <|For example/);
    }
    if (args.at(-1)?.isMany === true) return;
    const said = wordsOf(command.examples[0]?.line ?? '').slice(1);
    const { exit, err } = await hardcap([...said, ...Array.from({ length: 9 }, () => 'global')]);
    expect(exit).toBe(2);
    expect(err).toMatch(/is too much|is none of/);
  });

  const onLedgers = COMMANDS.filter(({ options }) => 'namespace' in options);

  it.each(onLedgers.map((command) => [command.name, command] as const))(
    '%s: without a ledger it ends with 2, and says how to name one',
    async (_name, command) => {
      const words = wordsOf(command.examples[0]?.line ?? '').slice(1);
      const args = words.filter((word, at) => word !== '--ledger' && words[at - 1] !== '--ledger');
      const { exit, err } = await hardcap(args, { cwd: empty });
      expect(exit, err).toBe(2);
      expect(err).toContain('Say --ledger <file.db|redis://...|postgres://...>');
    },
  );
});

describe('the program', () => {
  it('lists every command, without arguments and with help', async () => {
    const { exit, out } = await hardcap([]);
    expect(exit).toBe(0);
    for (const { name } of ALL) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(await hardcap(['help'])).toMatchObject({ exit, out });
    expect(await hardcap(['--help'])).toMatchObject({ exit, out });
    expect(await hardcap(['--version'])).toMatchObject({ exit: 0, out: '0.0.0\n' });
  });

  it.each([
    [['balanse'], 'Did you mean balance?'],
    [['xyzzyxyzzy'], 'See `hardcap help`'],
    [['--json', 'balance'], 'The command comes first'],
    [['help', 'rais'], 'Say raise'],
    [['completions', 'bsh'], 'Say bash'],
  ])('%j ends with 2: %s', async (args, said) => {
    const { exit, out, err } = await hardcap(args);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(said);
  });

  it('tells an error as JSON where --json was said', async () => {
    const { exit, out, err } = await hardcap(['balance', '--json'], { cwd: empty });
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'COMMAND_INVALID', kind: 'misuse' } });
  });

  it('help is coloured on a terminal, and plain in a pipe', async () => {
    expect((await hardcap(['help'], { isTerminal: true })).out).toContain('\u001b[1m');
    expect((await hardcap(['help'])).out).not.toContain('\u001b');
    const plain = { isTerminal: true, env: { NO_COLOR: '1' } };
    expect((await hardcap(['help'], plain)).out).not.toContain('\u001b');
  });

  it('every command line on the page for users is one that parses', () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
    const lines = blocks.flatMap((block) => block.split('\n').filter((line) => line !== ''));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      const words = wordsOf(line.replace(/^npx /, '').replace(/^source <\((.*)\)$/, '$1'));
      const command = ALL.find(({ name }) => name === words[1]);
      expect(words[0], line).toBe('hardcap');
      if (command === undefined) throw new Error(`There is no such command: ${line}`);
      expect(() => parseInput(command, words.slice(2)), line).not.toThrow();
    }
  });

  it('the exit codes on the page for users are those of the program', () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const [code, text] of Object.entries(EXIT_TEXTS)) {
      expect(page).toContain(`| ${code} | ${text} |`);
    }
  });

  it('the page of the docs is the table of commands', () => {
    expect(readFileSync(CLI_PAGE, 'utf8')).toBe(cliPage());
  });
});
