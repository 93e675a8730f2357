import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../../../test/servers/describe-with.ts';
import { startRedis, type PrivateServer } from '../../../test/servers/servers.ts';
import { ConfigError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { ExchangeReply, HolderMessage, SliceState } from '../../ledger/leases/message.ts';
import { NO_SUMS, type Sums } from '../../ledger/leases/sums.ts';
import {
  adjustOf,
  capped,
  closeOf,
  identityOf,
  itemOf,
  lastKeyOf,
  sums,
} from '../conformance/lease-orders.ts';
import { DAY_MS, NOON } from '../conformance/orders.ts';
import type { RedisClient } from './server/driver.ts';
import {
  createRedisLeaseStore,
  type RedisLeaseStore,
  type RedisLeaseStoreOptions,
} from './lease-store.ts';

const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const cleanups: (() => Promise<unknown> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

describeWith('redis', 'a Redis lease store whose server fails', () => {
  it('S1. grants exactly what fits, to 64 holders in four processes', async () => {
    const server = await started('no');
    const granted = await Promise.all([1, 2, 3, 4].map(async () => await raceIn(server.url)));
    expect(granted.reduce((sum, each) => sum + each, 0)).toBe(500);
    expect(await heldOf(await storeOn(server), account(5_005))).toBe(5_000);
  });

  it('S9. says lost for ever after FLUSHALL, also to processes that start later', async () => {
    const server = await started('no');
    const client = clientOf(server);
    const store = await storeOn(server, { client });
    const a = await Holder.open(store, 'a');
    await a.asks(account(100), 60);
    await client.flushall();
    expect(await a.says(account(100), 10)).toMatchObject({ kind: 'lost' });
    const later = await storeOn(server);
    await expect(later.open(identityOf('b'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(later.balances([account(100)])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    expect(await a.says(account(100), 10)).toMatchObject({ kind: 'lost' });

    await store.reinitialise({ who: 'ana', reason: 'accepted: the server was flushed' });
    expect(await a.says(account(100), 10)).toMatchObject({ kind: 'redeclare' });
    await a.declares();
    const again = await storeOn(server);
    const b = await Holder.open(again, 'b');
    expect(await b.asks(account(100), 40)).toBe(40);
    expect(await b.says(account(100), 1)).toMatchObject({ slices: [{ isRefused: true }] });
    expect((await again.journal()).map(({ body }) => JSON.parse(body).who)).toEqual(['ana']);
  });

  it('S9. says lost where only the record of the epoch is gone, or was begun anew', async () => {
    const server = await started('no');
    const client = clientOf(server);
    const [one, two] = [await storeOn(server), await storeOn(server)];
    const a = await Holder.open(one, 'a');
    await a.asks(account(100), 60);
    await client.flushall();
    const fresh = await storeOn(server);
    await Holder.open(fresh, 'b');
    expect(await a.says(account(100), 1)).toMatchObject({ kind: 'lost' });
    expect(two).toBeDefined();
    await expect(two.holders()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await client.del('hardcap:{epoch}');
    await expect(fresh.holders()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('S9. does not begin an empty store where the data must exist', async () => {
    const server = await started('no');
    await expect(storeOn(server, { mustExist: true })).rejects.toBeInstanceOf(ConfigError);
    await storeOn(server);
    await expect(storeOn(server, { mustExist: true })).resolves.toBeDefined();
  });

  it('S2. forgets no grant at a restart: holders declare, then it grants again', async () => {
    const server = await started('always');
    const store = await storeOn(server);
    const [a, b] = [await Holder.open(store, 'a'), await Holder.open(store, 'b')];
    await a.asks(account(100), 60);
    await b.asks(account(100), 30);
    await server.kill('SIGKILL');
    await server.restart();
    expect(await a.says(account(100), 5)).toMatchObject({ kind: 'redeclare' });
    expect(await a.declares()).toMatchObject({ kind: 'applied' });
    expect(await a.says(account(100), 5)).toMatchObject({ kind: 'redeclare' });
    expect(await a.says(account(100), 0, { spent: { usd: 7 } })).toMatchObject({
      slices: [{ granted: [60, 0, 0], spent: [7, 0, 0] }],
    });
    await b.declares();
    expect(await a.asks(account(100), 10)).toBe(70);
    expect(await b.says(account(100), 1)).toMatchObject({ slices: [{ isRefused: true }] });
    expect(await heldOf(store, account(100))).toBe(93);
  });

  it('S2. waits for holders that are silent after a restart, until they are closed', async () => {
    const server = await started('always');
    const store = await storeOn(server);
    const [a, b] = [await Holder.open(store, 'a'), await Holder.open(store, 'b')];
    await b.asks(account(100), 30);
    await server.restart();
    await a.says(account(100), 5);
    await a.declares();
    expect(await a.says(account(100), 5)).toMatchObject({ kind: 'redeclare' });
    expect(await store.close(closeOf('b', { how: 'charged' }))).toMatchObject({ kind: 'closed' });
    expect(await a.asks(account(100), 70)).toBe(70);
  });

  it('S1. S2. grants nothing above the cap after its data went back in time', async () => {
    const server = await started('always');
    const store = await storeOn(server, { declareWaitMs: 400 });
    const [a, b] = [await Holder.open(store, 'a'), await Holder.open(store, 'b')];
    await a.asks(account(100), 10);
    const before = mkdtempSync(join(tmpdir(), 'hardcap-aof-'));
    cleanups.push(() => rmSync(before, { recursive: true, force: true }));
    cpSync(join(server.dir, 'appendonlydir'), before, { recursive: true });
    // All of this is lost: grants, a report, and a holder that the server never heard of.
    await a.asks(account(100), 20);
    await a.says(account(100), 0, { spent: { usd: 15 } });
    await b.asks(account(100), 30);
    const c = await Holder.open(store, 'c');
    await c.asks(account(100), 35);
    await server.kill('SIGKILL');
    cpSync(before, join(server.dir, 'appendonlydir'), { recursive: true, force: true });
    await server.restart();

    expect(await a.says(account(100), 50)).toMatchObject({ kind: 'redeclare' });
    await a.declares();
    await b.declares();
    expect(await a.says(account(100), 6)).toMatchObject({ kind: 'redeclare' });
    expect(await c.says(account(100), 0)).toMatchObject({ kind: 'redeclare' });
    await c.declares();
    await sleep(450);
    expect(await a.says(account(100), 6)).toMatchObject({ slices: [{ isRefused: true }] });
    expect(await a.asks(account(100), 5)).toBe(35);
    expect(await store.balances([account(100)])).toEqual([{ spent: [15, 0, 0], held: [85, 0, 0] }]);
  });

  it('S1. S2. grants nothing above the cap after a replica that lags took over', async () => {
    const [server, replica] = [
      await started('no', ['--repl-diskless-sync-delay', '0']),
      await started('no'),
    ];
    const [first, second] = [clientOf(server), clientOf(replica)];
    let current = first;
    const client: RedisClient = {
      call: async (command, args) => await current.call(command, args),
    };
    const store = await storeOn(server, { client });
    const [a, b] = [await Holder.open(store, 'a'), await Holder.open(store, 'b')];
    await a.asks(account(100), 10);
    await second.replicaof('127.0.0.1', server.port);
    await expect
      .poll(async () => await second.info('replication'), { timeout: 20_000 })
      .toMatch(/master_link_status:up/);
    await second.replicaof('NO', 'ONE');
    await a.asks(account(100), 20);
    await b.asks(account(100), 60);
    current = second;
    expect(await b.says(account(100), 40)).toMatchObject({ kind: 'redeclare' });
    await a.declares();
    await b.declares();
    expect(await b.says(account(100), 11)).toMatchObject({ slices: [{ isRefused: true }] });
    expect(await b.asks(account(100), 10)).toBe(70);
    expect(await heldOf(store, account(100))).toBe(100);
    // The first one comes back as it was: what it says counts for nothing.
    current = first;
    expect(await a.says(account(100), 1)).toMatchObject({ kind: 'redeclare' });
    expect(await heldOf(store, account(100))).toBe(90);
    await a.declares();
    await b.declares();
    expect(await heldOf(store, account(100))).toBe(100);
  });

  it('S1. S3. stays exact while it is killed and restarted under load', async () => {
    const server = await started('always');
    const stores = [await storeOn(server), await storeOn(server)];
    const cap = account(100_000);
    const holders = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (index) => {
        return await Holder.open(stores[index % 2]!, `h${index}`);
      }),
    );
    const load = { isOver: false };
    const loads = holders.map(async (holder) => {
      while (!load.isOver) await holder.insists(cap, 7);
    });
    for (let time = 0; time < 3; time += 1) {
      await sleep(250);
      await server.kill('SIGKILL');
      await server.restart();
    }
    const toldNow = () => holders.reduce((sum, holder) => sum + holder.granted(cap), 0);
    // A busy machine needs longer for the same load.
    for (let waits = 0; waits < 50 && toldNow() <= 7 * 20; waits += 1) await sleep(200);
    load.isOver = true;
    await Promise.all(loads);
    const told = toldNow();
    const [balance] = await stores[0]!.balances([cap]);
    expect(told).toBeGreaterThan(7 * 20);
    expect(balance).toEqual({ spent: NO_SUMS, held: [told, 0, 0] });
  });

  it('S3. answers nobody while the server is stopped, and grants nothing twice after', async () => {
    const server = await started('no');
    for (const client of [clientOf(server), await nodeClientOf(server)]) {
      const store = await storeOn(server, { client, timeoutMs: 150 });
      const name = `a${Math.random()}`;
      const a = await Holder.open(store, name);
      await a.asks(account(100), 10);
      server.pause(true);
      const message = a.message(account(100), 10);
      await expect(store.exchange(message)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.exchange(message)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      server.pause(false);
      expect(a.hears(await store.exchange(message))?.granted).toEqual([20, 0, 0]);
      expect(await a.says(account(100), 0)).toMatchObject({ slices: [{ granted: [20, 0, 0] }] });
      await store.close(closeOf(name));
    }
  });

  it('S2. tells a grant only when as many replicas have it as configured', async () => {
    const server = await started('no', ['--repl-diskless-sync-delay', '0']);
    const store = await storeOn(server, { waitReplicas: 1, waitTimeoutMs: 100 });
    const a = await Holder.open(store, 'a');
    const message = a.message(account(100), 10);
    await expect(store.exchange(message)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.exchange(message)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const replica = await startRedis({
      appendonly: 'no',
      settings: ['--replicaof', `127.0.0.1 ${server.port}`],
    });
    cleanups.push(async () => await replica.stop());
    let reply: ExchangeReply | undefined;
    for (let tries = 0; tries < 60 && reply === undefined; tries += 1) {
      reply = await store.exchange(message).catch(() => undefined);
    }
    expect(reply).toMatchObject({ slices: [{ granted: [10, 0, 0] }] });
    expect(await clientOf(replica).hlen('hardcap:{c|global}:accounts')).toBe(1);
  });

  it('S9. goes on after SCRIPT FLUSH, which loses nothing', async () => {
    const server = await started('no');
    const client = clientOf(server);
    const store = await storeOn(server, { client });
    const a = await Holder.open(store, 'a');
    await a.asks(account(100), 10);
    await client.script('FLUSH');
    expect(await a.asks(account(100), 10)).toBe(20);
  });

  it('S9. refuses a server that may evict, and settings that the server cannot keep', async () => {
    const evicting = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];
    const server = await startRedis({ appendonly: 'no', settings: evicting });
    cleanups.push(async () => await server.stop());
    await expect(storeOn(server)).rejects.toMatchObject({ field: 'maxmemory-policy' });
    const client = clientOf(server);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await expect(storeOn(server)).resolves.toBeDefined();
    await expect(storeOn(server, { waitAof: true })).rejects.toMatchObject({ field: 'waitAof' });
    await expect(storeOn(server, { prefix: 'a{b' })).rejects.toMatchObject({ field: 'prefix' });
    await expect(storeOn(server, { timeoutMs: -1 })).rejects.toMatchObject({ field: 'timeoutMs' });
    const retentionMs = 100 * DAY_MS;
    await expect(storeOn(server, { retentionMs })).rejects.toMatchObject({ field: 'retentionMs' });
    const cluster = await startRedis({ appendonly: 'no', settings: ['--cluster-enabled', 'yes'] });
    cleanups.push(async () => await cluster.stop());
    await expect(storeOn(cluster)).rejects.toMatchObject({ field: 'redis_mode' });
  });

  it('S6. finishes an end that broke off, with the order that came first', async () => {
    const server = await started('no');
    const client = clientOf(server);
    const store = await storeOn(server, { client });
    const [a, b] = [await Holder.open(store, 'a'), await Holder.open(store, 'b')];
    const other = { ...account(100), capId: 'other', parts: [{ key: 'other|', leavesAt: null }] };
    await a.asks(account(100), 40);
    await a.asks(other, 30);
    const finals = [{ account: account(100), spent: sums({ usd: 15 }) }];
    const first = closeOf('a', { finals });
    await client.hset(
      'hardcap:{holder|a}:record',
      'state',
      'closing',
      'order',
      JSON.stringify(first),
    );
    expect(await a.says(account(100), 0)).toEqual({ kind: 'fenced' });
    expect((await store.holders()).map(({ holder }) => holder)).toEqual(['a', 'b']);
    expect(await store.close(closeOf('a', { how: 'charged', by: 'another' }))).toEqual({
      kind: 'closed',
      freed: [55, 0, 0],
      charged: [15, 0, 0],
    });
    expect(await store.close(first)).toEqual({ kind: 'already-closed' });
    expect(await store.journal()).toHaveLength(1);
    expect(await b.asks(account(100), 85)).toBe(85);
  });

  it.each([
    ['before its slices are ended', '"how":"proven"'],
    ['after they were', '"field":"c:a"'],
  ])('S5. S6. an end that broke off %s books what it opened once', async (_, said) => {
    const server = await started('no');
    const inner = clientOf(server);
    let isBroken = true;
    const client: RedisClient = {
      call: async (command, args) => {
        if (isBroken && args.some((each) => each.includes(said))) throw new Error('reset');
        return await inner.call(command, args);
      },
    };
    const [store, other] = [await storeOn(server, { client }), await storeOn(server)];
    await Holder.open(store, 'a');
    const accounts = [account(100), account(100, 'customer:a')];
    const finals = accounts.map((of) => ({ account: of, spent: sums({ usd: 15 }) }));
    await expect(store.close(closeOf('a', { finals }))).rejects.toThrow(/reset/);
    isBroken = false;
    const closed = { kind: 'closed', freed: NO_SUMS, charged: [30, 0, 0] };
    expect(await other.close(closeOf('a', { how: 'charged' }))).toEqual(closed);
    const stands = { spent: [15, 0, 0], held: NO_SUMS };
    expect(await other.balances(accounts)).toEqual([stands, stands]);
    const ttl = await inner.pttl('hardcap:{c|global}:slices:a');
    expect(Math.abs(ttl - 48 * 3_600_000)).toBeLessThan(60_000);
  });

  it('S6. a message under way when its holder is ended changes nothing', async () => {
    const server = await started('no');
    const inner = clientOf(server);
    const gate = { open: (): void => undefined };
    const opened = new Promise<void>((resolve) => (gate.open = resolve));
    const held: Promise<void>[] = [];
    const client: RedisClient = {
      call: async (command, args) => {
        if (args.some((each) => each.includes('"mode":"apply"'))) {
          held.push(opened);
          await opened;
        }
        return await inner.call(command, args);
      },
    };
    const [one, two] = [await storeOn(server, { client }), await storeOn(server)];
    const accounts = [account(100, 'customer:a'), account(100, 'customer:b')];
    const a = await Holder.open(one, 'a');
    const sent = one.exchange(a.messageOf(accounts.map((of) => itemOf(of, { need: { usd: 1 } }))));
    await expect.poll(() => held.length).toBe(2);
    expect(await two.close(closeOf('a'))).toMatchObject({ kind: 'closed', freed: NO_SUMS });
    gate.open();
    expect(await sent).toEqual({ kind: 'fenced' });
    for (const each of await one.balances(accounts)) expect(each.held).toEqual(NO_SUMS);
  });

  it('S10. corrections at once of two caps never take away more than is booked', async () => {
    const server = await started('no');
    const stores = [await storeOn(server), await storeOn(server)];
    const other = { ...account(100), capId: 'other', parts: [{ key: 'other|', leavesAt: null }] };
    const a = await Holder.open(stores[0]!, 'a');
    await a.says(account(100), 0, { spent: { usd: 40 } });
    await a.says(other, 0, { spent: { usd: 40 } });
    await stores[0]!.close(closeOf('a'));
    const keys = [lastKeyOf(account(100)), lastKeyOf(other)];
    const orders = Array.from({ length: 8 }, (_, index) =>
      adjustOf(`o${index}`, {
        keys: index % 2 === 0 ? keys : keys.toReversed(),
        subtract: sums({ usd: 30 }),
      }),
    );
    const replies = await Promise.all(
      orders.map(async (order, index) => await stores[index % 2]!.operate(order)),
    );
    const done = replies.filter(({ kind }) => kind === 'done').length;
    expect(done).toBeLessThanOrEqual(1);
    const spent = 40 - 30 * done;
    for (const balance of await stores[0]!.balances([account(100), other])) {
      expect(balance.spent).toEqual([spent, 0, 0]);
    }
    expect(await stores[1]!.operate({ ...orders[0]!, id: 'last' })).toMatchObject({
      kind: done === 1 ? 'below-zero' : 'done',
    });
  });

  it('S7. forgets a window 48 hours after its end, and never grants in it again', async () => {
    const server = await started('no');
    const client = clientOf(server);
    const store = await storeOn(server, { client });
    const a = await Holder.open(store, 'a');
    const ended = (hours: number): Account => ({
      ...account(100),
      parts: [{ key: `c|${hours}`, leavesAt: (Date.now() - hours * 3_600_000) as typeof NOON }],
    });
    expect(await a.asks(ended(47), 10)).toBe(10);
    expect(await a.says(ended(48.5), 10)).toMatchObject({ slices: [{ isRefused: true }] });
    expect(await client.hkeys('hardcap:{c|global}:accounts')).toEqual(['c|47']);
    const ttl = await client.pttl('hardcap:{c|global}:accounts');
    expect(Math.abs(ttl - 2 * 3_600_000)).toBeLessThan(60_000);
    await a.asks(account(100), 10);
    expect(await client.pttl('hardcap:{c|global}:accounts')).toBe(-1);
    // What it once was granted there is nothing that the store has lost.
    const late = itemOf(ended(60), { known: { usd: 70 }, spent: { usd: 30 } });
    expect(await store.exchange(a.messageOf([late]))).toMatchObject({
      slices: [{ granted: [70, 0, 0], spent: [30, 0, 0] }],
    });
  });
});

/** A holder as a ledger would drive it, one message at a time. */
class Holder {
  readonly name: string;
  readonly #store: RedisLeaseStore;
  readonly #slices = new Map<string, { account: Account; granted: Sums; spent: Sums }>();
  #seq = 0;

  private constructor(store: RedisLeaseStore, name: string) {
    this.#store = store;
    this.name = name;
  }

  static async open(store: RedisLeaseStore, name: string): Promise<Holder> {
    await store.open(identityOf(name));
    return new Holder(store, name);
  }

  granted(of: Account): number {
    return this.#slices.get(lastKeyOf(of))?.granted[0] ?? 0;
  }

  messageOf(
    items: HolderMessage['items'],
    declares: HolderMessage['declares'] = 'none',
  ): HolderMessage {
    this.#seq += 1;
    return { holder: this.name, seq: this.#seq, at: NOON, items, declares };
  }

  message(of: Account, need: number, said: { spent?: { usd: number } } = {}): HolderMessage {
    const slice = this.#slices.get(lastKeyOf(of)) ?? {
      account: of,
      granted: NO_SUMS,
      spent: NO_SUMS,
    };
    const spent = said.spent === undefined ? slice.spent : sums(said.spent);
    this.#slices.set(lastKeyOf(of), { ...slice, spent });
    const item = { ...itemOf(of, { need: { usd: need } }), known: slice.granted, spent };
    return this.messageOf([item]);
  }

  hears(reply: ExchangeReply): SliceState | undefined {
    if (reply.kind !== 'applied') return undefined;
    for (const { key, granted } of reply.slices) {
      const slice = this.#slices.get(key);
      if (slice !== undefined) slice.granted = granted;
    }
    return reply.slices[0];
  }

  async says(of: Account, need: number, said = {}): Promise<ExchangeReply> {
    const reply = await this.#store.exchange(this.message(of, need, said));
    this.hears(reply);
    // Nothing was applied: its number is free.
    if (reply.kind === 'redeclare' || reply.kind === 'lost') this.#seq -= 1;
    return reply;
  }

  /** What it was granted in all after asking for more. */
  async asks(of: Account, need: number): Promise<number> {
    expect(await this.says(of, need)).toMatchObject({ slices: [{ isRefused: false }] });
    return this.granted(of);
  }

  async declares(): Promise<ExchangeReply> {
    const items = [...this.#slices.values()].map(({ account, granted, spent }) => {
      return { ...itemOf(account), known: granted, spent };
    });
    const message = this.messageOf(items, 'all');
    return await this.#store.exchange(message);
  }

  /** Says it until it is answered, and declares when it is asked to. */
  async insists(of: Account, need: number): Promise<void> {
    const message = this.message(of, need);
    for (let tries = 0; tries < 400; tries += 1) {
      const reply = await this.#store.exchange(message).catch(() => undefined);
      if (reply?.kind === 'redeclare') {
        this.#seq -= 1;
        await this.#insistsOnDeclaring();
        return;
      }
      if (reply !== undefined) {
        expect(reply.kind).toBe('applied');
        this.hears(reply);
        return;
      }
      await sleep(20);
    }
    throw new Error('never answered');
  }

  async #insistsOnDeclaring(): Promise<void> {
    for (let tries = 0; tries < 400; tries += 1) {
      const reply = await this.declares().catch(() => undefined);
      if (reply?.kind === 'applied') {
        // It may tell of a grant whose first answer was lost with the server.
        this.hears(reply);
        return;
      }
      this.#seq -= 1;
      await sleep(20);
    }
    throw new Error('never answered');
  }
}

async function started(
  appendonly: 'always' | 'no',
  settings: readonly string[] = [],
): Promise<PrivateServer> {
  const server = await startRedis({ appendonly, settings });
  cleanups.push(async () => await server.stop());
  return server;
}

function clientOf({ url }: PrivateServer): Redis {
  const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  // The test stops the server, and sees that in the answers.
  client.on('error', () => undefined);
  cleanups.push(() => client.disconnect());
  return client;
}

async function nodeClientOf({ url }: PrivateServer): Promise<RedisClient> {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  cleanups.push(() => client.destroy());
  return client;
}

async function storeOn(
  server: PrivateServer,
  options: Partial<RedisLeaseStoreOptions> = {},
): Promise<RedisLeaseStore> {
  const client = options.client ?? clientOf(server);
  return await createRedisLeaseStore({ declareWaitMs: 0, timeoutMs: 1_000, ...options, client });
}

function account(usd: number, scope = 'global'): Account {
  const parts = [{ key: `c|${scope}|0`, leavesAt: null }];
  return { ...capped(usd, { scope, starts: [TODAY] }), parts };
}

async function heldOf(store: RedisLeaseStore, of: Account): Promise<number> {
  const [balance] = await store.balances([of]);
  return balance?.held[0] ?? -1;
}

/** Grants of 10 that 16 holders of another process get before all of them are refused. */
async function raceIn(url: string): Promise<number> {
  const module = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `
    const { Redis } = await import('ioredis');
    const { createRedisLeaseStore } = await import(${module('./lease-store.ts')});
    const client = new Redis(${JSON.stringify(url)});
    const store = await createRedisLeaseStore({ client });
    const account = ${JSON.stringify({ ...account(0), ceiling: { usd: 5_005 } })};
    const none = [0, 0, 0];
    let grants = 0;
    await Promise.all(Array.from({ length: 16 }, async (_, index) => {
      const holder = process.pid + '-' + index;
      const of = { host: 'h', boot: 'b', pid: 1, incarnation: 'i', journal: null, openedAt: 0 };
      await store.open({ holder, ...of });
      let known = none;
      for (let seq = 1; ; seq += 1) {
        const need = [10, 0, 0];
        const said = { known, spent: none, returned: none, inFlight: known };
        const items = [{ account, ...said, need, demand: need, want: need }];
        const reply = await store.exchange({ holder, seq, at: 0, items, declares: 'none' });
        if (reply.slices[0].isRefused) return;
        known = reply.slices[0].granted;
        grants += 1;
      }
    }));
    client.disconnect();
    console.log(grants);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return Number(said);
}
