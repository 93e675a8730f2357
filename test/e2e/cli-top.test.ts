import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/frame/program.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { terminal, type Terminal } from '../cli/terminal.ts';
import { CLAUDE, until } from './harness.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?1049l';
const config = { global_cap_per_day_usd: 1, per_customer_cap_per_day_usd: 1 };

let folder: string;
let path: string;
let emulator: Emulator;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-top-'));
  path = join(folder, 'spend.db');
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
});

afterEach(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

/** Spends as a customer, and closes: what was spent is in the store. */
async function spend(customer: string): Promise<void> {
  const guard = new BudgetGuard(config, { ledger: openSqliteLedger({ path, config }) });
  const base = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
  const client = wrapAnthropic(new Anthropic(base), guard);
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  await guard.run({ customer }, () =>
    client.messages.create({ model: CLAUDE, max_tokens: 100, messages }),
  );
  await guard.close();
}

/** The dollars of the bill as the screen shows them. */
const billedText = () => `$${Number(emulator.bill().totalNanoUsd) / 1e9}`;

function watched(signal?: AbortSignal): { screen: Terminal; ended: Promise<number> } {
  const screen = terminal({
    cwd: folder,
    env: { HARDCAP_LEDGER: path, NO_COLOR: '1' },
    isTerminal: true,
    columns: 120,
    rows: 12,
    ...(signal === undefined ? {} : { signal }),
  });
  const program = { commands: COMMANDS, version: '' };
  return { screen, ended: runProgram(['top', '--every', '200ms'], program, screen.world) };
}

/** What stands on the screen after the last drawing, line by line. */
function shown(screen: Terminal): string[] {
  const last = screen.written().split('\u001b[H').at(-1) ?? '';
  return last.split('\u001b[J')[0]!.replaceAll('\u001b[K', '').split('\r\n');
}

describe('hardcap top on a terminal', () => {
  it('follows what is spent, and gives the terminal back when q is pressed', async () => {
    await spend('acme');
    const { screen, ended } = watched();
    await until(() => shown(screen).some((line) => line.startsWith('customer:acme')), 5_000);
    expect(shown(screen).join('\n')).toContain(billedText());
    await spend('globex');
    await until(() => shown(screen).some((line) => line.startsWith('customer:globex')), 5_000);
    const whole = () => shown(screen).find((line) => line.startsWith('global '));
    // While the guard is open, what it has leased counts as used.
    await until(() => whole()?.includes(billedText()) === true, 5_000);
    expect(whole()).toContain(billedText());

    screen.press('x');
    screen.press('q');
    expect(await ended).toBe(0);
    expect(screen.written().startsWith(ENTER)).toBe(true);
    expect(screen.written().endsWith(LEAVE)).toBe(true);
    expect(screen.written()).toContain('\u001b[?25h');
    expect(screen.listeners()).toBe(0);
  });

  it('draws again at once when the size changes, and fits', async () => {
    for (const customer of ['a', 'b', 'c', 'd', 'e', 'f']) await spend(customer);
    const { screen, ended } = watched();
    await until(() => screen.written().includes('customer:a'), 5_000);
    screen.resize(60, 6);
    const lines = shown(screen);
    expect(lines.length).toBeLessThanOrEqual(6);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines[1]).toContain('do not fit');
    screen.press('\u0003');
    expect(await ended).toBe(0);
  });

  it('tells of a store that does not answer, keeps the figures, and goes on', async () => {
    await spend('acme');
    const { screen, ended } = watched();
    await until(() => screen.written().includes('customer:acme'), 5_000);
    const { default: Database } = await import('better-sqlite3');
    const other = new Database(path);
    const version = other.pragma('user_version', { simple: true });
    // What a newer release does to the file: this one answers no more.
    other.pragma('user_version = 99');
    await until(() => shown(screen).join('\n').includes('not up to date'), 5_000);
    expect(shown(screen).join('\n')).toContain(billedText());
    other.pragma(`user_version = ${String(version)}`);
    other.close();
    const count = () => shown(screen)[1];
    await until(() => count()?.startsWith('2 accounts') === true, 5_000);
    expect(count()).toBe('2 accounts, 0 processes');
    screen.press('\u001b');
    expect(await ended).toBe(0);
  });

  it('gives the terminal back when the program is asked to end', async () => {
    await spend('acme');
    const ending = new AbortController();
    const { screen, ended } = watched(ending.signal);
    await until(() => screen.written().includes('customer:acme'), 5_000);
    ending.abort();
    expect(await ended).toBe(0);
    expect(screen.written().endsWith(LEAVE)).toBe(true);
  });
});

const SCRIPT = '/usr/bin/script';

describe('hardcap top in a pseudo-terminal', () => {
  it('is a full screen with the figures of the bill, and q ends it', async (context) => {
    if (!existsSync(SCRIPT)) context.skip('script(1) is not installed');
    await spend('acme');
    const command = `stty cols 100 rows 20; '${process.execPath}' --import tsx '${MAIN}' top`;
    const child = spawn(SCRIPT, ['-qefc', command, '/dev/null'], {
      cwd: process.cwd(),
      env: { ...process.env, HARDCAP_LEDGER: path, TERM: 'xterm', FORCE_COLOR: '0' },
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(() => text.includes('customer:acme'), 20_000);
    expect(text).toContain(ENTER);
    expect(text).toContain(billedText());
    child.stdin.write('q');
    expect(await ended).toBe(0);
    expect(text).toContain(LEAVE);
  });
});
