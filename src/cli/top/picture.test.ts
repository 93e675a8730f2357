import { describe, expect, it } from 'vitest';
import type { BalanceRow } from '../books/balances.ts';
import { paintOf } from '../frame/paint.ts';
import { pictureOf, type Moment, type ScreenView } from './picture.ts';

const paint = paintOf({ env: {}, isTerminal: false });

function row(scope: string, spent: number, more: Partial<BalanceRow> = {}): BalanceRow {
  return {
    cap_id: 'customer/day',
    scope,
    window: 'day',
    mode: 'enforce',
    spend_usd: spent / 1e9,
    held_usd: 0,
    cap_usd: 1,
    remaining_usd: 1 - spent / 1e9,
    spent_nano_usd: spent,
    held_nano_usd: 0,
    cap_nano_usd: 1e9,
    spent_tokens: 0,
    held_tokens: 0,
    cap_tokens: null,
    spent_calls: 0,
    held_calls: 0,
    cap_calls: null,
    overdrawn: false,
    resets_at: '2026-11-23T00:00:00.000Z',
    raised_nano_usd: 0,
    raised_tokens: 0,
    raised_calls: 0,
    is_closed: false,
    cap_from: 'config',
    ...more,
  };
}

function moment(accounts: readonly BalanceRow[], more: Partial<Moment> = {}): Moment {
  const at = '2026-11-22T08:00:00.000Z';
  return { at, ledger: 'spend.db', accounts, processes: 2, fault: undefined, ...more };
}

const size = (columns: number, rows: number): ScreenView => ({ paint, columns, rows });
const linesOf = (now: Moment, view: ScreenView, before?: Moment): string[] =>
  pictureOf(now, before, view).split('\n');

const many = Array.from({ length: 50 }, (_, index) => row(`customer:${index}`, index * 1e7));

describe('the picture', () => {
  it.each([
    [200, 50],
    [80, 24],
    [40, 10],
    [20, 4],
    [10, 2],
    [1, 1],
  ])('has room on a screen of %i columns and %i rows', (columns, rows) => {
    const lines = linesOf(moment(many), size(columns, rows));
    expect(lines.length).toBeLessThanOrEqual(rows);
    // Figures are never cut: below 45 columns a line may be longer than the screen.
    if (columns >= 45)
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it('puts what is used up the most first, and says what does not fit', () => {
    const [, count, , first, second] = linesOf(moment(many), size(100, 10));
    expect(count).toBe('50 accounts, 2 processes, 44 more do not fit');
    expect(first).toMatch(/^customer:49 .* 49% +\$0\.49 +\$1\.00/);
    expect(second).toMatch(/^customer:48 /);
  });

  it('the bar is as long as the part that is used', () => {
    const bars = [0, 0.5, 1, 1.5].map((part) => {
      const [line = ''] = linesOf(moment([row('a:b', part * 1e9)]), size(120, 10)).slice(3);
      return /[#.]{10,}/.exec(line)?.[0] ?? '';
    });
    const length = bars[0]?.length ?? 0;
    expect(bars.map((bar) => bar.replaceAll('.', '').length)).toEqual([
      0,
      Math.floor(length / 2),
      length,
      length,
    ]);
    expect(new Set(bars.map((bar) => bar.length)).size).toBe(1);
  });

  it('says what flows a minute, where the window is the same', () => {
    const before = moment([row('a:b', 1e8)]);
    const at = '2026-11-22T08:00:30.000Z';
    const flow = (spent: number, more: Partial<BalanceRow> = {}) =>
      linesOf(moment([row('a:b', spent, more)], { at }), size(120, 10), before)[3]?.trimEnd();
    expect(flow(1.5e8)).toMatch(/ \$0\.10$/);
    expect(flow(1e8)).toMatch(/ \$0\.00$/);
    expect(flow(0)).toMatch(/ -$/);
    expect(flow(2e8, { resets_at: '2026-11-24T00:00:00.000Z' })).toMatch(/ -$/);
  });

  it('marks what is closed and overdrawn, and figures that are not of now', () => {
    const rows = [row('a:b', 0, { is_closed: true }), row('a:c', 2e9, { overdrawn: true })];
    const text = linesOf(moment(rows, { fault: 'gone\u001b[2J' }), size(120, 10)).join('\n');
    expect(text).toContain('a:b  customer/day closed');
    expect(text).toContain('a:c  customer/day overdrawn');
    expect(text).toContain('not up to date: gone\\u{1b}[2J');
    expect(text).not.toContain('\u001b');
  });
});
