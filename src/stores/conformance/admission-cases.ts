import type { Account } from '../../ledger/account.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { ConformanceCase } from './case.ts';
import {
  DAY,
  NOON,
  accountOf,
  amountsOf,
  assertBalance,
  assertOpen,
  extend,
  instant,
  mustRefuse,
  mustReserve,
  mustSettle,
  reserve,
  reserveOrder,
} from './orders.ts';

const MINUTE = 60_000;

/** A rolling window of three parts of a minute, ending with the `last`-th minute of the day. */
function rolling(last: number, usd: number): Account {
  const starts = [last - 2, last - 1, last].map((minute) => DAY + minute * MINUTE);
  return accountOf({ cap: 'rolling', ceiling: { usd }, starts, countsMs: 3 * MINUTE });
}

/** L1, L2, L3, L9 and L12: who is let in. */
export const admissionCases: readonly ConformanceCase[] = [
  {
    title: 'L1. A reserve holds its amounts on every one of its accounts',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = ['a', 'b', 'c'].map((cap) => accountOf({ cap, ceiling: { usd: 10 } }));
      const sum = { usd: 3, tokens: 700, calls: 1 };
      await mustReserve(ledger, { id: 'r1', sum, accounts });
      for (const account of accounts) assertBalance(ledger, account, { held: sum });
      const [open] = [...ledger.openHolds()];
      assertEqual(
        open,
        { id: 'r1', at: NOON, amounts: amountsOf(sum), scopes: ['global', 'global', 'global'] },
        'the open hold',
      );
    },
  },
  {
    title:
      'L1. L9. A reserve that one account refuses holds nothing on any, wherever that one stands',
    needs: undefined,
    async run(make) {
      for (const position of [0, 1, 2]) {
        const ledger = await make();
        const accounts = [0, 1, 2].map((index) =>
          accountOf({ cap: `c${index}`, ceiling: { usd: index === position ? 4 : 100 } }),
        );
        await mustRefuse(ledger, { id: 'r1', sum: { usd: 5 }, accounts });
        for (const account of accounts) assertBalance(ledger, account, {});
        assertOpen(ledger, []);
        await mustReserve(ledger, { id: 'r1', sum: { usd: 4 }, accounts });
        // Once more, now that every account exists.
        await mustRefuse(ledger, { id: 'r2', sum: { usd: 1 }, accounts });
        for (const account of accounts) assertBalance(ledger, account, { held: { usd: 4 } });
        assertOpen(ledger, ['r1']);
      }
    },
  },
  {
    title: 'L1. A reserve without accounts is admitted and ends like any other',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      await mustReserve(ledger, { id: 'r1', sum: { usd: 5 }, accounts: [] });
      assertOpen(ledger, ['r1']);
      mustSettle(ledger, { id: 'r1', sum: { usd: 9 } });
      assertOpen(ledger, []);
    },
  },
  {
    title: 'L2. In every dimension the last unit fits and one more does not',
    needs: undefined,
    async run(make) {
      for (const dimension of ['usd', 'tokens', 'calls'] as const) {
        const ledger = await make();
        const accounts = [accountOf({ cap: 'c', ceiling: { [dimension]: 10 } })];
        await mustReserve(ledger, { id: 'spent', sum: { [dimension]: 4 }, accounts });
        mustSettle(ledger, { id: 'spent', sum: { [dimension]: 3 } });
        await mustReserve(ledger, { id: 'held', sum: { [dimension]: 2 }, accounts });
        const refused = await mustRefuse(ledger, { id: 'r', sum: { [dimension]: 6 }, accounts });
        assertEqual(refused.short[0]?.dimension, dimension, 'the short dimension');
        await mustReserve(ledger, { id: 'r', sum: { [dimension]: 5 }, accounts });
        await mustRefuse(ledger, { id: 'one', sum: { [dimension]: 1 }, accounts });
      }
    },
  },
  {
    title: 'L2. Dimensions without a ceiling are recorded and never refuse',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = accountOf({ cap: 'c', ceiling: { calls: 2 } });
      const sum = { usd: 9_007_199_254, tokens: 1_000_000, calls: 1 };
      await mustReserve(ledger, { id: 'r1', sum, accounts: [account] });
      await mustReserve(ledger, { id: 'r2', sum, accounts: [account] });
      const held = { usd: 18_014_398_508, tokens: 2_000_000, calls: 2 };
      assertBalance(ledger, account, { held });
    },
  },
  {
    title: 'L2. A ceiling of 0 admits nothing that costs, and admits what costs nothing',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = [accountOf({ cap: 'c', ceiling: { usd: 0 } })];
      await mustRefuse(ledger, { id: 'r1', sum: { usd: 1 }, accounts });
      await mustReserve(ledger, { id: 'r2', sum: { usd: 0, tokens: 5 }, accounts });
    },
  },
  {
    title: 'L2. An amount of 0 fits into a full account',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = [accountOf({ cap: 'c', ceiling: { usd: 10 } })];
      await mustReserve(ledger, { id: 'r1', sum: { usd: 10 }, accounts });
      await mustReserve(ledger, { id: 'r2', sum: { tokens: 5 }, accounts });
    },
  },
  {
    title:
      'L2. A refusal names every short account, with its balance then and what each part takes',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const small = accountOf({ cap: 'small', scope: 'customer:a', ceiling: { usd: 10 } });
      const roomy = accountOf({ cap: 'roomy', ceiling: { usd: 1_000 } });
      const parts = rolling(2, 12);
      await mustReserve(ledger, {
        id: 's',
        sum: { usd: 6 },
        accounts: [small, roomy, rolling(1, 12)],
      });
      mustSettle(ledger, { id: 's', sum: { usd: 5 } });
      await mustReserve(ledger, { id: 'h', sum: { usd: 4 }, accounts: [small, roomy, parts] });
      const sum = { usd: 4, calls: 1 };
      const { short } = await mustRefuse(ledger, { id: 'r', sum, accounts: [small, roomy, parts] });
      const balance = {
        spent: amountsOf({ usd: 5 }),
        held: amountsOf({ usd: 4 }),
        overdrawn: false,
      };
      const taken = [{}, { usd: 5 }, { usd: 4 }].map(amountsOf);
      const dimension = 'usd';
      assertEqual(
        short,
        [
          { account: small, balance, dimension, parts: [amountsOf({ usd: 9 })] },
          { account: parts, balance, dimension, parts: taken },
        ],
        'short',
      );
    },
  },
  {
    title:
      'L2. All parts of a rolling window count, holds go to the last, and a part that left is free',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      await mustReserve(ledger, { id: 'm2', sum: { usd: 6 }, accounts: [rolling(2, 10)] });
      mustSettle(ledger, { id: 'm2', sum: { usd: 6 } });
      await mustReserve(ledger, { id: 'm3', sum: { usd: 3 }, accounts: [rolling(3, 10)] });
      await mustRefuse(ledger, { id: 'm4', sum: { usd: 2 }, accounts: [rolling(4, 10)] });
      await mustReserve(ledger, { id: 'm4', sum: { usd: 1 }, accounts: [rolling(4, 10)] });
      assertBalance(ledger, rolling(4, 10), { spent: { usd: 6 }, held: { usd: 4 } });
      assertBalance(ledger, rolling(5, 10), { held: { usd: 4 } });
      await mustReserve(ledger, { id: 'm5', sum: { usd: 6 }, accounts: [rolling(5, 10)] });
      await mustRefuse(ledger, { id: 'm5b', sum: { usd: 1 }, accounts: [rolling(5, 10)] });
    },
  },
  {
    title:
      'L2. A plan made from an earlier clock reading cannot fill a rolling window past its ceiling',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      await mustReserve(ledger, { id: 'late', sum: { usd: 8 }, accounts: [rolling(4, 10)] });
      await mustRefuse(ledger, { id: 'early', sum: { usd: 3 }, accounts: [rolling(3, 10)] });
      await mustReserve(ledger, { id: 'early', sum: { usd: 2 }, accounts: [rolling(3, 10)] });
      assertBalance(ledger, rolling(4, 10), { held: { usd: 10 } });
    },
  },
  {
    title: 'L2. An account that passed its window is never empty again for a clock that steps back',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const minute = (index: number): Account =>
        accountOf({
          cap: 'minute',
          ceiling: { usd: 10 },
          starts: [DAY + index * MINUTE],
          countsMs: MINUTE,
        });
      const spend = async (index: number, id: string): Promise<void> => {
        const at = DAY + index * MINUTE;
        await mustReserve(ledger, { id, sum: { usd: 10 }, accounts: [minute(index)], at });
        mustSettle(ledger, { id, sum: { usd: 10 }, at });
      };
      await spend(0, 'first');
      // Two days of minutes, with gaps: whatever a store does to forget old windows happens here.
      for (let index = 1; index < 2_880; index += 7) await spend(index, `minute-${index}`);
      const sum = { usd: 1 };
      const reply = await reserve(ledger, { id: 'again', sum, accounts: [minute(0)], at: DAY });
      assertThat(
        reply.kind === 'refused' || reply.kind === 'unavailable',
        `a full window that ended long ago admits nothing; it answered ${reply.kind}`,
      );
    },
  },
  {
    title: 'L3. Of many concurrent reserves exactly those that fit are admitted',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const shared = accountOf({ cap: 'global', ceiling: { usd: 1_001 } });
      const replies = await Promise.all(
        Array.from({ length: 64 }, async (_, index) => {
          const own = accountOf({ cap: 'customer', scope: `customer:${index % 8}` });
          const accounts = [own, shared];
          return await ledger.reserveAsync(
            reserveOrder({ id: `r${index}`, sum: { usd: 50 }, accounts }),
          );
        }),
      );
      const admitted = replies.filter(({ kind }) => kind === 'reserved').length;
      assertEqual(admitted, 20, 'admitted of 64 reserves of 50 under a ceiling of 1001');
      assertBalance(ledger, shared, { held: { usd: 1_000 } });
      assertEqual([...ledger.openHolds()].length, 20, 'open holds');
    },
  },
  {
    title: 'L3. Two reserves never both take the last nano-dollar',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = accountOf({ cap: 'c', ceiling: { usd: 1 } });
      const one = (id: string) => reserveOrder({ id, sum: { usd: 1 }, accounts: [account] });
      const replies = await Promise.all([
        ledger.reserveAsync(one('a')),
        ledger.reserveAsync(one('b')),
      ]);
      assertEqual(replies.map(({ kind }) => kind).sort(), ['refused', 'reserved'], 'the replies');
      assertBalance(ledger, account, { held: { usd: 1 } });
    },
  },
  {
    title: 'L9. Messages about an unknown id change nothing',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = accountOf({ cap: 'c', ceiling: { usd: 10 } });
      await mustReserve(ledger, { id: 'known', sum: { usd: 4 }, accounts: [account] });
      const [id, at, amounts, reason] = ['nobody', NOON, amountsOf({ usd: 1 }), 'test'] as const;
      const replies = [
        ledger.settle({ id, at, amounts }),
        ledger.release({ id, at, reason }),
        ledger.expire({ id, at, reason }),
        ledger.extend({ id, at, by: amounts }),
        ledger.adjust({ id: 'adjustment', reservationId: id, at, amounts, reason }),
      ];
      for (const reply of replies) assertKind(reply, 'unknown-id', 'a message about nobody');
      assertBalance(ledger, account, { held: { usd: 4 } });
      assertOpen(ledger, ['known']);
    },
  },
  {
    title:
      'L12. An observed account records like an enforced one, reports what is short, never refuses',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const observed = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: 5 } });
      const enforced = accountOf({ cap: 'e', ceiling: { usd: 100 } });
      const accounts = [observed, enforced];
      await mustReserve(ledger, { id: 'r1', sum: { usd: 4 }, accounts });
      const reply = assertKind(
        await reserve(ledger, { id: 'r2', sum: { usd: 4 }, accounts }),
        'reserved',
        'reserve past an observed ceiling',
      );
      const short = reply.observedShort.map(({ account, dimension, balance }) => {
        return [account.capId, dimension, balance.held.usd];
      });
      assertEqual(short, [['o', 'usd', 4]], 'observedShort');
      assertEqual(
        mustSettle(ledger, { id: 'r1', sum: { usd: 7 } }).map(({ capId }) => capId),
        ['o'],
        'overdrawn',
      );
      for (const [account, overdrawn] of [
        [observed, true],
        [enforced, false],
      ] as const) {
        assertBalance(ledger, account, { spent: { usd: 7 }, held: { usd: 4 }, overdrawn });
      }
      await mustReserve(ledger, { id: 'r3', sum: { usd: 4 }, accounts });
      const tight = accountOf({ cap: 't', ceiling: { usd: 1 } });
      const { short: refused } = await mustRefuse(ledger, {
        id: 'r4',
        sum: { usd: 4 },
        accounts: [...accounts, tight],
      });
      assertEqual(
        refused.map(({ account }) => account.capId),
        ['t'],
        'short names enforced only',
      );
      const more = { id: 'r3', at: instant(NOON), by: amountsOf({ usd: 50 }) };
      assertKind(await extend(ledger, more), 'extended', 'past an observed ceiling');
    },
  },
];
