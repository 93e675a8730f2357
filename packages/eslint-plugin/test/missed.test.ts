/** What catches, at run time, the bad programs of the corpus that the rules miss. */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startEmulator, type Emulator } from '../../../src/emulator/emulator.ts';
import { BudgetCapError, BudgetGuard, type Guard } from '../../../src/index.ts';
import { readAnthropicUsage, watchPrices } from '../../../src/reconcile/reconcile.ts';
import { CORPUS, readPrograms } from '../scripts/programs.ts';

const LIMITS = readFileSync(new URL('../docs/limits.md', import.meta.url), 'utf8');
const MODEL = 'claude-sonnet-4-6';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 50 } });
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => emulator?.close());

const main = async (file: string) => {
  const program = (await import(/* @vite-ignore */ CORPUS + file)) as { main: Main };
  return program.main;
};

type Main = (given: never) => unknown;

/** How each missed program that does not end in an error, or in missing money, is caught. */
const CAUGHT: Readonly<Record<string, () => Promise<void>>> = {
  'no-unguarded-client/bad/host-from-environment.ts': async () => {
    const watching = watchPrices(new BudgetGuard({ global_cap_per_day_usd: 1 }));
    vi.stubEnv('MODEL_HOST', emulator.url);
    const messages = [{ role: 'user', content: 'Hello' }];
    const send = (await main('no-unguarded-client/bad/host-from-environment.ts')) as (
      body: string,
    ) => Promise<Response>;
    const answer = await send(JSON.stringify({ model: MODEL, max_tokens: 100, messages }));
    expect(answer.status).toBe(200);
    const report = await fetch(
      `${emulator.url}/v1/organizations/usage_report/messages?group_by[]=model` +
        `&starting_at=${new Date().toISOString().slice(0, 10)}T00:00:00Z`,
    );
    const { rows, isClean } = watching.check(readAnthropicUsage(await report.text()));
    watching.stop();
    expect(isClean).toBe(false);
    expect(rows).toMatchObject([
      { model: MODEL, ours: null, findings: [{ kind: 'unknown-model' }] },
    ]);
  },
};

const missed = [...LIMITS.matchAll(/^\| `([\w./-]+\.ts)` \|/gm)].map(([, file = '']) => file);
const runtimes = new Map(readPrograms().map(({ file, runtime }) => [file, runtime]));

describe('what the rules miss, the runtime catches', () => {
  it('each missed program throws, leaves money missing, or is caught in a test of its own', () => {
    expect(missed.length).toBeGreaterThan(0);
    const open = missed.filter((file) => !/^(throws|audit)$/.test(runtimes.get(file) ?? ''));
    expect(open.toSorted()).toEqual(Object.keys(CAUGHT).toSorted());
  });

  it.each(Object.entries(CAUGHT))('%s', (_file, check) => check());
});

describe('a client is guarded in place, under each of its names', () => {
  const tight = () => new BudgetGuard({ global_cap_per_day_usd: 0.000_001 });
  const surroundings = () => {
    vi.stubEnv('ANTHROPIC_BASE_URL', emulator.url);
    vi.stubEnv('ANTHROPIC_API_KEY', 'test');
    vi.stubEnv('OPENAI_BASE_URL', emulator.openaiUrl);
    vi.stubEnv('OPENAI_API_KEY', 'test');
  };
  const good = async (name: string) =>
    (await main(`no-unguarded-client/good/${name}.ts`)) as (guard: Guard) => unknown;

  it('wrap-result-dropped: the client that was handed in is the one that refuses', async () => {
    surroundings();
    const make = await good('wrap-result-dropped');
    const client = make(tight()) as { messages: { create(body: object): Promise<unknown> } };
    const before = emulator.requestCount;
    const body = { model: MODEL, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] };
    await expect(client.messages.create(body)).rejects.toBeInstanceOf(BudgetCapError);
    expect(emulator.requestCount).toBe(before);
  });

  it('wrapped-and-raw: a call by the first name is refused as well', async () => {
    surroundings();
    const run = await good('wrapped-and-raw');
    await expect(run(tight())).rejects.toBeInstanceOf(BudgetCapError);
    expect(emulator.requests.filter(({ path }) => path.includes('responses'))).toEqual([]);
  });
});
