/**
 * Writes `docs/reference/cli.md` from the table of commands. Run it after a change of a command:
 * `npm run docs:cli`. A test holds table and page equal.
 */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../src/cli/commands.ts';
import { allCommands } from '../src/cli/frame/built-ins.ts';
import { referencePage } from '../src/cli/frame/reference.ts';

/** Where the page lies. */
export const CLI_PAGE = new URL('../docs/reference/cli.md', import.meta.url);

/** The whole page as Markdown. */
export function cliPage(): string {
  return referencePage(allCommands(COMMANDS));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CLI_PAGE, cliPage());
