import type { JournalEntry, Operation } from '../../ledger/leases/operation.ts';
import { verifyJournal } from '../journal-chain.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { LeaseConformanceCase } from './lease-case.ts';
import {
  adjustOf,
  assertStands,
  capped,
  closeOf,
  itemOf,
  lastKeyOf,
  messageOf,
  openAll,
  raiseOf,
  send,
  speaker,
  sums,
} from './lease-orders.ts';
import { NOON } from './orders.ts';

/** S2, S9 and S10: what lasts, what a loss looks like, and what operators do. */
export const leaseRecordCases: readonly LeaseConformanceCase[] = [
  {
    title: 'S2. What was answered stands when the store is opened anew, and holders go on',
    needs: 'reopened',
    async run(make) {
      const first = await make();
      const account = capped(100, { scope: 'customer:a' });
      const key = lastKeyOf(account);
      const { store } = first;
      await openAll(store, ['a', 'b', 'c']);
      const asks = messageOf('a', 1, [itemOf(account, { need: { usd: 40 } })]);
      const granted = await send(store, asks);
      await send(store, messageOf('b', 1, [itemOf(account, { need: { usd: 20 } })]));
      await send(store, messageOf('c', 1, [itemOf(account, { need: { usd: 30 } })]));
      const doubt = { id: 'call', at: NOON, amounts: sums({ usd: 5 }), keys: [key] };
      const finals = [{ account, spent: sums({ usd: 5 }) }];
      await store.close(closeOf('b', { finals, inDoubt: [doubt] }));
      await store.operate(raiseOf('up', account, { usd: 50 }));
      const holders = await store.holders();
      const journal = await store.journal();

      assertThat(first.reopened !== undefined, 'this case is run on a store that has `reopened`');
      const copy = await first.reopened();
      await assertStands(copy, account, { spent: { usd: 5 }, held: { usd: 70 } });
      assertEqual(await copy.holders(), holders, 'open holders');
      assertEqual(await copy.journal(), journal, 'the journal');
      assertEqual(await copy.doubts(), [{ ...doubt, holder: 'b' }], 'doubts');
      const [again] = await send(copy, asks);
      assertEqual(again?.granted, granted[0]?.granted, 'the first answer, asked for again');
      const said = { known: { usd: 40 }, spent: { usd: 10 }, need: { usd: 75 } };
      const [more] = await send(copy, messageOf('a', 2, [itemOf(account, said)]));
      assertEqual([more?.isRefused, more?.ceiling[0]], [false, 150], 'the raised ceiling');
      assertEqual(await copy.exchange(messageOf('b', 2, [])), { kind: 'fenced' }, 'a closed one');
      const repeated = await copy.operate(raiseOf('up', account, { usd: 50 }));
      assertEqual(repeated, { kind: 'done', isRepeated: true }, 'an order, said again');
    },
  },
  {
    title: 'S9. A holder that nobody registered is lost, and nothing is applied',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const reply = await store.exchange(
        messageOf('x', 1, [itemOf(account, { spent: { usd: 5 } })]),
      );
      assertThat(assertKind(reply, 'lost', 'a stranger').reason !== '', 'a loss says its reason');
      await assertStands(store, account, {});
    },
  },
  {
    title: 'S9. A message after one that never came is lost, and nothing is applied',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      await openAll(store, ['a']);
      const early = await store.exchange(
        messageOf('a', 2, [itemOf(account, { need: { usd: 5 } })]),
      );
      assertKind(early, 'lost', 'message 2 before message 1');
      await assertStands(store, account, {});
      await send(store, messageOf('a', 1, [itemOf(account, { need: { usd: 7 } })]));
      await assertStands(store, account, { held: { usd: 7 } });
    },
  },
  {
    title: 'S9. A grant that the store has forgotten makes the whole message lost',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [good, bad] = [capped(100, { cap: 'good' }), capped(100, { cap: 'bad' })];
      await openAll(store, ['a']);
      await send(store, messageOf('a', 1, [itemOf(good, { need: { usd: 9 } })]));
      for (const known of [{ usd: 1 }, { tokens: 1 }, { calls: 1 }]) {
        const items = [
          itemOf(good, { known: { usd: 9 }, spent: { usd: 4 }, need: { usd: 5 } }),
          itemOf(bad, { known }),
        ];
        assertKind(await store.exchange(messageOf('a', 2, items)), 'lost', 'a forgotten grant');
      }
      await assertStands(store, good, { held: { usd: 9 } });
      await assertStands(store, bad, {});
      const said = { known: { usd: 9 }, spent: { usd: 4 } };
      await send(store, messageOf('a', 2, [itemOf(good, said)]));
      await assertStands(store, good, { spent: { usd: 4 }, held: { usd: 5 } });
    },
  },
  {
    title: 'S9. What was lost never came: the message after it is lost as well',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      await openAll(store, ['a']);
      const forgotten = messageOf('a', 1, [itemOf(account, { known: { usd: 1 } })]);
      assertKind(await store.exchange(forgotten), 'lost', 'a forgotten grant');
      assertKind(await store.exchange(messageOf('a', 2, [])), 'lost', 'message 2');
      const [state] = await send(store, messageOf('a', 1, [itemOf(account, { need: { usd: 7 } })]));
      assertEqual(state?.granted, sums({ usd: 7 }), 'granted by a first message after all');
    },
  },
  {
    title: 'S10. An order is carried out once by its id; another order with the id is a conflict',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const key = lastKeyOf(account);
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 40 } });
      const finals = [{ account, spent: sums({ usd: 30, tokens: 9 }) }];
      await store.close(closeOf('a', { finals }));
      const order = adjustOf('o1', {
        keys: [key],
        subtract: sums({ usd: 30, tokens: 4 }),
        add: sums({ usd: 21 }),
      });
      assertEqual(await store.operate(order), { kind: 'done', isRepeated: false }, 'at first');
      assertEqual(await store.operate(order), { kind: 'done', isRepeated: true }, 'said again');
      const others: readonly Operation[] = [
        { ...order, add: sums({ usd: 22 }) },
        { ...order, reason: 'another' },
        raiseOf('o1', account, { usd: 5 }),
      ];
      for (const other of others) {
        assertEqual(await store.operate(other), { kind: 'conflict' }, 'another order');
      }
      await assertStands(store, account, { spent: { usd: 21, tokens: 5 } });
      assertEqual((await store.journal()).length, 2, 'records: the end of a, and the correction');
    },
  },
  {
    title: 'S10. Orders that are said at once are carried out once',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100);
      const a = await speaker(store, 'a');
      await a.say(account, { spent: { usd: 1 } });
      await store.close(closeOf('a'));
      const keys = [lastKeyOf(account)];
      const orders = Array.from({ length: 12 }, (_, index) =>
        adjustOf(`o${index % 3}`, { keys, add: sums({ usd: 10 ** (index % 3) }) }),
      );
      const replies = await Promise.all(orders.map(async (order) => await store.operate(order)));
      await assertStands(store, account, { spent: { usd: 112 } });
      const journal = await store.journal();
      assertEqual([journal.length, verifyJournal(journal)], [4, []], 'records and their faults');
      const first = replies.filter((reply) => reply.kind === 'done' && !reply.isRepeated);
      assertEqual(first.length, 3, 'answers that say that it was carried out now');
    },
  },
  {
    title: 'S10. A correction that cannot be made changes nothing, on no account',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [one, two] = [capped(100, { cap: 'one' }), capped(100, { cap: 'two' })];
      const keys = [one, two].map(lastKeyOf);
      const a = await speaker(store, 'a');
      await a.say(one, { spent: { usd: 30 } });
      await a.say(two, { spent: { usd: 20 } });
      const all = adjustOf('o1', { keys, subtract: sums({ usd: 1 }) });
      const open = await store.operate(all);
      assertEqual(open, { kind: 'below-zero', key: keys[0] }, 'what an open holder spent');
      await store.close(closeOf('a'));
      const refused = [
        [
          { keys, subtract: sums({ usd: 25 }) },
          { kind: 'below-zero', key: keys[1] },
        ],
        [{ keys: [...keys, 'no'] }, { kind: 'unknown-account', key: 'no' }],
        [{ keys, resolves: 'no' }, { kind: 'unknown-doubt' }],
      ] as const;
      for (const [order, reply] of refused) {
        const add = sums({ usd: 5 });
        assertEqual(await store.operate(adjustOf('o2', { add, ...order })), reply, reply.kind);
      }
      await assertStands(store, one, { spent: { usd: 30 } });
      await assertStands(store, two, { spent: { usd: 20 } });
      assertEqual((await store.journal()).length, 1, 'records: only the end of a');
      const kept = await store.operate(adjustOf('o2', { keys, subtract: sums({ usd: 20 }) }));
      assertEqual(kept, { kind: 'done', isRepeated: false }, 'an id that was never carried out');
    },
  },
  {
    title: 'S10. The journal tells who did what and why, in order, and shows any change to it',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(100, { scope: 'customer:a' });
      const a = await speaker(store, 'a');
      await a.say(account, { need: { usd: 5 } });
      const reason = 'line\none, "quoted" \\ and 日本 😀';
      const scope = { kind: 'close-scope', id: 'o2', scope: 'customer:a', at: NOON } as const;
      await store.operate({ ...raiseOf('o1', account, { usd: 9 }), reason });
      await store.operate({ ...scope, who: 'ben', reason });
      await store.close(closeOf('a', { how: 'charged', by: 'cleo', reason }));
      const journal = await store.journal();
      const told = journal.map(({ body }) => JSON.parse(body) as Readonly<Record<string, unknown>>);
      assertEqual(
        told.map(({ kind, who, by }) => [kind, kind === 'raise' ? who : (who ?? by)]),
        [
          ['raise', 'ana'],
          ['close-scope', 'ben'],
          ['close-holder', 'cleo'],
        ],
        'what, and who',
      );
      assertEqual(
        told.map((each) => each['reason']),
        [reason, reason, reason],
        'why',
      );
      assertEqual(
        [told[2]?.['freed'], told[2]?.['charged'], told[2]?.['how']],
        [sums({}), sums({ usd: 5 }), 'charged'],
        'what the end of the holder did',
      );
      assertEqual(await store.journal(2), journal.slice(2), 'records after the second');
      assertEqual(await store.journal(3), [], 'records after the last');
      assertEqual(verifyJournal(journal), [], 'faults of the journal');
      for (const [index, changed] of changes(journal).entries()) {
        assertThat(verifyJournal(changed).length > 0, `change ${index} of the journal shows`);
      }
    },
  },
];

/** The journal with a record changed, dropped, or swapped with the next. */
function changes(journal: readonly JournalEntry[]): readonly (readonly JournalEntry[])[] {
  const [first, second, third] = journal;
  assertThat(first !== undefined && second !== undefined && third !== undefined, 'three records');
  const changed = { ...second, body: second.body.replace('ben', 'bob') };
  return [
    [first, changed, third],
    [first, third],
    [second, first, third],
  ];
}
