import { rect, text } from '../report/plot.ts';
import type { RaceCell } from './race.ts';
import { figure, mean, type Experiment, type Report } from './result.ts';
import type { SaturationRun } from './saturation.ts';

const OVER = '#c0392b';
const WITHIN = '#1f7a5c';
const GREY = '#f1f1f1';
const NAMES_WIDTH = 230;
const BARS_WIDTH = 200;
const LABEL_WIDTH = 110;
const PANEL_WIDTH = BARS_WIDTH + LABEL_WIDTH;
const ROW_HEIGHT = 32;
const HEAD_HEIGHT = 56;
const MARGIN = 16;
const BAR_MIDDLE = 14;
/** Where in a panel the cap stands; bars that are longer than the panel are cut at its end. */
const CAP_AT = { race: 0.5, capUse: 0.9 } as const;

interface Bar {
  /** Spent over cap. */
  readonly share: number;
  readonly label: string;
}

interface Panel {
  readonly title: string;
  readonly note: string;
  readonly capAt: number;
  /** One for each name. */
  readonly bars: readonly Bar[];
}

/** A plot for each experiment that has one, by its number. */
export function plotsOf({ experiments }: Report): ReadonlyMap<number, string> {
  const plots = new Map<number, string>();
  for (const experiment of experiments) {
    if (experiment.number === 1) plots.set(1, racePlot(experiment));
    if (experiment.number === 8) plots.set(8, capUsePlot(experiment));
  }
  return plots;
}

function racePlot({ figures }: Experiment): string {
  const { cells } = figures as { readonly cells: readonly RaceCell[] };
  const capUnits = Math.min(...cells.map((cell) => cell.capUnits));
  const tight = cells.filter((cell) => cell.capUnits === capUnits);
  const names = [...new Set(tight.map(({ holding }) => holding))];
  const panels = [...new Set(tight.map(({ children }) => children))].map((children): Panel => {
    const own = tight.filter((cell) => cell.children === children);
    const fitting = own[0]?.fitting ?? 0;
    return {
      title: `${children} children`,
      note: `${fitting} fit by true cost; the line is the cap`,
      capAt: CAP_AT.race,
      bars: names.map((name) => {
        const cell = own.find(({ holding }) => holding === name);
        const billed = mean(cell?.billed ?? []);
        const whole = figure(mean(cell?.completed ?? []));
        return { share: billed / capUnits, label: `${figure(billed)} · ${whole} done` };
      }),
    };
  });
  return plot(`Delegation race: units billed on a cap of ${capUnits}`, names, panels);
}

function capUsePlot({ figures }: Experiment): string {
  const { runs } = figures as { readonly runs: readonly SaturationRun[] };
  const names = [...new Set(runs.map(({ holding }) => holding))];
  const bars = names.map((name) => {
    const own = runs.filter(({ holding }) => holding === name);
    const share = mean(own.map(({ billedNano, capNano }) => billedNano / capNano));
    return { share, label: `${figure(share * 100, 2)} %` };
  });
  const note = 'mean over runs; the line is the cap';
  const panel = { title: 'Billed / cap', note, capAt: CAP_AT.capUse, bars };
  return plot('Use of the cap under a saturating load', names, [panel]);
}

/** Panels side by side, a row for each name, a line where the cap is. */
function plot(title: string, names: readonly string[], panels: readonly Panel[]): string {
  const width = MARGIN * 2 + NAMES_WIDTH + PANEL_WIDTH * panels.length;
  const height = MARGIN * 2 + HEAD_HEIGHT + ROW_HEIGHT * names.length;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...names.map((name, row) => {
      const weight = name.startsWith('hardcap') ? ' font-weight="bold"' : '';
      const extra = ` text-anchor="end"${weight}`;
      const x = MARGIN + NAMES_WIDTH - 10;
      return text({ x, y: topOf(row) + BAR_MIDDLE, words: name, size: 13, extra });
    }),
    ...panels.flatMap((panel, index) => panelParts(panel, index)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function panelParts({ title, note, capAt, bars }: Panel, index: number): readonly string[] {
  const x = MARGIN + NAMES_WIDTH + index * PANEL_WIDTH;
  const capX = x + BARS_WIDTH * capAt;
  const bottom = topOf(bars.length) - ROW_HEIGHT / 4;
  return [
    text({ x, y: MARGIN + 16, words: title, size: 15, extra: ' font-weight="bold"' }),
    text({ x, y: MARGIN + 36, words: note, size: 11, extra: ' fill="#555555"' }),
    ...bars.flatMap(({ share, label }, row) => {
      const y = topOf(row);
      const length = Math.round(Math.min(1, share * capAt) * BARS_WIDTH);
      return [
        rect({ x, y, width: BARS_WIDTH, fill: GREY }),
        rect({ x, y, width: length, fill: share > 1 ? OVER : WITHIN }),
        text({ x: x + BARS_WIDTH + 6, y: y + BAR_MIDDLE, words: label, size: 12 }),
      ];
    }),
    `<path d="M${capX} ${MARGIN + HEAD_HEIGHT - 6}V${bottom}" stroke="#111111"/>`,
  ];
}

function topOf(row: number): number {
  return MARGIN + HEAD_HEIGHT + row * ROW_HEIGHT;
}
