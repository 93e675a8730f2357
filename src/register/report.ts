/** The way by which a request wanted to leave. */
export type Channel = 'fetch' | 'undici' | 'http' | 'https' | 'socket';

/** What became of it here. */
export type EgressOutcome =
  /** Money was held, and it left. */
  | 'held'
  /** It costs nothing, and left. */
  | 'free'
  /** A wrapper further out holds it already, and it left. */
  | 'already guarded'
  /** The guard said no, or nothing could be read of it. It did not leave. */
  | 'refused'
  /** No rule says what it costs. It did not leave. */
  | 'unknown route'
  /** It went elsewhere than to a provider that is known. */
  | 'not a provider host';

/** One line of the report. */
export interface EgressRow {
  readonly host: string;
  /** The provider's own word for it, or method and path; `*` where nothing was looked at. */
  readonly route: string;
  readonly channel: Channel;
  readonly outcome: EgressOutcome;
  readonly count: number;
}

/** The most lines; what comes after them is counted under the host `(others)`. */
const ROWS_MAX = 1_000;

const OTHERS = '(others)';

/** Counts what left this process and what did not, by host, route, channel and outcome. */
export class EgressReport {
  readonly #rows = new Map<string, EgressRow>();

  note(row: Omit<EgressRow, 'count'>): void {
    const known = this.#rows.get(keyOf(row));
    const { host, route } =
      known === undefined && this.#rows.size >= ROWS_MAX ? { host: OTHERS, route: '*' } : row;
    const noted = { ...row, host, route };
    const key = keyOf(noted);
    this.#rows.set(key, { ...noted, count: (this.#rows.get(key)?.count ?? 0) + 1 });
  }

  /** Every line, by host, route, channel and outcome. */
  get rows(): readonly EgressRow[] {
    return [...this.#rows.values()].sort((left, right) =>
      keyOf(left) < keyOf(right) ? -1 : Number(keyOf(left) > keyOf(right)),
    );
  }

  /** How often each outcome came, over all hosts. */
  totals(): Readonly<Record<EgressOutcome, number>> {
    const totals: Record<EgressOutcome, number> = {
      held: 0,
      free: 0,
      'already guarded': 0,
      refused: 0,
      'unknown route': 0,
      'not a provider host': 0,
    };
    for (const { outcome, count } of this.#rows.values()) totals[outcome] += count;
    return totals;
  }
}

function keyOf({ host, route, channel, outcome }: Omit<EgressRow, 'count'>): string {
  return [host, route, channel, outcome].join('\n');
}
