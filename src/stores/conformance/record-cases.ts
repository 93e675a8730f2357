import type { Account } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { ConformanceCase, ConformanceLedger } from './case.ts';
import {
  NOON,
  accountOf,
  amountsOf,
  assertBalance,
  assertOpen,
  extend,
  mustRefuse,
  mustReserve,
  mustSettle,
  reserve,
} from './orders.ts';
import { runRandomCommands } from './random-cases.ts';

const REPLAY_SEEDS = [101, 202, 303];

/** L11 and L13: what is recorded, and what happens when nothing can be. */
export const recordCases: readonly ConformanceCase[] = [
  {
    title:
      'L11. After the end of its process another ledger finds the same spent, and what was open',
    needs: 'recovered',
    async run(make) {
      const ledger = await make();
      const accounts = [capped('a'), capped('b')];
      for (const id of ['open', 'settled', 'released', 'expired', 'above']) {
        await mustReserve(ledger, { id, sum: { usd: 10, tokens: 3, calls: 1 }, accounts });
      }
      const [at, reason] = [NOON, 'test'];
      const more = { id: 'open', at, by: amountsOf({ usd: 2 }) };
      assertKind(await extend(ledger, more), 'extended', 'extend');
      mustSettle(ledger, { id: 'settled', sum: { usd: 4, calls: 1 } });
      mustSettle(ledger, { id: 'above', sum: { usd: 15, calls: 1 } });
      assertKind(ledger.release({ id: 'released', at, reason }), 'ended', 'release');
      assertKind(ledger.expire({ id: 'expired', at, reason }), 'ended', 'expire');
      const correction = { id: 'x', reservationId: 'settled', at, amounts: amountsOf({ usd: 3 }) };
      assertKind(ledger.adjust({ ...correction, reason }), 'adjusted', 'adjust');

      assertThat(ledger.recovered !== undefined, 'this case is run on a ledger with `recovered`');
      const copy = await ledger.recovered(accounts);
      assertOpen(copy, []);
      // 3 corrected, 10 expired, 15 above its hold; the open one counts as spent at its bound, 12.
      const usd = 3 + 10 + 15 + 12;
      const spent = { usd, tokens: 3 + 3, calls: 1 + 1 + 1 };
      for (const account of accounts) assertBalance(copy, account, { spent });
      await mustReserve(copy, { id: 'n', sum: { usd: 100 - usd }, accounts });
      await mustRefuse(copy, { id: 'm', sum: { usd: 1 }, accounts });
    },
  },
  {
    title: 'L11. The record folds back to the same balances, holds, ends and corrections',
    needs: 'replayed',
    async run(make) {
      const ledger = await make();
      const accounts = [capped('a'), capped('b')];
      for (const id of ['open', 'settled', 'released', 'expired']) {
        await mustReserve(ledger, { id, sum: { usd: 10, tokens: 3, calls: 1 }, accounts });
      }
      const [at, reason] = [NOON, 'test'];
      const more = { id: 'open', at, by: amountsOf({ usd: 2 }) };
      assertKind(await extend(ledger, more), 'extended', 'extend');
      mustSettle(ledger, { id: 'settled', sum: { usd: 12, calls: 1 } });
      assertKind(ledger.release({ id: 'released', at, reason }), 'ended', 'release');
      assertKind(ledger.expire({ id: 'expired', at, reason }), 'ended', 'expire');
      const adjustment = {
        id: 'x',
        reservationId: 'settled',
        at,
        amounts: amountsOf({ usd: 11 }),
        reason,
      };
      assertKind(ledger.adjust(adjustment), 'adjusted', 'adjust');
      await reserve(ledger, { id: 'refused', sum: { usd: 1_000_000 }, accounts });

      const copy = await replayed(ledger);
      for (const account of accounts) {
        assertEqual(copy.balance(account), ledger.balance(account), `balance of ${account.capId}`);
      }
      assertEqual([...copy.openHolds()], [...ledger.openHolds()], 'open holds');
      const late = copy.settle({ id: 'released', at, amounts: amountsOf({ usd: 1 }) });
      assertEqual(late, { kind: 'already', outcome: 'released' }, 'a late settle on the copy');
      const again = assertKind(copy.adjust(adjustment), 'adjusted', 'the correction, on the copy');
      assertThat(again.repeated, 'a correction known from the record is not applied again');
      mustSettle(copy, { id: 'open', sum: { usd: 12, tokens: 3, calls: 1 } });
      assertOpen(copy, []);
      const spent = { usd: 11 + 10 + 12, tokens: 6, calls: 2 };
      for (const account of accounts) assertBalance(copy, account, { spent });
    },
  },
  ...REPLAY_SEEDS.map((seed): ConformanceCase => {
    return {
      title: `L11. After random commands the record folds back to the same (seed ${seed})`,
      needs: 'replayed',
      async run(make) {
        const ledger = await make();
        const seen = new Map<string, Account>();
        await runRandomCommands(ledger, {
          seed,
          steps: 300,
          sawAccount: (account) => seen.set(JSON.stringify(account.parts), account),
        });
        const copy = await replayed(ledger);
        assertThat(seen.size > 10, 'the commands drew on many accounts');
        for (const account of seen.values()) {
          assertEqual(copy.balance(account), ledger.balance(account), `seed ${seed}, a balance`);
        }
        assertEqual([...copy.openHolds()], [...ledger.openHolds()], `seed ${seed}, open holds`);
      },
    };
  }),
  {
    title: 'L13. While nothing can be recorded every change is unavailable, and none is made',
    needs: 'failWrites',
    async run(make) {
      const ledger = await make();
      const account = capped('a');
      const accounts = [account];
      for (const id of ['open', 'ended']) {
        await mustReserve(ledger, { id, sum: { usd: 10 }, accounts });
      }
      mustSettle(ledger, { id: 'ended', sum: { usd: 4 } });
      failWrites(ledger, true);
      const [id, at, amounts, reason] = ['open', NOON, amountsOf({ usd: 1 }), 'test'] as const;
      const replies = [
        await reserve(ledger, { id: 'new', sum: { usd: 1 }, accounts }),
        ledger.extend({ id, at, by: amounts }),
        ledger.settle({ id, at, amounts }),
        ledger.release({ id, at, reason }),
        ledger.expire({ id, at, reason }),
        ledger.adjust({ id: 'x', reservationId: 'ended', at, amounts, reason }),
      ];
      for (const reply of replies) assertKind(reply, 'unavailable', 'a change');
      failWrites(ledger, false);
      assertBalance(ledger, account, { spent: { usd: 4 }, held: { usd: 10 } });
      assertOpen(ledger, ['open']);
    },
  },
  {
    title: 'L13. What was unavailable can be said again when the record works, and happens once',
    needs: 'failWrites',
    async run(make) {
      const ledger = await make();
      const account = capped('a');
      failWrites(ledger, true);
      const sketch = { id: 'r', sum: { usd: 10 }, accounts: [account] };
      assertKind(await reserve(ledger, sketch), 'unavailable', 'reserve');
      failWrites(ledger, false);
      await mustReserve(ledger, sketch);
      failWrites(ledger, true);
      const settle = { id: 'r', at: NOON, amounts: amountsOf({ usd: 7 }) };
      assertKind(ledger.settle(settle), 'unavailable', 'settle');
      assertOpen(ledger, ['r']);
      failWrites(ledger, false);
      mustSettle(ledger, { id: 'r', sum: { usd: 7 } });
      assertBalance(ledger, account, { spent: { usd: 7 } });
    },
  },
];

function capped(cap: string): Account {
  return accountOf({ cap, ceiling: { usd: 100 } });
}

async function replayed(ledger: ConformanceLedger): Promise<Ledger> {
  assertThat(ledger.replayed !== undefined, 'this case is run on a ledger that has `replayed`');
  return await ledger.replayed();
}

function failWrites(ledger: ConformanceLedger, isFailing: boolean): void {
  assertThat(ledger.failWrites !== undefined, 'this case is run on a ledger that has `failWrites`');
  ledger.failWrites(isFailing);
}
