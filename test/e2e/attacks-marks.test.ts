import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BudgetGuard, guardedFetch, type BudgetGuardConfig } from '../../src/index.ts';

/** Requests that pass for one that is held, each found once by a reviewer and kept as a test. */

type FetchLike = ReturnType<typeof guardedFetch>;
type Input = Parameters<FetchLike>[0];
type Between = (inner: FetchLike, init: RequestInit, input: Input) => Promise<Response>;

const address = 'https://api.anthropic.com/v1/messages';
const body = (model: string, tokens: number) =>
  JSON.stringify({ model, max_tokens: tokens, messages: [{ role: 'user', content: 'Hello' }] });
const small = body('claude-haiku-4-5', 10);
const large = body('claude-opus-4-1', 20_000);

const CLOSED = { scope: 'feature', match: 'closed', window: 'day', usd: 0 } as const;

/** What reaches the network, and an answer to it that bills all that it may. */
function network() {
  const sent: string[] = [];
  const wire = async (input: Input, init?: RequestInit): Promise<Response> => {
    const text = await new Request(input, init).text();
    const { model, max_tokens: tokens } = JSON.parse(text) as Record<string, unknown>;
    sent.push(text);
    const usage = { input_tokens: 10, output_tokens: tokens };
    const answer = { id: 'x', type: 'message', role: 'assistant', model, content: [], usage };
    return Response.json({ ...answer, stop_reason: 'end_turn' });
  };
  return { sent, wire };
}

/** The same guard before a fetch and before what that sends by; what reaches the network. */
function around(between: Between, config: BudgetGuardConfig = { global_cap_per_day_usd: 0.1 }) {
  const guard = new BudgetGuard(config);
  const { sent, wire } = network();
  const inner = guardedFetch(guard, { fetch: wire });
  const outer = guardedFetch(guard, {
    fetch: (input, init = {}) => between(inner, init, input),
  });
  const held: number[] = [];
  guard.on('reserved', ({ held_nano_usd: amount }) => held.push(amount));
  const post = async (input: Input, init?: RequestInit) => {
    const response = await outer(input, init);
    await response.text();
    return response.status;
  };
  const send = (text: string) => post(address, { method: 'POST', body: text });
  return { guard, sent, held, post, send };
}

describe('a request that is not the one that is held', () => {
  it('is held by itself: the control', async () => {
    const { send, sent, held } = around((inner, init) => inner(address, init));
    expect(await send(small)).toBe(200);
    expect(await send(large)).toBe(402);
    expect([sent, held.length]).toEqual([[small], 1]);
  });

  it('is held by itself, with another body', async () => {
    const { send, sent, guard } = around((inner, init) => inner(address, { ...init, body: large }));
    await send(small);
    expect(sent).toEqual([]);
    expect(guard.balance()[0]?.overdrawn).toBe(false);
  });

  it('is held by itself, sent before the one that is', async () => {
    const { send, sent, held, guard } = around(async (inner, init) => {
      const first = await inner(address, { ...init, body: large });
      await first.text();
      return inner(address, init);
    });
    expect(await send(small)).toBe(200);
    expect([sent, held.length]).toEqual([[small], 1]);
    expect(guard.balance()[0]?.overdrawn).toBe(false);
  });

  it.each([
    ['at another path', `${address}/`],
    ['with another query', `${address}?beta=true`],
    ['at another host', 'https://API.anthropic.com:8443/v1/messages'],
  ])('is held by itself, %s', async (_name, other) => {
    const { send, held } = around((inner, init) => inner(other, init));
    await send(small);
    // A path without a rule is refused, as it would be alone.
    expect(held).toHaveLength(other.endsWith('/') ? 1 : 2);
  });

  it.each([
    ['a part after #', `${address}#part`],
    ['the same address in other letters', 'https://API.anthropic.com:443/v1/messages'],
    ['an address as an object', new URL(address)],
  ])('is not %s', async (_name, other) => {
    const { send, held } = around((inner, init) => inner(other, init));
    expect(await send(small)).toBe(200);
    expect(held).toHaveLength(1);
  });

  it('is held by itself, with bytes that were changed in their place', async () => {
    const bytes = Buffer.from(small.padEnd(large.length));
    const { post, sent, held } = around((inner, init) => {
      bytes.write(large);
      return inner(address, init);
    });
    await post(address, { method: 'POST', body: bytes });
    expect([sent, held.length]).toEqual([[], 1]);
  });

  it('is held by itself, when the one that is was answered already', async () => {
    let later = Promise.resolve(0);
    const { send, sent, held } = around((inner, init) => {
      later = setTimeout(10)
        .then(() => inner(address, init))
        .then(async (response) => (await response.text()).length);
      return Promise.resolve(Response.json({ usage: { input_tokens: 1, output_tokens: 1 } }));
    });
    expect(await send(small)).toBe(200);
    expect(await later).toBeGreaterThan(0);
    expect([sent, held.length]).toEqual([[small], 2]);
  });

  it('is held by itself, put back to what was asked before it was made to fit', async () => {
    const config: BudgetGuardConfig = {
      caps: [{ scope: 'global', window: 'day', usd: 0.1, onShort: ['fit'] }],
    };
    const passed = around((inner, init) => inner(address, init), config);
    expect(await passed.send(large)).toBe(200);
    expect([passed.sent.length, passed.held.length]).toEqual([1, 1]);
    expect(passed.sent).not.toContain(large);

    const restored = around((inner, init) => inner(address, { ...init, body: large }), config);
    expect(await restored.send(large)).toBe(402);
    expect(restored.sent).toEqual([]);
  });
});

describe('the request that is held', () => {
  const request = () => new Request(address, { method: 'POST', body: small });
  it.each<[string, Between]>([
    ['as it is', (inner, init, input) => inner(input, init)],
    ['as a copy', (inner, init, input) => inner((input as Request).clone(), init)],
    [
      'as its text',
      async (inner, init, input) =>
        inner(address, { ...init, method: 'POST', body: await (input as Request).text() }),
    ],
  ])('is not held again, passed on %s', async (_name, between) => {
    const { post, sent, held } = around(between);
    expect(await post(request())).toBe(200);
    expect([sent, held.length]).toEqual([[small], 1]);
  });

  it('is not held where it cannot be sent: used up, it fails alone', async () => {
    const { post, sent, held } = around(async (inner, init, input) => {
      await (await inner(input, init)).text();
      return inner(input, init);
    });
    await expect(post(request())).rejects.toThrow(TypeError);
    expect([sent, held.length]).toEqual([[small], 1]);
  });
});

describe('scopes further in are drawn on as well', () => {
  const config = { caps: [CLOSED] };

  it('of the fetch', async () => {
    const guard = new BudgetGuard(config);
    const { sent, wire } = network();
    const inner = guardedFetch(guard, { scopes: { feature: 'closed' }, fetch: wire });
    const outer = guardedFetch(guard, { fetch: (input, init) => inner(input, init) });
    const direct = guardedFetch(guard, { scopes: { feature: 'other' }, fetch: inner });
    const statuses = await guard.run({ feature: 'open' }, () =>
      Promise.all(
        [inner, outer, direct].map(async (send) => {
          const response = await send(address, { method: 'POST', body: small });
          await response.text();
          return response.status;
        }),
      ),
    );
    expect(statuses).toEqual([402, 402, 402]);
    expect(sent).toEqual([]);
  });

  it('of the code around the fetch', async () => {
    const stage = around(
      (inner, init) => stage.guard.run({ feature: 'closed' }, () => inner(address, init)),
      config,
    );
    expect(await stage.guard.run({ feature: 'open' }, () => stage.send(small))).toBe(402);
    expect([stage.sent, stage.held.length]).toEqual([[], 1]);
  });

  it('and once where they are the same', async () => {
    const stage = around(
      (inner, init) => stage.guard.run({ feature: 'open' }, () => inner(address, init)),
      config,
    );
    const send = () => stage.send(small);
    expect(await stage.guard.run({ feature: 'open', provider: 'mine' }, send)).toBe(200);
    expect([stage.sent.length, stage.held.length]).toEqual([1, 1]);
  });

  it('of the guard itself, wherever it stands', () => {
    const guard = new BudgetGuard(config, { scopes: { feature: 'closed' } });
    const call = { provider: 'anthropic', body: JSON.parse(small) as { model: string } };
    expect(guard.check(call).fits).toBe(false);
    expect(guard.run({ feature: 'open' }, () => guard.check(call).fits)).toBe(false);
    const without = new BudgetGuard(config);
    expect(without.run({ feature: 'open' }, () => without.check(call).fits)).toBe(true);
  });
});
