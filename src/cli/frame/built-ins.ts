import { nearestOf } from '../../policy/nearest.ts';
import { EXIT, defineCommand, type Answer, type Command } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { SHELLS, completionScript } from './completions.ts';
import { commandHelp, programHelp } from './help.ts';

/** The commands, and after them those about commands: `help` and `completions`. */
export function allCommands(commands: readonly Command[]): readonly Command[] {
  const all = (): readonly Command[] => [...commands, help, completions];
  const help = defineCommand({
    name: 'help',
    summary: 'Says what a command does, its options, examples and exit codes',
    args: [
      {
        name: 'command',
        summary: 'A command; all of them are listed unless given',
        isOptional: true,
        choices: [...commands.map(({ name }) => name), 'help', 'completions'],
      },
    ],
    options: {},
    examples: [{ line: 'hardcap help raise', does: 'everything about one command' }],
    hasNoJson: true,
    run: async ({ args: { command: name } }): Promise<Answer> => {
      const command = all().find((row) => row.name === name);
      const text: Answer['text'] = (view) =>
        command === undefined ? programHelp(all(), view) : commandHelp(command, view);
      return { exit: EXIT.ok, json: null, text };
    },
  });
  const completions = defineCommand({
    name: 'completions',
    summary: 'Prints a script that completes commands and options in your shell',
    args: [{ name: 'shell', summary: 'bash, zsh or fish', choices: SHELLS }],
    options: {},
    examples: [
      {
        line: 'hardcap completions bash',
        does: 'load it with: source <(hardcap completions bash)',
      },
      { line: 'hardcap completions fish', does: 'load it with: hardcap completions fish | source' },
    ],
    hasNoJson: true,
    run: async ({ args: { shell = '' } }): Promise<Answer> => {
      const known = SHELLS.find((name) => name === shell);
      if (known === undefined) {
        const nearest = nearestOf(shell, SHELLS) ?? SHELLS[0];
        throw usageError(`${shell} is no shell that is known`, `Say ${nearest}`);
      }
      return { exit: EXIT.ok, json: null, text: () => completionScript(known, all()) };
    },
  });
  return all();
}
