import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLIENTS, freshSchema, sqlOf, type OpenClient } from '../../../../test/postgres/fixture.ts';
import { describeWith } from '../../../../test/servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../../../../test/servers/servers.ts';
import { capped, identityOf, speaker } from '../../conformance/lease-orders.ts';
import { migrationSql, VERSION } from './migrations.ts';
import { createPostgresLeaseStore } from '../lease-store.ts';

describeWith('postgres', 'before it grants, the PostgreSQL lease store', () => {
  let server: PrivateServer;
  let opened: OpenClient;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false });
    opened = CLIENTS.pg(server.url, 16);
  });

  afterAll(async () => {
    await opened?.end();
    await server?.stop();
  });

  const storeIn = (schema: string, more: { readonly migrate?: boolean } = {}) =>
    createPostgresLeaseStore({ client: opened.client, schema, trustUnsafeSettings: true, ...more });

  it('refuses a server that may forget what it acknowledged, unless told to trust it', async () => {
    const { client } = opened;
    const refused = createPostgresLeaseStore({ client, schema: freshSchema() });
    await expect(refused.open(identityOf('a'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      field: 'fsync',
    });
    await storeIn(freshSchema()).open(identityOf('a'));
  });

  it('makes its tables once when eight processes start at once', async () => {
    const schema = freshSchema();
    const stores = Array.from({ length: 8 }, () => storeIn(schema));
    await Promise.all(stores.map(async (store, at) => await store.open(identityOf(`h${at}`))));
    expect(await stores[0]!.holders()).toHaveLength(8);
    expect(await sqlOf(server.url, `select version from ${schema}.meta`)).toEqual([
      { version: VERSION },
    ]);
  });

  it('refuses tables of a later release, with and without leave to migrate', async () => {
    const schema = freshSchema();
    await storeIn(schema).open(identityOf('a'));
    await sqlOf(server.url, `update ${schema}.meta set version = version + 1`);
    for (const migrate of [true, false]) {
      await expect(storeIn(schema, { migrate }).holders()).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        field: 'schema',
      });
    }
    await expect(sqlOf(server.url, migrationSql({ schema }))).rejects.toThrow(/knows up to/);
  });

  it('makes no tables without leave, and says what to run', async () => {
    const schema = freshSchema();
    await expect(storeIn(schema, { migrate: false }).holders()).rejects.toThrow(
      `migrationSql({ schema: '${schema}' })`,
    );
    expect(await sqlOf(server.url, `select to_regnamespace('${schema}') as found`)).toEqual([
      { found: null },
    ]);
    await sqlOf(server.url, migrationSql({ schema }));
    await sqlOf(server.url, migrationSql({ schema }));
    await storeIn(schema, { migrate: false }).open(identityOf('a'));
  });

  it('works with a role that may run its functions and touch no table', async () => {
    const schema = freshSchema();
    const role = `app_${schema}`;
    await sqlOf(server.url, `create role ${role} login; ${migrationSql({ schema })}`);
    const own = CLIENTS.pg(server.url.replace('postgres@', `${role}@`));
    const store = createPostgresLeaseStore({
      client: own.client,
      schema,
      trustUnsafeSettings: true,
    });
    try {
      await expect(store.open(identityOf('a'))).rejects.toThrow(/grant usage on schema/);
      await sqlOf(
        server.url,
        `grant usage on schema ${schema} to ${role};
         grant execute on all routines in schema ${schema} to ${role}`,
      );
      const a = await speaker(store, 'a');
      const said = await a.say(capped(100), { need: { usd: 60 } });
      expect(said.granted).toEqual([60, 0, 0]);
      const url = server.url.replace('postgres@', `${role}@`);
      for (const table of ['accounts', 'slices', 'journal', 'meta']) {
        await expect(sqlOf(url, `select * from ${schema}.${table}`)).rejects.toThrow(/denied/);
      }
    } finally {
      await own.end();
    }
  });

  it.each(['', 'A', 'a-b', 'a"b', '1a', 'x'.repeat(64)])('refuses the schema %j', (schema) => {
    expect(() => storeIn(schema)).toThrow(/lower-case letters/);
  });

  it('takes a schema whose name SQL keeps for itself', async () => {
    await storeIn('order').open(identityOf('a'));
    expect(await storeIn('order').holders()).toHaveLength(1);
  });

  it('refuses what is no client', () => {
    const client = {} as unknown as OpenClient['client'];
    expect(() => createPostgresLeaseStore({ client })).toThrow(/neither a pg Pool/);
  });

  it('rejects while the server is away, and works when it is back', async () => {
    const schema = freshSchema();
    const store = storeIn(schema);
    await store.open(identityOf('a'));
    await server.kill('SIGKILL');
    // A backend may answer once more before it notices that the postmaster is gone.
    const asked = async () => {
      try {
        return await store.holders();
      } catch (error) {
        return error;
      }
    };
    await expect.poll(asked).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await server.restart();
    expect(await store.holders()).toHaveLength(1);
  });
});
