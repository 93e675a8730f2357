import { HardcapError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import type { CloseOrder, SliceFinal } from '../../ledger/leases/message.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { LeaseConformanceCase } from './lease-case.ts';
import {
  adjustOf,
  assertStands,
  capped,
  closeOf,
  identityOf,
  lastKeyOf,
  messageOf,
  openAll,
  pass,
  speaker,
  sums,
} from './lease-orders.ts';
import { DAY, DAY_MS, NOON, accountOf } from './orders.ts';

const MINUTE_MS = 60_000;

/** S4 to S7: what is held, what was spent, and how a holder ends. */
export const leaseEndingCases: readonly LeaseConformanceCase[] = [
  {
    title: 'S4. Held is what open holders were granted, less what they returned and spent',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = accountOf({ cap: 'c', ceiling: { usd: 100, tokens: 900 } });
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 40, tokens: 100 } });
      await b.say(account, { need: { usd: 30, tokens: 50 } });
      await assertStands(store, account, { held: { usd: 70, tokens: 150 } });
      const [known, spent] = [
        { usd: 40, tokens: 100 },
        { usd: 15, tokens: 60, calls: 2 },
      ];
      const state = await a.say(account, { known, spent, returned: { usd: 20 } });
      assertEqual(
        [state.granted, state.returned, state.spent],
        [known, { usd: 20 }, spent].map((sum, axis) => {
          // Calls are not capped, so nothing was granted: what was spent widens the slice.
          return sums(axis === 0 ? { ...sum, calls: 2 } : sum);
        }),
        'the slice',
      );
      assertEqual(
        [state.othersSpent, state.othersHeld],
        [sums({}), sums({ usd: 30, tokens: 50 })],
        'what others spent and hold',
      );
      await assertStands(store, account, { spent, held: { usd: 35, tokens: 90 } });
    },
  },
  {
    title: 'S4. S5. Spent above the slice and above the ceiling is booked; held stays at nothing',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 60 } });
      const known = { usd: 60 };
      const over = await a.say(account, { known, spent: { usd: 130, tokens: 5, calls: 1 } });
      assertEqual(over.granted, sums({ usd: 130, tokens: 5, calls: 1 }), 'the widened slice');
      await assertStands(store, account, { spent: { usd: 130, tokens: 5, calls: 1 } });
      const refused = await b.say(account, { need: { usd: 1 } });
      assertThat(refused.isRefused, 'an account above its ceiling grants nothing');
      assertEqual(refused.othersSpent, sums({ usd: 130, tokens: 5, calls: 1 }), 'spent by others');
    },
  },
  {
    title:
      'S5. Spent that a correction lowers frees the slice, not the account, until it is returned',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 80 } });
      await a.say(account, { known: { usd: 80 }, spent: { usd: 80 } });
      await a.say(account, { known: { usd: 80 }, spent: { usd: 50 } });
      await assertStands(store, account, { spent: { usd: 50 }, held: { usd: 30 } });
      assertThat((await b.say(account, { need: { usd: 21 } })).isRefused, 'the slice has it');
      await a.say(account, { known: { usd: 80 }, spent: { usd: 50 }, returned: { usd: 30 } });
      await assertStands(store, account, { spent: { usd: 50 } });
      assertThat(!(await b.say(account, { need: { usd: 50 } })).isRefused, 'it came back');
    },
  },
  {
    title: 'S5. An account that is only observed records past its ceiling',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(10, { mode: 'observe' });
      const a = await speaker(store, 'a');
      const state = await a.say(account, { spent: { usd: 25 }, inFlight: { usd: 5 } });
      assertEqual([state.isRefused, state.spent], [false, sums({ usd: 25 })], 'what was reported');
      await assertStands(store, account, { spent: { usd: 25 } });
    },
  },
  {
    title: 'S5. S6. What a store first hears of in a final is booked once, and can be corrected',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [watch, known] = [capped(10, { cap: 'watch', mode: 'observe' }), capped(50)];
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(known, { spent: { usd: 3 } });
      const spent = sums({ usd: 25, tokens: 7, calls: 2 });
      const order = closeOf('b', {
        finals: [watch, known].map((account) => ({ account, spent })),
      });
      const both = sums({ usd: 50, tokens: 14, calls: 4 });
      const closed = { kind: 'closed', freed: sums({}), charged: both };
      assertEqual(await store.close(order), closed, 'the end of b');
      for (let time = 0; time < 2; time += 1) {
        assertEqual(await store.close(order), { kind: 'already-closed' }, 'the end, said again');
      }
      assertEqual(await b.tries(watch, {}), { kind: 'fenced' }, 'what b says then');
      await assertStands(store, watch, { spent: { usd: 25, tokens: 7, calls: 2 } });
      await assertStands(store, known, { spent: { usd: 28, tokens: 7, calls: 2 } });
      const state = await a.say(known, { spent: { usd: 3 }, need: { usd: 23 } });
      assertEqual([state.isRefused, state.othersSpent], [true, spent], 'what a is told of it');
      const fits = await a.say(known, { spent: { usd: 3 }, need: { usd: 22 } });
      assertThat(!fits.isRefused, 'the rest of the cap is granted');
      const fix = adjustOf('o1', { keys: [lastKeyOf(watch)], subtract: sums({ usd: 5 }) });
      assertEqual(await store.operate(fix), { kind: 'done', isRepeated: false }, 'a correction');
      await assertStands(store, watch, { spent: { usd: 20, tokens: 7, calls: 2 } });
    },
  },
  {
    title: 'S5. S1. What was first heard of in a final counts in every window that it lies in',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const rolling = (last: number): Account => {
        const starts = [last - 2, last - 1, last].map((minute) => DAY + minute * MINUTE_MS);
        return capped(100, { cap: 'rolling', starts, countsMs: 3 * MINUTE_MS });
      };
      const account = rolling(10);
      // As a journal keeps it: the first and the last part stand for all.
      const ends = {
        ...account,
        parts: [...account.parts.slice(0, 1), ...account.parts.slice(-1)],
      };
      await openAll(store, ['a']);
      const finals = [{ account: ends, spent: sums({ usd: 60 }) }];
      await store.close(closeOf('a', { finals }));
      await assertStands(store, account, { spent: { usd: 60 } });
      const b = await speaker(store, 'b');
      const later = await b.say(rolling(12), { need: { usd: 41 } });
      assertEqual([later.isRefused, later.othersSpent], [true, sums({ usd: 60 })], 'two parts on');
      const free = await b.say(rolling(13), { need: { usd: 100 } });
      assertEqual([free.isRefused, free.othersSpent], [false, sums({})], 'when the part has left');
    },
  },
  {
    title: 'S5. A final that does not name its whole account is INVARIANT_BROKEN, and ends nothing',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const key = lastKeyOf(account);
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 40 } });
      const { scope: _, ...rest } = account;
      for (const said of [{ key }, { account: { parts: account.parts } }, { account: rest }]) {
        const final = { ...said, spent: sums({ usd: 5 }) } as unknown as SliceFinal;
        assertEqual(
          await codeOf(store, closeOf('a', { finals: [final] })),
          'INVARIANT_BROKEN',
          key,
        );
      }
      await assertStands(store, account, { held: { usd: 40 } });
      const finals = [{ account, spent: sums({ usd: 5 }) }];
      const closed = { kind: 'closed', freed: sums({ usd: 35 }), charged: sums({ usd: 5 }) };
      assertEqual(await store.close(closeOf('a', { finals })), closed, 'the end with whole finals');
    },
  },
  {
    title: 'S6. A holder ends once: proven gives back what was not spent, charged spends the slice',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 40 } });
      await a.say(account, { known: { usd: 40 }, spent: { usd: 5 }, inFlight: { usd: 9 } });
      await b.say(account, { need: { usd: 40 } });
      const proven = closeOf('a', { finals: [{ account, spent: sums({ usd: 15 }) }] });
      const closed = { kind: 'closed', freed: sums({ usd: 25 }), charged: sums({ usd: 10 }) };
      assertEqual(await store.close(proven), closed, 'the end of a');
      for (let time = 0; time < 2; time += 1) {
        assertEqual(await store.close(proven), { kind: 'already-closed' }, 'the end, said again');
      }
      const charged = closeOf('a', { how: 'charged' });
      assertEqual(await store.close(charged), { kind: 'already-closed' }, 'another end');
      const other = await store.close(closeOf('b', { how: 'charged' }));
      const whole = { kind: 'closed', freed: sums({}), charged: sums({ usd: 40 }) };
      assertEqual(other, whole, 'the end of b');
      await assertStands(store, account, { spent: { usd: 55 } });
      assertEqual(await store.holders(), [], 'open holders');
      assertEqual(await store.close(closeOf('nobody')), { kind: 'unknown-holder' }, 'nobody');
    },
  },
  {
    title: 'S6. What a closed holder says changes nothing, and it cannot be opened again',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 40 } });
      await store.close(closeOf('a', { how: 'charged' }));
      await store.open(identityOf('a'));
      const late = await a.tries(account, { known: { usd: 40 }, returned: { usd: 40 } });
      assertEqual(late, { kind: 'fenced' }, 'a late return');
      assertEqual(await store.exchange(messageOf('a', 1, [])), { kind: 'fenced' }, 'a repeat');
      assertEqual(await store.exchange(messageOf('a', 9, [])), { kind: 'fenced' }, 'a gap');
      await assertStands(store, account, { spent: { usd: 40 } });
      assertEqual(await store.holders(), [], 'open holders');
    },
  },
  {
    title: 'S6. Ends that are said at once end the holder once',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 40 } });
      const hows = ['proven', 'charged', 'proven', 'charged'] as const;
      const replies = await Promise.all(
        hows.map(async (how) => await store.close(closeOf('a', { how }))),
      );
      const kinds = replies.map(({ kind }) => kind).sort();
      assertEqual(kinds, ['already-closed', 'already-closed', 'already-closed', 'closed'], 'ends');
      assertEqual((await store.journal()).length, 1, 'ends in the journal');
      const [stands] = await store.balances([account]);
      const spent = stands?.spent[0];
      assertEqual(stands?.held, sums({}), 'held');
      assertThat(spent === 0 || spent === 40, 'the slice went back whole or was charged whole');
    },
  },
  {
    title:
      'S6. S10. Calls in flight at the end of a holder are in doubt until somebody resolves them',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const key = lastKeyOf(account);
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 40 } });
      const doubts = ['call-1', 'call-2'].map((id) => {
        return { id, at: NOON, amounts: sums({ usd: 10, calls: 1 }), keys: [key] };
      });
      const finals = [{ account, spent: sums({ usd: 20, calls: 2 }) }];
      await store.close(closeOf('a', { finals, inDoubt: doubts }));
      const kept = doubts.map((doubt) => ({ ...doubt, holder: 'a' }));
      assertEqual(await store.doubts(), kept, 'doubts');
      const unspent = sums({ usd: 10, calls: 1 });
      const order = adjustOf('o1', { keys: [key], subtract: unspent, resolves: 'call-1' });
      assertEqual(await store.operate(order), { kind: 'done', isRepeated: false }, 'resolved');
      assertEqual(await store.doubts(), kept.slice(1), 'doubts that are left');
      await assertStands(store, account, { spent: { usd: 10, calls: 1 } });
      assertEqual(await store.operate(order), { kind: 'done', isRepeated: true }, 'said again');
      const twice = adjustOf('o2', { keys: [key], subtract: unspent, resolves: 'call-1' });
      assertEqual(await store.operate(twice), { kind: 'unknown-doubt' }, 'resolved again');
      await assertStands(store, account, { spent: { usd: 10, calls: 1 } });
    },
  },
  {
    title: 'S7. Time gives nothing back: a holder that was silent for days holds what it held',
    needs: 'pass',
    async run(make) {
      const made = await make();
      const { store } = made;
      const account = capped(100);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 70 } });
      await pass(made, 2 * DAY_MS);
      await assertStands(store, account, { held: { usd: 70 } });
      const refused = await b.say(account, { need: { usd: 31 } });
      assertThat(refused.isRefused, 'what a silent holder holds is not granted again');
      const late = await a.tries(account, { known: { usd: 70 }, spent: { usd: 60 } });
      assertKind(late, 'applied', 'what the silent holder says at last');
      await assertStands(store, account, { spent: { usd: 60 }, held: { usd: 10 } });
    },
  },
  {
    title:
      'S7. A window that ended keeps what is held and spent there, whatever windows come after it',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const a = await speaker(store, 'a');
      // A store may forget a window two days after its end, and grants nothing in it then.
      const old = capped(100, { starts: [DAY - DAY_MS] });
      await a.say(old, { need: { usd: 70 } });
      await openAll(store, ['b']);
      for (let day = 1; day < 30; day += 1) {
        await a.say(capped(100, { starts: [DAY + day * DAY_MS] }), { need: { usd: 1 } });
      }
      await a.say(old, { known: { usd: 70 }, spent: { usd: 30 } });
      await assertStands(store, old, { spent: { usd: 30 }, held: { usd: 40 } });
    },
  },
];

/** The code that an end fails with. */
async function codeOf(store: LeaseStore, order: CloseOrder): Promise<unknown> {
  try {
    return (await store.close(order)).kind;
  } catch (error) {
    return error instanceof HardcapError ? error.code : error;
  }
}
