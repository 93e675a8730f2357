import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SimulationAnswer } from '../../src/cli/simulate/answer.ts';
import { openGate } from '../../src/cli/simulate/gate.ts';
import { appFile, emptyFolder, simulated } from './world.ts';

const run = (app: string) => ['--', process.execPath, appFile(app)];

describe('a command in a dry run', () => {
  it('reaches no provider, by whichever way, and has no key to one', async () => {
    const folder = emptyFolder();
    const real = {
      ANTHROPIC_API_KEY: 'sk-ant-real',
      ANTHROPIC_AUTH_TOKEN: 'real',
      OPENAI_API_KEY: 'sk-real',
      MISTRAL_API_KEY: 'real',
      HARDCAP_LEDGER: 'spend.db',
      MINE: 'stays',
    };
    const { code, out, err } = await simulated(['--json', ...run('escapes')], folder, real);
    const said = JSON.parse(err.split('\n').find((line) => line.startsWith('{')) ?? '{}') as {
      outcomes: Record<string, string>;
      env: Record<string, string>;
    };
    expect(said.env).toEqual({
      ANTHROPIC_API_KEY: 'hardcap-dry-run',
      OPENAI_API_KEY: 'hardcap-dry-run',
      MINE: 'stays',
    });
    expect(said.outcomes).toMatchObject({
      'address in the code': 'answered',
      fetch: 'answered',
      guardedFetch: 'answered',
      https: expect.stringContaining('no connection to api.anthropic.com leaves'),
      net: expect.stringContaining('no connection to generativelanguage.googleapis.com leaves'),
    });
    const answer = JSON.parse(out) as SimulationAnswer;
    expect(answer.dry_run).toMatchObject({
      calls: 3,
      stopped_hosts: ['api.anthropic.com', 'generativelanguage.googleapis.com'],
    });
    expect(answer.failing.map(({ reason }) => reason)).toEqual(['connection-stopped']);
    expect(code).toBe(1);
  });

  it('tells who calls: every scope of its guard, outermost first', async () => {
    const folder = emptyFolder();
    const { code, err } = await simulated(['--record', 'seen.json', ...run('one-call')], folder);
    expect(code, err).toBe(0);
    const seen = JSON.parse(readFileSync(join(folder, 'seen.json'), 'utf8')) as {
      calls: unknown[];
    };
    expect(seen.calls).toMatchObject([
      {
        provider: 'anthropic',
        route: 'messages',
        model: 'claude-haiku-4-5',
        scopes: { customer: ['Ångström & Söhne'], agent: ['root', 'child'], feature: ['chat'] },
        max_output_tokens: 400,
      },
    ]);
  });

  it('is billed by the emulator what the price book forecasts', async () => {
    const { out } = await simulated(['--json', ...run('one-call')], emptyFolder());
    const { dry_run: ran, forecast } = JSON.parse(out) as SimulationAnswer;
    expect(ran?.billed_nano_usd).toBeGreaterThan(0);
    expect(forecast.cost.mean_nano_usd).toBe(ran?.billed_nano_usd);
  });

  it('that fails is a no, and agrees to no baseline', async () => {
    const folder = emptyFolder();
    const args = ['--write-baseline', 'baseline.json', ...run('one-call')];
    const { code, out } = await simulated(args, folder, { CALL_EXIT: '3' });
    expect(code).toBe(1);
    expect(out).toContain('The command ended with 3');
    expect(() => readFileSync(join(folder, 'baseline.json'))).toThrow('ENOENT');
  });

  it('that asks for a model without a price is refused, with the way out', async () => {
    const folder = emptyFolder();
    const env = { CALL_MODEL: 'claude-haiku-4-6-turbo' };
    const { code, err } = await simulated(run('plain-call'), folder, env);
    expect(code).toBe(2);
    expect(err).toContain('"claude-haiku-4-6-turbo", for which no price is known');
    expect(err).toContain('budget-guard.config.json');
  });

  it('is priced and billed at the user’s own prices', async () => {
    const folder = emptyFolder();
    const prices = [
      {
        provider: 'anthropic',
        model: 'claude-own',
        usdPerMillion: { input: 1, output: 100 },
      },
    ];
    writeFileSync(join(folder, 'budget-guard.config.json'), JSON.stringify({ caps: [], prices }));
    const args = ['--json', '--answer-tokens', '50', '--answer-sigma', '0', ...run('plain-call')];
    const { code, out, err } = await simulated(args, folder, { CALL_MODEL: 'claude-own' });
    expect(code, err).toBe(0);
    const { dry_run: ran, forecast } = JSON.parse(out) as SimulationAnswer;
    // 50 x $100 a million, and 8 of input: "Hello" is 2 tokens in a frame of 6.
    expect(forecast.cost.mean_nano_usd).toBe(50 * 100_000 + 8 * 1_000);
    expect(ran?.billed_nano_usd).toBe(forecast.cost.mean_nano_usd);
  });

  it('gets answers as long as was said for its model and scopes', async () => {
    const folder = emptyFolder();
    const rules = [
      { scopes: { feature: 'search' }, output_tokens: 11 },
      { scopes: { feature: 'chat' }, model: 'claude-haiku-4-5', output_tokens: 77 },
    ];
    const answers = { kind: 'hardcap-answers', version: 1, rules };
    writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
    const args = ['--answers', 'answers.json', '--record', 'seen.json', ...run('one-call')];
    expect((await simulated(args, folder)).code).toBe(0);
    expect(readFileSync(join(folder, 'seen.json'), 'utf8')).toContain('"output": 77');
  });

  it('says its scopes by a header or a field of its own', async () => {
    const folder = emptyFolder();
    const attribute = ['customer=body:metadata.user_id', 'feature=header:X-Feature'];
    const args = [...attribute.flatMap((each) => ['--attribute', each]), '--record', 'seen.json'];
    const { code, err } = await simulated([...args, ...run('plain-call')], folder);
    expect(code, err).toBe(0);
    const seen = JSON.parse(readFileSync(join(folder, 'seen.json'), 'utf8')) as {
      calls: { scopes: unknown }[];
    };
    expect(seen.calls[0]?.scopes).toEqual({ customer: ['user-7'], feature: ['plain'] });
  });
});

describe('a command that does not end', () => {
  it('is ended after --for with all that it started, which is no failure', async () => {
    const shell = `${process.execPath} ${appFile('plain-call')} & wait`;
    const args = ['--for', '12s', '--json', '--', 'sh', '-c', shell];
    const { code, out, err } = await simulated(args, emptyFolder(), { CALL_STAYS: '1' });
    expect(code, err).toBe(0);
    const { dry_run: ran } = JSON.parse(out) as SimulationAnswer;
    expect(ran).toMatchObject({ calls: 1, exit_code: 0 });
  });
});

describe('a client that nobody wrapped, with --register', () => {
  const register = ['--register', '--config', 'caps.json', '--json'];

  it('is guarded by the configuration, and tells the scopes of the environment', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'caps.json'), JSON.stringify({ global_cap_per_day_usd: 5 }));
    const args = [...register, '--record', 'seen.json', ...run('plain-call')];
    const { code, err } = await simulated(args, folder, { HARDCAP_SCOPES: 'customer=acme' });
    expect(code, err).toBe(0);
    expect(readFileSync(join(folder, 'seen.json'), 'utf8')).toMatch(/"customer": \[\s*"acme"/);
  });

  it('is refused by its caps before the emulator hears of it', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'caps.json'), JSON.stringify({ global_cap_per_day_usd: 0 }));
    const { code, err } = await simulated([...register, ...run('plain-call')], folder);
    expect(err).toContain('402');
    expect(err).toContain('made no call that a provider would bill');
    expect(code).toBe(2);
  });
});

describe('the proxy for other programs', () => {
  it('stops a Python program on its way to a provider', async () => {
    const script =
      'import urllib.request\n' +
      'try:\n  urllib.request.urlopen("https://api.openai.com/v1/models", timeout=10)\n' +
      'except Exception as error:\n  print("stopped:", error)\n';
    const { code, err } = await simulated(['--', 'python3', '-c', script], emptyFolder());
    expect(err).toContain('stopped: <urlopen error Tunnel connection failed: 403 Forbidden>');
    expect(err).toContain('it was stopped from reaching api.openai.com');
    expect(code).toBe(2);
  });

  it('passes on what goes elsewhere, byte by byte', async () => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const address = echo.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const gate = await openGate();
    const said = await new Promise<string>((resolve, reject) => {
      const connecting = request(gate.url, { method: 'CONNECT', path: `127.0.0.1:${port}` });
      connecting.once('error', reject).once('connect', (_response, socket) => {
        socket.once('data', (bytes: Buffer) => resolve(bytes.toString('utf8')));
        socket.write('hello');
      });
      connecting.end();
    });
    await gate.close();
    await new Promise((resolve) => echo.close(resolve));
    expect(said).toBe('hello');
    expect(gate.stopped).toEqual([]);
  });
});
