import { EXIT, defineCommand } from '../command.ts';
import { AMOUNT_OPTIONS, amountOf, amountText } from '../books/amount.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { ORDER_OPTIONS, carriedOut, doneText, orderOf } from '../books/order.ts';
import { printable } from '../frame/text.ts';
import { usageError } from '../usage-error.ts';

/** What `hardcap resolve --json` prints. */
export interface ResolveAnswer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly repeated: boolean;
  readonly call: string;
  /** `null`: left as it was booked. */
  readonly nano_usd: number | null;
  readonly tokens: number | null;
  readonly calls: number | null;
}

/** `hardcap resolve`. */
export const resolve = defineCommand({
  name: 'resolve',
  summary: 'Books what a call in doubt truly cost, instead of its bound',
  args: [{ name: 'call', summary: 'Its id, as `hardcap doubts` lists it' }],
  options: { ...AMOUNT_OPTIONS, ...ORDER_OPTIONS, ...BOOKS_OPTIONS },
  examples: [
    {
      line: "hardcap resolve 7f3a --usd 0.0123 --reason 'looked up in the console'",
      does: 'what the provider billed for it',
    },
    {
      line: "hardcap resolve 7f3a --usd 0 --tokens 0 --calls 0 --reason 'never arrived'",
      does: 'it was not billed at all',
    },
  ],
  async run({ options, args: { call = '' } }, world) {
    const order = orderOf(options, world);
    const amount = amountOf(options);
    if (Object.keys(amount).length === 0) {
      throw usageError('The order does not say what the call cost', 'Say --usd 0.0123');
    }
    return await withBooks(options, world, async ({ operations }) => {
      const done = await carriedOut(order, () => operations.resolve(call, { ...order, ...amount }));
      const { nano_usd: nano = null, tokens = null, calls = null } = amount;
      const json: ResolveAnswer = { ...done, call, nano_usd: nano, tokens, calls };
      return {
        exit: EXIT.ok,
        json,
        text: () =>
          `The call ${printable(call)} is booked at ${amountText(amount)}.\n${doneText(done)}`,
      };
    });
  },
});
