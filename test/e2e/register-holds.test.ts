import { describe, expect, it } from 'vitest';
import { CHANNELS } from './register/calls.ts';
import { CAP_USD, count, openSite } from './register/harness.ts';

const MINUTE_MS = 60_000;
const NAMES = Object.keys(CHANNELS);

describe('below a wrapped client that sends by a fetch of its own', () => {
  it(
    'the request that is held is not held again, by whatever it is sent',
    async () => {
      const site = await openSite();
      const config = { global_cap_per_day_usd: 1 };
      const { result, report, stderr } = await site.run('sameRequests', { config });
      const all = [...NAMES, 'its own init', 'a Request of it'];
      expect(result, stderr).toEqual(Object.fromEntries(all.map((name) => [name, 200])));
      expect(site.requestCount()).toBe(all.length);
      expect([count(report, 'already guarded'), count(report, 'held')]).toEqual([all.length, 0]);
      expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
      expect(report.open_holds).toBe(0);
    },
    MINUTE_MS,
  );

  it(
    'another request does not leave on that hold, before it or in its place',
    async () => {
      const site = await openSite();
      const config = { global_cap_per_day_usd: 0.1 };
      const { result, report, stderr } = await site.run('otherRequests', { config });
      const { 'its own init': ownInit, ...byChannel } = result as Record<string, unknown>;
      expect(ownInit, stderr).toBe(402);
      for (const name of NAMES) {
        const isWeb = name.startsWith('fetch');
        const [first, status, instead] = byChannel[name] as unknown[];
        expect([name, first, status]).toEqual([name, isWeb ? 402 : 'BUDGET_CAP', 200]);
        expect([name, instead]).toEqual([name, isWeb ? 402 : 500]);
      }
      expect(site.requestCount()).toBe(NAMES.length);
      expect(site.billedUsd()).toBeLessThanOrEqual(0.1);
      expect(count(report, 'refused')).toBe(2 * NAMES.length + 1);
      expect([count(report, 'already guarded'), count(report, 'held')]).toEqual([NAMES.length, 0]);
      expect(report.open_holds).toBe(0);
    },
    MINUTE_MS,
  );
});

it('scopes of the environment are those of wrapped clients too, and are drawn on once', async () => {
  const site = await openSite();
  const config = { per_customer_cap_per_day_usd: CAP_USD, per_feature_cap_per_day_usd: CAP_USD };
  const env = { HARDCAP_SCOPES: 'customer=acme' };
  const { result, report, stderr } = await site.run('scopedWrappers', { config, env });
  const [own, chat] = [
    ['global', 'customer:acme', 'feature:unattributed'],
    ['global', 'customer:acme', 'feature:chat'],
  ];
  // The last is held again below, for the scope that is new there.
  expect(result, stderr).toEqual({
    statuses: [200, 200, 200, 200],
    charged: [own, own, own, own, chat],
  });
  expect(site.requestCount()).toBe(4);
  expect([count(report, 'already guarded'), count(report, 'held')]).toEqual([2, 2]);
});
