import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ManualTime } from '../../../test/leases/manual-time.ts';
import { after, durationMs, epochMs, type EpochMs } from '../../units/time.ts';
import { TURNS_AT_ONCE_MAX, WaitQueue, type Place, type Turn } from './wait-queue.ts';

const SECOND = 1_000;

interface Sketch {
  readonly needs: Readonly<Record<string, number>>;
  /** Accounts that it says it is short on as it enters. */
  readonly short?: readonly string[];
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  readonly retryAt?: EpochMs;
  /** Runs at the end of each turn, inside it. */
  readonly inTurn?: () => void;
}

/** Accounts with room, a queue before them, and a note of each turn and each answer. */
class Counter {
  readonly time = new ManualTime(epochMs(1_763_683_200_000)!);
  readonly room = new Map<string, number>();
  readonly turns: string[] = [];
  readonly answers: string[] = [];
  readonly queue: WaitQueue<string>;
  timers = 0;

  constructor(room: Readonly<Record<string, number>>, waitersMax = 10_000) {
    for (const [key, amount] of Object.entries(room)) this.room.set(key, amount);
    const { clock, now } = this.time;
    this.queue = new WaitQueue({
      clock,
      now,
      waitersMax,
      schedule: (ms, fn) => {
        this.timers += 1;
        const cancel = this.time.schedule(ms, () => {
          this.timers -= 1;
          fn();
        });
        return () => {
          this.timers -= 1;
          cancel();
        };
      },
    });
  }

  /** The place of somebody who takes what it needs from every account, or from none. */
  place(name: string, sketch: Sketch): Place<string> {
    const { needs, short = [], waitMs = 30 * SECOND, signal, retryAt, inTurn } = sketch;
    return {
      keys: Object.keys(needs),
      short,
      waitMsMax: durationMs(waitMs)!,
      signal,
      onTimeout: () => `${name} timed out`,
      onFull: () => `${name} refused: full`,
      turn: (): Turn<string> => {
        this.turns.push(name);
        const keys = Object.keys(needs).filter((key) => (this.room.get(key) ?? 0) < needs[key]!);
        if (keys.length === 0) {
          for (const [key, need] of Object.entries(needs)) this.add(key, -need);
        }
        inTurn?.();
        return keys.length === 0 ? { kind: 'done', value: name } : { kind: 'short', keys, retryAt };
      },
    };
  }

  enter(name: string, sketch: Sketch): void {
    this.follow(name, this.queue.enter(this.place(name, sketch)));
  }

  follow(name: string, answer: Promise<string>): void {
    answer.then(
      (value) => this.answers.push(value),
      (error: unknown) => this.answers.push(`${name} rejected: ${String(error)}`),
    );
  }

  add(key: string, amount: number): void {
    this.room.set(key, (this.room.get(key) ?? 0) + amount);
  }

  giveBack(key: string, amount: number): void {
    this.add(key, amount);
    this.queue.wake([key]);
  }

  async settled(): Promise<readonly string[]> {
    await this.time.pass(0);
    return this.answers;
  }
}

describe('order', () => {
  it('serves in the order of arrival, as far as the room goes', async () => {
    const counter = new Counter({ a: 0 });
    for (const name of ['first', 'second', 'third']) counter.enter(name, { needs: { a: 2 } });
    counter.giveBack('a', 5);
    expect(await counter.settled()).toEqual(['first', 'second']);
    expect(counter.queue.size).toBe(1);
  });

  it('lets nobody pass a large call on its account, however small the call is', async () => {
    const counter = new Counter({ a: 0 });
    counter.enter('large', { needs: { a: 10 } });
    counter.enter('small', { needs: { a: 1 } });
    for (let back = 0; back < 9; back += 1) counter.giveBack('a', 1);
    expect(await counter.settled()).toEqual([]);
    counter.giveBack('a', 2);
    expect(await counter.settled()).toEqual(['large', 'small']);
  });

  it('lets nobody take room on an account of one ahead by way of another account', async () => {
    const counter = new Counter({ global: 5, acme: 0 });
    counter.enter('large', { needs: { global: 10 } });
    counter.enter('acme', { needs: { acme: 1, global: 1 }, short: ['acme'] });
    counter.giveBack('acme', 1);
    expect(await counter.settled()).toEqual([]);
    counter.giveBack('global', 6);
    expect(await counter.settled()).toEqual(['large', 'acme']);
  });

  it('holds also for an account that a turn names first', async () => {
    const counter = new Counter({ a: 0, b: 0 });
    counter.enter('large', { needs: { b: 2 } });
    const place = counter.place('surprised', { needs: { a: 1, b: 1 } });
    counter.follow('surprised', counter.queue.enter({ ...place, keys: ['a'] }));
    counter.giveBack('b', 1);
    counter.giveBack('a', 1);
    expect(await counter.settled()).toEqual([]);
    counter.giveBack('b', 2);
    expect(await counter.settled()).toEqual(['large', 'surprised']);
  });

  it('has a newcomer in the middle of a turn go behind whoever has it', async () => {
    const counter = new Counter({ a: 0 });
    const seen: boolean[] = [];
    const inTurn = (): void => {
      seen.push(counter.queue.isAhead(['a']), counter.queue.isAhead(['b']));
    };
    counter.enter('first', { needs: { c: 1, a: 0 }, inTurn });
    expect(seen).toEqual([true, false]);
    expect(counter.queue.isAhead(['a'])).toBe(false);
  });

  it('holds nobody up for an account that has room for the one ahead', async () => {
    const counter = new Counter({ global: 10, acme: 0, other: 1 });
    counter.enter('acme', { needs: { acme: 1, global: 1 } });
    expect(counter.queue.isAhead(['global', 'other'])).toBe(false);
    expect(counter.queue.isAhead(['global', 'acme'])).toBe(true);
    counter.enter('other', { needs: { other: 1, global: 1 } });
    expect(await counter.settled()).toEqual(['other']);
  });

  it('keeps the ticket of a waiter that moves to another line', async () => {
    const counter = new Counter({ a: 0, b: 2 });
    counter.enter('mover', { needs: { a: 1, b: 2 } });
    counter.add('b', -2);
    counter.enter('later', { needs: { b: 1 } });
    counter.giveBack('a', 1);
    counter.giveBack('b', 1);
    expect(await counter.settled()).toEqual([]);
    counter.giveBack('b', 2);
    expect(await counter.settled()).toEqual(['mover', 'later']);
  });

  it('takes turns until the first stays short: one for a thousand waiters', async () => {
    const counter = new Counter({ a: 0 });
    for (let n = 0; n < 1_000; n += 1) counter.enter(`${n}`, { needs: { a: 2 } });
    // A newcomer with others ahead has no turn: only the very first had one.
    expect(counter.turns).toEqual(['0']);
    counter.giveBack('a', 1);
    expect(counter.turns).toEqual(['0', '0']);
    counter.giveBack('a', 2);
    expect(counter.turns).toEqual(['0', '0', '0', '1']);
    expect(await counter.settled()).toEqual(['0']);
  });

  it('gives one turn to a waiter that is woken on several accounts at once', () => {
    const counter = new Counter({ a: 0, b: 0, c: 0 });
    counter.enter('all', { needs: { a: 1, b: 1, c: 1 } });
    counter.queue.wake(['a', 'b', 'c']);
    expect(counter.turns).toEqual(['all', 'all']);
  });
});

describe('a wake', () => {
  it('is not lost between a refused attempt and the entrance, which takes a turn', async () => {
    const counter = new Counter({ a: 0 });
    counter.giveBack('a', 1);
    counter.enter('first', { needs: { a: 1 } });
    expect(counter.queue.size).toBe(0);
    expect(await counter.settled()).toEqual(['first']);
  });

  it('is not lost when it comes in the turn that found too little', async () => {
    const counter = new Counter({ a: 0, b: 0 });
    let isFirst = true;
    const inTurn = (): void => {
      if (isFirst) counter.giveBack('b', 1);
      isFirst = false;
    };
    counter.enter('waiter', { needs: { a: 0, b: 1 }, inTurn });
    expect(await counter.settled()).toEqual(['waiter']);
  });

  it('from within a turn is served after it, never inside', async () => {
    const counter = new Counter({ a: 0, b: 0 });
    const seen: string[] = [];
    counter.enter('b', { needs: { b: 1 }, inTurn: () => seen.push('b') });
    const inTurn = (): void => {
      seen.push('a begins');
      counter.giveBack('b', 1);
      seen.push('a ends');
    };
    counter.enter('a', { needs: { a: 1 }, inTurn });
    expect(seen).toEqual(['b', 'a begins', 'a ends', 'b']);
    expect(await counter.settled()).toEqual(['b']);
  });

  it('that never ends does not keep the process from anything else', async () => {
    const counter = new Counter({ a: 0 });
    counter.enter('restless', { needs: { a: 1 }, inTurn: () => counter.queue.wake(['a']) });
    expect(counter.turns.length).toBe(TURNS_AT_ONCE_MAX);
    counter.giveBack('a', 1);
    expect(await counter.settled()).toEqual(['restless']);
  });

  it('of more than can be served in one go goes on without another', async () => {
    const counter = new Counter({ a: 0 });
    const count = 2 * TURNS_AT_ONCE_MAX + 1;
    for (let n = 0; n < count; n += 1) counter.enter(`${n}`, { needs: { a: 1 } });
    counter.giveBack('a', count);
    expect(counter.queue.isAhead(['a'])).toBe(true);
    await counter.time.pass(1);
    expect(counter.answers).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
  });
});

describe('one who leaves', () => {
  it('for good, by a refusal in its turn, unblocks those behind in the same pass', async () => {
    const counter = new Counter({ a: 0 });
    let isHopeless = false;
    const place: Place<string> = {
      ...counter.place('hopeless', { needs: { a: 10 } }),
      turn: () => {
        if (isHopeless) return { kind: 'done', value: 'hopeless refused' };
        return { kind: 'short', keys: ['a'], retryAt: undefined };
      },
    };
    counter.follow('hopeless', counter.queue.enter(place));
    counter.enter('behind', { needs: { a: 1 } });
    isHopeless = true;
    counter.giveBack('a', 1);
    expect(counter.queue.size).toBe(0);
    expect(await counter.settled()).toEqual(['hopeless refused', 'behind']);
  });

  it('by a turn that throws is rejected with it, alone', async () => {
    const counter = new Counter({ a: 0 });
    let isBroken = false;
    const inTurn = (): void => {
      if (isBroken) throw new Error('broken');
    };
    counter.enter('broken', { needs: { a: 9 }, inTurn });
    counter.enter('behind', { needs: { a: 1 } });
    isBroken = true;
    counter.giveBack('a', 1);
    expect(await counter.settled()).toEqual(['broken rejected: Error: broken', 'behind']);
  });

  it('by an abort is rejected with its reason at once, and those behind come up', async () => {
    const counter = new Counter({ a: 1 });
    const controller = new AbortController();
    counter.enter('aborted', { needs: { a: 2 }, signal: controller.signal });
    counter.enter('behind', { needs: { a: 1 } });
    expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
    controller.abort('gone');
    expect(counter.queue.size).toBe(0);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(0);
    expect(await counter.settled()).toEqual(['aborted rejected: gone', 'behind']);
  });

  it('before it came has no turn and no place', async () => {
    const counter = new Counter({ a: 1 });
    const signal = AbortSignal.abort('gone');
    counter.enter('aborted', { needs: { a: 1 }, signal });
    expect(counter.turns).toEqual([]);
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    expect(await counter.settled()).toEqual(['aborted rejected: gone']);
  });

  it('in the very turn that holds its money is handed the hold all the same', async () => {
    const counter = new Counter({ a: 0 });
    const controller = new AbortController();
    const { signal } = controller;
    counter.enter('aborted', {
      needs: { a: 1 },
      signal,
      inTurn: () => {
        if (counter.turns.length === 2) controller.abort('gone');
      },
    });
    counter.giveBack('a', 1);
    expect(await counter.settled()).toEqual(['aborted']);
  });

  it('in a turn that found too little is rejected after it', async () => {
    const counter = new Counter({ a: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const inTurn = (): void => controller.abort('gone');
    counter.enter('aborted', { needs: { a: 2 }, signal, inTurn });
    counter.enter('behind', { needs: { a: 1 } });
    expect(await counter.settled()).toEqual(['aborted rejected: gone', 'behind']);
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('when it is served leaves no listener and no timer', async () => {
    const counter = new Counter({ a: 0 });
    const { signal } = new AbortController();
    counter.enter('served', { needs: { a: 1 }, signal });
    expect(counter.timers).toBe(1);
    counter.giveBack('a', 1);
    expect(counter.timers).toBe(0);
    expect(getEventListeners(signal, 'abort').length).toBe(0);
    expect(await counter.settled()).toEqual(['served']);
  });
});

describe('time', () => {
  it('answers whoever has waited its time, at that instant, and those behind come up', async () => {
    const counter = new Counter({ a: 1 });
    counter.enter('large', { needs: { a: 2 }, waitMs: SECOND });
    counter.enter('small', { needs: { a: 1 }, waitMs: 2 * SECOND });
    await counter.time.pass(SECOND - 1);
    expect(counter.answers).toEqual([]);
    await counter.time.pass(1);
    expect(counter.answers).toEqual(['large timed out', 'small']);
  });

  it('has one timer for all, set for the earliest, also when that one came last', async () => {
    const counter = new Counter({ a: 0, b: 0 });
    counter.enter('long', { needs: { a: 1 }, waitMs: 3 * SECOND });
    counter.enter('short', { needs: { b: 1 }, waitMs: SECOND });
    counter.enter('middle', { needs: { b: 1 }, waitMs: 2 * SECOND });
    expect(counter.timers).toBe(1);
    await counter.time.pass(SECOND);
    expect(counter.answers).toEqual(['short timed out']);
    expect(counter.timers).toBe(1);
    await counter.time.pass(2 * SECOND);
    expect(counter.answers.slice(1)).toEqual(['middle timed out', 'long timed out']);
    expect(counter.timers).toBe(0);
  });

  it('gives the first in line a turn when a window part leaves', async () => {
    const counter = new Counter({ a: 0 });
    const retryAt = after(counter.time.clock(), durationMs(5 * SECOND)!);
    counter.enter('first', { needs: { a: 1 }, retryAt });
    counter.enter('second', { needs: { a: 1 }, retryAt });
    await counter.time.pass(5 * SECOND - 1);
    // Nobody says so to the queue.
    counter.add('a', 2);
    expect(counter.answers).toEqual([]);
    await counter.time.pass(1);
    expect(counter.answers).toEqual(['first', 'second']);
  });

  it('lets room that appears at the instant of the timeout be in time', async () => {
    const counter = new Counter({ a: 0 });
    const retryAt = after(counter.time.clock(), durationMs(SECOND)!);
    counter.enter('first', { needs: { a: 1 }, retryAt, waitMs: SECOND });
    counter.add('a', 1);
    await counter.time.pass(SECOND);
    expect(counter.answers).toEqual(['first']);
  });

  it('does not spin on a retry that lies in the past', async () => {
    const counter = new Counter({ a: 0 });
    const retryAt = counter.time.clock();
    counter.enter('first', { needs: { a: 1 }, retryAt, waitMs: 100 });
    await counter.time.pass(100);
    expect(counter.answers).toEqual(['first timed out']);
    expect(counter.turns.length).toBeLessThanOrEqual(102);
  });

  it('wakes whoever is short on no account by its retry', async () => {
    const counter = new Counter({});
    let isReady = false;
    const retryAt = after(counter.time.clock(), durationMs(SECOND)!);
    const place: Place<string> = {
      ...counter.place('first', { needs: {} }),
      turn: () =>
        isReady ? { kind: 'done', value: 'first' } : { kind: 'short', keys: [], retryAt },
    };
    counter.follow('first', counter.queue.enter(place));
    isReady = true;
    await counter.time.pass(SECOND);
    expect(counter.answers).toEqual(['first']);
  });

  it('waits longer than a timer of the runtime can be set to', async () => {
    const counter = new Counter({ a: 0 });
    const days = 30 * 86_400 * SECOND;
    counter.enter('patient', { needs: { a: 1 }, waitMs: days });
    await counter.time.pass(days - 1);
    expect(counter.answers).toEqual([]);
    await counter.time.pass(1);
    expect(counter.answers).toEqual(['patient timed out']);
  });
});

describe('a full queue', () => {
  it('refuses whoever would have to wait, and serves whoever would not', async () => {
    const counter = new Counter({ a: 0, b: 1 }, 2);
    counter.enter('first', { needs: { a: 1 } });
    counter.enter('second', { needs: { a: 1 } });
    counter.enter('third', { needs: { a: 1 } });
    counter.enter('free', { needs: { b: 1 } });
    counter.enter('short', { needs: { b: 1 } });
    const answers = ['third refused: full', 'free', 'short refused: full'];
    expect(await counter.settled()).toEqual(answers);
    expect(counter.queue.size).toBe(2);
    expect(counter.queue.isAhead(['b'])).toBe(false);
  });
});

describe('a closed queue', () => {
  it('answers all that wait as if their time were over, and takes no turn after', async () => {
    const counter = new Counter({ a: 0 });
    const { signal } = new AbortController();
    counter.enter('first', { needs: { a: 1 }, signal });
    counter.enter('second', { needs: { a: 1 } });
    counter.queue.close();
    counter.giveBack('a', 5);
    counter.enter('third', { needs: { a: 1 } });
    const answers = ['first timed out', 'second timed out', 'third timed out'];
    expect(await counter.settled()).toEqual(answers);
    expect([counter.turns.length, counter.timers, counter.queue.size]).toEqual([1, 0, 0]);
    expect(getEventListeners(signal, 'abort').length).toBe(0);
  });

  it('hands over what the turn holds that closed it', async () => {
    const counter = new Counter({ a: 1 });
    counter.enter('first', { needs: { a: 1 }, inTurn: () => counter.queue.close() });
    expect(await counter.settled()).toEqual(['first']);
  });
});
