import type { Account } from '../../ledger/account.ts';
import type { EndReply, Ledger, Outcome } from '../../ledger/ledger.ts';
import { assertEqual, assertKind } from './assertions.ts';
import type { ConformanceCase } from './case.ts';
import {
  DAY,
  DAY_MS,
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
  type Sum,
} from './orders.ts';

const OUTCOMES: readonly Outcome[] = ['settled', 'released', 'expired'];
const MAX = Number.MAX_SAFE_INTEGER;

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

/** L4 to L7 and L10: how holds end, repeats, and saturation. */
export const endingCases: readonly ConformanceCase[] = [
  ...OUTCOMES.flatMap((first) =>
    OUTCOMES.map((second): ConformanceCase => {
      return {
        title: `L4. After ${first}, ${second} changes nothing and says how it had ended`,
        needs: undefined,
        async run(make) {
          const ledger = await make();
          const account = capped(100);
          await mustReserve(ledger, { id: 'r', sum: { usd: 9, calls: 1 }, accounts: [account] });
          const spent = {
            settled: { usd: 5, calls: 1 },
            released: {},
            expired: { usd: 9, calls: 1 },
          };
          const ended = assertKind(end(ledger, 'r', first, spent.settled), 'ended', first);
          assertEqual([ended.outcome, ended.repeated], [first, false], 'the first end');
          assertBalance(ledger, account, { spent: spent[first] });
          const again = end(ledger, 'r', second, spent.settled);
          assertEqual(
            again,
            first === second
              ? { kind: 'ended', outcome: first, repeated: true, overdrawn: [] }
              : { kind: 'already', outcome: first },
            'the second end',
          );
          assertBalance(ledger, account, { spent: spent[first] });
          assertOpen(ledger, []);
        },
      };
    }),
  ),
  {
    title: 'L4. L7. A second settle with another amount changes nothing: the first end wins',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = capped(100);
      await mustReserve(ledger, { id: 'r', sum: { usd: 9 }, accounts: [account] });
      mustSettle(ledger, { id: 'r', sum: { usd: 5 } });
      const reply = ledger.settle({ id: 'r', at: NOON, amounts: amountsOf({ usd: 6 }) });
      assertEqual(reply, { kind: 'already', outcome: 'settled' }, 'the other settle');
      assertBalance(ledger, account, { spent: { usd: 5 } });
    },
  },
  {
    title: 'L5. Settle below the hold gives the rest back on every account',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = [capped(10, 'a'), capped(20, 'b')];
      await mustReserve(ledger, { id: 'r', sum: { usd: 10, tokens: 50 }, accounts });
      assertEqual(mustSettle(ledger, { id: 'r', sum: { usd: 4, tokens: 7 } }), [], 'overdrawn');
      for (const account of accounts) {
        assertBalance(ledger, account, { spent: { usd: 4, tokens: 7 } });
      }
      await mustReserve(ledger, { id: 'rest', sum: { usd: 6 }, accounts });
    },
  },
  {
    title:
      'L5. Settle books above hold and ceiling; the overdrawn account admits nothing, not even 0',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const [small, large] = [capped(10, 'small'), capped(1_000, 'large')];
      const accounts = [small, large];
      await mustReserve(ledger, { id: 'r', sum: { usd: 10 }, accounts });
      const overdrawn = mustSettle(ledger, { id: 'r', sum: { usd: 11 } });
      assertEqual(overdrawn, [small], 'overdrawn');
      assertBalance(ledger, small, { spent: { usd: 11 }, overdrawn: true });
      assertBalance(ledger, large, { spent: { usd: 11 } });
      await mustRefuse(ledger, { id: 'zero', sum: {}, accounts: [small] });
      const { short } = await mustRefuse(ledger, { id: 'one', sum: { usd: 1 }, accounts });
      assertEqual(
        short.map(({ account, balance }) => [account.capId, balance.overdrawn]),
        [['small', true]],
        'short',
      );
      const repeated = ledger.settle({ id: 'r', at: NOON, amounts: amountsOf({ usd: 11 }) });
      const reply = assertKind(repeated, 'ended', 'the repeated settle');
      assertEqual(
        reply.overdrawn.map(({ capId }) => capId),
        ['small'],
        'overdrawn, repeated',
      );
    },
  },
  {
    title: 'L5. Spending exactly the ceiling is not overdrawn',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = capped(10);
      await mustReserve(ledger, { id: 'r', sum: { usd: 4 }, accounts: [account] });
      assertEqual(mustSettle(ledger, { id: 'r', sum: { usd: 10 } }), [], 'overdrawn');
      assertBalance(ledger, account, { spent: { usd: 10 } });
    },
  },
  {
    title: 'L5. An account overdrawn in one window is open in the next',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const tomorrow = accountOf({ cap: 'c', ceiling: { usd: 10 }, starts: [DAY + DAY_MS] });
      await mustReserve(ledger, { id: 'r', sum: { usd: 10 }, accounts: [capped(10)] });
      mustSettle(ledger, { id: 'r', sum: { usd: 99 } });
      const at = DAY + DAY_MS;
      await mustReserve(ledger, { id: 'n', sum: { usd: 10 }, accounts: [tomorrow], at });
    },
  },
  {
    title: 'L5. A rolling account overdrawn by one part opens when that part leaves',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const window = (last: number): Account => {
        const starts = [DAY + (last - 1) * 1_000, DAY + last * 1_000];
        return accountOf({ cap: 'c', ceiling: { usd: 10 }, starts, countsMs: 2_000 });
      };
      await mustReserve(ledger, { id: 'r', sum: { usd: 1 }, accounts: [window(1)] });
      await mustReserve(ledger, { id: 'later', sum: { usd: 6 }, accounts: [window(2)] });
      assertEqual(mustSettle(ledger, { id: 'later', sum: { usd: 6 } }), [], 'not yet overdrawn');
      const overdrawn = mustSettle(ledger, { id: 'r', sum: { usd: 5 } });
      assertEqual(
        overdrawn.map(({ capId }) => capId),
        ['c'],
        'overdrawn',
      );
      await mustRefuse(ledger, { id: 'n', sum: {}, accounts: [window(2)] });
      await mustReserve(ledger, { id: 'n', sum: { usd: 4 }, accounts: [window(3)] });
    },
  },
  {
    title: 'L6. Release returns the whole hold; expire books the whole hold, extensions included',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = [capped(100, 'a'), capped(100, 'b')];
      const sum = { usd: 30, tokens: 5, calls: 1 };
      for (const id of ['free', 'lost']) await mustReserve(ledger, { id, sum, accounts });
      for (const id of ['free', 'lost']) {
        const by = amountsOf({ usd: 7 });
        assertKind(await extend(ledger, { id, at: NOON, by }), 'extended', `extend ${id}`);
      }
      assertKind(end(ledger, 'free', 'released', {}), 'ended', 'release');
      const whole = { usd: 37, tokens: 5, calls: 1 };
      for (const account of accounts) assertBalance(ledger, account, { held: whole });
      assertKind(end(ledger, 'lost', 'expired', {}), 'ended', 'expire');
      for (const account of accounts) assertBalance(ledger, account, { spent: whole });
      assertOpen(ledger, []);
    },
  },
  {
    title: 'L7. A reserve repeated with its id holds once, also when no room is left for it',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const accounts = [capped(10)];
      for (let time = 0; time < 3; time += 1) {
        await mustReserve(ledger, { id: 'r', sum: { usd: 10 }, accounts, at: NOON + time });
      }
      assertBalance(ledger, capped(10), { held: { usd: 10 } });
      assertOpen(ledger, ['r']);
    },
  },
  {
    title: 'L7. L9. A reserve with a known id and other content is a conflict and changes nothing',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const [a, b] = [capped(100, 'a'), capped(100, 'b')];
      await mustReserve(ledger, { id: 'r', sum: { usd: 10 }, accounts: [a, b] });
      const others = [
        { id: 'r', sum: { usd: 9 }, accounts: [a, b] },
        { id: 'r', sum: { usd: 10, tokens: 1 }, accounts: [a, b] },
        { id: 'r', sum: { usd: 10 }, accounts: [a] },
        { id: 'r', sum: { usd: 10 }, accounts: [a, capped(100, 'new')] },
      ];
      for (const other of others) assertKind(await reserve(ledger, other), 'conflict', 'reserve');
      for (const account of [a, b]) assertBalance(ledger, account, { held: { usd: 10 } });
      assertBalance(ledger, capped(100, 'new'), {});
    },
  },
  {
    title: 'L7. A reserve with the id of an ended reservation is a conflict: its hold is gone',
    needs: undefined,
    async run(make) {
      for (const outcome of OUTCOMES) {
        const ledger = await make();
        const sketch = { id: 'r', sum: { usd: 10 }, accounts: [capped(100)] };
        await mustReserve(ledger, sketch);
        assertKind(end(ledger, 'r', outcome, { usd: 10 }), 'ended', outcome);
        assertKind(await reserve(ledger, sketch), 'conflict', `reserve after ${outcome}`);
        assertOpen(ledger, []);
      }
    },
  },
  {
    title: 'L10. Spent that passes 2^53 - 1 stays there and admits nothing, under any ceiling',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const account = accountOf({ cap: 'c', ceiling: { tokens: MAX } });
      for (const id of ['r1', 'r2']) {
        await mustReserve(ledger, { id, sum: { tokens: 1 }, accounts: [account] });
      }
      mustSettle(ledger, { id: 'r1', sum: { tokens: MAX } });
      assertBalance(ledger, account, { spent: { tokens: MAX }, held: { tokens: 1 } });
      const overdrawn = mustSettle(ledger, { id: 'r2', sum: { tokens: MAX } });
      assertEqual(
        overdrawn.map(({ capId }) => capId),
        ['c'],
        'overdrawn',
      );
      assertBalance(ledger, account, { spent: { tokens: MAX }, overdrawn: true });
      await mustRefuse(ledger, { id: 'zero', sum: {}, accounts: [account] });
      const amounts = amountsOf({});
      const order = { id: 'a', reservationId: 'r2', at: NOON, amounts, reason: 'invoice' };
      assertKind(ledger.adjust(order), 'adjusted', 'adjust down');
      assertBalance(ledger, account, { spent: { tokens: MAX }, overdrawn: true });
      await mustRefuse(ledger, { id: 'still', sum: { tokens: 1 }, accounts: [account] });
    },
  },
  {
    title: 'L10. Held that passes 2^53 - 1 admits nothing in an enforced view of the same account',
    needs: undefined,
    async run(make) {
      const ledger = await make();
      const open = accountOf({ cap: 'c' });
      for (const id of ['r1', 'r2']) {
        await mustReserve(ledger, { id, sum: { tokens: MAX }, accounts: [open] });
      }
      assertBalance(ledger, open, { held: { tokens: MAX } });
      const closed = accountOf({ cap: 'c', ceiling: { tokens: MAX } });
      await mustRefuse(ledger, { id: 'r3', sum: { tokens: 1 }, accounts: [closed] });
      mustSettle(ledger, { id: 'r1', sum: { tokens: 1 } });
      const { held } = ledger.balance(open);
      assertEqual(held.tokens, MAX, 'held while a hold of 2^53 - 1 is open');
    },
  },
];
