import type { Argument, Command, Option } from '../command.ts';
import { optionsOf } from './parse.ts';

/** Shells for which completions can be written. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of `SHELLS`. */
export type Shell = (typeof SHELLS)[number];

/** A script that teaches the shell every command, option and listed value of the table. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

/** What stands behind an option: a list of words, a file, anything, or nothing. */
type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'any' | 'none' };

function valuesOf(option: Option): Values {
  if (option.kind === 'flag') return { kind: 'none' };
  if (option.kind === 'choice') return { kind: 'words', words: option.choices };
  return { kind: option.kind === 'path' ? 'file' : 'any' };
}

function optionNames(command: Command): readonly string[] {
  return Object.keys(optionsOf(command)).map((name) => `--${name}`);
}

/** `complete -F`: words by what stands before the cursor. Bash 3.2 and later. */
function bash(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const cases = commands.flatMap((command) => {
    const after = Object.entries(optionsOf(command)).flatMap(([name, option]) => {
      const values = valuesOf(option);
      const pattern = `      ${command.name}:--${name})`;
      if (values.kind === 'words') {
        return [`${pattern} COMPREPLY=($(compgen -W "${values.words.join(' ')}" -- "$word")) ;;`];
      }
      if (values.kind === 'file') return [`${pattern} COMPREPLY=($(compgen -f -- "$word")) ;;`];
      return values.kind === 'any' ? [`${pattern} COMPREPLY=() ;;`] : [];
    });
    const words = [...optionNames(command), ...wordsOf(command)].join(' ');
    const files = hasPath(command) ? ' $(compgen -f -- "$word")' : '';
    const all = `($(compgen -W "${words}" -- "$word")${files})`;
    return [...after, `      ${command.name}:*) COMPREPLY=${all} ;;`];
  });
  return [
    '# bash completion for hardcap; load it with: source <(hardcap completions bash)',
    '_hardcap() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${names}" -- "$word"))`,
    '  else',
    '    case "${COMP_WORDS[1]}:$before" in',
    ...cases,
    '      *) COMPREPLY=() ;;',
    '    esac',
    '  fi',
    '}',
    'complete -F _hardcap hardcap',
  ].join('\n');
}

function zsh(commands: readonly Command[]): string {
  const list = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  const cases = commands.map((command) => {
    const options = Object.entries(optionsOf(command)).map(([name, option]) => {
      const text = option.summary.replaceAll(/[[\]:]/g, (mark) => `\\${mark}`);
      const more = option.kind === 'texts' ? '*' : '';
      return `        ${quoted(`${more}--${name}[${text}]${zshAction(valuesOf(option))}`)}`;
    });
    const args = (command.args ?? []).map((argument) => {
      const place = argument.isMany === true ? '*' : '';
      const optional = argument.isOptional === true && place === '' ? ':' : '';
      const action = zshArgument(argument);
      return `        ${quoted(`${place}${optional}:${argument.name}:${action}`)}`;
    });
    const lines = [...options, ...args].join(' \\\n');
    return `    ${command.name})\n      _arguments \\\n${lines}\n      ;;`;
  });
  return [
    '#compdef hardcap',
    '# zsh completion for hardcap; load it with: source <(hardcap completions zsh)',
    '_hardcap() {',
    '  local -a commands',
    '  commands=(',
    ...list,
    '  )',
    '  if (( CURRENT == 2 )); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case "${words[1]}" in',
    ...cases,
    '  esac',
    '}',
    'compdef _hardcap hardcap',
  ].join('\n');
}

function zshAction(values: Values): string {
  switch (values.kind) {
    case 'none':
      return '';
    case 'any':
      return ':value: ';
    case 'file':
      return ':file:_files';
    case 'words':
      return `:value:(${values.words.join(' ')})`;
  }
}

function zshArgument({ choices, isPath }: Argument): string {
  if (choices !== undefined) return `(${choices.join(' ')})`;
  return isPath === true ? '_files' : ' ';
}

function fish(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const { name, summary } = command;
    const when = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const first = `complete -c hardcap -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`;
    const options = Object.entries(optionsOf(command)).map(([option, row]) => {
      const values = valuesOf(row);
      const action = `${option}${fishAction(values)}`;
      return `complete -c hardcap ${when} -l ${action} -d ${quoted(row.summary)}`;
    });
    const words = wordsOf(command);
    const args =
      words.length > 0 ? [`complete -c hardcap ${when} -a ${quoted(words.join(' '))}`] : [];
    const files = hasPath(command) ? [`complete -c hardcap ${when} -F`] : [];
    return [first, ...options, ...args, ...files];
  });
  return [
    '# fish completion for hardcap; load it with: hardcap completions fish | source',
    'complete -c hardcap -f',
    ...lines,
  ].join('\n');
}

function fishAction(values: Values): string {
  switch (values.kind) {
    case 'none':
      return '';
    case 'any':
      return ' -x';
    case 'file':
      return ' -r -F';
    case 'words':
      return ` -x -a ${quoted(values.words.join(' '))}`;
  }
}

function wordsOf({ args = [] }: Command): readonly string[] {
  return args.flatMap(({ choices = [] }) => choices);
}

function hasPath({ args = [] }: Command): boolean {
  return args.some(({ isPath }) => isPath === true);
}

/** In single quotes, for all three shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
