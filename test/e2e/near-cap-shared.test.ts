import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { openLedger, openLedgerNow, type OpenedLedger } from '../../src/open/open-ledger.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { createFarStore } from '../faults/far-store.ts';
import { CLAUDE, outcomes, rejection, until } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 1_000, messages };
const call = { provider: 'anthropic', body: claude };
const BOUND = new BudgetGuard({ caps: [] }).check(call).bound_nano_usd ?? 0;
const config = (times: number) => ({
  caps: [{ scope: 'global', window: 'lifetime', usd: Math.floor(times * BOUND) / 1e9 }] as const,
  onShort: ['count', 'wait'] as const,
  waitMsMax: 20_000,
});

interface Side {
  readonly guard: BudgetGuard;
  readonly ledger: OpenedLedger;
  readonly anthropic: Anthropic;
}

let emulator: Emulator;
let sides: Side[];

beforeEach(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 50 }, latencyMs: 20 });
  sides = [];
});

/** At rest nobody holds anything, and together they booked what was billed. */
afterEach(async () => {
  await emulator.idle();
  await until(() => sides.every(({ ledger }) => [...ledger.openHolds()].length === 0), 2_000);
  for (const { ledger } of sides) expect([...ledger.openHolds()]).toEqual([]);
  for (const { guard } of sides) await guard.close();
  await emulator.close();
});

function sideOf(ledger: OpenedLedger, times: number): Side {
  const guard = new BudgetGuard(config(times), { ledger });
  const bare = new Anthropic({ apiKey: 'x', baseURL: emulator.url, maxRetries: 0 });
  const side = { guard, ledger, anthropic: wrapAnthropic(bare, guard) };
  sides.push(side);
  return side;
}

async function farSide(store: LeaseStore, times: number): Promise<Side> {
  return sideOf(await openLedger({ store, journal: null }), times);
}

const STORES = {
  'a store that answers at once': (times: number) => {
    const store = createMemoryLeaseStore();
    return Promise.resolve(
      [0, 1].map(() => sideOf(openLedgerNow({ store, journal: null }), times)),
    );
  },
  'a store behind a network': async (times: number) => {
    const { store } = createFarStore();
    return [await farSide(store, times), await farSide(store, times)];
  },
};

describe.each(Object.entries(STORES))('waiting on a shared ledger: %s', (_name, openSides) => {
  it('hears in time of room that another process leaves', async () => {
    const [left, right] = await openSides(1.5);
    const held = await left!.guard.reserveAsync(call);
    const answer = right!.anthropic.messages.create(claude).withResponse();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(emulator.requestCount).toBe(0);
    held.release('never sent');
    const { response } = await answer;
    expect(response.headers.get('x-hardcap-strategy')).toBe('wait');
  });

  it('serves all calls that truly fit, from both sides, and never spends over the cap', async () => {
    const both = await openSides(4);
    const calls = Array.from({ length: 30 }, (_, index) =>
      both[index % 2]!.anthropic.messages.create(claude),
    );
    const { answered, errors } = await outcomes(calls);
    expect(errors).toEqual([]);
    expect(answered).toBe(30);
    expect(Number(emulator.bill().totalNanoUsd)).toBeLessThanOrEqual(4 * BOUND);
  });

  it('refuses at once what can only be spent by others for good', async () => {
    const [left, right] = await openSides(1.5);
    const spent = await left!.guard.reserveAsync(call);
    spent.settle({ input_tokens: 500, output_tokens: 1_000 });
    await left!.guard.flush();
    const start = performance.now();
    const error = await rejection(right!.anthropic.messages.create(claude));
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('a waiter that gives up while its store is asked', () => {
  it('gives back the hold that comes later, and nothing leaves', async () => {
    const far = createFarStore();
    const left = await farSide(far.store, 1.5);
    const right = await farSide(far.store, 1.5);
    const outcomesSeen: string[] = [];
    right.guard.on('settled', ({ outcome }) => outcomesSeen.push(outcome));
    const held = await left.guard.reserveAsync(call);
    const stop = new AbortController();
    const gone = rejection(right.anthropic.messages.create(claude, { signal: stop.signal }));
    // Past the first refusal: from here on it is the waiter's own turns that ask.
    await new Promise((resolve) => setTimeout(resolve, 1_800));
    held.release('never sent');
    await left.guard.flush();
    far.shut();
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort();
    await gone;
    far.letThrough();
    await until(() => outcomesSeen.length > 0, 3_000);
    expect(outcomesSeen).toEqual(['unsent']);
    expect(emulator.requestCount).toBe(0);
  });
});
