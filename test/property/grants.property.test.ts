import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../src/budget/budget.ts';
import { issueGrant, redeemGrant, type Collected } from '../../src/guard/grants/grants.ts';
import { BudgetGuard } from '../../src/guard/guard.ts';
import type { Reservation } from '../../src/guard/reservation.ts';
import { createLeasedLedger } from '../../src/ledger/leases/leased-ledger.ts';
import type { Awaitable, LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { NOON } from '../../src/stores/conformance/orders.ts';
import { identityOf } from '../../src/stores/conformance/lease-orders.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { ManualTime } from '../leases/manual-time.ts';

const keys = { id: 'k1', secret: 'a secret of more than thirty-two bytes' };
const issued = { keys, expiresInMs: 600_000 };
const body = {
  model: 'claude-sonnet-4-6',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'Hello' }],
};
const call = { provider: 'anthropic', body };
const nano = (usd: number | undefined) => Math.round((usd ?? 0) * 1e9);

/** One receiver's call: when it is made, how long it is open, and what it costs. */
const calling = fc.record({
  by: fc.nat(2),
  atMs: fc.nat(6_000),
  openMs: fc.nat(4_000),
  output: fc.nat(1_000),
  /** Mostly what its bound says; at times the provider bills far above it. */
  input: fc.oneof({ weight: 4, arbitrary: fc.constant(10) }, fc.constant(190_000)),
});

const world = fc.record({
  mode: fc.constantFrom('leased', 'direct'),
  delayMs: fc.nat(60),
  calls: fc.array(calling, { minLength: 1, maxLength: 30 }),
  collectAtMs: fc.nat(7_000),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

describe('a grant that is taken back while three holders spend it', () => {
  it('is booked at exactly what all of them settled, and none starts a call afterwards', async () => {
    let [collected, inFlight, overdrawn] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const { result, settledNano, startedAfter, openAtCollect, run } = await play(given);
        expect(nano(result.spent.usd)).toBe(settledNano);
        expect(nano(run.spent.usd)).toBe(settledNano);
        expect(nano(run.remaining.usd)).toBe(Math.max(0, 10e9 - settledNano));
        expect(nano(run.held.usd)).toBe(0);
        expect(startedAfter).toBe(0);
        collected += 1;
        if (openAtCollect > 0) inFlight += 1;
        if (settledNano > 1e9) overdrawn += 1;
      }),
      { numRuns: 30 },
    );
    // The property would say little if nobody had been spending at the time.
    expect(inFlight).toBeGreaterThan(collected / 10);
    expect(overdrawn).toBeGreaterThan(0);
  }, 60_000);
});

interface Played {
  readonly result: Collected;
  readonly settledNano: number;
  /** Calls that were held after the grant had been collected. */
  readonly startedAfter: number;
  readonly openAtCollect: number;
  readonly run: Budget;
}

/** An issuer and three receivers, each a holder of its own, in time that is moved by hand. */
async function play({ mode, delayMs, calls, collectAtMs }: World): Promise<Played> {
  const time = new ManualTime(NOON);
  const store = delayed(createMemoryLeaseStore({ clock: time.clock }), time, delayMs);
  const guardOf = (name: string): BudgetGuard => {
    const { now, schedule, clock } = time;
    const policy = { mode };
    const terms = { store, identity: identityOf(name), now, schedule, clock, policy };
    const ledger = createLeasedLedger(terms);
    return new BudgetGuard({ global_cap_per_day_usd: 1_000 }, { ledger, clock, schedule });
  };
  const guards = ['a', 'b', 'c'].map(guardOf);
  const issuer = guardOf('issuer');
  const run = issuer.budget({ usd: 10 }, 'run');
  const grant = await passing(time, issueGrant(issuer, run, { ...issued, usd: 1 }));
  const [first, second, third] = guards as [BudgetGuard, BudgetGuard, BudgetGuard];
  const budget = await passing(time, redeemGrant(first, grant.token, { keys }));
  const budgets = [budget];
  for (const guard of [second, third]) {
    const below = await passing(time, issueGrant(first, budget, { ...issued, usd: 0.3 }));
    budgets.push(await passing(time, redeemGrant(guard, below.token, { keys })));
  }

  let [settledNano, startedAfter, open, openAtCollect] = [0, 0, 0, 0];
  let result: Collected | undefined;
  const make = async ({ by, openMs, output, input }: (typeof calls)[number]): Promise<void> => {
    const [guard, from] = [guards[by], budgets[by]];
    if (guard === undefined || from === undefined) throw new Error('no such receiver');
    let held: Reservation;
    try {
      held = await guard.run({ budget: from }, () => guard.reserveAsync(call));
    } catch {
      // Refused: the grant has not the money, or was taken back.
      return;
    }
    if (result !== undefined) startedAfter += 1;
    open += 1;
    await new Promise<void>((resolve) => void time.schedule(openMs, resolve));
    held.settle({ input_tokens: input, output_tokens: output });
    open -= 1;
    // $3 and $15 a million tokens.
    settledNano += input * 3_000 + output * 15_000;
  };
  const made = calls.map((one) => later(time, one.atMs, () => make(one)));
  const ending = later(time, collectAtMs, async () => {
    openAtCollect = open;
    result = await grant.collect({ force: true });
  });
  await passing(time, Promise.all([...made, ending]));
  if (result === undefined) throw new Error('it was not collected');
  return { result, settledNano, startedAfter, openAtCollect, run };
}

async function later(time: ManualTime, ms: number, work: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => void time.schedule(ms, resolve));
  await work();
}

/** Moves time on until a promise is settled, for an hour at most. */
async function passing<T>(time: ManualTime, promise: Promise<T>): Promise<T> {
  const state = { isSettled: false };
  const watched = promise.finally(() => (state.isSettled = true));
  // Its rejection is for whoever awaits the end, below.
  watched.catch(() => undefined);
  for (let step = 0; step < 360_000 && !state.isSettled; step++) await time.pass(10);
  if (!state.isSettled) throw new Error('an hour passed, and it was not settled');
  return await watched;
}

/** The same store, each of whose answers takes its time. */
function delayed(store: LeaseStore, time: ManualTime, delayMs: number): LeaseStore {
  const far = <A extends readonly unknown[], T>(say: (...said: A) => Awaitable<T>) => {
    return async (...said: A): Promise<T> => {
      const answer = await say(...said);
      await new Promise<void>((resolve) => void time.schedule(delayMs, resolve));
      return answer;
    };
  };
  return {
    isSynchronous: false,
    open: far((identity) => store.open(identity)),
    exchange: far((message) => store.exchange(message)),
    close: far((order) => store.close(order)),
    holders: far(() => store.holders()),
    balances: far((accounts) => store.balances(accounts)),
    operate: far((operation) => store.operate(operation)),
    doubts: far(() => store.doubts()),
    journal: far((after) => store.journal(after)),
    end: () => store.end(),
  };
}
