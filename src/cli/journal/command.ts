import type { ReportedEntry } from '../../open/report.ts';
import { EXIT, defineCommand, type Answer, type View, type World } from '../command.ts';
import { BOOKS_OPTIONS, withBooks, type Books } from '../books/books.ts';
import { instantText } from '../books/money.ts';
import { pause } from '../frame/pause.ts';
import { viewOf } from '../frame/view.ts';
import { printable, printableJson, tableOf } from '../frame/text.ts';
import { describeEntry } from './describe.ts';

/** What `hardcap journal --json` prints; with `--follow`, one record in a line. */
export interface JournalAnswer {
  readonly records: readonly ReportedEntry[];
}

/** How often the store is asked for new records. */
const ASK_EVERY_MS = 1_000;

/** `hardcap journal`. */
export const journal = defineCommand({
  name: 'journal',
  summary: 'Prints what was done to the books by hand or by recovery: who, when, what and why',
  about: [
    'Calls are not in it: it is the record of orders and of processes that ended. Each record is ' +
      'chained to the one before by its hash; `hardcap verify` checks the chain.',
  ],
  options: {
    after: { kind: 'count', value: 'seq', summary: 'Only records after this number', default: '0' },
    last: { kind: 'count', value: 'number', summary: 'Only so many of the newest', min: 1 },
    follow: { kind: 'flag', summary: 'Go on printing new records, until Ctrl+C' },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap journal --last 20', does: 'the newest orders' },
    { line: 'hardcap journal --follow --json', does: 'one JSON record in a line, as they come' },
  ],
  async run({ options, isJson }, world) {
    return await withBooks(options, world, async (books) => {
      const { after, last, follow } = options;
      const all = await books.operations.journal(after);
      const records = last === undefined ? all : all.slice(-last);
      if (!follow) return answerOf(records);
      const print = printer(world, isJson);
      print(records);
      await followed(books, all.at(-1)?.seq ?? after, { world, print });
      return { exit: EXIT.ok, json: undefined, text: () => '' };
    });
  },
});

function answerOf(records: readonly ReportedEntry[]): Answer<JournalAnswer> {
  return {
    exit: EXIT.ok,
    json: { records },
    text: (view) => (records.length === 0 ? 'Nothing was done by hand.' : table(records, view)),
  };
}

function table(records: readonly ReportedEntry[], view: View): string {
  const columns = [
    { title: 'seq', isNumber: true },
    { title: 'when' },
    { title: 'who' },
    { title: 'what' },
    { title: 'why' },
  ] as const;
  const rows = records.map((record) => {
    const { at, who, what, reason } = describeEntry(record);
    return [String(record.seq), instantText(at), who, what, reason];
  });
  return tableOf(columns, rows, view);
}

type Print = (records: readonly ReportedEntry[]) => void;

function printer({ out }: World, isJson: boolean): Print {
  const { paint } = viewOf(out);
  return (records) => {
    for (const record of records) {
      const { at, who, what, reason } = describeEntry(record);
      const head = `${String(record.seq).padStart(4)}  ${instantText(at)}`;
      const line = `${paint.dim(head)}  ${printable(`${who}: ${what} (${reason})`)}`;
      out.write(`${isJson ? printableJson(JSON.stringify(record)) : line}\n`);
    }
  };
}

async function followed(
  { operations }: Books,
  seen: number,
  { world, print }: { readonly world: World; readonly print: Print },
): Promise<void> {
  let last = seen;
  for (;;) {
    await pause(ASK_EVERY_MS, world.signal);
    if (world.signal.aborted) return;
    const records = await operations.journal(last);
    print(records);
    last = records.at(-1)?.seq ?? last;
  }
}
