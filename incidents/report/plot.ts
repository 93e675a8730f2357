import type { PolicyName } from '../policies/policy.ts';
import { figuresOf, type Figures, type Report } from './results.ts';
import { percent, policiesIn } from './tables.ts';

/** A panel of bars: one for each policy, from 0 to 100 %. */
interface Panel {
  readonly title: string;
  readonly note: string;
  readonly color: string;
  readonly value: (figures: Figures) => number;
  readonly label: (figures: Figures) => string;
}

const PANELS: readonly Panel[] = [
  {
    title: 'Runs over the cap',
    note: 'share of runs in which more was billed than the cap; less is better',
    color: '#c0392b',
    value: ({ runsOver, runs }) => (runs === 0 ? 0 : runsOver / runs),
    label: ({ runsOver, runs }) => `${runsOver} of ${runs}`,
  },
  {
    title: 'Runs with a needless refusal',
    note: 'a call was refused whose true cost would have fitted; less is better',
    color: '#d68910',
    value: ({ runsNeedless, runs }) => (runs === 0 ? 0 : runsNeedless / runs),
    label: ({ runsNeedless, runs }) => `${runsNeedless} of ${runs}`,
  },
  {
    title: 'Use of what fits',
    note: 'billed over what perfect foresight lets through under the cap; more is better',
    color: '#1f7a5c',
    value: ({ fittingUse }) => fittingUse,
    label: ({ fittingUse }) => percent(fittingUse),
  },
];

const NAMES_WIDTH = 150;
const BARS_WIDTH = 190;
const LABEL_WIDTH = 96;
const PANEL_WIDTH = BARS_WIDTH + LABEL_WIDTH;
const BAR_HEIGHT = 20;
const ROW_HEIGHT = 32;
const HEAD_HEIGHT = 76;
const MARGIN = 16;

/** Three panels side by side, a row for each policy: an SVG that stands by itself. */
export function plotOf(report: Report): string {
  const policies = policiesIn(report);
  const figures = policies.map((name) => figuresOf(name, report.plays));
  const width = MARGIN * 2 + NAMES_WIDTH + PANEL_WIDTH * PANELS.length;
  const height = MARGIN * 2 + HEAD_HEIGHT + ROW_HEIGHT * policies.length;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" role="img">`,
    `<title>Real overruns, replayed under seven policies</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...policies.map((name, index) => nameText(name, index)),
    ...PANELS.flatMap((panel, index) => panelParts(panel, index, figures)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function nameText(name: PolicyName, index: number): string {
  const isOwn = name.startsWith('hardcap');
  const weight = isOwn ? ' font-weight="bold"' : '';
  const x = MARGIN + NAMES_WIDTH - 10;
  return text({
    x,
    y: middleOf(index),
    words: name,
    size: 13,
    extra: ` text-anchor="end"${weight}`,
  });
}

function panelParts(panel: Panel, index: number, figures: readonly Figures[]): readonly string[] {
  const left = MARGIN + NAMES_WIDTH + index * PANEL_WIDTH;
  const [first, second] = halves(panel.note);
  const bars = figures.flatMap((one, row) => {
    const value = Math.max(0, Math.min(1, panel.value(one)));
    const y = topOf(row);
    const length = Math.round(value * BARS_WIDTH);
    return [
      rect({ x: left, y, width: BARS_WIDTH, fill: '#f1f1f1' }),
      rect({ x: left, y, width: length, fill: panel.color }),
      text({ x: left + BARS_WIDTH + 6, y: middleOf(row), words: panel.label(one), size: 12 }),
    ];
  });
  return [
    text({ x: left, y: MARGIN + 16, words: panel.title, size: 15, extra: ' font-weight="bold"' }),
    text({ x: left, y: MARGIN + 36, words: first, size: 11, extra: ' fill="#555555"' }),
    text({ x: left, y: MARGIN + 51, words: second, size: 11, extra: ' fill="#555555"' }),
    ...bars,
  ];
}

/** A note in two lines of like length. */
function halves(note: string): readonly [string, string] {
  const words = note.split(' ');
  const cut = words.findIndex(
    (_, at) => words.slice(0, at + 1).join(' ').length >= note.length / 2,
  );
  return [words.slice(0, cut + 1).join(' '), words.slice(cut + 1).join(' ')];
}

function topOf(row: number): number {
  return MARGIN + HEAD_HEIGHT + row * ROW_HEIGHT;
}

function middleOf(row: number): number {
  return topOf(row) + BAR_HEIGHT / 2 + 4;
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly fill: string;
}

/** A bar of a plot. */
export function rect({ x, y, width, fill }: Rect): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${fill}"/>`;
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly words: string;
  readonly size: number;
  readonly extra?: string;
}

/** Words in a plot. */
export function text({ x, y, words, size, extra = '' }: Text): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" font-size="${size}"${extra}>${safe}</text>`;
}
