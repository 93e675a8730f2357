import { describe, expect, it } from 'vitest';
import {
  DAY,
  NOON,
  accountOf,
  amountsOf,
  reserveOrder,
  type Sum,
} from '../../stores/conformance/orders.ts';
import { MemoryLeaseStore } from '../../stores/memory/lease-store.ts';
import { epochMs } from '../../units/time.ts';
import type { Account } from '../account.ts';
import type { ReserveReply } from '../ledger.ts';
import type { SharedLedger } from '../shared-ledger.ts';
import type { LeaseStore } from './lease-store.ts';
import { createLeasedLedger } from './leased-ledger.ts';
import type { Fault } from './leasing-ports.ts';
import { ManualTime } from '../../../test/leases/manual-time.ts';
import type { ExchangeReply, HolderMessage, SliceItem } from './message.ts';
import type { LeasePolicy } from './policy.ts';
import type { HolderJournal, HolderRecord, HolderSnapshot } from './ports.ts';

type Answer = ExchangeReply | 'never' | 'reject' | 'lose';

/** A memory lease store and its holders, with every message noted and any answer to order. */
class World {
  readonly time = new ManualTime(epochMs(DAY + 3_600_000)!);
  readonly store = new MemoryLeaseStore(this.time.clock);
  readonly messages: HolderMessage[] = [];
  readonly faults: Fault[] = [];
  /** How long an answer takes; 0 is at once, and synchronous. */
  delayMs = 0;
  /** Says something else than the store would. `lose` carries it out and loses the answer. */
  answer: (message: HolderMessage) => Answer | undefined = () => undefined;

  holder(
    name: string,
    options: {
      readonly policy?: Partial<LeasePolicy>;
      readonly journal?: HolderJournal;
      readonly store?: LeaseStore;
    } = {},
  ): SharedLedger {
    const { clock, now, schedule } = this.time;
    return createLeasedLedger({
      store: this.wrapped(),
      identity: {
        holder: name,
        host: 'host',
        boot: 'boot',
        pid: 1,
        incarnation: '1',
        journal: null,
        openedAt: clock(),
      },
      clock,
      now,
      schedule,
      onFault: (fault) => this.faults.push(fault),
      ...options,
    });
  }

  /** What one holder said. */
  said(holder: string): readonly HolderMessage[] {
    return this.messages.filter((message) => message.holder === holder);
  }

  lastItems(holder: string): readonly SliceItem[] {
    return this.said(holder).at(-1)?.items ?? [];
  }

  /** Spent and held of an account at the store, in usd. */
  usd(account: Account): readonly [spent: number, held: number] {
    const row = this.store.accounts.get(account.parts.at(-1)!.key)?.row;
    return [row?.spent[0] ?? 0, row?.held[0] ?? 0];
  }

  wrapped(): LeaseStore {
    const { store } = this;
    const later = <T>(value: () => T): T | Promise<T> => {
      if (this.delayMs === 0) return value();
      return new Promise((resolve) => {
        this.time.schedule(this.delayMs, () => resolve(value()));
      });
    };
    return {
      isSynchronous: this.delayMs === 0,
      open: (identity) => later(() => store.open(identity)),
      exchange: (message) => {
        this.messages.push(structuredClone(message));
        const other = this.answer(message);
        if (other === 'never') return new Promise(() => undefined);
        if (other === 'reject') throw new Error('connection refused');
        if (other === 'lose') {
          store.exchange(message);
          throw new Error('connection reset');
        }
        return later(() => other ?? store.exchange(message));
      },
      close: (order) => later(() => store.close(order)),
      holders: () => store.holders(),
      balances: (accounts) => later(() => store.balances(accounts)),
      operate: (operation) => store.operate(operation),
      doubts: () => store.doubts(),
      journal: (after) => store.journal(after),
      end: () => store.end(),
    };
  }
}

function capped(usd: number, cap = 'c'): Account {
  return accountOf({ cap, ceiling: { usd } });
}

function order(id: string, sum: Sum | number, ...accounts: readonly Account[]) {
  return reserveOrder({ id, sum: typeof sum === 'number' ? { usd: sum } : sum, accounts });
}

function settle(ledger: SharedLedger, id: string, usd: number) {
  return ledger.settle({ id, at: NOON, amounts: amountsOf({ usd }) });
}

/** Asks, and lets time pass until there is an answer. */
async function asked(
  world: World,
  reply: Promise<ReserveReply>,
  ms = 10_000,
): Promise<ReserveReply> {
  const found: ReserveReply[] = [];
  const noted = reply.then((value) => found.push(value));
  for (let passed = 0; passed < ms; passed += 5) {
    if (found.length > 0) break;
    await world.time.pass(5);
  }
  if (found.length === 0) throw new Error(`no answer within ${ms} ms`);
  await noted;
  return found[0]!;
}

const DIRECT: Partial<LeasePolicy> = { mode: 'direct' };

describe('two holders of one account', () => {
  it.each(['leased', 'direct'] as const)(
    'admit exactly what fits, whoever asks (%s)',
    async (mode) => {
      const world = new World();
      const [a, b] = [
        world.holder('a', { policy: { mode } }),
        world.holder('b', { policy: { mode } }),
      ];
      const account = capped(1_000);
      let admitted = 0;
      for (let index = 0; index < 60; index += 1) {
        const ledger = index % 3 === 0 ? a : b;
        const one = order(`r${index}`, 30, account);
        let reply = ledger.reserve(one);
        if (reply.kind === 'ask') reply = await asked(world, ledger.reserveAsync(one));
        if (reply.kind === 'reserved') admitted += 1;
      }
      expect(admitted).toBe(33);
      expect([...a.openHolds(), ...b.openHolds()]).toHaveLength(33);
      const [spent, held] = world.usd(account);
      expect(spent).toBe(0);
      expect(held).toBeGreaterThanOrEqual(990);
      expect(held).toBeLessThanOrEqual(1_000);
    },
  );

  it('admit exactly what fits over a store that takes time, with many calls at once', async () => {
    const world = new World();
    world.delayMs = 3;
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = capped(1_001);
    const replies = Array.from({ length: 80 }, (_, index) =>
      (index % 2 === 0 ? a : b).reserveAsync(order(`r${index}`, 50, account)),
    );
    for (let step = 0; step < 600; step += 1) await world.time.pass(5);
    const kinds = (await Promise.all(replies)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'reserved')).toHaveLength(20);
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(60);
  });

  it('each tell what both spent and hold, in refusals and after a refresh', async () => {
    const world = new World();
    const [a, b] = [world.holder('a', { policy: DIRECT }), world.holder('b', { policy: DIRECT })];
    const account = capped(100);
    a.reserve(order('a1', 60, account));
    settle(a, 'a1', 50);
    a.reserve(order('a2', 20, account));
    b.reserve(order('b1', 10, account));
    // Until a says that its grant is in use, it counts as idle and may be recalled.
    await a.flush();
    const reply = b.reserve(order('b2', 21, account));
    expect(reply).toMatchObject({
      kind: 'refused',
      short: [{ dimension: 'usd', balance: { spent: { usd: 50 }, held: { usd: 30 } } }],
    });
    expect(reply.kind === 'refused' && reply.short[0]!.account).toBe(account);
    settle(b, 'b1', 7);
    await b.flush();
    await a.refresh([account]);
    expect(a.balance(account)).toMatchObject({ spent: { usd: 57 }, held: { usd: 20 } });
    const stranger = world.holder('c');
    await stranger.refresh([account]);
    expect(stranger.balance(account)).toMatchObject({ spent: { usd: 57 }, held: { usd: 20 } });
  });

  it('know that an account is overdrawn by the other', async () => {
    const world = new World();
    const [a, b] = [world.holder('a', { policy: DIRECT }), world.holder('b', { policy: DIRECT })];
    const account = capped(100);
    a.reserve(order('a1', 40, account));
    b.reserve(order('b1', 40, account));
    settle(a, 'a1', 90);
    const reply = settle(b, 'b1', 30);
    await b.refresh([account]);
    expect(b.balance(account).overdrawn).toBe(true);
    expect(b.reserve(order('b2', 0, account)).kind).toBe('refused');
    // The store answered with a's overrun before b's bill was booked.
    expect(reply).toMatchObject({ kind: 'ended' });
    expect(settle(b, 'b1', 30)).toMatchObject({ repeated: true, overdrawn: [account] });
  });
});

describe('what a slice covers', () => {
  it('is decided without a message, and refunds are used again', () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(1_000_000);
    for (let index = 0; index < 50; index += 1) {
      expect(a.reserve(order(`r${index}`, 100, account)).kind).toBe('reserved');
      settle(a, `r${index}`, 1);
    }
    expect(world.said('a')).toHaveLength(1);
  });

  it('asks for the need of the first, the demand of all, and sixteen times the need', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const [busy, account] = [capped(1_000_000, 'busy'), capped(1_000_000)];
    const calls = [
      a.reserveAsync(order('r0', 1, busy)),
      a.reserveAsync(order('r1', 10, account)),
      a.reserveAsync(order('r2', 25, account, busy)),
    ];
    expect(a.reserve(order('r3', 5, account)).kind).toBe('ask');
    await world.time.pass(40);
    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(Array(3).fill('reserved'));
    expect(world.said('a')[0]!.items).toMatchObject([
      { need: [1, 0, 0], demand: [26, 0, 0], want: [26, 0, 0] },
      { need: [10, 0, 0], demand: [35, 0, 0], want: [160, 0, 0] },
    ]);
    expect(world.said('a')).toHaveLength(1);
  });

  it('asks exactly in direct mode, and gives every refund back at once', async () => {
    const world = new World();
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(1_000);
    a.reserve(order('r1', 10, account));
    expect(world.lastItems('a')[0]).toMatchObject({ need: [10, 0, 0], want: [10, 0, 0] });
    settle(a, 'r1', 4);
    expect(world.lastItems('a')[0]).toMatchObject({ spent: [4, 0, 0], returned: [6, 0, 0] });
    expect(world.usd(account)).toEqual([4, 0]);
  });

  it('fills up in the background before it is empty', async () => {
    const world = new World();
    world.delayMs = 2;
    const a = world.holder('a');
    const account = capped(100_000_000);
    await asked(world, a.reserveAsync(order('first', 10, account)));
    let waited = 0;
    for (let index = 0; index < 3_000; index += 1) {
      await world.time.pass(2);
      const one = order(`r${index}`, 10, account);
      let reply = a.reserve(one);
      if (reply.kind === 'ask') {
        waited += 1;
        reply = await asked(world, a.reserveAsync(one));
      }
      expect(reply.kind).toBe('reserved');
      settle(a, `r${index}`, 10);
    }
    expect(waited).toBeLessThan(60);
    expect(world.said('a').length).toBeLessThan(200);
  });

  it('goes back when nobody drew on it for a while', async () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(1_000_000);
    a.reserve(order('r1', 10, account));
    settle(a, 'r1', 10);
    expect(world.usd(account)[1]).toBeGreaterThan(0);
    await world.time.pass(12_000);
    expect(world.usd(account)).toEqual([10, 0]);
    const count = world.messages.length;
    await world.time.pass(60_000);
    expect(world.messages).toHaveLength(count);
  });

  it.each([0, 3])(
    'is spoken of once a second while calls go on (answers take %i ms)',
    async (ms) => {
      const world = new World();
      world.delayMs = ms;
      const a = world.holder('a');
      const account = capped(1_000_000_000);
      await asked(world, a.reserveAsync(order('first', 10, account)));
      for (let index = 0; index < 200; index += 1) {
        a.reserve(order(`r${index}`, 1, account));
        await world.time.pass(100);
      }
      const count = world.messages.length;
      expect(count).toBeGreaterThan(15);
      expect(count).toBeLessThan(45);
      expect(world.lastItems('a')[0]!.inFlight[0]).toBeGreaterThan(190);
    },
  );

  it('goes back within 5 ms near the cap', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = capped(1_000);
    b.reserve(order('b1', 960, account));
    a.reserve(order('a1', 40, account));
    settle(a, 'a1', 10);
    await world.time.pass(6);
    expect(world.usd(account)).toEqual([10, 960]);
  });

  it('cannot be spent while its return is on its way', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(100);
    await asked(world, a.reserveAsync(order('r1', 100, account)));
    settle(a, 'r1', 0);
    expect(world.lastItems('a')[0]!.returned).toEqual([100, 0, 0]);
    expect(a.reserve(order('r2', 1, account)).kind).toBe('ask');
  });

  it('of a past window goes back, and a hold in it can still end', async () => {
    const world = new World();
    const a = world.holder('a');
    const minute = (index: number): Account =>
      accountOf({
        cap: 'm',
        ceiling: { usd: 1_000 },
        starts: [DAY + index * 60_000],
        countsMs: 60_000,
      });
    const at = (index: number) => DAY + index * 60_000;
    const one = (id: string, index: number) =>
      reserveOrder({ id, sum: { usd: 10 }, accounts: [minute(index)], at: at(index) });
    a.reserve(one('old', 0));
    a.reserve(one('new', 1));
    a.reserve(one('newer', 1));
    await world.time.pass(1_001);
    expect(world.usd(minute(0))).toEqual([0, 10]);
    settle(a, 'old', 4);
    await a.flush();
    expect(world.usd(minute(0))).toEqual([4, 0]);
  });
});

describe('a waiting call', () => {
  it('keeps what it already has on other accounts from the calls after it', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const [shared, own] = [capped(100_000, 'shared'), capped(2_000, 'own')];
    await asked(world, a.reserveAsync(order('first', 100, shared)));
    settle(a, 'first', 0);
    // Sixteen times the first call is here; the next one needs all of it, and something else.
    const both = a.reserveAsync(order('both', 1_600, shared, own));
    expect(a.reserve(order('thief', 1, shared)).kind).toBe('ask');
    expect((await asked(world, both)).kind).toBe('reserved');
  });

  it('holds nothing anywhere once it is refused', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const [roomy, tight] = [capped(1_000, 'roomy'), capped(10, 'tight')];
    const reply = await asked(world, a.reserveAsync(order('r', 20, roomy, tight)));
    expect(reply).toMatchObject({ kind: 'refused', short: [{ account: tight }] });
    expect(a.balance(roomy).held.usd).toBe(0);
    expect(a.reserve(order('next', 20, roomy)).kind).toBe('reserved');
  });

  it('is served by a refund that comes back here', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const b = world.holder('b');
    const account = capped(100);
    await asked(world, a.reserveAsync(order('r1', 60, account)));
    await asked(world, b.reserveAsync(order('b1', 40, account)));
    world.answer = ({ holder }) => (holder === 'a' ? 'never' : undefined);
    const waiting = a.reserveAsync(order('r2', 50, account));
    settle(a, 'r1', 0);
    expect((await asked(world, waiting)).kind).toBe('reserved');
  });

  it('is one of a bounded number', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a', { policy: { waitingMax: 2 } });
    const account = capped(1_000);
    const replies = ['r1', 'r2', 'r3'].map((id) => a.reserveAsync(order(id, 10, account)));
    await world.time.pass(50);
    const kinds = (await Promise.all(replies)).map(({ kind }) => kind);
    expect(kinds).toEqual(['reserved', 'reserved', 'unavailable']);
  });
});

describe('a refusal by the store', () => {
  it('stands for 100 ms for calls that need as much, without a message', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b', { policy: DIRECT })];
    const account = capped(100);
    b.reserve(order('b1', 95, account));
    await b.flush();
    expect(a.reserve(order('r1', 6, account)).kind).toBe('refused');
    const count = world.messages.length;
    expect(a.reserve(order('r2', 7, account)).kind).toBe('refused');
    expect(world.messages).toHaveLength(count);
    expect(a.reserve(order('r3', 5, account)).kind).toBe('reserved');
    settle(b, 'b1', 0);
    await world.time.pass(101);
    expect(a.reserve(order('r4', 7, account)).kind).toBe('reserved');
  });

  it('makes idle money elsewhere come back to the call that waits', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = capped(1_000);
    a.reserve(order('a1', 100, account));
    settle(a, 'a1', 100);
    a.reserve(order('a2', 1, account));
    const [, held] = world.usd(account);
    const rest = 1_000 - 100 - 1;
    expect(held).toBeGreaterThan(1);
    await a.flush();
    const reply = b.reserve(order('b1', rest, account));
    expect(reply).toMatchObject({ kind: 'ask', short: [{ dimension: 'usd' }] });
    expect((await asked(world, b.reserveAsync(order('b1', rest, account)))).kind).toBe('reserved');
    expect(world.time.now()).toBeLessThan(1_500);
  });

  it('is final at once when nothing is idle elsewhere, else after the recall', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = capped(1_000);
    a.reserve(order('a1', 400, account));
    await a.flush();
    const [, held] = world.usd(account);
    const tooMuch = order('b1', 601, account);
    world.answer = ({ holder }) => (holder === 'a' ? 'reject' : undefined);
    const before = world.time.now();
    const reply = await asked(world, b.reserveAsync(tooMuch));
    expect(reply.kind).toBe('refused');
    if (held === 400) expect(world.time.now() - before).toBeLessThan(10);
    else expect(world.time.now() - before).toBeLessThan(1_400);
  });
});

describe('a message whose fate is unknown', () => {
  it('is sent again word for word, and applied once', async () => {
    const world = new World();
    world.delayMs = 2;
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(100);
    let lost = 0;
    world.answer = () => {
      lost += 1;
      return lost <= 3 ? 'lose' : undefined;
    };
    const reply = await asked(world, a.reserveAsync(order('r1', 60, account)));
    expect(reply.kind).toBe('reserved');
    const [first, ...again] = world.said('a');
    expect(again.slice(0, 3)).toEqual([first, first, first]);
    expect(world.usd(account)).toEqual([0, 60]);
  });

  it('leaves what needs the store unavailable, and what slices cover goes on', async () => {
    const world = new World();
    world.delayMs = 2;
    const a = world.holder('a');
    const [known, other] = [capped(1_000_000, 'known'), capped(1_000, 'other')];
    await asked(world, a.reserveAsync(order('r1', 100, known)));
    world.answer = () => 'never';
    const waiting = a.reserveAsync(order('r2', 1, other));
    expect((await asked(world, waiting)).kind).toBe('unavailable');
    expect(world.time.now()).toBeLessThan(1_100);
    expect(a.reserve(order('r3', 100, known)).kind).toBe('reserved');
    expect(a.reserve(order('r4', 1, other)).kind).toBe('unavailable');
    await expect(a.flush()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(world.faults.map(({ kind }) => kind)).toEqual(['unreachable']);
    world.answer = () => undefined;
    await world.time.pass(6_000);
    expect((await asked(world, a.reserveAsync(order('r5', 1, other)))).kind).toBe('reserved');
  });

  it('over a synchronous store, is unavailable at once and said again', async () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(100);
    world.answer = () => 'lose';
    expect(a.reserve(order('r1', 60, account)).kind).toBe('unavailable');
    world.answer = () => undefined;
    await world.time.pass(60);
    expect(a.reserve(order('r1', 60, account)).kind).toBe('reserved');
    expect(world.usd(account)[1]).toBeLessThanOrEqual(100);
    expect(world.said('a')[1]).toEqual(world.said('a')[0]);
  });
});

describe('a store that says no', () => {
  it('fenced: every reserve is unavailable, and ends still work', () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(1_000);
    a.reserve(order('r1', 10, account));
    const gone = { holder: 'a', at: NOON, by: 'test', reason: 'gone', inDoubt: [], finals: [] };
    world.store.close({ ...gone, how: 'charged' });
    expect(a.reserve(order('r2', 500, account)).kind).toBe('unavailable');
    expect(a.reserve(order('r3', 0, account)).kind).toBe('unavailable');
    expect(settle(a, 'r1', 5)).toMatchObject({ kind: 'ended' });
    expect(world.faults.map(({ kind }) => kind)).toEqual(['fenced']);
  });

  it('lost: nothing is granted, slices go on, and it is said', async () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(1_000);
    a.reserve(order('r1', 10, account));
    world.answer = () => ({ kind: 'lost', reason: 'the file is older than the message' });
    expect(a.reserve(order('r2', 500, account)).kind).toBe('unavailable');
    expect(a.reserve(order('r3', 10, account)).kind).toBe('reserved');
    expect(world.faults[0]).toMatchObject({ kind: 'lost' });
    world.answer = () => undefined;
    await world.time.pass(6_000);
    expect(a.reserve(order('r4', 500, account)).kind).toBe('reserved');
  });

  it.each([
    ['less than it told', [5, 0, 0]],
    ['more than was wanted', [900_000, 0, 0]],
  ] as const)('is not believed when it grants %s', (_name, granted) => {
    const world = new World();
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(1_000_000);
    a.reserve(order('r1', 10, account));
    world.answer = (message) => {
      const real = world.store.exchange(message);
      if (real.kind !== 'applied') return real;
      return { ...real, slices: real.slices.map((slice) => ({ ...slice, granted })) };
    };
    expect(a.reserve(order('r2', 10, account)).kind).toBe('unavailable');
    expect(a.reserve(order('r3', 800_000, account)).kind).toBe('unavailable');
    expect(world.faults[0]?.kind).toBe('lost');
  });

  it('redeclare: tells all slices, asks for nothing with it, then goes on', () => {
    const world = new World();
    const a = world.holder('a', { policy: DIRECT });
    const accounts = Array.from({ length: 300 }, (_, index) => capped(1_000, `c${index}`));
    for (const [index, account] of accounts.entries()) a.reserve(order(`r${index}`, 10, account));
    const count = world.messages.length;
    let isDeclared = false;
    world.answer = ({ declares }) => {
      if (declares === 'all') isDeclared = true;
      if (isDeclared || declares !== 'none') return undefined;
      return { kind: 'redeclare', reason: 'another server answers' };
    };
    expect(a.reserve(order('new', 20, accounts[0]!)).kind).toBe('reserved');
    const said = world.messages.slice(count);
    expect(said.map(({ declares }) => declares)).toEqual(['none', 'some', 'all', 'none']);
    expect(said.map(({ seq }) => seq - said[0]!.seq)).toEqual([0, 0, 1, 2]);
    expect(said.map(({ items }) => items.length).slice(1, 3)).toEqual([256, 44]);
    expect(said[1]!.items.every(({ want }) => want.every((sum) => sum === 0))).toBe(true);
    expect(world.faults.map(({ kind }) => kind)).toEqual(['redeclare']);
  });

  it('an operator closes the scope, and what was granted cannot be spent', async () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(100_000);
    a.reserve(order('r1', 10, account));
    const said = { at: NOON, who: 'op', reason: 'leak' };
    world.store.operate({ ...said, id: 'x', kind: 'close-scope', scope: 'global' });
    await a.flush();
    expect(a.reserve(order('r2', 1, account)).kind).toBe('refused');
    world.store.operate({ ...said, id: 'y', kind: 'reopen-scope', scope: 'global' });
    await world.time.pass(101);
    expect(a.reserve(order('r3', 1, account)).kind).toBe('reserved');
  });

  it('an operator raises the ceiling, and the raise is used and told', () => {
    const world = new World();
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(100);
    expect(a.reserve(order('r1', 150, account)).kind).toBe('refused');
    const by = [100, null, null] as const;
    const said = { id: 'x', at: NOON, who: 'op', reason: 'launch', scope: 'global' };
    world.store.operate({ ...said, kind: 'raise', capId: 'c', by, until: null });
    expect(a.reserve(order('r2', 150, account)).kind).toBe('reserved');
    expect(settle(a, 'r2', 150)).toMatchObject({ overdrawn: [] });
  });
});

describe('a bill above its hold', () => {
  it('is told at once, so that the others see what is left', () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = capped(1_000);
    a.reserve(order('a1', 900, account));
    expect(settle(a, 'a1', 990)).toMatchObject({ overdrawn: [] });
    expect(world.usd(account)[0]).toBe(990);
    expect(b.reserve(order('b1', 11, account)).kind).toBe('refused');
  });

  it('closes the account here when others fill the rest', () => {
    const world = new World();
    const [a, b] = [world.holder('a', { policy: DIRECT }), world.holder('b', { policy: DIRECT })];
    const account = capped(100);
    b.reserve(order('b1', 50, account));
    a.reserve(order('a1', 40, account));
    expect(settle(a, 'a1', 120)).toMatchObject({ overdrawn: [account] });
    expect(a.reserve(order('a2', 0, account)).kind).toBe('refused');
    expect(world.usd(account)).toEqual([120, 50]);
  });

  it('keeps calls in flight covered at the store', () => {
    const world = new World();
    const a = world.holder('a', { policy: DIRECT });
    const account = capped(1_000);
    for (const id of ['a1', 'a2']) a.reserve(order(id, 100, account));
    settle(a, 'a1', 250);
    expect(world.usd(account)).toEqual([250, 100]);
  });
});

describe('a journal', () => {
  interface Kept {
    readonly records: HolderRecord[];
    isFailing: boolean;
    isDiscarded: boolean;
    snapshot: () => HolderSnapshot;
  }

  function journal(): { readonly kept: Kept; readonly journal: HolderJournal } {
    const kept: Kept = {
      records: [],
      isFailing: false,
      isDiscarded: false,
      snapshot: () => ({ spent: [], open: [] }),
    };
    return {
      kept,
      journal: {
        record: (record) => {
          if (kept.isFailing) throw new Error('no space left on device');
          kept.records.push(record);
        },
        attach: (snapshot) => {
          kept.snapshot = snapshot;
        },
        discard: () => {
          kept.isDiscarded = true;
        },
      },
    };
  }

  it("records in the caller's accounts, and what a correction replaced", () => {
    const world = new World();
    const { kept, journal: own } = journal();
    const a = world.holder('a', { journal: own });
    const account = capped(1_000);
    a.reserve(order('r1', 10, account));
    settle(a, 'r1', 4);
    const amounts = amountsOf({ usd: 3 });
    a.adjust({ id: 'x', reservationId: 'r1', at: NOON, amounts, reason: 'invoice' });
    expect(kept.records[0]).toMatchObject({ kind: 'reserved', accounts: [account] });
    expect(kept.records[2]).toMatchObject({
      kind: 'adjusted',
      id: 'x',
      reservationId: 'r1',
      replaced: amountsOf({ usd: 4 }),
      amounts,
      accounts: [account],
    });
    a.reserve(order('r2', 7, account));
    const of = (usd: number) => ({ amounts: amountsOf({ usd }) });
    expect(kept.snapshot()).toMatchObject({
      spent: [{ account, ...of(3) }],
      open: [{ id: 'r2', accounts: [account], ...of(7) }],
    });
  });

  it('that fails leaves ends to be recorded later, once each, the first end first', async () => {
    const world = new World();
    const { kept, journal: own } = journal();
    const a = world.holder('a', { journal: own });
    const account = capped(1_000);
    for (const id of ['r1', 'r2', 'r3']) a.reserve(order(id, 10, account));
    kept.isFailing = true;
    for (const id of ['r1', 'r2', 'r3']) expect(settle(a, id, 6).kind).toBe('unavailable');
    expect(a.release({ id: 'r1', at: NOON, reason: 'late' }).kind).toBe('unavailable');
    await world.time.pass(1_000);
    expect([...a.openHolds()]).toHaveLength(3);
    kept.isFailing = false;
    expect(settle(a, 'r2', 5)).toMatchObject({ kind: 'ended', repeated: false });
    await world.time.pass(300);
    expect([...a.openHolds()]).toEqual([]);
    expect(a.balance(account).spent.usd).toBe(17);
    const ends = kept.records.slice(3).map(({ kind, id }) => [kind, id]);
    expect(ends).toEqual([
      ['settled', 'r2'],
      ['settled', 'r1'],
      ['settled', 'r3'],
    ]);
    await world.time.pass(2_000);
    expect(kept.records).toHaveLength(6);
  });

  it('that fails holds nothing, and a full queue of ends says so', () => {
    const world = new World();
    const { kept, journal: own } = journal();
    const a = world.holder('a', { journal: own, policy: { unrecordedMax: 1 } });
    const account = capped(1_000);
    for (const id of ['r1', 'r2']) a.reserve(order(id, 10, account));
    kept.isFailing = true;
    expect(a.reserve(order('r3', 10, account)).kind).toBe('unavailable');
    expect(a.balance(account).held.usd).toBe(20);
    settle(a, 'r1', 1);
    settle(a, 'r2', 1);
    expect(world.faults.map(({ kind }) => kind)).toEqual(['unrecorded']);
  });

  it('is discarded when the store knows all, and kept when it could not be told', async () => {
    const world = new World();
    const { kept, journal: own } = journal();
    const a = world.holder('a', { journal: own });
    a.reserve(order('r1', 10, capped(1_000)));
    await a.close();
    expect(kept.isDiscarded).toBe(true);
    const other = journal();
    const b = world.holder('b', { journal: other.journal });
    b.reserve(order('r1', 10, capped(1_000)));
    world.answer = () => 'reject';
    const closing = expect(b.close()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await world.time.pass(2_000);
    await closing;
    expect(other.kept.isDiscarded).toBe(false);
  });
});

describe('rolling windows', () => {
  const rolling = (last: number, usd: number): Account => {
    const starts = [last - 2, last - 1, last].map((minute) => DAY + minute * 60_000);
    return accountOf({ cap: 'rolling', ceiling: { usd }, starts, countsMs: 180_000 });
  };

  it('count the parts of all, and idle money in older ones makes room in the newest', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    a.reserve(order('a1', 30, rolling(2, 1_000)));
    b.reserve(order('b1', 290, rolling(3, 1_000)));
    settle(b, 'b1', 280);
    await b.flush();
    const [, stock] = world.usd(rolling(3, 1_000));
    settle(a, 'a1', 20);
    expect(world.usd(rolling(2, 1_000))[1]).toBeGreaterThan(30);
    // a still has stock in part 2; it gives it back with what it asks of part 3.
    const room = 1_000 - 20 - 280 - stock;
    expect(a.reserve(order('a2', room, rolling(3, 1_000))).kind).toBe('reserved');
    expect(a.reserve(order('a3', 1, rolling(3, 1_000))).kind).not.toBe('reserved');
  });

  it('tell what each part takes, own and others together', async () => {
    const world = new World();
    const [a, b] = [world.holder('a', { policy: DIRECT }), world.holder('b', { policy: DIRECT })];
    a.reserve(order('a1', 30, rolling(2, 100)));
    b.reserve(order('b1', 20, rolling(2, 100)));
    b.reserve(order('b2', 10, rolling(3, 100)));
    settle(a, 'a1', 25);
    await b.flush();
    const reply = a.reserve(order('a2', 46, rolling(3, 100)));
    expect(reply).toMatchObject({
      kind: 'refused',
      short: [
        {
          balance: { spent: { usd: 25 }, held: { usd: 30 } },
          parts: [{ usd: 0 }, { usd: 45 }, { usd: 10 }],
        },
      ],
    });
    await a.refresh([rolling(3, 100)]);
    expect(a.balance(rolling(3, 100))).toMatchObject({ spent: { usd: 25 }, held: { usd: 30 } });
  });

  it('overdrawn by one part admit nothing until it leaves, whoever asks', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    a.reserve(order('a1', 1, rolling(2, 10)));
    b.reserve(order('b1', 6, rolling(3, 10)));
    settle(b, 'b1', 6);
    settle(a, 'a1', 5);
    await b.flush();
    expect(a.reserve(order('a2', 0, rolling(3, 10))).kind).toBe('refused');
    expect(b.reserve(order('b2', 1, rolling(3, 10))).kind).toBe('refused');
    expect(b.reserve(order('b3', 4, rolling(5, 10))).kind).toBe('reserved');
  });
});

describe('observed accounts', () => {
  it('are never asked for, report what is spent, and know what others spent', async () => {
    const world = new World();
    const [a, b] = [world.holder('a'), world.holder('b')];
    const account = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: 50 } });
    expect(a.reserve(order('a1', 40, account)).kind).toBe('reserved');
    expect(world.messages).toEqual([]);
    settle(a, 'a1', 45);
    await a.flush();
    expect(world.usd(account)).toEqual([45, 0]);
    await b.refresh([account]);
    const reply = b.reserve(order('b1', 10, account));
    expect(reply).toMatchObject({ kind: 'reserved' });
    await b.flush();
    const next = b.reserve(order('b2', 1, account));
    expect(next).toMatchObject({
      observedShort: [{ account, dimension: 'usd', balance: { spent: { usd: 45 } } }],
    });
    expect(settle(b, 'b1', 10)).toMatchObject({ overdrawn: [account] });
  });

  it('are not drawn on before the store knows of the holder', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const account = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: 50 } });
    expect(a.reserve(order('a1', 40, account)).kind).toBe('ask');
    const waiting = a.reserveAsync(order('a1', 40, account));
    expect([...a.openHolds()]).toEqual([]);
    expect(await asked(world, waiting)).toMatchObject({ kind: 'reserved' });
    expect(world.store.holders()).toMatchObject([{ holder: 'a' }]);
    expect(a.reserve(order('a2', 40, account)).kind).toBe('reserved');
    expect(world.messages).toEqual([]);
  });
});

describe('the end of a holder', () => {
  it('charges open holds, gives everything back, and is told once', async () => {
    const world = new World();
    const a = world.holder('a');
    const account = capped(100_000);
    a.reserve(order('r1', 10, account));
    a.reserve(order('r2', 20, account));
    settle(a, 'r1', 4);
    const [one, two] = [a.close(), a.close()];
    expect(one).toBe(two);
    await one;
    expect(world.usd(account)).toEqual([24, 0]);
    expect(world.store.holders()).toEqual([]);
    expect(world.store.doubts()).toMatchObject([{ id: 'r2', amounts: [20, 0, 0] }]);
    expect(a.reserve(order('r3', 1, account)).kind).toBe('unavailable');
    expect(settle(a, 'r2', 1).kind).toBe('unavailable');
  });

  it('that could not be told is tried again by the next close, and told once', async () => {
    const world = new World();
    const a = world.holder('a');
    const [account, watched] = [capped(1_000), accountOf({ cap: 'o', mode: 'observe' })];
    a.reserve(order('r1', 10, account, watched));
    a.reserve(order('r2', 20, account, watched));
    settle(a, 'r1', 4);
    for (let time = 0; time < 2; time += 1) {
      world.answer = () => 'reject';
      const failed = expect(a.close()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await world.time.pass(2_000);
      await failed;
      expect(a.reserve(order('r3', 1, account)).kind).toBe('unavailable');
    }
    expect(world.store.holders()).toHaveLength(1);
    world.answer = () => undefined;
    const again = a.close();
    expect(a.close()).toBe(again);
    await again;
    await a.close();
    expect([world.usd(account), world.usd(watched)]).toEqual([
      [24, 0],
      [24, 0],
    ]);
    expect(world.store.holders()).toEqual([]);
    expect(world.store.doubts()).toMatchObject([{ id: 'r2', amounts: [20, 0, 0] }]);
    expect(world.faults.map(({ kind }) => kind)).not.toContain('fenced');
  });

  it('that was carried out while nobody heard of it is found to be done', async () => {
    const world = new World();
    let isHeard = false;
    const store: LeaseStore = {
      ...world.wrapped(),
      close: (closing) => {
        const reply = world.store.close(closing);
        if (!isHeard) throw new Error('connection reset');
        return reply;
      },
    };
    const a = world.holder('a', { store });
    a.reserve(order('r1', 10, capped(1_000)));
    const failed = expect(a.close()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await world.time.pass(2_000);
    await failed;
    expect(world.store.holders()).toEqual([]);
    isHeard = true;
    await a.close();
    expect(world.usd(capped(1_000))).toEqual([10, 0]);
    expect(world.store.journal()).toHaveLength(1);
    expect(world.faults.map(({ kind }) => kind)).not.toContain('fenced');
  });

  it('fails who waits, and needs no store that was never spoken to', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    await a.close();
    expect(world.messages).toEqual([]);
    const b = world.holder('b');
    const waiting = b.reserveAsync(order('r1', 10, capped(100)));
    const closed = b.close();
    expect((await asked(world, waiting)).kind).toBe('unavailable');
    await world.time.pass(100);
    await closed;
    expect(world.usd(capped(100))).toEqual([0, 0]);
  });
});

describe('warming up', () => {
  it('leases ahead, so that the first call needs no message', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const accounts = [capped(100_000, 'x'), capped(100_000, 'y')];
    const warmed = a.warm(accounts);
    await world.time.pass(20);
    await warmed;
    const count = world.messages.length;
    expect(a.reserve(order('r1', 100, ...accounts)).kind).toBe('reserved');
    expect(world.messages).toHaveLength(count);
  });

  it('makes the holder known, so that observed accounts need no answer either', async () => {
    const world = new World();
    world.delayMs = 5;
    const a = world.holder('a');
    const account = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: 50 } });
    const warmed = a.warm([account]);
    await world.time.pass(20);
    await warmed;
    expect(a.reserve(order('r1', 100, account)).kind).toBe('reserved');
    expect(world.messages).toEqual([]);
  });
});
