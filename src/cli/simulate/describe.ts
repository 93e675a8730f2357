import type { View } from '../command.ts';
import { printable, tableOf } from '../frame/text.ts';
import type { SimulationAnswer } from './answer.ts';
import type { UnderCaps } from './forecast.ts';
import { callsText, dailyCalls, forecastUsd, shareText } from './money-text.ts';
import { capsTable, changesTable, forecastTable, type SimulationTable } from './tables.ts';

/** The answer as a text for a terminal. */
export function describeAnswer(answer: SimulationAnswer, view: View): string {
  const { paint } = view;
  const tables = tablesOf(answer).map(
    (table) => `${paint.bold(table.title)}\n${textTable(table, view)}`,
  );
  return [
    headline(answer),
    ...tables,
    ...capLines(answer.forecast),
    ...answer.notes.map((note) => paint.dim(note)),
    ...verdict(answer).map((line) => (isYes(answer) ? paint.green(line) : paint.red(line))),
  ].join('\n\n');
}

/** The same as Markdown, for a pull request. */
export function markdownAnswer(answer: SimulationAnswer): string {
  const tables = tablesOf(answer).map((table) => `#### ${table.title}\n\n${markdownTable(table)}`);
  const notes = answer.notes.map((note) => `- ${escaped(note)}`).join('\n');
  return `${[
    `### ${isYes(answer) ? '✅' : '❌'} hardcap simulate`,
    ...verdict(answer).map(escaped),
    escaped(headline(answer)),
    ...tables,
    ...capLines(answer.forecast).map(escaped),
    ...(notes === '' ? [] : [notes]),
  ].join('\n\n')}\n`;
}

function isYes({ failing }: SimulationAnswer): boolean {
  return failing.length === 0;
}

function verdict(answer: SimulationAnswer): readonly string[] {
  if (!isYes(answer)) return answer.failing.map(({ message }) => message);
  const { comparison } = answer;
  if (comparison === null) return [];
  return [`Nothing became dearer by more than ${comparison.max_increase_ppm / 10_000} %.`];
}

function headline({ source, forecast, dry_run: ran }: SimulationAnswer): string {
  const { calls_per_day: calls, runs, days, seed } = forecast;
  const run = ran === null ? '' : ', run against emulated providers (nothing was billed)';
  const drawn = runs === 1 && days === 1 ? '' : `; ${runs * days} days drawn with seed ${seed}`;
  return `${source}${run}: ${dailyCalls(calls)}${drawn}.`;
}

function tablesOf({ comparison, forecast }: SimulationAnswer): readonly SimulationTable[] {
  const caps = forecast.under_caps?.caps ?? [];
  return [
    ...(comparison === null ? [] : [changesTable(comparison)]),
    forecastTable(forecast),
    ...(caps.length === 0 ? [] : [capsTable(caps)]),
  ];
}

function capLines({
  under_caps: caps,
  calls_per_day: calls,
}: SimulationAnswer['forecast']): string[] {
  if (caps === null) return [];
  if (caps.refused_per_day === 0) return ['No cap would refuse a call.'];
  return [
    `Under the caps a day costs ${forecastUsd(caps.cost.mean_nano_usd)} on average ` +
      `(p50 ${forecastUsd(caps.cost.p50_nano_usd)}, p99 ${forecastUsd(caps.cost.p99_nano_usd)}); ` +
      `${dailyCalls(caps.refused_per_day)} refused ` +
      `(${shareText(caps.refused_per_day / Math.max(calls, Number.MIN_VALUE))}), in ` +
      `${caps.runs} ${caps.runs === 1 ? 'run' : 'runs'} through the guard.`,
    ...otherRefusals(caps),
  ];
}

function otherRefusals({ other_refusals_per_day: others }: UnderCaps): readonly string[] {
  return Object.entries(others).map(
    ([code, count]) => `${callsText(count)} of them with ${code}, which no cap is the cause of.`,
  );
}

/** A table for a terminal. */
export function textTable({ columns, rows }: SimulationTable, view: View): string {
  const { paint } = view;
  return tableOf(
    columns,
    rows.map(({ cells, isBad }) =>
      cells.map((text) => (isBad === true ? { text, paint: paint.red } : text)),
    ),
    view,
  );
}

/** The same in Markdown. */
export function markdownTable({ columns, rows }: SimulationTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ isNumber }) => (isNumber === true ? '---:' : '---'))),
    ...rows.map(({ cells, isBad }) =>
      line(
        cells.map((cell) => {
          const text = escaped(cell);
          return isBad === true && text !== '' ? `**${text}**` : text;
        }),
      ),
    ),
  ].join('\n');
}

/** Names come from outside: in Markdown they are text and nothing else. */
export function escaped(text: string): string {
  return printable(text).replace(/[\\`*_[\]<>|#~&!@]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
