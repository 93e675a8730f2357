/** One call by each way out of a Node process, without any guard in sight. */

import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import {
  Agent,
  Client,
  Pool,
  fetch as packageFetch,
  request as undiciRequest,
  stream,
} from 'undici';
import { Writable } from 'node:stream';

export const ANTHROPIC = process.env['ANTHROPIC_URL'] ?? 'http://127.0.0.1:1';
export const OPENAI = process.env['OPENAI_URL'] ?? 'http://127.0.0.1:1';

export const CLAUDE = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};
export const GPT = {
  model: 'gpt-4o',
  max_completion_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};

/** What came of one call, as its caller sees it. */
export interface Seen {
  readonly status?: number;
  readonly text?: string;
  /** Of the error itself, or of its cause. */
  readonly code?: string;
  readonly name?: string;
}

const HEADERS = { 'content-type': 'application/json', 'x-api-key': 'test' };
const MESSAGES = '/v1/messages';
const init = (body: object) => ({
  method: 'POST' as const,
  headers: HEADERS,
  body: JSON.stringify(body),
});

/** The same call by each channel. */
export const CHANNELS: Readonly<Record<string, (body: object) => Promise<Seen>>> = {
  fetch: async (body) => ofWeb(await fetch(ANTHROPIC + MESSAGES, init(body))),
  'fetch of a Request': async (body) =>
    ofWeb(await fetch(new Request(ANTHROPIC + MESSAGES, init(body)))),
  'http.request': (body) => byHttp(JSON.stringify(body)),
  'http.request in pieces': (body) => {
    const text = JSON.stringify(body);
    return byHttp(text.slice(0, 9), text.slice(9));
  },
  'http.request whose buffer is used again': (body) =>
    byHttp([], {}, (req) => {
      const buffer = Buffer.from(JSON.stringify(body));
      req.write(buffer);
      buffer.fill(0);
      req.end();
    }),
  'http.request with a header list': (body) =>
    byHttp([JSON.stringify(body)], { headers: Object.entries(HEADERS).flat() }),
  'http.request that expects to continue': (body) =>
    byHttp([], { headers: { ...HEADERS, expect: '100-continue' } }, (req) =>
      req.on('continue', () => req.end(JSON.stringify(body))),
    ),
  'http.request with its length': (body) => {
    const text = JSON.stringify(body);
    return byHttp([text], { headers: { ...HEADERS, 'content-length': Buffer.byteLength(text) } });
  },
  'http.request that keeps its connection': (body) =>
    byHttp([JSON.stringify(body)], { agent: keptAlive }),
  'undici.request': async (body) => ofUndici(await undiciRequest(ANTHROPIC + MESSAGES, init(body))),
  'undici.fetch': async (body) => ofWeb(await packageFetch(ANTHROPIC + MESSAGES, init(body))),
  'undici.stream': async (body) => {
    const chunks: Buffer[] = [];
    let status = 0;
    await stream(ANTHROPIC + MESSAGES, init(body), ({ statusCode }) => {
      status = statusCode;
      return new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          chunks.push(chunk);
          done();
        },
      });
    });
    return { status, text: Buffer.concat(chunks).toString() };
  },
  'an Agent of undici': async (body) =>
    ofUndici(await undiciRequest(ANTHROPIC + MESSAGES, { ...init(body), dispatcher: agent })),
  'a Client of undici': async (body) =>
    ofUndici(await client.request({ path: MESSAGES, ...init(body) })),
  'a Pool of undici': async (body) =>
    ofUndici(await pool.request({ path: MESSAGES, ...init(body) })),
};

const keptAlive = new http.Agent({ keepAlive: true, maxSockets: 1 });
const agent = new Agent();
const client = new Client(ANTHROPIC);
const pool = new Pool(ANTHROPIC);

/** Never rejects: an error is what was seen. */
export async function seen(call: () => Promise<Seen>): Promise<Seen> {
  try {
    return await call();
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    const from = (cause ?? error) as { code?: string; name?: string; message?: string };
    return { code: from.code ?? String(from.message), name: from.name ?? '' };
  }
}

/** Sends these pieces by `http.request`, or `https` where the address says so. */
export function byHttp(
  ...args: (string | readonly string[] | RequestOptions | ((req: ClientRequest) => unknown))[]
): Promise<Seen> {
  const pieces = args.filter((arg) => typeof arg === 'string' || Array.isArray(arg)).flat();
  const options = args.find((arg) => typeof arg === 'object' && !Array.isArray(arg)) as
    | RequestOptions
    | undefined;
  const prepare = args.find((arg) => typeof arg === 'function');
  const { request } = ANTHROPIC.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const all = { method: 'POST', headers: HEADERS, ...options };
    const req = request(ANTHROPIC + (options?.path ?? MESSAGES), all, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, text }));
      res.on('error', reject);
    });
    req.on('error', reject);
    prepare?.(req);
    for (const piece of pieces) req.write(piece);
    if (prepare === undefined) req.end();
  });
}

async function ofWeb(response: { status: number; text(): Promise<string> }): Promise<Seen> {
  return { status: response.status, text: await response.text() };
}

async function ofUndici(answer: {
  statusCode: number;
  body: { text(): Promise<string> };
}): Promise<Seen> {
  return { status: answer.statusCode, text: await answer.body.text() };
}
