import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { hardcap } from '../cli/terminal.ts';
import { CLAUDE, until } from './harness.ts';

const config = { global_cap_per_day_usd: 1 };
let folder: string;
let emulator: Emulator;
let guard: BudgetGuard;
let asking: PromiseLike<unknown>;

/** A ledger with a call in flight, an order in the journal, and a provider's report beside it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-json-'));
  writeFileSync(join(folder, 'budget-guard.config.json'), JSON.stringify(config));
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
  const ledger = openSqliteLedger({ path: join(folder, 'spend.db'), config });
  guard = new BudgetGuard(config, { ledger });
  const base = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
  const client = wrapAnthropic(new Anthropic(base), guard);
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  const call = { model: CLAUDE, max_tokens: 100, messages };
  await client.messages.create(call);
  await guard.flush();
  emulator.faults.push({ kind: 'stall-headers', delayMs: 10_000 });
  asking = client.messages.create(call).then(
    () => undefined,
    () => undefined,
  );
  await until(() => emulator.requestCount === 2, 5_000);
  const report = await fetch(`${emulator.url}/v1/organizations/cost_report?group_by[]=description`);
  writeFileSync(join(folder, 'costs.json'), await report.text());
  const log = [{ day: '2026-11-22', provider: 'anthropic', model: CLAUDE, nanoUsd: 1, calls: 1 }];
  writeFileSync(join(folder, 'log.json'), JSON.stringify(log));
});

afterAll(async () => {
  await emulator.close();
  await asking;
  await guard.close();
  rmSync(folder, { recursive: true });
});

/** Every path to a value: `holders[].calls[].id`. */
function pathsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  const start = path === '' ? '' : `${path}.`;
  return Object.entries(value).flatMap(([name, item]) => pathsIn(item, `${start}${name}`));
}

const of = (prefix: string, ...names: string[]): string[] => names.map((name) => prefix + name);
const ORDER = ['id', 'at', 'repeated'];
const AMOUNT = ['usd', 'nano_usd', 'tokens', 'calls'];
const BALANCE = [
  'cap_id',
  'scope',
  'window',
  'mode',
  'spend_usd',
  'held_usd',
  'cap_usd',
  'remaining_usd',
  'spent_nano_usd',
  'held_nano_usd',
  'cap_nano_usd',
  'spent_tokens',
  'held_tokens',
  'cap_tokens',
  'spent_calls',
  'held_calls',
  'cap_calls',
  'overdrawn',
  'resets_at',
  'raised_nano_usd',
  'raised_tokens',
  'raised_calls',
  'is_closed',
  'cap_from',
];

/** Command lines, and every path that their JSON has: what scripts may count on. */
const FORMS: readonly (readonly [string, readonly string[]])[] = [
  ['balance', of('accounts[].', ...BALANCE)],
  ['top', [...of('accounts[].', ...BALANCE), 'at', 'processes']],
  [
    'holds',
    [
      ...of('holders[].', 'holder', 'host', 'pid', 'opened_at', 'last_seen_at', 'silent_ms', 'why'),
      ...of('holders[].calls[].', 'id', 'since', 'age_ms', 'keys[]', ...AMOUNT),
    ],
  ],
  [
    'raise global --usd 1 --for 1h --reason r',
    [
      ...ORDER,
      'cap_id',
      'scope',
      'by_nano_usd',
      'by_tokens',
      'by_calls',
      'until',
      'raised_nano_usd',
    ],
  ],
  ['close a:b --reason r', [...ORDER, 'scope', 'is_closed', 'accounts']],
  ['reopen a:b --reason r', [...ORDER, 'scope', 'is_closed', 'accounts']],
  [
    'adjust global --cap global/day --usd 1 --reason r',
    [...ORDER, 'cap_id', 'scope', 'by_nano_usd', 'by_tokens', 'by_calls'],
  ],
  ['verify', ['is_whole', 'records', 'head', 'has_head']],
  [
    'journal --last 1',
    [
      ...of('records[].', 'seq', 'hash'),
      ...of('records[].entry.', 'kind', 'id', 'at', 'who', 'reason', 'keys[]', 'resolves'),
      ...of('records[].entry.', 'subtract[]', 'add[]'),
    ],
  ],
  [
    'prices gpt-4o',
    [
      'at',
      'generated_at',
      'age_days',
      'is_stale',
      ...of('cards[].', 'provider', 'model', 'effective_from', 'long_context', 'tiers[]', 'source'),
      ...of('cards[].', 'is_own', 'input_tokens_max', 'output_tokens_max'),
      ...['input', 'cacheRead', 'cacheWrite5m', 'output'].flatMap((name) =>
        of(`cards[].rates.${name}.`, 'pico_usd_per_token', 'usd_per_million'),
      ),
      ...of('cards[].fees_pico_usd.', 'webSearch', 'fileSearch', 'codeSession'),
    ],
  ],
  [
    'report',
    [
      'made_at',
      'ledger',
      'since',
      'until',
      ...of('caps[].', 'cap_id', 'window', 'spent_nano_usd'),
      ...of('caps[].scopes[].', 'scope', 'spent_nano_usd'),
      ...of('caps[].rows[].', 'cap_id', 'scope', 'window', 'starts_at', 'leaves_at'),
      ...of('caps[].rows[].', 'spent_nano_usd', 'spent_tokens', 'spent_calls', 'held_nano_usd'),
      ...of('caps[].rows[].', 'cap_nano_usd'),
    ],
  ],
  [
    'reconcile costs.json',
    [
      'is_clean',
      ...of('accounts[].', 'day', 'cap_id', 'scope', 'unit', 'booked', 'held', 'reported'),
      ...of('accounts[].', 'difference', 'difference_percent', 'is_over_threshold'),
    ],
  ],
];

describe('the JSON of each command has one form', () => {
  it.each(FORMS)('hardcap %s', async (line, paths) => {
    const args = [...line.split(' '), '--json'];
    const { json, err } = await hardcap(args, { cwd: folder, env: { HARDCAP_LEDGER: 'spend.db' } });
    expect(err).toBe('');
    expect([...new Set(pathsIn(json()))].toSorted()).toEqual([...paths].toSorted());
  });
});
