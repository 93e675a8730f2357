import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BudgetCapError, BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { OpenedLedger } from '../../src/open/open-ledger.ts';
import { openPostgresLedger } from '../../src/open/postgres.ts';
import { openRedisLedger } from '../../src/open/redis.ts';
import { describeWith } from '../servers/describe-with.ts';
import { startPostgres, startRedis, type PrivateServer } from '../servers/servers.ts';
import { CLAUDE, outcomes } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const CAP_USD = 0.02;
const config = { global_cap_per_day_usd: CAP_USD };

type Open = (journal: { readonly directory: string } | null) => Promise<OpenedLedger>;

/** The main promise through the real SDK, with two holders of one server. */
async function shareOneCap(open: Open): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hardcap-servers-'));
  await using emulator = await startEmulator({ reply: { outputTokens: 50 } });
  const billed = () => Number(emulator.bill().totalNanoUsd);
  const make = async () => {
    const ledger = await open({ directory: join(folder, 'holders') });
    const guard = new BudgetGuard(config, { ledger });
    const client = new Anthropic({ apiKey: 'x', baseURL: emulator.url, maxRetries: 0 });
    const anthropic = wrapAnthropic(client, guard);
    return { guard, ledger, ask: () => anthropic.messages.create(claude) };
  };
  const sides = [await make(), await make()];
  const calls = Array.from({ length: 40 }, (_, index) => sides[index % 2]!.ask());
  const { answered, errors } = await outcomes(calls);
  expect(errors.filter((error) => !(error instanceof BudgetCapError))).toEqual([]);
  expect(answered).toBeGreaterThan(2);
  expect(billed()).toBeLessThanOrEqual(CAP_USD * 1e9);
  for (const { guard } of sides) await guard.close();

  const next = await make();
  await next.guard.refresh();
  expect(next.guard.balance()[0]).toMatchObject({ spent_nano_usd: billed(), held_nano_usd: 0 });
  const { operations } = next.ledger;
  await operations.closeScope({ who: 'ada', reason: 'ticket 7', scope: 'global' });
  expect((await outcomes([next.ask()])).errors[0]).toBeInstanceOf(BudgetCapError);
  expect(await operations.verify()).toMatchObject({ is_whole: true, faults: [] });
  await next.guard.close();
  rmSync(folder, { recursive: true });
}

describeWith('redis', 'two guards on one Redis', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startRedis({ appendonly: 'always' });
  });
  afterAll(async () => await server.stop());

  it('share one cap, and the books are there after all of them have closed', async () => {
    const client = new Redis(server.url);
    await shareOneCap((journal) => openRedisLedger({ client, journal, config }));
    client.disconnect();
  });
});

describeWith('postgres', 'two guards on one PostgreSQL', () => {
  let server: PrivateServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => await server.stop());

  it('share one cap, and the books are there after all of them have closed', async () => {
    const client = new pg.Pool({ connectionString: server.url, max: 4 });
    await shareOneCap((journal) => openPostgresLedger({ client, journal, config }));
    await client.end();
  });
});
