import type { InDoubt } from '../../../ledger/leases/message.ts';
import type {
  AdjustOperation,
  DoubtState,
  JournalEntry,
  Operation,
  OperationReply,
  RaiseOperation,
} from '../../../ledger/leases/operation.ts';
import { isWithin, minus, plus, type Sums } from '../../../ledger/leases/sums.ts';
import { AMOUNT_MAX } from '../../../kernel/arithmetic.ts';
import { nextEntry } from '../../journal-chain.ts';
import { onlyValue, type Connection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import type { Rows, StoredAccount } from './rows.ts';
import { asArray, bound, countAt, instantAt, sumsAt, textAt, three, valuesOf } from './values.ts';

/** Operators' orders, doubts and the journal, inside a transaction of the connection. */
export class Orders {
  readonly #rows: Rows;
  readonly #known: SqliteStatement;
  readonly #remember: SqliteStatement;
  readonly #raise: SqliteStatement;
  readonly #closeScope: SqliteStatement;
  readonly #reopenScope: SqliteStatement;
  readonly #reported: SqliteStatement;
  readonly #isDoubt: SqliteStatement;
  readonly #doubts: SqliteStatement;
  readonly #addDoubt: SqliteStatement;
  readonly #resolve: SqliteStatement;
  readonly #last: SqliteStatement;
  readonly #entries: SqliteStatement;
  readonly #append: SqliteStatement;

  constructor(connection: Connection, rows: Rows) {
    this.#rows = rows;
    this.#known = connection.prepare('SELECT body FROM operations WHERE id = ?');
    this.#remember = connection.prepare('INSERT INTO operations (id, body) VALUES (?, ?)');
    this.#raise = connection.prepare(`
      INSERT INTO raises (cap_id, scope, ${three('by').join(', ')}, until)
      VALUES (?, ?, ?, ?, ?, ?)`);
    this.#closeScope = connection.prepare(
      'INSERT INTO closed_scopes (scope) VALUES (?) ON CONFLICT DO NOTHING',
    );
    this.#reopenScope = connection.prepare('DELETE FROM closed_scopes WHERE scope = ?');
    this.#reported = connection.prepare(`
      SELECT ${asArray(three('spent').map(totalOf))}
      FROM holders h JOIN slices s ON s.holder_id = h.id
      WHERE h.is_open = 1 AND s.account_id = ?`);
    this.#isDoubt = connection.prepare('SELECT 1 FROM doubts WHERE id = ?');
    const doubt = ['id', 'holder', 'at', 'usd', 'tokens', 'calls', 'keys'];
    this.#doubts = connection.prepare(`SELECT ${asArray(doubt)} FROM doubts ORDER BY position`);
    this.#addDoubt = connection.prepare(`
      INSERT INTO doubts (${doubt.join(', ')}) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE
      SET ${doubt.map((column) => `${column} = excluded.${column}`).join(', ')}`);
    this.#resolve = connection.prepare('DELETE FROM doubts WHERE id = ?');
    const entry = ['seq', 'previous', 'hash', 'body'];
    this.#last = connection.prepare(`
      SELECT ${asArray(entry)} FROM journal ORDER BY seq DESC LIMIT 1`);
    this.#entries = connection.prepare(`
      SELECT ${asArray(entry)} FROM journal WHERE seq > ? ORDER BY seq`);
    this.#append = connection.prepare(`
      INSERT INTO journal (${entry.join(', ')}) VALUES (?, ?, ?, ?)`);
  }

  operate(operation: Operation): OperationReply {
    const said = JSON.stringify(operation);
    const before = onlyValue(this.#known.get(operation.id));
    if (before !== undefined) {
      return before === said ? { kind: 'done', isRepeated: true } : { kind: 'conflict' };
    }
    if (operation.kind === 'adjust') {
      const refused = this.#adjust(operation);
      if (refused !== undefined) return refused;
    } else if (operation.kind === 'raise') this.#addRaise(operation);
    else if (operation.kind === 'close-scope') this.#closeScope.run(operation.scope);
    else this.#reopenScope.run(operation.scope);
    this.#remember.run(operation.id, said);
    this.record(operation);
    return { kind: 'done', isRepeated: false };
  }

  doubts(): readonly DoubtState[] {
    return this.#doubts.all().map((row) => {
      const values = valuesOf(onlyValue(row));
      const keys = valuesOf(values[6]).map((_, index, all) => textAt(all, index));
      const [id, holder] = [textAt(values, 0), textAt(values, 1)];
      return { id, holder, at: instantAt(values, 2), amounts: sumsAt(values, 3), keys };
    });
  }

  addDoubt(holder: string, { id, at, amounts, keys }: InDoubt): void {
    this.#addDoubt.run(id, holder, at, ...amounts.map(bound), JSON.stringify(keys));
  }

  journal(after: number): readonly JournalEntry[] {
    return this.#entries.all(after).map((row) => entryOf(onlyValue(row)));
  }

  /** Adds a record to the end of the journal. */
  record(what: object): void {
    const last = onlyValue(this.#last.get());
    const entry = nextEntry(last === undefined ? undefined : entryOf(last), JSON.stringify(what));
    this.#append.run(entry.seq, entry.previous, entry.hash, entry.body);
  }

  #addRaise({ capId, scope, by, until }: RaiseOperation): void {
    const amounts = by.map((amount) => (amount === null ? null : bound(amount)));
    this.#raise.run(capId, scope, ...amounts, until);
  }

  #adjust({ keys, subtract, add, resolves }: AdjustOperation): OperationReply | undefined {
    if (resolves !== null && onlyValue(this.#isDoubt.get(resolves)) === undefined) {
      return { kind: 'unknown-doubt' };
    }
    for (const key of keys) {
      const stored = this.#rows.account(key);
      if (stored === undefined) return { kind: 'unknown-account', key };
      // What an open holder spent is its own to correct; the rest is what may be taken back here.
      const free = minus(stored.row.spent, this.#reportedOf(stored));
      if (!isWithin(subtract, free)) return { kind: 'below-zero', key };
    }

    for (const key of keys) {
      const stored = this.#rows.account(key);
      if (stored === undefined) continue;
      const spent = plus(minus(stored.row.spent, subtract), add);
      this.#rows.book(stored, { ...stored.row, spent });
    }
    if (resolves !== null) this.#resolve.run(resolves);
    return undefined;
  }

  /** What open holders say that they spent from the account. */
  #reportedOf({ id }: StoredAccount): Sums {
    return sumsAt(valuesOf(onlyValue(this.#reported.get(id))), 0);
  }
}

function totalOf(column: string): string {
  return `min(coalesce(sum(s.${column}), 0), ${AMOUNT_MAX})`;
}

function entryOf(text: unknown): JournalEntry {
  const values = valuesOf(text);
  const [previous, hash, body] = [textAt(values, 1), textAt(values, 2), textAt(values, 3)];
  return { seq: countAt(values, 0), previous, hash, body };
}
