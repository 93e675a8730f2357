import { describe, expect, it } from 'vitest';
import { CHANNELS } from './register/calls.ts';
import { CAP_USD, count, openSite, rows } from './register/harness.ts';

const MINUTE_MS = 60_000;

/** What a program saw of its last calls. */
interface Runaway {
  readonly answered: number;
  readonly last?: { readonly status?: number; readonly code?: string };
  readonly next?: { readonly status?: number; readonly code?: string };
}

describe('a program that knows of no guard is stopped at its cap', () => {
  it.each(Object.keys(CHANNELS))(
    'by %s',
    async (channel) => {
      const site = await openSite();
      const { result, report } = await site.run('runaway', { env: { CHANNEL: channel } });
      const { answered, last, next } = result as Runaway;
      expect(answered).toBeGreaterThan(10);
      for (const seen of [last, next])
        expect(seen?.status === 402 || seen?.code === 'BUDGET_CAP').toBe(true);
      expect(site.requestCount()).toBe(answered);
      expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
      expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
      expect(report.open_holds).toBe(0);
      expect([count(report, 'held'), count(report, 'refused')]).toEqual([answered, 2]);
    },
    MINUTE_MS,
  );

  it(
    'also where nothing in the code says that its host is a provider’s',
    async () => {
      const site = await openSite();
      const { result, report, stderr } = await site.run('hostFromEnvironment');
      const { answered, last } = result as Runaway;
      expect(answered, stderr).toBeGreaterThan(10);
      expect(last?.status).toBe(402);
      expect(site.requestCount()).toBe(answered);
      expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
      expect([count(report, 'held'), count(report, 'refused')]).toEqual([answered, 2]);
    },
    MINUTE_MS,
  );

  it(
    'by all ways at once, under one cap',
    async () => {
      const site = await openSite();
      const { result, report } = await site.run('everyChannel');
      const { answered } = result as Runaway;
      expect(site.requestCount()).toBe(answered);
      expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
      expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
      expect(new Set(rows(report, 'held').map((row) => row.channel))).toEqual(
        new Set(['fetch', 'http', 'undici']),
      );
    },
    MINUTE_MS,
  );

  it.each(['anthropicSdk', 'openaiSdk'])(
    'with the %s that nobody wrapped, which does not try again',
    async (sdk) => {
      const site = await openSite();
      const { result, report } = await site.run(sdk);
      const { answered } = result as Runaway;
      expect(answered).toBeGreaterThan(3);
      expect(site.requestCount()).toBe(answered);
      expect(count(report, 'refused')).toBe(2);
      expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
      expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
    },
    MINUTE_MS,
  );
});

describe('what is held and what is not', () => {
  it('a stream by http.request is metered, without an event that its caller did not ask for', async () => {
    const site = await openSite();
    const { result, report } = await site.run('httpStream');
    expect(result).toMatchObject({ strange: 0 });
    expect((result as { events: number }).events).toBeGreaterThan(1);
    expect(report.booked_nano_usd).toBeGreaterThan(0);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
  });

  it('routes without a rule, paths that are not plain and other protocols do not leave', async () => {
    const site = await openSite();
    const { result, report } = await site.run('routes');
    expect(result).toMatchObject({
      free: { status: 200 },
      unknown: { code: 'ROUTE_UNKNOWN' },
      dots: { code: 'ROUTE_UNKNOWN' },
      upgrade: { code: 'ROUTE_UNKNOWN' },
      notJson: { code: 'REQUEST_INVALID' },
      byFetch: 402,
    });
    expect(site.requestCount()).toBe(1);
    expect([count(report, 'free'), count(report, 'unknown route')]).toEqual([1, 4]);
  });

  it('nothing is held twice where a wrapper holds it, and each attempt once', async () => {
    const site = await openSite();
    const config = { per_customer_cap_per_day_usd: CAP_USD };
    const { result, report, stderr } = await site.run('wrapped', { config });
    expect(site.requestCount(), stderr).toBe(5);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
    expect(report.open_holds).toBe(0);
    expect([count(report, 'already guarded'), count(report, 'held')]).toEqual([3, 2]);
    expect(result).toEqual({
      settled: [
        ['global', 5],
        ['customer:acme', 1],
      ],
    });
  });

  it('connections that no guard looks into are closed before a byte of a request', async () => {
    const site = await openSite();
    const { result, report, stderr } = await site.run('lowWays');
    expect(result, stderr).toEqual({
      net: 'ROUTE_UNKNOWN',
      netByPort: 'ROUTE_UNKNOWN',
      tls: 'ROUTE_UNKNOWN',
      serverName: 'ROUTE_UNKNOWN',
      tunnel: 'ROUTE_UNKNOWN',
      http2: 'ROUTE_UNKNOWN',
      clientRequest: 'ROUTE_UNKNOWN',
      afterwards: 'ROUTE_UNKNOWN',
      other: ['hello', 'hello'],
    });
    expect(site.requestCount()).toBe(1);
    expect(count(report, 'not a provider host')).toBe(2);
  });
});
