import type { AccountBalance } from '../guard/balance.ts';
import type { BudgetGuard } from '../guard/guard.ts';
import type { EgressReport, EgressRow } from './report.ts';

/** What left a process, what did not, and what was booked for it. Plain JSON. */
export interface RegisterReport {
  readonly pid: number;
  /** 0 in the main thread. */
  readonly thread: number;
  /** The file of the books, or `memory`: they are this thread's alone, and end with it. */
  readonly ledger: string;
  /** What this thread booked, in nano-dollars. */
  readonly booked_nano_usd: number;
  /** Holds that nobody has ended yet. */
  readonly open_holds: number;
  readonly balances: readonly AccountBalance[];
  readonly egress: readonly EgressRow[];
}

/** Counts what one guard books, for the report at the end. */
export class ExitReport {
  readonly #guard: BudgetGuard;
  readonly #egress: EgressReport;
  #booked = 0;
  #open = 0;

  constructor(guard: BudgetGuard, egress: EgressReport) {
    this.#guard = guard;
    this.#egress = egress;
    guard.on('reserved', () => {
      this.#open += 1;
    });
    guard.on('settled', ({ cost_nano_usd: cost }) => {
      this.#open -= 1;
      this.#booked += cost;
    });
  }

  /** Whether anything was addressed to a provider. */
  get isEmpty(): boolean {
    return this.#egress.rows.every(({ outcome }) => outcome === 'not a provider host');
  }

  read(about: Pick<RegisterReport, 'pid' | 'thread' | 'ledger'>): RegisterReport {
    return {
      ...about,
      booked_nano_usd: this.#booked,
      open_holds: this.#open,
      balances: this.#guard.balance(),
      egress: this.#egress.rows,
    };
  }

  /** The report for people: one line, and one more for each host and route of a provider. */
  summary({ ledger }: Pick<RegisterReport, 'ledger'>): string {
    const { totals } = this;
    const head =
      `hardcap: ${totals.held} held, ${totals.refused} refused, ` +
      `${totals['unknown route']} of unknown route refused, ` +
      `${totals['already guarded']} already guarded, ${totals.free} free, ` +
      `${totals['not a provider host']} to other hosts; ` +
      `booked $${(this.#booked / NANO_PER_USD).toFixed(6)} (ledger: ${ledger})`;
    const lines = this.#egress.rows
      .filter(({ outcome }) => outcome !== 'not a provider host')
      .map(
        ({ host, route, channel, outcome, count }) =>
          `  ${host} ${route} by ${channel}: ${count} ${outcome}`,
      );
    return `${[head, ...lines].join('\n')}\n`;
  }

  get totals() {
    return this.#egress.totals();
  }
}

const NANO_PER_USD = 1e9;
