import { EXIT, defineCommand } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { ORDER_OPTIONS, carriedOut, doneText, orderOf } from '../books/order.ts';
import { readScope } from '../books/scope.ts';
import { printable } from '../frame/text.ts';

/** What `hardcap close --json` and `hardcap reopen --json` print. */
export interface ScopeAnswer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly repeated: boolean;
  readonly scope: string;
  readonly is_closed: boolean;
  /** How many accounts of the scope are known: none may mean that another name was meant. */
  readonly accounts: number;
}

/** `hardcap close`. */
export const close = defineCommand({
  name: 'close',
  summary: 'Closes one scope value: nothing more may be spent there, under any cap',
  about: [
    'Processes hear of it with their next message, within a second while they spend. What a ' +
      'process had leased by then may still be spent; calls in flight are not cut.',
  ],
  args: [{ name: 'scope', summary: 'global or <dimension>:<value>' }],
  options: { ...ORDER_OPTIONS, ...BOOKS_OPTIONS },
  examples: [
    {
      line: "hardcap close customer:globex --reason 'key leaked'",
      does: 'refuses every further call of a customer',
    },
  ],
  async run({ options, args: { scope: typed = '' } }, world) {
    const scope = readScope(typed);
    const order = orderOf(options, world);
    return await withBooks(options, world, async (books) => {
      const known = await books.accounts(scope);
      const { operations } = books;
      const done = await carriedOut(order, () => operations.closeScope({ ...order, scope }));
      const json: ScopeAnswer = { ...done, scope, is_closed: true, accounts: known.length };
      return {
        exit: EXIT.ok,
        json,
        text: ({ paint }) =>
          [`${paint.bold(printable(scope))} is closed.`, ...unknownText(json), doneText(done)].join(
            '\n',
          ),
      };
    });
  },
});

/** Says that a scope is not known; a call may still come from there. */
export function unknownText({ scope, accounts }: ScopeAnswer): readonly string[] {
  if (accounts > 0) return [];
  return [`No account of ${printable(scope)} is known: was another name meant?`];
}
