import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmulator, type Emulator } from '../../../src/emulator/emulator.ts';
import { runExample } from '../../docs/example.ts';
import { ROOT } from '../../package/pack.ts';
import { CLAUDE } from '../harness.ts';

const FRAMEWORKS = readdirSync(join(ROOT, 'templates'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const templateOf = (name: string) => join(ROOT, 'templates', name, 'enforcement-middleware.ts');

/** An application around each template: the bearer token is the customer. */
const APPLICATIONS: Readonly<Record<string, string>> = {
  express: `
    const app = (await import('express')).default();
    app.use((req, _res, next) => { req.user = { id: req.headers.authorization }; next(); });
    app.get('/budget', caps.balanceRoute);
    app.use(caps.scoped);
    app.post('/chat', async (_req, res) => res.json(await chat()));
    app.use(caps.errors);
    const server = app.listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const close = () => server.close();
    const { port } = server.address();`,
  fastify: `
    const app = (await import('fastify')).fastify();
    app.decorateRequest('user');
    app.addHook('onRequest', async (request) => {
      request.user = { id: request.headers.authorization };
    });
    caps.attach(app);
    app.get('/budget', caps.balanceRoute);
    app.post('/chat', () => chat());
    await app.listen({ port: 0 });
    const close = () => app.close();
    const { port } = app.server.address();`,
  hono: `
    const { Hono } = await import('hono');
    const { serve } = await import('@hono/node-server');
    const app = new Hono();
    // Hono's own handler logs what a handler throws, before any middleware can say what it is.
    app.onError((_error, c) => c.text('failed', 500));
    app.use((c, next) => { c.set('user', { id: c.req.header('authorization') }); return next(); });
    app.get('/budget', caps.balanceRoute);
    app.use(caps.scoped);
    app.post('/chat', async (c) => c.json(await chat()));
    const server = serve({ fetch: app.fetch, port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const close = () => server.close();
    const { port } = server.address();`,
};

const programOf = (name: string) => `
  import { writeFileSync } from 'node:fs';
  import Anthropic from '@anthropic-ai/sdk';
  import 'hardcap';
  const config = { global_cap_per_day_usd: 5, per_customer_cap_per_day_usd: 0.008 };
  writeFileSync('budget-guard.config.json', JSON.stringify(config));
  const { guard, caps, guardAnthropic } = await import(${JSON.stringify(templateOf(name))});
  const anthropic = guardAnthropic(new Anthropic());
  const chat = () => anthropic.messages.create({
    model: '${CLAUDE}', max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }],
  });
  ${APPLICATIONS[name]}
  const url = 'http://127.0.0.1:' + port;
  const headers = { authorization: 'acme' };
  const statuses = [];
  while (statuses.at(-1) !== 402 && statuses.length < 20) {
    statuses.push((await fetch(url + '/chat', { method: 'POST', headers })).status);
  }
  const balance = await (await fetch(url + '/budget', { headers })).json();
  console.log(JSON.stringify({ statuses, balance }));
  await close();
  await guard.close();
  process.exit(0);
`;

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ reply: { outputTokens: 90 } });
});

afterAll(() => emulator?.close());

describe('the templates', () => {
  it('are there for each framework, and type-check against it', { timeout: 120_000 }, () => {
    expect(FRAMEWORKS).toEqual(['express', 'fastify', 'hono']);
    expect(typeFaults(FRAMEWORKS.map(templateOf))).toEqual([]);
  });

  it.each(FRAMEWORKS)(
    'hold the caps of an application on %s',
    { timeout: 60_000 },
    async (name) => {
      emulator.reset();
      const env = { ANTHROPIC_BASE_URL: emulator.url, ANTHROPIC_API_KEY: 'test' };
      const { code, stdout, stderr } = await runExample({ code: programOf(name) }, env);
      expect(stderr).toBe('');
      expect(code, stdout).toBe(0);
      const { statuses, balance } = JSON.parse(stdout) as {
        readonly statuses: readonly number[];
        readonly balance: unknown;
      };
      expect(statuses.length).toBeGreaterThan(1);
      expect(statuses.slice(0, -1).every((status) => status === 200)).toBe(true);
      expect(statuses.at(-1)).toBe(402);
      const billed = Number(emulator.bill().totalNanoUsd);
      expect(billed).toBeLessThanOrEqual(0.008 * 1e9);
      expect(balance).toMatchObject({
        accounts: [{ scope: 'customer:acme', spend_usd: billed / 1e9, cap_usd: 0.008 }],
      });
    },
  );
});

/** What the compiler says to the files, with this package by its sources. */
function typeFaults(files: readonly string[]): readonly string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, ROOT);
  const program = ts.createProgram(files, {
    ...options,
    noEmit: true,
    paths: {
      hardcap: [join(ROOT, 'src/index.ts')],
      'hardcap/*': [join(ROOT, 'src/middleware/*.ts')],
    },
  });
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  });
}
