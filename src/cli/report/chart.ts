import { usdText } from '../books/money.ts';
import { escaped } from './escape.ts';
import { COLOURS } from './style.ts';

/** One bar: how much of what. */
export interface Bar {
  readonly label: string;
  readonly nano: number;
}

/** One column: parts on top of each other, in the order of the series. */
export interface Column {
  readonly label: string;
  readonly parts: readonly Bar[];
}

const WIDTH = 720;
const ROW_HEIGHT = 24;
const LABEL_WIDTH = 220;
const VALUE_WIDTH = 110;
const COLUMNS_HEIGHT = 200;
const AXIS_HEIGHT = 36;

/** Bars from left to right, the longest as long as there is room: one for each scope value. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ nano }) => nano));
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const shapes = bars.map(({ label, nano }, index) => {
    const [y, width] = [index * ROW_HEIGHT, (room * nano) / most];
    const text = `${label}: ${usdText(nano)}`;
    return [
      `<g><title>${escaped(text)}</title>`,
      `<text x="${LABEL_WIDTH - 8}" y="${y + 16}" text-anchor="end">${escaped(cut(label))}</text>`,
      `<rect class="s0" x="${LABEL_WIDTH}" y="${y + 4}" width="${fixed(width)}" height="16"/>`,
      `<text class="value" x="${fixed(LABEL_WIDTH + width + 6)}" y="${y + 16}">` +
        `${usdText(nano)}</text></g>`,
    ].join('');
  });
  return svg(title, bars.length * ROW_HEIGHT, shapes);
}

/** Columns from left to right, one for each window, with its parts on top of each other. */
export function columnChart(
  title: string,
  columns: readonly Column[],
  series: readonly string[],
): string {
  const totals = columns.map(({ parts }) => parts.reduce((sum, { nano }) => sum + nano, 0));
  const most = Math.max(1, ...totals);
  const step = (WIDTH - LABEL_WIDTH / 2) / Math.max(1, columns.length);
  const left = LABEL_WIDTH / 2;
  const every = Math.ceil(columns.length / LABELS_MAX);
  const shapes = columns.map(({ label, parts }, index) => {
    const x = left + index * step;
    let y = COLUMNS_HEIGHT;
    const rects = parts.map((part) => {
      const height = ((COLUMNS_HEIGHT - 12) * part.nano) / most;
      y -= height;
      const colour = series.indexOf(part.label) % COLOURS;
      const place = `x="${fixed(x)}" y="${fixed(y)}" width="${fixed(step * 0.8)}"`;
      const text = `${label}, ${part.label}: ${usdText(part.nano)}`;
      const rect = `<rect class="s${colour}" ${place} height="${fixed(height)}">`;
      return `${rect}<title>${escaped(text)}</title></rect>`;
    });
    const isLabelled = index % every === 0;
    const under = isLabelled
      ? `<text x="${fixed(x)}" y="${COLUMNS_HEIGHT + 18}">${escaped(label)}</text>`
      : '';
    return rects.join('') + under;
  });
  const axis = [
    `<text x="${left - 8}" y="12" text-anchor="end">${usdText(most === 1 ? 0 : most)}</text>`,
    `<text x="${left - 8}" y="${COLUMNS_HEIGHT}" text-anchor="end">$0</text>`,
    `<line x1="${left}" y1="${COLUMNS_HEIGHT}" x2="${WIDTH}" y2="${COLUMNS_HEIGHT}"/>`,
  ];
  return svg(title, COLUMNS_HEIGHT + AXIS_HEIGHT, [...axis, ...shapes]);
}

const LABELS_MAX = 8;
const LABEL_CHARS_MAX = 30;

function svg(title: string, height: number, shapes: readonly string[]): string {
  const name = escaped(title);
  return [
    `<svg role="img" aria-label="${name}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<title>${name}</title>`,
    ...shapes,
    '</svg>',
  ].join('\n');
}

function cut(label: string): string {
  return label.length <= LABEL_CHARS_MAX ? label : `${label.slice(0, LABEL_CHARS_MAX - 1)}…`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
