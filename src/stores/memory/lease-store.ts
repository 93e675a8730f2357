import { invariant } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import { finalsByKey, openingItems } from '../../ledger/leases/finals.ts';
import {
  SEQ_OF_REPEAT,
  applyItem,
  endSlice,
  type AccountRow,
  type SliceRow,
} from '../../ledger/leases/granter.ts';
import type { LeaseStore, StoreBalance } from '../../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  HolderState,
  SliceItem,
  SliceState,
} from '../../ledger/leases/message.ts';
import type {
  AdjustOperation,
  DoubtState,
  JournalEntry,
  Operation,
  OperationReply,
} from '../../ledger/leases/operation.ts';
import {
  NO_SUMS,
  ceilingsOf,
  isWithin,
  minus,
  plus,
  type Ceilings,
  type Sums,
} from '../../ledger/leases/sums.ts';
import { nextEntry } from '../journal-chain.ts';
import { systemClock, type Clock, type EpochMs } from '../../units/time.ts';

/** What a memory lease store can be told. */
export interface MemoryLeaseStoreOptions {
  /** The store's own clock, by which raises end. */
  readonly clock?: Clock;
}

/**
 * A lease store in this process's memory, lost with it: for tests, for simulation, and as the
 * measure that the others are compared with.
 */
export function createMemoryLeaseStore(options: MemoryLeaseStoreOptions = {}): MemoryLeaseStore {
  return new MemoryLeaseStore(options.clock ?? systemClock);
}

interface HolderRow {
  readonly identity: HolderIdentity;
  isOpen: boolean;
  seq: number;
  lastSeenAt: EpochMs;
  readonly slices: Map<string, SliceRow>;
}

interface StoredAccount {
  row: AccountRow;
  readonly capId: string;
  readonly scope: string;
  readonly leavesAt: number;
}

/** See `createMemoryLeaseStore`; its rows are in reach for inspection. */
export class MemoryLeaseStore implements LeaseStore {
  readonly isSynchronous = true;
  readonly accounts = new Map<string, StoredAccount>();
  readonly #clock: Clock;
  readonly #holders = new Map<string, HolderRow>();
  /** Keys of one cap and scope value, for windows of several parts. */
  readonly #series = new Map<string, Set<string>>();
  readonly #raises: Extract<Operation, { readonly kind: 'raise' }>[] = [];
  readonly #closedScopes = new Set<string>();
  readonly #doubts = new Map<string, DoubtState>();
  readonly #operations = new Map<string, string>();
  readonly #journal: JournalEntry[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(identity: HolderIdentity): void {
    if (this.#holders.has(identity.holder)) return;
    this.#holders.set(identity.holder, {
      identity,
      isOpen: true,
      seq: 0,
      lastSeenAt: this.#clock(),
      slices: new Map(),
    });
  }

  exchange(message: HolderMessage): ExchangeReply {
    const holder = this.#holders.get(message.holder);
    if (holder === undefined) return { kind: 'lost', reason: `no holder ${message.holder}` };
    if (!holder.isOpen) return { kind: 'fenced' };
    if (message.seq > holder.seq + 1) {
      return { kind: 'lost', reason: `message ${message.seq} came after ${holder.seq}` };
    }
    const seq = message.seq > holder.seq ? message.seq : SEQ_OF_REPEAT;
    for (const item of message.items) {
      const answer = this.#apply(holder, seq, item);
      if (answer.kind === 'lost') return answer;
    }
    // One after the other: two items may be of one rolling window.
    const slices = message.items.map((item): SliceState => {
      const answer = this.#apply(holder, seq, item);
      invariant(answer.kind === 'applied', 'what the store knows of one slice says no other');
      if (seq !== SEQ_OF_REPEAT) this.#keep(holder, item, answer);
      return { ...answer.state, parts: this.#partsOf(item.account) };
    });
    holder.seq = Math.max(holder.seq, message.seq);
    holder.lastSeenAt = this.#clock();
    return { kind: 'applied', seq: message.seq, slices };
  }

  close(order: CloseOrder): CloseReply {
    const holder = this.#holders.get(order.holder);
    if (holder === undefined) return { kind: 'unknown-holder' };
    if (!holder.isOpen) return { kind: 'already-closed' };
    const finals = finalsByKey(order);
    for (const item of openingItems(finals, (key) => holder.slices.has(key))) {
      const answer = this.#apply(holder, holder.seq + 1, item);
      invariant(answer.kind === 'applied', 'nothing is known of a slice that is opened');
      this.#keep(holder, item, answer);
    }
    let freed = NO_SUMS;
    let charged = NO_SUMS;
    for (const [key, slice] of holder.slices) {
      const stored = this.accounts.get(key);
      invariant(stored !== undefined, 'a slice is of an account that exists');
      const whole = minus(slice.granted, slice.returned);
      const spent = order.how === 'charged' ? whole : (finals.get(key)?.spent ?? slice.spent);
      const ended = endSlice(stored.row, slice, spent);
      stored.row = ended.row;
      freed = plus(freed, ended.freed);
      charged = plus(charged, ended.charged);
    }
    holder.isOpen = false;
    for (const doubt of order.inDoubt) {
      this.#doubts.set(doubt.id, { ...doubt, holder: order.holder });
    }
    this.#record({ kind: 'close-holder', ...order, finals: undefined, freed, charged });
    return { kind: 'closed', freed, charged };
  }

  holders(): readonly HolderState[] {
    return [...this.#holders.values()]
      .filter(({ isOpen }) => isOpen)
      .map(({ identity, isOpen, seq, lastSeenAt }) => ({ ...identity, isOpen, seq, lastSeenAt }));
  }

  balances(accounts: readonly Account[]): readonly StoreBalance[] {
    return accounts.map((account) => {
      let [spent, held] = [NO_SUMS, NO_SUMS];
      for (const { key } of account.parts) {
        const row = this.accounts.get(key)?.row;
        spent = plus(spent, row?.spent ?? NO_SUMS);
        held = plus(held, row?.held ?? NO_SUMS);
      }
      return { spent, held };
    });
  }

  operate(operation: Operation): OperationReply {
    const said = JSON.stringify(operation);
    const before = this.#operations.get(operation.id);
    if (before !== undefined) {
      return before === said ? { kind: 'done', isRepeated: true } : { kind: 'conflict' };
    }
    switch (operation.kind) {
      case 'adjust': {
        const refused = this.#adjust(operation);
        if (refused !== undefined) return refused;
        break;
      }
      case 'raise':
        this.#raises.push(operation);
        break;
      case 'close-scope':
        this.#closedScopes.add(operation.scope);
        break;
      case 'reopen-scope':
        this.#closedScopes.delete(operation.scope);
        break;
    }
    this.#operations.set(operation.id, said);
    this.#record(operation);
    return { kind: 'done', isRepeated: false };
  }

  doubts(): readonly DoubtState[] {
    return [...this.#doubts.values()];
  }

  journal(after = 0): readonly JournalEntry[] {
    return this.#journal.slice(after);
  }

  end(): void {
    // Nothing was opened.
  }

  /** Slices of open holders by key, for inspection. */
  slicesOf(key: string): readonly SliceRow[] {
    return [...this.#holders.values()].flatMap(({ isOpen, slices }) => {
      const slice = slices.get(key);
      return isOpen && slice !== undefined ? [slice] : [];
    });
  }

  #apply(holder: HolderRow, seq: number, item: SliceItem) {
    const key = lastKey(item.account);
    return applyItem({
      item,
      seq,
      row: this.accounts.get(key)?.row,
      slice: holder.slices.get(key),
      elsewhere: this.#elsewhere(item.account),
      ceiling: this.#ceilingOf(item.account),
      isDeclared: false,
    });
  }

  #keep(
    holder: HolderRow,
    { account }: SliceItem,
    { row, slice }: { readonly row: AccountRow; readonly slice: SliceRow },
  ): void {
    const key = lastKey(account);
    const stored = this.accounts.get(key);
    if (stored === undefined) {
      const { capId, scope } = account;
      const leavesAt = account.parts.at(-1)?.leavesAt ?? Number.POSITIVE_INFINITY;
      this.accounts.set(key, { row, capId, scope, leavesAt });
      const series = seriesOf(account);
      this.#series.set(series, (this.#series.get(series) ?? new Set()).add(key));
    } else stored.row = row;
    holder.slices.set(key, slice);
  }

  /**
   * What stands in every other part that lies in one window with the account's last part.
   *
   * Those are the parts before it that the account names, and later ones, opened by a clock that is
   * ahead, up to one window further on.
   */
  #elsewhere(account: Account): { readonly spent: Sums; readonly held: Sums } {
    let [spent, held] = [NO_SUMS, NO_SUMS];
    if (account.parts.length === 1) return { spent, held };
    const first = account.parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
    const last = account.parts.at(-1)?.leavesAt ?? Number.POSITIVE_INFINITY;
    for (const key of this.#series.get(seriesOf(account)) ?? []) {
      const stored = this.accounts.get(key);
      if (stored === undefined || key === lastKey(account)) continue;
      if (stored.leavesAt < first || stored.leavesAt > last + (last - first)) continue;
      spent = plus(spent, stored.row.spent);
      held = plus(held, stored.row.held);
    }
    return { spent, held };
  }

  #partsOf(account: Account): readonly Sums[] {
    if (account.parts.length === 1) return [];
    return account.parts.map(({ key }) => {
      const row = this.accounts.get(key)?.row;
      return row === undefined ? NO_SUMS : plus(row.spent, row.held);
    });
  }

  #ceilingOf({ capId, scope, ceiling }: Account): Ceilings {
    let [usd, tokens, calls] = ceilingsOf(ceiling);
    if (this.#closedScopes.has(scope)) {
      return [usd === null ? null : 0, tokens === null ? null : 0, calls === null ? null : 0];
    }
    const now = this.#clock();
    for (const raise of this.#raises) {
      if (raise.capId !== capId || raise.scope !== scope) continue;
      if (raise.until !== null && raise.until <= now) continue;
      usd = raised(usd, raise.by[0]);
      tokens = raised(tokens, raise.by[1]);
      calls = raised(calls, raise.by[2]);
    }
    return [usd, tokens, calls];
  }

  #adjust({ keys, subtract, add, resolves }: AdjustOperation): OperationReply | undefined {
    if (resolves !== null && !this.#doubts.has(resolves)) return { kind: 'unknown-doubt' };
    for (const key of keys) {
      const stored = this.accounts.get(key);
      if (stored === undefined) return { kind: 'unknown-account', key };
      // What an open holder spent is its own to correct; the rest is what may be taken back here.
      const reported = this.slicesOf(key).reduce((sum, { spent }) => plus(sum, spent), NO_SUMS);
      if (!isWithin(subtract, minus(stored.row.spent, reported)))
        return { kind: 'below-zero', key };
    }

    for (const key of keys) {
      const stored = this.accounts.get(key);
      if (stored === undefined) continue;
      stored.row = { ...stored.row, spent: plus(minus(stored.row.spent, subtract), add) };
    }
    if (resolves !== null) this.#doubts.delete(resolves);
    return undefined;
  }

  #record(what: object): void {
    this.#journal.push(nextEntry(this.#journal.at(-1), JSON.stringify(what)));
  }
}

function lastKey({ parts }: Account): string {
  const part = parts.at(-1);
  invariant(part !== undefined, 'an account has at least one window part');
  return part.key;
}

function seriesOf({ capId, scope }: Account): string {
  return `${capId}\u0000${scope}`;
}

function raised(ceiling: number | null, by: number | null): number | null {
  if (ceiling === null || by === null) return ceiling;
  return Math.min(ceiling + by, Number.MAX_SAFE_INTEGER);
}
