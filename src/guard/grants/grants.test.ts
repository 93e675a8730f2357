import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Budget } from '../../budget/budget.ts';
import { HandleSpentError } from '../../errors/handle-spent-error.ts';
import { GrantError } from '../../errors/grant-error.ts';
import type { Account, Balance } from '../../ledger/account.ts';
import type { ReserveReply } from '../../ledger/ledger.ts';
import { createMemoryLedger } from '../../stores/memory/books/memory-ledger.ts';
import { CALLS_ONE } from '../../units/count.ts';
import { epochMs, systemClock, type EpochMs } from '../../units/time.ts';
import { BudgetGuard } from '../guard.ts';
import { GRANT_CALLS_MAX } from './grant-accounts.ts';
import { GRANT_MS_MAX, Grant, issueGrant, redeemGrant, type GrantOptions } from './grants.ts';

const keys = { id: 'k1', secret: 'a secret of more than thirty-two bytes' };
const here = { keys, allowLocal: true } as const;
const inAnHour = { ...here, expiresInMs: 3_600_000 } as const;
const CONFIG = { global_cap_per_day_usd: 1_000 };
const body = {
  model: 'claude-sonnet-4-6',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'Hello' }],
};
const call = { provider: 'anthropic', body };
/** 10 x $3 and 100 x $15 a million: 1,530,000 nano-dollars. */
const usage = { input_tokens: 10, output_tokens: 100 };
const COST = 1_530_000;

/** Two guards on one ledger, as issuer and receiver, and what can be seen of the ledger. */
function stage(clock = systemClock) {
  const ledger = createMemoryLedger();
  const issuer = new BudgetGuard(CONFIG, { ledger, clock });
  const receiver = new BudgetGuard(CONFIG, { ledger, clock });
  const run = issuer.budget({ usd: 1 }, 'run');
  const issue = (options: Partial<GrantOptions> = {}) =>
    issueGrant(issuer, run, { ...inAnHour, usd: 0.4, ...options });
  /** What stands in the grant's account. */
  const booked = (budget: Budget) =>
    receiver.run({ budget }, () => receiver.balance()).find(({ cap_id: id }) => id === '$grant');
  return { ledger, issuer, receiver, run, issue, booked };
}

/** One call that is held and settled under a budget. */
function spend(guard: BudgetGuard, budget: Budget, billed = usage): void {
  guard.run({ budget }, () => guard.reserve(call)).settle(billed);
}

const nano = (usd: number | undefined) => Math.round((usd ?? 0) * 1e9);

describe('a grant', () => {
  it('fences its sum off; what its calls cost is booked once, the rest comes back', async () => {
    const { ledger, receiver, run, issue, booked } = stage();
    const grant = await issue();
    expect([run.remaining.usd, run.held.usd]).toEqual([0.6, 0.4]);
    const budget = await redeemGrant(receiver, grant.token, here);
    expect(budget.remaining).toEqual({ usd: 0.4 });
    spend(receiver, budget);
    spend(receiver, budget);
    expect(booked(budget)).toMatchObject({
      scope: `grant:${grant.id}`,
      spent_nano_usd: 2 * COST,
      spent_calls: 2,
      cap_usd: 0.4,
    });
    const { spent, returned } = await grant.collect();
    expect(spent).toEqual({ usd: (2 * COST) / 1e9, tokens: 220, calls: 2 });
    expect(nano(returned.usd)).toBe(0.4e9 - 2 * COST);
    expect([nano(run.spent.usd), run.spent.calls, run.held.usd]).toEqual([2 * COST, 2, 0]);
    expect(nano(run.remaining.usd)).toBe(1e9 - 2 * COST);
    expect([...ledger.openHolds()]).toEqual([]);
  });

  it('stops at what was granted: in the budget, and in the ledger', async () => {
    const { receiver, issue } = stage();
    const grant = await issue({ usd: 0.05 });
    const budget = await redeemGrant(receiver, grant.token, here);
    let answered = 0;
    for (; answered < 100 && tries(receiver, budget) === undefined; answered++);
    const refusal = tries(receiver, budget);
    expect(refusal).toMatchObject({ code: 'BUDGET_CAP' });
    expect(answered).toBeGreaterThan(20);
    expect(nano(budget.spent.usd)).toBe(answered * COST);
    expect(answered * COST).toBeLessThanOrEqual(0.05e9);
  });

  it('is redeemed once, also when sixteen ask at once', async () => {
    const { receiver, issuer, issue } = stage();
    const { token } = await issue();
    const tries = Array.from({ length: 16 }, (_, at) =>
      redeemGrant(at % 2 === 0 ? receiver : issuer, token, here),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const codes = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(codes).toEqual(Array.from({ length: 15 }, () => 'GRANT_REDEEMED'));
    const late = await rejection(redeemGrant(receiver, token, here));
    expect(late).toMatchObject({ name: 'GrantError', reason: 'redeemed', status: 402 });
  });

  it('is revoked or redeemed, never both', async () => {
    const { receiver, run, issue } = stage();
    let revoked = 0;
    for (let round = 0; round < 40; round++) {
      const grant = await issue({ usd: 0.01 });
      const turnsOf = (isLate: boolean) => (isLate ? Math.floor(round / 2) : 0);
      const revoking = afterTurns(turnsOf(round % 2 === 0), () => grant.revoke());
      const redeeming = afterTurns(turnsOf(round % 2 === 1), () =>
        redeemGrant(receiver, grant.token, here),
      );
      const results = await Promise.allSettled([revoking, redeeming]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      if (grant.isLive) await grant.collect();
      else revoked += 1;
    }
    expect(revoked).toBeGreaterThan(0);
    expect(revoked).toBeLessThan(40);
    expect([run.remaining.usd, run.held.usd, run.spent.usd]).toEqual([1, 0, 0]);
  });

  it('revoked, returns whole; collected unredeemed, too; and nobody redeems it then', async () => {
    const { receiver, run, issue } = stage();
    const [first, second] = [await issue(), await issue()];
    expect(await first.revoke()).toEqual({ usd: 0.4 });
    expect(await second.collect()).toMatchObject({ spent: { usd: 0 }, returned: { usd: 0.4 } });
    for (const { token } of [first, second]) {
      const error = await rejection(redeemGrant(receiver, token, here));
      expect(error).toMatchObject({ code: 'GRANT_REDEEMED' });
    }
    expect(run.remaining.usd).toBe(1);
  });

  it('ends once, and says what ended it and where', async () => {
    const { issue } = stage();
    const grant = await issue();
    const ends = await Promise.allSettled([grant.revoke(), grant.collect()]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(Reflect.get(ends[1] ?? {}, 'reason')).toMatchObject({ code: 'REQUEST_INVALID' });
    for (const late of [grant.revoke(), grant.collect()]) {
      const error = await rejection(late);
      expect(error).toBeInstanceOf(HandleSpentError);
      expect(error).toMatchObject({ consumedBy: 'revoke' });
    }
  });

  it('redeemed, cannot be revoked, and its money stays fenced off', async () => {
    const { receiver, run, issue } = stage();
    const grant = await issue();
    await redeemGrant(receiver, grant.token, here);
    expect(await rejection(grant.revoke())).toMatchObject({ code: 'GRANT_REDEEMED' });
    expect([grant.isLive, run.held.usd]).toEqual([true, 0.4]);
    await grant.collect();
    expect(run.held.usd).toBe(0);
  });

  it('by the clock alone frees nothing', async () => {
    let now = 1_700_000_000_000;
    const { receiver, run, issue } = stage(() => instant(now));
    const grant = await issue({ expiresInMs: 1_000 });
    now += 999;
    const other = await issue({ expiresInMs: 1 });
    await redeemGrant(receiver, grant.token, here);
    now += 1;
    const error = await rejection(redeemGrant(receiver, other.token, here));
    expect(error).toMatchObject({ code: 'GRANT_EXPIRED', reason: 'expired' });
    now += GRANT_MS_MAX;
    expect(run.held.usd).toBe(0.8);
    expect(await other.revoke()).toEqual({ usd: 0.4 });
    expect(run.held.usd).toBe(0.4);
  });
});

describe('what is collected', () => {
  it('while a call is open is left; by force no call starts, and the open one ends', async () => {
    const { receiver, run, issue } = stage();
    const grant = await issue();
    const budget = await redeemGrant(receiver, grant.token, here);
    const open = receiver.run({ budget }, () => receiver.reserve(call));
    const before = await rejection(grant.collect());
    expect(before).toMatchObject({ code: 'GRANT_IN_USE', reason: 'in-use' });
    // Nothing was taken: the receiver goes on.
    spend(receiver, budget);

    const late = await rejection(grant.collect({ force: true, waitMs: 1 }));
    expect(late).toMatchObject({ code: 'GRANT_IN_USE' });
    expect(tries(receiver, budget)).toMatchObject({
      code: 'BUDGET_CAP',
      scope: `grant:${grant.id}`,
    });
    expect([run.spent.usd, run.held.usd]).toEqual([0, 0.4]);

    const collected = grant.collect({ force: true });
    setTimeout(() => open.settle(usage), 30);
    expect((await collected).spent).toMatchObject({ usd: (2 * COST) / 1e9, calls: 2 });
    expect(nano(run.remaining.usd)).toBe(1e9 - 2 * COST);
    expect(tries(receiver, budget)).toMatchObject({ code: 'BUDGET_CAP' });
  });

  it('is what was billed, above the grant, too', async () => {
    const { receiver, run, issue } = stage();
    const grant = await issue({ usd: 0.02 });
    const budget = await redeemGrant(receiver, grant.token, here);
    // 5,000 x $3 and 1,000 x $15 a million: 30,000,000 nano-dollars, half as much again as granted.
    spend(receiver, budget, { input_tokens: 5_000, output_tokens: 1_000 });
    expect(tries(receiver, budget)).toMatchObject({ kind: 'refusal' });
    const { spent, returned } = await grant.collect();
    expect([spent.usd, returned.usd]).toEqual([0.03, 0]);
    expect([run.spent.usd, run.remaining.usd]).toEqual([0.03, 0.97]);
  });

  it('knows tokens and calls beside money, and grants that name only them', async () => {
    const { receiver, issuer } = stage();
    const run = issuer.budget({ tokens: 10_000, calls: 5 }, 'run');
    const grant = await issueGrant(issuer, run, { ...inAnHour, tokens: 4_000, calls: 2 });
    const budget = await redeemGrant(receiver, grant.token, here);
    expect(budget.remaining).toEqual({ tokens: 4_000, calls: 2 });
    spend(receiver, budget);
    spend(receiver, budget);
    expect(tries(receiver, budget)).toMatchObject({ code: 'BUDGET_CAP' });
    expect((await grant.collect()).returned).toEqual({ tokens: 3_780, calls: 0 });
    expect(run.remaining).toEqual({ tokens: 9_780, calls: 3 });
  });
});

describe('a token is refused', () => {
  it.each([
    ['forged', { keys: { ...keys, secret: 'some other secret of 32 bytes or more' } }, 'forged'],
    ['of an unknown key', { keys: { ...keys, id: 'k2' } }, 'unknown-key'],
    ['for another receiver', { audience: 'c' }, 'audience'],
    ['for a receiver that has no name', {}, 'audience'],
  ])('%s, before the ledger is asked', async (_name, change, reason) => {
    const { issue, run } = stage();
    const { token } = await issue({ audience: 'b' });
    const dead = new BudgetGuard(CONFIG, { ledger: deadLedger() });
    const audience = reason === 'audience' ? {} : { audience: 'b' };
    const error = await rejection(redeemGrant(dead, token, { ...here, ...audience, ...change }));
    expect(error).toBeInstanceOf(GrantError);
    expect(error).toMatchObject({ code: 'GRANT_INVALID', reason });
    expect(error.toJSON()).toMatchObject({ reason, retryable: false });
    expect(run.held.usd).toBe(0.4);
  });

  it('for nobody in particular, by a receiver that has a name', async () => {
    const { issue, receiver } = stage();
    const { token } = await issue();
    const error = await rejection(redeemGrant(receiver, token, { ...here, audience: 'b' }));
    expect(error).toMatchObject({ reason: 'audience' });
  });

  it('on another ledger than that of its issuer, and there is not redeemed by that', async () => {
    const { issue, receiver } = stage();
    const { token } = await issue();
    const elsewhere = new BudgetGuard(CONFIG);
    const error = await rejection(redeemGrant(elsewhere, token, here));
    expect(error).toMatchObject({ code: 'GRANT_INVALID', reason: 'unknown-here' });
    await redeemGrant(receiver, token, here);
  });

  it('where the ledger does not answer, and can be redeemed when it does', async () => {
    const { issue, receiver } = stage();
    const { token } = await issue();
    const dead = new BudgetGuard(CONFIG, { ledger: deadLedger() });
    const error = await rejection(redeemGrant(dead, token, here));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'operation' });
    await redeemGrant(receiver, token, here);
  });

  it('by a key that was rotated out, and accepted by one of several', async () => {
    const { issue, receiver } = stage();
    const fresh = { id: 'k2', secret: 'the next secret, of 32 bytes or more' };
    const [old, next] = [await issue(), await issue({ keys: [fresh, keys] })];
    await redeemGrant(receiver, old.token, { ...here, keys: [fresh, keys] });
    const only = { ...here, keys: fresh };
    expect((await redeemGrant(receiver, next.token, only)).isLive).toBe(true);
    expect(await rejection(redeemGrant(receiver, old.token, only))).toMatchObject({
      reason: 'unknown-key',
    });
  });
});

describe('nothing is issued', () => {
  it.each([
    ['without a sum', { usd: undefined }, 'REQUEST_INVALID'],
    ['above what the budget has', { usd: 1.1 }, 'BUDGET_CAP'],
    ['of less than nothing', { usd: -1 }, 'REQUEST_INVALID'],
    ['that never ends', { expiresInMs: Number.POSITIVE_INFINITY }, 'REQUEST_INVALID'],
    ['for more than 30 days', { expiresInMs: GRANT_MS_MAX + 1 }, 'REQUEST_INVALID'],
    ['that has ended', { expiresInMs: 0 }, 'REQUEST_INVALID'],
    ['for a name that is none', { audience: 'a\r\nb' }, 'REQUEST_INVALID'],
    ['with a short secret', { keys: { id: 'k', secret: 'short' } }, 'REQUEST_INVALID'],
    ['on a ledger of this process', { allowLocal: false }, 'REQUEST_INVALID'],
    ['for a name with a quote', { audience: '"' }, 'REQUEST_INVALID'],
  ])('%s', async (_name, change, code) => {
    const { issue, run } = stage();
    const refused = await rejection(issue(change as Partial<GrantOptions>));
    expect(refused).toMatchObject({ code });
    expect([run.remaining.usd, run.held.usd]).toEqual([1, 0]);
  });

  it('that leaves out what the budget limits', async () => {
    const { issuer } = stage();
    const run = issuer.budget({ usd: 1, calls: 10, millis: 1_000 }, 'run');
    const error = await rejection(issueGrant(issuer, run, { ...inAnHour, usd: 0.1 }));
    expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(error.message).toContain('limits calls');
    await issueGrant(issuer, run, { ...inAnHour, usd: 0.1, calls: 1 });
  });

  it('where the ledger does not answer: the budget has all of it', async () => {
    const guard = new BudgetGuard(CONFIG, { ledger: deadLedger() });
    const run = guard.budget({ usd: 1 }, 'run');
    const error = await rejection(issueGrant(guard, run, { ...inAnHour, usd: 0.4 }));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect([run.remaining.usd, run.held.usd]).toEqual([1, 0]);
  });

  it('nor redeemed on a ledger of this process, unless that is said', async () => {
    const { issue, receiver } = stage();
    const { token } = await issue();
    const error = await rejection(redeemGrant(receiver, token, { keys }));
    expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(error.message).toContain('allowLocal');
  });
});

describe('a redeemed budget', () => {
  it('is spent by calls alone: by hand, its issuer would not hear of it', async () => {
    const { receiver, issue } = stage();
    const budget = await redeemGrant(receiver, (await issue()).token, here);
    for (const byHand of [
      () => budget.spend({ usd: 0.1 }),
      () => budget.charge({ usd: 0.1 }),
      () => budget.reserve({ usd: 0.1 }),
    ]) {
      expect(byHand).toThrow('spent by calls alone');
    }
    const [part, rest] = budget.split({ usd: 0.1 });
    expect(() => part.charge({ usd: 0.1 })).toThrow('spent by calls alone');
    expect([part.remaining.usd, rest.remaining.usd]).toEqual([0.1, 0.3]);
  });

  it('merges with no other: its calls would not be the grant’s any more', async () => {
    const { receiver, issue } = stage();
    const one = await redeemGrant(receiver, (await issue()).token, here);
    const two = await redeemGrant(receiver, (await issue()).token, here);
    expect(() => one.merge(two)).toThrow('another mint');
    expect(() => receiver.budget({ usd: 1 }).merge(one)).toThrow('another mint');
    expect(one.isLive && two.isLive).toBe(true);
  });

  it('lends nothing to a guard with another ledger', async () => {
    const { receiver, issue } = stage();
    const budget = await redeemGrant(receiver, (await issue()).token, here);
    const elsewhere = new BudgetGuard(CONFIG);
    expect(() => elsewhere.run({ budget }, () => elsewhere.reserve(call))).toThrow(
      'another ledger',
    );
    const options = { ...inAnHour, usd: 0.1 };
    const error = await rejection(issueGrant(elsewhere, budget, options));
    expect(error.message).toContain('another ledger');
    expect(budget.held.usd).toBe(0);
  });

  it('split or delegated, draws on the grant all the same', async () => {
    const { receiver, issue, booked } = stage();
    const grant = await issue();
    const budget = await redeemGrant(receiver, grant.token, here);
    const [part, rest] = budget.split({ usd: 0.1 });
    const [child, others] = rest.delegate({ usd: 0.1 });
    for (const one of [part, child, others]) spend(receiver, one);
    expect(booked(part)).toMatchObject({ spent_nano_usd: 3 * COST, spent_calls: 3 });
    expect((await grant.collect()).spent.calls).toBe(3);
  });

  it('with others in one call, draws on each grant once', async () => {
    const { receiver, issue, issuer } = stage();
    const outer = await redeemGrant(receiver, (await issue()).token, here);
    const below = { ...inAnHour, usd: 0.1 };
    const first = await issueGrant(receiver, outer, below);
    const second = await issueGrant(receiver, outer, below);
    const one = await redeemGrant(issuer, first.token, here);
    const two = await redeemGrant(issuer, second.token, here);
    const held = issuer.run({ budget: one }, () =>
      issuer.run({ budget: two }, () => issuer.reserve(call)),
    );
    const keys = held.quote.accounts.flatMap(({ parts }) => parts.map(({ key }) => key));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => key.endsWith('/spending'))).toHaveLength(3);
    held.settle(usage);
  });
});

describe('a grant from a grant', () => {
  it('narrows: its calls draw on both, and each issuer has them booked once', async () => {
    const { issuer, receiver, run, issue } = stage();
    const grant = await issue();
    const budget = await redeemGrant(receiver, grant.token, here);
    const too = issueGrant(receiver, budget, { ...inAnHour, usd: 0.5 });
    expect(await rejection(too)).toMatchObject({ code: 'BUDGET_CAP' });
    const below = await issueGrant(receiver, budget, { ...inAnHour, usd: 0.1 });
    const inner = await redeemGrant(issuer, below.token, here);
    spend(receiver, budget);
    spend(issuer, inner);
    spend(issuer, inner);
    expect((await below.collect()).spent).toMatchObject({ usd: (2 * COST) / 1e9, calls: 2 });
    expect(nano(budget.spent.usd)).toBe(3 * COST);
    expect(nano(budget.remaining.usd)).toBe(0.4e9 - 3 * COST);
    expect((await grant.collect()).spent).toMatchObject({ usd: (3 * COST) / 1e9, calls: 3 });
    expect(nano(run.spent.usd)).toBe(3 * COST);
  });

  it('ends with the one above it, which its calls are booked on at once', async () => {
    const { issuer, receiver, run, issue } = stage();
    const grant = await issue();
    const budget = await redeemGrant(receiver, grant.token, here);
    const below = await issueGrant(receiver, budget, { ...inAnHour, usd: 0.1 });
    const inner = await redeemGrant(issuer, below.token, here);
    spend(issuer, inner);
    expect((await grant.collect()).spent).toMatchObject({ calls: 1 });
    expect(tries(issuer, inner)).toMatchObject({ code: 'BUDGET_CAP', scope: `grant:${grant.id}` });
    expect(nano(run.spent.usd)).toBe(COST);
    expect((await below.collect()).spent).toMatchObject({ calls: 1 });
  });

  it('goes four deep, and no deeper', async () => {
    const { receiver, issue } = stage();
    let token = (await issue()).token;
    for (let depth = 1; depth <= 5; depth++) {
      const budget = await redeemGrant(receiver, token, here);
      const options = { ...inAnHour, usd: 0.4 };
      if (depth === 5) {
        expect(await rejection(issueGrant(receiver, budget, options))).toMatchObject({
          code: 'REQUEST_INVALID',
        });
      } else token = (await issueGrant(receiver, budget, options)).token;
    }
  });
});

describe('the token', () => {
  it('is shown by nothing but its own property', async () => {
    const { issuer, receiver, issue } = stage();
    const told: unknown[] = [];
    for (const guard of [issuer, receiver]) {
      for (const name of ['reserved', 'settled', 'refused', 'overdrawn', 'drift'] as const) {
        guard.on(name, (event: unknown) => told.push(event));
      }
    }
    const grant = await issue();
    const { token } = grant;
    const budget = await redeemGrant(receiver, token, here);
    spend(receiver, budget);
    const again = await rejection(redeemGrant(receiver, token, here));
    const depth = { depth: null, showHidden: true } as const;
    const shown = [grant, budget, again, told].flatMap((one) => [
      JSON.stringify(one),
      inspect(one, depth),
    ]);
    expect(told.length).toBeGreaterThan(1);
    for (const text of shown) expect(text).not.toContain(token.slice(-43));
    expect(Object.values(grant)).not.toContain(token);
    expect(grant).toBeInstanceOf(Grant);
    expect(JSON.parse(JSON.stringify(grant))).toMatchObject({ id: grant.id, is_live: true });
  });
});

it('the calls of a grant that names none are more than any process makes', () => {
  // A call each millisecond for eleven days.
  expect(GRANT_CALLS_MAX).toBeGreaterThan(11 * 24 * 3_600 * 1_000);
});

/** A ledger whose store is gone. */
function deadLedger() {
  const ledger = createMemoryLedger();
  const reply: ReserveReply = { kind: 'unavailable', cause: new Error('gone') };
  return {
    ...ledger,
    reserve: () => reply,
    reserveAsync: async () => reply,
    // It has heard of each grant: only asking tells that it is gone.
    balance: (account: Account): Balance => {
      const balance = ledger.balance(account);
      return { ...balance, spent: { ...balance.spent, calls: CALLS_ONE } };
    },
  };
}

/** Why a call under the budget is refused; `undefined`: it is not, and is booked. */
function tries(guard: BudgetGuard, budget: Budget): unknown {
  const answer = guard.run({ budget }, () => guard.tryReserve(call));
  if (answer instanceof Error) return answer;
  answer.settle(usage);
  return undefined;
}

/** Begins after so many turns of the promise queue. */
async function afterTurns<T>(turns: number, work: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  return await work();
}

async function rejection(promise: PromiseLike<unknown>) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GrantError || error instanceof Error) {
      return error as Error & { toJSON(): Record<string, unknown> };
    }
  }
  throw new Error('It was expected to be refused, and it was not.');
}

function instant(ms: number): EpochMs {
  const read = epochMs(ms);
  if (read === undefined) throw new Error('no instant');
  return read;
}
