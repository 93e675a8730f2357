import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { GrantError, issueGrant, redeemGrant } from '../../src/guard/grants/grants.ts';
import { BudgetGuard, wrapAnthropic, type Budget } from '../../src/index.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from '../servers/servers.ts';
import { openPlace, type Opened, type Place } from './grant-places.ts';
import { startReceiver, type Receiver, type Receiving } from './grant-processes.ts';
import { CLAUDE, rejection, until } from './harness.ts';

/** Each test starts processes. */
vi.setConfig({ testTimeout: 120_000 });

const messages = [{ role: 'user' as const, content: 'Hello' }];
const call = { model: CLAUDE, max_tokens: 100, messages };
const keys = { id: 'k1', secret: 'a secret of more than thirty-two bytes' };
const accepting = { keys, audience: 'agent-b' };
const issued = { ...accepting, expiresInMs: 600_000 };
const config = { global_cap_per_day_usd: 5 };
const RUN_USD = 1;

let folder: string;
let emulator: Emulator;
let opened: Opened[];
let guards: BudgetGuard[];
let receivers: Receiver[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-grants-'));
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
  [opened, guards, receivers] = [[], [], []];
});

/** Whatever the test did: no hold is open, and nobody is left. */
afterEach(async () => {
  for (const receiver of receivers) await receiver.kill();
  const open = opened.flatMap(({ ledger }) => [...ledger.openHolds()]);
  for (const guard of guards) await guard.close();
  for (const { end } of opened) await end();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
  expect(open, 'open holds at rest').toEqual([]);
});

const billed = () => Number(emulator.bill().totalNanoUsd);
const nano = (usd: number | undefined) => Math.round((usd ?? 0) * 1e9);

function sqlite(mode: Place['mode'] = 'leased'): Place {
  return { store: 'sqlite', at: join(folder, 'spend.db'), journals: join(folder, 'h'), mode };
}

/** One guard on the ledger, in this process, with a client. */
async function side(place: Place) {
  const one = await openPlace(place);
  const guard = new BudgetGuard(config, { ledger: one.ledger });
  opened.push(one);
  guards.push(guard);
  const options = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
  const client = wrapAnthropic(new Anthropic(options), guard);
  const ask = (budget: Budget) => guard.run({ budget }, () => client.messages.create(call));
  return { guard, ledger: one.ledger, ask };
}

/** A receiver in a process of its own, which is killed at the end of the test if need be. */
async function receiverOf(place: Place, token: string, task: Partial<Receiving> = {}) {
  const plain = { config, url: emulator.url, accepting, redeemers: 1, calls: 0, call };
  const receiver = await startReceiver({ ...plain, ...task, place, token });
  receivers.push(receiver);
  return receiver;
}

/** What the store says that everybody together spent under the global cap. */
async function globallySpent({ ledger, guard }: Awaited<ReturnType<typeof side>>) {
  await guard.flush();
  await guard.refresh();
  expect(guard.balance()[0]?.cap_id).toBe('global/day');
  expect(ledger.holder).not.toBe('');
  return guard.balance()[0]?.spent_nano_usd;
}

/**
 * The whole way: a budget is granted in part to another process, which spends of it; both spend,
 * and in the end every nano-dollar is spent or back.
 */
async function conserves(place: Place): Promise<void> {
  const issuer = await side(place);
  const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
  const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
  expect([nano(run.held.usd), nano(run.remaining.usd)]).toEqual([0.3e9, 0.7e9]);

  const receiver = await receiverOf(place, grant.token, { calls: 3 });
  const [received] = await Promise.all([receiver.start(), issuer.ask(run)]);
  expect(received).toMatchObject({ redeemed: 1, codes: [] });
  expect(received.refusedBy).toBeUndefined();
  expect(emulator.requestCount).toBe(4);

  const { spent, returned } = await grant.collect();
  expect(spent.calls).toBe(3);
  expect(nano(spent.usd)).toBe(nano(received.spentUsd));
  expect(nano(spent.usd) + nano(returned.usd)).toBe(0.3e9);
  const books = await issuer.ledger.operations.balance(`grant:${grant.id}`);
  const [account] = books.filter(({ cap_id: id }) => id === '$grant');
  expect(account).toMatchObject({ spent_nano_usd: nano(spent.usd), cap_usd: 0.3 });
  expect(nano(run.spent.usd)).toBe(billed());
  expect(run.spent.calls).toBe(4);
  expect(nano(run.held.usd)).toBe(0);
  expect(await globallySpent(issuer)).toBe(billed());
  expect(nano(run.close().usd) + billed()).toBe(RUN_USD * 1e9);
}

/** Sixteen ask for one grant, in four processes, each with a ledger of its own on one store. */
async function redeemsOnce(place: Place): Promise<void> {
  const issuer = await side(place);
  const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
  const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
  const task = { redeemers: 4, calls: 1 };
  const racing = await Promise.all(
    Array.from({ length: 4 }, () => receiverOf(place, grant.token, task)),
  );
  const received = await Promise.all(racing.map(async (one) => await one.start()));
  expect(received.reduce((sum, { redeemed }) => sum + redeemed, 0)).toBe(1);
  const codes = received.flatMap((one) => one.codes);
  expect(codes).toEqual(Array.from({ length: 15 }, () => 'GRANT_REDEEMED'));
  expect(emulator.requestCount).toBe(1);
  expect(await rejection(grant.revoke())).toMatchObject({ code: 'GRANT_REDEEMED' });
  await grant.collect();
  expect(nano(run.spent.usd)).toBe(billed());
  expect(nano(run.remaining.usd)).toBe(RUN_USD * 1e9 - billed());
}

describe('a grant to another process', () => {
  it.each(['leased', 'direct'] as const)(
    'conserves: spent here, spent there and what is left are what there was (%s)',
    async (mode) => await conserves(sqlite(mode)),
  );

  it.each(['leased', 'direct'] as const)(
    'is redeemed once by sixteen in four processes (%s)',
    async (mode) => await redeemsOnce(sqlite(mode)),
  );

  it('stops the receiver at its sum, whatever its own caps would allow', async () => {
    const issuer = await side(sqlite());
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.01 });
    const receiver = await receiverOf(sqlite(), grant.token, { calls: 1_000 });
    const received = await receiver.start();
    expect(received.refusedBy).toMatch(/grant:/);
    expect(emulator.requestCount).toBeGreaterThan(2);
    expect(billed()).toBeLessThanOrEqual(0.01e9);
    await grant.collect();
    expect(nano(run.spent.usd)).toBe(billed());
  });

  it('by force is taken from a receiver that spends: it stops, and what it spent is booked', async () => {
    const issuer = await side(sqlite());
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.9 });
    const receiver = await receiverOf(sqlite(), grant.token, { calls: 100_000 });
    const done = receiver.start();
    await receiver.held(5);
    expect(await rejection(grant.collect())).toMatchObject({ code: 'GRANT_IN_USE' });
    const { spent } = await grant.collect({ force: true });
    const { refusedBy } = await done;
    expect(refusedBy).toBe(`grant:${grant.id}`);
    expect(nano(spent.usd)).toBe(billed());
    expect(spent.calls).toBe(emulator.requestCount);
    expect(emulator.requestCount).toBeGreaterThanOrEqual(5);
    expect(nano(run.close().usd) + billed()).toBe(RUN_USD * 1e9);
  });
});

describe('issuer and receiver in one process, on one ledger', () => {
  it.each(['leased', 'direct'] as const)(
    'conserve, and force waits for open calls (%s)',
    async (mode) => {
      const both = await side(sqlite(mode));
      const run = both.guard.budget({ usd: RUN_USD }, 'run');
      const grant = await issueGrant(both.guard, run, { ...issued, usd: 0.3 });
      const budget = await redeemGrant(both.guard, grant.token, accepting);
      await both.ask(budget);
      emulator.faults.push({ kind: 'stall-headers', delayMs: 300 });
      const open = both.ask(budget);
      await until(() => emulator.requestCount === 2, 5_000);
      const collected = grant.collect({ force: true });
      const refused = await retry(async () => {
        const error = await both.ask(budget).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        return Reflect.get(error ?? {}, 'scope') === `grant:${grant.id}`;
      });
      expect(refused).toBe(true);
      await Promise.allSettled([open]);
      expect(nano((await collected).spent.usd)).toBe(billed());
      expect(nano(run.close().usd) + billed()).toBe(RUN_USD * 1e9);
    },
  );
});

describe('a receiver that is killed', () => {
  it('in its second call: what it had settled, and the bound of that call, are booked', async () => {
    const issuer = await side(sqlite());
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
    const receiver = await receiverOf(sqlite(), grant.token, { calls: 2 });
    emulator.faults.push({ kind: 'none' }, { kind: 'stall-headers', delayMs: 60_000 });
    const done = receiver.start().catch((error: unknown) => error);
    await receiver.held(2);
    await until(() => emulator.requestCount === 2, 5_000);
    await receiver.kill();
    expect(await done).toBeInstanceOf(Error);

    // Nothing comes back because it is silent.
    expect(await rejection(grant.collect())).toMatchObject({ code: 'GRANT_IN_USE' });
    expect(nano(run.held.usd)).toBe(0.3e9);

    expect(await issuer.ledger.operations.recoverHost()).toMatchObject([{ how: 'proven' }]);
    const [doubt] = await issuer.ledger.operations.doubts();
    const { spent } = await grant.collect();
    const [first] = emulator.bill().entries;
    expect(doubt?.nano_usd).toBeGreaterThan(0);
    expect(nano(spent.usd)).toBe(Number(first?.nanoUsd) + (doubt?.nano_usd ?? 0));
    expect(spent.calls).toBe(2);
    expect(nano(run.spent.usd)).toBeGreaterThanOrEqual(billed());
    expect(nano(run.spent.usd) + nano(run.remaining.usd)).toBe(RUN_USD * 1e9);
  });

  it('while it redeems: nobody redeems again, and all of the grant comes back', async () => {
    const issuer = await side(sqlite());
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
    const receiver = await receiverOf(sqlite(), grant.token, { diesRedeeming: true });
    expect(await rejection(receiver.start())).toBeInstanceOf(Error);
    const again = () => rejection(redeemGrant(issuer.guard, grant.token, accepting));
    expect(await again()).toMatchObject({ code: 'GRANT_REDEEMED' });
    expect(await issuer.ledger.operations.recoverHost()).toHaveLength(1);
    expect(await again()).toMatchObject({ code: 'GRANT_REDEEMED' });
    expect(await rejection(grant.revoke())).toMatchObject({ code: 'GRANT_REDEEMED' });
    expect(await grant.collect()).toMatchObject({ spent: { usd: 0, calls: 0 } });
    expect(nano(run.remaining.usd)).toBe(RUN_USD * 1e9);
  });

  it('right after it redeemed: nobody redeems again, before its recovery and after', async () => {
    const issuer = await side(sqlite());
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
    const receiver = await receiverOf(sqlite(), grant.token, { calls: 1 });
    const done = receiver.start().catch((error: unknown) => error);
    await receiver.held(1);
    await receiver.kill();
    expect(await done).toBeInstanceOf(Error);
    const again = () => rejection(redeemGrant(issuer.guard, grant.token, accepting));
    expect(await again()).toMatchObject({ code: 'GRANT_REDEEMED' });
    await issuer.ledger.operations.recoverHost();
    expect(await again()).toMatchObject({ code: 'GRANT_REDEEMED' });
    await grant.collect();
    expect(nano(run.held.usd)).toBe(0);
  });
});

describe('a store that does not answer', () => {
  it('refuses issue and redemption: STORE_UNAVAILABLE, and neither happens twice afterwards', async () => {
    const place = { ...sqlite(), busyMs: 50 };
    const issuer = await side(place);
    const run = issuer.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(issuer.guard, run, { ...issued, usd: 0.3 });
    const receiver = await side(place);
    await receiver.guard.warm();
    const locked = new Database(sqlite().at);
    locked.exec('BEGIN EXCLUSIVE');
    const failed = await Promise.all([
      rejection(redeemGrant(receiver.guard, grant.token, accepting)),
      rejection(issueGrant(issuer.guard, run, { ...issued, usd: 0.3 })),
      rejection(grant.revoke()),
    ]);
    expect(failed.map(isUnavailable)).toEqual([true, true, true]);
    locked.exec('ROLLBACK');
    locked.close();
    expect([nano(run.held.usd), grant.isLive]).toEqual([0.3e9, true]);

    const redeem = () => redeemGrant(receiver.guard, grant.token, accepting);
    const results: unknown[] = [];
    const isAnswered = await retry(async () => {
      results.push(await redeem().catch((error: unknown) => error));
      return !isUnavailable(results.at(-1));
    });
    expect(isAnswered).toBe(true);
    // Either this try took it, or one of those before had taken it and could not say so.
    const second = await rejection(redeem());
    expect(second).toBeInstanceOf(GrantError);
    expect(second).toMatchObject({ code: 'GRANT_REDEEMED' });
    await grant.collect({ force: true });
    expect([nano(run.held.usd), nano(run.remaining.usd)]).toEqual([0, RUN_USD * 1e9]);
  });
});

describe('grants of grants, each on a ledger of its own', () => {
  it('are booked once at every issuer, and end with the one above', async () => {
    const place = sqlite();
    const [first, second, third] = [await side(place), await side(place), await side(place)];
    const run = first.guard.budget({ usd: RUN_USD }, 'run');
    const grant = await issueGrant(first.guard, run, { ...issued, usd: 0.5 });
    const budget = await redeemGrant(second.guard, grant.token, accepting);
    const terms = { ...issued, usd: 0.2, audience: 'agent-c' };
    const below = await issueGrant(second.guard, budget, terms);
    const inner = await redeemGrant(third.guard, below.token, { keys, audience: 'agent-c' });
    await second.ask(budget);
    const between = billed();
    await third.ask(inner);
    await third.ask(inner);
    const ofThird = billed() - between;

    const { spent } = await below.collect({ force: true });
    expect(nano(spent.usd)).toBe(ofThird);
    expect(nano(budget.spent.usd)).toBe(billed());
    expect(await rejection(third.ask(inner))).toMatchObject({ scope: `grant:${below.id}` });

    const again = await issueGrant(second.guard, budget, terms);
    const last = await redeemGrant(third.guard, again.token, { keys, audience: 'agent-c' });
    expect(nano((await grant.collect({ force: true })).spent.usd)).toBe(billed());
    expect(await rejection(third.ask(last))).toMatchObject({ scope: `grant:${grant.id}` });
    expect(await rejection(second.ask(budget))).toMatchObject({ scope: `grant:${grant.id}` });
    expect(nano(run.spent.usd)).toBe(billed());
    expect(nano(run.close().usd) + billed()).toBe(RUN_USD * 1e9);
  });
});

describeWith('redis', 'grants over Redis', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startRedis({ appendonly: 'always' });
  });
  afterAll(async () => await server.stop());
  const place = (mode: Place['mode']): Place => {
    return { store: 'redis', at: server.url, journals: join(folder, 'h'), mode };
  };

  it('conserve, and are redeemed once by sixteen in four processes', async () => {
    await conserves(place('leased'));
    emulator.reset();
    await redeemsOnce(place('leased'));
  });
});

describeWith('postgres', 'grants over PostgreSQL', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => await server.stop());
  const place = (mode: Place['mode']): Place => {
    return { store: 'postgres', at: server.url, journals: join(folder, 'h'), mode };
  };

  it('conserve, and are redeemed once by sixteen in four processes', async () => {
    await conserves(place('leased'));
    emulator.reset();
    await redeemsOnce(place('leased'));
  });
});

function isUnavailable(result: unknown): boolean {
  return result instanceof Error && Reflect.get(result, 'code') === 'STORE_UNAVAILABLE';
}

/** Tries until it says that it is done, at most for ten seconds; whether it did. */
async function retry(isDone: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (!(await isDone())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
