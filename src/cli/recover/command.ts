import type { ReportedRecovery } from '../../open/report.ts';
import { EXIT, defineCommand, type Answer } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { usdText } from '../books/money.ts';
import { orderOf } from '../books/order.ts';
import { tableOf } from '../frame/text.ts';
import { usageError } from '../usage-error.ts';

/** What `hardcap recover --json` prints. */
export interface RecoverAnswer {
  readonly recovered: readonly ReportedRecovery[];
}

/** `hardcap recover`. */
export const recover = defineCommand({
  name: 'recover',
  summary: 'Ends processes that died, so that what they had leased is free again',
  about: [
    'Without a holder: the dead processes of this host, each by its journal, as opening a ledger ' +
      'does. With one: a process that is gone for good with its host; its slices are charged ' +
      'whole, because nobody can say what of them was spent.',
  ],
  args: [
    {
      name: 'holder',
      summary: 'Id of one process, as `hardcap holds` lists it',
      isOptional: true,
    },
  ],
  options: {
    reason: { kind: 'text', summary: 'Why; required with a holder, and kept in the journal' },
    who: {
      kind: 'text',
      value: 'name',
      summary: 'Who orders it; the user of the shell unless given',
    },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap recover', does: 'the dead processes of this host' },
    {
      line: "hardcap recover 5b1c --reason 'host was scrapped'",
      does: 'charges what a lost host may have spent',
    },
  ],
  async run({ options, args: { holder } }, world) {
    if (holder === undefined) {
      const all = await withBooks(options, world, ({ operations }) => operations.recoverHost());
      return answerOf(all);
    }
    const { reason, who } = options;
    if (reason === undefined) {
      throw usageError(`Ending the process ${holder} needs a reason`, 'Say --reason <text>');
    }
    const ordered = orderOf({ reason, who, id: undefined, at: undefined }, world);
    const one = await withBooks(options, world, ({ operations }) =>
      operations.recover(holder, { who: ordered.who, reason }),
    );
    return answerOf([one]);
  },
});

function answerOf(recovered: readonly ReportedRecovery[]): Answer<RecoverAnswer> {
  const columns = [
    { title: 'holder' },
    { title: 'how' },
    { title: 'given back', isNumber: true },
    { title: 'charged', isNumber: true },
    { title: 'in doubt', isNumber: true },
    { title: '' },
  ] as const;
  return {
    exit: EXIT.ok,
    json: { recovered },
    text: (view) => {
      if (recovered.length === 0) return 'No process of this host has died without closing.';
      const rows = recovered.map(({ holder, how, freed, charged, in_doubt: inDoubt, reason }) => [
        holder,
        how,
        usdText(freed.nano_usd),
        usdText(charged.nano_usd),
        String(inDoubt.length),
        reason ?? '',
      ]);
      return tableOf(columns, rows, view);
    },
  };
}
