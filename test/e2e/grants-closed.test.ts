import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { issueGrant, redeemGrant } from '../../src/guard/grants/grants.ts';
import { BudgetGuard } from '../../src/index.ts';
import { LEASE_POLICY } from '../../src/ledger/leases/policy.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { rejection } from './harness.ts';

const keys = { id: 'k1', secret: 'a secret of more than thirty-two bytes' };
const call = {
  provider: 'anthropic',
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello' }],
  },
};
const usage = { input_tokens: 10, output_tokens: 100 };
/** 10 x $3 and 100 x $15 a million. */
const COST = 1_530_000;
const who = { who: 'ada', reason: 'ticket 7' };

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Issuer and receiver, each with a holder of its own on one file. */
function sides(mode: 'leased' | 'direct') {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-grants-closed-'));
  closers.push(async () => rmSync(folder, { recursive: true }));
  const side = () => {
    const ledger = openSqliteLedger({ path: join(folder, 'spend.db'), mode });
    const guard = new BudgetGuard({ global_cap_per_day_usd: 5 }, { ledger });
    closers.push(() => guard.close());
    return { guard, operations: ledger.operations };
  };
  return { issuer: side(), receiver: side() };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 2 * LEASE_POLICY.refusedMs));
const closed = { code: 'SCOPE_CLOSED', reason: 'closed' };

describe.each(['leased', 'direct'] as const)(
  'a grant whose scope was closed by hand, %s',
  (mode) => {
    it('says so to all who redeem or end it, keeps its money, and ends when it is open', async () => {
      const { issuer, receiver } = sides(mode);
      const run = issuer.guard.budget({ usd: 1 }, 'run');
      const grant = await issueGrant(issuer.guard, run, { keys, usd: 0.5, expiresInMs: 60_000 });
      const scope = { ...who, scope: `grant:${grant.id}` };
      await issuer.operations.closeScope(scope);
      expect(await rejection(redeemGrant(receiver.guard, grant.token, { keys }))).toMatchObject(
        closed,
      );
      expect(await rejection(grant.revoke())).toMatchObject(closed);
      expect(await rejection(grant.collect({ force: true, waitMs: 0 }))).toMatchObject(closed);
      expect([grant.isLive, run.remaining.usd]).toEqual([true, 0.5]);
      await issuer.operations.reopenScope(scope);
      await pause();
      expect(await grant.revoke()).toEqual({ usd: 0.5 });
      expect([grant.isLive, run.remaining.usd]).toEqual([false, 1]);
    });

    it('starts no call of a receiver; what was spent is booked once when it is open again', async () => {
      const { issuer, receiver } = sides(mode);
      const run = issuer.guard.budget({ usd: 1 }, 'run');
      const grant = await issueGrant(issuer.guard, run, { keys, usd: 0.5, expiresInMs: 60_000 });
      const budget = await redeemGrant(receiver.guard, grant.token, { keys });
      const held = await receiver.guard.run({ budget }, () => receiver.guard.reserveAsync(call));
      held.settle(usage);
      await receiver.guard.flush();
      const scope = { ...who, scope: `grant:${grant.id}` };
      await issuer.operations.closeScope(scope);
      const failed = await rejection(grant.collect({ force: true, waitMs: 0 }));
      expect(failed).toMatchObject({ ...closed, message: expect.stringContaining('reopen') });
      expect(await rejection(redeemGrant(receiver.guard, grant.token, { keys }))).toMatchObject(
        closed,
      );
      await receiver.guard.close();
      expect([grant.isLive, run.spent.usd, run.remaining.usd]).toEqual([true, 0, 0.5]);
      await issuer.operations.reopenScope(scope);
      await pause();
      const { spent } = await grant.collect({ force: true });
      expect([spent.usd, spent.calls]).toEqual([COST / 1e9, 1]);
      expect(Math.round((run.remaining.usd ?? 0) * 1e9)).toBe(1e9 - COST);
    });
  },
);
