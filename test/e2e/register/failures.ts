/** Programs whose calls fail or are given up, by any channel. */

import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { request as undiciRequest } from 'undici';
import { ANTHROPIC, CHANNELS, CLAUDE, seen } from './calls.ts';

/** How each hold ended, in order. */
async function outcomes(): Promise<string[]> {
  const { registeredGuard } = await import('../../../src/register/register.ts');
  const ends: string[] = [];
  registeredGuard().on('settled', ({ outcome }) => ends.push(outcome));
  return ends;
}

/** So many calls, and as many streams, one after the other. */
export async function faulty() {
  const ends = await outcomes();
  const channel = CHANNELS[process.env['CHANNEL'] ?? ''];
  if (channel === undefined) throw new Error('No such channel.');
  const statuses: (number | null)[] = [];
  for (let call = 0; call < Number(process.env['CALLS']); call += 1) {
    const { status } = await seen(() => channel({ ...CLAUDE, stream: call % 2 === 1 }));
    statuses.push(status ?? null);
  }
  // A hold whose caller heard of a broken connection first ends in the turns after it.
  await ended(ends, statuses.length);
  return { ends, statuses };
}

const STREAM = JSON.stringify({ ...CLAUDE, stream: true });
const HEADERS = { 'content-type': 'application/json' };
const MESSAGES = `${ANTHROPIC}/v1/messages`;

/** Waits until so many holds have ended, at most for some seconds; the test says what is missing. */
async function ended(ends: readonly string[], count: number): Promise<void> {
  for (let tries = 0; tries < 1_000 && ends.length < count; tries += 1) await pause(5);
}

/** Gives up after the first piece of a stream, and before any. */
export async function givenUp() {
  const ends = await outcomes();
  const init = { method: 'POST', headers: HEADERS, body: STREAM } as const;

  const abort = new AbortController();
  const web = await fetch(MESSAGES, { ...init, signal: abort.signal });
  await web.body?.getReader().read();
  abort.abort();
  await ended(ends, 1);

  http
    .request(MESSAGES, { method: 'POST', headers: HEADERS }, (res) =>
      res.once('data', () => res.destroy()),
    )
    .on('error', () => undefined)
    .end(STREAM);
  await ended(ends, 2);

  // Its answer does not begin.
  const req = http.request(MESSAGES, { method: 'POST', headers: HEADERS });
  req.on('error', () => undefined).end(STREAM, () => setTimeout(() => req.destroy(), 300));
  await ended(ends, 3);

  // Nobody listens for its answer.
  http.request(MESSAGES, { method: 'POST', headers: HEADERS }).end(STREAM);
  await ended(ends, 4);

  const answer = await undiciRequest(MESSAGES, init);
  answer.body.on('error', () => undefined).once('data', () => answer.body.destroy());
  await ended(ends, 5);
  return { ends };
}

/** Made and thrown away before anything was decided. */
export async function neverSent() {
  const ends = await outcomes();
  const closed = new Promise((resolve) => {
    const req = http.request(MESSAGES, { method: 'POST', headers: HEADERS });
    req.on('error', () => undefined).once('close', resolve);
    req.write(STREAM);
    req.destroy();
  });
  await closed;
  const refused = new Promise<string>((resolve) => {
    const req = http.request(`${process.env['NOBODY']}/v1/messages`, { method: 'POST' });
    req.on('error', (error) => resolve((error as { code?: string }).code ?? '')).end(STREAM);
  });
  const code = await refused;
  await ended(ends, 1);
  return { ends, code };
}
