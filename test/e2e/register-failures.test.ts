import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/emulator/emulator.ts';
import { CAP_USD, count, openSite, type Site } from './register/harness.ts';
import { connectProxy, encodingProxy, tlsProxy, type Encoding } from './register/proxies.ts';

const MINUTE_MS = 60_000;
const ROOMY = { global_cap_per_day_usd: 100 };

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.close();
});

/** The program is told that the provider is where the proxy is. */
function behind(site: Site, url: string): Readonly<Record<string, string>> {
  const hosts = `anthropic=${url},openai=${site.openai.url}`;
  return { ANTHROPIC_URL: url, HARDCAP_HOSTS: hosts };
}

const FAULTS: readonly Fault[] = [
  { kind: 'none' },
  { kind: 'status', status: 529 },
  { kind: 'status', status: 500, body: 'html', billed: true },
  { kind: 'status', status: 429, body: 'empty' },
  { kind: 'reset-before-response', billed: true },
  { kind: 'reset-after-headers', billed: true },
  { kind: 'reset-mid-stream' },
  { kind: 'error-mid-stream' },
  { kind: 'missing-usage' },
  { kind: 'hostile-usage', value: 'negative' },
  { kind: 'growing-usage' },
  { kind: 'garbage-json' },
  { kind: 'truncate-json' },
  { kind: 'no-done' },
];

describe('a call that goes wrong', () => {
  it(
    'is booked alike by every channel, and never below the bill',
    async () => {
      const calls = FAULTS.flatMap((fault) => [fault, fault]);
      const booked: Record<string, unknown> = {};
      const channels = ['fetch', 'http.request', 'undici.request', 'undici.fetch'];
      for (const channel of channels) {
        const site = await openSite({ fault: (_request, index) => calls[index] });
        const env = { CHANNEL: channel, CALLS: String(calls.length) };
        const { result, report, stderr } = await site.run('faulty', { config: ROOMY, env });
        expect(site.requestCount(), stderr).toBe(calls.length);
        expect(report.open_holds, channel).toBe(0);
        expect(report.booked_nano_usd / 1e9).toBeGreaterThanOrEqual(site.billedUsd());
        const { ends } = result as { ends: string[] };
        booked[channel] = { ends, nano: report.booked_nano_usd };
      }
      for (const channel of channels) expect(booked[channel]).toEqual(booked['fetch']);
      const { ends } = booked['fetch'] as { ends: string[] };
      expect(ends.slice(0, 8)).toEqual(
        ['complete', 'refused', 'unknown', 'refused'].flatMap((end) => [end, end]),
      );
    },
    2 * MINUTE_MS,
  );

  it('that is given up ends its hold once, and is booked', async () => {
    const stalled: Fault = { kind: 'stall-headers', delayMs: 1_500 };
    const site = await openSite({
      chunkDelayMs: 50,
      fault: (_request, index) => (index === 2 ? stalled : undefined),
    });
    const { result, report, stderr } = await site.run('givenUp', { config: ROOMY });
    expect(site.requestCount(), stderr).toBe(5);
    expect(result).toEqual({ ends: ['partial', 'partial', 'unknown', 'complete', 'partial'] });
    expect(report.open_holds).toBe(0);
    expect(report.booked_nano_usd / 1e9).toBeGreaterThanOrEqual(site.billedUsd());
  });

  it('before anything was sent costs nothing', async () => {
    const site = await openSite();
    const nobody = 'http://127.0.0.1:9';
    const hosts = `anthropic=${site.anthropic.url},anthropic=${nobody}`;
    const env = { NOBODY: nobody, HARDCAP_HOSTS: hosts };
    const { result, report, stderr } = await site.run('neverSent', { env });
    expect(result, stderr).toEqual({ ends: ['unsent'], code: 'ECONNREFUSED' });
    expect([report.booked_nano_usd, report.open_holds, site.requestCount()]).toEqual([0, 0, 0]);
  });
});

describe('an answer in an encoding', () => {
  const cases = (['gzip', 'deflate', 'br'] as const).flatMap((encoding) =>
    ['http.request', 'undici.request'].map((channel) => [encoding, channel] as const),
  );

  it.each(cases)('%s by %s is metered, and handed on plain', async (encoding, channel) => {
    const { result, report, billedUsd } = await encodedCall(encoding, channel);
    expect(result).toEqual({ status: 200, isJson: true });
    expect(billedUsd).toBeGreaterThan(0);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(billedUsd, 9);
  });

  it('that nobody knows is booked at the bound, and handed on as it is', async () => {
    const { result, report, billedUsd } = await encodedCall('x-unknown', 'http.request');
    expect(result).toEqual({ status: 200, isJson: false });
    expect(report.booked_nano_usd / 1e9).toBeGreaterThan(2 * billedUsd);
    expect(report.open_holds).toBe(0);
  });

  async function encodedCall(encoding: Encoding, channel: string) {
    const site = await openSite();
    const proxy = await encodingProxy(site.anthropic.url, encoding);
    open.push(proxy);
    const env = { CHANNEL: channel, ...behind(site, proxy.url) };
    const ran = await site.run('encoded', { env });
    return { result: ran.result, report: ran.report, billedUsd: site.billedUsd() };
  }
});

describe('other ways to a provider', () => {
  it('by TLS, two at once over one connection', async () => {
    const site = await openSite();
    const proxy = await tlsProxy(site.anthropic.url);
    open.push(proxy);
    const { result, report, stderr } = await site.run('byTls', { env: behind(site, proxy.url) });
    expect(result, stderr).toEqual([200, 200]);
    expect(count(report, 'held', 'https')).toBe(2);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
  });

  it('through proxies, slow agents and dispatchers that are set later: held once each', async () => {
    const site = await openSite();
    const proxy = await connectProxy();
    open.push(proxy);
    const { result, report, stderr } = await site.run('byProxy', {
      config: ROOMY,
      env: { PROXY: proxy.url },
    });
    const answered = { status: 200 };
    expect(result, stderr).toEqual({
      request: answered,
      fetch: answered,
      runtime: answered,
      later: { status: 200, text: expect.any(String) as string },
      absolute: answered,
      global: { request: answered, runtime: answered },
      after: answered,
    });
    expect(site.requestCount()).toBe(8);
    expect(count(report, 'held')).toBe(8);
    expect(proxy.count()).toBeGreaterThan(0);
    expect(report.open_holds).toBe(0);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
  });

  it('what a copy of undici in a bundle sends by itself is refused, and a WebSocket', async () => {
    const site = await openSite();
    const folder = mkdtempSync(join(tmpdir(), 'hardcap-bundled-'));
    const outfile = join(folder, 'bundled.mjs');
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    };
    try {
      await build({
        stdin: { contents: "export { Agent, request, fetch } from 'undici';", resolveDir: '.' },
        bundle: true,
        format: 'esm',
        platform: 'node',
        banner,
        outfile,
        logLevel: 'silent',
      });
      const { result, report, stderr } = await site.run('strangers', { env: { BUNDLED: outfile } });
      expect(result, stderr).toEqual({
        request: 'ROUTE_UNKNOWN',
        byFetch: 'ROUTE_UNKNOWN',
        // By a fetch that is guarded, and by the global dispatcher, its requests are held.
        runtime: 200,
        global: 200,
        opened: 'error',
      });
      expect(site.requestCount()).toBe(2);
      expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('a crowd over few connections: exactly what fits leaves', async () => {
    const site = await openSite({ latencyMs: 20 });
    const { result, report, stderr } = await site.run('crowd');
    const { answered, refused } = result as { answered: number; refused: number };
    expect(answered + refused, stderr).toBe(40);
    expect(answered).toBeGreaterThan(0);
    expect(site.requestCount()).toBe(answered);
    expect(site.billedUsd()).toBeLessThanOrEqual(CAP_USD);
    expect(report.booked_nano_usd / 1e9).toBeCloseTo(site.billedUsd(), 9);
    expect(report.open_holds).toBe(0);
  });
});
