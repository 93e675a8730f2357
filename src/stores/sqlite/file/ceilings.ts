import type { Account } from '../../../ledger/account.ts';
import { ceilingsOf, type Ceilings } from '../../../ledger/leases/sums.ts';
import { AMOUNT_MAX } from '../../../kernel/arithmetic.ts';
import { onlyValue, type Connection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import { asArray, ceilingsAt, instantAt, textAt, three, valuesOf } from './values.ts';

interface Raise {
  readonly by: Ceilings;
  readonly until: number;
}

/**
 * What operators left of each ceiling. Read again whenever an order was carried out, by whichever
 * process: the number of orders is read with every message.
 */
export class CeilingTable {
  readonly #raises: SqliteStatement;
  readonly #closedScopes: SqliteStatement;
  #read = -1;
  #closed: ReadonlySet<string> = new Set();
  #raised: ReadonlyMap<string, readonly Raise[]> = new Map();

  constructor(connection: Connection) {
    const columns = ['cap_id', 'scope', ...three('by'), 'until'];
    this.#raises = connection.prepare(`SELECT ${asArray(columns)} FROM raises ORDER BY position`);
    this.#closedScopes = connection.prepare('SELECT scope FROM closed_scopes');
  }

  /** Brings the table up to the order with this number, inside a transaction. */
  refresh(orders: number): void {
    if (orders === this.#read) return;
    const raised = new Map<string, Raise[]>();
    for (const row of this.#raises.all()) {
      const values = valuesOf(onlyValue(row));
      const scope = { capId: textAt(values, 0), scope: textAt(values, 1) };
      const until = values[5] === null ? Number.POSITIVE_INFINITY : instantAt(values, 5);
      const key = keyOf(scope);
      raised.set(key, [...(raised.get(key) ?? []), { by: ceilingsAt(values, 2), until }]);
    }
    this.#closed = new Set(this.#closedScopes.all().map((row) => String(onlyValue(row))));
    this.#raised = raised;
    this.#read = orders;
  }

  /** The account's ceiling now; 0 in each capped dimension of a closed scope. */
  ceilingOf(account: Account, now: number): Ceilings {
    const [usd, tokens, calls] = ceilingsOf(account.ceiling);
    if (this.#closed.size > 0 && this.#closed.has(account.scope)) {
      return [usd === null ? null : 0, tokens === null ? null : 0, calls === null ? null : 0];
    }
    if (this.#raised.size === 0) return [usd, tokens, calls];
    return (this.#raised.get(keyOf(account)) ?? []).reduce<Ceilings>(
      (ceiling, { by, until }) => (until <= now ? ceiling : raisedBy(ceiling, by)),
      [usd, tokens, calls],
    );
  }
}

function raisedBy(ceiling: Ceilings, by: Ceilings): Ceilings {
  return [raised(ceiling[0], by[0]), raised(ceiling[1], by[1]), raised(ceiling[2], by[2])];
}

function raised(ceiling: number | null, by: number | null): number | null {
  if (ceiling === null || by === null) return ceiling;
  return Math.min(ceiling + by, AMOUNT_MAX);
}

function keyOf({ capId, scope }: Pick<Account, 'capId' | 'scope'>): string {
  return `${capId}\u0000${scope}`;
}
