/** Programs that reach a provider by a way of their own, and still by a client that is guarded. */

import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { pathToFileURL } from 'node:url';
import {
  Agent,
  fetch as packageFetch,
  ProxyAgent,
  request as undiciRequest,
  setGlobalDispatcher,
  WebSocket,
} from 'undici';
import type * as undici from 'undici';
import { ANTHROPIC, byHttp, CHANNELS, CLAUDE, seen, type Seen } from './calls.ts';
import { PSK, PSK_CIPHERS } from './proxies.ts';

const BODY = JSON.stringify(CLAUDE);
const MESSAGES = `${ANTHROPIC}/v1/messages`;
const INIT = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: BODY,
} as const;

/** What was seen of an answer that is read to its end. */
async function read(answer: WebAnswer | UndiciAnswer): Promise<Seen> {
  const text = 'body' in answer && 'statusCode' in answer ? answer.body.text() : answer.text();
  await text;
  return { status: 'statusCode' in answer ? answer.statusCode : answer.status };
}

interface WebAnswer {
  readonly status: number;
  text(): Promise<string>;
}

interface UndiciAnswer {
  readonly statusCode: number;
  readonly body: { text(): Promise<string> };
}

/** A body in an encoding that the client did not ask for is read as what it says. */
export async function encoded() {
  const channel = CHANNELS[process.env['CHANNEL'] ?? ''];
  const { status, text = '' } = await seen(() => channel?.(CLAUDE) ?? Promise.resolve({}));
  return { status, isJson: text.startsWith('{') };
}

/** By TLS, with a key instead of certificates. */
export async function byTls() {
  const options = {
    ciphers: PSK_CIPHERS,
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk: PSK, identity: 'test' }),
    checkServerIdentity: () => undefined,
  };
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const call = () => seen(() => byHttp(BODY, { ...options, agent }));
  const both = await Promise.all([call(), call()]);
  agent.destroy();
  return both.map(({ status, code }) => status ?? code);
}

/** Through proxies and dispatchers of the program's own. */
export async function byProxy() {
  const proxy = new ProxyAgent(process.env['PROXY'] ?? '');
  const results = {
    request: await read(await undiciRequest(MESSAGES, { ...INIT, dispatcher: proxy })),
    fetch: await read(await packageFetch(MESSAGES, { ...INIT, dispatcher: proxy })),
    runtime: await read(await fetch(MESSAGES, { ...INIT, dispatcher: proxy } as never)),
    later: await seen(() => byHttp(BODY, { agent: slowAgent() })),
    absolute: await seen(() => byAbsolutePath()),
  };
  setGlobalDispatcher(proxy);
  const global = {
    request: await read(await undiciRequest(MESSAGES, INIT)),
    runtime: await read(await fetch(MESSAGES, INIT)),
  };
  setGlobalDispatcher(new Agent());
  return { ...results, global, after: await read(await undiciRequest(MESSAGES, INIT)) };
}

/** An agent that takes its time to connect, as those for proxies do. */
function slowAgent(): http.Agent {
  const agent = new http.Agent();
  Reflect.set(agent, 'createConnection', (options: object, done: (...args: unknown[]) => void) => {
    setTimeout(() => done(null, net.connect(options as net.TcpNetConnectOpts)), 20);
  });
  return agent;
}

/** As it is asked of a proxy that does not tunnel. */
function byAbsolutePath(): Promise<Seen> {
  const { hostname, port } = new URL(process.env['PROXY'] ?? '');
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: MESSAGES, method: 'POST', headers: INIT.headers };
    const req = http.request(options, (res) => {
      res.resume().once('end', () => resolve({ status: res.statusCode ?? 0 }));
    });
    req.on('error', reject).end(BODY);
  });
}

/** A copy of undici inside somebody's bundle, and a WebSocket. */
export async function strangers() {
  const path = pathToFileURL(process.env['BUNDLED'] ?? '').href;
  const bundled = (await import(path)) as typeof undici;
  const own = { ...INIT, dispatcher: new bundled.Agent() };
  const request = await seen(async () => read(await bundled.request(MESSAGES, own)));
  const byFetch = await seen(async () => read(await bundled.fetch(MESSAGES, own)));
  const runtime = await seen(async () => read(await fetch(MESSAGES, own as never)));
  const global = await seen(async () => read(await bundled.fetch(MESSAGES, INIT)));
  const socket = new WebSocket(`${ANTHROPIC.replace('http', 'ws')}/v1/realtime`);
  const opened = await new Promise<string>((resolve) => {
    socket.addEventListener('error', () => resolve('error'));
    socket.addEventListener('open', () => resolve('open'));
  });
  return {
    request: request.code,
    byFetch: byFetch.code,
    runtime: runtime.status,
    global: global.status,
    opened,
  };
}

/** Many calls at once over few connections. */
export async function crowd() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  const calls = Array.from({ length: 40 }, (_, index) =>
    seen(() =>
      index % 2 === 0
        ? byHttp(BODY, { agent })
        : fetch(MESSAGES, INIT).then(async (response) => {
            await response.text();
            return { status: response.status };
          }),
    ),
  );
  const all = await Promise.all(calls);
  agent.destroy();
  return {
    answered: all.filter(({ status }) => status === 200).length,
    refused: all.filter(({ status, code }) => status === 402 || code === 'BUDGET_CAP').length,
  };
}
