import { EXIT, defineCommand, type Answer } from '../command.ts';
import type { ReportedDoubt } from '../../open/report.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { countText, instantText, usdText } from '../books/money.ts';
import { tableOf } from '../frame/text.ts';

/** What `hardcap doubts --json` prints. */
export interface DoubtsAnswer {
  readonly doubts: readonly ReportedDoubt[];
}

/** `hardcap doubts`. */
export const doubts = defineCommand({
  name: 'doubts',
  summary: 'Lists calls that are booked at their bound, because nobody recorded how they ended',
  about: [
    'They were in flight when their process died. Look each up with the provider and book what ' +
      'it truly cost with `hardcap resolve`; what is not resolved stays as it is, and is safe.',
  ],
  options: BOOKS_OPTIONS,
  examples: [{ line: 'hardcap doubts', does: 'what is left to look up after a crash' }],
  no: 'there are calls in doubt',
  async run({ options }, world) {
    const found = await withBooks(options, world, ({ operations }) => operations.doubts());
    return answerOf(found);
  },
});

function answerOf(found: readonly ReportedDoubt[]): Answer<DoubtsAnswer> {
  const columns = [
    { title: 'call' },
    { title: 'since' },
    { title: 'booked', isNumber: true },
    { title: 'tokens', isNumber: true },
    { title: 'accounts' },
  ] as const;
  return {
    exit: found.length === 0 ? EXIT.ok : EXIT.no,
    json: { doubts: found },
    text: (view) => {
      if (found.length === 0) return 'No call is in doubt.';
      const rows = found.map(({ id, since, nano_usd: nano, tokens, keys }) => [
        id,
        instantText(since),
        usdText(nano),
        countText(tokens),
        keys.length === 0 ? 'not known one by one' : keys.join(' '),
      ]);
      return tableOf(columns, rows, view);
    },
  };
}
