import type { Ceilings, Sums } from '../../../ledger/leases/sums.ts';
import type { Connection } from './connection.ts';
import type { SqliteStatement, SqliteValue } from './driver.ts';
import { bound, three } from './values.ts';

/** Prepared statements kept for one table: far more than the ways in which its rows change. */
export const STATEMENTS_MAX = 128;

/** What the statements of an `Updates` are made of. */
export interface UpdatesOptions {
  readonly table: string;
  /** Columns that are written together, in the order in which they are compared. */
  readonly groups: readonly (readonly string[])[];
  /** What is written in any case, and which row. */
  readonly rest: string;
}

/**
 * Writes those columns of a row that changed: binding and checking the others again takes longer
 * than the change itself. Its members are called in the order of the groups, then `run`.
 */
export class Updates {
  readonly #connection: Connection;
  readonly #options: UpdatesOptions;
  /** Statements by the groups that they write, as bits. */
  readonly #statements = new Map<number, SqliteStatement>();
  #values: SqliteValue[] = [];
  #changed = 0;
  #group = 1;

  constructor(connection: Connection, options: UpdatesOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether anything changed so far. */
  get isAny(): boolean {
    return this.#changed !== 0;
  }

  /** Begins with another row. */
  begin(): void {
    this.#values = [];
    this.#changed = 0;
    this.#group = 1;
  }

  /** Two groups, as `sumGroups` names them: few caps are of tokens or calls. */
  sums(before: Sums, now: Sums): void {
    if (before[0] !== now[0]) {
      this.#changed |= this.#group;
      this.#values.push(bound(now[0]));
    }
    if (before[1] !== now[1] || before[2] !== now[2]) {
      this.#changed |= this.#group << 1;
      this.#values.push(bound(now[1]), bound(now[2]));
    }
    this.#group <<= 2;
  }

  /** One group of three columns, which may hold `null`. */
  ceilings(before: Ceilings, now: Ceilings): void {
    // Not by `sums`: what sees arrays with and without `null` makes the engine turn all that come
    // along into the general, slower form.
    if (before[0] !== now[0] || before[1] !== now[1] || before[2] !== now[2]) {
      this.#changed |= this.#group;
      for (const cap of now) this.#values.push(cap === null ? null : bound(cap));
    }
    this.#group <<= 1;
  }

  /** One group of one column. */
  count(before: number, now: number): void {
    if (before !== now) {
      this.#changed |= this.#group;
      this.#values.push(now);
    }
    this.#group <<= 1;
  }

  /** Writes what changed; `rest` are the values of the rest. */
  run(...rest: readonly SqliteValue[]): unknown {
    return this.#statement().run(...this.#values, ...rest);
  }

  #statement(): SqliteStatement {
    const known = this.#statements.get(this.#changed);
    if (known !== undefined) return known;
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    const { table, groups, rest } = this.#options;
    const columns = groups.flatMap((group, at) => ((this.#changed >> at) % 2 === 0 ? [] : group));
    const set = columns.map((column) => `${column} = ?, `).join('');
    const made = this.#connection.prepare(`UPDATE ${table} SET ${set}${rest}`);
    this.#statements.set(this.#changed, made);
    return made;
  }
}

/** The groups of amounts with these names. */
export function sumGroups(...names: readonly string[]): readonly (readonly string[])[] {
  return names.flatMap((name) => [three(name).slice(0, 1), three(name).slice(1)]);
}
