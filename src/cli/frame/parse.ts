import { parseArgs } from 'node:util';
import { nearestOf } from '../../policy/nearest.ts';
import type { Argument, Command, Input, Option, OptionTable } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { readValue, wordOf } from './values.ts';

/** Options that every command has, beside its own. */
export const JSON_OPTION = {
  kind: 'flag',
  summary: 'Print one JSON value instead of a text',
} as const satisfies Option;

/** See `JSON_OPTION`. */
export const HELP_OPTION = {
  kind: 'flag',
  summary: 'Print what the command does, its options and examples',
} as const satisfies Option;

/** All options that a command takes, those of every command last. */
export function optionsOf({ options, hasNoJson }: Command): OptionTable {
  const json = hasNoJson === true ? {} : { json: JSON_OPTION };
  return { ...options, ...json, help: HELP_OPTION };
}

/** Whether help is asked for, whatever else is said. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  const said = end < 0 ? args : args.slice(0, end);
  return said.includes('--help') || said.includes('-h');
}

/**
 * What a command line says to a command, every value read and checked.
 *
 * Throws `COMMAND_INVALID` for an option that does not exist (with the nearest one that does), one
 * without its value, one said twice, a value that cannot be meant, and arguments missing or left
 * over.
 */
export function parseInput(command: Command, args: readonly string[]): Input {
  const table = optionsOf(command);
  const said = new Map<string, string[]>();
  const plain: string[] = [];
  for (const token of tokensOf(table, args)) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') plain.push(token.value);
    else note(said, table, { command: command.name, token });
  }
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    options[name] = valueOf(command, { name, option, texts: said.get(name) ?? [] });
  }
  const { named, rest } = place(command, plain);
  // By the kinds of the table, each value was read by the function of its kind.
  const values = options as Input['options'];
  return { options: values, args: named, rest, isJson: options['json'] === true };
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { readonly kind: 'option' }>;

function tokensOf(table: OptionTable, args: readonly string[]): readonly Token[] {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { kind }]) => {
      const type = kind === 'flag' ? ('boolean' as const) : ('string' as const);
      return [name, { type, multiple: true }];
    }),
  );
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

function note(
  said: Map<string, string[]>,
  table: OptionTable,
  { command, token }: { readonly command: string; readonly token: OptionToken },
): void {
  const { name, rawName, value, inlineValue } = token;
  const option = Object.hasOwn(table, name) && rawName === `--${name}` ? table[name] : undefined;
  if (option === undefined) throw unknownOption(table, rawName, command);
  const texts = said.get(name) ?? [];
  said.set(name, texts);
  if (texts.length > 0 && option.kind !== 'texts') {
    throw usageError(`--${name} is said twice`, 'Say it once');
  }
  if (option.kind === 'flag') {
    if (value !== undefined) {
      throw usageError(`--${name} takes no value (${value})`, `Say --${name}, or leave it out`);
    }
    texts.push('');
    return;
  }
  const isSwallowed = inlineValue === false && value.startsWith('--');
  if (value === undefined || isSwallowed) {
    const word = wordOf(option);
    throw usageError(`--${name} has no value`, `Say --${name} <${word}>: ${option.summary}`);
  }
  texts.push(value);
}

function unknownOption(table: OptionTable, rawName: string, command: string): Error {
  const nearest = nearestOf(rawName.replace(/^-+/, ''), Object.keys(table));
  const instead = nearest === undefined ? '' : `Did you mean --${nearest}? `;
  return usageError(
    `hardcap ${command} has no option ${rawName}`,
    `${instead}See \`hardcap help ${command}\``,
  );
}

function valueOf(
  command: Command,
  {
    name,
    option,
    texts,
  }: { readonly name: string; readonly option: Option; readonly texts: readonly string[] },
): unknown {
  if (option.kind === 'flag') return texts.length > 0;
  if (option.kind === 'texts') return texts.map((text) => readValue(name, option, text));
  const text = texts[0] ?? option.default;
  if (text !== undefined) return readValue(name, option, text);
  if (option.isRequired !== true) return undefined;
  throw usageError(
    `hardcap ${command.name} needs --${name} <${wordOf(option)}>: ${option.summary}`,
    `For example: ${command.examples[0]?.line ?? ''}`,
  );
}

function place({ name, args = [], examples }: Command, plain: readonly string[]) {
  const named: Record<string, string> = {};
  let rest: readonly string[] = [];
  const example = `For example: ${examples[0]?.line ?? ''}`;
  for (const [index, argument] of args.entries()) {
    const text = plain[index];
    if (text === undefined) {
      if (argument.isOptional === true) break;
      throw usageError(`hardcap ${name} needs ${nameOf(argument)}: ${argument.summary}`, example);
    }
    if (text === '') throw usageError(`${nameOf(argument)} is empty`, example);
    checkChoice(argument, text);
    named[argument.name] = text;
    if (argument.isMany === true) rest = plain.slice(index);
  }
  const isMany = args.at(-1)?.isMany === true;
  const left = isMany ? undefined : plain[args.length];
  if (left === undefined) return { named, rest };
  const takes = args.length === 0 ? 'no argument' : `only ${args.map(nameOf).join(' ')}`;
  throw usageError(`hardcap ${name} takes ${takes}; ${JSON.stringify(left)} is too much`, example);
}

function checkChoice({ name, choices }: Argument, text: string): void {
  if (choices === undefined || choices.includes(text)) return;
  const nearest = nearestOf(text, choices) ?? choices[0] ?? '';
  const what = `<${name}> ${JSON.stringify(text)} is none of ${choices.join(', ')}`;
  throw usageError(what, `Say ${nearest}`);
}

/** How an argument is written in usage lines: `<scope>`, `[model]`, `<file>...`. */
export function nameOf({ name, isOptional, isMany }: Argument): string {
  const more = isMany === true ? '...' : '';
  return isOptional === true ? `[${name}]${more}` : `<${name}>${more}`;
}
