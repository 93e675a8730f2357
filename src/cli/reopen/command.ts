import { EXIT, defineCommand } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { ORDER_OPTIONS, carriedOut, doneText, orderOf } from '../books/order.ts';
import { readScope } from '../books/scope.ts';
import { unknownText, type ScopeAnswer } from '../close/command.ts';
import { printable } from '../frame/text.ts';

/** `hardcap reopen`. */
export const reopen = defineCommand({
  name: 'reopen',
  summary: 'Opens a scope value again that was closed by hand',
  args: [{ name: 'scope', summary: 'global or <dimension>:<value>' }],
  options: { ...ORDER_OPTIONS, ...BOOKS_OPTIONS },
  examples: [{ line: "hardcap reopen customer:globex --reason 'new key'", does: 'undoes a close' }],
  async run({ options, args: { scope: typed = '' } }, world) {
    const scope = readScope(typed);
    const order = orderOf(options, world);
    return await withBooks(options, world, async (books) => {
      const known = await books.accounts(scope);
      const { operations } = books;
      const done = await carriedOut(order, () => operations.reopenScope({ ...order, scope }));
      const json: ScopeAnswer = { ...done, scope, is_closed: false, accounts: known.length };
      return {
        exit: EXIT.ok,
        json,
        text: ({ paint }) =>
          [`${paint.bold(printable(scope))} is open.`, ...unknownText(json), doneText(done)].join(
            '\n',
          ),
      };
    });
  },
});
