import { EXIT, defineCommand } from '../command.ts';
import { AMOUNT_OPTIONS, amountOf, amountText } from '../books/amount.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { ORDER_OPTIONS, accountsMeant, carriedOut, doneText, orderOf } from '../books/order.ts';
import { readScope } from '../books/scope.ts';
import { printable } from '../frame/text.ts';
import { usageError } from '../usage-error.ts';

/** What `hardcap adjust --json` prints. */
export interface AdjustAnswer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly repeated: boolean;
  readonly cap_id: string;
  readonly scope: string;
  /** Below zero: taken from what was booked. */
  readonly by_nano_usd: number;
  readonly by_tokens: number;
  readonly by_calls: number;
}

/** `hardcap adjust`. */
export const adjust = defineCommand({
  name: 'adjust',
  summary: 'Corrects what is booked as spent in the present window of one cap and scope value',
  about: [
    'Adds to what is booked, or takes from it with --subtract. What a running process has spent ' +
      'belongs to it: only what ended processes have spent can be taken back.',
  ],
  args: [{ name: 'scope', summary: 'global or <dimension>:<value>' }],
  options: {
    ...AMOUNT_OPTIONS,
    subtract: {
      kind: 'flag',
      summary: 'Take the amount from what is booked, instead of adding it',
    },
    cap: {
      kind: 'text',
      value: 'id',
      summary: 'Which cap of the scope, by its id in `hardcap balance`',
      isRequired: true,
    },
    ...ORDER_OPTIONS,
    ...BOOKS_OPTIONS,
  },
  examples: [
    {
      line: "hardcap adjust global --cap global/day --usd 1.25 --reason 'invoice of May'",
      does: 'books 1.25 dollars that the guard did not see',
    },
    {
      line: "hardcap adjust global --cap global/day --usd 0.5 --subtract --reason 'refund'",
      does: 'takes half a dollar back',
    },
  ],
  async run({ options, args: { scope: typed = '' } }, world) {
    const scope = readScope(typed);
    const order = orderOf(options, world);
    const amount = amountOf(options, options.subtract ? -1 : 1);
    const { nano_usd: usd = 0, tokens = 0, calls = 0 } = amount;
    if (usd === 0 && tokens === 0 && calls === 0) {
      throw usageError('The order does not say by how much', 'Say --usd 1.25 for 1.25 dollars');
    }
    return await withBooks(options, world, async (books) => {
      const spoken = { usd: false, tokens: false, calls: false };
      const { cap } = options;
      const accounts = accountsMeant(await books.accounts(scope), { scope, cap, spoken });
      const operations = books.knowing(accounts);
      const done = await carriedOut(order, () =>
        operations.adjust({ ...order, ...amount, cap, scope }),
      );
      const by = { by_nano_usd: usd, by_tokens: tokens, by_calls: calls };
      const json: AdjustAnswer = { ...done, cap_id: cap, scope, ...by };
      const what = `${amountText(amountOf(options))} ${options.subtract ? 'less' : 'more'}`;
      return {
        exit: EXIT.ok,
        json,
        text: ({ paint }) =>
          [
            `${paint.bold(printable(cap))} of ${paint.bold(printable(scope))}: ${what} is booked.`,
            doneText(done),
          ].join('\n'),
      };
    });
  },
});
