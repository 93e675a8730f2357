import { describe, expect, it } from 'vitest';
import { DAY, accountOf, amountsOf, reserveOrder } from '../../stores/conformance/orders.ts';
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

/** More seeds: HARDCAP_STORM_SEEDS=200. */
const SEEDS = Array.from({ length: Number(process.env['HARDCAP_STORM_SEEDS'] ?? 6) }, (_, n) => n);
const STEPS = 400;
const HOLDERS = 3;
const CAP = 3_000;
const MINUTE = 60_000;

interface Hold {
  readonly holder: string;
  readonly id: string;
  readonly usd: number;
  readonly keys: readonly string[];
}

/** Holders over a store behind a bad network; the truth is kept apart, by hand. */
class Storm {
  readonly time = new ManualTime(epochMs(DAY)!);
  readonly store = new MemoryLeaseStore(this.time.clock);
  readonly random: (below: number) => number;
  readonly ledgers = new Map<string, SharedLedger>();
  readonly open: Hold[] = [];
  /** Spent by holder and key; of the dead, what they were charged. */
  readonly spent = new Map<string, Map<string, number>>();
  /** What the store was told as spent, by holder and key. */
  readonly told = new Map<string, number>();
  readonly partitioned = new Set<string>();
  readonly silent = new Set<string>();
  readonly policy: Partial<LeasePolicy>;
  readonly isSynchronous: boolean;
  admitted = 0;
  refused = 0;
  unavailable = 0;
  isCalm = false;
  #count = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.policy = { mode: seed % 3 === 0 ? 'direct' : 'leased', messageTimeoutMs: 200 };
    this.isSynchronous = seed % 4 === 3;
    for (let index = 0; index < HOLDERS; index += 1) this.begin();
  }

  begin(): void {
    this.#count += 1;
    const name = `h${this.#count}`;
    const { clock, now, schedule } = this.time;
    const of = { host: 'host', boot: 'boot', pid: 1, incarnation: '1', journal: null };
    const ledger = createLeasedLedger({
      store: this.#network(name),
      identity: { holder: name, ...of, openedAt: clock() },
      clock,
      now,
      schedule,
      policy: this.policy,
    });
    this.ledgers.set(name, ledger);
  }

  /** Kills a holder; without a journal its slices are charged whole. */
  kill(name: string): void {
    this.ledgers.delete(name);
    const why = { at: this.time.clock(), by: 'test', reason: 'killed', inDoubt: [], finals: [] };
    const before = this.#spentAtStore();
    const closed = this.store.close({ holder: name, ...why, how: 'charged' });
    // One that was opened goes on as a ghost, and is fenced; nothing could fence the other.
    if (closed.kind === 'unknown-holder') this.silent.add(name);
    const spent = new Map<string, number>();
    for (const [key, sum] of this.#spentAtStore()) {
      const charged = sum - (before.get(key) ?? 0);
      spent.set(key, (this.told.get(`${name} ${key}`) ?? 0) + charged);
    }
    this.spent.set(name, spent);
    for (const hold of this.open.filter(({ holder }) => holder === name)) {
      this.open.splice(this.open.indexOf(hold), 1);
    }
  }

  /** What all holders have spent, by key. */
  truth(): Map<string, number> {
    const total = new Map<string, number>();
    for (const spent of this.spent.values()) {
      for (const [key, sum] of spent) total.set(key, (total.get(key) ?? 0) + sum);
    }
    return total;
  }

  accounts(): readonly Account[] {
    const { random } = this;
    const minute = Math.floor(this.time.now() / MINUTE) - (random(20) === 0 ? 1 : 0);
    const starts = [minute - 2, minute - 1, minute].map((index) => DAY + index * MINUTE);
    const all = [
      accountOf({ cap: 'global', ceiling: { usd: CAP } }),
      accountOf({ cap: 'customer', scope: `customer:${random(3)}`, ceiling: { usd: CAP / 3 } }),
      accountOf({ cap: 'rolling', ceiling: { usd: CAP / 6 }, starts, countsMs: 3 * MINUTE }),
      accountOf({ cap: 'watch', mode: 'observe', ceiling: { usd: 100 } }),
    ];
    return all.filter((_, index) => index === 0 || random(2) === 0);
  }

  /** One random thing happens. */
  async step(): Promise<void> {
    const { random } = this;
    const names = [...this.ledgers.keys()];
    const name = names[random(names.length)]!;
    const kind = random(100);
    if (kind < 45) this.#reserve(name);
    else if (kind < 75) this.#settle();
    else if (kind < 78) this.partitioned.add(name);
    else if (kind < 84) this.partitioned.delete(name);
    else if (kind === 84 && names.length > 1) {
      this.kill(name);
      this.begin();
    } else await this.time.pass(random(random(10) === 0 ? 30_000 : 60));
    this.check();
  }

  /** Nothing passes its ceiling, in truth and at the store; the store's books balance. */
  check(): void {
    const taken = this.truth();
    for (const { usd, keys } of this.open) {
      for (const key of keys) taken.set(key, (taken.get(key) ?? 0) + usd);
    }
    for (const [key, { row }] of this.store.accounts) {
      if (key.startsWith('watch')) continue;
      const slices = this.store.slicesOf(key);
      const held = slices.reduce((sum, { granted, returned, spent }) => {
        return sum + granted[0] - returned[0] - spent[0];
      }, 0);
      expect(row.held[0], `held of ${key}`).toBe(held);
      expect(taken.get(key) ?? 0, `truth of ${key}`).toBeLessThanOrEqual(row.spent[0] + held);
      if (key.startsWith('rolling')) continue;
      const cap = key.startsWith('global') ? CAP : CAP / 3;
      expect(row.spent[0] + held, `store of ${key}`).toBeLessThanOrEqual(cap);
    }
    const starts = [...taken.keys()]
      .filter((key) => key.startsWith('rolling'))
      .map((key) => Number(key.split('|')[2]));
    for (const first of starts) {
      let sum = 0;
      for (const start of starts) {
        if (start < first || start > first + 2 * MINUTE) continue;
        sum += taken.get(`rolling|global|${start}`) ?? 0;
      }
      expect(sum, `rolling window from ${first}`).toBeLessThanOrEqual(CAP / 6);
    }
  }

  /** All is settled and closed: what the store booked is the truth, and nothing is held. */
  async end(): Promise<void> {
    this.isCalm = true;
    this.partitioned.clear();
    await this.time.pass(10_000);
    while (this.open.length > 0) this.#settle();
    const closing = Promise.all([...this.ledgers.values()].map((ledger) => ledger.close()));
    await this.time.pass(20_000);
    await closing;
    const truth = this.truth();
    for (const [key, { row }] of this.store.accounts) {
      expect(row.held, `held of ${key} at the end`).toEqual(NO_SUMS);
      expect(row.spent[0], `spent of ${key} at the end`).toBe(truth.get(key) ?? 0);
    }
  }

  #reserve(name: string): void {
    const ledger = this.ledgers.get(name)!;
    this.#count += 1;
    const id = `r${this.#count}`;
    const accounts = this.accounts();
    const usd = 1 + this.random(60);
    const at = this.time.clock();
    const order = { ...reserveOrder({ id, sum: { usd }, accounts }), at };
    const take = (reply: ReserveReply): void => {
      if (reply.kind === 'refused') this.refused += 1;
      if (reply.kind === 'unavailable') this.unavailable += 1;
      if (reply.kind !== 'reserved' || !this.ledgers.has(name)) return;
      this.admitted += 1;
      const keys = accounts.map(({ parts }) => parts.at(-1)!.key);
      this.open.push({ holder: name, id, usd, keys });
    };
    const reply = ledger.reserve(order);
    if (reply.kind === 'ask') void ledger.reserveAsync(order).then(take);
    else take(reply);
  }

  #settle(): void {
    if (this.open.length === 0) return;
    const [hold] = this.open.splice(this.random(this.open.length), 1);
    const { holder, id, usd, keys } = hold!;
    const actual = this.random(usd + 1);
    const at = this.time.clock();
    const reply = this.ledgers.get(holder)!.settle({ id, at, amounts: amountsOf({ usd: actual }) });
    expect(reply.kind).toBe('ended');
    const spent = this.spent.get(holder) ?? new Map<string, number>();
    for (const key of keys) spent.set(key, (spent.get(key) ?? 0) + actual);
    this.spent.set(holder, spent);
  }

  #spentAtStore(): Map<string, number> {
    return new Map([...this.store.accounts].map(([key, { row }]) => [key, row.spent[0]]));
  }

  #network(name: string): LeaseStore {
    const { store, random, time } = this;
    const carry = <T>(say: () => T): T | Promise<T> => {
      const isBad = !this.isCalm && (this.partitioned.has(name) || random(30) === 0);
      if (this.isSynchronous) {
        if (this.silent.has(name)) throw new Error('dead');
        if (isBad && random(2) === 0) say();
        if (isBad) throw new Error('connection reset');
        return say();
      }
      return new Promise((resolve, reject) => {
        time.schedule(1 + random(10), () => {
          if (this.silent.has(name)) return;
          if (isBad && random(2) === 0) return;
          if (isBad && random(2) === 0) return reject(new Error('connection refused'));
          const answer = say();
          if (random(30) === 0) say();
          if (isBad) return reject(new Error('connection reset'));
          time.schedule(1 + random(10), () => resolve(answer));
        });
      });
    };
    return {
      isSynchronous: this.isSynchronous,
      open: (identity) => carry(() => store.open(identity)),
      exchange: (message) =>
        carry(() => {
          const reply = store.exchange(structuredClone(message));
          if (reply.kind !== 'applied') return reply;
          for (const { key, spent } of reply.slices) this.told.set(`${name} ${key}`, spent[0]);
          return reply;
        }),
      close: (order) => carry(() => store.close(order)),
      holders: () => store.holders(),
      balances: (accounts) => carry(() => store.balances(accounts)),
      operate: (operation) => store.operate(operation),
      doubts: () => store.doubts(),
      journal: (after) => store.journal(after),
      end: () => store.end(),
    };
  }
}

describe('holders behind a bad network', () => {
  it.each(SEEDS)(
    'never pass a ceiling, and every sum comes out at the end (seed %i)',
    async (seed) => {
      const storm = new Storm(seed);
      for (let step = 0; step < STEPS; step += 1) await storm.step();
      await storm.end();
      expect(storm.admitted).toBeGreaterThan(20);
    },
  );
});
