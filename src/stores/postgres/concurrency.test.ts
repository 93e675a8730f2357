import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  CLIENTS,
  freshSchema,
  sqlOf,
  unbalanced,
  type OpenClient,
} from '../../../test/postgres/fixture.ts';
import type { RacerOptions } from '../../../test/postgres/racer.child.ts';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startPostgres, type PrivateServer } from '../../../test/servers/servers.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import type { ExchangeReply, HolderMessage } from '../../ledger/leases/message.ts';
import { itemOf, messageOf, openAll, send } from '../conformance/lease-orders.ts';
import { DAY, accountOf } from '../conformance/orders.ts';
import { randomFrom } from '../conformance/random-cases.ts';
import { migrationSql } from './database/migrations.ts';
import { createPostgresLeaseStore } from './lease-store.ts';

const AMOUNT = 1_000;
const CAP = 500.5 * AMOUNT;
const SEED = Number(process.env['HARDCAP_SEED'] ?? Date.now() % 1_000_000);

describeWith('postgres', 'the PostgreSQL lease store under many at once', () => {
  let server: PrivateServer;
  let opened: OpenClient;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false, settings: { max_connections: 100 } });
    opened = CLIENTS.pg(server.url, 24);
  });

  afterAll(async () => {
    await opened?.end();
    await server?.stop();
  });

  it('S1. grants exactly 500 of 500.5 amounts to four processes of 16 holders', async () => {
    const schema = freshSchema();
    await sqlOf(server.url, migrationSql({ schema }));
    expect(await raceFor(server.url, schema)).toBe(500);
    expect(await unbalanced(server.url, schema)).toEqual([]);
    expect(await deadlocks(server.url)).toBe(0);
  });

  it('that race fails when rows are read without a lock', async () => {
    const schema = freshSchema();
    const unlocked = migrationSql({ schema }).replaceAll(/ for update\b/g, '');
    await sqlOf(server.url, unlocked);
    expect(await raceFor(server.url, schema)).toBeGreaterThan(500);
    expect(await unbalanced(server.url, schema)).not.toEqual([]);
  });

  it.each(['repeatable read', 'serializable'])(
    'S1. grants exactly 500 where transactions are %s by default',
    async (level) => {
      const schema = freshSchema();
      const set = encodeURIComponent(
        `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`,
      );
      const url = `${server.url}?options=${set}`;
      expect(await sqlOf(url, 'show default_transaction_isolation')).toEqual([
        { default_transaction_isolation: level },
      ]);
      await sqlOf(url, migrationSql({ schema }));
      expect(await raceFor(url, schema, 2)).toBe(500);
      expect(await unbalanced(server.url, schema)).toEqual([]);
    },
  );

  it.each(['read committed', 'repeatable read', 'serializable'])(
    'S1. grants no more when its function is called by hand in %s, over a rolling window',
    async (level) => {
      const { store, schema } = storeOf(opened);
      const callers = Array.from({ length: 8 }, (_, index) => `caller-${index}`);
      await openAll(store, callers);
      const granted = await Promise.all(
        callers.map(
          async (holder, ahead) => await byHand(server.url, { schema, level, holder, ahead }),
        ),
      );
      expect(granted.reduce((sum, each) => sum + each, 0)).toBe(40);
      expect(await unbalanced(server.url, schema)).toEqual([]);
    },
  );

  it('takes messages over the same keys in any order without a deadlock', async () => {
    const { store, schema } = storeOf(opened);
    const holders = Array.from({ length: 24 }, (_, index) => `holder-${index}`);
    await openAll(store, holders);
    await Promise.all(
      holders.map(async (holder, index) => await chats(store, holder, SEED + index)),
    );
    expect(await deadlocks(server.url), `seed ${SEED}`).toBe(0);
    expect(await unbalanced(server.url, schema), `seed ${SEED}`).toEqual([]);
  });

  it('S3. S4. keeps the books whole when connections are ended under load', async () => {
    const { store, schema } = storeOf(opened);
    const holders = Array.from({ length: 8 }, (_, index) => `holder-${index}`);
    await openAll(store, holders);
    const account = accountOf({ cap: 'global', ceiling: { usd: CAP } });
    const load = { isRunning: true };
    let ended = 0;
    const killer = (async () => {
      while (load.isRunning) {
        const killed = await sqlOf(
          server.url,
          `select pg_terminate_backend(pid) from pg_stat_activity
             where pid <> pg_backend_pid() and backend_type = 'client backend'
               and state = 'active' limit 2`,
        );
        ended += killed.length;
      }
    })();
    const known = await Promise.all(
      holders.map(async (holder) => {
        let granted = 0;
        for (let seq = 1; seq <= 60; seq += 1) {
          const item = itemOf(account, { known: { usd: granted }, need: { usd: AMOUNT } });
          const reply = await untilAnswered(store, messageOf(holder, seq, [item]));
          if (reply.kind !== 'applied') throw new Error(reply.kind);
          granted = reply.slices[0]!.granted[0];
        }
        return granted;
      }),
    );
    load.isRunning = false;
    await killer;
    expect(ended).toBeGreaterThan(0);
    // 8 holders of 60 messages: each applied once, however often it was sent.
    expect(known).toEqual(holders.map(() => 60 * AMOUNT));
    expect(await store.balances([account])).toEqual([
      { spent: [0, 0, 0], held: [480 * AMOUNT, 0, 0] },
    ]);
    expect(await unbalanced(server.url, schema)).toEqual([]);
  });
});

function storeOf({ client }: OpenClient): { readonly store: LeaseStore; readonly schema: string } {
  const schema = freshSchema();
  return { schema, store: createPostgresLeaseStore({ client, schema, trustUnsafeSettings: true }) };
}

async function raceFor(url: string, schema: string, processes = 4): Promise<number> {
  const racers = Array.from({ length: processes }, (_, index) => {
    const name = `racer-${index}`;
    return racerOf({ url, schema, name, holders: 16, cap: CAP, amount: AMOUNT });
  });
  const all = await Promise.all(racers);
  const granted = await Promise.all(all.map(async (run) => await run()));
  return granted.reduce((sum, each) => sum + each, 0);
}

/** Resolves when the process is ready; what it resolves to lets it run. */
async function racerOf(options: RacerOptions): Promise<() => Promise<number>> {
  const file = fileURLToPath(new URL('../../../test/postgres/racer.child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  const line = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done === true) throw new Error(`${options.name} ended: ${String(await ended)}`);
    return value;
  };
  await line();
  return async () => {
    child.stdin.write('go\n');
    const granted = Number(await line());
    await ended;
    return granted;
  };
}

async function deadlocks(url: string): Promise<number> {
  const [row] = await sqlOf(
    url,
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  );
  return (row as { readonly deadlocks: number }).deadlocks;
}

/** Twenty messages of one to six items, over few keys and a rolling window, in random order. */
async function chats(store: LeaseStore, holder: string, seed: number): Promise<void> {
  const random = randomFrom(seed);
  for (let seq = 1; seq <= 20; seq += 1) {
    const names = ['global', 'customer:a', 'customer:b', 'model:x', 'rolling', 'rolling-b'];
    const chosen = names
      .map((name) => ({ name, place: random(1000) }))
      .sort((left, right) => left.place - right.place)
      .slice(0, 1 + random(names.length));
    // New accounts now and then: two that make the same one at once.
    const day = DAY + Math.floor(seq / 4) * 86_400_000;
    const items = chosen.map(({ name }) => {
      const isRolling = name.startsWith('rolling');
      const scope = name.includes(':') ? name : isRolling && name.endsWith('b') ? 'a:b' : 'global';
      const minute = (each: number) => DAY + (Math.floor(seq / 3) + each) * 60_000;
      const starts = isRolling ? [0, 1, 2].map(minute) : [day];
      const account = accountOf({ cap: name, scope, ceiling: { usd: 1_000_000 }, starts });
      return itemOf(account, { need: { usd: 1 } });
    });
    await send(store, messageOf(holder, seq, items));
  }
}

/** Sends the very same message until its fate is known. */
async function untilAnswered(store: LeaseStore, message: HolderMessage): Promise<ExchangeReply> {
  for (let tries = 0; tries < 1000; tries += 1) {
    try {
      return await store.exchange(message);
    } catch (cause) {
      expect(cause).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
  }
  throw new Error('never answered');
}

interface ByHand {
  readonly schema: string;
  readonly level: string;
  readonly holder: string;
  /** The part of the window that it draws on. */
  readonly ahead: number;
}

/** Asks for one unit at a time from a cap of 40, in its own transactions; what it was granted. */
async function byHand(url: string, { schema, level, holder, ahead }: ByHand): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const minutes = [0, 1, 2, 3].map((each) => DAY + (each + (ahead % 4)) * 60_000);
  const parts = minutes.map((minute) => `r|global|${minute}`);
  const never = { key: parts[3], cap: 'r', scope: 'global', window: 'rolling' };
  const place = { first: minutes[0]! + 240_000, leaves: minutes[3]! + 240_000, parts };
  const none = { spent: [0, 0, 0], returned: [0, 0, 0], inFlight: [0, 0, 0] };
  let granted = 0;
  let seq = 1;
  try {
    for (let tries = 0; tries < 5000; tries += 1) {
      const ask = { known: [granted, 0, 0], need: [1, 0, 0], demand: [1, 0, 0], want: [1, 0, 0] };
      const item = { ...never, ...place, ...none, ...ask, ceiling: [40, null, null] };
      const message = { holder, seq, declares: 'none', items: [item] };
      try {
        await client.query(`begin isolation level ${level}`);
        const { rows } = await client.query<{ reply: ExchangeReply }>(
          `select ${schema}.exchange($1::text::jsonb) as reply`,
          [JSON.stringify(message)],
        );
        await client.query('commit');
        const reply = rows[0]!.reply;
        if (reply.kind !== 'applied') throw new Error(JSON.stringify(reply));
        if (reply.slices[0]!.isRefused) return granted;
        granted = reply.slices[0]!.granted[0];
        seq += 1;
      } catch (cause) {
        await client.query('rollback');
        expect((cause as { readonly code?: string }).code).toMatch(/^(40001|40P01|23505)$/);
      }
    }
    throw new Error('never refused');
  } finally {
    await client.end();
  }
}
