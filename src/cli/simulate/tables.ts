import type { CapForecast } from './cap-tally.ts';
import { deltaOf, type Change, type Comparison } from './compare.ts';
import type { Forecast } from './forecast.ts';
import { saidDimensions } from './groups.ts';
import { callsText, forecastUsd, increaseText, shareText } from './money-text.ts';
import type { Spread } from './spread.ts';
import { DIMENSIONS } from './traffic.ts';

/** A table for people, before anybody has decided how it looks. */
export interface SimulationTable {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly isNumber?: true }[];
  readonly rows: readonly TableRow[];
}

/** Cells of a row; `isBad`: it is why the answer is no. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly isBad?: boolean;
}

/** Groups of one dimension that are shown; `--json` has all. */
export const GROUPS_SHOWN_MAX = 12;

const NUMBER = { isNumber: true } as const;

/** What a day costs, whole and by group. */
export function forecastTable(forecast: Forecast): SimulationTable {
  const { cost, groups, calls_per_day: calls } = forecast;
  const rows = saidDimensions(forecast).flatMap((dimension) => {
    const own = groups.filter((group) => group.dimension === dimension);
    const shown = own.slice(0, GROUPS_SHOWN_MAX).map((group) => ({
      cells: [`${dimension} ${group.value}`, callsText(group.calls_per_day), ...costs(group.cost)],
    }));
    const hidden = own.length - shown.length;
    if (hidden <= 0) return shown;
    return [...shown, { cells: [`${dimension}: ${hidden} more`, '', '', '', '', ''] }];
  });
  return {
    title: 'Cost of a day, nothing refused',
    columns: [
      { title: '' },
      { title: 'calls', ...NUMBER },
      { title: 'mean', ...NUMBER },
      { title: 'p50', ...NUMBER },
      { title: 'p90', ...NUMBER },
      { title: 'p99', ...NUMBER },
    ],
    rows: [{ cells: ['total', callsText(calls), ...costs(cost)] }, ...rows],
  };
}

/** What the caps would do. */
export function capsTable(caps: readonly CapForecast[]): SimulationTable {
  return {
    title: 'Caps that would bind',
    columns: [
      { title: 'cap' },
      { title: 'days', ...NUMBER },
      { title: 'first' },
      { title: 'refused a day', ...NUMBER },
      { title: 'most often' },
    ],
    rows: caps.map((cap) => ({
      cells: [
        `${cap.cap_id}${cap.is_observed ? ' (observes)' : ''}`,
        shareText(cap.days_bound_share),
        `day ${cap.first_bound.day}, ${cap.first_bound.time}`,
        callsText(cap.refused_per_day),
        cap.most_refused,
      ],
    })),
  };
}

/** What changed since the baseline. */
export function changesTable({ changes }: Comparison): SimulationTable {
  return {
    title: 'Against the baseline: mean calls a day, cost of a call, cost of a day',
    columns: [
      { title: '' },
      { title: 'calls', ...NUMBER },
      { title: 'now', ...NUMBER },
      { title: 'a call', ...NUMBER },
      { title: 'now', ...NUMBER },
      { title: 'a day', ...NUMBER },
      { title: 'now', ...NUMBER },
      { title: 'more', ...NUMBER },
      { title: 'change', ...NUMBER },
      { title: '' },
    ],
    rows: shownChanges(changes).map((change) => ({
      cells: changeCells(change),
      isBad: change.is_over,
    })),
  };
}

function shownChanges(changes: readonly Change[]): readonly Change[] {
  return ['total', ...DIMENSIONS].flatMap((dimension) => {
    const own = changes.filter((change) => change.dimension === dimension);
    return own.filter((change, index) => change.is_over || index < GROUPS_SHOWN_MAX);
  });
}

function changeCells(change: Change): readonly string[] {
  const { dimension, value, before, after, is_over: isOver } = change;
  const [was, is] = [before ?? undefined, after ?? undefined];
  return [
    `${dimension} ${value}`.trim(),
    was === undefined ? '-' : callsText(was.calls_per_day),
    is === undefined ? '-' : callsText(is.calls_per_day),
    perCall(was),
    perCall(is),
    was === undefined ? '-' : forecastUsd(was.mean_nano_usd),
    is === undefined ? '-' : forecastUsd(is.mean_nano_usd),
    forecastUsd(deltaOf(change)),
    increaseText(was?.mean_nano_usd, is?.mean_nano_usd),
    isOver ? 'too much' : '',
  ];
}

function perCall(side: Change['before'] | undefined): string {
  if (side === undefined || side === null || side.calls_per_day === 0) return '-';
  return forecastUsd(side.mean_nano_usd / side.calls_per_day);
}

function costs(spread: Spread): readonly string[] {
  return [
    forecastUsd(spread.mean_nano_usd),
    forecastUsd(spread.p50_nano_usd),
    forecastUsd(spread.p90_nano_usd),
    forecastUsd(spread.p99_nano_usd),
  ];
}
