import type { Argument, Command, Option, View } from '../command.ts';
import { nameOf, optionsOf } from './parse.ts';
import { wrapped } from './text.ts';
import { wordOf } from './values.ts';

/** How the program can end: by number, what it means. The same for every command but 1. */
export const EXIT_TEXTS: Readonly<Record<'0' | '2' | '3', string>> = {
  '0': 'done, and where the command gives an answer, it is yes',
  '2': 'the command line, the configuration or an order cannot be meant; nothing was done',
  '3': 'something outside failed: a store or a file could not be reached',
};

/** What the program is, in one sentence. */
export const PROGRAM_SUMMARY = 'Operates the books of hard spending caps for LLM calls';

const INDENT = '  ';

/** Help of the program: what it is, and its commands. */
export function programHelp(commands: readonly Command[], { paint, columns }: View): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const rows = commands.map(({ name, summary }) => {
    const indent = ' '.repeat(width + INDENT.length);
    return INDENT + paint.cyan(name.padEnd(width)) + wrapped(summary, columns, indent);
  });
  return [
    `${paint.bold('hardcap')}: ${PROGRAM_SUMMARY}`,
    '',
    paint.bold('Usage'),
    `${INDENT}hardcap <command> [arguments] [options]`,
    '',
    paint.bold('Commands'),
    ...rows,
    '',
    `${INDENT}hardcap help <command>, or hardcap <command> --help, says more about one.`,
    `${INDENT}hardcap --version prints the version.`,
  ].join('\n');
}

/** Help of one command: usage, arguments, options with units and defaults, examples, exit codes. */
export function commandHelp(command: Command, { paint, columns }: View): string {
  const { name, summary, about = [], args = [], examples } = command;
  const section = (title: string, rows: readonly (readonly [string, string])[]) =>
    rows.length === 0 ? [] : ['', paint.bold(title), ...listed(rows, { paint, columns })];
  return [
    `${paint.bold(`hardcap ${name}`)}: ${wrapped(summary, columns, INDENT)}`,
    '',
    paint.bold('Usage'),
    `${INDENT}${usageLine(command)}`,
    ...about.flatMap((text) => ['', wrapped(text, columns)]),
    ...section('Arguments', args.map(argumentRow)),
    ...section('Options', optionRows(command)),
    '',
    paint.bold('Examples'),
    ...examples.flatMap(({ line, does }) => [
      `${INDENT}${paint.dim(`# ${does}`)}`,
      `${INDENT}${line}`,
    ]),
    ...section('Exit codes', exitRows(command)),
  ].join('\n');
}

/** `hardcap raise <scope> --usd <dollars> [options]`. */
export function usageLine(command: Command): string {
  const required = Object.entries(command.options).flatMap(([name, option]) =>
    option.kind !== 'flag' && 'isRequired' in option ? [`--${name} <${wordOf(option)}>`] : [],
  );
  const args = (command.args ?? []).map(nameOf);
  return ['hardcap', command.name, ...args, ...required, '[options]'].join(' ');
}

/** Every option of a command as it is written, and what it does. */
export function optionRows(command: Command): readonly (readonly [string, string])[] {
  return Object.entries(optionsOf(command)).map(([name, option]) => [
    option.kind === 'flag' ? `--${name}` : `--${name} <${wordOf(option)}>`,
    summaryOf(option),
  ]);
}

/** One argument as it is written, and what it is. */
export function argumentRow(argument: Argument): readonly [string, string] {
  return [nameOf(argument), argument.summary];
}

/** Every exit code of a command and its meaning. */
export function exitRows({ no }: Command): readonly (readonly [string, string])[] {
  const { 0: ok, 2: usage, 3: failed } = EXIT_TEXTS;
  return [
    ['0', ok],
    ...(no === undefined ? [] : [['1', no] as const]),
    ['2', usage],
    ['3', failed],
  ];
}

function summaryOf(option: Option): string {
  if (option.kind === 'flag') return option.summary;
  if (option.kind === 'texts') return `${option.summary} (may be said more than once)`;
  if (option.isRequired === true) return `${option.summary} (required)`;
  return option.default === undefined
    ? option.summary
    : `${option.summary} (default ${option.default})`;
}

function listed(
  rows: readonly (readonly [string, string])[],
  { paint, columns }: View,
): readonly string[] {
  const width = Math.min(28, Math.max(...rows.map(([left]) => left.length)));
  const indent = ' '.repeat(width + 2 * INDENT.length);
  return rows.map(([left, right]) => {
    const shown = paint.cyan(left.padEnd(width));
    const text = wrapped(right, columns, indent);
    const isLong = left.length > width;
    return `${INDENT}${shown}${isLong ? `\n${indent}` : INDENT}${text}`;
  });
}
