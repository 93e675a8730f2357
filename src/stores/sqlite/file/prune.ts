import type { EpochMs } from '../../../units/time.ts';
import type { Connection } from './connection.ts';
import { onlyValue } from './connection.ts';
import type { SqliteStatement } from './driver.ts';

/** Rows of each kind that one call deletes at most. */
export const PRUNED_MAX = 10_000;

/** How long an account is kept after its window ended. */
export const KEPT_MS = 172_800_000;

/** How many rows of each kind were deleted. */
export interface Pruned {
  readonly slices: number;
  readonly accounts: number;
  readonly raises: number;
}

/** Deletes rows that can change nothing any more, inside a transaction of the connection. */
export class Pruning {
  readonly #slices: SqliteStatement;
  readonly #accounts: SqliteStatement;
  readonly #raises: SqliteStatement;
  readonly #changes: SqliteStatement;

  constructor(connection: Connection) {
    this.#slices = connection.prepare(`
      DELETE FROM slices WHERE (holder_id, account_id) IN (
        SELECT s.holder_id, s.account_id FROM holders h JOIN slices s ON s.holder_id = h.id
        WHERE h.is_open = 0 LIMIT ${PRUNED_MAX})`);
    this.#accounts = connection.prepare(`
      DELETE FROM accounts WHERE id IN (
        SELECT id FROM accounts
        WHERE leaves_at <= ? AND slices = 0
          AND held_usd = 0 AND held_tokens = 0 AND held_calls = 0
        LIMIT ${PRUNED_MAX})`);
    this.#raises = connection.prepare(`
      DELETE FROM raises WHERE position IN (
        SELECT position FROM raises WHERE until <= ? LIMIT ${PRUNED_MAX})`);
    this.#changes = connection.prepare('SELECT changes()');
  }

  prune(before: EpochMs): Pruned {
    const slices = this.#deleted(this.#slices);
    // While slices of closed holders are left, an account may still be one of theirs.
    const accounts = slices === PRUNED_MAX ? 0 : this.#deleted(this.#accounts, before - KEPT_MS);
    return { slices, accounts, raises: this.#deleted(this.#raises, before) };
  }

  #deleted(statement: SqliteStatement, ...values: number[]): number {
    statement.run(...values);
    return Number(onlyValue(this.#changes.get()));
  }
}
