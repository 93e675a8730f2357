import { describe, expect, it } from 'vitest';
import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { BudgetGuardConfig, CapConfig } from '../../policy/config.ts';
import type { Scopes } from '../../policy/scope.ts';
import { anthropic } from '../../providers/anthropic/provider.ts';
import type { JsonObject } from '../../providers/provider.ts';
import { createMemoryLedger } from '../../stores/memory/books/memory-ledger.ts';
import { epochMs } from '../../units/time.ts';
import type { Call } from '../call.ts';
import type { ReservedEvent, SettledEvent } from '../events.ts';
import { BudgetGuard } from '../guard.ts';
import { FINGERPRINTS_KEPT_MAX } from './loop-cap.ts';

const ask = (content = 'Hello', more: JsonObject = {}): Call => ({
  provider: 'anthropic',
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 10,
    messages: [{ role: 'user', content }],
    ...more,
  },
});

const NOON = Date.UTC(2026, 0, 1, 12);

/** A guard with these caps on a clock of the test's own. */
function stage(caps: readonly CapConfig[], more: Partial<BudgetGuardConfig> = {}) {
  const time = { ms: NOON };
  const clock = () => epochMs(time.ms)!;
  const guard = new BudgetGuard({ caps, ...more }, { clock });
  const reserved: ReservedEvent[] = [];
  guard.on('reserved', (event) => reserved.push(event));
  /** Holds and gives back, or answers with the refusal. */
  const attempt = (call: Call = ask()): BudgetCapError | 'held' => {
    const answer = guard.tryReserve(call);
    if (answer instanceof BudgetCapError) return answer;
    if (answer instanceof Error) throw answer;
    answer.release('never sent');
    return 'held';
  };
  const attempts = (times: number, call?: Call) =>
    Array.from({ length: times }, () => attempt(call));
  /** Runs inside nested values of one dimension, outermost first. */
  const nested = (values: readonly string[], dimension = 'agent', call = ask()) =>
    attempt({ ...call, scopes: values.map((value): Scopes => ({ [dimension]: value })) });
  return { guard, time, reserved, attempt, attempts, nested };
}

const identical = (count: number, more: Partial<CapConfig> = {}): CapConfig => ({
  scope: 'global',
  window: 'rolling 1h',
  identical: count,
  ...more,
});

describe('a cap on identical requests', () => {
  it('holds as many as it says and refuses the next as a retry storm', () => {
    const { attempts, attempt, guard } = stage([identical(3)]);
    expect(attempts(3)).toEqual(['held', 'held', 'held']);
    const error = attempt() as BudgetCapError;
    expect(error).toMatchObject({
      code: 'BUDGET_CAP',
      scope: 'global',
      dimension: 'identical',
      pattern: 'retry-storm',
      repeats: 4,
      retryable: false,
      status: 402,
      cap_usd: null,
      window: 'rolling 1h',
    });
    expect(error.accounts[0]).toMatchObject({ dimension: 'identical', count: 4, cap_count: 3 });
    expect(error.message).toBe(
      'This call to claude-sonnet-4-6 is attempt 4 with the same request, but global has a cap ' +
        'of 3 identical attempts per rolling 1h: a retry storm. Room returns at ' +
        '2026-01-01T13:01:00.000Z. Nothing was sent.',
    );
    expect(guard.balance()[0]).toMatchObject({ held_nano_usd: 0, spent_calls: 0, held_calls: 0 });
    expect(guard.check(ask())).toMatchObject({ fits: false, error: { repeats: 4 } });
  });

  it('another request passes, and looking counts nothing', () => {
    const { attempt, guard } = stage([identical(1)]);
    for (let look = 0; look < 5; look += 1) expect(guard.check(ask()).fits).toBe(true);
    expect(attempt()).toBe('held');
    expect(attempt(ask('Hello!'))).toBe('held');
    expect(attempt(ask('Hello', { metadata: { user_id: 'x' } }))).toBeInstanceOf(BudgetCapError);
  });

  it('lets go at the instant that the error names', () => {
    const { attempts, attempt, time } = stage([identical(2, { window: 'hour' })]);
    attempts(2);
    const error = attempt() as BudgetCapError;
    expect(error).toMatchObject({ retry_after: 3_600, resets_at: '2026-01-01T13:00:00.000Z' });
    time.ms += 3_599_999;
    expect(attempt()).toBeInstanceOf(BudgetCapError);
    time.ms += 1;
    expect(attempts(3).map((each) => each === 'held')).toEqual([true, true, false]);
  });

  it('a rolling window lets one go after the other', () => {
    const { attempt, time } = stage([identical(2, { window: 'rolling 1m' })]);
    attempt();
    time.ms += 30_000;
    attempt();
    const error = attempt() as BudgetCapError;
    // The first came at the start of a part, and leaves 61 seconds later.
    expect(error.retry_after).toBe(31);
    time.ms += 30_999;
    expect(attempt()).toBeInstanceOf(BudgetCapError);
    time.ms += 1;
    expect(attempt()).toBe('held');
    expect(attempt()).toBeInstanceOf(BudgetCapError);
  });

  it('a lifetime never lets go', () => {
    const { attempt, time } = stage([identical(1, { window: 'lifetime' })]);
    attempt();
    time.ms += 1e12;
    expect(attempt()).toMatchObject({ retry_after: null, resets_at: null });
  });

  it('counts for each scope value by itself, nested ones for all of theirs', () => {
    const { nested } = stage([identical(1, { scope: 'agent' })]);
    expect(nested(['a'])).toBe('held');
    expect(nested(['b'])).toBe('held');
    expect(nested(['b', 'c'])).toMatchObject({ scope: 'agent:b' });
    expect(nested(['d', 'c'])).toBe('held');
    expect(nested(['c'])).toMatchObject({ scope: 'agent:c' });
  });

  it('an attempt that was refused for money does not count', () => {
    const { guard, attempts } = stage([identical(2)], { global_cap_usd: 0.02 });
    const other = guard.reserve(ask('Other', { max_tokens: 900 }));
    const dear = ask('Hello', { max_tokens: 600 });
    for (const refused of attempts(9, dear)) expect(refused).toMatchObject({ dimension: 'usd' });
    other.release('never sent');
    expect(attempts(2, dear)).toEqual(['held', 'held']);
    expect(attempts(1, dear)[0]).toMatchObject({ dimension: 'identical' });
  });

  it('an attempt that one cap refused does not count for another', () => {
    const hourly = identical(1, { window: 'hour' });
    const { attempt, attempts, time } = stage([hourly, identical(3, { window: 'lifetime' })]);
    for (const hour of [1, 2]) {
      expect(attempt(), `hour ${hour}`).toBe('held');
      for (const refused of attempts(4)) expect(refused).toMatchObject({ window: 'hour' });
      time.ms += 3_600_000;
    }
    expect(attempt(), 'hour 3').toBe('held');
    expect(attempt()).toMatchObject({ window: 'lifetime', repeats: 4 });
  });

  it('what is short of money too is refused as a loop, which waiting may not mend', () => {
    const { attempts, guard } = stage([identical(1)], { global_cap_usd: 0.02 });
    attempts(1, ask('Hello', { max_tokens: 600 }));
    guard.reserve(ask('Other', { max_tokens: 900 }));
    const [refused] = attempts(1, ask('Hello', { max_tokens: 600 }));
    expect(refused).toMatchObject({ dimension: 'identical' });
  });

  it('the account keeps money too, so that the error tells what the loop has cost', () => {
    const { guard, attempt } = stage([identical(1)]);
    guard.reserve(ask()).settle({ input_tokens: 10, output_tokens: 5 });
    // 10 x $3 and 5 x $15 per million.
    expect(attempt()).toMatchObject({ spend_usd: 0.000105 });
  });

  it('one that observes records and never refuses', () => {
    const { attempts, reserved } = stage([identical(2, { mode: 'observe' })]);
    expect(attempts(4)).toEqual(['held', 'held', 'held', 'held']);
    expect(reserved.map(({ observed }) => observed.map(({ cap_id: id }) => id))).toEqual([
      [],
      [],
      ['observe:global/rolling-1h'],
      ['observe:global/rolling-1h'],
    ]);
  });

  it('what is cut down to fit is still the request that was asked for', () => {
    const { guard } = stage([identical(2)], { global_cap_usd: 0.05, onShort: 'fit' });
    const wide = () => guard.tryReserve(ask('Hello', { max_tokens: 2_000 }));
    const held = [wide(), wide()].map((each) => (each instanceof Error ? undefined : each));
    const [first, second] = held.map((each) => each?.quote.facts.body['max_tokens']);
    expect(first).toBe(2_000);
    expect(second).toBeLessThan(2_000);
    expect(wide()).toMatchObject({ dimension: 'identical', repeats: 3 });
    for (const each of held) each?.release('never sent');
    expect(wide()).toMatchObject({ dimension: 'identical', repeats: 3 });
  });

  it('remembers a bounded number of requests, and forgets the oldest', () => {
    const { attempt } = stage([identical(1)]);
    attempt(ask('First'));
    attempt(ask('Second'));
    for (let other = 2; other < FINGERPRINTS_KEPT_MAX; other += 1) attempt(ask(`Other ${other}`));
    expect(attempt(ask('First'))).toBeInstanceOf(BudgetCapError);
    attempt(ask('One more'));
    expect(attempt(ask('Second'))).toBeInstanceOf(BudgetCapError);
    expect(attempt(ask('First'))).toBe('held');
  });
});

describe('a tool loop', () => {
  const looking = (times: number): JsonObject => ({
    messages: [
      { role: 'user', content: 'Find it.' },
      ...Array.from({ length: times }, (_, turn) => [
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: `t${turn}`, name: 'look', input: { path: 'a' } }],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: `t${turn}`, content: 'nothing' }],
        },
      ]).flat(),
    ],
  });

  it('is refused when the step comes more often in a row than the cap says', () => {
    const { attempt } = stage([identical(3, { scope: 'agent' })]);
    expect(attempt(ask('', looking(3)))).toBe('held');
    const error = attempt(ask('', looking(4)));
    expect(error).toMatchObject({
      scope: 'agent:unattributed',
      dimension: 'identical',
      pattern: 'tool-loop',
      repeats: 4,
      retry_after: null,
    });
    expect((error as BudgetCapError).message).toBe(
      'This call to claude-sonnet-4-6 follows the same tool step with the same result 4 times in ' +
        'a row, but agent:unattributed has a cap of 3: a tool loop. Waiting cannot help: take ' +
        'another step, or end the loop. Nothing was sent.',
    );
  });

  it('binds before the retry storm that is left by waiting', () => {
    const { attempt, attempts } = stage([identical(2), identical(5, { id: 'b' })]);
    attempts(2, ask('', looking(2)));
    expect(attempt(ask('', looking(2)))).toMatchObject({ pattern: 'retry-storm' });
    expect(attempt(ask('', looking(6)))).toMatchObject({
      pattern: 'tool-loop',
      accounts: [{ cap_id: 'global/rolling-1h' }, { cap_id: 'b' }],
    });
  });
});

describe('a cap on depth', () => {
  const depth = (count: number, more: Partial<CapConfig> = {}): CapConfig => ({
    scope: 'agent',
    window: 'lifetime',
    depth: count,
    ...more,
  });

  it('holds calls as deep as it says and refuses deeper ones, which waiting does not help', () => {
    const { nested } = stage([depth(2)]);
    expect([nested([]), nested(['a']), nested(['a', 'b'])]).toEqual(['held', 'held', 'held']);
    const error = nested(['a', 'b', 'c']);
    expect(error).toMatchObject({
      dimension: 'depth',
      scope: 'agent:c',
      pattern: null,
      repeats: null,
      retry_after: null,
      accounts: [{ count: 3, cap_count: 2, fits_when_empty: false }],
    });
    expect((error as BudgetCapError).message).toBe(
      'This call to claude-sonnet-4-6 stands 3 values deep (a > b > c), but agent:c has a cap of ' +
        'depth 2. Waiting cannot help: nest less, or raise the cap. Nothing was sent.',
    );
  });

  it('with `match` only matching values count', () => {
    const { nested } = stage([depth(1, { match: 'sub-*' })]);
    expect(nested(['a', 'sub-1', 'b'])).toBe('held');
    expect(nested(['a', 'sub-1', 'sub-2'])).toMatchObject({ scope: 'agent:sub-*' });
    expect(nested(['a', 'b', 'c', 'd'])).toBe('held');
  });

  it('one that observes lets all through and says so', () => {
    const { nested, reserved } = stage([depth(1, { mode: 'observe' })]);
    expect(nested(['a', 'b'])).toBe('held');
    expect(reserved[0]?.observed).toEqual([
      { cap_id: 'observe:agent/lifetime', scope: 'agent:b', window: 'lifetime' },
    ]);
  });
});

describe('a cap on fan-out', () => {
  const fanOut = (count: number, more: Partial<CapConfig> = {}): CapConfig => ({
    scope: 'agent',
    window: 'hour',
    fanOut: count,
    ...more,
  });

  it('holds as many distinct children of a parent as it says; one it knows is not new', () => {
    const { nested, time } = stage([fanOut(2)]);
    expect([nested(['p', 'a']), nested(['p', 'b'])]).toEqual(['held', 'held']);
    expect([nested(['p', 'a']), nested(['p'])]).toEqual(['held', 'held']);
    const error = nested(['p', 'c']);
    expect(error).toMatchObject({
      dimension: 'fanOut',
      scope: 'agent:p',
      resets_at: '2026-01-01T13:00:00.000Z',
      accounts: [{ count: 3, cap_count: 2 }],
    });
    expect((error as BudgetCapError).message).toBe(
      'This call to claude-sonnet-4-6 brings child 3 under p (c), but agent:p has a cap of 2 ' +
        'children per hour. Room returns at 2026-01-01T13:00:00.000Z. Nothing was sent.',
    );
    time.ms += 3_600_000;
    expect([nested(['p', 'c']), nested(['p', 'd'])]).toEqual(['held', 'held']);
    expect(nested(['p', 'a'])).toBeInstanceOf(BudgetCapError);
  });

  it('counts under the whole chain of parents, not under a name', () => {
    const { nested } = stage([fanOut(1)]);
    expect([nested(['p', 'a', 'x']), nested(['q', 'a', 'y'])]).toEqual(['held', 'held']);
    expect(nested(['p', 'a', 'y'])).toMatchObject({ scope: 'agent:a' });
    // A parent in the middle of a chain has its child by that chain.
    expect(nested(['p', 'b'])).toMatchObject({ scope: 'agent:p' });
  });

  it('outermost values have no parent and are not counted', () => {
    const { nested } = stage([fanOut(1)]);
    for (const name of ['a', 'b', 'c']) expect(nested([name])).toBe('held');
  });

  it('a child that was refused is not there', () => {
    const { nested } = stage([fanOut(1)], { global_cap_usd: 0.02 });
    const dear = ask('Hello', { max_tokens: 5_000 });
    expect(nested(['p', 'a'], 'agent', dear)).toMatchObject({ dimension: 'usd' });
    expect(nested(['p', 'b'])).toBe('held');
  });

  it('with `match` only matching children count', () => {
    const { nested } = stage([fanOut(1, { match: 'sub-*' })]);
    for (const name of ['a', 'b', 'sub-1']) expect(nested(['p', name])).toBe('held');
    expect(nested(['p', 'sub-2'])).toMatchObject({ scope: 'agent:sub-*' });
  });
});

describe('where the ledger has to ask its store', () => {
  it('a call that another overtook is refused, and its hold goes back', async () => {
    const books = createMemoryLedger();
    const asking: Ledger = {
      ...books,
      reserve: () => ({ kind: 'ask' }),
      reserveAsync: async (order) => books.reserve(order),
    };
    const guard = new BudgetGuard({ caps: [identical(1)] }, { ledger: asking });
    const settled: SettledEvent[] = [];
    guard.on('settled', (event) => settled.push(event));
    const answers = await Promise.allSettled([
      guard.reserveAsync(ask()),
      guard.reserveAsync(ask()),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(answers[1]).toMatchObject({ reason: { pattern: 'retry-storm', repeats: 2 } });
    expect([...books.openHolds()]).toHaveLength(1);
    expect(settled).toMatchObject([{ outcome: 'unsent', cost_nano_usd: 0 }]);
  });
});

describe('without a cap on identical requests', () => {
  /** How often the body of a call was listed on its way through a guard. */
  function readsWith(caps: readonly CapConfig[]): number {
    let reads = 0;
    const call = ask();
    const read = anthropic.readBody('messages', call.body);
    if ('kind' in read) throw new Error(read.reason);
    const body = new Proxy(read.body, {
      ownKeys: (target) => {
        reads += 1;
        return Reflect.ownKeys(target);
      },
    });
    const guard = new BudgetGuard({ caps });
    guard.reserve({ ...call, facts: { ...read, body } }).release('never sent');
    return reads;
  }

  it('nothing of an admitted request is hashed', () => {
    const money: CapConfig = { scope: 'agent', window: 'day', usd: 1 };
    const plain = readsWith([money]);
    expect(readsWith([{ ...money, depth: 3, fanOut: 3 }])).toBe(plain);
    // The proof that the measure can see it.
    expect(readsWith([{ ...money, identical: 3 }])).toBeGreaterThan(plain);
  });
});
