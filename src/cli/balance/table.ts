import type { View } from '../command.ts';
import type { BalanceRow } from '../books/balances.ts';
import { countText, instantText, percentOf, usdText } from '../books/money.ts';
import { tableOf, type Cell } from '../frame/text.ts';

/** Parts of a cap from which its use is shown as a warning, and as an alarm. */
const WARN_PERCENT = 80;
const ALARM_PERCENT = 95;

/** Balances as a table for people: one line for each account and dimension that is capped. */
export function balanceTable(rows: readonly BalanceRow[], view: View): string {
  const columns = [
    { title: 'scope' },
    { title: 'cap' },
    { title: 'spent', isNumber: true },
    { title: 'held', isNumber: true },
    { title: 'ceiling', isNumber: true },
    { title: 'left', isNumber: true },
    { title: 'used', isNumber: true },
    { title: 'resets' },
    { title: '' },
  ] as const;
  const lines = rows.flatMap((row) => figuresOf(row).map((figures) => lineOf(row, figures, view)));
  return tableOf(columns, lines, view);
}

interface Figures {
  readonly spent: number;
  readonly held: number;
  readonly ceiling: number | null;
  readonly show: (amount: number) => string;
}

function figuresOf(row: BalanceRow): readonly Figures[] {
  const money: Figures = {
    spent: row.spent_nano_usd,
    held: row.held_nano_usd,
    ceiling: row.cap_nano_usd,
    show: usdText,
  };
  const tokens: Figures = {
    spent: row.spent_tokens,
    held: row.held_tokens,
    ceiling: row.cap_tokens,
    show: (amount) => `${countText(amount)} tokens`,
  };
  const calls: Figures = {
    spent: row.spent_calls,
    held: row.held_calls,
    ceiling: row.cap_calls,
    show: (amount) => `${countText(amount)} calls`,
  };
  const capped = [money, tokens, calls].filter(({ ceiling }) => ceiling !== null);
  return capped.length > 0 ? capped : [money];
}

function lineOf(
  row: BalanceRow,
  { spent, held, ceiling, show }: Figures,
  { paint }: View,
): readonly (Cell | string)[] {
  const used = ceiling === null ? undefined : percentOf(spent + held, ceiling);
  return [
    row.scope,
    row.cap_id,
    show(spent),
    show(held),
    ceiling === null ? '-' : show(ceiling),
    ceiling === null ? '-' : show(Math.max(0, ceiling - spent - held)),
    used === undefined ? '-' : { text: `${used}%`, paint: paintOfUse(used, paint) },
    row.resets_at === null ? 'never' : instantText(row.resets_at),
    { text: notesOf(row).join(', '), paint: paint.yellow },
  ];
}

/** The colour of a part of a cap. */
export function paintOfUse(percent: number, paint: View['paint']): (text: string) => string {
  if (percent >= ALARM_PERCENT) return paint.red;
  return percent >= WARN_PERCENT ? paint.yellow : paint.green;
}

function notesOf(row: BalanceRow): readonly string[] {
  const isRaised = row.raised_nano_usd + row.raised_tokens + row.raised_calls > 0;
  return [
    ...(row.is_closed ? ['closed'] : []),
    ...(row.overdrawn ? ['overdrawn'] : []),
    ...(isRaised ? ['raised'] : []),
    ...(row.mode === 'observe' ? ['observes'] : []),
    ...(row.cap_from === 'last-use' ? ['ceiling as last used'] : []),
  ];
}
