import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { openLedger, type OpenedLedger } from '../../src/open/open-ledger.ts';
import { NO_SUMS, type Sums } from '../../src/ledger/leases/sums.ts';
import { epochMs } from '../../src/units/time.ts';
import { createFarStore, type FarStore } from '../faults/far-store.ts';
import { CLAUDE, rejection, until } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const call = { provider: 'anthropic', body: claude };
const ROOMY = { global_cap_per_day_usd: 10, per_customer_cap_per_day_usd: 10 };
const CONFIG = { global_cap_per_day_usd: 0.02, per_customer_cap_per_day_usd: 0.02 };

let far: FarStore;
let ledger: OpenedLedger;
let guard: BudgetGuard;
let emulator: Emulator;
let told: string[];
let isFenced: boolean;

beforeEach(async () => {
  far = createFarStore();
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
  ledger = await openLedger({ store: far.store, journal: null });
  guard = new BudgetGuard(CONFIG, { ledger });
  told = [];
  isFenced = false;
  guard.on('reserved', () => told.push('reserved'));
  guard.on('refused', ({ code }) => told.push(code));
  guard.on('settled', ({ outcome }) => told.push(outcome));
});

/** Another holder has nearly all of the global cap in stock, needs none of it, and never answers. */
async function takeAll(): Promise<void> {
  const quote = guard.quote(call, epochMs(Date.now())!);
  if (quote instanceof Error) throw quote;
  const at = epochMs(Date.now())!;
  const opened = { host: 'h', boot: 'b', pid: 1, incarnation: 'i', journal: null, openedAt: at };
  const stock: Sums = [0.019e9, 0, 0];
  const none = { known: NO_SUMS, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
  const asks = { need: stock, demand: stock, want: stock };
  const items = quote.accounts.slice(0, 1).map((account) => ({ account, ...none, ...asks }));
  far.inner.open({ holder: 'other', ...opened });
  far.inner.exchange({ holder: 'other', seq: 1, at, items, declares: 'none' });
}

/** At rest no hold is open, and what the store has booked is the bill. */
afterEach(async () => {
  far.setDown(false);
  far.letThrough();
  await emulator.idle();
  await until(() => [...ledger.openHolds()].length === 0, 2_000);
  expect([...ledger.openHolds()]).toEqual([]);
  if (!isFenced) {
    await answering();
    await guard.close();
  }
  for (const [key, { row }] of far.inner.accounts) {
    if (isFenced || !key.startsWith('global/day|')) continue;
    expect(row.spent[0]).toBe(Number(emulator.bill().totalNanoUsd));
  }
  await emulator.close();
});

/** Waits until the ledger has noticed that its store answers again. */
async function answering(): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const isHeard = await guard.flush().then(
      () => true,
      () => false,
    );
    if (isHeard) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function client(maxRetries = 0, by: BudgetGuard = guard): Anthropic {
  return wrapAnthropic(
    new Anthropic({ apiKey: 'x', baseURL: emulator.url, maxRetries, timeout: 20_000 }),
    by,
  );
}

describe('a store that takes time to answer', () => {
  it('is waited for by a wrapped client: no request leaves without a hold', async () => {
    far.shut();
    const answer = client().messages.create(claude);
    const seen = Promise.resolve(answer);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(emulator.requestCount).toBe(0);
    expect(told).toEqual([]);
    far.letThrough();
    expect((await seen).type).toBe('message');
    expect(told).toEqual(['reserved', 'complete']);
  });

  it('is waited for by reserveAsync, and not by reserve: then nothing is held', async () => {
    expect(guard.tryReserve(call)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(() => guard.reserve(call)).toThrow(/reserveAsync.*warm/);
    expect([...ledger.openHolds()]).toEqual([]);
    const reservation = await guard.reserveAsync(call);
    expect([...ledger.openHolds()].map(({ id }) => id)).toEqual([reservation.id]);
    reservation.release('never sent');
    expect(told).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'reserved', 'unsent']);
  });

  it('need not be waited for once the scopes are warm', async () => {
    const roomy = new BudgetGuard(ROOMY, { ledger });
    const view = roomy.for({ customer: 'acme' });
    expect(view.tryReserve(call)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await view.warm();
    const reservation = view.reserve(call);
    expect(reservation.isOpen).toBe(true);
    reservation.release('never sent');
  });

  it('says BUDGET_CAP to reserve where what is known suffices for a no', async () => {
    await takeAll();
    const large = { ...call, body: { ...claude, max_tokens: 900 } };
    // It waits for what the other one has idle, in vain; whoever does not wait knows as much.
    const waiting = guard.reserveAsync(large).catch((error: unknown) => error);
    let atOnce: unknown;
    await until(() => (atOnce = guard.tryReserve(large)) instanceof BudgetCapError, 1_000);
    expect(atOnce).toBeInstanceOf(BudgetCapError);
    expect((atOnce as BudgetCapError).cap_usd).toBe(0.02);
    expect(await waiting).toBeInstanceOf(BudgetCapError);
    expect([...ledger.openHolds()]).toEqual([]);
  });

  it('a caller that gives up while it is asked gets its money back, and nothing leaves', async () => {
    far.shut();
    const giveUp = new AbortController();
    const answer = Promise.resolve(client().messages.create(claude, { signal: giveUp.signal }));
    const refused = rejection(answer);
    await new Promise((resolve) => setTimeout(resolve, 20));
    giveUp.abort();
    expect(await refused).toBeInstanceOf(Anthropic.APIUserAbortError);
    far.letThrough();
    await until(() => told.length === 2, 2_000);
    expect(told).toEqual(['reserved', 'unsent']);
    expect(emulator.requestCount).toBe(0);
    expect([...ledger.openHolds()]).toEqual([]);
  });

  it('that is out of reach refuses what no slice covers, once, and nothing leaves', async () => {
    far.setDown(true);
    const error = await rejection(client(2).messages.create(claude));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(told).toEqual(['STORE_UNAVAILABLE']);
    expect(emulator.requestCount).toBe(0);
  });

  it('that is out of reach does not stop what a slice covers', async () => {
    const roomy = new BudgetGuard(ROOMY, { ledger });
    await roomy.warm({ customer: 'acme' });
    far.setDown(true);
    const answer = await roomy.run({ customer: 'acme' }, () =>
      client(0, roomy).messages.create(claude),
    );
    expect(answer.type).toBe('message');
    await expect(roomy.flush()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('200 calls at once stay under the cap, and those that fit are made', async () => {
    const calls = Array.from({ length: 200 }, () => client().messages.create(claude));
    const results = await Promise.allSettled(calls);
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(reasons.filter((error) => !(error instanceof BudgetCapError))).toEqual([]);
    expect(Number(emulator.bill().totalNanoUsd)).toBeLessThanOrEqual(0.02e9);
    expect(results.length - reasons.length).toBeGreaterThan(3);
  });
});

describe('refresh', () => {
  it('brings balance up to date with what others spend in the store', async () => {
    const other = await openLedger({ store: far.store, journal: null });
    const second = new BudgetGuard(CONFIG, { ledger: other });
    const held = await second.reserveAsync(call);
    await guard.refresh();
    const [row] = guard.balance();
    expect(row?.held_nano_usd).toBeGreaterThanOrEqual(held.quote.amounts.usd);
    held.release('never sent');
    await second.close();
    await guard.refresh();
    expect(guard.balance()[0]).toMatchObject({ spent_nano_usd: 0, held_nano_usd: 0 });
  });
});

describe('drift', () => {
  it('hears that this holder was closed by somebody else, and nothing is admitted any more', async () => {
    const drifts: string[] = [];
    guard.on('drift', ({ kind, message }) => drifts.push(`${kind} ${message}`));
    (await guard.reserveAsync(call)).release('never sent');
    const order = { by: 'ada', reason: 'gone', how: 'charged', finals: [], inDoubt: [] } as const;
    await guard.flush();
    far.inner.close({ ...order, holder: ledger.holder, at: epochMs(Date.now())! });
    isFenced = true;
    const waiting = guard.reserveAsync({ ...call, scopes: { customer: 'acme' } });
    expect(await rejection(waiting)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await until(() => drifts.length > 0, 3_000);
    expect(drifts.join()).toMatch(/^ledger-fault/);
    expect(guard.tryReserve(call)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
