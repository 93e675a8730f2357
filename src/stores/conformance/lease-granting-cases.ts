import { assertEqual, assertKind, assertThat } from './assertions.ts';
import type { LeaseConformanceCase } from './lease-case.ts';
import {
  Speaker,
  assertStands,
  capped,
  identityOf,
  itemOf,
  messageOf,
  openAll,
  pass,
  raiseOf,
  send,
  speaker,
  sums,
} from './lease-orders.ts';
import { DAY, DAY_MS, NOON, accountOf } from './orders.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const MINUTE = 60_000;

/** Pieces of names that some store or some pattern of keys might read as something else. */
const NAMES = [
  'a',
  'ä',
  'a\u0308',
  'a\\',
  'b/',
  'b:',
  'b.',
  "b'",
  'b"',
  '*',
  '?',
  '25',
  '_',
].concat([
  '$1',
  '%s',
  '--',
  ';',
  'null',
  'nan',
  '0',
  '\uff10',
  '😀',
  '{',
  '}{',
  '[]',
  ',',
  '#',
  '&',
  '日本',
]);

/** A rolling window of three parts of a minute, ending with the `last`-th minute of the day. */
function rolling(last: number, usd: number) {
  const starts = [last - 2, last - 1, last].map((minute) => DAY + minute * MINUTE);
  return accountOf({ cap: 'rolling', ceiling: { usd }, starts, countsMs: 3 * MINUTE });
}

/** S1: who is granted what, and under which ceiling. */
export const leaseGrantingCases: readonly LeaseConformanceCase[] = [
  {
    title: 'S1. In every dimension the last unit is granted and one more is not',
    needs: undefined,
    async run(make) {
      for (const dimension of ['usd', 'tokens', 'calls'] as const) {
        const { store } = await make();
        const account = accountOf({ cap: 'c', ceiling: { [dimension]: 10 } });
        const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
        await a.say(account, { need: { [dimension]: 6 } });
        await a.say(account, { known: { [dimension]: 6 }, spent: { [dimension]: 2 } });
        const refused = await b.say(account, { need: { [dimension]: 5 } });
        assertThat(refused.isRefused, 'need above the room is refused');
        assertEqual(refused.granted, sums({}), 'granted with a refusal');
        const granted = await b.say(account, { need: { [dimension]: 4 } });
        assertEqual(granted.granted, sums({ [dimension]: 4 }), 'granted up to the last unit');
        await a.say(account, { known: { [dimension]: 6 }, spent: { [dimension]: 2 } });
        const last = await a.say(account, {
          known: { [dimension]: 6 },
          spent: { [dimension]: 2 },
          need: { [dimension]: 1 },
        });
        assertThat(last.isRefused, 'nothing is left');
        await assertStands(store, account, {
          spent: { [dimension]: 2 },
          held: { [dimension]: 8 },
        });
      }
    },
  },
  {
    title: 'S1. What needs two dimensions is granted in both or in neither',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = accountOf({ cap: 'c', ceiling: { usd: 100, calls: 2 } });
      const a = await speaker(store, 'a');
      const both = await a.say(account, { need: { usd: 10, calls: 3 } });
      assertEqual([both.isRefused, both.granted], [true, sums({})], 'one dimension is short');
      const fits = await a.say(account, { need: { usd: 10, calls: 2 } });
      assertEqual([fits.isRefused, fits.granted], [false, sums({ usd: 10, calls: 2 })], 'fits');
    },
  },
  {
    title: 'S1. Of many holders that ask at once exactly those that fit are granted',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = capped(1_001);
      const names = Array.from({ length: 32 }, (_, index) => `h${index}`);
      await openAll(store, names);
      const states = await Promise.all(
        names.map(async (name) => {
          return await new Speaker(store, name).say(account, { need: { usd: 50 } });
        }),
      );
      const granted = states.filter(({ isRefused }) => !isRefused);
      assertEqual(granted.length, 20, 'granted of 32 asking for 50 under a ceiling of 1001');
      for (const state of granted) assertEqual(state.granted, sums({ usd: 50 }), 'granted');
      await assertStands(store, account, { held: { usd: 1_000 } });
    },
  },
  {
    title: 'S1. Two holders that ask at once for two accounts in opposite order both get an answer',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [left, right] = [capped(10_000, { cap: 'l' }), capped(10_000, { cap: 'r' })];
      await openAll(store, ['a', 'b']);
      for (let round = 1; round <= 10; round += 1) {
        const need = { need: { usd: 1 } };
        await Promise.all([
          send(store, messageOf('a', round, [itemOf(left, need), itemOf(right, need)])),
          send(store, messageOf('b', round, [itemOf(right, need), itemOf(left, need)])),
        ]);
      }
      for (const account of [left, right]) {
        await assertStands(store, account, { held: { usd: 20 } });
      }
    },
  },
  {
    title: 'S1. All parts of a rolling window count, also those that only a faster clock has seen',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const [slow, fast] = [await speaker(store, 'slow'), await speaker(store, 'fast')];
      await fast.say(rolling(5, 10), { need: { usd: 6 } });
      const refused = await slow.say(rolling(4, 10), { need: { usd: 5 } });
      assertThat(refused.isRefused, 'a part that is still to come counts');
      assertEqual(refused.othersHeld, sums({ usd: 6 }), 'held by others');
      assertEqual(refused.parts, [sums({}), sums({}), sums({})], 'in its own parts');
      await slow.say(rolling(4, 10), { need: { usd: 4 } });
      const full = await fast.say(rolling(6, 10), { need: { usd: 1 } });
      assertThat(full.isRefused, 'parts that are still in the window count');
      assertEqual(full.parts, [{ usd: 4 }, { usd: 6 }, {}].map(sums), 'what each part takes');
      const free = await fast.say(rolling(7, 10), { need: { usd: 4 } });
      assertThat(!free.isRefused, 'a part that left the window is free');
      await assertStands(store, rolling(7, 10), { held: { usd: 10 } });
    },
  },
  {
    title: 'S1. Raised ceilings and closed scopes decide at once, and end when they say',
    needs: 'pass',
    async run(make) {
      const made = await make();
      const { store } = made;
      const account = capped(10, { scope: 'customer:a' });
      const a = await speaker(store, 'a');
      const [now] = await store.holders();
      const until = (now?.lastSeenAt ?? 0) + 1_000;
      await store.operate(raiseOf('up', account, { usd: 5, until }));
      const raised = await a.say(account, { need: { usd: 15 } });
      assertEqual(raised.ceiling, [15, null, null], 'the raised ceiling');
      assertEqual(raised.granted, sums({ usd: 15 }), 'granted under the raised ceiling');
      await pass(made, 1_100);
      const after = await a.say(account, { known: { usd: 15 } });
      assertEqual(after.ceiling, [10, null, null], 'the ceiling after the raise');
      await assertStands(store, account, { held: { usd: 15 } });
      const none = await a.say(account, { known: { usd: 15 }, need: { usd: 1 } });
      assertThat(none.isRefused, 'above its ceiling an account grants nothing');
    },
  },
  {
    title:
      'S1. A closed scope grants nothing for any cap and in any dimension until it is reopened',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const ceiling = { usd: 10, calls: 5 };
      const account = accountOf({ cap: 'c', scope: 'customer:a', ceiling });
      const other = accountOf({ cap: 'c', scope: 'customer:b', ceiling });
      const a = await speaker(store, 'a');
      const order = { at: NOON, who: 'ana', reason: 'abuse' };
      const scope = 'customer:a';
      await store.operate({ kind: 'close-scope', id: 'x1', scope, ...order });
      await store.operate(raiseOf('up', account, { usd: 100 }));
      const closed = await a.say(account, { need: { calls: 1 } });
      assertEqual([closed.isRefused, closed.ceiling], [true, [0, null, 0]], 'a closed scope');
      const open = await a.say(other, { need: { calls: 1 } });
      assertEqual([open.isRefused, open.ceiling], [false, [10, null, 5]], 'another scope');
      await store.operate({ kind: 'reopen-scope', id: 'x2', scope, ...order });
      const again = await a.say(account, { need: { usd: 110 } });
      assertEqual([again.isRefused, again.ceiling], [false, [110, null, 5]], 'reopened');
    },
  },
  {
    title: 'S1. Sums at 2^53 - 1 stay there and grant nothing',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const account = accountOf({ cap: 'c', ceiling: { tokens: MAX } });
      const [a, b] = [await speaker(store, 'a'), await speaker(store, 'b')];
      const whole = await a.say(account, { need: { tokens: MAX } });
      assertEqual(whole.granted, sums({ tokens: MAX }), 'the largest grant');
      await a.say(account, { known: { tokens: MAX }, spent: { tokens: MAX } });
      await b.say(account, { spent: { tokens: MAX } });
      await assertStands(store, account, { spent: { tokens: MAX } });
      const refused = await b.say(account, {
        known: { tokens: MAX },
        spent: { tokens: MAX },
        need: { tokens: 1 },
      });
      assertThat(refused.isRefused, 'a saturated account grants nothing');
      assertEqual(refused.granted, sums({ tokens: MAX }), 'what the overage made of the slice');
    },
  },
  {
    title: 'S1. Accounts whose names differ in any character are apart',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const names = [
        ...new Set(
          NAMES.flatMap((name) => [name, name.toUpperCase(), ` ${name}`, `${name} `, `{${name}}`]),
        ),
      ].concat('x'.repeat(256), 'x'.repeat(255));
      const accounts = names.map((name) =>
        accountOf({ cap: `cap '${name}'`, scope: `customer:${name}`, ceiling: { usd: 10 } }),
      );
      await openAll(store, ['a "quoted" \\ holder']);
      const items = accounts.map((account, index) =>
        itemOf(account, { need: { usd: 1 + (index % 9) } }),
      );
      await send(store, messageOf('a "quoted" \\ holder', 1, items));
      for (const [index, account] of accounts.entries()) {
        await assertStands(store, account, { held: { usd: 1 + (index % 9) } });
      }
      const [holder] = await store.holders();
      const { isOpen, seq, lastSeenAt, ...identity } = holder ?? { isOpen: false, seq: 0 };
      assertEqual(identity, identityOf('a "quoted" \\ holder'), 'the identity of the holder');
      assertEqual([isOpen, seq, typeof lastSeenAt], [true, 1, 'number'], 'what is known of it');
    },
  },
  {
    title: 'S1. Another window of one cap has all of its ceiling',
    needs: undefined,
    async run(make) {
      const { store } = await make();
      const a = await speaker(store, 'a');
      await a.say(capped(10), { need: { usd: 10 } });
      const tomorrow = capped(10, { starts: [DAY + DAY_MS] });
      const reply = assertKind(await a.tries(tomorrow, { need: { usd: 10 } }), 'applied', 'asked');
      assertEqual(reply.slices[0]?.granted, sums({ usd: 10 }), 'granted tomorrow');
    },
  },
];
