import { EXIT, defineCommand, type Answer } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { writeTextFile } from '../books/file.ts';
import { countText } from '../books/money.ts';
import { printable } from '../frame/text.ts';
import { csvOf } from './csv.ts';
import { reportOf, type SpendReport } from './spend-report.ts';
import { pageOf } from './page.ts';
import { usageError } from '../usage-error.ts';

/** `hardcap report`. */
export const report = defineCommand({
  name: 'report',
  summary: 'Writes what was spent, by cap, scope and window: an HTML page with charts, or CSV',
  about: [
    'The page loads nothing and has no script: it can be mailed, archived and opened offline. It ' +
      'is made of the accounts that the store keeps; Redis keeps a window for 48 hours after its ' +
      'end.',
  ],
  options: {
    out: { kind: 'path', summary: 'The file to write; standard output unless given' },
    csv: { kind: 'flag', summary: 'Write CSV instead of HTML: money in whole nano-dollars' },
    since: { kind: 'instant', summary: 'Only windows that began then or later' },
    until: { kind: 'instant', summary: 'Only windows that began before' },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap report --out spend.html', does: 'everything that the ledger keeps' },
    { line: 'hardcap report --csv --since 2026-11-01 > november.csv', does: 'for a spreadsheet' },
  ],
  async run({ options, isJson }, world) {
    const { since, until, csv, out } = options;
    if (since !== undefined && until !== undefined && since >= until) {
      throw usageError('--since is not before --until', 'Say an earlier --since');
    }
    const data = await withBooks(options, world, async (books) =>
      reportOf(
        await books.rows({}),
        { since, until },
        {
          madeAt: world.clock(),
          ledger: books.shown,
        },
      ),
    );
    const text = csv ? csvOf(data) : pageOf(data);
    if (out !== undefined) {
      writeTextFile(out, world.cwd, isJson ? `${JSON.stringify(data, null, 2)}\n` : text);
      return written(data, out);
    }
    if (isJson) return { exit: EXIT.ok, json: data, text: () => '' };
    world.out.write(text);
    return { exit: EXIT.ok, json: undefined, text: () => '' };
  },
});

function written(data: SpendReport, out: string): Answer {
  const caps = countText(data.caps.length);
  const windows = data.caps.reduce((sum, { rows }) => sum + rows.length, 0);
  return {
    exit: EXIT.ok,
    json: { written: out, caps: data.caps.length, windows },
    text: () => `Wrote ${printable(out)}: ${caps} caps, ${countText(windows)} windows.`,
  };
}
