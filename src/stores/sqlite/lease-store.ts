import { invariant } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import { finalsByKey, openingItems } from '../../ledger/leases/finals.ts';
import { SEQ_OF_REPEAT, applyItem, endSlice } from '../../ledger/leases/granter.ts';
import type { LeaseStore, StoreBalance } from '../../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  HolderState,
  SliceFinal,
  SliceItem,
  SliceState,
} from '../../ledger/leases/message.ts';
import type {
  DoubtState,
  JournalEntry,
  Operation,
  OperationReply,
} from '../../ledger/leases/operation.ts';
import { NO_SUMS, minus, plus, type Sums } from '../../ledger/leases/sums.ts';
import { systemClock, type Clock, type EpochMs } from '../../units/time.ts';
import { CeilingTable } from './file/ceilings.ts';
import type { Connection } from './file/connection.ts';
import { Holders, type StoredHolder } from './file/holders.ts';
import { openFile, type SqliteFileOptions } from './file/open-file.ts';
import { Orders } from './file/orders.ts';
import { Pruning, type Pruned } from './file/prune.ts';
import { Rows } from './file/rows.ts';
import { Series, partsOf, sumExcept } from './file/series.ts';

/** What an SQLite lease store can be told. */
export interface SqliteLeaseStoreOptions extends SqliteFileOptions {
  /** The store's own clock, by which raises end. */
  readonly clock?: Clock | undefined;
}

/**
 * A lease store in an SQLite file on this host, shared by every process that opens it. What it
 * answered is on disk; each method is one transaction.
 *
 * Throws `CONFIG_INVALID` when no driver is installed, or the file is not a ledger or a newer
 * one; `STORE_UNAVAILABLE` when it is damaged, locked, full or cannot be written.
 */
export function createSqliteLeaseStore(options: SqliteLeaseStoreOptions): SqliteLeaseStore {
  return new SqliteLeaseStore(openFile(options), options.clock ?? systemClock);
}

/** See `createSqliteLeaseStore`. */
export class SqliteLeaseStore implements LeaseStore {
  readonly isSynchronous = true;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #rows: Rows;
  readonly #series: Series;
  readonly #holders: Holders;
  readonly #ceilings: CeilingTable;
  readonly #orders: Orders;
  readonly #pruning: Pruning;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#rows = new Rows(connection);
    this.#series = new Series(connection);
    this.#holders = new Holders(connection);
    this.#ceilings = new CeilingTable(connection);
    this.#orders = new Orders(connection, this.#rows);
    this.#pruning = new Pruning(connection);
  }

  open(identity: HolderIdentity): void {
    this.#connection.write(() => this.#holders.open(identity, this.#clock()));
  }

  exchange(message: HolderMessage): ExchangeReply {
    return this.#connection.write(
      () => this.#exchange(message),
      ({ kind }) => kind === 'applied',
    );
  }

  close(order: CloseOrder): CloseReply {
    return this.#connection.write(
      () => this.#close(order),
      ({ kind }) => kind === 'closed',
    );
  }

  holders(): readonly HolderState[] {
    return this.#connection.read(() => this.#holders.list());
  }

  balances(accounts: readonly Account[]): readonly StoreBalance[] {
    return this.#connection.read(() =>
      accounts.map(({ parts }) => {
        let [spent, held] = [NO_SUMS, NO_SUMS];
        for (const { key } of parts) {
          const row = this.#rows.account(key)?.row;
          spent = plus(spent, row?.spent ?? NO_SUMS);
          held = plus(held, row?.held ?? NO_SUMS);
        }
        return { spent, held };
      }),
    );
  }

  operate(operation: Operation): OperationReply {
    return this.#connection.write(
      () => {
        this.#connection.forget();
        return this.#orders.operate(operation);
      },
      ({ kind }) => kind === 'done',
    );
  }

  doubts(): readonly DoubtState[] {
    return this.#connection.read(() => this.#orders.doubts());
  }

  journal(after = 0): readonly JournalEntry[] {
    return this.#connection.read(() => this.#orders.journal(after));
  }

  /**
   * Deletes what can change nothing any more, up to 10,000 rows of each kind in one call: slices
   * of closed holders, accounts that hold nothing and whose window ended 48 hours before `before`,
   * and raises that ended by then. `before` counts as now when it is later. Calling it again goes
   * on, until nothing is left.
   */
  prune(before: EpochMs): Pruned {
    return this.#connection.write(() => {
      const now = this.#clock();
      this.#connection.forget();
      return this.#pruning.prune(before < now ? before : now);
    });
  }

  /** Closes the file, unless it was handed in open. */
  end(): void {
    this.#connection.end();
  }

  #exchange(message: HolderMessage): ExchangeReply {
    const holder = this.#holders.find(message.holder);
    if (holder === undefined) return { kind: 'lost', reason: `no holder ${message.holder}` };
    if (!holder.isOpen) return { kind: 'fenced' };
    if (message.seq > holder.seq + 1) {
      return { kind: 'lost', reason: `message ${message.seq} came after ${holder.seq}` };
    }
    const now = this.#clock();
    this.#ceilings.refresh(holder.orders);
    const slices: SliceState[] = [];
    // One after the other: two items may be of one rolling window. Whoever is lost keeps nothing.
    for (const item of message.items) {
      const answer = this.#apply({ holder, message, item, now });
      if (answer.kind === 'lost') return answer;
      slices.push(answer.state);
    }
    const seq = Math.max(holder.seq, message.seq);
    this.#holders.seen(message.holder, holder, { seq, now });
    return { kind: 'applied', seq: message.seq, slices };
  }

  #apply({ holder, message, item, now }: ItemOrder): ItemReply {
    const { account } = item;
    const key = lastKey(account);
    const before = this.#rows.slot(holder.id, key);
    const parts = account.parts.length === 1 ? undefined : this.#series.find(account);
    const elsewhere = parts === undefined ? NOWHERE : sumExcept(parts, key);
    const ceiling = this.#ceilings.ceilingOf(account, now);
    const [stored, slice] = [before.stored?.row, before.slice];
    const isNew = message.seq > holder.seq;
    const answer = applyItem({
      item,
      seq: isNew ? message.seq : SEQ_OF_REPEAT,
      row: stored,
      slice,
      elsewhere,
      ceiling,
      isDeclared: false,
    });
    if (answer.kind === 'lost') return answer;
    if (isNew) {
      this.#rows.keep({
        holderId: holder.id,
        item,
        before,
        row: answer.row,
        slice: answer.slice,
        ceiling,
        elsewhere: parts === undefined ? NO_SUMS : plus(elsewhere.spent, elsewhere.held),
      });
    }
    if (parts === undefined) return answer;
    const row = isNew ? answer.row : stored;
    return { kind: 'applied', state: { ...answer.state, parts: partsOf(account, parts, row) } };
  }

  #close(order: CloseOrder): CloseReply {
    const holder = this.#holders.find(order.holder);
    if (holder === undefined) return { kind: 'unknown-holder' };
    if (!holder.isOpen) return { kind: 'already-closed' };
    const finals = finalsByKey(order);
    this.#openUnheard(holder, finals);
    let [freed, charged] = [NO_SUMS, NO_SUMS];
    for (const { stored, slice } of this.#rows.slotsOf(holder.id)) {
      invariant(stored !== undefined && slice !== undefined, 'a slice is of an account');
      const whole = minus(slice.granted, slice.returned);
      const said = finals.get(stored.key)?.spent ?? slice.spent;
      const ended = endSlice(stored.row, slice, order.how === 'charged' ? whole : said);
      this.#rows.book(stored, ended.row);
      freed = plus(freed, ended.freed);
      charged = plus(charged, ended.charged);
    }
    this.#holders.close(holder);
    for (const doubt of order.inDoubt) this.#orders.addDoubt(order.holder, doubt);
    this.#orders.record({ kind: 'close-holder', ...order, finals: undefined, freed, charged });
    return { kind: 'closed', freed, charged };
  }

  /** Opens what the holder spent from and never spoke of, as its next message would have. */
  #openUnheard(holder: StoredHolder, finals: ReadonlyMap<string, SliceFinal>): void {
    const items = openingItems(finals, (key) => {
      return this.#rows.slot(holder.id, key).slice !== undefined;
    });
    const message = { seq: holder.seq + 1 };
    const now = this.#clock();
    this.#ceilings.refresh(holder.orders);
    for (const item of items) {
      const { kind } = this.#apply({ holder, message, item, now });
      invariant(kind === 'applied', 'nothing is known of a slice that is opened');
    }
  }
}

interface ItemOrder {
  readonly holder: StoredHolder;
  readonly message: Pick<HolderMessage, 'seq'>;
  readonly item: SliceItem;
  readonly now: EpochMs;
}

type ItemReply =
  | { readonly kind: 'applied'; readonly state: SliceState }
  | { readonly kind: 'lost'; readonly reason: string };

// Arrays of their own: the engine is slower with what flows through a frozen one.
const NOWHERE: { readonly spent: Sums; readonly held: Sums } = {
  spent: [0, 0, 0],
  held: [0, 0, 0],
};

function lastKey({ parts }: Account): string {
  const part = parts.at(-1);
  invariant(part !== undefined, 'an account has at least one window part');
  return part.key;
}
