import { HardcapError } from '../../errors/error.ts';
import { nearestOf } from '../../policy/nearest.ts';
import { EXIT, type Command, type World } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { allCommands } from './built-ins.ts';
import { commandHelp, programHelp } from './help.ts';
import { asksForHelp, parseInput } from './parse.ts';
import { redacted } from './redact.ts';
import { printableJson, printableLines } from './text.ts';
import { viewOf } from './view.ts';

/** What the program is made of. */
export interface Program {
  readonly commands: readonly Command[];
  readonly version: string;
}

/**
 * Runs one command line and resolves to the exit code. Never rejects: whatever a command throws
 * becomes a message on standard error, without the secrets of connection strings, and a code.
 */
export async function runProgram(
  args: readonly string[],
  { commands, version }: Program,
  world: World,
): Promise<number> {
  const all = allCommands(commands);
  const [first, ...rest] = args;
  try {
    if (first === undefined || first === '--help' || first === '-h') {
      world.out.write(`${programHelp(all, viewOf(world.out))}\n`);
      return EXIT.ok;
    }
    if (first === '--version' || first === '-v') {
      world.out.write(`${version}\n`);
      return EXIT.ok;
    }
    return await runCommand(find(all, first), rest, world);
  } catch (error) {
    return failed(error, { args, world });
  }
}

async function runCommand(
  command: Command,
  args: readonly string[],
  world: World,
): Promise<number> {
  if (asksForHelp(args)) {
    world.out.write(`${commandHelp(command, viewOf(world.out))}\n`);
    return EXIT.ok;
  }
  const input = parseInput(command, args);
  const { exit, json, text } = await command.run(input, world);
  if (json === undefined) return exit;
  const shown = input.isJson ? jsonText(json) : text(viewOf(world.out));
  if (shown !== '') world.out.write(`${shown}\n`);
  return exit;
}

function find(commands: readonly Command[], name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found !== undefined) return found;
  const isOption = name.startsWith('-');
  const names = commands.map((command) => command.name);
  const nearest = nearestOf(name, names);
  const meant = nearest === undefined ? '' : `Did you mean ${nearest}? `;
  throw usageError(
    isOption
      ? `The command comes first, then its options: ${JSON.stringify(name)} is no command`
      : `There is no command ${JSON.stringify(name)}`,
    `${meant}See \`hardcap help\``,
  );
}

interface Failure {
  readonly args: readonly string[];
  readonly world: World;
}

/** Tells what went wrong, as text or, where `--json` was said, as `{ "error": ... }`. */
function failed(error: unknown, { args, world }: Failure): number {
  const { err, env } = world;
  const exit = exitOf(error);
  if (args.includes('--json')) {
    const told = error instanceof HardcapError ? error.toJSON() : { message: messageOf(error) };
    err.write(`${redacted(jsonText({ error: told }))}\n`);
    return exit;
  }
  const code = error instanceof HardcapError ? ` (${error.code})` : '';
  err.write(`${err.paint.red('error')}${code}: ${shownText(messageOf(error))}\n`);
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) err.write(`${err.paint.dim('cause')}: ${shownText(messageOf(cause))}\n`);
  if ((env['HARDCAP_DEBUG'] ?? '') !== '' && error instanceof Error) {
    err.write(`${shownText(error.stack ?? '')}\n`);
  }
  return exit;
}

/** A message may repeat what somebody wrote: a scope with orders to a terminal in it. */
function shownText(text: string): string {
  return printableLines(redacted(text));
}

function jsonText(value: unknown): string {
  return printableJson(JSON.stringify(value, null, 2));
}

function exitOf(error: unknown): number {
  const isMeantWrong = error instanceof HardcapError && error.kind === 'misuse';
  return isMeantWrong ? EXIT.usage : EXIT.failed;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Some clients reject with an error of several, and no message of its own.
  if (error.message === '' && error instanceof AggregateError) {
    return error.errors.map(messageOf).join('; ');
  }
  return error.message === '' ? error.name : error.message;
}
