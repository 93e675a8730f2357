import { invariant } from '../../../errors/error.ts';
import type { Account } from '../../../ledger/account.ts';
import type { AccountRow } from '../../../ledger/leases/granter.ts';
import { NO_SUMS, plus, type Sums } from '../../../ledger/leases/sums.ts';
import { onlyValue, type Connection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import { asArray, sumsAt, textAt, three, valuesOf } from './values.ts';

type Balance = Pick<AccountRow, 'spent' | 'held'>;

const NOTHING: Balance = Object.freeze({ spent: NO_SUMS, held: NO_SUMS });

/** The parts of a rolling window that lie in one window with an account's last part. */
export class Series {
  readonly #find: SqliteStatement;

  constructor(connection: Connection) {
    const columns = ['key', ...three('spent'), ...three('held')];
    this.#find = connection.prepare(`
      SELECT ${asArray(columns)} FROM accounts
      WHERE cap_id = ? AND scope = ? AND leaves_at BETWEEN ? AND ?`);
  }

  /**
   * What stands in each such part: the ones that the account names, and later ones, opened by a
   * clock that is ahead, up to one window further on.
   */
  find({ capId, scope, parts }: Account): ReadonlyMap<string, Balance> {
    const [first, last] = [parts[0]?.leavesAt, parts.at(-1)?.leavesAt];
    invariant(typeof first === 'number', 'every part of a rolling window ends');
    invariant(typeof last === 'number', 'the last part of a rolling window ends');
    const rows = this.#find.all(capId, scope, first, last + (last - first)).map((row) => {
      const values = valuesOf(onlyValue(row));
      return [textAt(values, 0), { spent: sumsAt(values, 1), held: sumsAt(values, 4) }] as const;
    });
    return new Map(rows);
  }
}

/** What stands in all parts but the one with this key. */
export function sumExcept(found: ReadonlyMap<string, Balance>, key: string): Balance {
  let { spent, held } = NOTHING;
  for (const [other, row] of found) {
    if (other === key) continue;
    spent = plus(spent, row.spent);
    held = plus(held, row.held);
  }
  return { spent, held };
}

/** Spent and held together in each part that the account names, its last one as in `row`. */
export function partsOf(
  { parts }: Account,
  found: ReadonlyMap<string, Balance>,
  row: Balance | undefined,
): readonly Sums[] {
  return parts.map(({ key }, index) => {
    const { spent, held } = (index === parts.length - 1 ? row : found.get(key)) ?? NOTHING;
    return plus(spent, held);
  });
}
