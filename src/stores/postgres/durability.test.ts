import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  CLIENTS,
  freshSchema,
  sqlOf,
  unbalanced,
  type OpenClient,
} from '../../../test/postgres/fixture.ts';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../../../test/servers/servers.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import type { HolderMessage, SliceItem } from '../../ledger/leases/message.ts';
import {
  capped,
  closeOf,
  identityOf,
  itemOf,
  messageOf,
  openAll,
} from '../conformance/lease-orders.ts';
import { createPostgresLeaseStore } from './lease-store.ts';

const CAP = capped(1_000_000);

describeWith('postgres', 'what the PostgreSQL lease store answered', () => {
  let server: PrivateServer;
  let opened: OpenClient;
  let store: LeaseStore;
  let schema: string;

  beforeEach(async () => {
    // The weakest setting that a role or a database can have.
    const settings = { synchronous_commit: 'off', wal_writer_delay: '10s' };
    server = await startPostgres({ settings: { ...settings, restore_command: 'false' } });
    opened = CLIENTS.pg(server.url);
    schema = freshSchema();
    store = createPostgresLeaseStore({ client: opened.client, schema });
  });

  afterEach(async () => {
    await opened?.end();
    await server?.stop();
  });

  it('S2. survives kill -9 of the server where commits are asynchronous by default', async () => {
    expect(await sqlOf(server.url, 'show synchronous_commit')).toEqual([
      { synchronous_commit: 'off' },
    ]);
    await openAll(store, ['a', 'b', 'c', 'd']);
    const granted = new Map<string, number>();
    const running = ['a', 'b', 'c', 'd'].map(async (holder) => {
      for (let seq = 1; ; seq += 1) {
        const known = { usd: granted.get(holder) ?? 0 };
        const message = messageOf(holder, seq, [itemOf(CAP, { known, need: { usd: 10 } })]);
        const reply = await Promise.resolve(store.exchange(message)).catch(() => undefined);
        if (reply?.kind !== 'applied') return;
        granted.set(holder, reply.slices[0]!.granted[0]);
      }
    });
    await sleep(200);
    await server.kill('SIGKILL');
    await Promise.all(running);
    await server.restart();
    for (const [holder, told] of granted) {
      const rows = await sqlOf(
        server.url,
        `select granted_usd::int as kept from ${schema}.slices where holder = '${holder}'`,
      );
      const { kept } = rows[0] as { readonly kept: number };
      // One more message may have arrived whose answer nobody heard.
      expect([told, told + 10]).toContain(kept);
    }
    expect(granted.size).toBe(4);
    expect(await unbalanced(server.url, schema)).toEqual([]);
  });

  it('S9. is not trusted after a promotion until every open holder has declared', async () => {
    await openAll(store, ['a', 'b', 'gone']);
    await say('a', 1, { need: 600_000 });
    await say('b', 1, { need: 100_000 });
    await say('gone', 1, { need: 50_000 });
    // The tail of what was told is lost: 'a' was granted 300,000 more, 'b' made an account.
    await say('a', 2, { known: 600_000, need: 1_000 });
    await promote();

    const asks = { known: 901_000, spent: 850_000, need: 10 };
    expect(await tell('a', 4, asks)).toMatchObject({ kind: 'redeclare' });
    expect(await tell('b', 2, { known: 100_000, need: 1 })).toMatchObject({ kind: 'redeclare' });
    const { need: _, ...known } = asks;
    const declared = await tell('a', 5, { ...known, declares: 'all' });
    expect(declared).toMatchObject({ kind: 'applied', slices: [{ granted: [901_000, 0, 0] }] });
    expect(await tell('a', 6, asks)).toMatchObject({ kind: 'redeclare' });
    const other = { account: capped(500, { cap: 'new' }), known: 400 };
    await tell('b', 2, { known: 100_000, declares: 'some' });
    await tell('b', 3, { ...other, declares: 'all' });
    // Said again, it changes nothing.
    await tell('b', 3, { ...other, declares: 'all' });
    expect(await tell('b', 4, { known: 100_000, need: 1 })).toMatchObject({ kind: 'redeclare' });
    await store.close(closeOf('gone', { how: 'charged' }));

    const refused = await tell('b', 4, { known: 100_000, need: 1 });
    // 901,000 + 100,000 + 50,000 are above the cap: known, booked, and closed for more.
    expect(refused).toMatchObject({ kind: 'applied', slices: [{ isRefused: true }] });
    expect(await store.balances([CAP, other.account])).toEqual([
      { spent: [900_000, 0, 0], held: [151_000, 0, 0] },
      { spent: [0, 0, 0], held: [400, 0, 0] },
    ]);
    expect(await unbalanced(server.url, schema)).toEqual([]);
    expect(await tell('b', 5, { ...other, known: 400, need: 100 })).toMatchObject({
      slices: [{ granted: [500, 0, 0] }],
    });
  });

  it('S9. is lost, not read as zero, where the store knows less than it told', async () => {
    await openAll(store, ['a']);
    expect(await tell('a', 1, { known: 5 })).toEqual({
      kind: 'lost',
      reason: `${CAP.parts[0]!.key}: the holder was granted 5/0/0, the store knows 0/0/0`,
    });
    expect(await tell('a', 3, {})).toMatchObject({ kind: 'lost' });
  });

  it('is asked of the primary: a replica is refused, and changes nothing', async () => {
    await store.open(identityOf('a'));
    await restartedAs('standby.signal');
    await expect(store.open(identityOf('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const fresh = createPostgresLeaseStore({ client: opened.client, schema });
    await expect(fresh.open(identityOf('b'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      field: 'pg_is_in_recovery()',
    });
  });

  interface Said {
    readonly account?: SliceItem['account'];
    readonly known?: number;
    readonly spent?: number;
    readonly need?: number;
    readonly declares?: HolderMessage['declares'];
  }

  async function tell(holder: string, seq: number, said: Said) {
    const { account = CAP, known = 0, spent = 0, need = 0, declares = 'none' } = said;
    const sketch = { known: { usd: known }, spent: { usd: spent }, need: { usd: need } };
    return await store.exchange({
      ...messageOf(holder, seq, [itemOf(account, sketch)]),
      declares,
    });
  }

  async function say(holder: string, seq: number, said: Said): Promise<void> {
    expect(await tell(holder, seq, said)).toMatchObject({ kind: 'applied' });
  }

  /** Ends recovery from an archive: the server goes on in another timeline. */
  async function promote(): Promise<void> {
    const before = await timeline();
    await restartedAs('recovery.signal');
    for (let tries = 0; tries < 200; tries += 1) {
      const [row] = await sqlOf(server.url, 'select pg_is_in_recovery() as is_in_recovery');
      if (!(row as { readonly is_in_recovery: boolean }).is_in_recovery) break;
      await sleep(20);
    }
    expect(await timeline()).not.toEqual(before);
  }

  async function timeline(): Promise<unknown> {
    const text = 'select left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline';
    return await sqlOf(server.url, text);
  }

  async function restartedAs(signal: 'recovery.signal' | 'standby.signal'): Promise<void> {
    await server.kill('SIGKILL');
    const file = join(server.dir, 'data', signal);
    writeFileSync(file, '');
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres:postgres', file]);
    await server.restart();
  }
});
