/** Programs whose wrapped clients send by a fetch of their own, with the nets of the guard below. */

import { guardedFetch, type BudgetGuard } from '../../../src/index.ts';
import { ANTHROPIC, CHANNELS, CLAUDE, seen, type Seen } from './calls.ts';

type FetchLike = ReturnType<typeof guardedFetch>;

const MESSAGES = `${ANTHROPIC}/v1/messages`;
const INIT = {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-api-key': 'test' },
  body: JSON.stringify(CLAUDE),
};
/** Dearer than the whole cap. */
const DEAR = { ...CLAUDE, model: 'claude-opus-4-1', max_tokens: 20_000 };

/** Only now: whoever imports it is guarded from then on, and so would be every other program. */
async function registered(): Promise<BudgetGuard> {
  const { registeredGuard } = await import('../../../src/register/register.ts');
  return registeredGuard();
}

/** One call of a client that the registered guard wraps, which sends by `fetch`. */
async function call(fetch: FetchLike): Promise<number> {
  const send = guardedFetch(await registered(), { origins: { [ANTHROPIC]: 'anthropic' }, fetch });
  const response = await send(MESSAGES, INIT);
  await response.text();
  return response.status;
}

function bodyOf(init: RequestInit | undefined): object {
  if (typeof init?.body !== 'string') throw new Error('It was not sent as text.');
  return JSON.parse(init.body) as object;
}

function answerOf({ status = 500, text = '' }: Seen): Response {
  return new Response(text, { status, headers: { 'content-type': 'application/json' } });
}

/** The very request that is held, by each channel in turn. */
export async function sameRequests() {
  const statuses: Record<string, number> = {};
  for (const [name, channel] of Object.entries(CHANNELS)) {
    statuses[name] = await call(async (_input, init) => answerOf(await channel(bodyOf(init))));
  }
  statuses['its own init'] = await call((input, init) => fetch(input, init));
  statuses['a Request of it'] = await call((input, init) => fetch(new Request(input, init)));
  return statuses;
}

/** A dear request before the one that is held, and one in its place. */
export async function otherRequests() {
  const results: Record<string, unknown> = {};
  for (const [name, channel] of Object.entries(CHANNELS)) {
    let first: Seen = {};
    const status = await call(async (_input, init) => {
      first = await seen(() => channel(DEAR));
      return answerOf(await channel(bodyOf(init)));
    });
    const instead = await call(async () => answerOf(await seen(() => channel(DEAR))));
    results[name] = [first.status ?? first.code, status, instead];
  }
  const body = JSON.stringify(DEAR);
  results['its own init'] = await call((input, init) => fetch(input, { ...init, body }));
  return results;
}

/** A call by each way of a process that was told its scopes: what each was charged to. */
export async function scopedWrappers() {
  const guard = await registered();
  const charged: string[][] = [];
  guard.on('reserved', ({ draws }) => charged.push(draws.map(({ scope }) => scope)));
  const byHttp = CHANNELS['http.request'] ?? (() => Promise.resolve({}));
  const plain = await fetch(MESSAGES, INIT);
  await plain.text();
  const statuses = [
    plain.status,
    await call(fetch),
    await call(async (_input, init) => answerOf(await byHttp(bodyOf(init)))),
    // The net is met in a scope that the wrapper did not hold for.
    await call((input, init) => guard.run({ feature: 'chat' }, () => fetch(input, init))),
  ];
  return { statuses, charged };
}
