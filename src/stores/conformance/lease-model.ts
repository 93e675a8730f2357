import type { Account } from '../../ledger/account.ts';
import type { CloseOrder, HolderMessage, SliceItem } from '../../ledger/leases/message.ts';
import type { Operation } from '../../ledger/leases/operation.ts';

type Three = readonly [bigint, bigint, bigint];
type Told = readonly number[];

interface Slice {
  readonly holder: Holder;
  readonly key: string;
  granted: Three;
  returned: Three;
  spent: Three;
  inFlight: Three;
  seq: number;
  wasRefused: boolean;
  wasRecalled: boolean;
  /** How many recalls of the account it was told of. */
  recallsTold: number;
}

interface Holder {
  readonly name: string;
  isOpen: boolean;
  seq: number;
}

interface Drawn {
  readonly key: string;
  readonly series: string;
  readonly leavesAt: number;
  recalls: number;
  /** What operators added, less what they took away. */
  corrections: Three;
}

const ZERO: Three = [0n, 0n, 0n];
const AXES = [0, 1, 2] as const;

/**
 * What a lease store should answer, worked out anew at every question from the list of all slices.
 *
 * Shares no code with the granter: big integers, and no running totals of an account. Does not
 * saturate, so keep sums under 2^53. Raises end by `now`, the clock of the store.
 */
export class LeaseModel {
  readonly #holders = new Map<string, Holder>();
  readonly #slices: Slice[] = [];
  readonly #drawn = new Map<string, Drawn>();
  readonly #operations = new Map<string, { readonly said: string; readonly what: Operation }>();
  readonly #doubts = new Map<string, string>();
  readonly #now: () => number;
  /** What the journal should tell, in order: kind, id, who and why. */
  readonly told: string[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Names of open holders, oldest first. */
  get openHolders(): readonly string[] {
    return [...this.#holders.values()].filter(({ isOpen }) => isOpen).map(({ name }) => name);
  }

  /** Ids of doubts that nobody has resolved. */
  get doubtIds(): readonly string[] {
    return [...this.#doubts.keys()];
  }

  /** Keys of all accounts that exist. */
  get keys(): readonly string[] {
    return [...this.#drawn.keys()];
  }

  open(name: string): void {
    if (!this.#holders.has(name)) this.#holders.set(name, { name, isOpen: true, seq: 0 });
  }

  /** The reply to a message; of `lost` only the kind. */
  exchange(message: HolderMessage): unknown {
    const holder = this.#holders.get(message.holder);
    if (holder === undefined) return { kind: 'lost' };
    if (!holder.isOpen) return { kind: 'fenced' };
    if (message.seq > holder.seq + 1) return { kind: 'lost' };
    const isUnheardOf = message.items.some(({ account, known }) => {
      const granted = this.#slice(holder, keyOf(account))?.granted ?? ZERO;
      return AXES.some((axis) => BigInt(known[axis]) > granted[axis]);
    });
    if (isUnheardOf) return { kind: 'lost' };
    const slices = message.items.map((item) => this.#item(holder, message.seq, item));
    holder.seq = Math.max(holder.seq, message.seq);
    return { kind: 'applied', seq: message.seq, slices };
  }

  /** The reply to a holder's end. */
  close(order: CloseOrder): unknown {
    const holder = this.#holders.get(order.holder);
    if (holder === undefined) return { kind: 'unknown-holder' };
    if (!holder.isOpen) return { kind: 'already-closed' };
    let [freed, charged] = [ZERO, ZERO];
    for (const { account, spent } of order.how === 'proven' ? order.finals : []) {
      const isUnheard = this.#slice(holder, keyOf(account)) === undefined;
      if (isUnheard && spent.some((each) => each > 0)) {
        this.#newSlice(holder, this.#draw(account));
      }
    }
    for (const slice of this.#slices.filter((each) => each.holder === holder)) {
      const final = order.finals.find(({ account }) => keyOf(account) === slice.key);
      const proven = final === undefined ? slice.spent : big(final.spent);
      const spent = order.how === 'charged' ? less(slice.granted, slice.returned) : proven;
      const more = less(spent, slice.spent);
      charged = sum(charged, more);
      freed = sum(freed, less(heldBy(slice), more));
      slice.spent = spent;
    }
    holder.isOpen = false;
    for (const { id } of order.inDoubt) this.#doubts.set(id, order.holder);
    this.told.push(`close-holder ${order.holder} ${order.by} ${order.reason}`);
    return { kind: 'closed', freed: plain(freed), charged: plain(charged) };
  }

  /** The reply to an operator. */
  operate(what: Operation): unknown {
    const said = JSON.stringify(what);
    const before = this.#operations.get(what.id);
    if (before !== undefined) {
      return before.said === said ? { kind: 'done', isRepeated: true } : { kind: 'conflict' };
    }
    if (what.kind === 'adjust') {
      const { keys, subtract, add, resolves } = what;
      if (resolves !== null && !this.#doubts.has(resolves)) return { kind: 'unknown-doubt' };
      for (const key of keys) {
        if (!this.#drawn.has(key)) return { kind: 'unknown-account', key };
        const ended = sum(
          this.#total(key, 'spent', (slice) => !slice.holder.isOpen),
          this.#drawn.get(key)?.corrections ?? ZERO,
        );
        if (AXES.some((axis) => BigInt(subtract[axis]) > ended[axis])) {
          return { kind: 'below-zero', key };
        }
      }
      for (const key of keys) {
        const drawn = this.#drawn.get(key);
        if (drawn === undefined) continue;
        const taken = AXES.map((axis) => drawn.corrections[axis] - BigInt(subtract[axis]));
        drawn.corrections = sum(taken as unknown as Three, big(add));
      }
      if (resolves !== null) this.#doubts.delete(resolves);
    }
    this.#operations.set(what.id, { said, what });
    this.told.push(`${what.kind} ${what.id} ${what.who} ${what.reason}`);
    return { kind: 'done', isRepeated: false };
  }

  /** What stands in an account over all parts of its window. */
  balance({ parts }: Account): unknown {
    const keys = parts.map(({ key }) => key);
    const spent = keys.reduce((all, key) => sum(all, this.#spent(key)), ZERO);
    const held = keys.reduce((all, key) => sum(all, this.#held(key)), ZERO);
    return { spent: plain(spent), held: plain(held) };
  }

  #item(holder: Holder, seq: number, item: SliceItem): unknown {
    const { account } = item;
    const key = keyOf(account);
    const drawn = this.#draw(account);
    const slice = this.#slice(holder, key) ?? this.#newSlice(holder, drawn);
    const ceiling = this.#ceiling(account);
    if (slice.seq < seq) {
      slice.seq = seq;
      slice.spent = big(item.spent);
      slice.returned = big(item.returned);
      slice.inFlight = big(item.inFlight);
      slice.granted = larger(slice.granted, sum(slice.spent, slice.returned));
      slice.wasRecalled = drawn.recalls > slice.recallsTold;
      slice.recallsTold = drawn.recalls;
      this.#decide(slice, item, ceiling);
    }
    const other = this.#elsewhere(account);
    return {
      key,
      granted: plain(slice.granted),
      returned: plain(slice.returned),
      spent: plain(slice.spent),
      isRefused: slice.wasRefused,
      isNear: isNear(this.#room(account, ceiling), ceiling),
      isRecalled: slice.wasRecalled,
      idleElsewhere: plain(this.#idleElsewhere(slice)),
      othersSpent: plain(sum(less(this.#spent(key), slice.spent), other.spent)),
      othersHeld: plain(sum(less(this.#held(key), heldBy(slice)), other.held)),
      parts: account.parts.length === 1 ? [] : account.parts.map((part) => this.#taken(part.key)),
      ceiling: ceiling.map((cap) => (cap === null ? null : Number(cap))),
    };
  }

  #decide(slice: Slice, item: SliceItem, ceiling: readonly (bigint | null)[]): void {
    slice.wasRefused = false;
    if (item.need.every((need) => need === 0)) return;
    const room = this.#room(item.account, ceiling);
    if (AXES.some((axis) => BigInt(item.need[axis]) > room[axis])) {
      slice.wasRefused = true;
      const drawn = this.#drawn.get(slice.key);
      if (drawn === undefined || this.#idleElsewhere(slice).every((idle) => idle === 0n)) return;
      drawn.recalls += 1;
      slice.recallsTold = drawn.recalls;
      return;
    }
    const open = this.#slices.filter(({ key, holder }) => key === slice.key && holder.isOpen);
    const granted = AXES.map((axis) => {
      const [need, demand] = [BigInt(item.need[axis]), BigInt(item.demand[axis])];
      const want = BigInt(item.want[axis]);
      const share = room[axis] / BigInt(4 * open.length);
      const wanted = want < share ? want : share;
      const atLeast = isNear(room, ceiling) || need < demand ? demand : need;
      const asked = isNear(room, ceiling) || atLeast > wanted ? atLeast : wanted;
      return asked < room[axis] ? asked : room[axis];
    });
    slice.granted = sum(slice.granted, granted as unknown as Three);
    // It does for every waiting call, or else it surely does for the first.
    const goes = granted.map((grant, axis) => {
      const [need, demand] = [item.need, item.demand].map((each) => BigInt(each[axis] ?? 0));
      return [demand, need].find((each = 0n) => each <= grant) ?? grant;
    });
    slice.inFlight = sum(slice.inFlight, goes as unknown as Three);
  }

  #room(account: Account, ceiling: readonly (bigint | null)[]): Three {
    const key = keyOf(account);
    const { spent, held } = this.#elsewhere(account);
    const taken = sum(sum(this.#spent(key), this.#held(key)), sum(spent, held));
    return less(ceiling.map((cap) => cap ?? 0n) as unknown as Three, taken);
  }

  /** Charges of one series that share a rolling window with one on the last part. */
  #elsewhere(account: Account): { readonly spent: Three; readonly held: Three } {
    let [spent, held] = [ZERO, ZERO];
    if (account.parts.length === 1) return { spent, held };
    const first = account.parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
    const last = account.parts.at(-1)?.leavesAt ?? Number.POSITIVE_INFINITY;
    for (const { key, series, leavesAt } of this.#drawn.values()) {
      if (series !== seriesOf(account) || key === keyOf(account)) continue;
      if (leavesAt < first || leavesAt - last > last - first) continue;
      spent = sum(spent, this.#spent(key));
      held = sum(held, this.#held(key));
    }
    return { spent, held };
  }

  #ceiling({ capId, scope, ceiling }: Account): readonly (bigint | null)[] {
    const caps = [ceiling.usd, ceiling.tokens, ceiling.calls];
    const orders = [...this.#operations.values()].map(({ what }) => what);
    const doors = orders.filter(({ kind }) => kind === 'close-scope' || kind === 'reopen-scope');
    const door = doors.filter((order) => 'scope' in order && order.scope === scope).at(-1);
    return caps.map((cap, axis) => {
      if (cap === undefined) return null;
      if (door?.kind === 'close-scope') return 0n;
      let raised = BigInt(cap);
      for (const order of orders) {
        if (order.kind !== 'raise' || order.capId !== capId || order.scope !== scope) continue;
        const isOver = order.until !== null && order.until <= this.#now();
        if (!isOver) raised += BigInt(order.by[axis] ?? 0);
      }
      return raised;
    });
  }

  #idleElsewhere(slice: Slice): Three {
    const held = less(this.#held(slice.key), heldBy(slice));
    const inFlight = this.#total(slice.key, 'inFlight', ({ holder }) => holder.isOpen);
    return less(held, less(inFlight, slice.inFlight));
  }

  #taken(key: string): Told {
    return plain(sum(this.#spent(key), this.#held(key)));
  }

  #spent(key: string): Three {
    const corrections = this.#drawn.get(key)?.corrections ?? ZERO;
    return sum(
      this.#total(key, 'spent', () => true),
      corrections,
    );
  }

  #held(key: string): Three {
    return this.#slices
      .filter((slice) => slice.key === key && slice.holder.isOpen)
      .reduce((all, slice) => sum(all, heldBy(slice)), ZERO);
  }

  #total(key: string, what: 'spent' | 'inFlight', isCounted: (slice: Slice) => boolean): Three {
    return this.#slices
      .filter((slice) => slice.key === key && isCounted(slice))
      .reduce((all, slice) => sum(all, slice[what]), ZERO);
  }

  #draw(account: Account): Drawn {
    const key = keyOf(account);
    const leavesAt = account.parts.at(-1)?.leavesAt ?? Number.POSITIVE_INFINITY;
    const opened = { key, series: seriesOf(account), leavesAt, recalls: 0, corrections: ZERO };
    const drawn = this.#drawn.get(key) ?? opened;
    this.#drawn.set(key, drawn);
    return drawn;
  }

  #slice(holder: Holder, key: string): Slice | undefined {
    return this.#slices.find((slice) => slice.holder === holder && slice.key === key);
  }

  #newSlice(holder: Holder, { key, recalls }: Drawn): Slice {
    const none = { granted: ZERO, returned: ZERO, spent: ZERO, inFlight: ZERO, seq: 0 };
    const told = { wasRefused: false, wasRecalled: false, recallsTold: recalls };
    const slice: Slice = { holder, key, ...none, ...told };
    this.#slices.push(slice);
    return slice;
  }
}

function isNear(room: Three, ceiling: readonly (bigint | null)[]): boolean {
  return AXES.some((axis) => {
    const cap = ceiling[axis] ?? null;
    return cap !== null && room[axis] < cap / 32n;
  });
}

function heldBy({ granted, returned, spent }: Slice): Three {
  return less(less(granted, returned), spent);
}

function big(told: Told): Three {
  return [BigInt(told[0] ?? 0), BigInt(told[1] ?? 0), BigInt(told[2] ?? 0)];
}

function plain(three: Three): Told {
  return three.map(Number);
}

function sum(left: Three, right: Three): Three {
  return [left[0] + right[0], left[1] + right[1], left[2] + right[2]];
}

function less(left: Three, right: Three): Three {
  const difference = AXES.map((axis) => left[axis] - right[axis]);
  return difference.map((each) => (each < 0n ? 0n : each)) as unknown as Three;
}

function larger(left: Three, right: Three): Three {
  return AXES.map((axis) =>
    left[axis] > right[axis] ? left[axis] : right[axis],
  ) as unknown as Three;
}

function seriesOf({ capId, scope }: Account): string {
  return JSON.stringify([capId, scope]);
}

function keyOf(account: Account): string {
  return account.parts.at(-1)?.key ?? '';
}
