import { ITEMS_MAX } from '../../ledger/leases/message.ts';
import { assertEqual, assertThat } from './assertions.ts';
import type { LeaseConformanceCase } from './lease-case.ts';
import {
  assertStands,
  capped,
  itemOf,
  messageOf,
  openAll,
  send,
  speaker,
  sums,
} from './lease-orders.ts';

/** S3 and S8: what a message said twice does, and how much of a wish is granted. */
export const leaseMessageCases: readonly LeaseConformanceCase[] = [
  {
    title: 'S3. A message that arrives again changes nothing and is answered alike',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const a = await speaker(store, 'a');
      const first = await a.say(account, { need: { usd: 60 }, want: { usd: 70 } });
      for (let time = 0; time < 3; time += 1) assertEqual(await a.again(), first, 'said again');
      await a.say(account, { known: { usd: 60 }, spent: { usd: 7 }, returned: { usd: 3 } });
      for (let time = 0; time < 3; time += 1) await a.again();
      await assertStands(store, account, { spent: { usd: 7 }, held: { usd: 50 } });
      const said = { known: { usd: 60 }, spent: { usd: 7 }, returned: { usd: 3 } };
      const refused = await a.say(account, { ...said, need: { usd: 60 } });
      assertThat(refused.isRefused, 'need above the room is refused');
      assertEqual(await a.again(), refused, 'the refusal, said again');
    },
  },
  {
    title: 'S3. A copy of a message that arrives after later ones changes nothing',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      await openAll(store, ['a']);
      const messages = [
        messageOf('a', 1, [itemOf(account, { need: { usd: 20 } })]),
        messageOf('a', 2, [itemOf(account, { known: { usd: 20 }, spent: { usd: 5 } })]),
        messageOf('a', 3, [itemOf(account, { known: { usd: 20 }, spent: { usd: 12 } })]),
      ];
      for (const message of messages) await send(store, message);
      for (const message of messages.toReversed()) await send(store, message);
      await assertStands(store, account, { spent: { usd: 12 }, held: { usd: 8 } });
    },
  },
  {
    title:
      'S3. S2. A repeat that says something else is told no grant that the store does not keep',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [one, two, three] = ['one', 'two', 'three'].map((cap) => capped(100, { cap }));
      assertThat(one !== undefined && two !== undefined && three !== undefined, 'three accounts');
      await openAll(store, ['a']);
      await send(store, messageOf('a', 1, [itemOf(one, { need: { usd: 20 } })]));
      await send(store, messageOf('a', 2, []));
      let known = 0;
      for (const [seq, fresh] of [
        [1, two],
        [2, three],
      ] as const) {
        const items = [itemOf(one, { need: { usd: 50 } }), itemOf(fresh, { need: { usd: 30 } })];
        for (const [index, { granted }] of (
          await send(store, messageOf('a', seq, items))
        ).entries()) {
          const account = index === 0 ? one : fresh;
          await assertStands(store, account, { held: { usd: granted[0] } });
          if (index === 0) known = granted[0];
        }
      }
      const next = itemOf(one, { known: { usd: known }, need: { usd: 100 - known } });
      const [state] = await send(store, messageOf('a', 3, [next]));
      assertEqual([state?.isRefused, state?.granted], [false, sums({ usd: 100 })], 'what goes on');
    },
  },
  {
    title: 'S3. Copies of one message that arrive together are applied once',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(1_000);
      await openAll(store, ['a']);
      for (let seq = 1; seq <= 5; seq += 1) {
        const known = { usd: 10 * (seq - 1) };
        const message = messageOf('a', seq, [itemOf(account, { known, need: { usd: 10 } })]);
        const copies = Array.from({ length: 8 }, async () => await send(store, message));
        for (const [state] of await Promise.all(copies)) {
          assertEqual(state?.granted, sums({ usd: 10 * seq }), `granted in all, message ${seq}`);
        }
      }
      await assertStands(store, account, { held: { usd: 50 } });
    },
  },
  {
    title: `S3. A message of ${ITEMS_MAX} items is applied whole, and so is an empty one`,
    needs: undefined,
    async run(make) {
      const { store } = await make();
      await openAll(store, ['a']);
      const accounts = Array.from({ length: ITEMS_MAX }, (_, index) =>
        capped(100, { scope: `customer:${index}` }),
      );
      const items = accounts.map((account, index) => itemOf(account, { need: { usd: index % 7 } }));
      const states = await send(store, messageOf('a', 1, items));
      assertEqual(
        states.map(({ granted }) => granted[0]),
        accounts.map((_, index) => index % 7),
        'granted',
      );
      assertEqual(await send(store, messageOf('a', 2, [])), [], 'the answer to no items');
      const [holder] = await store.holders();
      assertEqual(holder?.seq, 2, 'the last message of the holder');
    },
  },
  {
    title: 'S8. A grant is at least need, at most want, and far from the cap at most a fair share',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(1_000);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      const most = await a.say(account, { need: { usd: 1 }, want: { usd: 900 } });
      assertEqual(most.granted, sums({ usd: 250 }), 'a quarter of 1000 for the only holder');
      const share = await b.say(account, { need: { usd: 1 }, want: { usd: 900 } });
      assertEqual(share.granted, sums({ usd: 93 }), 'an eighth of 750 for one of two');
      const wanted = await b.say(account, {
        known: { usd: 93 },
        need: { usd: 1 },
        want: { usd: 10 },
      });
      assertEqual(wanted.granted, sums({ usd: 103 }), 'no more than is wanted');
      const demanded = await b.say(account, {
        known: { usd: 103 },
        need: { usd: 1 },
        demand: { usd: 300 },
      });
      assertEqual(demanded.granted, sums({ usd: 403 }), 'all that waiting calls are short of');
    },
  },
  {
    title: 'S8. Near the cap a grant is at most demand, and no more than is left of it',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(3_200);
      const a = await speaker(store, 'a');
      const far = await a.say(account, { need: { usd: 3_100 } });
      assertThat(!far.isNear, 'a 32nd is left: not near');
      const near = await a.say(account, { known: { usd: 3_100 }, need: { usd: 1 } });
      assertThat(near.isNear, 'less than a 32nd is left: near');
      const exact = await a.say(account, {
        known: { usd: 3_101 },
        need: { usd: 2 },
        demand: { usd: 5 },
        want: { usd: 90 },
      });
      assertEqual(exact.granted, sums({ usd: 3_106 }), 'granted near the cap');
      const rest = await a.say(account, {
        known: { usd: 3_106 },
        need: { usd: 90 },
        demand: { usd: 500 },
      });
      assertEqual(rest.granted, sums({ usd: 3_200 }), 'demand above the rest gets the rest');
    },
  },
  {
    title: 'S8. What is granted to waiting calls is not idle to others, and the rest of it is',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(1_000);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      const idle = async (): Promise<unknown> => {
        const state = await b.say(account, {});
        return [state.othersHeld, state.idleElsewhere];
      };
      await a.say(account, { need: { usd: 10 }, demand: { usd: 30 }, want: { usd: 80 } });
      assertEqual(await idle(), [sums({ usd: 80 }), sums({ usd: 50 })], 'more than all wait for');
      const known = { usd: 80 };
      await a.say(account, { known, need: { usd: 1 }, demand: {}, want: { usd: 20 } });
      assertEqual(await idle(), [sums({ usd: 100 }), sums({ usd: 100 })], 'nobody waits');
      const said = { known: { usd: 100 }, inFlight: { usd: 100 } };
      await a.say(account, { ...said, need: { usd: 600 }, demand: { usd: 1_200 } });
      const part = [sums({ usd: 1_000 }), sums({ usd: 300 })];
      assertEqual(await idle(), part, 'enough for the first, not for all');
    },
  },
  {
    title: 'S8. A refusal tells those who hold more than they need that somebody waits, once each',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      await a.say(account, { need: { usd: 90 } });
      await a.say(account, { known: { usd: 90 }, inFlight: { usd: 20 } });
      const refused = await b.say(account, { need: { usd: 50 } });
      assertEqual([refused.isRefused, refused.idleElsewhere], [true, sums({ usd: 70 })], 'refused');
      assertThat(!refused.isRecalled, 'who waits is not asked to return');
      const said = { known: { usd: 90 }, inFlight: { usd: 20 } };
      assertThat((await a.say(account, said)).isRecalled, 'somebody waits');
      assertThat((await a.again()).isRecalled, 'the same answer to the same message');
      assertThat(!(await a.say(account, said)).isRecalled, 'told already');
      await a.say(account, { ...said, returned: { usd: 70 } });
      assertThat(!(await b.say(account, { need: { usd: 50 } })).isRefused, 'what came back');
    },
  },
];
