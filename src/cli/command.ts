import type { Clock, DurationMs, EpochMs } from '../units/time.ts';
import type { NanoUsd } from '../units/money.ts';

/**
 * What a command of the program `hardcap` is: one row of the table in `commands.ts`, from which
 * parsing, `--help`, completions and `docs/reference/cli.md` are made. Nothing about a command is
 * written anywhere else.
 *
 * A new command is a file `src/cli/<name>/command.ts` that exports one `defineCommand({ ... })`,
 * and a line in `commands.ts`.
 */

/** How the program ends. */
export const EXIT = {
  /** The command did what it was asked, and where it gives an answer, that is yes. */
  ok: 0,
  /** The command did what it was asked, and the answer is no: a check failed, a cap would bind. */
  no: 1,
  /** The command line, the configuration or an order cannot be meant. Nothing was done. */
  usage: 2,
  /** Something outside failed: a store or a file could not be reached. */
  failed: 3,
} as const;

interface OptionTexts {
  /** One sentence without a full stop, with the unit where the value has one. */
  readonly summary: string;
}

interface ValueTexts extends OptionTexts {
  /** What help prints for the value, in words: `scope`, `file`. Default: the word of the kind. */
  readonly value?: string;
  /** As it would be typed. Shown in help; the command gets it read. */
  readonly default?: string;
  /** The command line must say it. */
  readonly isRequired?: true;
}

/** `--name`: true or false. */
export interface FlagOption extends OptionTexts {
  readonly kind: 'flag';
}

/** `--name text`. */
export interface TextOption extends ValueTexts {
  readonly kind: 'text';
}

/** `--name text`, as often as wanted. */
export interface TextsOption extends OptionTexts {
  readonly kind: 'texts';
  readonly value?: string;
}

/** `--name word`: one of `choices`, completed by the shell. */
export interface ChoiceOption<C extends string = string> extends ValueTexts {
  readonly kind: 'choice';
  readonly choices: readonly C[];
}

/** `--name 1.25`: dollars, no finer than a nano-dollar; the command gets whole nano-dollars. */
export interface UsdOption extends ValueTexts {
  readonly kind: 'usd';
}

/** `--name 12`: a whole number; the command gets the number. */
export interface CountOption extends ValueTexts {
  readonly kind: 'count';
  /** Default 0. */
  readonly min?: number;
  /** Default 2^53 - 1. */
  readonly max?: number;
}

/** `--name 90m`: whole numbers of ms, s, m, h, d, w; the command gets milliseconds. */
export interface DurationOption extends ValueTexts {
  readonly kind: 'duration';
}

/**
 * `--name 2026-11-22` (midnight UTC), `--name 2026-11-22T08:00:00Z`; the command gets the instant.
 */
export interface InstantOption extends ValueTexts {
  readonly kind: 'instant';
}

/** `--name ./file`: a path, completed by the shell; the command gets it as typed. */
export interface PathOption extends ValueTexts {
  readonly kind: 'path';
}

/** One option of a command, by the kind of its value. */
export type Option =
  | FlagOption
  | TextOption
  | TextsOption
  | ChoiceOption
  | UsdOption
  | CountOption
  | DurationOption
  | InstantOption
  | PathOption;

/** Options by name, in kebab case and without the dashes; help keeps their order. */
export type OptionTable = { readonly [name: string]: Option };

/** What stands on the command line without dashes, in this order. */
export interface Argument {
  readonly name: string;
  readonly summary: string;
  /** The last one may be left out. */
  readonly isOptional?: true;
  /** The last one may be many; the command gets them all in `rest`. */
  readonly isMany?: true;
  /** Words that the shell completes. */
  readonly choices?: readonly string[];
  /** Completed as a file by the shell. */
  readonly isPath?: true;
}

type Read<O extends Option> = O extends { readonly kind: 'flag' }
  ? boolean
  : O extends { readonly kind: 'texts' }
    ? readonly string[]
    : O extends { readonly kind: 'usd' }
      ? NanoUsd
      : O extends { readonly kind: 'count' }
        ? number
        : O extends { readonly kind: 'duration' }
          ? DurationMs
          : O extends { readonly kind: 'instant' }
            ? EpochMs
            : O extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] }
              ? C
              : string;

type IsSure<O extends Option> = O extends
  | { readonly kind: 'flag' | 'texts' }
  | { readonly default: string }
  | { readonly isRequired: true }
  ? true
  : false;

/** What a command gets for each option: the value as its unit; `undefined`: not said. */
export type OptionValues<T extends OptionTable> = {
  readonly [N in keyof T]: IsSure<T[N]> extends true ? Read<T[N]> : Read<T[N]> | undefined;
};

/** What stood on the command line, read and checked. */
export interface Input<T extends OptionTable = OptionTable> {
  readonly options: OptionValues<T>;
  /** By the arguments' names; one that was left out is missing. */
  readonly args: { readonly [name: string]: string | undefined };
  /** What was given for an argument that may be many. */
  readonly rest: readonly string[];
  /** Whether `--json` was said: for commands that write by themselves. */
  readonly isJson: boolean;
}

/** Colours where they are wanted, and the plain text where they are not. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** Somewhere to write: standard output or standard error. */
export interface Stream {
  /** As it is; the command writes its own line feeds. */
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters in a line and lines on the screen; 80 and 24 where nobody says. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** By `NO_COLOR`, `FORCE_COLOR` and whether it is a terminal. */
  readonly paint: Paint;
}

/** Keys that are pressed, one by one; taken only while somebody listens. */
export interface Keyboard {
  readonly isTerminal: boolean;
  /** Tells of each key (`q`, `\u001b[A`) until the function that it returns is called. */
  listen(onKey: (key: string) => void): () => void;
}

/** Everything around a command: it reads nothing of the process by itself. */
export interface World {
  /** The folder in which the program was started; paths on the command line begin there. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly out: Stream;
  /** For progress and notes: what is written here is no part of the answer. */
  readonly err: Stream;
  readonly keys: Keyboard;
  /** Tells when the size of the terminal changes; returns how to stop. */
  onResize(listener: () => void): () => void;
  /** Aborted when the program is asked to end (Ctrl+C, SIGTERM). Whoever waits must listen. */
  readonly signal: AbortSignal;
}

/** Where a text for people goes. */
export interface View {
  readonly paint: Paint;
  readonly columns: number;
}

/** What came of a command. The frame prints `text`, or `json` when `--json` was said. */
export interface Answer<Json = unknown> {
  readonly exit: typeof EXIT.ok | typeof EXIT.no;
  /**
   * Plain JSON of one fixed type: whole numbers with their unit in the name (`spent_nano_usd`).
   * `undefined`: the command has written everything itself.
   */
  readonly json: Json | undefined;
  /** For people: amounts with their unit. Lines are separated, not ended, by line feeds. */
  readonly text: (view: View) => string;
}

/** A command line as it would be typed, and what it does. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** One command, before its options are forgotten by type. */
export interface CommandOf<T extends OptionTable> {
  /** One word. */
  readonly name: string;
  /** One sentence without a full stop, in the list of commands. */
  readonly summary: string;
  /** Paragraphs under it, in help and docs. Plain text. */
  readonly about?: readonly string[];
  readonly args?: readonly Argument[];
  readonly options: T;
  /** At least one; the first is the commonest. Each begins with `hardcap <name>`. */
  readonly examples: readonly Example[];
  /** What the answer no (exit code 1) means; left out where there is none. */
  readonly no?: string;
  /** Leaves out `--json`: the command writes something that has no JSON. */
  readonly hasNoJson?: true;
  /**
   * Does it. A command line that parses and still cannot be meant throws `usageError`; other errors
   * of `src/errors` pass through: misuse ends the program with 2, operation and integrity with 3.
   */
  run(input: Input<T>, world: World): Promise<Answer>;
}

/** One command. */
export type Command = CommandOf<OptionTable>;

/**
 * One command; `run` gets its options by the types that the table says.
 *
 * @example
 * export const balance = defineCommand({
 *   name: 'balance',
 *   summary: 'Shows what each account has spent, holds and has left',
 *   args: [{ name: 'scope', summary: 'global or <dimension>:<value>', isOptional: true }],
 *   options: { over: { kind: 'usd', summary: 'Only accounts that spent so many dollars' } },
 *   examples: [{ line: 'hardcap balance customer:acme', does: 'the accounts of one customer' }],
 *   run: async ({ options: { over }, args: { scope } }, world) => answer(...),
 * });
 */
export function defineCommand<const T extends OptionTable>(command: CommandOf<T>): Command {
  return command;
}
