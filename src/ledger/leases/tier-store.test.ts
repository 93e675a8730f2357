import { describe, expect, it } from 'vitest';
import { DAY, NOON, accountOf, amountsOf, reserveOrder } from '../../stores/conformance/orders.ts';
import { randomFrom } from '../../stores/conformance/random-cases.ts';
import { MemoryLeaseStore } from '../../stores/memory/lease-store.ts';
import { epochMs } from '../../units/time.ts';
import type { Account } from '../account.ts';
import type { ReserveReply } from '../ledger.ts';
import type { SharedLedger } from '../shared-ledger.ts';
import type { LeaseStore } from './lease-store.ts';
import { createLeasedLedger } from './leased-ledger.ts';
import { ManualTime } from '../../../test/leases/manual-time.ts';
import type { LeasePolicy } from './policy.ts';
import { NO_SUMS } from './sums.ts';
import { createTierStore } from './tier-store.ts';

/** Hosts with a tier each over one store, and processes below. */
class Fleet {
  readonly time = new ManualTime(epochMs(DAY + 3_600_000)!);
  readonly store = new MemoryLeaseStore(this.time.clock);
  readonly tiers: LeaseStore[] = [];
  readonly ledgers: SharedLedger[] = [];
  messages = 0;
  isDown = false;
  readonly #delayMs: number;

  constructor(hosts: number, processes: number, options: FleetOptions = {}) {
    this.#delayMs = options.delayMs ?? 0;
    const { clock, now, schedule } = this.time;
    const of = { boot: 'boot', pid: 1, incarnation: '1', journal: null, openedAt: clock() };
    for (let host = 0; host < hosts; host += 1) {
      const identity = { holder: `tier-${host}`, host: `host-${host}`, ...of };
      const ports = { clock, now, schedule, policy: options.policy };
      const tier = createTierStore({ upstream: this.#upstream(), identity, ...ports });
      this.tiers.push(tier);
      for (let index = 0; index < processes; index += 1) {
        const process = { holder: `process-${host}-${index}`, host: `host-${host}`, ...of };
        this.ledgers.push(createLeasedLedger({ store: tier, identity: process, ...ports }));
      }
    }
  }

  usd(account: Account): readonly [spent: number, held: number] {
    const row = this.store.accounts.get(account.parts.at(-1)!.key)?.row;
    return [row?.spent[0] ?? 0, row?.held[0] ?? 0];
  }

  async answer(reply: Promise<ReserveReply>): Promise<ReserveReply> {
    const found: ReserveReply[] = [];
    const noted = reply.then((value) => found.push(value));
    for (let passed = 0; passed < 10_000 && found.length === 0; passed += 5) {
      await this.time.pass(5);
    }
    expect(found, 'an answer within ten seconds').toHaveLength(1);
    await noted;
    return found[0]!;
  }

  async close(): Promise<void> {
    const closed = Promise.all(this.ledgers.map((ledger) => ledger.close()));
    await this.time.pass(2_000);
    await closed;
    const ended = Promise.all(this.tiers.map(async (tier) => await tier.end()));
    await this.time.pass(2_000);
    await ended;
  }

  #upstream(): LeaseStore {
    const { store, time } = this;
    const later = <T>(say: () => T): T | Promise<T> => {
      if (this.isDown) throw new Error('connection refused');
      if (this.#delayMs === 0) return say();
      return new Promise((resolve) => {
        time.schedule(this.#delayMs, () => resolve(say()));
      });
    };
    return {
      isSynchronous: this.#delayMs === 0,
      open: (identity) => later(() => store.open(identity)),
      exchange: (message) => {
        this.messages += 1;
        return later(() => store.exchange(structuredClone(message)));
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

interface FleetOptions {
  readonly delayMs?: number;
  readonly policy?: Partial<LeasePolicy>;
}

function capped(usd: number, cap = 'c'): Account {
  return accountOf({ cap, ceiling: { usd } });
}

function order(id: string, usd: number, ...accounts: readonly Account[]) {
  return reserveOrder({ id, sum: { usd }, accounts });
}

describe('two tiers over one store, with processes below', () => {
  it.each([
    ['at once', 0, 'leased'],
    ['after a while', 4, 'leased'],
    ['at once', 0, 'direct'],
    ['after a while', 4, 'direct'],
  ] as const)('admit what fits and no more when the store answers %s', async (_, delayMs, mode) => {
    const fleet = new Fleet(2, 2, { delayMs, policy: { mode } });
    const account = capped(1_001);
    let admitted = 0;
    for (let index = 0; index < 60; index += 1) {
      const ledger = fleet.ledgers[index % 4]!;
      const one = order(`r${index}`, 50, account);
      let reply = ledger.reserve(one);
      if (reply.kind === 'ask') reply = await fleet.answer(ledger.reserveAsync(one));
      if (reply.kind === 'reserved') admitted += 1;
      const [spent, held] = fleet.usd(account);
      expect(spent + held).toBeLessThanOrEqual(1_001);
    }
    // Idle money below another tier comes back by two heartbeats, later than a call waits.
    expect(admitted).toBeLessThanOrEqual(20);
    expect(admitted).toBeGreaterThanOrEqual(mode === 'direct' ? 20 : 15);
    const open = fleet.ledgers.flatMap((ledger) => [...ledger.openHolds()]);
    expect(open).toHaveLength(admitted);
    await fleet.close();
    expect(fleet.usd(account)).toEqual([admitted * 50, 0]);
  });

  it('give everything back when processes and tiers end, whatever happened (seeds)', async () => {
    for (const seed of [1, 2, 3]) {
      const random = randomFrom(seed);
      const fleet = new Fleet(2, 2, { delayMs: seed === 3 ? 0 : 3 });
      const accounts = [capped(2_000, 'a'), capped(700, 'b'), capped(50_000, 'c')];
      const open: { ledger: SharedLedger; id: string; usd: number; keys: Account[] }[] = [];
      const spent = new Map<Account, number>();
      for (let step = 0; step < 300; step += 1) {
        const ledger = fleet.ledgers[random(4)]!;
        const kind = random(10);
        if (kind < 5) {
          const usd = 1 + random(80);
          const keys = accounts.filter(() => random(2) === 0);
          const one = order(`r${step}`, usd, ...keys);
          const take = (reply: ReserveReply): void => {
            if (reply.kind === 'reserved') open.push({ ledger, id: one.id, usd, keys });
          };
          const reply = ledger.reserve(one);
          if (reply.kind === 'ask') void ledger.reserveAsync(one).then(take);
          else take(reply);
        } else if (kind < 8 && open.length > 0) {
          const [hold] = open.splice(random(open.length), 1);
          const actual = random(hold!.usd + 1);
          const amounts = amountsOf({ usd: actual });
          expect(hold!.ledger.settle({ id: hold!.id, at: NOON, amounts }).kind).toBe('ended');
          for (const key of hold!.keys) spent.set(key, (spent.get(key) ?? 0) + actual);
        } else await fleet.time.pass(random(400));
        for (const account of accounts) {
          const held = open.filter(({ keys }) => keys.includes(account));
          const truth = held.reduce((sum, { usd }) => sum + usd, spent.get(account) ?? 0);
          const [booked, leased] = fleet.usd(account);
          expect(truth, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(booked + leased);
          expect(booked + leased).toBeLessThanOrEqual(account.ceiling.usd!);
        }
      }
      await fleet.time.pass(5_000);
      for (const { ledger, id, usd, keys } of open) {
        ledger.settle({ id, at: NOON, amounts: amountsOf({ usd }) });
        for (const key of keys) spent.set(key, (spent.get(key) ?? 0) + usd);
      }
      await fleet.close();
      for (const account of accounts) {
        expect(fleet.usd(account), `seed ${seed}`).toEqual([spent.get(account) ?? 0, 0]);
      }
      expect(fleet.store.holders()).toEqual([]);
    }
  });

  it('ask the store above seldom for what many processes draw', async () => {
    const fleet = new Fleet(1, 4, { delayMs: 1 });
    const account = capped(1_000_000_000);
    for (let index = 0; index < 2_000; index += 1) {
      const ledger = fleet.ledgers[index % 4]!;
      const one = order(`r${index}`, 100, account);
      let reply = ledger.reserve(one);
      if (reply.kind === 'ask') reply = await fleet.answer(ledger.reserveAsync(one));
      expect(reply.kind).toBe('reserved');
      ledger.settle({ id: one.id, at: NOON, amounts: amountsOf({ usd: 40 }) });
      await fleet.time.pass(1);
    }
    expect(fleet.messages).toBeLessThan(40);
  });

  it('refuse by the account as a whole, and say so', async () => {
    const fleet = new Fleet(2, 1, { policy: { mode: 'direct' } });
    const account = capped(100);
    const [a, b] = fleet.ledgers as [SharedLedger, SharedLedger];
    a.reserve(order('a1', 60, account));
    a.settle({ id: 'a1', at: NOON, amounts: amountsOf({ usd: 55 }) });
    a.reserve(order('a2', 20, account));
    await a.flush();
    await fleet.time.pass(2_000);
    const reply = await fleet.answer(b.reserveAsync(order('b1', 26, account)));
    expect(reply).toMatchObject({
      kind: 'refused',
      short: [{ account, balance: { spent: { usd: 55 }, held: { usd: 20 } } }],
    });
    expect(b.reserve(order('b2', 25, account)).kind).toBe('reserved');
    await b.refresh([account]);
    expect(b.balance(account)).toMatchObject({ spent: { usd: 55 }, held: { usd: 45 } });
  });

  it('leave what needs the store above unavailable while it is away', async () => {
    const fleet = new Fleet(1, 1);
    const [a] = fleet.ledgers as [SharedLedger];
    const account = capped(1_000_000);
    expect(a.reserve(order('r1', 10, account)).kind).toBe('reserved');
    fleet.isDown = true;
    expect(a.reserve(order('r2', 900_000, account)).kind).toBe('unavailable');
    expect(a.reserve(order('r3', 10, account)).kind).toBe('reserved');
    fleet.isDown = false;
    await fleet.time.pass(6_000);
    const reply = await fleet.answer(a.reserveAsync(order('r4', 900_000, account)));
    expect(reply.kind).toBe('reserved');
  });

  it('book what a process spent that it never spoke of, and tell the store above', async () => {
    const fleet = new Fleet(1, 0);
    const [tier] = fleet.tiers as [LeaseStore];
    const of = { host: 'h', boot: 'b', pid: 1, incarnation: '1', journal: null, openedAt: NOON };
    await tier.open({ holder: 'p', ...of });
    const account = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: 5 } });
    const why = { at: NOON, by: 'test', reason: 'gone', inDoubt: [] };
    const finals = [{ account, spent: [35, 0, 2] as const }];
    const end = { holder: 'p', ...why, how: 'proven' as const, finals };
    const closed = { kind: 'closed', freed: NO_SUMS, charged: [35, 0, 2] };
    expect(await tier.close(end)).toEqual(closed);
    expect(await tier.close(end)).toEqual({ kind: 'already-closed' });
    await fleet.time.pass(2_000);
    expect(fleet.usd(account)).toEqual([35, 0]);
    await fleet.close();
    expect(fleet.usd(account)).toEqual([35, 0]);
  });

  it('answer a message that comes again as before, and fence who was closed', async () => {
    const fleet = new Fleet(1, 0);
    const [tier] = fleet.tiers as [LeaseStore];
    const of = { host: 'h', boot: 'b', pid: 1, incarnation: '1', journal: null, openedAt: NOON };
    await tier.open({ holder: 'p', ...of });
    const none = { known: NO_SUMS, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
    const need = [60, 0, 0] as const;
    const item = { account: capped(100), ...none, need, demand: need, want: need };
    const message = { holder: 'p', seq: 1, at: NOON, items: [item], declares: 'none' as const };
    const first = await tier.exchange(message);
    expect(first).toMatchObject({ kind: 'applied', slices: [{ granted: [60, 0, 0] }] });
    expect(await tier.exchange(message)).toEqual(first);
    expect(fleet.usd(capped(100))[1]).toBeLessThanOrEqual(100);
    const why = { at: NOON, by: 'test', reason: 'gone', inDoubt: [], finals: [] };
    expect(await tier.close({ holder: 'p', ...why, how: 'charged' })).toMatchObject({
      kind: 'closed',
      charged: [60, 0, 0],
    });
    expect(await tier.exchange({ ...message, seq: 2 })).toEqual({ kind: 'fenced' });
    await fleet.close();
    expect(fleet.usd(capped(100))).toEqual([60, 0]);
  });
});
