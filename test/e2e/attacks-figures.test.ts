/* oxlint-disable oxc/no-async-endpoint-handlers -- Fastify awaits handlers. */
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { describe, expect, it } from 'vitest';
import { BudgetGuard, guardedFetch } from '../../src/index.ts';
import { hardcapFastify } from '../../src/middleware/fastify.ts';
import { hardcapHono } from '../../src/middleware/hono.ts';

/** Ways to read figures of others, each found once by a reviewer and kept as a test. */

const payload = JSON.stringify({
  model: 'claude-opus-4-1',
  max_tokens: 20_000,
  messages: [{ role: 'user', content: 'Hello' }],
});

/** A fetch under a cap that everybody shares, and that no call fits into. */
function shut() {
  const guard = new BudgetGuard({ global_cap_per_day_usd: 0.01 });
  const fetch = guardedFetch(guard, { fetch: () => Promise.resolve(new Response('{}')) });
  const ask = () =>
    fetch('https://api.anthropic.com/v1/messages', { method: 'POST', body: payload });
  return { guard, ask };
}

/** How a handler hands a response on without making one of its own. */
const RELAYS: readonly [string, (response: Response) => Response][] = [
  ['as it came', (response) => response],
  [
    'in a response of its own',
    ({ body, status, headers }) => new Response(body, { status, headers }),
  ],
  ['as the body of a success', ({ body }) => new Response(body)],
];

describe('a refusal that a handler hands on shows no figures of shared caps', () => {
  it('the control: the refusal itself has them', async () => {
    const response = await shut().ask();
    expect([response.status, await response.text()]).toEqual([
      402,
      expect.stringContaining('"cap_usd":0.01'),
    ]);
  });

  it.each(RELAYS)('in Hono, %s', async (_name, relayed) => {
    const { guard, ask } = shut();
    const told: string[] = [];
    const caps = hardcapHono(guard, {
      scopes: () => ({ customer: 'acme' }),
      onAnswer: ({ code }) => void told.push(code),
    });
    const app = new Hono();
    app.use(caps.scoped);
    app.post('/chat', async () => relayed(await ask()));
    await hidden(await app.request('/chat', { method: 'POST' }));
    expect(told).toEqual(['BUDGET_CAP']);
  });

  it.each(RELAYS)('in Hono behind another middleware, %s', async (_name, relayed) => {
    const { guard, ask } = shut();
    const caps = hardcapHono(guard, { scopes: () => ({ customer: 'acme' }) });
    const app = new Hono();
    app.use(caps.scoped);
    app.use(cors({ origin: 'https://app.example' }));
    app.post('/chat', async () => relayed(await ask()));
    const response = await app.request('/chat', {
      method: 'POST',
      headers: { origin: 'https://app.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    await hidden(response);
  });

  it.each([...RELAYS, ['as a body alone', ({ body }: Response) => body]] as const)(
    'in Fastify, %s',
    async (_name, relayed) => {
      const { guard, ask } = shut();
      const caps = hardcapFastify(guard, { scopes: () => ({ customer: 'acme' }) });
      const app = fastify();
      caps.attach(app);
      app.post('/chat', async (_request, reply) => {
        const body = relayed(await ask());
        return reply.header('etag', 'x').send(body);
      });
      const { statusCode, headers, body } = await app.inject({ method: 'POST', url: '/chat' });
      expect(headers['etag']).toBeUndefined();
      await hidden(
        new Response(body, { status: statusCode, headers: headers as Record<string, string> }),
      );
      await app.close();
    },
  );
});

async function hidden(response: Response): Promise<void> {
  expect(response.status).toBe(402);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-should-retry')).toBe('false');
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'BUDGET_CAP', cap_usd: null } });
  expect(text).not.toMatch(/0\.01|global/);
}
