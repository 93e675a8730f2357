import { countText, instantText, usdText } from '../books/money.ts';
import { barChart, columnChart, type Column } from './chart.ts';
import type { CapReport, SpendReport, ReportRow } from './spend-report.ts';
import { escaped } from './escape.ts';
import { COLOURS, STYLE } from './style.ts';

/** Scope values that a chart shows one by one; the others are one part together. */
const SERIES_MAX = COLOURS - 1;
const BARS_MAX = 15;
const COLUMNS_MAX = 60;
const OTHERS = 'all others';

/**
 * The report as one HTML page that loads nothing: styles, charts and figures are all in it, and no
 * script. Every figure of money is exact, and stands in `data-nano` in whole nano-dollars, too.
 */
export function pageOf(data: SpendReport): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<title>hardcap: spend</title>',
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<h1>Spend</h1>',
    `<p>${escaped(aboutText(data))}</p>`,
    data.caps.length === 0 ? '<p>Nothing was spent.</p>' : summary(data),
    ...data.caps.map(capSection),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function aboutText({ made_at: madeAt, ledger, since, until }: SpendReport): string {
  const from = since === null ? '' : ` Windows from ${instantText(since)}.`;
  const to = until === null ? '' : ` Windows before ${instantText(until)}.`;
  return (
    `Of ${ledger}, read ${instantText(madeAt)}. Each cap counts the same calls by its own rule, ` +
    `so sums of different caps do not add up.${from}${to}`
  );
}

function summary({ caps }: SpendReport): string {
  const rows = caps.map(({ cap_id: id, window, spent_nano_usd: spent, scopes }) => {
    const link = `<a href="#${anchor(id)}">${escaped(id)}</a>`;
    const count = `<td class="n">${countText(scopes.length)}</td>`;
    return `<tr><td>${link}</td><td>${escaped(window)}</td>${money('spent', spent)}${count}</tr>`;
  });
  return table(['cap', 'window', 'spent', 'scope values'], rows, 'summary');
}

function capSection(cap: CapReport): string {
  const { cap_id: id, scopes, rows } = cap;
  const bars = scopes.slice(0, BARS_MAX).map(({ scope, spent_nano_usd: nano }) => ({
    label: scope,
    nano,
  }));
  const series = [...scopes.slice(0, SERIES_MAX).map(({ scope }) => scope), OTHERS];
  const columns = columnsOf(rows, series);
  const isTimed = columns.length > 1;
  return [
    `<section id="${anchor(id)}">`,
    `<h2>${escaped(id)}</h2>`,
    ...(isTimed ? [columnChart(`${id} by window`, columns, series), legend(columns, series)] : []),
    ...(bars.length > 1 ? [barChart(`${id} by scope`, bars)] : []),
    `<details open><summary>Windows: ${countText(rows.length)}</summary>`,
    table(['scope', 'from', 'spent', 'tokens', 'calls', 'held', 'ceiling'], rows.map(line), 'rows'),
    '</details>',
    '</section>',
  ].join('\n');
}

/** The newest windows, each with what its scope values spent. */
function columnsOf(rows: readonly ReportRow[], series: readonly string[]): readonly Column[] {
  const shown = new Set(series);
  const byStart = new Map<string, Map<string, number>>();
  for (const { starts_at: start, scope, spent_nano_usd: spent } of rows) {
    const parts = byStart.get(start ?? 'lifetime') ?? new Map<string, number>();
    byStart.set(start ?? 'lifetime', parts);
    const name = shown.has(scope) ? scope : OTHERS;
    parts.set(name, (parts.get(name) ?? 0) + spent);
  }
  return [...byStart].slice(-COLUMNS_MAX).map(([start, parts]) => ({
    label: shortInstant(start),
    parts: series.flatMap((label) => {
      const nano = parts.get(label) ?? 0;
      return nano === 0 ? [] : [{ label, nano }];
    }),
  }));
}

/** `2026-11-22` for midnight, `11-22 08:15` for any other minute. */
function shortInstant(iso: string): string {
  if (!iso.includes('T')) return iso;
  return iso.includes('T00:00:00') ? iso.slice(0, 10) : iso.slice(5, 16).replace('T', ' ');
}

function legend(columns: readonly Column[], series: readonly string[]): string {
  const used = new Set(columns.flatMap(({ parts }) => parts.map(({ label }) => label)));
  const items = series.flatMap((label, index) =>
    used.has(label) ? [`<li><i class="s${index % COLOURS}"></i>${escaped(label)}</li>`] : [],
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

function line(row: ReportRow): string {
  const from = row.starts_at === null ? 'lifetime' : instantText(row.starts_at);
  const { spent_tokens: tokens, spent_calls: calls } = row;
  return [
    '<tr>',
    `<td>${escaped(row.scope)}</td>`,
    `<td>${from}</td>`,
    money('spent', row.spent_nano_usd),
    `<td class="n" data-tokens="${tokens}">${countText(tokens)}</td>`,
    `<td class="n" data-calls="${calls}">${countText(calls)}</td>`,
    money('held', row.held_nano_usd),
    row.cap_nano_usd === null ? '<td class="n">-</td>' : money('ceiling', row.cap_nano_usd),
    '</tr>',
  ].join('');
}

function money(name: string, nano: number): string {
  return `<td class="n ${name}" data-nano="${nano}">${usdText(nano)}</td>`;
}

function table(titles: readonly string[], rows: readonly string[], name: string): string {
  const heading = titles.map((title) => `<th>${title}</th>`).join('');
  return [
    `<table class="${name}"><thead><tr>${heading}</tr></thead><tbody>`,
    ...rows,
    '</tbody></table>',
  ].join('\n');
}

function anchor(id: string): string {
  return `cap-${encodeURIComponent(id).replaceAll('%', '_').replaceAll("'", '_27')}`;
}

/** Nothing is loaded and nothing runs; styles stand in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
