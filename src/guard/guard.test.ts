import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../errors/budget-cap-error.ts';
import type { HardcapError } from '../errors/error.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { createMemoryLedger } from '../stores/memory/memory-ledger.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import type { Call } from './call.ts';
import { BudgetGuard } from './guard.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;
const MODEL = 'house-model';

/** $1 a million tokens in, $2 out: 1,000 and 2,000 nano-dollars a token. No other class is billed. */
const PRICE = { provider: 'anthropic', model: MODEL, usdPerMillion: { input: 1, output: 2 } };
const call: Call = {
  provider: 'anthropic',
  body: { model: MODEL, max_tokens: 1_000, messages: [{ role: 'user', content: 'Hello' }] },
};
/** 100 * 1,000 + 10 * 2,000. */
const USAGE = { input_tokens: 100, output_tokens: 10 };
const USAGE_NANO_USD = 120_000;

/** A guard under a clock that the test sets, with everything it says. */
function open(config: BudgetGuardConfig, ports: { isFailing?: () => boolean } = {}) {
  let now = NOON;
  const told: { name: string; event: object }[] = [];
  const ledger = createMemoryLedger({
    journal: () => {
      if (ports.isFailing?.() === true) throw new Error('disk full');
    },
  });
  const guard = new BudgetGuard(
    { prices: [PRICE], ...config },
    { ledger, clock: () => instant(now) },
  );
  for (const name of ['settled', 'refused', 'overdrawn', 'drift', 'threshold'] as const) {
    guard.on(name, (event) => told.push({ name, event }));
  }
  return {
    guard,
    told,
    names: () => told.map(({ name }) => name),
    at: (time: number) => {
      now = time;
    },
    openHolds: () => [...ledger.openHolds()].length,
    spent: () => guard.balance().map((account) => account.spent_nano_usd),
    held: () => guard.balance().map((account) => account.held_nano_usd),
  };
}

function instant(at: number): EpochMs {
  const time = epochMs(at);
  if (time === undefined) throw new Error(`${at} is no instant`);
  return time;
}

function refusalOf(run: () => unknown): HardcapError {
  try {
    run();
  } catch (error) {
    return error as HardcapError;
  }
  throw new Error('It was expected to be refused, and it was not.');
}

describe('a guard', () => {
  it('refuses a model without a price, and holds nothing', () => {
    const { guard, openHolds, names } = open({ global_cap_per_day_usd: 1 });
    const body = { ...call.body, model: 'a-model-nobody-lists' };
    const error = refusalOf(() => guard.reserve({ ...call, body }));
    expect(error.code).toBe('PRICE_UNKNOWN');
    expect(guard.check({ ...call, body })).toMatchObject({ fits: false, bound_nano_usd: null });
    expect(names()).toEqual(['refused']);
    expect(openHolds()).toBe(0);
  });

  it('refuses what the request does not bound, and holds nothing', () => {
    const { guard, openHolds } = open({ global_cap_per_day_usd: 1 });
    const body = { ...call.body, mcp_servers: [{ url: 'https://example.com' }] };
    expect(refusalOf(() => guard.reserve({ ...call, body })).code).toBe('UNBOUNDED_REQUEST');
    expect(openHolds()).toBe(0);
  });

  it('refuses a call without a value where the configuration says so', () => {
    const { guard } = open({ per_customer_cap_per_day_usd: 1, unattributed: 'refuse' });
    expect(refusalOf(() => guard.reserve(call)).code).toBe('SCOPE_MISSING');
    guard.run({ customer: 'acme' }, () => guard.reserve(call)).release('not sent');
  });

  it('does not reopen a window that was spent when the clock is set back', () => {
    const { guard, at } = open({ caps: [{ scope: 'global', window: 'day', calls: 1 }] });
    guard.reserve(call).settle(USAGE);
    at(NOON - DAY_MS);
    expect(refusalOf(() => guard.reserve(call))).toBeInstanceOf(BudgetCapError);
    at(NOON + DAY_MS);
    guard.reserve(call).settle(USAGE);
  });

  it('draws on the scopes of views, runs and the call together', () => {
    const { guard, held } = open({ per_customer_cap_per_day_usd: 1, per_feature_cap_usd: 1 });
    const view = guard.for({ customer: 'acme' });
    view.run({ feature: 'chat' }, () => {
      const reservation = view.reserve({ ...call, scopes: { customer: 'inner' } });
      const scopes = reservation.draws().map(({ scope }) => scope);
      expect(scopes).toEqual(['customer:acme', 'customer:inner', 'feature:chat']);
      reservation.release('not sent');
    });
    expect(held()).toEqual([]);
  });

  it('checks without holding, and says what a reserve would say', () => {
    const { guard, openHolds } = open({ caps: [{ scope: 'global', window: 'day', calls: 1 }] });
    expect(guard.check(call)).toMatchObject({ fits: true, error: null });
    expect(openHolds()).toBe(0);
    const reservation = guard.reserve(call);
    const { fits, error } = guard.check(call);
    expect(fits).toBe(false);
    const thrown = refusalOf(() => guard.reserve(call));
    expect(error?.toJSON()).toEqual(thrown.toJSON());
    reservation.release('not sent');
  });

  it('never refuses for a cap that only observes, and names it', () => {
    const { guard, spent } = open({
      caps: [{ scope: 'global', window: 'day', calls: 0, mode: 'observe' }],
    });
    const observed: number[] = [];
    guard.on('reserved', (event) => observed.push(event.observed.length));
    expect(guard.check(call).fits).toBe(true);
    guard.reserve(call).settle(USAGE);
    expect(observed).toEqual([1]);
    expect(spent()).toEqual([USAGE_NANO_USD]);
  });

  it('takes having to ask a store for no answer, where it may not wait', async () => {
    const memory = createMemoryLedger();
    const guard = new BudgetGuard(
      { global_cap_per_day_usd: 1, prices: [PRICE] },
      { ledger: { ...memory, reserve: () => ({ kind: 'ask' }) } },
    );
    expect(refusalOf(() => guard.reserve(call)).code).toBe('STORE_UNAVAILABLE');
    expect([...memory.openHolds()]).toEqual([]);
    (await guard.reserveAsync(call)).settle(USAGE);
    expect(guard.balance().map((account) => account.spent_nano_usd)).toEqual([USAGE_NANO_USD]);
  });
});

describe('a reservation', () => {
  const config = { global_cap_per_day_usd: 1 };

  it('settles at the cost of the raw usage', () => {
    const { guard, spent, held } = open(config);
    guard.reserve(call).settle(USAGE);
    expect(spent()).toEqual([USAGE_NANO_USD]);
    expect(held()).toEqual([0]);
  });

  it.each([
    ['no usage', undefined],
    ['a negative figure', { input_tokens: -1, output_tokens: 10 }],
    ['half of the figures', { input_tokens: 100 }],
  ])('books its whole bound on %s', (_name, usage) => {
    const { guard, spent, names } = open(config);
    const { bound_nano_usd: bound } = guard.check(call);
    expect(bound).toBeGreaterThan(1_000 * 2_000);
    guard.reserve(call).settle(usage);
    expect(spent()).toEqual([bound]);
    expect(names()).toEqual(['settled', 'drift']);
  });

  it('books what was billed above its hold and above the cap, says so, and the scope closes', () => {
    const { guard, spent, names } = open({ global_cap_per_day_usd: 0.01 });
    guard.reserve(call).settle({ input_tokens: 0, output_tokens: 10_000 });
    expect(spent()).toEqual([10_000 * 2_000]);
    expect(names()).toEqual(['settled', 'drift', 'overdrawn']);
    expect(refusalOf(() => guard.reserve(call)).code).toBe('SCOPE_CLOSED');
  });

  it('ends once: whatever comes later says how it ended, and changes nothing', () => {
    const { guard, spent, held } = open(config);
    const settled = guard.reserve(call);
    settled.settle(USAGE);
    expect(refusalOf(() => settled.settle(undefined)).code).toBe('RESERVATION_SETTLED');
    expect(refusalOf(() => settled.release('late')).code).toBe('RESERVATION_SETTLED');
    settled[Symbol.dispose]();
    const released = guard.reserve(call);
    released.release('not sent');
    expect(refusalOf(() => released.settle(USAGE)).code).toBe('RESERVATION_RELEASED');
    expect(spent()).toEqual([USAGE_NANO_USD]);
    expect(held()).toEqual([0]);
  });

  it('is closed as spent when it goes out of scope', () => {
    const { guard, spent, openHolds } = open(config);
    const { bound_nano_usd: bound } = guard.check(call);
    {
      using reservation = guard.reserve(call);
      expect(reservation.isOpen).toBe(true);
    }
    expect(spent()).toEqual([bound]);
    expect(openHolds()).toBe(0);
  });

  it('stands while the ledger cannot write its end, and can be ended afterwards', () => {
    let isFailing = false;
    const { guard, spent, names, openHolds } = open(config, { isFailing: () => isFailing });
    const reservation = guard.reserve(call);
    isFailing = true;
    expect(refusalOf(() => reservation.settle(USAGE)).code).toBe('STORE_UNAVAILABLE');
    expect(reservation.isOpen).toBe(true);
    expect(openHolds()).toBe(1);
    expect(names()).toEqual(['drift']);
    isFailing = false;
    reservation.settle(USAGE);
    expect(spent()).toEqual([USAGE_NANO_USD]);
    expect(openHolds()).toBe(0);
  });
});
