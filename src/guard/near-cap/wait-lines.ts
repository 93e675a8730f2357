import { invariant } from '../../errors/error.ts';

/** Whoever stands in lines; tickets are unique and given in the order of arrival. */
export interface InLine {
  readonly ticket: number;
}

/**
 * One line for each account, each in the order of tickets whoever joins when. A line is open while
 * its first is to be looked at; when the first leaves, the line opens for the next.
 */
export class WaitLines<W extends InLine> {
  /** By account; none is empty. */
  readonly #lines = new Map<string, W[]>();
  readonly #open = new Set<string>();

  /** Whether any line is open. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** The first of these accounts where somebody with an earlier ticket, or anybody, stands. */
  ahead(keys: Iterable<string>, ticket = Number.POSITIVE_INFINITY): string | undefined {
    for (const key of keys) {
      const first = this.#lines.get(key)?.[0];
      if (first !== undefined && first.ticket < ticket) return key;
    }
    return undefined;
  }

  /** Has the first of the line looked at; nothing where nobody stands. */
  open(key: string): void {
    if (this.#lines.has(key)) this.#open.add(key);
  }

  /** The earliest of all that are first in an open line; closes each line that it is first in. */
  next(): W | undefined {
    let next: W | undefined;
    for (const key of this.#open) {
      const first = this.#lines.get(key)?.[0];
      if (first !== undefined && (next === undefined || first.ticket < next.ticket)) next = first;
    }
    for (const key of this.#open) {
      if (this.#lines.get(key)?.[0] === next) this.#open.delete(key);
    }
    return next;
  }

  /** Stands in the line by the ticket, so possibly before others. */
  join(key: string, waiter: W): void {
    const line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, [waiter]);
    else line.splice(placeOf(line, waiter.ticket), 0, waiter);
  }

  /** Leaves the line. If it was the first there, the line opens for the next. */
  quit(key: string, waiter: W): void {
    const line = this.#lines.get(key) ?? [];
    const place = placeOf(line, waiter.ticket);
    invariant(line[place] === waiter, 'a waiter leaves only lines that it stands in');
    line.splice(place, 1);
    if (line.length === 0) {
      this.#lines.delete(key);
      this.#open.delete(key);
    } else if (place === 0) this.#open.add(key);
  }
}

/** Where the ticket stands in the line, or would stand. */
function placeOf(line: readonly InLine[], ticket: number): number {
  let [from, to] = [0, line.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((line[middle]?.ticket ?? ticket) < ticket) from = middle + 1;
    else to = middle;
  }
  return from;
}
