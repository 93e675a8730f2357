/** The drawings of the Blueprint as SVG: boxes on a grid, arrows between them. No layout is guessed. */

/** One box; its place and size in cells of the grid. */
export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h?: number;
  /** The first line is the name; the others are smaller. */
  readonly lines: readonly string[];
  /** `frame` only encloses others, `no` is a refusal, `store` keeps something. */
  readonly kind?: 'plain' | 'frame' | 'guard' | 'no' | 'store';
}

/** An arrow from one box to another, drawn between the sides that face each other. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
  readonly kind?: 'plain' | 'dashed' | 'no';
  readonly isBothWays?: boolean;
}

/** One drawing. */
export interface Drawing {
  readonly name: string;
  /** What it shows, in a sentence: also for readers who do not see it. */
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const CELL = { w: 20, h: 20 } as const;
const MARGIN = 12;
const LINE_HEIGHT = 16;
const FILL = { plain: '#f6f8fa', frame: 'none', guard: '#ddf4ff', no: '#ffebe9', store: '#fff8c5' };
const STROKE = {
  plain: '#57606a',
  frame: '#8c959f',
  guard: '#0969da',
  no: '#cf222e',
  store: '#9a6700',
};

/** The drawing as an SVG file. */
export function svgOf({ title, boxes, arrows }: Drawing): string {
  const width = Math.max(...boxes.map(({ x, w }) => x + w)) * CELL.w + 2 * MARGIN;
  const height = Math.max(...boxes.map(({ y, h = 3 }) => y + h)) * CELL.h + 2 * MARGIN;
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const ends = arrows.map((arrow) => {
    const [from, to] = [byId.get(arrow.from), byId.get(arrow.to)];
    if (from === undefined || to === undefined)
      throw new Error(`No box for ${JSON.stringify(arrow)}`);
    return drawnArrow(arrow, from, to);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
      `height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    '<defs>',
    marker('head', '#57606a'),
    marker('head-no', '#cf222e'),
    '</defs>',
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    ...boxes.filter(({ kind }) => kind === 'frame').map(drawnBox),
    ...ends,
    ...boxes.filter(({ kind }) => kind !== 'frame').map(drawnBox),
    '</svg>',
    '',
  ].join('\n');
}

function marker(id: string, color: string): string {
  return (
    `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" ` +
    `orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="${color}"/></marker>`
  );
}

function drawnBox({ x, y, w, h = 3, lines, kind = 'plain' }: Box): string {
  const [left, top] = [x * CELL.w + MARGIN, y * CELL.h + MARGIN];
  const isFrame = kind === 'frame';
  const dash = isFrame ? ' stroke-dasharray="5 4"' : '';
  const rect =
    `<rect x="${left}" y="${top}" width="${w * CELL.w}" height="${h * CELL.h}" rx="5" ` +
    `fill="${FILL[kind]}" stroke="${STROKE[kind]}"${dash}/>`;
  const middle = top + (h * CELL.h) / 2 - ((lines.length - 1) * LINE_HEIGHT) / 2 + 4;
  const texts = lines.map((line, index) => {
    const at = isFrame
      ? `x="${left + 8}" y="${top + 15 + index * LINE_HEIGHT}"`
      : `x="${left + (w * CELL.w) / 2}" y="${middle + index * LINE_HEIGHT}" text-anchor="middle"`;
    const look = index === 0 ? 'font-weight="600" fill="#1f2328"' : 'font-size="11" fill="#57606a"';
    return `<text ${at} ${look}>${escaped(line)}</text>`;
  });
  return [rect, ...texts].join('\n');
}

function drawnArrow({ label, kind = 'plain', isBothWays }: Arrow, from: Box, to: Box): string {
  const [[x1, y1], [x2, y2]] = facing(from, to);
  const color = kind === 'no' ? '#cf222e' : '#57606a';
  const head = kind === 'no' ? 'head-no' : 'head';
  const dash = kind === 'dashed' ? ' stroke-dasharray="4 3"' : '';
  const start = isBothWays === true ? ` marker-start="url(#${head})"` : '';
  const line =
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${color}"${dash}${start} ` +
    `marker-end="url(#${head})"/>`;
  if (label === undefined) return line;
  const isUpright = Math.abs(x1 - x2) < Math.abs(y1 - y2);
  const [x, y] = [(x1 + x2) / 2 + (isUpright ? 6 : 0), (y1 + y2) / 2 + (isUpright ? 4 : -5)];
  const anchor = isUpright ? 'start' : 'middle';
  const text = `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="11" fill="${color}">`;
  return `${line}\n${text}${escaped(label)}</text>`;
}

type Point = readonly [x: number, y: number];

/** Where an arrow leaves one box and meets the other: on the sides that face each other. */
function facing(from: Box, to: Box): readonly [Point, Point] {
  const [a, b] = [edges(from), edges(to)];
  const [overX, overY] = [
    overlap(a.left, a.right, b.left, b.right),
    overlap(a.top, a.bottom, b.top, b.bottom),
  ];
  if (overX !== undefined) {
    return a.bottom <= b.top
      ? [
          [overX, a.bottom],
          [overX, b.top],
        ]
      : [
          [overX, a.top],
          [overX, b.bottom],
        ];
  }
  const y1 = overY ?? (a.top + a.bottom) / 2;
  const y2 = overY ?? (b.top + b.bottom) / 2;
  return a.right <= b.left
    ? [
        [a.right, y1],
        [b.left, y2],
      ]
    : [
        [a.left, y1],
        [b.right, y2],
      ];
}

function edges({ x, y, w, h = 3 }: Box) {
  const [left, top] = [x * CELL.w + MARGIN, y * CELL.h + MARGIN];
  return { left, top, right: left + w * CELL.w, bottom: top + h * CELL.h };
}

/** The middle of what two stretches share; `undefined` where they share nothing. */
function overlap(a1: number, a2: number, b1: number, b2: number): number | undefined {
  const [low, high] = [Math.max(a1, b1), Math.min(a2, b2)];
  return low < high ? (low + high) / 2 : undefined;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
