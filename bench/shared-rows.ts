import type { SharedFigure } from './shared.ts';
import type { Row } from './table.ts';

/** Heads of the columns of `sharedRows`. */
export const SHARED_HEAD: Row = [
  'ledger',
  'processes',
  'pairs/s',
  'times direct SQLite FULL',
  'reserve p50 / p99, us',
  'settle p50 / p99, us',
  'to reach',
];

/** What a row is to reach, by ledger, in one process. */
const GOALS: Readonly<Record<string, string>> = {
  'SQLite, direct, NORMAL': 'reserve p50 <= 40',
  'SQLite, leased, FULL + journal': 'reserve p50 <= 5, settle p50 <= 3, >= 10 times',
};

/** Figures of shared ledgers; the ratio is taken inside one run, at the same count of processes. */
export function sharedRows(figures: readonly SharedFigure[]): readonly Row[] {
  return figures.map((figure) => {
    const { ledger, processes, pairsPerSecond } = figure;
    const measure = figures.find(
      (other) => other.ledger === 'SQLite, direct, FULL' && other.processes === processes,
    );
    const ratio = pairsPerSecond / (measure?.pairsPerSecond ?? Number.NaN);
    return [
      ledger,
      String(processes),
      Math.round(pairsPerSecond).toLocaleString('en-US'),
      ratio.toFixed(ratio < 10 ? 1 : 0),
      `${us(figure.reserveP50Us)} / ${us(figure.reserveP99Us)}`,
      `${us(figure.settleP50Us)} / ${us(figure.settleP99Us)}`,
      processes === 1 ? (GOALS[ledger] ?? '') : '',
    ];
  });
}

function us(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
