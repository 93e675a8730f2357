import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BalanceAnswer } from '../../src/cli/balance/command.ts';
import { openPostgres, openRedis } from '../../src/cli/books/clients.ts';
import type { BalanceRow } from '../../src/cli/books/balances.ts';
import type { HoldsAnswer } from '../../src/cli/holds/command.ts';
import type { RaiseAnswer } from '../../src/cli/raise/command.ts';
import type { SpendReport } from '../../src/cli/report/spend-report.ts';
import type { VerifyAnswer } from '../../src/cli/verify/command.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import type { OpenedLedger } from '../../src/open/open-ledger.ts';
import { openPostgresLedger } from '../../src/open/postgres.ts';
import { openRedisLedger } from '../../src/open/redis.ts';
import { createPostgresLeaseStore } from '../../src/stores/postgres/lease-store.ts';
import { createRedisLeaseStore } from '../../src/stores/redis/lease-store.ts';
import { hardcap, type Ran } from '../cli/terminal.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from '../servers/servers.ts';
import { CLAUDE } from './harness.ts';

const config = {
  global_cap_per_day_usd: 1,
  per_customer_cap_per_day_usd: 1,
  caps: [{ scope: 'agent', window: 'rolling 1h' as const, usd: 1 }],
};
/** Values that have to be escaped in the keys of a store. */
const CUSTOMERS = ['acme', 'a|b{c}%d:e', 'ü\n'];
const messages = [{ role: 'user' as const, content: 'Hello' }];

type Open = (journal: { readonly directory: string }) => Promise<OpenedLedger>;

/** Fills a ledger by a real guard, and operates it by the program, as on a file. */
async function operated(url: string, open: Open): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-cli-servers-'));
  await using emulator = await startEmulator({ reply: { outputTokens: 50 } });
  const billed = () => Number(emulator.bill().totalNanoUsd);
  const ledger = await open({ directory: join(folder, 'holders') });
  const guard = new BudgetGuard(config, { ledger });
  const base = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
  const client = wrapAnthropic(new Anthropic(base), guard);
  const ask = (customer: string) =>
    guard.run({ customer, agent: 'a' }, () =>
      client.messages.create({ model: CLAUDE, max_tokens: 100, messages }),
    );
  // Clients are looked for in the folder of the package: it has all of them.
  const run = (...args: string[]): Promise<Ran> => hardcap(args, { env: { HARDCAP_LEDGER: url } });
  const spent = (rows: readonly BalanceRow[], prefix: string) =>
    rows
      .filter(({ scope }) => scope.startsWith(prefix))
      .reduce((sum, { spent_nano_usd: nano }) => sum + nano, 0);

  for (const customer of [...CUSTOMERS, 'acme']) await ask(customer);
  const { holders } = (await run('holds', '--json')).json<HoldsAnswer>();
  expect(holders).toMatchObject([{ holder: ledger.holder, calls: [] }]);
  await guard.close();

  const { accounts } = (await run('balance', '--json')).json<BalanceAnswer>();
  for (const prefix of ['global', 'customer:', 'agent:']) {
    expect(spent(accounts, prefix), prefix).toBe(billed());
  }
  const scopes = accounts.map(({ scope }) => scope).filter((scope) => scope.startsWith('customer'));
  expect(scopes.toSorted()).toEqual(CUSTOMERS.map((name) => `customer:${name}`).toSorted());

  const raised = await run(
    'raise',
    'global',
    '--usd',
    '2',
    '--for',
    '1h',
    '--reason',
    'r',
    '--cap',
    'global/day',
    '--json',
  );
  expect(raised.exit, raised.err).toBe(0);
  expect(raised.json<RaiseAnswer>().raised_nano_usd).toBe(2_000_000_000);
  expect((await run('close', 'customer:acme', '--reason', 'r')).exit).toBe(0);
  expect((await run('balance', 'customer:acme')).exit).toBe(1);
  const adjust = await run(
    'adjust',
    'global',
    '--cap',
    'global/day',
    '--usd',
    '0.25',
    '--reason',
    'r',
  );
  expect(adjust.exit, adjust.err).toBe(0);
  const now = (await run('balance', 'global', '--json')).json<BalanceAnswer>().accounts;
  expect(spent(now, 'global')).toBe(billed() + 250_000_000);
  expect((await run('verify', '--json')).json<VerifyAnswer>()).toMatchObject({
    is_whole: true,
    records: 4,
  });
  const { caps } = (await run('report', '--json')).json<SpendReport>();
  const customers = caps.find(({ cap_id: id }) => id === 'customer/day');
  expect(customers?.spent_nano_usd).toBe(billed());

  const next = await open({ directory: join(folder, 'holders') });
  const closed = new BudgetGuard(config, { ledger: next });
  const other = wrapAnthropic(new Anthropic(base), closed);
  await expect(
    closed.run({ customer: 'acme', agent: 'a' }, () =>
      other.messages.create({ model: CLAUDE, max_tokens: 100, messages }),
    ),
  ).rejects.toThrow(BudgetCapError);
  await closed.close();
  // Another namespace is another ledger: there is none, and none is begun.
  expect((await run('balance', '--namespace', 'elsewhere')).exit).not.toBe(0);
  expect((await run('balance', '--namespace', 'elsewhere')).exit).not.toBe(0);
  rmSync(folder, { recursive: true });
}

/** A project in which only this package of ours is installed. */
function projectWith(name: string): { readonly from: readonly string[]; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'hardcap-cli-project-'));
  mkdirSync(join(root, 'node_modules'));
  const installed = fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));
  symlinkSync(installed, join(root, 'node_modules', name), 'dir');
  const remove = () => rmSync(root, { recursive: true });
  return { from: [join(root, 'package.json')], remove };
}

describeWith('redis', 'the program on Redis', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startRedis({ appendonly: 'always' });
  });
  afterAll(async () => await server.stop());

  it('says what the provider billed, and changes the books', async () => {
    const client = new Redis(server.url);
    await operated(server.url, (journal) => openRedisLedger({ client, journal, config }));
    client.disconnect();
  });

  it.each(['ioredis', 'redis'])('speaks through the package %s of a project', async (name) => {
    const project = projectWith(name);
    const { client, end } = await openRedis(server.url, project);
    const store = await createRedisLeaseStore({ client, prefix: `with-${name}` });
    expect(await store.holders()).toEqual([]);
    await end();
    project.remove();
  });
});

describeWith('postgres', 'the program on PostgreSQL', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => await server.stop());

  it('says what the provider billed, and changes the books', async () => {
    const client = new pg.Pool({ connectionString: server.url, max: 4 });
    await operated(server.url, (journal) => openPostgresLedger({ client, journal, config }));
    await client.end();
  });

  it.each(['pg', 'postgres'])('speaks through the package %s of a project', async (name) => {
    const project = projectWith(name);
    const { client, end } = await openPostgres(server.url, project);
    const store = createPostgresLeaseStore({ client, schema: `with_${name}` });
    expect(await store.holders()).toEqual([]);
    await end();
    project.remove();
  });
});
