import { request as httpRequest } from 'node:http';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { BudgetGuardConfig } from '../../../src/index.ts';
import { createMemoryLedger } from '../../../src/index.ts';
import { CLAUDE, GPT, openStage, until, type Stage, type StageOptions } from '../harness.ts';
import type { Application, JsonHandler, Parts } from './application.ts';
import { FRAMEWORKS, type Framework } from './applications.ts';

const CUSTOMERS = 20;
const REQUESTS = 200;
const NANO = 1e9;
/** Of one customer; some five of the calls below fit. */
const CAP_USD = 0.03;
const BIG = 'x'.repeat(300_000);

interface Served {
  readonly stage: Stage;
  readonly app: Application;
  /** How often the handlers were entered. */
  readonly entered: () => number;
}

const served: Application[] = [];

afterEach(async () => {
  for (const app of served.splice(0)) await app.close();
});

/** Scopes that a call made here and now would be charged to. */
function scopesNow({ guard }: Stage): readonly string[] {
  return guard.balance().map(({ scope }) => scope);
}

const ask = (prompt: string) => ({
  model: CLAUDE,
  max_tokens: 200,
  messages: [{ role: 'user' as const, content: prompt }],
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface ServeOptions extends StageOptions {
  readonly options?: Parts['options'];
  /** How many requests to `/chat` must be there before any of them makes its call. */
  readonly rush?: number;
}

async function serve(
  framework: Framework,
  config: BudgetGuardConfig,
  { options = {}, rush = 0, ...rest }: ServeOptions = {},
): Promise<Served> {
  const stage = await openStage(config, { reply: { outputTokens: 150 }, ...rest });
  const [anthropic, openai] = [stage.anthropic({ maxRetries: 2 }), stage.openai()];
  let entries = 0;
  const counted =
    (handler: JsonHandler): JsonHandler =>
    (caps, prompt) => {
      entries += 1;
      return handler(caps, prompt);
    };
  const call = (prompt = 'Hello') => anthropic.messages.create(ask(prompt));
  const json: Record<string, JsonHandler> = {
    '/chat': async (_caps, prompt) => {
      const before = scopesNow(stage);
      await pause(entries % 7);
      await until(() => entries >= rush, 20_000);
      await call(prompt);
      return { scopes: [before, scopesNow(stage)] };
    },
    '/openai': async () => {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      await openai.chat.completions.create({ model: GPT, max_completion_tokens: 200, messages });
      return {};
    },
    '/streamed': async () => {
      const events = anthropic.messages.stream(ask('Hello'));
      return { text: await events.finalText() };
    },
    '/wrapped': async () => {
      const failed = await call().catch((error: unknown) => error);
      const tried = new AggregateError([new Error('another'), failed]);
      throw new Error('the agent gave up', { cause: tried });
    },
    '/foreign': async () => {
      throw new Error('foreign words');
    },
    '/slow': async (caps) => {
      await anthropic.messages.create(ask('Hello'), { signal: caps.signal, maxRetries: 0 });
      return {};
    },
  };
  const late: Parts['events'][string] = async (send) => {
    await send('data: one\n\n');
    await pause(50);
    await call();
    await send('data: two\n\n');
  };
  const app = await framework.open({
    guard: stage.guard,
    options,
    json: Object.fromEntries(Object.entries(json).map(([path, one]) => [path, counted(one)])),
    events: { '/late': late },
    texts: { '/late-text': late },
    pieces: {
      '/pieces': async function* pieces() {
        for (let step = 0; step < 4; step += 1) {
          await call(`Step ${step}`);
          yield BIG;
        }
      },
    },
  });
  served.push(app);
  return { stage, app, entered: () => entries };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The body as JSON; fails where it is none. */
const body = ({ text }: Answer) => JSON.parse(text) as Body;

interface Body {
  readonly error: Readonly<Record<string, unknown>>;
}

async function post(
  { app }: Pick<Served, 'app'>,
  path: string,
  { customer, prompt = 'Hello', headers = {} }: Sent = {},
): Promise<Answer> {
  const response = await fetch(`${app.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(customer === undefined ? {} : { authorization: `Bearer ${customer}` }),
      ...headers,
    },
    body: JSON.stringify({ prompt }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

interface Sent {
  readonly customer?: string;
  readonly prompt?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function get({ app }: Served, path: string, customer?: string): Promise<Answer> {
  const headers = customer === undefined ? undefined : { authorization: `Bearer ${customer}` };
  const response = await fetch(`${app.url}${path}`, headers === undefined ? {} : { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function spent({ guard }: Stage, customer: string): number {
  const balances = guard.balance({ customer });
  return balances.find(({ scope }) => scope.startsWith('customer:'))?.spent_nano_usd ?? -1;
}

describe.each(FRAMEWORKS)('caps of customers behind $name', (framework) => {
  it('hold at 200 requests at once, and no request is charged to another customer', async () => {
    const config = { global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: CAP_USD };
    const all = await serve(framework, config, {
      rush: REQUESTS,
      // So slow that none is settled when the last one asks.
      fault: () => ({ kind: 'delay', latencyMs: 2_500 }),
    });
    const { stage } = all;
    const names = Array.from({ length: CUSTOMERS }, (_, index) => `customer-${100 + index}`);
    const call = { provider: 'anthropic', body: ask('I am customer-100.') } as const;
    const { bound_nano_usd: bound } = stage.guard.check(call);
    const fitting = Math.floor((CAP_USD * NANO) / Number(bound));
    expect(fitting).toBeGreaterThan(2);
    expect(fitting).toBeLessThan(REQUESTS / CUSTOMERS);

    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, index) => {
        const customer = names[index % CUSTOMERS] ?? '';
        return [
          customer,
          await post(all, '/chat', { customer, prompt: `I am ${customer}.` }),
        ] as const;
      }),
    );
    for (const [customer, answer] of answers) {
      if (answer.status === 200) {
        const own = ['global', `customer:${customer}`];
        expect(body(answer)).toEqual({ scopes: [own, own] });
      } else {
        expect(answer.status).toBe(402);
        expect(body(answer).error).toMatchObject({ scope: `customer:${customer}` });
      }
    }
    const { entries } = stage.emulator.bill();
    for (const customer of names) {
      const served = answers.filter(([name, { status }]) => name === customer && status === 200);
      expect(served.length, customer).toBe(fitting);
      const theirs = entries.filter(({ requestIndex }) =>
        stage.emulator.requests[requestIndex]?.bodyText.includes(`I am ${customer}.`),
      );
      const billed = theirs.reduce((sum, { nanoUsd }) => sum + Number(nanoUsd), 0);
      expect(billed).toBeLessThanOrEqual(CAP_USD * NANO);
      expect(spent(stage, customer), customer).toBe(billed);
    }
    expect(spent(stage, 'unattributed')).toBe(0);
  });

  it('hold for the OpenAI client and for streams of the Anthropic client too', async () => {
    const all = await serve(framework, { per_customer_cap_per_day_usd: 0.012 });
    for (const path of ['/openai', '/streamed']) {
      expect((await post(all, path, { customer: path })).status, path).toBe(200);
      expect(spent(all.stage, path), path).toBeGreaterThan(0);
      let status = 200;
      for (let turn = 0; turn < 9 && status === 200; turn += 1) {
        status = (await post(all, path, { customer: path })).status;
      }
      expect(status, path).toBe(402);
      expect(spent(all.stage, path)).toBeLessThanOrEqual(0.012 * NANO);
    }
  });

  it('hold for calls between the pieces of a body that the socket pulls', async () => {
    const all = await serve(framework, { per_customer_cap_per_day_usd: 1 });
    const answer = await post(all, '/pieces', { customer: 'acme' });
    expect(answer.text.length).toBe(4 * BIG.length);
    expect(all.stage.settled).toHaveLength(4);
    expect(spent(all.stage, 'acme')).toBe(all.stage.billed());
    expect(spent(all.stage, 'unattributed')).toBe(0);
  });
});

describe.each(FRAMEWORKS)('a refusal behind $name', (framework) => {
  const SHUT = { global_cap_per_day_usd: 5, per_customer_cap_per_day_usd: 0.001 };

  it('is a 402 with the caller’s own figures, kept by no cache and sent again by nobody', async () => {
    const all = await serve(framework, SHUT);
    const answer = await post(all, '/chat', { customer: 'acme' });
    expect(answer.status).toBe(402);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { error } = body(answer);
    expect(error).toMatchObject({
      type: 'refusal',
      code: 'BUDGET_CAP',
      retryable: false,
      scope: 'customer:acme',
      window: 'day',
      cap_usd: 0.001,
      spend_usd: 0,
      held_usd: 0,
    });
    expect(Date.parse(String(error['resets_at']))).toBeGreaterThan(Date.now());
    expect(error['message']).toContain(
      'customer:acme has $0.00 spent and $0.00 held of its $0.001',
    );
    expect(answer.text).not.toContain(CLAUDE);
    expect(answer.text).not.toContain('global');
    expect(all.stage.emulator.requestCount).toBe(0);
  });

  it('by a cap that others share shows none of its figures', async () => {
    const all = await serve(framework, {
      global_cap_per_day_usd: 0.0009,
      per_customer_cap_per_day_usd: 2,
    });
    const answer = await post(all, '/chat', { customer: 'acme' });
    expect(answer.status).toBe(402);
    const { error } = body(answer);
    expect(error).toMatchObject({ scope: null, window: null, cap_usd: null, spend_usd: null });
    expect(error['resets_at']).not.toBeNull();
    expect(answer.text).not.toContain('0.0009');
    expect(answer.text).not.toContain('global');
  });

  it('says everything to colleagues, and nothing where nothing may be said', async () => {
    const open = await serve(framework, SHUT, { options: { reveal: 'all', refusalStatus: 429 } });
    const told = await post(open, '/chat', { customer: 'acme' });
    expect(told.status).toBe(429);
    expect(body(told)).toMatchObject({ error: { budget: { accounts: [{ cap_usd: 0.001 }] } } });
    const closed = await serve(framework, SHUT, { options: { reveal: 'nothing' } });
    expect((await post(closed, '/chat', { customer: 'acme' })).text).not.toContain('acme');
  });

  it('is found behind the errors of an agent', async () => {
    const all = await serve(framework, SHUT);
    const answer = await post(all, '/wrapped', { customer: 'acme' });
    expect([answer.status, body(answer).error['code']]).toEqual([402, 'BUDGET_CAP']);
    expect(answer.text).not.toContain('gave up');
  });

  it('costs an SDK client of the service one request', async () => {
    const all = await serve(framework, SHUT);
    const client = new OpenAI({ apiKey: 'acme', baseURL: all.app.url, maxRetries: 2 });
    await expect(client.post('/chat', { body: { prompt: 'Hello' } })).rejects.toMatchObject({
      status: 402,
      error: { code: 'BUDGET_CAP' },
    });
    expect(all.entered()).toBe(1);
  });

  it('leaves errors that are not ours to the application', async () => {
    const all = await serve(framework, SHUT);
    const answer = await post(all, '/foreign', { customer: 'acme' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('BUDGET_CAP');
    expect(answer.headers.get('x-should-retry')).toBeNull();
  });

  it('for want of a store is a 503 that tells no secret', async () => {
    const told: string[] = [];
    const gone = { kind: 'unavailable', cause: new Error('postgres://user:secret@db') } as const;
    const ledger = { ...createMemoryLedger(), reserve: () => gone, reserveAsync: async () => gone };
    const onAnswer = ({ code }: { readonly code: string }) => void told.push(code);
    const all = await serve(framework, SHUT, { ledger, options: { onAnswer } });
    const answer = await post(all, '/chat', { customer: 'acme' });
    expect([answer.status, body(answer).error['code']]).toEqual([503, 'STORE_UNAVAILABLE']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.text).not.toContain('secret');
    expect(told).toEqual(['STORE_UNAVAILABLE']);
    expect(all.stage.emulator.requestCount).toBe(0);
  });
});

describe.each(FRAMEWORKS)('a refusal after the answer has begun, behind $name', (framework) => {
  const SHUT = { per_customer_cap_per_day_usd: 0.0003 };

  it('ends an event stream with an error event', async () => {
    const all = await serve(framework, SHUT);
    const answer = await post(all, '/late', { customer: 'acme' });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('data: two');
    const [, data = ''] = /^data: one\n\n\n*event: error\ndata: (.*)\n\n$/.exec(answer.text) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      type: 'error',
      error: { code: 'BUDGET_CAP', scope: 'customer:acme', cap_usd: 0.0003 },
    });
  });

  it('shows no figures of shared caps there either', async () => {
    const all = await serve(framework, { global_cap_per_day_usd: 0.0003 });
    const answer = await post(all, '/late', { customer: 'acme' });
    expect(answer.text).toContain('BUDGET_CAP');
    expect(answer.text).not.toContain('0.0003');
  });

  it('cuts any other body, so that nobody takes it for the whole', async () => {
    const all = await serve(framework, SHUT);
    await expect(post(all, '/late-text', { customer: 'acme' })).rejects.toThrow('terminated');
  });

  it('cuts a body that was being pulled', async () => {
    const all = await serve(framework, { per_customer_cap_per_day_usd: 0.008 });
    await expect(post(all, '/pieces', { customer: 'acme' })).rejects.toThrow('terminated');
    expect(spent(all.stage, 'acme')).toBe(all.stage.billed());
    expect(all.stage.billed()).toBeGreaterThan(0);
    expect(all.stage.billed()).toBeLessThanOrEqual(0.008 * NANO);
  });
});

describe.each(FRAMEWORKS)('at the door of $name', (framework) => {
  const ROOMY = { global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 0.4 };

  it('a request whose caps have too little left never reaches its handler', async () => {
    const all = await serve(framework, ROOMY, { options: { minRemainingUsd: 0.5 } });
    const answer = await post(all, '/chat', { customer: 'acme' });
    expect([answer.status, all.entered()]).toEqual([402, 0]);
    expect(body(answer)).toMatchObject({ error: { code: 'BUDGET_CAP', scope: 'customer:acme' } });
    const enough = await serve(framework, ROOMY, { options: { minRemainingUsd: 0.4 } });
    expect((await post(enough, '/chat', { customer: 'acme' })).status).toBe(200);
    expect((await post(enough, '/chat', { customer: 'acme' })).status).toBe(402);
    expect((await post(enough, '/chat', { customer: 'other' })).status).toBe(200);
    expect(enough.entered()).toBe(2);
  });

  it('a request of nobody is refused where somebody is required, else shared', async () => {
    const strict = await serve(framework, ROOMY, { options: { required: ['customer'] } });
    const refused = await post(strict, '/chat');
    expect([refused.status, body(refused).error['code']]).toEqual([403, 'SCOPE_MISSING']);
    expect(strict.entered()).toBe(0);
    const options = { required: ['customer'], missingStatus: 401 } as const;
    const asking = await post(await serve(framework, ROOMY, { options }), '/chat');
    expect([asking.status, asking.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const shared = await serve(framework, ROOMY);
    expect((await post(shared, '/chat')).status).toBe(200);
    expect(spent(shared.stage, 'unattributed')).toBe(shared.stage.billed());
  });

  it('the guard’s own refusal of nobody has the same status', async () => {
    const all = await serve(framework, { ...ROOMY, unattributed: 'refuse' });
    const answer = await post(all, '/chat');
    expect([answer.status, body(answer).error['code']]).toEqual([403, 'SCOPE_MISSING']);
  });

  it.each(['unattributed', '*', 'acme*', 'a'.repeat(129), 'acme, other', 'acm\u00e9\u00a0x'])(
    'a header that names %j is refused, and no account is made of it',
    async (value) => {
      const options = { trustedHeaders: { customer: 'X-Customer' } };
      const all = await serve(framework, ROOMY, { options });
      const answer = await post(all, '/chat', { headers: { 'x-customer': value } });
      expect([answer.status, body(answer).error['code']]).toEqual([400, 'REQUEST_INVALID']);
      expect(answer.text).not.toContain(value);
      expect(all.entered()).toBe(0);
    },
  );

  it('a trusted header names the customer; given twice it names nobody', async () => {
    const options = { trustedHeaders: { customer: 'X-Customer' } };
    const all = await serve(framework, ROOMY, { options });
    const sent = await post(all, '/chat', { headers: { 'x-customer': 'acme' } });
    expect(sent.status).toBe(200);
    expect(spent(all.stage, 'acme')).toBe(all.stage.billed());
    const status = await new Promise((resolve, reject) => {
      const headers = { 'x-customer': ['acme', 'other'], 'content-length': '0' };
      const request = httpRequest(`${all.app.url}/chat`, { method: 'POST', headers });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(400);
  });

  it('a header that nobody was told to trust changes nothing', async () => {
    const all = await serve(framework, ROOMY);
    const headers = { 'x-customer': 'victim', 'x-hardcap-scope': 'customer=victim' };
    await post(all, '/chat', { customer: 'acme', headers });
    expect(spent(all.stage, 'acme')).toBe(all.stage.billed());
    expect(spent(all.stage, 'victim')).toBe(0);
  });

  it('the balance route tells the caller’s own accounts, also when nothing is left', async () => {
    const caps = [{ scope: 'customer', window: 'lifetime' as const, calls: 1 }];
    const all = await serve(framework, { ...ROOMY, caps }, { options: { minRemainingUsd: 0.4 } });
    await post(all, '/chat', { customer: 'acme' });
    expect((await post(all, '/chat', { customer: 'acme' })).status).toBe(402);
    const answer = await get(all, '/balance', 'acme');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const usd = all.stage.billed() / NANO;
    const base = { scope: 'customer:acme', spend_usd: usd, held_usd: 0 };
    expect(body(answer)).toEqual({
      accounts: [
        {
          ...base,
          window: 'day',
          cap_usd: 0.4,
          remaining_usd: (0.4 * NANO - all.stage.billed()) / NANO,
          resets_at: expect.stringMatching(/T00:00:00.000Z$/),
        },
        { ...base, window: 'lifetime', cap_usd: null, remaining_usd: null, resets_at: null },
      ],
    });
    expect(body(await get(all, '/balance', 'other'))).toMatchObject({
      accounts: [{ scope: 'customer:other', spend_usd: 0 }, { scope: 'customer:other' }],
    });
    expect(body(await get(all, '/balance'))).toEqual({ accounts: [] });
  });

  it('a client that goes aborts the call it was waiting for, and the hold ends', async () => {
    const all = await serve(framework, ROOMY, {
      books: 'at-least',
      fault: () => ({ kind: 'stall-headers', delayMs: 3_000 }),
    });
    const client = new AbortController();
    const headers = { authorization: 'Bearer acme', 'content-type': 'application/json' };
    const terms = { method: 'POST', headers, body: '{}', signal: client.signal };
    const sent = fetch(`${all.app.url}/slow`, terms);
    sent.catch(() => undefined);
    await until(() => all.stage.emulator.requestCount === 1, 2_000);
    const left = Date.now();
    client.abort();
    await until(() => all.stage.settled.length === 1, 2_000);
    expect(all.stage.settled).toHaveLength(1);
    expect(Date.now() - left, 'milliseconds').toBeLessThan(2_000);
    expect(spent(all.stage, 'acme')).toBeGreaterThanOrEqual(all.stage.billed());
  });
});
