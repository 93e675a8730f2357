import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import Database from 'better-sqlite3';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdjustAnswer } from '../../src/cli/adjust/command.ts';
import type { BalanceAnswer } from '../../src/cli/balance/command.ts';
import type { BalanceRow } from '../../src/cli/books/balances.ts';
import type { ScopeAnswer } from '../../src/cli/close/command.ts';
import type { DoubtsAnswer } from '../../src/cli/doubts/command.ts';
import type { HoldsAnswer } from '../../src/cli/holds/command.ts';
import type { JournalAnswer } from '../../src/cli/journal/command.ts';
import type { RaiseAnswer } from '../../src/cli/raise/command.ts';
import type { ReconcileAnswer } from '../../src/cli/reconcile/command.ts';
import type { RecoverAnswer } from '../../src/cli/recover/command.ts';
import type { TopAnswer } from '../../src/cli/top/command.ts';
import type { VerifyAnswer } from '../../src/cli/verify/command.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetCapError, BudgetGuard, wrapAnthropic, wrapOpenAI } from '../../src/index.ts';
import { LEASE_POLICY } from '../../src/ledger/leases/policy.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { epochMs, type Clock } from '../../src/units/time.ts';
import { hardcap, terminal, type Around, type Ran } from '../cli/terminal.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { CLAUDE, GPT, outcomes, until } from './harness.ts';

const CHILD = fileURLToPath(new URL('shared-ledger.child.ts', import.meta.url));
const messages = [{ role: 'user' as const, content: 'Hello' }];
const claude = { model: CLAUDE, max_tokens: 100, messages };
const gpt = { model: GPT, max_completion_tokens: 100, messages };
const CAP_USD = 0.02;
const config = {
  global_cap_per_day_usd: 1,
  per_customer_cap_per_day_usd: CAP_USD,
  caps: [
    { scope: 'model', window: 'day' as const, usd: 1, mode: 'observe' as const },
    { scope: 'agent', window: 'rolling 1h' as const, calls: 100 },
  ],
};

let folder: string;
let path: string;
let emulator: Emulator;
let guards: BudgetGuard[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-cli-'));
  path = join(folder, 'spend.db');
  writeFileSync(join(folder, 'budget-guard.config.json'), JSON.stringify(config));
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
  guards = [];
});

afterEach(async () => {
  for (const guard of guards) await guard.close();
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** The program in the folder of the ledger. */
const run = (line: string, around: Around = {}): Promise<Ran> => {
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  return hardcap(args, { cwd: folder, env: { HARDCAP_LEDGER: 'spend.db' }, ...around });
};

const billed = () => Number(emulator.bill().totalNanoUsd);

/** A guard of this process on the file. */
function opened() {
  const ledger = openSqliteLedger({ path, config });
  const guard = new BudgetGuard(config, { ledger });
  guards.push(guard);
  const base = { apiKey: 'x', maxRetries: 0 };
  const anthropic = wrapAnthropic(new Anthropic({ ...base, baseURL: emulator.url }), guard);
  const openai = wrapOpenAI(new OpenAI({ ...base, baseURL: emulator.openaiUrl }), guard);
  const ask = (customer: string) =>
    guard.run({ customer, agent: 'a' }, () => anthropic.messages.create(claude));
  const askOpenAI = (customer: string) =>
    guard.run({ customer, agent: 'b' }, () => openai.chat.completions.create(gpt));
  return { guard, ledger, ask, askOpenAI };
}

/** A ledger that guards of the real SDKs filled, all of them closed. */
async function filled(): Promise<void> {
  const { guard, ask, askOpenAI } = opened();
  for (const customer of ['acme', 'acme', 'globex']) await ask(customer);
  await askOpenAI('globex');
  await guard.close();
}

const spentBy = (rows: readonly BalanceRow[], prefix: string): number =>
  rows
    .filter(({ scope }) => scope.startsWith(prefix))
    .reduce((sum, { spent_nano_usd: spent }) => sum + spent, 0);

describe('hardcap balance', () => {
  it('says what the provider billed, to the nano-dollar, under every cap', async () => {
    await filled();
    const { exit, json } = await run('balance --json');
    const { accounts } = json<BalanceAnswer>();
    expect(exit).toBe(0);
    expect(billed()).toBeGreaterThan(0);
    for (const prefix of ['global', 'customer:', 'model:', 'agent:']) {
      expect(spentBy(accounts, prefix), prefix).toBe(billed());
    }
    const calls = emulator.bill().entries.length;
    expect(accounts.find(({ scope }) => scope === 'global')?.spent_calls).toBe(calls);
    expect(accounts.every(({ held_nano_usd: held }) => held === 0)).toBe(true);
  });

  it('has one form of JSON', async () => {
    await filled();
    const { accounts } = (await run('balance customer:acme --json')).json<BalanceAnswer>();
    const spent = spentBy(accounts, 'customer:acme');
    expect(spent).toBeGreaterThan(0);
    const midnight = new Date();
    midnight.setUTCHours(24, 0, 0, 0);
    expect(accounts).toEqual([
      {
        cap_id: 'customer/day',
        scope: 'customer:acme',
        window: 'day',
        mode: 'enforce',
        spend_usd: spent / 1e9,
        held_usd: 0,
        cap_usd: CAP_USD,
        remaining_usd: (CAP_USD * 1e9 - spent) / 1e9,
        spent_nano_usd: spent,
        held_nano_usd: 0,
        cap_nano_usd: CAP_USD * 1e9,
        spent_tokens: expect.any(Number),
        held_tokens: 0,
        cap_tokens: null,
        spent_calls: 2,
        held_calls: 0,
        cap_calls: null,
        overdrawn: false,
        resets_at: midnight.toISOString(),
        raised_nano_usd: 0,
        raised_tokens: 0,
        raised_calls: 0,
        is_closed: false,
        cap_from: 'config',
      },
    ]);
  });

  it('shows dollars with their sign, and an account before it is drawn on', async () => {
    await filled();
    const { out } = await run('balance customer:nobody');
    expect(out).toContain('$0.00');
    expect(out).toContain('$0.02');
    expect((await run('balance global')).out).toContain(`$${(billed() / 1e9).toString()}`);
  });

  it('without the configuration, takes ceilings as they were last used, and says so', async () => {
    await filled();
    rmSync(join(folder, 'budget-guard.config.json'));
    const { accounts } = (await run('balance --json')).json<BalanceAnswer>();
    expect(spentBy(accounts, 'customer:')).toBe(billed());
    expect(accounts.find(({ scope }) => scope === 'customer:acme')).toMatchObject({
      cap_nano_usd: CAP_USD * 1e9,
      cap_from: 'last-use',
    });
    expect(accounts.find(({ scope }) => scope.startsWith('model:'))?.mode).toBe('observe');
    expect((await run('balance customer:acme')).out).toContain('ceiling as last used');
  });

  it('--over leaves out what is used less', async () => {
    await filled();
    const share = (row: BalanceRow) => (100 * row.spent_nano_usd) / (row.cap_nano_usd ?? Infinity);
    const { accounts } = (await run('balance --json')).json<BalanceAnswer>();
    const over = (await run('balance --over 5 --json')).json<BalanceAnswer>().accounts;
    expect(over.map(({ scope }) => scope)).toEqual(
      accounts.filter((row) => share(row) >= 5).map(({ scope }) => scope),
    );
    expect(over.length).toBeGreaterThan(0);
    expect(over.length).toBeLessThan(accounts.length);
  });

  it('a wrong ledger is refused: it never begins one', async () => {
    const missing = await run('balance');
    expect(missing.exit).toBe(2);
    expect(missing.err).toContain(`There is no ledger at ${path}`);
    writeFileSync(path, 'no database at all, and long enough to be looked at as one');
    const wrong = await run('balance');
    expect(wrong.exit).not.toBe(0);
    expect(wrong.err).toMatch(/\(CONFIG_INVALID\)|\(STORE_UNAVAILABLE\)/);
    expect((await run('balance --ledger http://host')).err).toContain('no store has');
    expect((await run('balance acme')).err).toContain('Say customer:acme');
  });
});

describe('hardcap raise', () => {
  it('raises by dollars: a call that was refused goes, until the raise ends', async () => {
    const { guard, ask } = opened();
    let refused: unknown;
    for (let calls = 0; calls < 100 && refused === undefined; calls += 1) {
      [refused] = (await outcomes([ask('acme')])).errors;
    }
    expect(refused).toBeInstanceOf(BudgetCapError);
    await guard.flush();
    await expect(ask('acme')).rejects.toThrow(BudgetCapError);

    const { exit, json } = await run(
      "raise customer:acme --usd 5 --for 2h --reason 'ticket 7' --json",
    );
    const answer = json<RaiseAnswer>();
    expect(exit).toBe(0);
    const at = answer.at;
    expect(answer).toEqual({
      id: expect.any(String),
      at: expect.any(Number),
      repeated: false,
      cap_id: 'customer/day',
      scope: 'customer:acme',
      by_nano_usd: 5_000_000_000,
      by_tokens: null,
      by_calls: null,
      until: new Date(at + 7_200_000).toISOString(),
      raised_nano_usd: 5_000_000_000,
    });
    const now = (await run('balance customer:acme --json')).json<BalanceAnswer>().accounts[0];
    expect(now).toMatchObject({ cap_nano_usd: 5_020_000_000, raised_nano_usd: 5_000_000_000 });
    const later: Clock = () => epochMs(at + 7_200_000)!;
    const ended = await run('balance customer:acme --json', { clock: later });
    expect(ended.json<BalanceAnswer>().accounts[0]?.raised_nano_usd ?? 0).toBe(0);

    await new Promise((resolve) => setTimeout(resolve, 2 * LEASE_POLICY.refusedMs));
    await guard.refresh();
    expect((await outcomes([ask('acme')])).answered).toBe(1);
  });

  it('the same order with the same id and --at is carried out once', async () => {
    await filled();
    const order = 'raise customer:acme --usd 0.25 --forever --reason r --id o1 --at 2026-11-22';
    expect((await run(`${order} --json`)).json<RaiseAnswer>()).toMatchObject({
      repeated: false,
      until: null,
    });
    expect((await run(`${order} --json`)).json<RaiseAnswer>()).toMatchObject({
      repeated: true,
      raised_nano_usd: 250_000_000,
    });
    expect((await run(order)).out).toContain('Nothing changed');
    const other = await run(order.replace('0.25', '0.5'));
    expect(other.exit).toBe(3);
    expect(other.err).toContain('STORE_CONFLICT');
  });

  it('changes nothing where it is not certain which cap, for how long or by how much', async () => {
    await filled();
    const before = (await run('journal --json')).out;
    for (const [line, said] of [
      ['raise customer:acme --usd 5 --reason r', 'Say one of --for 2h'],
      ['raise customer:acme --usd 5 --for 2h --forever --reason r', 'says it twice'],
      ['raise customer:acme --for 2h --reason r', 'Say --usd 5'],
      ['raise customer:acme --usd 0 --for 2h --reason r', 'Say --usd 5'],
      ['raise customer:acme --usd 5 --until 2020-01-01 --reason r', 'Say an end in the future'],
      ['raise customer:acme --calls 5 --for 2h --reason r', 'it has customer/day'],
      [
        'raise customer:acme --calls 5 --cap customer/day --for 2h --reason r',
        'no ceiling in calls',
      ],
      ['raise agent:a --usd 5 --calls 5 --cap agent/rolling-1h --for 2h --reason r', 'Say --calls'],
      [
        'raise customer:acme --usd 5 --for 2h --cap customer/dy --reason r',
        'Say --cap customer/day',
      ],
      ['raise custmer:acme --usd 5 --for 2h --reason r', '--config'],
      ['raise customer:acme --usd 5 --for 2h', 'needs --reason'],
      ['raise acme --usd 5 --for 2h --reason r', 'Say customer:acme'],
    ] as const) {
      const { exit, out, err } = await run(line);
      expect({ exit, out }, line).toEqual({ exit: 2, out: '' });
      expect(err, line).toContain(said);
    }
    const nobody = await run('raise customer:acme --usd 5 --for 2h --reason r', {
      env: { HARDCAP_LEDGER: 'spend.db', USER: '' },
    });
    expect(nobody.err).toContain('Say --who <name>');
    expect((await run('journal --json')).out).toBe(before);
  });

  it('a scope in an error moves no cursor', async () => {
    await filled();
    const order = 'raise customer:a\u001b[2J\u009b2J\u200bb --usd 5 --for 2h --cap no --reason r';
    for (const line of [order, `${order} --json`]) {
      const { exit, err } = await run(line);
      expect(exit).toBe(2);
      expect(err).toMatch(/^[\n -~]*$/);
      expect(err).toMatch(/customer:a\\+u/);
    }
  });

  it('asks which cap, where the scope has several', async () => {
    const two = { ...config, per_customer_cap_per_month_usd: 1 };
    writeFileSync(join(folder, 'budget-guard.config.json'), JSON.stringify(two));
    await filled();
    const { exit, err } = await run('raise customer:acme --usd 5 --for 2h --reason r');
    expect(exit).toBe(2);
    expect(err).toContain('customer/day, customer/month');
  });
});

describe('hardcap close and reopen', () => {
  it('nothing more is spent in a closed scope, and balance answers no', async () => {
    const first = opened();
    await first.ask('acme');
    await first.guard.close();
    const closed = await run("close customer:acme --reason 'key leaked' --json");
    expect(closed.json<ScopeAnswer>()).toMatchObject({ is_closed: true, accounts: 1 });
    const { exit, json } = await run('balance customer:acme --json');
    expect(exit).toBe(1);
    expect(json<BalanceAnswer>().accounts[0]?.is_closed).toBe(true);
    const { ask, guard } = opened();
    const before = billed();
    await expect(ask('acme')).rejects.toThrow(BudgetCapError);
    expect(billed()).toBe(before);
    await guard.close();

    await run('reopen customer:acme --reason r');
    expect((await run('balance customer:acme')).exit).toBe(0);
    await opened().ask('acme');
    expect(billed()).toBeGreaterThan(before);
  });

  it('says when nothing is known of the scope', async () => {
    await filled();
    rmSync(join(folder, 'budget-guard.config.json'));
    expect((await run('close custmer:acme --reason r')).out).toContain('was another name meant?');
    expect((await run('close customer:acme --reason r')).out).not.toContain('another name');
  });
});

describe('hardcap adjust', () => {
  const spent = async (): Promise<number> =>
    (await run('balance global --json')).json<BalanceAnswer>().accounts[0]?.spent_nano_usd ?? -1;

  it('adds to what is booked, and takes from it', async () => {
    await filled();
    const added = await run('adjust global --cap global/day --usd 0.25 --reason i --json');
    expect(added.json<AdjustAnswer>()).toMatchObject({ by_nano_usd: 250_000_000, by_calls: 0 });
    expect(await spent()).toBe(billed() + 250_000_000);
    const taken = await run('adjust global --cap global/day --usd 0.25 --subtract --reason i');
    expect(taken.out).toContain('$0.25 less is booked');
    expect(await spent()).toBe(billed());
  });

  it('takes no more than is booked, and says what it needs', async () => {
    await filled();
    const { exit, err } = await run('adjust global --cap global/day --usd 9 --subtract --reason i');
    expect(exit).toBe(2);
    expect(err).toContain('ORDER_INVALID');
    expect((await run('adjust global --usd 1 --reason i')).err).toContain('needs --cap');
    expect((await run('adjust global --cap global/dya --usd 1 --reason i')).err).toContain(
      'Say --cap global/day',
    );
    expect((await run('adjust global --cap global/day --reason i')).err).toContain(
      'Say --usd 1.25',
    );
    expect(await spent()).toBe(billed());
  });
});

describe('hardcap journal and verify', () => {
  it('print who ordered what and why, and notice a record that was changed or cut', async () => {
    await filled();
    await run("raise customer:acme --usd 5 --for 2h --reason 'ticket 7' --who grace");
    const { out } = await run('journal');
    expect(out).toContain('raised customer/day of customer:acme by $5.00 until 20');
    expect(out).toContain('grace');
    expect(out).toContain('ticket 7');
    const whole = await run('verify --json');
    const answer = whole.json<VerifyAnswer>();
    expect(whole.exit).toBe(0);
    expect(answer).toEqual({
      is_whole: true,
      records: 2,
      faults: [],
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      has_head: null,
    });
    expect((await run(`verify --head ${answer.head}`)).exit).toBe(0);

    const database = new Database(path);
    database.prepare('DELETE FROM journal WHERE seq = 2').run();
    expect((await run('verify')).exit).toBe(0);
    const cut = await run(`verify --head ${answer.head}`);
    expect(cut.exit).toBe(1);
    expect(cut.out).toContain('the record with the hash of --head is gone');
    database.prepare("UPDATE journal SET body = replace(body, 'proven', 'charged')").run();
    database.close();
    const changed = await run('verify --json');
    expect(changed.exit).toBe(1);
    expect(changed.json<VerifyAnswer>().is_whole).toBe(false);
    expect((await run('verify --head abc')).exit).toBe(2);
  });

  it('--last and --after leave records out; --follow prints new ones until its end', async () => {
    await filled();
    for (const scope of ['a:1', 'a:2', 'a:3']) await run(`close ${scope} --reason r`);
    const seqs = async (line: string): Promise<number[]> =>
      (await run(line)).json<JournalAnswer>().records.map(({ seq }) => seq);
    expect(await seqs('journal --json')).toEqual([1, 2, 3, 4]);
    expect(await seqs('journal --last 2 --json')).toEqual([3, 4]);
    expect(await seqs('journal --after 3 --json')).toEqual([4]);

    const ending = new AbortController();
    const env = { HARDCAP_LEDGER: path };
    const screen = terminal({ cwd: folder, env, signal: ending.signal });
    const program = { commands: COMMANDS, version: '' };
    const following = runProgram(
      ['journal', '--follow', '--after', '3', '--json'],
      program,
      screen.world,
    );
    await until(() => screen.written().includes('"seq":4'), 5_000);
    await run('close a:4 --reason later');
    await until(() => screen.written().includes('"seq":5'), 5_000);
    ending.abort();
    expect(await following).toBe(0);
    const lines = screen
      .written()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number });
    expect(lines.map(({ seq }) => seq)).toEqual([4, 5]);
  });
});

describe('hardcap holds', () => {
  it('lists the process and the very call that holds money', async () => {
    const { guard, ledger, ask } = opened();
    let held: { id: string; bound: number } | undefined;
    guard.on('reserved', ({ id, held_nano_usd: bound }) => (held ??= { id, bound }));
    emulator.faults.push({ kind: 'stall-headers', delayMs: 1_000 });
    const asking = ask('acme');
    await until(() => emulator.requestCount === 1, 5_000);
    const { holders } = (await run('holds --json')).json<HoldsAnswer>();
    expect(holders).toMatchObject([
      {
        holder: ledger.holder,
        pid: process.pid,
        why: null,
        calls: [{ id: held?.id, nano_usd: held?.bound, calls: 1 }],
      },
    ]);
    expect((await run('holds')).out).toContain(held?.id);
    await asking;
    expect((await run('holds --json')).json<HoldsAnswer>().holders[0]?.calls).toEqual([]);
    await guard.close();
    expect((await run('holds')).out).toBe('No process leases from this ledger.\n');
  });
});

describe('hardcap doubts, resolve and recover', () => {
  it('after kill -9 the call is found, and booked at its true cost', async () => {
    emulator.faults.push({ kind: 'none' }, { kind: 'stall-headers', delayMs: 60_000 });
    const killed = await killedInFlight();
    expect((await run('doubts')).exit).toBe(0);
    const recovered = (await run('recover --json')).json<RecoverAnswer>().recovered;
    expect(recovered).toMatchObject([
      { holder: killed.holder, how: 'proven', in_doubt: [killed.id] },
    ]);
    expect((await run('recover --json')).json<RecoverAnswer>().recovered).toEqual([]);

    const found = await run('doubts --json');
    expect(found.exit).toBe(1);
    expect(found.json<DoubtsAnswer>().doubts).toMatchObject([
      { id: killed.id, nano_usd: killed.bound },
    ]);
    const [first] = emulator.bill().entries;
    const usd = (billed() - Number(first?.nanoUsd)) / 1e9;
    const order = `resolve ${killed.id} --usd ${usd} --reason invoice --id o1 --at 2026-11-22`;
    expect((await run(order)).exit).toBe(0);
    const again = await run(order);
    expect(again).toMatchObject({ exit: 0, out: expect.stringContaining('Nothing changed') });
    expect((await run(order.replace('invoice', 'other'))).err).toContain('STORE_CONFLICT');
    expect((await run('doubts')).exit).toBe(0);
    const { accounts } = (await run('balance global --json')).json<BalanceAnswer>();
    expect(accounts[0]?.spent_nano_usd).toBe(billed());
  });

  it('refuse what is not there, and a holder without a reason', async () => {
    await filled();
    expect((await run('resolve nothing --usd 1 --reason r')).exit).toBe(2);
    expect((await run('resolve nothing --reason r')).err).toContain('Say --usd 0.0123');
    expect((await run('recover nobody')).err).toContain('Say --reason');
    expect((await run('recover nobody --reason r')).err).toContain('there is none such');
  });
});

/** Runs the child until its second call is in flight, and kills it. */
async function killedInFlight(): Promise<{ holder: string; id: string; bound: number }> {
  const args = ['--import', 'tsx', CHILD, path, emulator.url, JSON.stringify(config)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
  await until(() => text.includes('\n') && emulator.requestCount === 2, 20_000);
  child.kill('SIGKILL');
  await ended;
  return JSON.parse(text) as { holder: string; id: string; bound: number };
}

describe('hardcap reconcile', () => {
  const fetched = async (url: string, name: string): Promise<void> => {
    const headers = { 'x-api-key': 'admin', authorization: 'Bearer admin' };
    const response = await fetch(`${emulator.url}${url}`, { headers });
    expect(response.status).toBe(200);
    writeFileSync(join(folder, name), await response.text());
  };
  const day = new Date().toISOString().slice(0, 10);
  const seconds = Date.parse(`${day}T00:00:00Z`) / 1_000;
  const reports = async (): Promise<void> => {
    const from = `starting_at=${day}T00:00:00Z`;
    await fetched(`/v1/organizations/cost_report?group_by[]=description&${from}`, 'anthropic.json');
    await fetched(`/v1/organization/costs?group_by=line_item&start_time=${seconds}`, 'openai.json');
  };

  it('agrees with a provider that bills by the card, account by account', async () => {
    await filled();
    await reports();
    const { exit, json, err } = await run('reconcile anthropic.json openai.json --json');
    expect(exit, err).toBe(0);
    const { is_clean: isClean, accounts } = json<ReconcileAnswer>();
    expect(isClean).toBe(true);
    expect(accounts.map(({ scope }) => scope).toSorted()).toEqual([
      'global',
      `model:${CLAUDE}`,
      `model:${GPT}`,
    ]);
    const whole = accounts.find(({ scope }) => scope === 'global');
    expect(whole).toMatchObject({
      unit: 'nano_usd',
      booked: billed(),
      reported: billed(),
      difference: 0,
    });
  });

  it('names the account that differs, and ends with 1', async () => {
    await filled();
    emulator.reprice({ factor: '7.5' });
    const { guard, ask } = opened();
    await ask('acme');
    await guard.close();
    await reports();
    const { exit, json } = await run('reconcile anthropic.json openai.json --json');
    expect(exit).toBe(1);
    const over = json<ReconcileAnswer>().accounts.filter((row) => row.is_over_threshold);
    expect(over.map(({ scope }) => scope).toSorted()).toEqual(['global', `model:${CLAUDE}`]);
    const whole = over.find(({ scope }) => scope === 'global');
    expect(whole?.reported).toBe(billed());
    expect(whole?.difference).toBe(billed() - (whole?.booked ?? 0));
    expect((await run('reconcile anthropic.json openai.json --threshold 5000')).exit).toBe(0);
  });

  it('a model that a report leaves out was billed nothing, and is told', async () => {
    await filled();
    await reports();
    writeFileSync(
      join(folder, 'anthropic.json'),
      readFileSync(join(folder, 'anthropic.json'), 'utf8').replaceAll(CLAUDE, 'claude-haiku-4-5'),
    );
    const { exit, json } = await run('reconcile anthropic.json openai.json --json');
    expect(exit).toBe(1);
    const row = json<ReconcileAnswer>().accounts.find(({ scope }) => scope === `model:${CLAUDE}`);
    expect(row).toMatchObject({ reported: 0, is_over_threshold: true, difference_percent: '-100' });
  });

  it('refuses what it cannot read', async () => {
    await filled();
    writeFileSync(join(folder, 'odd.json'), '{"data":[]}');
    for (const [line, said] of [
      ['reconcile missing.json', 'cannot be read'],
      ['reconcile odd.json', 'Say --form <anthropic-usage|'],
      ['reconcile odd.json --threshold much', 'is no percentage'],
      ['reconcile odd.json --model x', 'is not <name>=<id>'],
      ['reconcile', 'needs <report>...'],
    ] as const) {
      const { exit, err } = await run(line);
      expect(exit, line).toBe(2);
      expect(err, line).toContain(said);
    }
  });
});

describe('hardcap prices', () => {
  it('shows the card, its source and its age', async () => {
    const { exit, out } = await run('prices claude-sonnet-4-6 --at 2026-11-22');
    expect(exit).toBe(0);
    expect(out).toMatch(/input +\$3\.00/);
    expect(out).toMatch(/output +\$15\.00/);
    expect(out).toContain('source: ');
    expect(out).toMatch(/Prices of 20\d\d-\d\d-\d\d, [\d,]+ days old/);
  });

  it('answers no for a model without a price, with the nearest one', async () => {
    const { exit, out } = await run('prices claude-sonet-4-6');
    expect(exit).toBe(1);
    expect(out).toContain('PRICE_UNKNOWN');
    expect(out).toContain('Did you mean claude-sonnet-4-6?');
  });

  it('a price of your own stands before the bundled one', async () => {
    const prices = [
      { provider: 'openai', model: GPT, usdPerMillion: { input: '0.123', output: 9 } },
    ];
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ ...config, prices }));
    const { json } = await run(`prices ${GPT} --config own.json --json`);
    expect(json<{ cards: unknown[] }>().cards).toMatchObject([
      {
        is_own: true,
        rates: { input: { pico_usd_per_token: 123_000, usd_per_million: 0.123 } },
      },
    ]);
  });
});

describe('hardcap top', () => {
  it('prints one reading where nobody watches', async () => {
    await filled();
    const { exit, json } = await run('top --json');
    expect(exit).toBe(0);
    const { accounts, processes } = json<TopAnswer>();
    expect(processes).toBe(0);
    expect(spentBy(accounts, 'customer:')).toBe(billed());
    expect((await run('top')).out).toContain('customer:acme');
    expect((await run('top --every 1ms')).err).toContain('Say --every 1s');
  });
});

describe('a store that does not answer', () => {
  it.each([['redis://:s3cret@127.0.0.1:1'], ['postgres://user:s3cret@127.0.0.1:1/none']])(
    '%s: exit code 3, what to do, and no password',
    async (ledger) => {
      const { exit, out, err } = await run(`balance --ledger ${ledger}`);
      expect({ exit, out }).toEqual({ exit: 3, out: '' });
      expect(err).toContain('STORE_UNAVAILABLE');
      expect(err).not.toContain('s3cret');
      const asJson = await run(`balance --ledger ${ledger} --json`);
      expect(asJson.exit).toBe(3);
      expect(asJson.err).not.toContain('s3cret');
      expect(JSON.parse(asJson.err)).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
    },
  );
});
