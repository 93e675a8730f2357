/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 and Fastify await handlers. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { serve as serveHono } from '@hono/node-server';
import express, { type Express, type Request } from 'express';
import { fastify, type FastifyRequest } from 'fastify';
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { afterEach, describe, expect, it } from 'vitest';
import { hardcapExpress } from '../../../src/middleware/express.ts';
import { hardcapFastify } from '../../../src/middleware/fastify.ts';
import { hardcapHono } from '../../../src/middleware/hono.ts';
import { CLAUDE, openStage, rejection, type Stage } from '../harness.ts';

const ROOMY = { per_customer_cap_per_day_usd: 5, per_feature_cap_per_day_usd: 5 };
const ORIGIN = 'https://app.example';
const SHUT = { global_cap_per_day_usd: 0.0007 };

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function urlOf(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const listening = (app: Express) => urlOf(app.listen(0, '127.0.0.1'));

async function send(url: string, customer = 'acme', method = 'POST') {
  const headers = { 'x-user': customer, origin: ORIGIN };
  const response = await fetch(url, { method, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const call = (stage: Stage) => {
  const anthropic = stage.anthropic();
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return () => anthropic.messages.create({ model: CLAUDE, max_tokens: 100, messages });
};

const spent = ({ guard }: Stage, scopes: Record<string, string>) => {
  const [dimension = ''] = Object.keys(scopes);
  const own = `${dimension}:${scopes[dimension]}`;
  return guard.balance(scopes).find(({ scope }) => scope === own)?.spent_nano_usd;
};

describe('Express', () => {
  const scopes = (req: Request) => ({ customer: req.header('x-user') });

  it('answers errors that come by `next`, by a throw and by a rejection', async () => {
    const stage = await openStage(SHUT);
    const ask = call(stage);
    const caps = hardcapExpress(stage.guard, { scopes });
    const app = express().use(caps.scoped);
    let known: unknown;
    app.post('/next', async (_req, _res, next) => {
      known = await rejection(ask());
      next(known);
    });
    app.post('/reject', async () => void (await ask()));
    app.post('/throw', () => {
      throw known;
    });
    app.use(caps.errors);
    const url = await listening(app);
    for (const path of ['/next', '/reject', '/throw']) {
      const { status, text } = await send(url + path);
      expect([path, status, JSON.parse(text).error.code]).toEqual([path, 402, 'BUDGET_CAP']);
    }
  });

  it('gives other errors to the handlers that come after', async () => {
    const { guard } = await openStage(ROOMY);
    const caps = hardcapExpress(guard, { scopes });
    const app = express().use(caps.scoped);
    app.post('/', () => {
      throw new Error('foreign');
    });
    app.use(caps.errors);
    const last: express.ErrorRequestHandler = (error: Error, _req, res, _next) =>
      void res.status(418).send(error.message);
    app.use(last);
    expect(await send(await listening(app))).toMatchObject({ status: 418, text: 'foreign' });
  });

  it('what `scopes` throws goes the way of all errors, and no handler runs', async () => {
    const { guard } = await openStage(ROOMY);
    let entered = 0;
    const caps = hardcapExpress(guard, {
      scopes: async () => {
        throw new Error('the directory is gone');
      },
    });
    const app = express().use(caps.scoped);
    app.post('/', (_req, res) => void res.send(String((entered += 1))));
    const last: express.ErrorRequestHandler = (error: Error, _req, res, _next) =>
      void res.status(418).send(error.message);
    app.use(last);
    const { status, text } = await send(await listening(app));
    expect([status, text, entered]).toEqual([418, 'the directory is gone', 0]);
  });

  it('books all spellings of a route’s address under its one pattern', async () => {
    const stage = await openStage(ROOMY);
    const ask = call(stage);
    const caps = hardcapExpress(stage.guard, { scopes, routeAsFeature: true });
    const app = express();
    app.all('/chat/:id', caps.scoped, async (_req, res) => {
      await ask();
      res.send('ok');
    });
    app.use(caps.errors);
    const url = await listening(app);
    for (const path of ['/chat/1', '/CHAT/2', '/chat/3/', '/chat/%61?x=1']) {
      expect((await send(url + path)).status, path).toBe(200);
    }
    await send(`${url}/chat/5`, 'acme', 'PUT');
    expect(stage.settled).toHaveLength(5);
    expect(spent(stage, { feature: '/chat/:id' })).toBe(stage.billed());
  });

  it('does not take an unmatched route for one: it fails, loudly', async () => {
    const { guard } = await openStage(ROOMY);
    const told: string[] = [];
    const caps = hardcapExpress(guard, {
      scopes,
      routeAsFeature: true,
      onAnswer: ({ code, message }) => void told.push(`${code} ${message}`),
    });
    const app = express().use(caps.scoped);
    app.post('/chat', (_req, res) => void res.send('ok'));
    app.use(caps.errors);
    const { status, text } = await send(`${await listening(app)}/chat`);
    expect(status).toBe(500);
    expect(text).not.toContain('routeAsFeature');
    expect(told[0]).toMatch(/^CONFIG_INVALID .*put it on the route itself/);
  });

  it('two middlewares of one guard add up, in the handler and outside of its context', async () => {
    const stage = await openStage(ROOMY);
    const ask = call(stage);
    const outer = hardcapExpress(stage.guard, { scopes });
    const inner = hardcapExpress(stage.guard, { routeAsFeature: true });
    const pool: (() => void)[] = [];
    const app = express().use(outer.scoped);
    app.post('/chat', inner.scoped, (req, res) => {
      pool.push(() => {
        inner
          .of(req)
          ?.run(ask)
          .then(
            () => res.send('ok'),
            () => res.status(500).end(),
          );
      });
    });
    // A worker that was there before any request: its context is nobody's.
    const worker = setInterval(() => pool.splice(0).forEach((job) => job()), 5);
    closers.push(() => clearInterval(worker));
    expect((await send(`${await listening(app)}/chat`)).status).toBe(200);
    expect(spent(stage, { customer: 'acme' })).toBe(stage.billed());
    expect(spent(stage, { feature: '/chat' })).toBe(stage.billed());
  });

  it('`iterate` makes each step of a sequence for the request', async () => {
    const stage = await openStage(ROOMY);
    const ask = call(stage);
    const caps = hardcapExpress(stage.guard, { scopes });
    const app = express().use(caps.scoped);
    const steps: (() => Promise<unknown>)[] = [];
    app.post('/', (req, res) => {
      async function* answers() {
        yield await ask();
        yield await ask();
      }
      const sequence = caps.of(req)?.iterate(answers())[Symbol.asyncIterator]();
      steps.push(async () => sequence?.next());
      res.send('ok');
    });
    await send(await listening(app));
    for (const step of steps) {
      await step();
      await step();
    }
    expect(stage.settled).toHaveLength(2);
    expect(spent(stage, { customer: 'acme' })).toBe(stage.billed());
  });
});

describe('Fastify', () => {
  const scopes = (request: FastifyRequest) => ({ customer: String(request.headers['x-user']) });

  it('keeps the scopes when a hook in between loses the context', async () => {
    const stage = await openStage(ROOMY);
    const ask = call(stage);
    const caps = hardcapFastify(stage.guard, { scopes });
    const app = fastify();
    const waiting: (() => void)[] = [];
    const worker = setInterval(() => waiting.splice(0).forEach((done) => done()), 5);
    closers.push(() => clearInterval(worker));
    caps.attach(app);
    app.addHook('preHandler', (_request, _reply, done) => void waiting.push(done));
    app.post('/', async () => ({ id: (await ask()).id }));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    closers.push(() => app.close());
    expect((await send(url)).status).toBe(200);
    expect(spent(stage, { customer: 'acme' })).toBe(stage.billed());
  });

  it('attaches to the instance it is given and to those inside, and to no other', async () => {
    const stage = await openStage({ ...ROOMY, unattributed: 'refuse' });
    const ask = call(stage);
    const caps = hardcapFastify(stage.guard, { scopes, routeAsFeature: true });
    const app = fastify();
    app.post('/outside', async (request) => ({ seen: caps.of(request) !== undefined }));
    app.register(
      async (inside) => {
        caps.attach(inside);
        inside.register(async (deeper) => {
          deeper.post('/:id', async () => ({ id: (await ask()).id }));
        });
      },
      { prefix: '/inside' },
    );
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    closers.push(() => app.close());
    expect(JSON.parse((await send(`${url}/outside`)).text)).toEqual({ seen: false });
    expect((await send(`${url}/inside/7`)).status).toBe(200);
    expect(spent(stage, { feature: '/inside/:id' })).toBe(stage.billed());
    expect((await send(`${url}/inside/7/nothing`)).status).toBe(404);
  });

  it('answers ours before the application’s error handlers, which get all others', async () => {
    const stage = await openStage(SHUT);
    const ask = call(stage);
    const caps = hardcapFastify(stage.guard, { scopes });
    const app = fastify();
    const seen: string[] = [];
    caps.attach(app);
    app.setErrorHandler<Error>((error, _request, reply) => {
      seen.push(error.message);
      return reply.code(418).send('application');
    });
    app.post('/ours', async () => void (await ask()));
    app.post('/stream', async () => {
      async function* pieces() {
        await ask();
        yield 'never';
      }
      return Readable.from(pieces());
    });
    app.post('/foreign', async () => {
      throw new Error('foreign');
    });
    const own = {
      errorHandler: (
        _e: unknown,
        _q: unknown,
        reply: { code(n: number): { send(t: string): unknown } },
      ) => void reply.code(417).send('route'),
    };
    app.post('/own', own, async () => {
      throw new Error('foreign');
    });
    app.post('/text', async () => {
      throw 'no error'; // oxlint-disable-line no-throw-literal, only-throw-error
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    closers.push(() => app.close());
    for (const path of ['/ours', '/stream']) {
      const { status, text } = await send(url + path);
      expect([path, status, text.includes('BUDGET_CAP')]).toEqual([path, 402, true]);
      expect(text).not.toContain('0.0007');
    }
    expect(seen).toEqual([]);
    expect(await send(`${url}/foreign`)).toMatchObject({ status: 418, text: 'application' });
    expect(await send(`${url}/own`)).toMatchObject({ status: 417, text: 'route' });
    expect((await send(`${url}/text`)).status).toBe(500);
    expect(seen).toEqual(['foreign']);
  });

  it('leaves nothing of an answer to a response schema of the route', async () => {
    const stage = await openStage(SHUT);
    const ask = call(stage);
    const caps = hardcapFastify(stage.guard, { scopes });
    const app = fastify();
    caps.attach(app);
    const schema = { response: { '4xx': { type: 'object', properties: { nothing: {} } } } };
    app.post('/', { schema }, async () => void (await ask()));
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    closers.push(() => app.close());
    expect(JSON.parse((await send(url)).text)).toMatchObject({ error: { code: 'BUDGET_CAP' } });
  });
});

describe('Hono', () => {
  const scopes = (c: Context) => ({ customer: c.req.header('x-user') });
  const listen = (app: Hono) =>
    urlOf(serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server);

  it('keeps what other middleware had set, so that a browser may read the refusal', async () => {
    const stage = await openStage(SHUT);
    const ask = call(stage);
    const caps = hardcapHono(stage.guard, { scopes });
    const app = new Hono();
    app.use(cors({ origin: ORIGIN }));
    app.onError((_error, c) => c.text('failed', 500, { 'cache-control': 'public', etag: 'x' }));
    app.use(caps.scoped);
    app.post('/', async (c) => c.json(await ask()));
    const { status, headers, text } = await send(await listen(app));
    expect([status, JSON.parse(text).error.code]).toEqual([402, 'BUDGET_CAP']);
    expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('etag')).toBeNull();
  });

  it('answers errors of an application inside it too, and leaves it all others', async () => {
    const stage = await openStage(SHUT);
    const ask = call(stage);
    const caps = hardcapHono(stage.guard, { scopes, routeAsFeature: true });
    const inner = new Hono();
    inner.onError((error, c) => c.text(error.message, 418));
    inner.post('/ours/:id', async (c) => c.json(await ask()));
    inner.post('/foreign', async () => {
      throw new Error('foreign');
    });
    const app = new Hono();
    app.use(caps.scoped);
    app.route('/inner', inner);
    const url = await listen(app);
    expect((await send(`${url}/inner/ours/1`)).status).toBe(402);
    expect(await send(`${url}/inner/foreign`)).toMatchObject({ status: 418, text: 'foreign' });
  });

  it('books a route under its pattern', async () => {
    const stage = await openStage(ROOMY);
    const ask = call(stage);
    const caps = hardcapHono(stage.guard, { scopes, routeAsFeature: true });
    const app = new Hono();
    app.use('/chat/*', caps.scoped);
    app.post('/chat/:id', async (c) => c.json(await ask()));
    const url = await listen(app);
    await send(`${url}/chat/1`);
    await send(`${url}/chat/2`);
    expect(stage.settled).toHaveLength(2);
    expect(spent(stage, { feature: '/chat/:id' })).toBe(stage.billed());
    expect((await send(`${url}/chat/1/nothing`)).status).toBe(404);
  });

  it('refusals are typed though the server replaces the global Response', async () => {
    const stage = await openStage(SHUT);
    await listen(new Hono());
    await expect(call(stage)()).rejects.toMatchObject({ code: 'BUDGET_CAP', retryable: false });
  });
});
