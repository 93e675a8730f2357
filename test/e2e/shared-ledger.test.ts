import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import Database from 'better-sqlite3';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BudgetCapError,
  BudgetGuard,
  HardcapError,
  wrapAnthropic,
  wrapOpenAI,
  type BudgetGuardConfig,
} from '../../src/index.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { LEASE_POLICY } from '../../src/ledger/leases/policy.ts';
import {
  openSqliteLedger,
  type OpenedLedger,
  type SqliteLedgerOptions,
} from '../../src/open/sqlite.ts';
import { CLAUDE, GPT, outcomes, rejection, until } from './harness.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_completion_tokens: 100, messages };
/** Half of what it may be: refunds move between the holders all the time. */
const reply = { outputTokens: 50 };
const CHILD = fileURLToPath(new URL('shared-ledger.child.ts', import.meta.url));

let folder: string;
let path: string;
let emulator: Emulator;
let opened: Side[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-shared-'));
  path = join(folder, 'spend.db');
  emulator = await startEmulator({ reply });
  opened = [];
});

/** Whatever the test did: at rest no hold is open, and the books are the bill. */
afterEach(async () => {
  for (const { guard } of opened) await guard.close();
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** One holder: a guard on the file, with both clients. */
interface Side {
  readonly guard: BudgetGuard;
  readonly ledger: OpenedLedger;
  readonly refusals: string[];
  anthropic(maxRetries?: number): Anthropic;
  ask(): PromiseLike<unknown>;
  askOpenAI(): PromiseLike<unknown>;
}

function side(config: BudgetGuardConfig, options: Partial<SqliteLedgerOptions> = {}): Side {
  const ledger = openSqliteLedger({ path, config, ...options });
  const guard = new BudgetGuard(config, { ledger });
  const refusals: string[] = [];
  guard.on('refused', ({ code }) => refusals.push(code));
  const anthropic = (maxRetries = 0) =>
    wrapAnthropic(new Anthropic({ apiKey: 'x', baseURL: emulator.url, maxRetries }), guard);
  const openai = () =>
    wrapOpenAI(new OpenAI({ apiKey: 'x', baseURL: emulator.openaiUrl, maxRetries: 0 }), guard);
  const made = {
    guard,
    ledger,
    refusals,
    anthropic,
    ask: () => anthropic().messages.create(claude),
    askOpenAI: () => openai().chat.completions.create(gpt),
  };
  opened.push(made);
  return made;
}

const billed = () => Number(emulator.bill().totalNanoUsd);

/** What the store says that everybody together spent and holds under the global cap. */
async function books(ledger: OpenedLedger) {
  const [row] = await ledger.operations.balance('global');
  return { spent: row?.spent_nano_usd, held: row?.held_nano_usd };
}

const CAP_USD = 0.02;
const CONFIG = { global_cap_per_day_usd: CAP_USD };

describe.each(['leased', 'direct'] as const)('two guards on one file, %s', (mode) => {
  it.each([
    ['the Anthropic SDK', (one: Side) => one.ask()],
    ['the OpenAI SDK', (one: Side) => one.askOpenAI()],
  ] as const)('share one cap with %s, and use it up', async (_name, use) => {
    const [left, right] = [side(CONFIG, { mode }), side(CONFIG, { mode })];
    const bounds: number[] = [];
    left.guard.on('reserved', ({ held_nano_usd: held }) => bounds.push(held));
    const calls = Array.from({ length: 60 }, (_, index) => use(index % 2 === 0 ? left : right));
    const { errors } = await outcomes(calls);
    expect(billed()).toBeLessThanOrEqual(CAP_USD * 1e9);
    expect(errors.filter((error) => !(error instanceof BudgetCapError))).toEqual([]);

    // One after the other, until neither side has room: what the other holds idle comes back. What
    // is idle is what a holder last said, and a refusal is remembered for a moment (`refusedMs`).
    for (const { guard } of [left, right]) await guard.flush();
    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_POLICY.refusedMs));
    for (const one of [left, right]) {
      for (let calls = 0; calls < 100; calls += 1) {
        const error = await Promise.resolve(use(one)).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error).toBeInstanceOf(BudgetCapError);
        break;
      }
    }
    expect(billed()).toBeLessThanOrEqual(CAP_USD * 1e9);
    expect(new Set(bounds).size, 'all calls are alike').toBe(1);
    expect(CAP_USD * 1e9 - billed(), 'what is left fits no call').toBeLessThan(bounds[0] ?? 0);

    await left.guard.flush();
    await right.guard.flush();
    expect((await books(left.ledger)).spent).toBe(billed());
    await left.guard.close();
    await right.guard.close();
    expect(await books(side(CONFIG).ledger)).toEqual({ spent: billed(), held: 0 });
  });
});

describe('a restart', () => {
  it('keeps what was spent, and what is left of the cap is all there', async () => {
    const first = side(CONFIG);
    for (let calls = 0; calls < 3; calls += 1) await first.ask();
    await first.guard.close();
    expect(await rejection(first.ask())).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(readdirSync(`${path}.holders`), 'journals of holders that closed').toEqual([]);

    const second = side(CONFIG);
    await second.guard.refresh();
    expect(second.guard.balance()[0]).toMatchObject({
      spent_nano_usd: billed(),
      held_nano_usd: 0,
      spent_calls: 3,
    });
    let answered = 0;
    while (answered < 100 && (await outcomes([second.ask()])).answered === 1) answered += 1;
    expect(second.refusals).toEqual(['BUDGET_CAP']);
    expect(billed()).toBeLessThanOrEqual(CAP_USD * 1e9);
    expect(answered).toBeGreaterThan(3);
  });

  it('after kill -9 charges the call in flight at its bound, and the rest to the nano-dollar', async () => {
    emulator.faults.push({ kind: 'none' }, { kind: 'stall-headers', delayMs: 60_000 });
    const killed = await killedInFlight();
    await until(() => emulator.requestCount === 2, 5_000);
    const before = billed();

    const next = side(CONFIG);
    expect(next.ledger.recovery.recovered).toMatchObject([
      { holder: killed.holder, how: 'proven' },
    ]);
    const [doubt, ...others] = await next.ledger.operations.doubts();
    expect(others).toEqual([]);
    expect(doubt).toMatchObject({ id: killed.id, nano_usd: killed.bound, holder: killed.holder });
    const { spent = 0, held } = await books(next.ledger);
    // The one settled call at its cost, and the other at its bound.
    expect(held).toBe(0);
    expect(spent - killed.bound).toBe(onlyCall(before));
    expect(spent).toBeGreaterThanOrEqual(before);

    const cost = before - onlyCall(before);
    const order = { who: 'ada', reason: 'the invoice', nano_usd: cost };
    await next.ledger.operations.resolve(killed.id, order);
    expect((await books(next.ledger)).spent).toBe(before);
    expect(await next.ledger.operations.verify()).toMatchObject({ is_whole: true, faults: [] });
    await next.ask();
  });
});

/** Both calls are alike, and the stalled one is billed: its answer was made. */
function onlyCall(total: number): number {
  const [first] = emulator.bill().entries;
  return first === undefined ? total : Number(first.nanoUsd);
}

/** Runs the child until its second call is in flight, and kills it. */
async function killedInFlight(): Promise<{ holder: string; id: string; bound: number }> {
  const args = ['--import', 'tsx', CHILD, path, emulator.url, JSON.stringify(CONFIG)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', () => reject(new Error('the child ended by itself')));
  });
  await until(() => emulator.requestCount === 2, 5_000);
  child.kill('SIGKILL');
  await ended;
  return JSON.parse(line) as { holder: string; id: string; bound: number };
}

/** Whether the call is answered before the time is up; asked again while it is refused. */
async function answeredWithin(ms: number, ask: () => PromiseLike<unknown>): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    if ((await outcomes([ask()])).answered === 1) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Whether the call is refused by a cap before the time is up. */
async function refusedWithin(ms: number, ask: () => PromiseLike<unknown>): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (Date.now() < deadline) {
    const { errors } = await outcomes([ask()]);
    if (errors[0] instanceof BudgetCapError) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

describe('a store that cannot be written', () => {
  const config = { ...CONFIG, per_customer_cap_per_day_usd: CAP_USD };

  it('refuses what no slice covers: STORE_UNAVAILABLE, one attempt, nothing sent', async () => {
    const one = side(config, { busyTimeoutMs: 20 });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    const ask = () =>
      one.guard.run({ customer: 'acme' }, () => one.anthropic(2).messages.create(claude));
    const error = await rejection(ask());
    expect(error).toBeInstanceOf(HardcapError);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(one.refusals).toEqual(['STORE_UNAVAILABLE']);
    expect(emulator.requestCount).toBe(0);
    expect([...one.ledger.openHolds()]).toEqual([]);

    other.exec('ROLLBACK');
    other.close();
    expect(await answeredWithin(3_000, ask)).toBe(true);
    expect(emulator.requestCount).toBe(1);
  });
});

describe('changing the configuration', () => {
  const spent = async (config: BudgetGuardConfig) => {
    const next = side(config);
    await next.guard.refresh();
    const [row] = next.guard.balance();
    await next.guard.close();
    return { spent: row?.spent_nano_usd, cap: row?.cap_usd, id: row?.cap_id };
  };

  it('keeps what was spent where the id stays: other amounts, a shorthand moved into `caps`', async () => {
    const first = side({ global_cap_per_day_usd: 1 });
    await first.ask();
    await first.guard.close();
    const cap = { scope: 'global', window: 'day', usd: 3 } as const;
    const id = 'global/day';
    expect(await spent({ global_cap_per_day_usd: 2 })).toEqual({ spent: billed(), cap: 2, id });
    expect(await spent({ caps: [cap] })).toEqual({ spent: billed(), cap: 3, id });
    expect(await spent({ caps: [{ ...cap, id }] })).toEqual({ spent: billed(), cap: 3, id });
    // What stands in docs/decisions/2026-11-22-cap-ids.md.
    expect(await spent({ caps: [{ ...cap, id: 'other' }] })).toMatchObject({ spent: 0 });
  });

  it('a cap that is lowered below what was spent admits nothing; raised again, it does', async () => {
    const first = side({ global_cap_per_day_usd: 1 });
    await first.ask();
    await first.guard.close();
    const low = side({ global_cap_per_day_usd: 0.0001 });
    expect(await rejection(low.ask())).toBeInstanceOf(BudgetCapError);
    await low.guard.close();
    await side({ global_cap_per_day_usd: 1 }).ask();
    expect(emulator.requestCount).toBe(2);
  });
});

describe('operations', () => {
  it('raise a cap, close a scope and open it again, and every holder hears of it', async () => {
    const tiny = { global_cap_per_day_usd: 0.0001 };
    const [left, right] = [side(tiny), side(tiny)];
    const order = { who: 'ada', reason: 'ticket 7' };
    expect(await rejection(left.ask())).toBeInstanceOf(BudgetCapError);
    const cap = { cap: 'global/day', scope: 'global' };
    await right.ledger.operations.raise({ ...order, ...cap, usd: 5, until: null });
    for (const one of [left, right])
      expect(await answeredWithin(3_000, () => one.ask())).toBe(true);
    await left.ledger.operations.closeScope({ ...order, scope: 'global' });
    for (const one of [left, right]) expect(await refusedWithin(5_000, () => one.ask())).toBe(true);
    await left.ledger.operations.reopenScope({ ...order, scope: 'global' });
    for (const one of [left, right])
      expect(await answeredWithin(3_000, () => one.ask())).toBe(true);
    const journal = await left.ledger.operations.journal();
    expect(journal.map(({ entry }) => (entry as { kind: string }).kind)).toEqual([
      'raise',
      'close-scope',
      'reopen-scope',
    ]);
  });

  it('list the holds of this process and the holders of the file', async () => {
    const [left, right] = [side(CONFIG), side(CONFIG)];
    await left.guard.warm();
    await right.guard.warm();
    const held = left.guard.reserve({ provider: 'anthropic', body: claude });
    const { own, holders } = await left.ledger.operations.holds();
    expect(own).toMatchObject([
      { id: held.id, nano_usd: held.quote.amounts.usd, scopes: ['global'] },
    ]);
    expect(holders.map(({ holder, is_own: own }) => [holder, own])).toEqual([
      [left.ledger.holder, true],
      [right.ledger.holder, false],
    ]);
    held.release('never sent');
  });
});
