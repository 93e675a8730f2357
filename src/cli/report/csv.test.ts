import { expect, it } from 'vitest';
import { csvOf } from './csv.ts';
import type { ReportRow } from './spend-report.ts';

it('a value with orders to a terminal in it is written out, and stays one field', () => {
  const row: ReportRow = {
    cap_id: 'customer/day',
    scope: 'customer:a\u001b[2J\u009b\u200b\r\t"b',
    window: 'day',
    starts_at: '2026-11-22T00:00:00.000Z',
    leaves_at: null,
    spent_nano_usd: 7,
    spent_tokens: 8,
    spent_calls: 1,
    held_nano_usd: 0,
    cap_nano_usd: null,
  };
  const cap = { cap_id: 'customer/day', rows: [row] };
  const [heading, line = '', end] = csvOf({ caps: [cap] } as never).split('\r\n');
  expect(heading).toMatch(/^cap_id,scope,/);
  expect(line).toBe(
    'customer/day,"customer:a\\u{1b}[2J\\u{9b}\\u{200b}\\u{d}\\u{9}""b",day,' +
      '2026-11-22T00:00:00.000Z,,7,8,1,0,',
  );
  expect(end).toBe('');
});
