import { describe, expect, it } from 'vitest';
import { defineCommand, EXIT, type Input, type OptionTable } from '../command.ts';
import { parseInput } from './parse.ts';

const OPTIONS = {
  usd: { kind: 'usd', summary: 'Dollars' },
  for: { kind: 'duration', summary: 'How long', default: '2h' },
  at: { kind: 'instant', summary: 'When' },
  calls: { kind: 'count', summary: 'Calls', min: 1, max: 10 },
  shell: { kind: 'choice', summary: 'Shell', choices: ['bash', 'zsh'] },
  model: { kind: 'texts', summary: 'Models' },
  reason: { kind: 'text', summary: 'Why', isRequired: true },
  follow: { kind: 'flag', summary: 'Go on' },
} as const satisfies OptionTable;

const command = defineCommand({
  name: 'try',
  summary: 'Tries',
  args: [
    { name: 'scope', summary: 'A scope' },
    { name: 'more', summary: 'More', isOptional: true },
  ],
  options: OPTIONS,
  examples: [{ line: "hardcap try global --reason 'x'", does: 'tries' }],
  run: async () => ({ exit: EXIT.ok, json: null, text: () => '' }),
});

const parse = (...args: string[]): Input => parseInput(command, args);
const reading = (...args: string[]) => parse('global', '--reason', 'x', ...args).options;
const message = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (error) {
    expect(error).toMatchObject({ code: 'COMMAND_INVALID', kind: 'misuse' });
    return (error as Error).message;
  }
  return 'it was taken';
};
const failing = (...args: string[]): string => message('global', '--reason', 'x', ...args);

describe('a value is read in the unit of its kind', () => {
  it.each([
    ['usd', '5', 5_000_000_000],
    ['usd', '0.0123', 12_300_000],
    ['usd', '0.000000001', 1],
    ['for', '90m', 5_400_000],
    ['for', '2h', 7_200_000],
    ['for', '1w', 604_800_000],
    ['for', '250ms', 250],
    ['at', '2026-11-22', Date.UTC(2026, 10, 22)],
    ['at', '2026-11-22T08:00:00Z', Date.UTC(2026, 10, 22, 8)],
    ['at', '2026-11-22T08:00+01:00', Date.UTC(2026, 10, 22, 7)],
    ['calls', '10', 10],
    ['shell', 'zsh', 'zsh'],
  ])('--%s %s is %s', (name, text, value) => {
    expect(reading(`--${name}`, text)[name]).toBe(value);
    expect(reading(`--${name}=${text}`)[name]).toBe(value);
  });

  it('what is not said is the default, or undefined, or an empty list, or false', () => {
    expect(reading()).toEqual({
      usd: undefined,
      for: 7_200_000,
      at: undefined,
      calls: undefined,
      shell: undefined,
      model: [],
      reason: 'x',
      follow: false,
      json: false,
      help: false,
    });
    expect(reading('--model', 'a', '--follow', '--model=b')).toMatchObject({
      model: ['a', 'b'],
      follow: true,
    });
  });

  it('arguments stand by their names, those after -- as they are', () => {
    expect(parse('customer:acme', 'two', '--reason', 'x').args).toEqual({
      scope: 'customer:acme',
      more: 'two',
    });
    expect(parse('--reason', 'x', '--', '--usd').args).toEqual({ scope: '--usd' });
  });
});

describe('what cannot be meant is refused, with what to say instead', () => {
  it.each([
    [['--usd', '$5'], 'Say --usd 5 for 5 dollars'],
    [['--usd', '1,000'], 'Say --usd 1000 for 1000 dollars'],
    [['--usd', '-5'], 'plain number from 0'],
    [['--usd', '0.0000000001'], 'no finer than a nano-dollar'],
    [['--usd', 'five'], 'Say --usd 5'],
    [['--usd', ''], 'no amount of dollars'],
    [['--for', '2'], 'has no unit'],
    [['--for', '2'], 'Say --for 2h for 2 hours'],
    [['--for', '2 hours'], 'is no duration'],
    [['--at', 'yesterday'], 'Say --at 2026-11-22T08:00:00Z'],
    [['--at', '2026-11-22T08:00'], 'with its zone'],
    [['--at', '2026-02-30'], 'is no date'],
    [['--at', '2026-02-30T08:00:00Z'], 'is no date'],
    [['--at', '2026-13-01'], 'is no date'],
    [['--calls', '0'], 'from 1 to 10'],
    [['--calls', '11'], 'from 1 to 10'],
    [['--calls', '1.5'], 'is no whole number'],
    [['--shell', 'bsh'], 'Say --shell bash'],
    [['--ussd', '5'], 'Did you mean --usd?'],
    [['--xyzzy'], 'has no option --xyzzy. See `hardcap help try`'],
    [['-u', '5'], 'has no option -u'],
    [['--usd', '5', '--usd', '5'], '--usd is said twice'],
    [['--usd'], '--usd has no value'],
    [['--usd', '--follow'], '--usd has no value'],
    [['--follow=yes'], '--follow takes no value'],
    [['two', 'three'], '"three" is too much'],
  ])('%j: %s', (args, said) => {
    expect(failing(...args)).toContain(said);
  });

  it('a required option and an argument that are missing are named, with an example', () => {
    expect(message('global')).toContain('needs --reason <text>: Why. For example: hardcap try');
    expect(message('--reason', 'x')).toContain('needs <scope>: A scope. For example: hardcap try');
    expect(message('', '--reason', 'x')).toContain('<scope> is empty');
  });
});
