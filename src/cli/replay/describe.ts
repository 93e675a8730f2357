import type { View } from '../command.ts';
import { instantText } from '../books/money.ts';
import { escaped, markdownTable, textTable } from '../simulate/describe.ts';
import { saidDimensions } from '../simulate/groups.ts';
import { callsText, forecastUsd, shareText } from '../simulate/money-text.ts';
import { GROUPS_SHOWN_MAX, type SimulationTable } from '../simulate/tables.ts';
import type { MostUsed, RefusedCall, ReplayAnswer, ReplayedGroup } from './answer.ts';

/** Refused calls that are shown; `--json` has all. */
const REFUSALS_SHOWN_MAX = 20;

/** The answer as a text for a terminal. */
export function describeReplay(answer: ReplayAnswer, view: View): string {
  const { paint } = view;
  const verdict = verdictOf(answer);
  return [
    headline(answer),
    ...tablesOf(answer).map((table) => `${paint.bold(table.title)}\n${textTable(table, view)}`),
    ...answer.notes.map((note) => paint.dim(note)),
    answer.refused_calls === 0 ? paint.green(verdict) : paint.red(verdict),
  ].join('\n\n');
}

/** The same as Markdown. */
export function markdownReplay(answer: ReplayAnswer): string {
  const tables = tablesOf(answer).map((table) => `#### ${table.title}\n\n${markdownTable(table)}`);
  return `${[
    `### ${answer.refused_calls === 0 ? '✅' : '❌'} hardcap replay`,
    escaped(verdictOf(answer)),
    escaped(headline(answer)),
    ...tables,
    answer.notes.map((note) => `- ${escaped(note)}`).join('\n'),
  ].join('\n\n')}\n`;
}

function headline({ source, calls, from, to }: ReplayAnswer): string {
  return `${source}: ${counted(calls)}, from ${instantText(from)} to ${instantText(to)}.`;
}

function verdictOf(answer: ReplayAnswer): string {
  const { refused_calls: refused, adapted_calls: adapted, calls } = answer;
  const [billed, underCaps] = [answer.billed_nano_usd, answer.under_caps_nano_usd].map(forecastUsd);
  const sums = `${billed} was billed, and ${underCaps} would have been under the caps`;
  const changed = adapted === 0 ? '' : `; ${counted(adapted)} would have been changed to fit`;
  if (refused === 0) return `No call would have been refused: ${sums}${changed}.`;
  const share = shareText(refused / calls);
  const part = `${counted(refused)} of ${callsText(calls)} (${share})`;
  return `${part} would have been refused: ${sums}${changed}.`;
}

function counted(calls: number): string {
  return `${callsText(calls)} ${calls === 1 ? 'call' : 'calls'}`;
}

function tablesOf(answer: ReplayAnswer): readonly SimulationTable[] {
  const { refusals } = answer;
  return [
    billTable(answer),
    capTable(answer),
    ...(refusals.length === 0 ? [] : [refusalTable(refusals)]),
  ];
}

const NUMBER = { isNumber: true } as const;

function billTable(answer: ReplayAnswer): SimulationTable {
  const rows = saidDimensions(answer).flatMap((dimension) => {
    const own = answer.groups.filter((group) => group.dimension === dimension);
    const shown = own
      .slice(0, GROUPS_SHOWN_MAX)
      .map((group) => ({ cells: billCells(`${dimension} ${group.value}`, group) }));
    const hidden = own.length - shown.length;
    return hidden <= 0 ? shown : [...shown, { cells: [`${dimension}: ${hidden} more`] }];
  });
  return {
    title: 'What was billed, and what would have been',
    columns: [
      { title: '' },
      { title: 'calls', ...NUMBER },
      { title: 'refused', ...NUMBER },
      { title: 'billed', ...NUMBER },
      { title: 'under the caps', ...NUMBER },
    ],
    rows: [{ cells: billCells('total', answer) }, ...rows],
  };
}

function billCells(
  name: string,
  sums: Omit<ReplayedGroup, 'dimension' | 'value'>,
): readonly string[] {
  return [
    name,
    callsText(sums.calls),
    callsText(sums.refused_calls),
    forecastUsd(sums.billed_nano_usd),
    forecastUsd(sums.under_caps_nano_usd),
  ];
}

function capTable({ caps }: ReplayAnswer): SimulationTable {
  return {
    title: 'Caps',
    columns: [
      { title: 'cap' },
      { title: 'refused', ...NUMBER },
      { title: 'first' },
      { title: 'for' },
      { title: 'most used' },
    ],
    rows: caps.map((cap) => ({
      cells: [
        `${cap.cap_id}${cap.is_observed ? ' (observes)' : ''}`,
        callsText(cap.refused_calls),
        cap.first_refused === null ? '-' : instantText(cap.first_refused.at),
        cap.first_refused?.scope ?? '-',
        cap.most_used === null ? '-' : useText(cap.most_used),
      ],
      isBad: cap.refused_calls > 0 && !cap.is_observed,
    })),
  };
}

function useText({ scope, used_of: unit, used_share: share, spent, cap }: MostUsed): string {
  const amounts =
    unit === 'usd'
      ? `${forecastUsd(spent)} of ${forecastUsd(cap)}`
      : `${callsText(spent)} of ${callsText(cap)} ${unit}`;
  return `${amounts} (${shareText(share)}), ${scope}`;
}

function refusalTable(refusals: readonly RefusedCall[]): SimulationTable {
  const rows = refusals.slice(0, REFUSALS_SHOWN_MAX).map((refusal) => ({
    cells: [
      instantText(refusal.at),
      String(refusal.call),
      refusal.model,
      refusal.cap_id ?? refusal.code ?? '',
      `${refusal.scope ?? '-'}${refusal.is_observed ? ' (observes, and lets it go)' : ''}`,
    ],
  }));
  const hidden = refusals.length - rows.length;
  return {
    title: 'Calls that would have been refused',
    columns: [
      { title: 'at' },
      { title: 'call', ...NUMBER },
      { title: 'model' },
      { title: 'by' },
      { title: 'for' },
    ],
    rows: hidden <= 0 ? rows : [...rows, { cells: [`${hidden} more: --json has all`] }],
  };
}
