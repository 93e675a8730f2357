import { describe, expect, it } from 'vitest';
import { DAY, NOON, accountOf, amountsOf, reserveOrder } from '../../stores/conformance/orders.ts';
import { randomFrom } from '../../stores/conformance/random-cases.ts';
import { MemoryLeaseStore } from '../../stores/memory/lease-store.ts';
import { epochMs } from '../../units/time.ts';
import type { Account } from '../account.ts';
import type { ReserveReply } from '../ledger.ts';
import type { SharedLedger } from '../shared-ledger.ts';
import { createLeasedLedger } from './leased-ledger.ts';
import { ManualTime } from '../../../test/leases/manual-time.ts';
import type { LeasePolicy } from './policy.ts';
import { NO_SUMS } from './sums.ts';

/** More seeds: HARDCAP_SCARCE_SEEDS=500. */
const SEEDS = Array.from(
  { length: Number(process.env['HARDCAP_SCARCE_SEEDS'] ?? 40) },
  (_, n) => n,
);

/** Longer than every wait of a holder together. */
const LONG_MS = 20_000;

/** Holders of one store, each behind a way that takes its time. */
class Fleet {
  readonly time = new ManualTime(epochMs(DAY + 3_600_000)!);
  readonly store = new MemoryLeaseStore(this.time.clock);
  messages = 0;
  /** One way to the store, or back. */
  delayMs = (): number => 1;

  holder(name: string, policy: Partial<LeasePolicy> = {}): SharedLedger {
    const { store, time } = this;
    const of = { host: 'host', boot: 'boot', pid: 1, incarnation: '1', journal: null };
    const later = async <T>(say: () => T): Promise<T> => {
      await this.#way();
      const said = say();
      await this.#way();
      return said;
    };
    return createLeasedLedger({
      store: {
        isSynchronous: false,
        open: (identity) => later(() => store.open(identity)),
        exchange: (message) => {
          this.messages += 1;
          return later(() => store.exchange(structuredClone(message)));
        },
        close: (order) => later(() => store.close(order)),
        holders: () => store.holders(),
        balances: (accounts) => store.balances(accounts),
        operate: (operation) => store.operate(operation),
        doubts: () => store.doubts(),
        journal: (after) => store.journal(after),
        end: () => store.end(),
      },
      identity: { holder: name, ...of, openedAt: time.clock() },
      clock: time.clock,
      now: time.now,
      schedule: time.schedule,
      policy,
    });
  }

  /** Reserves; says how that ended, and how long it took. */
  async ask(
    ledger: SharedLedger,
    { id, usd, account }: { readonly id: string; readonly usd: number; readonly account: Account },
  ): Promise<{ readonly kind: ReserveReply['kind']; readonly ms: number }> {
    const since = this.time.now();
    const order = reserveOrder({ id, sum: { usd }, accounts: [account] });
    const { kind } = await ledger.reserveAsync(order);
    return { kind, ms: this.time.now() - since };
  }

  /** Lets time pass until that is known. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const found: T[] = [];
    const noted = promise.then((value) => found.push(value));
    for (let ms = 0; ms < LONG_MS && found.length === 0; ms += 1) await this.time.pass(1);
    expect(found, 'an answer').toHaveLength(1);
    await noted;
    return found[0]!;
  }

  /** Leases `usd` to a holder that never says anything again. */
  leaseIdle(holder: string, account: Account, usd: number): void {
    const of = { host: 'host', boot: 'boot', pid: 1, incarnation: '1', journal: null };
    this.store.open({ holder, ...of, openedAt: NOON });
    const none = { known: NO_SUMS, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
    const asked = { need: [usd, 0, 0], demand: NO_SUMS, want: [usd, 0, 0] } as const;
    const items = [{ account, ...none, ...asked }];
    this.store.exchange({ holder, seq: 1, at: NOON, items, declares: 'none' });
  }

  #way(): Promise<void> {
    return new Promise((resolve) => {
      this.time.schedule(this.delayMs(), resolve);
    });
  }
}

function capped(usd: number): Account {
  return accountOf({ cap: 'c', ceiling: { usd } });
}

describe('holders of a scarce account', () => {
  for (const mode of ['leased', 'direct'] as const) {
    it(`admit exactly what fits, however it is divided between them (${mode})`, async () => {
      for (const seed of SEEDS) {
        const random = randomFrom(seed);
        const fleet = new Fleet();
        fleet.delayMs = () => 0.25 + random(random(20) === 0 ? 20_000 : 750) / 1_000;
        const usd = 2 + random(1_000);
        const fits = 1 + random(120);
        const account = capped(fits * usd + random(usd));
        const lane = async (ledger: SharedLedger, name: string): Promise<number> => {
          for (let admitted = 0; ; admitted += 1) {
            const id = `${name}-${admitted}`;
            const { kind } = await fleet.ask(ledger, { id, usd, account });
            if (kind === 'refused') return admitted;
            expect(kind, `seed ${seed}`).toBe('reserved');
          }
        };
        const lanes = Array.from({ length: 2 + random(6) }, (_, at) => {
          const ledger = fleet.holder(`h${at}`, { mode });
          return Array.from({ length: 1 + random(5) }, (__, index) =>
            lane(ledger, `h${at}-${index}`),
          );
        });
        const counts = await fleet.until(Promise.all(lanes.flat()));
        const admitted = counts.reduce((sum, count) => sum + count, 0);
        expect(admitted, `seed ${seed}: ${fits} fit`).toBe(fits);
      }
    });
  }

  it('are refused at once what was granted to waiting calls of others', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const [first, second] = [fleet.holder('a'), fleet.holder('b')];
    await fleet.until(fleet.ask(second, { id: 'b1', usd: 1, account }));
    await fleet.until(fleet.ask(first, { id: 'a1', usd: 99, account }));
    // The store heard of no call of the first one since it granted what that call waited for.
    const asked = await fleet.until(fleet.ask(second, { id: 'b2', usd: 50, account }));
    expect(asked).toEqual({ kind: 'refused', ms: 2 });
  });

  it('may wait for the part of a grant that does for no call', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const [first, second] = [fleet.holder('a'), fleet.holder('b', { wantTimes: 1 })];
    await fleet.until(fleet.ask(second, { id: 'b1', usd: 10, account }));
    // The first is granted the 90 that are left for calls that need 60 each: 30 are over. It has
    // not heard of that yet when the store is asked for them.
    const asked = ['a1', 'a2'].map((id) => fleet.ask(first, { id, usd: 60, account }));
    await fleet.time.pass(3);
    const other = fleet.ask(second, { id: 'b2', usd: 30, account });
    const all = await fleet.until(Promise.all([...asked, other]));
    expect(all.map(({ kind }) => kind)).toEqual(['reserved', 'refused', 'reserved']);
  });

  it('each keep no part of what is left while they wait for the rest of it', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const ledgers = ['a', 'b'].map((name) => fleet.holder(name));
    // Each has 40 of it idle, and 20 are left: together that is enough for one call of 90.
    const ids = ledgers.map((_, at) => `first-${at}`);
    for (const [at, ledger] of ledgers.entries()) {
      await fleet.until(fleet.ask(ledger, { id: ids[at]!, usd: 40, account }));
    }
    for (const [at, ledger] of ledgers.entries()) {
      ledger.release({ id: ids[at]!, at: NOON, reason: 'test' });
    }
    const asked = ledgers.map((ledger, at) => fleet.ask(ledger, { id: `${at}`, usd: 90, account }));
    const all = await fleet.until(Promise.all(asked));
    expect(all.map(({ kind }) => kind).toSorted()).toEqual(['refused', 'reserved']);
  });

  it('have what another was refunded within milliseconds', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const [first, second] = [fleet.holder('a'), fleet.holder('b')];
    await fleet.until(fleet.ask(first, { id: 'a1', usd: 100, account }));
    expect(await fleet.until(fleet.ask(second, { id: 'b1', usd: 10, account }))).toMatchObject({
      kind: 'refused',
    });
    // By then the first has heard that the account is near its cap.
    await fleet.time.pass(1_500);
    first.settle({ id: 'a1', at: NOON, amounts: amountsOf({ usd: 60 }) });
    await fleet.time.pass(8);
    const asked = await fleet.until(fleet.ask(second, { id: 'b2', usd: 40, account }));
    expect(asked).toEqual({ kind: 'reserved', ms: 2 });
  });

  it('give back at once what they are refunded after they were refused themselves', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const [first, second] = [fleet.holder('a'), fleet.holder('b')];
    await fleet.until(fleet.ask(first, { id: 'a1', usd: 60, account }));
    const refused = await fleet.until(fleet.ask(first, { id: 'a2', usd: 50, account }));
    expect(refused.kind).toBe('refused');
    first.settle({ id: 'a1', at: NOON, amounts: amountsOf({ usd: 20 }) });
    await fleet.time.pass(8);
    const asked = await fleet.until(fleet.ask(second, { id: 'b1', usd: 80, account }));
    expect(asked.kind).toBe('reserved');
  });

  it('count what was leased ahead as idle, to the last call', async () => {
    const fleet = new Fleet();
    const account = accountOf({ cap: 'c', ceiling: { calls: 100 } });
    const [first, second] = [fleet.holder('a'), fleet.holder('b')];
    await fleet.until(first.warm([account]));
    const order = reserveOrder({ id: 'b1', sum: { calls: 100 }, accounts: [account] });
    expect((await fleet.until(second.reserveAsync(order))).kind).toBe('reserved');
  });

  it('hold up nobody while they wait for what is called back from others', async () => {
    const fleet = new Fleet();
    const [account, short] = [capped(100), accountOf({ cap: 's', ceiling: { usd: 100 } })];
    // One who is not heard of any more has all of one account idle.
    fleet.leaseIdle('gone', short, 100);
    const ledger = fleet.holder('a');
    const order = reserveOrder({ id: 'a1', sum: { usd: 60 }, accounts: [account, short] });
    const waiting = ledger.reserveAsync(order);
    await fleet.time.pass(10);
    const before = fleet.messages;
    const other = await fleet.until(fleet.ask(ledger, { id: 'a2', usd: 60, account }));
    expect(other).toEqual({ kind: 'reserved', ms: 2 });
    expect((await fleet.until(waiting)).kind).toBe('refused');
    // It asks again from time to time, as long as it may wait.
    expect(fleet.messages - before).toBeLessThan(25);
  });

  it('keep what was granted for an extension until it is tried again', async () => {
    const fleet = new Fleet();
    const account = capped(100);
    const ledger = fleet.holder('a');
    await fleet.until(fleet.ask(ledger, { id: 'a1', usd: 98, account }));
    const order = { id: 'a1', at: NOON, by: amountsOf({ usd: 1 }) };
    expect(ledger.extend(order).kind).toBe('unavailable');
    await fleet.time.pass(50);
    expect(ledger.extend(order).kind).toBe('extended');
    // Nobody tries this one again: what is set aside for it goes back.
    expect(ledger.extend({ ...order, by: amountsOf({ usd: 1 }) }).kind).toBe('unavailable');
    await fleet.time.pass(50);
    expect(fleet.store.balances([account])).toEqual([{ spent: [0, 0, 0], held: [100, 0, 0] }]);
    await fleet.time.pass(60);
    expect(fleet.store.balances([account])).toEqual([{ spent: [0, 0, 0], held: [99, 0, 0] }]);
  });
});
