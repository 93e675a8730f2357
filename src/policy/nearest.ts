/** Finding what was meant by a name that does not exist. Only on the way to an error. */

const COMPARED_CHARS_MAX = 80;

/**
 * The candidate with the smallest edit distance, letter case aside; the first of equals.
 *
 * `undefined` when even that one shares less than half of its letters with `text`.
 */
export function nearestOf(text: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  const wanted = text.toLowerCase();
  for (const name of candidates) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  if (best === undefined) return undefined;
  return best.distance * 2 <= Math.max(text.length, best.name.length) ? best.name : undefined;
}

/**
 * How many insertions, deletions, replacements and swaps of neighbours turn one text into the
 * other. Only the first 80 UTF-16 units of each are compared.
 */
export function editDistance(left: string, right: string): number {
  const a = left.slice(0, COMPARED_CHARS_MAX);
  const b = right.slice(0, COMPARED_CHARS_MAX);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      current[column] = cheapest({ a, b, row, column, current, last, beforeLast });
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

function cheapest(cell: {
  readonly a: string;
  readonly b: string;
  readonly row: number;
  readonly column: number;
  readonly current: readonly number[];
  readonly last: readonly number[];
  readonly beforeLast: readonly number[];
}): number {
  const { a, b, row, column, current, last, beforeLast } = cell;
  const same = a[row - 1] === b[column - 1];
  const replaced = (last[column - 1] ?? Infinity) + (same ? 0 : 1);
  const removed = (last[column] ?? Infinity) + 1;
  const added = (current[column - 1] ?? Infinity) + 1;
  const swaps =
    row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
  const swapped = swaps ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity;
  return Math.min(replaced, removed, added, swapped);
}
