/** Faults that look right and are wrong, planted on purpose: the checks must notice each. */

import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { AccountRow } from '../../src/ledger/leases/granter.ts';
import type { ExchangeReply, HolderMessage, SliceItem } from '../../src/ledger/leases/message.ts';
import { NO_SUMS, most, plus, type Sums } from '../../src/ledger/leases/sums.ts';
import type { ReserveReply } from '../../src/ledger/ledger.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import type { MemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { instant } from '../../src/stores/conformance/orders.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One planted fault: what it changes of the store, the holder or the recovery. */
export interface Plant {
  readonly name: string;
  readonly store?: (memory: MemoryLeaseStore, time: VirtualTime) => LeaseStore;
  readonly ledger?: (ledger: SharedLedger) => SharedLedger;
  /** Recovery trusts a journal that was written before another boot of the host. */
  readonly isBootIgnored?: boolean;
}

/** A slice whose holder was not heard of for a while goes back to the account. */
export const CREDIT_ON_EXPIRY: Plant = {
  name: 'credit on expiry',
  store: (memory, time) => {
    const seenAt = new Map<string, number>();
    const expire = (): void => {
      for (const [holder, at] of seenAt) {
        if (time.now - at < EXPIRES_MS) continue;
        seenAt.delete(holder);
        const how = { how: 'proven', finals: [], inDoubt: [] } as const;
        memory.close({ holder, at: instant(0), by: 'time', reason: 'expired', ...how });
      }
    };
    return over(memory, {
      exchange: (message) => {
        seenAt.set(message.holder, time.now);
        expire();
        return memory.exchange(message);
      },
    });
  },
};

/** Returns travel as differences, and the store remembers the last few messages only. */
export const COUNT_PRUNED: Plant = {
  name: 'a dedupe table pruned by count',
  store: (memory) => differences(memory, { remembers: 40 }),
};

/** The same, and the store remembers every message for ever: nothing is wrong with it. */
export const NEVER_PRUNED: Plant = {
  name: 'differences, remembered for ever',
  store: (memory) => differences(memory, { remembers: Number.POSITIVE_INFINITY }),
};

/** What a message gives back is given back each time that the message arrives. */
export const RETURN_TWICE: Plant = {
  name: 'a return that is not idempotent',
  store: (memory) => differences(memory, { remembers: 0 }),
};

/** The check reads what stood there a moment ago; the grant is added to what stands there now. */
export const UNLOCKED_CHECK: Plant = {
  name: 'an unlocked check',
  store: (memory, time) => {
    const pasts = new Map<string, { readonly until: number; readonly row: AccountRow }[]>();
    return over(memory, {
      exchange: (message) => {
        const keys = message.items.map(({ account }) => account.parts.at(-1)!.key);
        const present = new Map<string, AccountRow>();
        const read = new Map<string, AccountRow>();
        for (const key of keys) {
          const stored = memory.accounts.get(key);
          if (stored === undefined) continue;
          const past = (pasts.get(key) ?? []).filter(({ until }) => until > time.now - UNLOCKED_MS);
          pasts.set(key, [...past, { until: time.now, row: stored.row }]);
          present.set(key, stored.row);
          stored.row = past[0]?.row ?? stored.row;
          read.set(key, stored.row);
        }
        const reply = memory.exchange(message);
        for (const [key, row] of present) {
          const stored = memory.accounts.get(key)!;
          stored.row = changedAlike(row, read.get(key)!, stored.row);
        }
        return reply;
      },
    });
  },
};

/** Holders are rows, and the row of one that ended is given to the next. */
export const ROW_REUSE: Plant = {
  name: 'the reuse of row ids',
  store: (memory) => {
    const rowOf = new Map<string, number>();
    const occupants: string[] = [];
    const free: number[] = [];
    let opened = 0;
    const nameOf = (holder: string): string => occupants[rowOf.get(holder) ?? -1] ?? holder;
    return over(memory, {
      open: (identity) => {
        if (rowOf.has(identity.holder)) return;
        const row = free.shift() ?? occupants.length;
        opened += 1;
        rowOf.set(identity.holder, row);
        occupants[row] = `row ${row}, ${opened}`;
        memory.open({ ...identity, holder: occupants[row] });
      },
      exchange: (message) => memory.exchange({ ...message, holder: nameOf(message.holder) }),
      close: (order) => {
        const reply = memory.close({ ...order, holder: nameOf(order.holder) });
        const row = rowOf.get(order.holder);
        if (reply.kind === 'closed' && row !== undefined) free.push(row);
        return reply;
      },
    });
  },
};

/** Whoever asks first takes the grant, not the call that it was asked for. */
export const UNEARMARKED: Plant = {
  name: 'a grant that is not earmarked',
  ledger: (ledger) => ({
    ...ledger,
    ...methodsOf(ledger),
    reserveAsync: async (order): Promise<ReserveReply> => {
      await ledger.warm(order.accounts).catch(() => undefined);
      const reply = ledger.reserve(order);
      return reply.kind === 'ask' ? { kind: 'refused', short: [] } : reply;
    },
  }),
};

/** A journal of an earlier boot of the host is taken for complete. */
export const TRUSTED_AFTER_REBOOT: Plant = {
  name: 'a journal trusted after a reboot',
  isBootIgnored: true,
};

const EXPIRES_MS = 4_000;
const UNLOCKED_MS = 3;

/** The memory store with some methods replaced. */
function over(memory: MemoryLeaseStore, changed: Partial<LeaseStore>): LeaseStore {
  return {
    isSynchronous: true,
    open: (identity) => memory.open(identity),
    exchange: (message) => memory.exchange(message),
    close: (order) => memory.close(order),
    holders: () => memory.holders(),
    balances: (accounts) => memory.balances(accounts),
    operate: (operation) => memory.operate(operation),
    doubts: () => memory.doubts(),
    journal: (after) => memory.journal(after),
    end: () => memory.end(),
    ...changed,
  };
}

function methodsOf(ledger: SharedLedger): SharedLedger {
  return {
    holder: ledger.holder,
    warm: (accounts) => ledger.warm(accounts),
    refresh: (accounts) => ledger.refresh(accounts),
    flush: () => ledger.flush(),
    close: () => ledger.close(),
    reserve: (order) => ledger.reserve(order),
    reserveAsync: (order) => ledger.reserveAsync(order),
    extend: (order) => ledger.extend(order),
    settle: (order) => ledger.settle(order),
    release: (order) => ledger.release(order),
    expire: (order) => ledger.expire(order),
    adjust: (order) => ledger.adjust(order),
    balance: (account) => ledger.balance(account),
    openHolds: () => ledger.openHolds(),
  };
}

/** `present` with the change that led from `read` to `written`. */
function changedAlike(present: AccountRow, read: AccountRow, written: AccountRow): AccountRow {
  const sums = (of: 'spent' | 'held' | 'inFlight'): Sums => [
    present[of][0] + written[of][0] - read[of][0],
    present[of][1] + written[of][1] - read[of][1],
    present[of][2] + written[of][2] - read[of][2],
  ];
  return {
    spent: sums('spent'),
    held: sums('held'),
    inFlight: sums('inFlight'),
    slices: present.slices + written.slices - read.slices,
    recall: present.recall + written.recall - read.recall,
  };
}

interface DifferenceSlice {
  /** As the holder counts. */
  said: Sums;
  /** As the store counts. */
  counted: Sums;
  spent: Sums;
}

/**
 * A store that is told differences instead of totals and tells messages apart by a table of those
 * that it remembers, as one would do without sequence numbers in the slices.
 */
function differences(
  memory: MemoryLeaseStore,
  { remembers }: { readonly remembers: number },
): LeaseStore {
  const slices = new Map<string, DifferenceSlice>();
  const returnedIn = new Map<string, Sums>();
  const remembered = new Map<string, ExchangeReply>();
  const sent = new Map<string, number>();
  const closed = new Set<string>();

  const itemNow = (message: HolderMessage, item: SliceItem): SliceItem => {
    const name = `${message.holder}/${item.account.parts.at(-1)!.key}`;
    const slice = slices.get(name) ?? { said: NO_SUMS, counted: NO_SUMS, spent: NO_SUMS };
    slices.set(name, slice);
    const id = `${name}/${message.seq}`;
    const { said } = slice;
    const fresh: Sums = [
      item.returned[0] - said[0],
      item.returned[1] - said[1],
      item.returned[2] - said[2],
    ];
    const difference = returnedIn.get(id) ?? fresh;
    returnedIn.set(id, difference);
    slice.said = most(slice.said, item.returned);
    slice.counted = plus(slice.counted, difference);
    slice.spent = most(slice.spent, item.spent);
    return { ...item, returned: slice.counted, spent: slice.spent };
  };
  return over(memory, {
    close: (order) => {
      closed.add(order.holder);
      return memory.close(order);
    },
    exchange: (message) => {
      const id = `${message.holder}/${message.seq}`;
      const before = remembered.get(id);
      if (before !== undefined && !closed.has(message.holder)) return before;
      const seq = (sent.get(message.holder) ?? 0) + 1;
      sent.set(message.holder, seq);
      const items = message.items.map((item) => itemNow(message, item));
      const reply = memory.exchange({ ...message, seq, items });
      const answer = reply.kind === 'applied' ? { ...reply, seq: message.seq } : reply;
      remembered.set(id, answer);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= remembers) break;
        remembered.delete(oldest);
      }
      return answer;
    },
  });
}
