import type { View } from '../command.ts';

/** One cell of a table: the text is made printable before it is coloured. */
export interface Cell {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly isNumber?: true;
}

const BETWEEN = '  ';

// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from outside, without what a terminal would obey: control characters and marks that turn the
 * direction of writing are shown as `\u{1b}`.
 */
export function printable(text: string): string {
  return text.replace(CONTROL, (unit) => `\\u{${unit.charCodeAt(0).toString(16)}}`);
}

/** Rows under their titles, in columns as wide as their widest cell. */
export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  { paint }: Pick<View, 'paint'>,
): string {
  const cells = rows.map((row) => row.map(cellOf));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.text.length ?? 0)),
  );
  const line = (row: readonly Cell[]) =>
    columns
      .map(({ isNumber }, index) => {
        const { text = '', paint: colour } = row[index] ?? {};
        const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - text.length));
        const shown = colour === undefined ? text : colour(text);
        const isLast = index === columns.length - 1;
        return isNumber === true ? `${space}${shown}` : `${shown}${isLast ? '' : space}`;
      })
      .join(BETWEEN)
      .trimEnd();
  const heading = columns.map(({ title }) => ({ text: title, paint: paint.dim }));
  return [heading, ...cells].map(line).join('\n');
}

/** Words in lines of at most `columns` characters; longer words stay whole. */
export function wrapped(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (indent.length + longer.length > columns && line !== '') {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].join(`\n${indent}`);
}

function cellOf(cell: Cell | string): Cell {
  return typeof cell === 'string'
    ? { text: printable(cell) }
    : { ...cell, text: printable(cell.text) };
}
