import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { HardcapError } from '../errors/error.ts';
import { createMemoryLedger } from '../stores/memory/books/memory-ledger.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import type { Call } from './call.ts';
import type { GuardEventName } from './events.ts';
import { BudgetGuard } from './guard.ts';

const MODEL = 'claude-sonnet-4-6';
const ask = (maxTokens: number, more: object = {}): Call => ({
  provider: 'anthropic',
  body: {
    model: MODEL,
    max_tokens: maxTokens,
    service_tier: 'standard_only',
    inference_geo: 'global',
    messages: [{ role: 'user', content: 'Hello' }],
    ...more,
  },
});
const rawUsage = (input: number, output: number) => ({
  input_tokens: input,
  output_tokens: output,
});

function instant(text: string): EpochMs {
  return epochMs(Date.parse(text))!;
}

describe('reserve', () => {
  it('holds the bound on every account and settles at the cost', () => {
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1, per_customer_cap_per_day_usd: 1 });
    const view = guard.for({ customer: 'acme' });
    const reservation = view.reserve(ask(1_000));
    expect(reservation.held_usd).toBe(view.check(ask(1_000)).bound_usd);
    for (const account of view.balance()) {
      expect(account.held_nano_usd).toBe(reservation.quote.amounts.usd);
    }
    reservation.settle(rawUsage(10, 100));
    for (const account of view.balance()) {
      // 10 x $3 and 100 x $15 per million.
      expect(account.spent_nano_usd).toBe(10 * 3_000 + 100 * 15_000);
      expect(account.held_nano_usd).toBe(0);
      expect(account.spent_calls).toBe(1);
    }
  });

  it('throws BudgetCapError, holds nothing, and names a ceiling that fits', () => {
    const guard = new BudgetGuard({ global_cap_per_day_usd: 0.01 });
    let error: unknown;
    try {
      guard.reserve(ask(10_000));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BudgetCapError);
    const affordable = (error as BudgetCapError).affordable_output_tokens ?? 0;
    expect(guard.balance()[0]?.held_nano_usd).toBe(0);
    expect(guard.check(ask(affordable)).fits).toBe(true);
    // Fewer digits on the wire leave room for a token or two more.
    expect(guard.check(ask(affordable + 3)).fits).toBe(false);
  });

  it('a cap of 0 means that nothing may be spent', () => {
    const guard = new BudgetGuard({ global_cap_usd: 0 });
    expect(guard.tryReserve(ask(1))).toBeInstanceOf(BudgetCapError);
  });

  it('caps calls and tokens as it caps money', () => {
    const guard = new BudgetGuard({
      caps: [{ scope: 'global', window: 'lifetime', calls: 1, tokens: 100_000 }],
    });
    guard.reserve(ask(10)).release('never sent');
    guard.reserve(ask(10)).settle(rawUsage(5, 5));
    const refused = guard.tryReserve(ask(10));
    expect(refused).toMatchObject({ code: 'BUDGET_CAP', cap_usd: null, retry_after: null });
  });

  it('a cap that only observes reports and never refuses', () => {
    const guard = new BudgetGuard({
      caps: [{ scope: 'global', window: 'day', usd: 0, mode: 'observe' }],
    });
    const observed: unknown[] = [];
    guard.on('reserved', (event) => observed.push(...event.observed));
    guard.reserve(ask(100)).settle(rawUsage(1, 1));
    expect(observed).toHaveLength(1);
  });

  it.each([
    ['an unknown provider', { ...ask(1), provider: 'nobody' }, 'REQUEST_INVALID'],
    ['no model', ask(1, { model: undefined }), 'REQUEST_INVALID'],
    ['an unknown model', ask(1, { model: 'claude-nova-9' }), 'PRICE_UNKNOWN'],
    ['a prefix of a model', ask(1, { model: `${MODEL}-5` }), 'PRICE_UNKNOWN'],
    ['an unknown field', ask(1, { brand_new: 1 }), 'UNBOUNDED_REQUEST'],
  ])('refuses %s with a typed error', (_name, call, code) => {
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1 });
    const refused = guard.tryReserve(call);
    expect(refused).toBeInstanceOf(HardcapError);
    expect(refused).toMatchObject({ code });
    expect(guard.check(call).error).toMatchObject({ code });
  });

  it('refuses a call without a customer where the configuration says so', () => {
    const guard = new BudgetGuard({ per_customer_cap_per_day_usd: 1, unattributed: 'refuse' });
    expect(guard.tryReserve(ask(1))).toMatchObject({ code: 'SCOPE_MISSING' });
    expect(guard.for({ customer: 'a' }).check(ask(1)).fits).toBe(true);
  });
});

describe('settle', () => {
  const guard = () => new BudgetGuard({ global_cap_usd: 1 });

  it.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['negative figures', rawUsage(-1, 5)],
    ['fractions', rawUsage(1.5, 5)],
    ['figures above 2^53', rawUsage(2 ** 60, 5)],
    ['text', { input_tokens: '1', output_tokens: '2' }],
    ['a normal form with a negative count', lines({ input: -5 })],
    ['a normal form with NaN', lines({ input: Number.NaN })],
    ['a normal form without lines', { lines: [] }],
    ['a normal form whose fees are not whole', lines({ input: 1 }, { webSearch: 0.5 })],
  ])('books the whole bound for %s', (_name, usage) => {
    const own = guard();
    const reservation = own.reserve(ask(1_000));
    reservation.settle(usage);
    expect(own.balance()[0]?.spent_nano_usd).toBe(reservation.quote.amounts.usd);
  });

  it('ends a reservation once, and says how it had ended', () => {
    const own = guard();
    const settled = own.reserve(ask(10));
    settled.settle(rawUsage(1, 1));
    expect(() => settled.settle(rawUsage(1, 1))).toThrow(
      expect.objectContaining({ code: 'RESERVATION_SETTLED' }),
    );
    expect(() => settled.release('again')).toThrow(
      expect.objectContaining({ code: 'RESERVATION_SETTLED' }),
    );
    const released = own.reserve(ask(10));
    released.release('never sent');
    expect(() => released.settle(undefined)).toThrow(
      expect.objectContaining({ code: 'RESERVATION_RELEASED' }),
    );
  });

  it('closes a reservation as spent when it goes out of scope unsettled', () => {
    const own = guard();
    const reservation = own.reserve(ask(1_000));
    reservation[Symbol.dispose]();
    expect(own.balance()[0]?.spent_nano_usd).toBe(reservation.quote.amounts.usd);
    reservation[Symbol.dispose]();
    expect(() => reservation.settle(undefined)).toThrow(
      expect.objectContaining({ code: 'RESERVATION_EXPIRED' }),
    );
  });

  it('books what was billed above the hold and the cap, then admits nothing', () => {
    const own = guard();
    const events: string[] = [];
    for (const name of ['overdrawn', 'drift', 'threshold'] as const satisfies GuardEventName[]) {
      own.on(name, () => events.push(name));
    }
    own.reserve(ask(1_000)).settle(rawUsage(1_000_000, 0));
    expect(own.balance()[0]).toMatchObject({ spend_usd: 3, overdrawn: true, remaining_usd: 0 });
    expect(new Set(events)).toEqual(new Set(['overdrawn', 'drift', 'threshold']));
    expect(own.tryReserve(ask(1))).toMatchObject({ code: 'SCOPE_CLOSED' });
  });
});

function lines(tokens: object, fees: object = {}) {
  const rest = { model: undefined, serviceTier: undefined, isFast: false, geo: undefined };
  return { lines: [{ tokens, fees, ...rest }] };
}

describe('scopes', () => {
  it('nest by union: an inner value adds an account and escapes none', () => {
    const guard = new BudgetGuard({ per_agent_cap_per_day_usd: 1 });
    guard.run({ agent: 'lead' }, () =>
      guard.run({ agent: 'helper' }, () => guard.reserve(ask(100)).settle(rawUsage(1, 1))),
    );
    for (const agent of ['lead', 'helper']) {
      expect(guard.balance({ agent })[0]?.spent_calls).toBe(1);
    }
  });

  it('follow await, timers and callbacks', async () => {
    const guard = new BudgetGuard({ per_customer_cap_per_day_usd: 1 });
    await guard.run({ customer: 'acme' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await Promise.resolve().then(() => guard.reserve(ask(1)).settle(rawUsage(1, 1)));
    });
    expect(guard.balance({ customer: 'acme' })[0]?.spent_calls).toBe(1);
  });

  it('of a view apply to its runs and to the views made of it', () => {
    const guard = new BudgetGuard({
      per_customer_cap_per_day_usd: 1,
      per_agent_cap_per_day_usd: 1,
    });
    const view = guard.for({ customer: 'acme' }).for({ agent: 'a' });
    view.run({ agent: 'b' }, () => guard.reserve(ask(1)).settle(rawUsage(1, 1)));
    expect(guard.balance({ customer: 'acme' })[0]?.spent_calls).toBe(1);
    expect(guard.balance({ agent: 'a' })[0]?.spent_calls).toBe(1);
    expect(guard.balance({ agent: 'b' })[0]?.spent_calls).toBe(1);
  });
});

describe('time', () => {
  it('a clock set back does not reopen a window that has been spent', () => {
    let now = instant('2026-11-21T12:00:00Z');
    const guard = new BudgetGuard({ global_cap_per_day_usd: 0.1 }, { clock: () => now });
    guard.reserve(ask(1_000)).settle(rawUsage(30_000, 600));
    expect(guard.tryReserve(ask(1_000))).toBeInstanceOf(BudgetCapError);
    now = instant('2026-11-20T12:00:00Z');
    expect(guard.tryReserve(ask(1_000))).toBeInstanceOf(BudgetCapError);
    now = instant('2026-11-22T00:00:00Z');
    expect(guard.check(ask(1_000)).fits).toBe(true);
  });

  it('retry_after is exact: then the call fits, and a millisecond earlier it does not', () => {
    let now = instant('2026-11-21T12:34:56.789Z');
    const guard = new BudgetGuard({ global_cap_per_day_usd: 0.1 }, { clock: () => now });
    guard.reserve(ask(1_000)).settle(rawUsage(30_000, 600));
    const refused = guard.tryReserve(ask(1_000)) as BudgetCapError;
    expect(refused.resets_at).toBe('2026-11-22T00:00:00.000Z');
    expect(refused.retry_after).toBe(41_104);
    now = instant('2026-11-21T23:59:59.999Z');
    expect(guard.check(ask(1_000)).fits).toBe(false);
    now = instant(refused.resets_at ?? '');
    expect(guard.check(ask(1_000)).fits).toBe(true);
  });

  it('the charge belongs to the window of its hold, whenever it is settled', () => {
    let now = instant('2026-11-21T23:59:59Z');
    const guard = new BudgetGuard({ global_cap_per_day_usd: 1 }, { clock: () => now });
    const reservation = guard.reserve(ask(1_000));
    now = instant('2026-11-22T00:00:05Z');
    reservation.settle(rawUsage(100, 100));
    expect(guard.balance()[0]).toMatchObject({ spent_nano_usd: 0, held_nano_usd: 0 });
  });
});

describe('events', () => {
  it('a listener that throws surfaces, and the books have moved', async () => {
    const guard = new BudgetGuard({ global_cap_usd: 1 });
    const surfaced = new Promise((resolve) => process.once('uncaughtException', resolve));
    guard.on('settled', () => {
      throw new Error('listener');
    });
    guard.reserve(ask(10)).settle(rawUsage(1, 1));
    expect(guard.balance()[0]?.spent_calls).toBe(1);
    expect(await surfaced).toMatchObject({ message: 'listener' });
  });

  it('are plain JSON, and stop when unsubscribed', () => {
    const guard = new BudgetGuard({ global_cap_usd: 1 });
    const seen: unknown[] = [];
    const off = guard.on('settled', (event) => seen.push(event));
    guard.reserve(ask(10)).settle(rawUsage(1, 1));
    off();
    guard.reserve(ask(10)).settle(rawUsage(1, 1));
    expect(seen).toHaveLength(1);
    expect(JSON.parse(JSON.stringify(seen[0]))).toMatchObject({
      outcome: 'complete',
      provider: 'anthropic',
      model: MODEL,
      cost_nano_usd: 18_000,
    });
  });
});

describe('a ledger that must ask its store', () => {
  const asking = () => {
    const inner = createMemoryLedger();
    const ledger = Object.assign(Object.create(inner) as typeof inner, {
      reserve: () => ({ kind: 'ask' as const }),
    });
    return { ledger, inner };
  };

  it('is asked by reserveAsync, and is unavailable to reserve', async () => {
    const { ledger, inner } = asking();
    ledger.reserveAsync = (order) => inner.reserveAsync(order);
    const guard = new BudgetGuard({ global_cap_usd: 1 }, { ledger });
    expect(guard.tryReserve(ask(1))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const reservation = await guard.reserveAsync(ask(1));
    expect(reservation.isOpen).toBe(true);
    reservation.release('never sent');
  });
});

describe('fromConfig', () => {
  it('reads a file, and says what is wrong with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hardcap-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'budget-guard.config.json');
    writeFileSync(path, JSON.stringify({ global_cap_per_day_usd: 3 }));
    expect(BudgetGuard.fromConfig(path).balance()[0]?.cap_usd).toBe(3);
    writeFileSync(path, '{ nope');
    expect(() => BudgetGuard.fromConfig(path)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', field: 'path' }),
    );
    expect(() => BudgetGuard.fromConfig(`${path}.gone`)).toThrow(/cannot be read/);
  });
});

describe('a conversation that the provider keeps', () => {
  const thread = (value: object) => ask(100, { thread: value });

  it('is refused when the answer it continues from was not seen', () => {
    const guard = new BudgetGuard({ global_cap_usd: 1 });
    const unseen = thread({ type: 'continue', previous_message_id: 'msg_1' });
    expect(guard.tryReserve(unseen)).toMatchObject({ code: 'UNBOUNDED_REQUEST' });
  });

  it('is bounded by what the answer it continues from was billed, in and out', () => {
    const guard = new BudgetGuard({ global_cap_usd: 1 });
    const first = guard.reserve(thread({ type: 'create' }));
    first.finishAt({
      kind: 'complete',
      responseId: 'msg_1',
      usage: lines({ input: 5_000, output: 90 }),
    });
    const next = { type: 'continue', previous_message_id: 'msg_1' };
    const seen = guard.reserve(thread(next));
    const alone = guard.reserve(thread({ type: 'create' }));
    const more = seen.quote.bound.inputTokens - alone.quote.bound.inputTokens;
    expect(more).toBeGreaterThanOrEqual(5_090);
    expect(seen.quote.bound.inputClasses).toContain('cacheWrite1h');
    const other = guard.tryReserve(ask(100, { thread: next, model: 'claude-haiku-4-5' }));
    expect(other, 'another model counts otherwise').toMatchObject({ code: 'UNBOUNDED_REQUEST' });
  });
});

describe("inputBound: 'tight'", () => {
  const prose = 'A sentence of plain English prose, as people write it. '.repeat(80);
  const call = ask(100, { messages: [{ role: 'user', content: prose }] });
  const inputOf = (guard: BudgetGuard) => guard.reserve(call).quote.bound.inputTokens;

  it('holds less for prose than the hard bound', () => {
    const hard = inputOf(new BudgetGuard({ global_cap_usd: 9 }));
    const tight = inputOf(new BudgetGuard({ global_cap_usd: 9, inputBound: 'tight' }));
    expect(tight).toBeLessThan(hard * 0.75);
  });

  it('holds more once the provider was seen to count more, and at most the hard bound', () => {
    const guard = new BudgetGuard({ global_cap_usd: 9, inputBound: 'tight' });
    const first = inputOf(guard);
    const usage = lines({ input: Math.ceil(first * 1.2), output: 1 }) as never;
    guard.reserve(call).finishAt({ kind: 'complete', usage });
    const second = inputOf(guard);
    expect(second).toBeGreaterThan(first);
    expect(second).toBeLessThanOrEqual(inputOf(new BudgetGuard({ global_cap_usd: 9 })));
  });
});
