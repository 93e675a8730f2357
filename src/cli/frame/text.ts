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

/**
 * What a terminal obeys or does not show: control characters, marks that turn the direction of
 * writing, characters of no width, halves of characters, and spaces that are none.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/**
 * Text from outside, without what a terminal would obey and with what it would not show: each such
 * character is written as `\u{1b}`. So two texts that differ look different.
 */
export function printable(text: string): string {
  return text.replace(UNSEEN, (unit) => `\\u{${hexOf(unit)}}`);
}

/** The same line by line: for messages, which may have several. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** The same JSON, with each such character in an escape of JSON. */
export function printableJson(json: string): string {
  return json.replace(UNSEEN, (units) =>
    units === '\n'
      ? units
      : Array.from({ length: units.length }, (_, at) => {
          return `\\u${units.charCodeAt(at).toString(16).padStart(4, '0')}`;
        }).join(''),
  );
}

function hexOf(unit: string): string {
  return (unit.codePointAt(0) ?? 0).toString(16);
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
