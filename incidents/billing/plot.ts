import { text } from '../report/plot.ts';
import { BUDGET_MIN, CHANGE_AT_MIN, END_MIN } from './case.ts';
import type { Point } from './play.ts';
import type { CaseResult } from './result.ts';

const PANEL_WIDTH = 330;
const PANEL_HEIGHT = 210;
const COLUMNS = 3;
const MARGIN = 24;
const LEFT = 40;
const TOP = 34;
const BOTTOM = 30;
const LEGEND_HEIGHT = 34;
const COLORS = { alert: '#c0392b', card: '#d68910', stated: '#1f7a5c', grey: '#999999' } as const;

const LEGEND: readonly (readonly [keyof typeof COLORS, string])[] = [
  ['alert', 'stopped by the provider’s alert, 10, 20 and 30 minutes late (dots)'],
  ['card', 'hardcap, dollars by its price card'],
  ['stated', 'hardcap, answers state their cost'],
];

/** Six small plots of the bill over time, in budgets: an SVG that stands by itself. */
export function plotOf(results: readonly CaseResult[]): string {
  const rows = Math.ceil(results.length / COLUMNS);
  const width = MARGIN * 2 + PANEL_WIDTH * COLUMNS;
  const height = MARGIN * 2 + LEGEND_HEIGHT + PANEL_HEIGHT * rows;
  const panels = results.map((result, index) => {
    const x = MARGIN + (index % COLUMNS) * PANEL_WIDTH;
    const y = MARGIN + LEGEND_HEIGHT + Math.floor(index / COLUMNS) * PANEL_HEIGHT;
    return `<g transform="translate(${x} ${y})">\n${panel(result).join('\n')}\n</g>`;
  });
  const legend = LEGEND.map(([color, words], index) => {
    const x = MARGIN + LEFT + index * 350;
    const line = `<line x1="${x - 26}" y1="16" x2="${x - 6}" y2="16" stroke="${COLORS[color]}" stroke-width="3"/>`;
    return `${line}\n${text({ x, y: 20, words, size: 12 })}`;
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" role="img">`,
    '<title>Bills that changed overnight: what an alert and what a cap let through</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...legend,
    ...panels,
    '</svg>',
  ].join('\n')}\n`;
}

function panel({ one, uncapped, alerts, card, stated, budgetNano }: CaseResult): readonly string[] {
  const slowest = alerts.at(-1)?.stopped;
  const alerted = uncapped.points.filter(({ minute }) => minute <= (slowest?.minute ?? END_MIN));
  const top = Math.max(1.5, (slowest?.billedNano ?? 0) / budgetNano) * 1.08;
  const atX = (minute: number) => LEFT + (minute / END_MIN) * (PANEL_WIDTH - LEFT - 16);
  const atY = (billedNano: number) =>
    TOP + (1 - billedNano / budgetNano / top) * (PANEL_HEIGHT - TOP - BOTTOM);
  const path = (points: readonly Point[], color: string) => {
    const steps = points.map(({ minute, billedNano }) => {
      return `${atX(minute).toFixed(1)} ${atY(billedNano).toFixed(1)}`;
    });
    return `<polyline points="${steps.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`;
  };
  const rule = (from: readonly [number, number], to: readonly [number, number]) =>
    `<line x1="${from[0].toFixed(1)}" y1="${from[1].toFixed(1)}" x2="${to[0].toFixed(1)}" ` +
    `y2="${to[1].toFixed(1)}" stroke="${COLORS.grey}" stroke-dasharray="4 3"/>`;
  const ending = (point: Point | undefined, color: string) =>
    point === undefined
      ? ''
      : `<circle cx="${atX(point.minute).toFixed(1)}" cy="${atY(point.billedNano).toFixed(1)}" r="3.5" fill="${color}"/>`;
  return [
    text({ x: LEFT, y: 18, words: one.name, size: 14, extra: ' font-weight="bold"' }),
    rule([atX(0), atY(budgetNano)], [atX(END_MIN), atY(budgetNano)]),
    rule([atX(CHANGE_AT_MIN), TOP], [atX(CHANGE_AT_MIN), PANEL_HEIGHT - BOTTOM]),
    text({ x: 0, y: atY(budgetNano) + 4, words: 'budget', size: 11 }),
    text({ x: 8, y: TOP + 8, words: `${top.toFixed(1)}x`, size: 11 }),
    ...[0, CHANGE_AT_MIN, BUDGET_MIN, END_MIN].map((minute) =>
      text({ x: atX(minute) - 6, y: PANEL_HEIGHT - 12, words: `${minute}`, size: 11 }),
    ),
    text({ x: atX(END_MIN) - 44, y: PANEL_HEIGHT, words: 'minutes', size: 11 }),
    path(alerted, COLORS.alert),
    ...alerts.map(({ stopped }) => ending(stopped, COLORS.alert)),
    path(card.points, COLORS.card),
    ending(card.points.at(-1), COLORS.card),
    path(stated.points, COLORS.stated),
    ending(stated.points.at(-1), COLORS.stated),
  ];
}
