import type { View } from '../command.ts';
import type { BalanceRow } from '../books/balances.ts';
import { instantText, percentOf, usdText } from '../books/money.ts';
import { paintOfUse } from '../balance/table.ts';
import { printable } from '../frame/text.ts';

/** What is shown at one moment. */
export interface Moment {
  /** ISO 8601, in UTC. */
  readonly at: string;
  /** Where the ledger is kept, without secrets. */
  readonly ledger: string;
  readonly accounts: readonly BalanceRow[];
  readonly processes: number;
  /** Why the figures are not of this moment: the store did not answer. */
  readonly fault: string | undefined;
}

/** The size of the screen, and how it is painted. */
export interface ScreenView extends View {
  readonly rows: number;
}

const BAR_COLUMNS_MAX = 30;
const MONEY_COLUMNS = 14;

/**
 * The screen: a head, one line for each account in the order of their use, and a foot. It has at
 * most as many lines, of at most as many characters, as the screen.
 */
export function pictureOf(
  now: Moment,
  before: Moment | undefined,
  { paint, columns, rows }: ScreenView,
): string {
  const room = Math.max(0, rows - HEAD_LINES - FOOT_LINES);
  const sorted = now.accounts.toSorted((left, right) => useOf(right) - useOf(left));
  const shown = sorted.slice(0, room);
  const left = sorted.length - shown.length;
  const layout = layoutOf(columns);
  const head = `hardcap top  ${now.ledger}  ${instantText(now.at)}`;
  const count = `${now.accounts.length} accounts, ${now.processes} processes`;
  const more = left === 0 ? '' : `, ${left} more do not fit`;
  return [
    paint.bold(fitted(printable(head), columns)),
    now.fault === undefined
      ? paint.dim(fitted(`${count}${more}`, columns))
      : paint.red(fitted(printable(`not up to date: ${now.fault}`), columns)),
    paint.dim(headingOf(layout)),
    ...shown.map((row) => lineOf(row, { now, before }, { paint, layout })),
    ...Array.from({ length: room - shown.length }, () => ''),
    paint.dim(fitted('q quits', columns)),
  ]
    .slice(0, Math.max(1, rows))
    .join('\n');
}

const HEAD_LINES = 3;
const FOOT_LINES = 1;

interface Layout {
  readonly name: number;
  readonly bar: number;
  readonly hasFlow: boolean;
}

/** What is left of a line for names and bars, once the figures have their room. */
function layoutOf(columns: number): Layout {
  const hasFlow = columns >= 100;
  const figures = (hasFlow ? 3 : 2) * (MONEY_COLUMNS + 1) + PERCENT_COLUMNS;
  const rest = Math.max(8, columns - figures - 2);
  const bar = Math.min(BAR_COLUMNS_MAX, Math.floor(rest / 3));
  return { name: rest - bar, bar, hasFlow };
}

const PERCENT_COLUMNS = 6;

function headingOf({ name, bar, hasFlow }: Layout): string {
  const money = ['used', 'ceiling', ...(hasFlow ? ['a minute'] : [])];
  return [
    fitted('scope, cap', name).padEnd(name),
    ' '.repeat(bar),
    '%'.padStart(PERCENT_COLUMNS - 1),
    ...money.map((text) => text.padStart(MONEY_COLUMNS)),
  ].join(' ');
}

function lineOf(
  row: BalanceRow,
  moments: Moments,
  { paint, layout }: { readonly paint: View['paint']; readonly layout: Layout },
): string {
  const { name, bar, hasFlow } = layout;
  const { used, ceiling, show } = figuresOf(row);
  const percent = ceiling === null ? undefined : percentOf(used, ceiling);
  const colour = percent === undefined ? paint.dim : paintOfUse(percent, paint);
  const full = Math.min(bar, Math.floor((bar * Math.min(percent ?? 0, 100)) / 100));
  const mark = row.is_closed ? ' closed' : row.overdrawn ? ' overdrawn' : '';
  const text = fitted(printable(`${row.scope}  ${row.cap_id}${mark}`), name);
  const flow = hasFlow ? [flowOf(row, moments).padStart(MONEY_COLUMNS)] : [];
  return [
    mark === '' ? text.padEnd(name) : paint.yellow(text.padEnd(name)),
    colour('#'.repeat(full)) + paint.dim('.'.repeat(bar - full)),
    colour((percent === undefined ? '-' : `${percent}%`).padStart(PERCENT_COLUMNS - 1)),
    fitted(show(used), MONEY_COLUMNS).padStart(MONEY_COLUMNS),
    fitted(ceiling === null ? '-' : show(ceiling), MONEY_COLUMNS).padStart(MONEY_COLUMNS),
    ...flow,
  ].join(' ');
}

/** The dimension that is shown: the one that is used up the most. */
function figuresOf(row: BalanceRow) {
  const all = [
    {
      used: row.spent_nano_usd + row.held_nano_usd,
      ceiling: row.cap_nano_usd,
      show: usdText,
    },
    {
      used: row.spent_tokens + row.held_tokens,
      ceiling: row.cap_tokens,
      show: (amount: number) => `${amount} tok`,
    },
    {
      used: row.spent_calls + row.held_calls,
      ceiling: row.cap_calls,
      show: (amount: number) => `${amount} calls`,
    },
  ];
  const [money] = all;
  const capped = all.filter(({ ceiling }) => ceiling !== null);
  return capped.toSorted((left, right) => shareOf(right) - shareOf(left))[0] ?? money ?? NOTHING;
}

const NOTHING = { used: 0, ceiling: null, show: usdText };

function useOf(row: BalanceRow): number {
  return shareOf(figuresOf(row));
}

function shareOf({ used, ceiling }: { readonly used: number; readonly ceiling: number | null }) {
  if (ceiling === null) return -1;
  return ceiling === 0 ? 1 : used / ceiling;
}

const MINUTE_MS = 60_000;

/** Money spent a minute since the picture before; `-` where nothing can be said. */
function flowOf(row: BalanceRow, { now, before }: Moments): string {
  const earlier = before?.accounts.find(
    (other) => other.cap_id === row.cap_id && other.scope === row.scope,
  );
  if (before === undefined || earlier?.resets_at !== row.resets_at) return '-';
  const spent = row.spent_nano_usd - earlier.spent_nano_usd;
  const ms = Date.parse(now.at) - Date.parse(before.at);
  return spent < 0 || ms <= 0 ? '-' : usdText(Math.round((spent * MINUTE_MS) / ms));
}

interface Moments {
  readonly now: Moment;
  readonly before: Moment | undefined;
}

/** Text in a room of so many characters. */
function fitted(text: string, columns: number): string {
  if (text.length <= columns) return text;
  return columns <= 1 ? text.slice(0, Math.max(0, columns)) : `${text.slice(0, columns - 1)}…`;
}
