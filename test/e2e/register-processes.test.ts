import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAP_USD, count, openSite } from './register/harness.ts';

const MINUTE_MS = 60_000;
const RUNAWAY = { CHANNEL: 'http.request' };

describe('a process that cannot be guarded does not start', () => {
  it.each([
    ['without a configuration', null, {}, 'budget-guard.config.json'],
    ['with one that is not there', null, { HARDCAP_CONFIG: 'other.json' }, 'other.json'],
    ['with a field that nobody knows', { global_cap_per_decade_usd: 1 }, {}, 'per_decade'],
    ['with a cap that is no number', {}, { HARDCAP_GLOBAL_CAP_PER_DAY_USD: 'a' }, 'PER_DAY_USD'],
    ['with a cap of no known form', {}, { HARDCAP_CAP_USD: '5' }, 'HARDCAP_CAP_USD'],
    ['with hosts of nobody', {}, { HARDCAP_HOSTS: 'acme=http://127.0.0.1:1' }, 'HARDCAP_HOSTS'],
    ['with scopes that are none', {}, { HARDCAP_SCOPES: 'acme' }, 'HARDCAP_SCOPES'],
    ['with a ledger that is none', {}, { HARDCAP_LEDGER: 'redis://x' }, 'HARDCAP_LEDGER'],
  ])('%s', async (_name, config, env, named) => {
    const site = await openSite();
    const { code, result, stderr } = await site.run('hello', { config, env });
    expect(code).toBe(1);
    expect(result).toBeUndefined();
    expect(stderr).toContain('hardcap/register: ');
    expect(stderr).toContain(named);
  });
});

describe('what it is told by the environment', () => {
  it('caps without a file', async () => {
    const site = await openSite();
    const env = { ...RUNAWAY, HARDCAP_GLOBAL_CAP_PER_DAY_USD: '0.005' };
    const { result, report, stderr } = await site.run('runaway', { config: null, env });
    expect((result as { answered: number }).answered, stderr).toBeGreaterThan(1);
    expect(site.billedUsd()).toBeLessThanOrEqual(0.005);
    expect(report.balances[0]?.cap_usd).toBe(0.005);
  });

  it('scopes of every call, to which guard.run adds', async () => {
    const site = await openSite();
    const config = { per_customer_cap_per_day_usd: 1, per_feature_cap_per_day_usd: 1 };
    const env = { HARDCAP_SCOPES: 'customer=acme' };
    const { result, stderr } = await site.run('scoped', { config, env });
    const [first, second] = (result ?? []) as string[][];
    expect(first, stderr).toContain('customer:acme');
    expect(first).not.toContain('feature:chat');
    expect(second).toEqual(expect.arrayContaining(['customer:acme', 'feature:chat']));
  });

  it('no summary, where none is wanted', async () => {
    const site = await openSite();
    const quiet = await site.run('hello', { env: { HARDCAP_SUMMARY: 'off' } });
    expect(quiet.stderr).toBe('');
    expect(quiet.code).toBe(0);
    const told = await site.run('hello');
    expect(told.stderr).toMatch(/^hardcap: 0 held, 0 refused, .*ledger: memory/);
  });
});

describe('processes and threads that it starts', () => {
  it(
    'children are guarded as it is, wherever they run, each with books of its own',
    async () => {
      const site = await openSite();
      const { result, others, stderr } = await site.run('children', { env: RUNAWAY });
      expect(result, stderr).toEqual([0, 0]);
      expect(others).toHaveLength(2);
      for (const report of others) {
        expect(count(report, 'refused')).toBe(2);
        expect(report.booked_nano_usd / 1e9).toBeLessThanOrEqual(CAP_USD);
      }
      const booked = others.reduce((sum, report) => sum + report.booked_nano_usd, 0);
      expect(booked / 1e9).toBeCloseTo(site.billedUsd(), 9);
    },
    MINUTE_MS,
  );

  it(
    'children are not, where that is not wanted',
    async () => {
      const site = await openSite();
      const env = { ...RUNAWAY, HARDCAP_CHILDREN: 'off' };
      const { report, others } = await site.run('children', { env, by: 'command line' });
      expect([report.egress, others.length]).toEqual([[], 1]);
      // One of them inherited the command line, and only that one was stopped.
      expect(site.billedUsd()).toBeGreaterThan(CAP_USD);
    },
    MINUTE_MS,
  );

  it(
    'with a shared ledger, children and threads have one cap together',
    async () => {
      const site = await openSite();
      const env = { ...RUNAWAY, HARDCAP_LEDGER: `sqlite:${join(site.folder, 'spend.db')}` };
      const { result, others, stderr } = await site.run('family', { env });
      expect(result, stderr).toEqual([0, 0, 0]);
      expect(others).toHaveLength(3);
      expect(site.requestCount()).toBeGreaterThan(3);
      expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
      const booked = others.reduce((sum, report) => sum + report.booked_nano_usd, 0);
      expect(booked / 1e9).toBeCloseTo(site.billedUsd(), 9);
    },
    MINUTE_MS,
  );

  it.each([
    ['as it comes', 'environment', 'no'],
    ['as it comes, loaded on the command line', 'command line', 'no'],
    ['with options and an environment of its own', 'command line', 'yes'],
  ] as const)('a thread without a shared ledger spends nothing: %s', async (_name, by, bare) => {
    const site = await openSite();
    const env = { BARE: bare, HARDCAP_GLOBAL_CAP_PER_DAY_USD: '0.01' };
    const { result, stderr } = await site.run('inThread', { env, by });
    expect(result, stderr).toEqual({
      code: 0,
      seen: { web: 402, low: 'STORE_UNAVAILABLE', guard: 'STORE_UNAVAILABLE' },
    });
    expect(site.requestCount()).toBe(0);
  });
});
