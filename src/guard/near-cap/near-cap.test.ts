import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import { tokens } from '../../units/count.ts';
import { epochMs } from '../../units/time.ts';
import type { Call } from '../call.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createMemoryLedger } from '../../stores/memory/books/memory-ledger.ts';
import { BudgetGuard } from '../guard.ts';

const call: Call = {
  provider: 'anthropic',
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 1_000,
    messages: [{ role: 'user', content: 'Hello' }],
  },
};
const BOUND = new BudgetGuard({ caps: [] }).check(call).bound_nano_usd ?? 0;
const usdOf = (times: number) => Math.floor(times * BOUND) / 1e9;

/** A guard whose clock and timers stand still until they are moved. */
function timed(config: BudgetGuardConfig) {
  let now = Date.parse('2026-11-22T12:00:30Z');
  const timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  const guard = new BudgetGuard(config, {
    clock: () => epochMs(now)!,
    schedule: (ms, fn) => {
      const timer = { at: now + ms, fn };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  const moveTo = async (text: string) => {
    const end = Date.parse(text);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.fn();
    }
    now = end;
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { guard, moveTo, timers };
}

const state = async (promise: Promise<unknown>) =>
  Promise.race([
    promise.then(
      () => 'held' as const,
      (error: unknown) => error,
    ),
    new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting'))),
  ]);

const spend = (guard: BudgetGuard) =>
  guard.reserve(call).settle({ input_tokens: 500, output_tokens: 1_000 });

describe('waiting for a window', () => {
  it('ends at the very start of the next one, and draws on its account', async () => {
    const { guard, moveTo, timers } = timed({
      global_cap_per_minute_usd: usdOf(1.2),
      onShort: 'wait',
    });
    spend(guard);
    const waiting = guard.reserveAsync(call);
    await moveTo('2026-11-22T12:00:59.999Z');
    expect(await state(waiting)).toBe('waiting');
    await moveTo('2026-11-22T12:01:00Z');
    const held = await waiting;
    expect(held.adaptation).toMatchObject({ strategies: ['wait'], waited_ms: 30_000 });
    expect(guard.balance()[0]).toMatchObject({ spent_nano_usd: 0, held_nano_usd: BOUND });
    held.release('never sent');
    expect(timers.size).toBe(0);
  });

  it('is not begun when the window ends too late', async () => {
    const { guard } = timed({
      global_cap_per_minute_usd: usdOf(1.2),
      onShort: 'wait',
      waitMsMax: 29_999,
    });
    spend(guard);
    const error = await state(guard.reserveAsync(call));
    expect(error).toBeInstanceOf(BudgetCapError);
  });

  it('goes by the part of a rolling window that leaves', async () => {
    const { guard, moveTo } = timed({
      caps: [{ scope: 'global', window: 'rolling 1m', usd: usdOf(1.2) }],
      onShort: 'wait',
      waitMsMax: 120_000,
    });
    spend(guard);
    const waiting = guard.reserveAsync(call);
    await moveTo('2026-11-22T12:01:30Z');
    expect(await state(waiting)).toBe('waiting');
    await moveTo('2026-11-22T12:01:32Z');
    expect(await state(waiting)).toBe('held');
    (await waiting).release('never sent');
  });
});

describe('waiting for a hold', () => {
  it('is refused once a settlement has spent for good what it hoped for', async () => {
    const { guard } = timed({ global_cap_usd: usdOf(2.5), onShort: 'wait' });
    const [first, second] = [guard.reserve(call), guard.reserve(call)];
    // The second of them waits behind the first, and could never be served after all that is spent.
    const waiting = [guard.reserveAsync(call), guard.reserveAsync(call)];
    for (const one of waiting) expect(await state(one)).toBe('waiting');
    first.settle({ input_tokens: 600, output_tokens: 1_000 });
    second.settle({ input_tokens: 600, output_tokens: 1_000 });
    for (const one of waiting) expect(await state(one)).toBeInstanceOf(BudgetCapError);
    expect(guard.balance()[0]?.held_nano_usd).toBe(0);
  });

  it('goes on at each end of a hold that leaves room', async () => {
    const ends = [
      (one: ReturnType<BudgetGuard['reserve']>) => one.release('never sent'),
      (one: ReturnType<BudgetGuard['reserve']>) =>
        one.settle({ input_tokens: 1, output_tokens: 1 }),
    ];
    for (const end of ends) {
      const { guard } = timed({ global_cap_usd: usdOf(1.5), onShort: 'wait' });
      const held = guard.reserve(call);
      const waiting = guard.reserveAsync(call);
      expect(await state(waiting)).toBe('waiting');
      end(held);
      expect(await state(waiting)).toBe('held');
      (await waiting).release('never sent');
    }
  });

  it('goes on at a correction of what had been booked', async () => {
    const { guard } = timed({ global_cap_usd: usdOf(2.5), onShort: 'wait' });
    const [unknown, other] = [guard.reserve(call), guard.reserve(call)];
    const meter = unknown.meter('application/json');
    const usage = { input_tokens: 1, output_tokens: 1 };
    meter.push(new TextEncoder().encode(JSON.stringify({ type: 'message', usage })));
    unknown.settleUnknown('nobody knows');
    const waiting = guard.reserveAsync(call);
    expect(await state(waiting)).toBe('waiting');
    unknown.correctAt(meter.read(), 'it came late');
    expect(await state(waiting)).toBe('held');
    for (const one of [other, await waiting]) one.release('never sent');
  });

  it('is refused behind one that may still hope, once it may not itself', async () => {
    const { guard } = timed({ global_cap_usd: usdOf(3), onShort: 'wait' });
    const [first, second, third] = [guard.reserve(call), guard.reserve(call), guard.reserve(call)];
    const patient = guard.reserveAsync(call);
    const large = { ...call, body: { ...call.body, max_tokens: 2_600 } };
    const behind = guard.reserveAsync(large);
    for (const one of [patient, behind]) expect(await state(one)).toBe('waiting');
    first.settle({ input_tokens: 600, output_tokens: 600 });
    // A third of the cap is held twice and more than half a third is spent: there is no room for
    // the patient one yet, and there will never be for the one behind.
    expect(await state(patient)).toBe('waiting');
    expect(await state(behind)).toBeInstanceOf(BudgetCapError);
    second.release('never sent');
    expect(await state(patient)).toBe('held');
    for (const one of [third, await patient]) one.release('never sent');
  });

  it('tries the proven bound before the counted one, and says which it took', async () => {
    const long: Call = {
      ...call,
      body: { ...call.body, messages: [{ role: 'user', content: 'word '.repeat(4_000) }] },
    };
    const bound = new BudgetGuard({ caps: [] }).check(long).bound_nano_usd ?? 0;
    const { guard } = timed({ global_cap_usd: (bound + 1_000) / 1e9, onShort: ['count', 'wait'] });
    const first = guard.reserve(long);
    const waiting = guard.reserveAsync(long);
    first.release('never sent');
    const held = await waiting;
    expect(held.adaptation?.strategies).toEqual(['wait']);
    expect(held.quote.amounts.usd).toBe(bound);
    held.release('never sent');
  });

  it('is begun behind others too by a call that only its closer count gives hope', async () => {
    const body = { ...call.body, messages: [{ role: 'user', content: 'word '.repeat(4_000) }] };
    const long: Call = { ...call, body };
    const bound = new BudgetGuard({ caps: [] }).check(long).bound_nano_usd ?? 0;
    const { guard } = timed({
      global_cap_usd: Math.floor(0.8 * bound) / 1e9,
      onShort: ['count', 'wait'],
    });
    const first = await guard.reserveAsync(long);
    const waiting = [guard.reserveAsync(long), guard.reserveAsync(long)];
    for (const one of waiting) expect(await state(one)).toBe('waiting');
    first.release('never sent');
    const second = await waiting[0]!;
    expect(second.adaptation?.strategies).toEqual(['count', 'wait']);
    second.release('never sent');
    (await waiting[1]!).release('never sent');
  });

  it('belongs to the scopes of the call, wherever its turn comes', async () => {
    const { guard } = timed({ per_customer_cap_usd: usdOf(1.5), onShort: 'wait' });
    const reserve = () => guard.reserveAsync(call);
    const first = await guard.run({ customer: 'a' }, reserve);
    const waiting = guard.run({ customer: 'a' }, reserve);
    guard.run({ customer: 'b' }, () => first.release('never sent'));
    const held = await waiting;
    expect(held.quote.scopes['customer']).toEqual(['a']);
    expect(guard.balance({ customer: 'b' })[0]?.held_nano_usd).toBe(0);
    held.release('never sent');
  });
});

describe('a ledger that asks its store before it says no', () => {
  /** Decides like the memory ledger; what that refuses, only `reserveAsync` says for good. */
  function askingLedger(): Ledger {
    const inner = createMemoryLedger();
    return {
      reserve(order) {
        const reply = inner.reserve(order);
        return reply.kind === 'refused' ? { kind: 'ask', short: reply.short } : reply;
      },
      reserveAsync: (order) => Promise.resolve(inner.reserve(order)),
      extend: (order) => inner.extend(order),
      settle: (order) => inner.settle(order),
      release: (order) => inner.release(order),
      expire: (order) => inner.expire(order),
      adjust: (order) => inner.adjust(order),
      balance: (account) => inner.balance(account),
      openHolds: () => inner.openHolds(),
    };
  }

  it('tells a caller that does not await what is known without the store', () => {
    const guard = new BudgetGuard({ global_cap_usd: usdOf(0.5) }, { ledger: askingLedger() });
    expect(guard.tryReserve(call)).toMatchObject({ code: 'BUDGET_CAP', needed_usd: BOUND / 1e9 });
  });

  it('is asked for each form of a call that is tried', async () => {
    const guard = new BudgetGuard(
      { global_cap_usd: usdOf(0.5), onShort: ['count', 'fit'], minOutputTokens: 300 },
      { ledger: askingLedger() },
    );
    const held = await guard.reserveAsync(call);
    expect(held.adaptation?.strategies).toContain('fit');
    held.release('never sent');
    const error = await state(
      guard.reserveAsync({ ...call, options: { minOutputTokens: 999, onShort: 'fit' } }),
    );
    expect(error).toBeInstanceOf(BudgetCapError);
    expect(guard.balance()[0]?.held_nano_usd).toBe(0);
  });
});

describe('the count of the provider', () => {
  const long = { ...call.body, messages: [{ role: 'user', content: 'word '.repeat(4_000) }] };
  const counted = async (tokensOf: number) => {
    const guard = new BudgetGuard({
      caps: [{ scope: 'global', window: 'day', usd: usdOf(1), onShort: 'count' }],
      countEndpoint: true,
    });
    const countInput = () => Promise.resolve(tokens(tokensOf));
    return state(guard.reserveAsync({ ...call, body: long, countInput }));
  };

  it('is believed where it is one', async () => {
    expect(await counted(500)).toBe('held');
  });

  it('is not believed where it is zero: no request has an input of nothing', async () => {
    expect(await counted(0)).toBeInstanceOf(BudgetCapError);
  });
});
