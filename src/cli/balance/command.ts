import { EXIT, defineCommand, type Answer } from '../command.ts';
import { balancesOf, type BalanceRow } from '../books/balances.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { readScope } from '../books/scope.ts';
import { balanceTable } from './table.ts';

/** What `hardcap balance --json` prints. */
export interface BalanceAnswer {
  readonly accounts: readonly BalanceRow[];
}

/** `hardcap balance`. */
export const balance = defineCommand({
  name: 'balance',
  summary: 'Shows what each account has spent, holds and has left, by everybody together',
  about: [
    'Lists the accounts that count now: those in the store, and those of the configuration. ' +
      'Without a configuration a ceiling is the one that a guard last used.',
    'What a running process has spent is as it last reported: within a second while it spends.',
  ],
  args: [
    {
      name: 'scope',
      summary: 'global or <dimension>:<value>; all accounts unless given',
      isOptional: true,
    },
  ],
  options: {
    ...BOOKS_OPTIONS,
    over: {
      kind: 'count',
      value: 'percent',
      max: 100,
      summary: 'Only accounts that have used at least so many percent of a ceiling',
    },
  },
  examples: [
    { line: 'hardcap balance --ledger spend.db', does: 'every account' },
    { line: 'hardcap balance customer:acme', does: 'one customer; the ledger is HARDCAP_LEDGER' },
    { line: 'hardcap balance --over 80 --json', does: 'what is nearly used up, for a script' },
  ],
  no: 'an account in the answer is overdrawn or closed',
  async run({ options, args: { scope } }, world) {
    const named = scope === undefined ? undefined : readScope(scope);
    const all = await withBooks(options, world, (books) => balancesOf(books, named, world));
    const { over = 0 } = options;
    return answerOf(over === 0 ? all : all.filter((row) => useOf(row) >= over));
  },
});

function answerOf(accounts: readonly BalanceRow[]): Answer<BalanceAnswer> {
  const isStopped = accounts.some(({ overdrawn, is_closed: isClosed }) => overdrawn || isClosed);
  return {
    exit: isStopped ? EXIT.no : EXIT.ok,
    json: { accounts },
    text: (view) =>
      accounts.length === 0 ? 'No account has been drawn on.' : balanceTable(accounts, view),
  };
}

/** The greatest part of a ceiling that is used, in percent. */
function useOf(row: BalanceRow): number {
  return Math.max(
    0,
    ...[
      [row.spent_nano_usd + row.held_nano_usd, row.cap_nano_usd] as const,
      [row.spent_tokens + row.held_tokens, row.cap_tokens] as const,
      [row.spent_calls + row.held_calls, row.cap_calls] as const,
    ].map(([used, ceiling]) =>
      ceiling === null ? 0 : ceiling === 0 ? 100 : (100 * used) / ceiling,
    ),
  );
}
