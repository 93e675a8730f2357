import type { Account } from '../../ledger/account.ts';
import type { EndReply, Ledger, Outcome } from '../../ledger/ledger.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { ConformanceCase } from './case.ts';
import {
  DAY,
  DAY_MS,
  NOON,
  accountOf,
  amountsOf,
  assertBalance,
  extend,
  instant,
  mustReserve,
  mustSettle,
  type Sum,
} from './orders.ts';

function end(ledger: Ledger, id: string, outcome: Outcome, sum: Sum): EndReply {
  const reason = 'test';
  if (outcome === 'settled') return ledger.settle({ id, at: NOON, amounts: amountsOf(sum) });
  return outcome === 'released'
    ? ledger.release({ id, at: NOON, reason })
    : ledger.expire({ id, at: NOON, reason });
}

function capped(usd: number, cap = 'c'): Account {
  return accountOf({ cap, ceiling: { usd } });
}

/** L7 and L8 for extensions and corrections. */
export const changingCases: readonly ConformanceCase[] = [
  {
    title: 'L1. L2. An extension is held on all accounts or on none, and keeps to the ceiling',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const [a, b] = [capped(10, 'a'), capped(20, 'b')];
      await mustReserve(ledger, { id: 'r', sum: { usd: 6, calls: 1 }, accounts: [a, b] });
      const more = async (usd: number) =>
        await extend(ledger, { id: 'r', at: NOON, by: amountsOf({ usd }) });
      const refused = assertKind(await more(5), 'refused', 'extend by 5');
      assertEqual(
        refused.short.map(({ account }) => account.capId),
        ['a'],
        'short',
      );
      for (const account of [a, b]) assertBalance(ledger, account, { held: { usd: 6, calls: 1 } });
      assertKind(await more(4), 'extended', 'extend by 4');
      for (const account of [a, b]) assertBalance(ledger, account, { held: { usd: 10, calls: 1 } });
      await mustReserve(ledger, { id: 'r', sum: { usd: 6, calls: 1 }, accounts: [a, b] });
      mustSettle(ledger, { id: 'r', sum: { usd: 10, calls: 1 } });
      assertEqual(await more(1), { kind: 'already', outcome: 'settled' }, 'extend after the end');
      for (const account of [a, b])
        assertBalance(ledger, account, { spent: { usd: 10, calls: 1 } });
    },
  },
  {
    title:
      'L2. L8. Extending a hold in an older part keeps the newest rolling window under its ceiling',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const window = (last: number): Account => {
        const starts = [DAY + (last - 1) * 1_000, DAY + last * 1_000];
        return accountOf({ cap: 'c', ceiling: { usd: 10 }, starts, countsMs: 2_000 });
      };
      await mustReserve(ledger, { id: 'old', sum: { usd: 2 }, accounts: [window(1)] });
      await mustReserve(ledger, { id: 'new', sum: { usd: 7 }, accounts: [window(2)] });
      const more = async (usd: number) =>
        await extend(ledger, { id: 'old', at: NOON, by: amountsOf({ usd }) });
      assertKind(await more(2), 'refused', 'extend past the newest window');
      assertKind(await more(1), 'extended', 'extend up to the ceiling');
      assertBalance(ledger, window(2), { held: { usd: 10 } });
      assertBalance(ledger, window(3), { held: { usd: 7 } });
    },
  },
  {
    title: 'L8. A hold settled, extended or corrected after its window belongs to that window',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const [today, tomorrow] = [DAY, DAY + DAY_MS].map((start) =>
        accountOf({ cap: 'c', ceiling: { usd: 10 }, starts: [start] }),
      ) as [Account, Account];
      const at = instant(DAY + DAY_MS + 5);
      await mustReserve(ledger, { id: 'r', sum: { usd: 5 }, accounts: [today] });
      await mustReserve(ledger, { id: 'n', sum: { usd: 10 }, accounts: [tomorrow], at });
      const five = { id: 'r', at, by: amountsOf({ usd: 5 }) };
      assertKind(await extend(ledger, five), 'extended', 'extend');
      const past = await extend(ledger, { id: 'r', at, by: amountsOf({ usd: 1 }) });
      assertKind(past, 'refused', 'an extension past the ceiling of the window of its hold');
      mustSettle(ledger, { id: 'r', sum: { usd: 9 }, at });
      assertBalance(ledger, today, { spent: { usd: 9 } });
      assertBalance(ledger, tomorrow, { held: { usd: 10 } });
      const amounts = amountsOf({ usd: 8 });
      const reason = 'invoice';
      assertKind(
        ledger.adjust({ id: 'a', reservationId: 'r', at, amounts, reason }),
        'adjusted',
        'adjust',
      );
      assertBalance(ledger, today, { spent: { usd: 8 } });
      assertBalance(ledger, tomorrow, { held: { usd: 10 } });
    },
  },
  {
    title: 'L7. A correction replaces what was booked, up and down, and each id applies once',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = capped(10);
      const adjust = (id: string, sum: Sum, reservationId = 'r') => {
        const amounts = amountsOf(sum);
        return ledger.adjust({ id, reservationId, at: NOON, amounts, reason: 'invoice' });
      };
      await mustReserve(ledger, { id: 'r', sum: { usd: 8, calls: 1 }, accounts: [account] });
      assertEqual(adjust('a0', { usd: 1 }), { kind: 'still-open' }, 'adjust of an open hold');
      mustSettle(ledger, { id: 'r', sum: { usd: 5, calls: 1 } });
      const down = { usd: 3, calls: 1 };
      assertEqual(adjust('a1', down), { kind: 'adjusted', repeated: false, overdrawn: [] }, 'down');
      assertBalance(ledger, account, { spent: down });
      const up = { usd: 12, calls: 1 };
      const raised = assertKind(adjust('a2', up), 'adjusted', 'up');
      assertEqual(
        raised.overdrawn.map(({ capId }) => capId),
        ['c'],
        'overdrawn by a correction',
      );
      assertBalance(ledger, account, { spent: up, overdrawn: true });
      const repeated = assertKind(adjust('a1', down), 'adjusted', 'a1 again');
      assertThat(repeated.repeated, 'a correction that is repeated late says so');
      assertBalance(ledger, account, { spent: up, overdrawn: true });
      assertEqual(
        adjust('a1', { usd: 4, calls: 1 }),
        { kind: 'conflict' },
        'a1 with another amount',
      );
      assertEqual(adjust('a1', down, 'other'), { kind: 'conflict' }, 'a1 for another reservation');
      assertBalance(ledger, account, { spent: up, overdrawn: true });
      const settledAgain = ledger.settle({
        id: 'r',
        at: NOON,
        amounts: amountsOf({ usd: 5, calls: 1 }),
      });
      assertThat(
        settledAgain.kind === 'ended' && settledAgain.repeated,
        'a settle repeated after a correction is still a repeat',
      );
      assertBalance(ledger, account, { spent: up, overdrawn: true });
      assertKind(adjust('a3', {}), 'adjusted', 'to zero');
      await mustReserve(ledger, { id: 'n', sum: { usd: 10 }, accounts: [account] });
    },
  },
  {
    title: 'L7. Released and expired reservations can be corrected too',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = capped(100);
      for (const [id, outcome] of [
        ['f', 'released'],
        ['x', 'expired'],
      ] as const) {
        await mustReserve(ledger, { id, sum: { usd: 20 }, accounts: [account] });
        assertKind(end(ledger, id, outcome, {}), 'ended', outcome);
        const amounts = amountsOf({ usd: 3 });
        const order = { id: `a-${id}`, reservationId: id, at: NOON, amounts, reason: 'invoice' };
        assertKind(ledger.adjust(order), 'adjusted', `adjust ${outcome}`);
      }
      assertBalance(ledger, account, { spent: { usd: 6 } });
    },
  },
];
