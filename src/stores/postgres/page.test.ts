import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLIENTS, freshSchema, sqlOf, type OpenClient } from '../../../test/postgres/fixture.ts';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../../../test/servers/servers.ts';
import { capped, speaker } from '../conformance/lease-orders.ts';
import { DAY, DAY_MS } from '../conformance/orders.ts';
import { createPostgresLeaseStore } from './lease-store.ts';

const PAGE = new URL('../../../docs/ledgers/postgres.md', import.meta.url);

describeWith('postgres', 'the page on the PostgreSQL ledger', () => {
  let server: PrivateServer;
  let opened: OpenClient;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false });
    opened = CLIENTS.pg(server.url);
  });

  afterAll(async () => {
    await opened?.end();
    await server?.stop();
  });

  it('says how to ask who spent what today, how books balance, and how to forget', async () => {
    const schema = freshSchema();
    const { client } = opened;
    const store = createPostgresLeaseStore({ client, schema, trustUnsafeSettings: true });
    const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const a = await speaker(store, 'a');
    const customer = { cap: 'customer/day', scope: 'customer:acme' };
    const cap = 2_000_000_000;
    for (const starts of [[DAY], [today], [today + DAY_MS]]) {
      const account = capped(cap, { ...customer, starts });
      await a.say(account, { need: { usd: 1_500_000_000 } });
      const known = { usd: 1_500_000_000 };
      await a.say(account, { known, spent: { usd: 1_250_000_000 } });
    }

    const [grants, spentToday, balance, forget] = queriesOf(schema);
    expect(grants).toContain('grant usage on schema');
    const [row, ...others] = await sqlOf(server.url, spentToday!);
    expect(others).toEqual([]);
    const { cap_id, scope, spent, held, cap: ceiling } = row as Record<string, string>;
    expect([cap_id, scope]).toEqual(['customer/day', 'customer:acme']);
    expect([spent, held, ceiling].map(Number)).toEqual([1.25, 0.25, 2]);

    expect(await sqlOf(server.url, balance!)).toEqual([]);
    await sqlOf(server.url, `update ${schema}.accounts set held_usd = 0`);
    expect(await sqlOf(server.url, balance!)).toHaveLength(3);
    // The old account has a slice still.
    await sqlOf(server.url, forget!);
    const left = `select count(*)::int as n from ${schema}.accounts`;
    expect(await sqlOf(server.url, left)).toEqual([{ n: 3 }]);
    await sqlOf(server.url, `delete from ${schema}.slices`);
    await sqlOf(server.url, forget!);
    expect(await sqlOf(server.url, left)).toEqual([{ n: 2 }]);
  });
});

/** The blocks of SQL on the page, in order, on another schema. */
function queriesOf(schema: string): readonly string[] {
  const text = readFileSync(PAGE, 'utf8');
  const blocks = [...text.matchAll(/^```sql\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks.map((block) => block.replaceAll('hardcap.', `${schema}.`));
}
