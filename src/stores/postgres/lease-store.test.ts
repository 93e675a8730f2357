import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENTS,
  freshSchema,
  moved,
  sqlOf,
  type OpenClient,
} from '../../../test/postgres/fixture.ts';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../../../test/servers/servers.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import type { SliceItem } from '../../ledger/leases/message.ts';
import type { Sums } from '../../ledger/leases/sums.ts';
import {
  adjustOf,
  capped,
  closeOf,
  identityOf,
  itemOf,
  messageOf,
  openAll,
} from '../conformance/lease-orders.ts';
import { runRandomLeases } from '../conformance/lease-random-cases.ts';
import { leaseStoreConformance } from '../conformance/lease-suite.ts';
import { DAY, accountOf, instant } from '../conformance/orders.ts';
import { randomFrom } from '../conformance/random-cases.ts';
import { verifyJournal } from '../journal-chain.ts';
import { createMemoryLeaseStore } from '../memory/lease-store.ts';
import { migrationSql } from './database/migrations.ts';
import { createPostgresLeaseStore } from './lease-store.ts';

describeWith('postgres', 'the PostgreSQL lease store', () => {
  let server: PrivateServer;
  const open: OpenClient[] = [];

  beforeAll(async () => {
    // What is asked here is what it answers; what it keeps is asked in `durability.test.ts`.
    server = await startPostgres({ fsync: false });
    open.push(CLIENTS.pg(server.url), CLIENTS.postgres(server.url));
  });

  afterAll(async () => {
    await Promise.all(open.map(async (each) => await each.end()));
    await server?.stop();
  });

  describe.each(['pg', 'postgres'] as const)('through %s', (name) => {
    const client = () => open[name === 'pg' ? 0 : 1]!.client;

    for (const { title, run } of leaseStoreConformance) {
      if (name === 'postgres' && title.includes('random commands')) continue;
      it(title, async () => await run(() => moved(client(), DAY)));
    }

    it('keeps any text: U+0000, lone surrogates, its own escape, quotes, __proto__', async () => {
      const { store } = moved(client(), DAY);
      for (const text of ['a\u0000b', '\ud800', '\u001a0000', `'"\\`, '\\u0000', '__proto__']) {
        await keepsText(store, text);
      }
      const journal = await store.journal();
      expect(verifyJournal(journal)).toEqual([]);
      expect(journal.map(({ body }) => JSON.parse(body) as unknown)[1]).toMatchObject({
        reason: 'a\u0000b',
      });
    });

    it('refuses a client whose transaction is open: what it told could be undone', async () => {
      const { schema, store } = moved(client(), DAY);
      await store.open(identityOf('a'));
      const busy = new pg.Client({ connectionString: server.url });
      await busy.connect();
      try {
        await busy.query('BEGIN');
        const inside = createPostgresLeaseStore({
          client: busy,
          schema,
          trustUnsafeSettings: true,
        });
        await expect(inside.open(identityOf('b'))).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          field: 'client',
        });
      } finally {
        await busy.end();
      }
      expect(await store.holders()).toHaveLength(1);
    });
  });

  it('S1. its tables refuse what a bug would grant, and nothing changes', async () => {
    const schema = freshSchema();
    const grants = 'grants := hardcap.smaller(room, grants);'.replace('hardcap', `"${schema}"`);
    const [before, after, ...more] = migrationSql({ schema }).split(grants);
    expect(more).toEqual([]);
    await sqlOf(server.url, `${before}grants := array[room[1] + 1, 0, 0];${after}`);
    const { client } = open[0]!;
    const store = createPostgresLeaseStore({ client, schema, trustUnsafeSettings: true });
    await store.open(identityOf('a'));
    const message = messageOf('a', 1, [itemOf(capped(100), { need: { usd: 100 } })]);
    await expect(store.exchange(message)).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
    expect(await store.balances([capped(100)])).toEqual([{ spent: [0, 0, 0], held: [0, 0, 0] }]);
  });

  it.each([31, 32])('answers as the memory store does, word for word (seed %i)', async (seed) => {
    const steps = 200;
    const told: unknown[][] = [];
    const clock = () => instant(DAY);
    const stores = [createMemoryLeaseStore({ clock }), moved(open[0]!.client, DAY).store];
    for (const store of stores) {
      const heard: unknown[] = [];
      told.push(heard);
      const saw = (what: string, reply: unknown) => void heard.push([what, reply]);
      await runRandomLeases(store, { seed, steps, saw });
    }
    expect(told[1]).toEqual(told[0]);
    expect(await stores[1]!.journal()).toEqual(await stores[0]!.journal());
  });

  it.each([41, 42, 43])('answers alike where sums stay at 2^53 - 1 (seed %i)', async (seed) => {
    const clock = () => instant(DAY);
    const memory = createMemoryLeaseStore({ clock });
    const { store } = moved(open[0]!.client, DAY);
    await saturates([memory, store], seed);
  });
});

async function keepsText(store: LeaseStore, text: string): Promise<void> {
  const account = capped(100, { scope: `customer:${text}` });
  const holder = `h${text}`;
  await store.open({ ...identityOf(holder), host: text });
  const reply = await store.exchange(
    messageOf(holder, 1, [itemOf(account, { need: { usd: 60 } })]),
  );
  expect(reply).toMatchObject({ kind: 'applied', slices: [{ granted: [60, 0, 0] }] });
  expect((await store.holders()).at(-1)).toMatchObject({ holder, host: text });
  const doubt = { id: `d${text}`, at: identityOf('a').openedAt, amounts: [1, 0, 0] as const };
  const { key } = account.parts[0]!;
  const inDoubt = [{ ...doubt, keys: [key, text] }];
  const finals = [{ account, spent: [7, 0, 0] as const }];
  await store.close(closeOf(holder, { inDoubt, finals, reason: text }));
  expect((await store.doubts()).at(-1)).toEqual({ ...inDoubt[0], holder });
  const order = adjustOf(`o${text}`, { keys: [key], add: [1, 0, 0], resolves: doubt.id });
  expect(await store.operate({ ...order, reason: text })).toMatchObject({ kind: 'done' });
  expect(await store.balances([account])).toEqual([{ spent: [8, 0, 0], held: [0, 0, 0] }]);
}

const MAX = Number.MAX_SAFE_INTEGER;

/** Says the same to each store: amounts from nothing to the largest, plain and rolling. */
async function saturates(stores: readonly LeaseStore[], seed: number): Promise<void> {
  const random = randomFrom(seed);
  const some = (): number =>
    [0, random(100), MAX, MAX - random(100), Math.floor(MAX / (1 + random(5)))][random(5)]!;
  const sums = (): Sums => [some(), some(), some()];
  const plain = accountOf({ cap: 'day', ceiling: { usd: MAX, tokens: MAX - 7, calls: 5 } });
  const starts = [0, 1, 2].map((each) => DAY + each * 60_000);
  const rolling = accountOf({ cap: 'roll', ceiling: { usd: MAX }, starts, countsMs: 180_000 });
  const returned = new Map<string, Sums>();
  for (const store of stores) await openAll(store, ['a', 'b']);
  for (let seq = 1; seq <= 30; seq += 1) {
    for (const holder of ['a', 'b']) {
      const items = [plain, rolling].map((account): SliceItem => {
        const place = `${holder} ${account.capId}`;
        const before = returned.get(place) ?? [0, 0, 0];
        const back = before.map((each) => Math.max(each, random(9) === 0 ? some() : 0));
        returned.set(place, back as unknown as Sums);
        const said = { spent: sums(), inFlight: sums(), need: sums(), demand: sums() };
        return { ...itemOf(account), ...said, returned: returned.get(place)!, want: sums() };
      });
      const message = messageOf(holder, seq, items);
      const replies = [];
      for (const store of stores) replies.push(await store.exchange(message));
      expect(replies[1], `seed ${seed}, message ${seq} of ${holder}`).toEqual(replies[0]);
    }
  }
  const ends = [];
  for (const store of stores) ends.push(await store.close(closeOf('a', { how: 'charged' })));
  expect(ends[1]).toEqual(ends[0]);
}
