import type { HolderIdentity, HolderState } from '../../../ledger/leases/message.ts';
import type { EpochMs } from '../../../units/time.ts';
import { changesOf, onlyValue, type Connection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import { unavailable } from './failure.ts';
import { asArray, countAt, instantAt, textAt, valuesOf } from './values.ts';

/** What an exchange needs to know of its holder. */
export interface StoredHolder {
  readonly id: number;
  readonly isOpen: boolean;
  readonly seq: number;
  /** Number of the last order of an operator in the file. */
  readonly orders: number;
}

interface Seen {
  readonly seq: number;
  readonly now: EpochMs;
}

const IDENTITY = ['holder', 'host', 'boot', 'pid', 'incarnation', 'journal', 'opened_at'];

/**
 * Reads and writes holders, inside a transaction of the connection. It remembers the last one until
 * the connection says that others may have written.
 */
export class Holders {
  readonly #connection: Connection;
  #remembered: { readonly holder: string; readonly stored: StoredHolder } | undefined;
  readonly #open: SqliteStatement;
  readonly #find: SqliteStatement;
  readonly #seen: SqliteStatement;
  readonly #close: SqliteStatement;
  readonly #list: SqliteStatement;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.watch(() => (this.#remembered = undefined));
    this.#open = connection.prepare(`
      INSERT INTO holders (${IDENTITY.join(', ')}, last_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (holder) DO NOTHING`);
    const orders = '(SELECT coalesce(max(position), 0) FROM operations)';
    this.#find = connection.prepare(`
      SELECT ${asArray(['id', 'is_open', 'seq', orders])} FROM holders WHERE holder = ?`);
    this.#seen = connection.prepare(`
      UPDATE holders SET seq = ?, last_seen_at = ? WHERE id = ? AND seq = ? AND is_open = 1`);
    this.#close = connection.prepare('UPDATE holders SET is_open = 0 WHERE id = ?');
    this.#list = connection.prepare(`
      SELECT ${asArray([...IDENTITY, 'seq', 'last_seen_at'])} FROM holders
      WHERE is_open = 1 ORDER BY id`);
  }

  open(identity: HolderIdentity, now: EpochMs): void {
    const { holder, host, boot, pid, incarnation, journal, openedAt } = identity;
    this.#open.run(holder, host, boot, pid, incarnation, journal, openedAt, now);
  }

  find(holder: string): StoredHolder | undefined {
    if (this.#remembered?.holder === holder) return this.#remembered.stored;
    const found = onlyValue(this.#find.get(holder));
    if (found === undefined) return undefined;
    const values = valuesOf(found);
    const [id, seq, orders] = [countAt(values, 0), countAt(values, 2), countAt(values, 3)];
    const stored = { id, isOpen: values[1] === 1, seq, orders };
    this.#remembered = { holder, stored };
    return stored;
  }

  /** Notes the message that was applied, or arrived again; the holder must be as it was found. */
  seen(holder: string, stored: StoredHolder, { seq, now }: Seen): void {
    if (changesOf(this.#seen.run(seq, now, stored.id, stored.seq)) !== 1) {
      throw unavailable(this.#connection.place, 'a holder changed since it was read; say it again');
    }
    const { id, isOpen, orders } = stored;
    this.#remembered = { holder, stored: { id, isOpen, seq, orders } };
  }

  close({ id }: StoredHolder): void {
    this.#close.run(id);
    this.#connection.forget();
  }

  /** Open holders, oldest first. */
  list(): readonly HolderState[] {
    return this.#list.all().map((row): HolderState => {
      const values = valuesOf(onlyValue(row));
      return {
        holder: textAt(values, 0),
        host: textAt(values, 1),
        boot: textAt(values, 2),
        pid: countAt(values, 3),
        incarnation: textAt(values, 4),
        journal: values[5] === null ? null : textAt(values, 5),
        openedAt: instantAt(values, 6),
        isOpen: true,
        seq: countAt(values, 7),
        lastSeenAt: instantAt(values, 8),
      };
    });
  }
}
