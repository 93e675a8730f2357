import http, { ClientRequest } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { main as sendToHost } from '../../../packages/eslint-plugin/corpus/no-unguarded-client/bad/host-from-environment.ts';
import { ANTHROPIC, byHttp, CHANNELS, CLAUDE, GPT, OPENAI, seen, type Seen } from './calls.ts';

const CALLS_MAX = 60;

/** How many calls were answered before the first that was not, and what that one saw. */
async function untilRefused(call: () => Promise<Seen>) {
  let answered = 0;
  for (; answered < CALLS_MAX; answered += 1) {
    const last = await seen(call);
    if (last.status !== 200) return { answered, last, next: await seen(call) };
  }
  return { answered, last: undefined, next: undefined };
}

/** By the channel that the environment names, until something says no. */
export function runaway() {
  const channel = CHANNELS[process.env['CHANNEL'] ?? ''];
  if (channel === undefined) throw new Error('No such channel.');
  return untilRefused(() => channel(CLAUDE));
}

/** The program of the lint corpus that no rule can see through. */
export function hostFromEnvironment() {
  process.env['MODEL_HOST'] = ANTHROPIC;
  return untilRefused(async () => {
    const answer = await sendToHost(JSON.stringify(CLAUDE));
    await answer.text();
    return { status: answer.status };
  });
}

/** Every channel in turn, until none is answered any more. */
export async function everyChannel() {
  let [answered, refused] = [0, 0];
  for (let turn = 0; turn < CALLS_MAX && refused < Object.keys(CHANNELS).length; turn += 1) {
    refused = 0;
    for (const channel of Object.values(CHANNELS)) {
      const { status } = await seen(() => channel(CLAUDE));
      if (status === 200) answered += 1;
      else refused += 1;
    }
  }
  return { answered };
}

const sdk = { apiKey: 'test', maxRetries: 2 };

export async function anthropicSdk() {
  const client = new Anthropic({ ...sdk, baseURL: ANTHROPIC });
  return untilRefused(async () => {
    const { content } = await client.messages.create(CLAUDE);
    return { status: 200, text: String(content.length) };
  });
}

export async function openaiSdk() {
  const client = new OpenAI({ ...sdk, baseURL: `${OPENAI}/v1` });
  return untilRefused(async () => {
    const stream = await client.chat.completions.create({ ...GPT, stream: true });
    for await (const { choices } of stream) if (choices.length === 0) return { text: 'a stranger' };
    return { status: 200 };
  });
}

/** Streams of the chat API whose caller did not ask for usage, by `http.request`. */
export async function httpStream() {
  const body = JSON.stringify({ ...GPT, stream: true });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer test' };
  const events = await new Promise<string>((resolve, reject) => {
    const options = { method: 'POST', headers };
    const req = http.request(`${OPENAI}/v1/chat/completions`, options, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () => resolve(text));
    });
    req.on('error', reject).end(body);
  });
  const choices = events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => (JSON.parse(line.slice(6)) as { choices: unknown[] }).choices.length);
  return { events: choices.length, strange: choices.filter((length) => length === 0).length };
}

/** Routes with and without a rule, and paths that mean another one than they say. */
export async function routes() {
  const ask = (method: string, path: string) => seen(() => byHttp('{}', { method, path }));
  return {
    free: await seen(() => byHttp({ method: 'GET', path: '/v1/models' })),
    unknown: await ask('POST', '/v1/complete'),
    dots: await seen(() => byHttp({ method: 'GET', path: '/v1/messages/../models' })),
    upgrade: await seen(() =>
      byHttp({
        method: 'GET',
        path: '/v1/models',
        headers: { connection: 'upgrade', upgrade: 'websocket' },
      }),
    ),
    notJson: await seen(() => byHttp('no json')),
    byFetch: (await fetch(`${ANTHROPIC}/v1/complete`, { method: 'POST', body: '{}' })).status,
  };
}

/** What a wrapper of the registered guard holds, the net below must not hold again. */
export async function wrapped() {
  const { wrapAnthropic, guardedFetch } = await import('../../../src/index.ts');
  const { registeredGuard } = await import('../../../src/register/register.ts');
  const guard = registeredGuard();
  const options = { ...sdk, baseURL: ANTHROPIC };
  await wrapAnthropic(new Anthropic(options), guard).messages.create(CLAUDE);
  // A fetch that is not the runtime's, over `node:http`.
  const own = wrapAnthropic(new Anthropic({ ...options, fetch: httpFetch }), guard);
  await own.messages.create(CLAUDE);
  // Twice by the same fetch: the second is another attempt.
  const twice = guardedFetch(guard, {
    origins: { [ANTHROPIC]: 'anthropic' },
    fetch: async (input, init) => {
      await (await httpFetch(input, init)).text();
      return httpFetch(input, init);
    },
  });
  const body = JSON.stringify(CLAUDE);
  await (await twice(`${ANTHROPIC}/v1/messages`, { method: 'POST', body })).text();
  await guard.run({ customer: 'acme' }, () => byHttp(body));
  return {
    settled: guard.balance({ customer: 'acme' }).map((row) => [row.scope, row.spent_calls]),
  };
}

const httpFetch: typeof fetch = (input, init) =>
  new Promise((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const url = input instanceof Request ? input.url : String(input);
    const req = http.request(url, { method: init?.method ?? 'GET', headers }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => {
        const contentType = res.headers['content-type'] ?? '';
        const { statusCode: status = 0 } = res;
        const answer = { status, headers: { 'content-type': contentType } };
        resolve(new Response(Buffer.concat(chunks), answer));
      });
    });
    req.on('error', reject);
    req.end(init?.body as string);
  });

/** Ways out that no guard looks into. */
export async function lowWays() {
  const failed = (socket: { once(name: string, fn: (error?: unknown) => void): unknown }) =>
    new Promise<unknown>((resolve) => {
      socket.once('error', (error) => resolve((error as { code?: string }).code));
      for (const name of ['connect', 'secureConnect', 'response']) {
        socket.once(name, () => resolve(`${name}: it was let go`));
      }
    });
  const { port, hostname } = new URL(ANTHROPIC);
  const elsewhere = net.connect(Number(port), 'localhost');
  elsewhere.on('error', () => undefined);
  return {
    net: await failed(net.connect(443, 'api.anthropic.com')),
    netByPort: await failed(net.connect(Number(port), hostname)),
    tls: await failed(tls.connect(443, 'api.openai.com')),
    serverName: await failed(
      tls.connect({ host: '127.0.0.1', port, servername: 'api.openai.com' } as never),
    ),
    tunnel: await failed(tls.connect({ socket: elsewhere, servername: 'eu.api.openai.com' })),
    http2: await failed(http2.connect('https://api.openai.com')),
    clientRequest: await failed(
      new ClientRequest(new URL(`${ANTHROPIC}/v1/messages`), { method: 'POST' } as never).end('{}'),
    ),
    afterwards: await afterwards(failed),
    other: await byOther(),
  };
}

/** What runs for the answer of a guarded request has no more leave than other code. */
function afterwards(failed: (socket: net.Socket) => Promise<unknown>): Promise<unknown> {
  const { port, hostname } = new URL(ANTHROPIC);
  return new Promise((resolve, reject) => {
    const options = { method: 'GET', agent: new http.Agent({ keepAlive: false }) };
    const req = http.request(`${ANTHROPIC}/v1/models`, options, (res) => {
      res.resume();
      resolve(failed(net.connect(Number(port), hostname)));
    });
    req.on('error', reject).end();
  });
}

/** A server of nobody in particular is none of our business. */
async function byOther(): Promise<unknown> {
  const server = http.createServer((_req, res) => res.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  const [web, raw] = await Promise.all([
    fetch(`http://127.0.0.1:${port}`).then((response) => response.text()),
    new Promise<string>((resolve, reject) => {
      http
        .get({ port, host: '127.0.0.1' }, (res) => {
          res.on('data', (chunk: Buffer) => resolve(chunk.toString()));
        })
        .on('error', reject);
    }),
  ]);
  server.closeAllConnections();
  server.close();
  return [web, raw];
}
