import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  BudgetCapError,
  BudgetGuard,
  createMemoryLedger,
  type Call,
  type CallOptions,
  type Reservation,
} from '../../src/index.ts';
import { isMustAsk } from '../../src/guard/admission.ts';
import { epochMs } from '../../src/units/time.ts';

const body = {
  model: 'claude-sonnet-4-6',
  max_tokens: 2_000,
  messages: [{ role: 'user', content: 'word '.repeat(200) }],
};
const CAP_USD = 0.1;
const CUSTOMER_CAP_USD = 0.06;

/** One thing that happens. */
type Deed =
  | {
      readonly kind: 'call';
      readonly maxTokens: number;
      readonly customer: 'a' | 'b';
      readonly options: CallOptions;
    }
  | { readonly kind: 'end'; readonly which: number; readonly part: number }
  | { readonly kind: 'give up'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number };

const onShort = fc.oneof(
  fc.constant(undefined),
  fc.constant('refuse' as const),
  fc.shuffledSubarray(['count', 'fit', 'wait', 'fallback'] as const, { minLength: 1 }),
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      maxTokens: fc.integer({ min: 1, max: 3_000 }),
      customer: fc.constantFrom('a' as const, 'b' as const),
      options: fc.record({
        onShort,
        minOutputTokens: fc.integer({ min: 1, max: 2_000 }),
        waitMsMax: fc.integer({ min: 1, max: 40_000 }),
        wrapUp: fc.boolean(),
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      which: fc.nat(),
      // Of what it may cost at most; nothing is a release.
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('give up' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 40_000 }) }),
  },
);

/** Some turns of the event loop: whatever was answered has been heard. */
async function settleDown(): Promise<void> {
  for (let turns = 0; turns < 4; turns += 1) await new Promise((go) => setImmediate(go));
}

/** A guard on a clock of its own, and all that calls on it have come to. */
class World {
  #now = Date.parse('2026-11-22T12:00:00Z');
  readonly #timers = new Set<{ readonly at: number; readonly fn: () => void }>();
  readonly ledger = createMemoryLedger();
  readonly guard = new BudgetGuard(
    {
      caps: [
        { scope: 'global', window: 'minute', usd: CAP_USD, wrapUp: 0.1 },
        { scope: 'customer', window: 'lifetime', usd: CUSTOMER_CAP_USD * 20, calls: 400 },
        { scope: 'customer', window: 'rolling 2m', usd: CUSTOMER_CAP_USD },
      ],
      onShort: ['count', 'fit', 'wait'],
      waitersMax: 5,
      fallback: { 'claude-sonnet-4-6': ['claude-haiku-4-5'] },
    },
    {
      ledger: this.ledger,
      clock: () => epochMs(this.#now)!,
      schedule: (ms, fn) => {
        const timer = { at: this.#now + ms, fn };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
    },
  );
  readonly open: Reservation[] = [];
  readonly waiting: AbortController[] = [];
  asked = 0;
  answered = 0;

  call({ maxTokens, customer, options }: Extract<Deed, { kind: 'call' }>): void {
    const call: Call = {
      provider: 'anthropic',
      body: { ...body, max_tokens: maxTokens },
      scopes: { customer },
      options,
    };
    this.asked += 1;
    const admission = this.guard.admit(call);
    if (!isMustAsk(admission)) {
      this.#take(admission, undefined);
      return;
    }
    const stop = new AbortController();
    this.waiting.push(stop);
    admission.ask(stop.signal).then(
      (outcome) => this.#take(outcome, stop),
      (reason: unknown) => {
        assert.equal(reason, stop.signal.reason);
        this.answered += 1;
      },
    );
  }

  /** As the transport does: a hold for a caller that gave up meanwhile goes back. */
  #take(outcome: Reservation | Error, stop: AbortController | undefined): void {
    this.answered += 1;
    if (stop !== undefined) this.waiting.splice(this.waiting.indexOf(stop), 1);
    if (outcome instanceof Error) {
      assert(outcome instanceof BudgetCapError, String(outcome));
      assert(outcome.accounts.length > 0);
      return;
    }
    if (stop?.signal.aborted === true) outcome.release('the caller gave up');
    else this.open.push(outcome);
  }

  end(which: number, part: number): void {
    const [one] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (one === undefined) return;
    const { inputTokens, outputTokens } = one.quote.bound;
    if (part === 0) one.release('never sent');
    else {
      one.settle({
        input_tokens: Math.floor(inputTokens * part),
        output_tokens: Math.floor(outputTokens * part),
      });
    }
  }

  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await settleDown();
      const due = [...this.#timers].filter(({ at }) => at <= until);
      const [next] = due.toSorted((left, right) => left.at - right.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
    }
    this.#now = until;
  }

  check(): void {
    for (const scopes of [{ customer: 'a' }, { customer: 'b' }]) {
      for (const account of this.guard.balance(scopes)) {
        const used = account.spent_nano_usd + account.held_nano_usd;
        assert(used <= (account.cap_nano_usd ?? Infinity), `${account.cap_id}: ${used}`);
        const calls = account.spent_calls + account.held_calls;
        assert(calls <= (account.cap_calls ?? Infinity), `${account.cap_id}: ${calls} calls`);
      }
    }
    const holds = [...this.ledger.openHolds()].map(({ id }) => id).toSorted();
    assert.deepEqual(holds, this.open.map(({ id }) => id).toSorted(), 'each hold has an owner');
  }
}

describe('calls near their caps, in any order of calls, ends, aborts and time', () => {
  it('never pass a cap, are each answered once, and leave no hold without an owner', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 40 }), async (deeds) => {
        const world = new World();
        for (const one of deeds) {
          if (one.kind === 'call') world.call(one);
          else if (one.kind === 'end') world.end(one.which, one.part);
          else if (one.kind === 'pass') await world.pass(one.ms);
          else world.waiting[one.which % Math.max(1, world.waiting.length)]?.abort();
          await settleDown();
          world.check();
        }
        // Nobody waits for longer than was allowed, whether or not anything ever ends.
        await world.pass(40_001);
        await settleDown();
        assert.equal(world.answered, world.asked, 'every call was answered');
        while (world.open.length > 0) world.end(0, 0.5);
        world.check();
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
