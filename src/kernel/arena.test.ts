import { describe, expect, it } from 'vitest';
import {
  ALL,
  Arena,
  Budget,
  CALLS,
  CONTINUE,
  exhausted,
  TOKENS,
  type BudgetHandle,
} from './kernel.ts';

const fault = (code: string) => expect.objectContaining({ code }) as Error;
const template = Budget.builder().limit(TOKENS, 100).limit(CALLS, 2).build().snapshot();

describe('Arena', () => {
  it('keeps its budgets apart while it grows', () => {
    const arena = new Arena({ capacity: 1 });
    const handles = Array.from({ length: 300 }, (_, at) => {
      const handle = arena.open(template);
      arena.charge(handle, TOKENS, at);
      return handle;
    });
    expect(arena.size).toBe(300);
    handles.forEach((handle, at) => {
      expect(arena.spent(handle, TOKENS)).toBe(at);
      expect(arena.spent(handle, CALLS)).toBe(0);
    });
    arena.reset(handles[7]!);
    expect(arena.spent(handles[7]!, TOKENS)).toBe(0);
    expect(arena.spent(handles[8]!, TOKENS)).toBe(8);
  });

  it('answers every operation as a budget of its own does', () => {
    const arena = new Arena();
    arena.open(template);
    const handle = arena.builder().limitWithWarn(TOKENS, 100, 80).limit(CALLS, 2).build();
    const budget = Budget.builder().limitWithWarn(TOKENS, 100, 80).limit(CALLS, 2).build();
    const verdicts = [
      [arena.charge(handle, TOKENS, 50), budget.charge(TOKENS, 50)],
      [arena.tryCharge(handle, TOKENS, 51), budget.tryCharge(TOKENS, 51)],
      [arena.tryChargeAll(handle, TOKENS, 1, CALLS, 0), budget.tryChargeAll(TOKENS, 1, CALLS, 0)],
      [arena.tryChargeAll(handle, CALLS, 1, TOKENS, 40), budget.tryChargeAll(CALLS, 1, TOKENS, 40)],
      [
        arena.tryChargeVector(handle, [9, 0, 0, 2, 0, 0, 0, 0]),
        budget.tryChargeVector([9, 0, 0, 2, 0, 0, 0, 0]),
      ],
      [arena.refund(handle, TOKENS, 30), budget.refund(TOKENS, 30)],
    ];
    for (const [inArena, alone] of verdicts) expect(inArena).toBe(alone);
    for (const dimension of ALL) {
      expect(arena.remaining(handle, dimension)).toBe(budget.remaining(dimension));
      expect(arena.overflowed(handle, dimension)).toBe(budget.overflowed(dimension));
    }
    expect(arena.snapshot(handle)).toEqual(budget.snapshot());
    expect(Budget.restore(arena.snapshot(handle)).snapshot()).toEqual(budget.snapshot());
  });

  it('refuses a closed handle, also after its place was given to another budget', () => {
    const arena = new Arena({ capacity: 2 });
    const old = arena.open(template);
    arena.charge(old, TOKENS, 99);
    arena.close(old);
    expect(arena.size).toBe(0);
    expect(() => arena.charge(old, TOKENS, 1)).toThrow(fault('STALE_HANDLE'));
    const heir = arena.open(template);
    expect(heir).not.toBe(old);
    expect(arena.spent(heir, TOKENS)).toBe(0);
    for (const call of [
      () => arena.charge(old, TOKENS, 1),
      () => arena.tryCharge(old, TOKENS, 1),
      () => arena.tryChargeAll(old, TOKENS, 1, CALLS, 1),
      () => arena.tryChargeVector(old, [1, 0, 0, 0, 0, 0, 0, 0]),
      () => arena.refund(old, TOKENS, 1),
      () => arena.spent(old, TOKENS),
      () => arena.remaining(old, TOKENS),
      () => arena.overflowed(old, TOKENS),
      () => arena.reset(old),
      () => arena.snapshot(old),
      () => arena.close(old),
    ]) {
      expect(call).toThrow(fault('STALE_HANDLE'));
    }
    expect(arena.size).toBe(1);
    expect(arena.spent(heir, TOKENS)).toBe(0);
  });

  it('gives closed places out again before it takes new memory, under a new handle', () => {
    const arena = new Arena({ capacity: 1, capacityMax: 1 });
    const seen = new Set<BudgetHandle>();
    for (let round = 0; round < 100; round++) {
      const handle = arena.open(template);
      expect(arena.charge(handle, CALLS, 2)).toBe(CONTINUE);
      expect(arena.charge(handle, CALLS, 1)).toBe(exhausted(CALLS));
      seen.add(handle);
      arena.close(handle);
    }
    expect(seen.size).toBe(100);
  });

  it('refuses what never was a handle', () => {
    const arena = new Arena();
    for (const value of [0, 1, -1, 0.5, Number.NaN, 2 ** 26, '0', null, undefined]) {
      const call = () => arena.charge(value as BudgetHandle, TOKENS, 1);
      expect(call, String(value)).toThrow(fault('STALE_HANDLE'));
    }
  });

  it('is full at its capacityMax and open again after a close', () => {
    const arena = new Arena({ capacity: 1, capacityMax: 3 });
    const handles = [1, 2, 3].map(() => arena.open(template));
    expect(() => arena.open(template)).toThrow(fault('ARENA_FULL'));
    expect(arena.size).toBe(3);
    arena.close(handles[1]!);
    expect(arena.spent(arena.open(template), TOKENS)).toBe(0);
  });

  it('refuses an impossible capacity', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 27, '4']) {
      const options = { capacity: capacity as number };
      expect(() => new Arena(options), String(capacity)).toThrow(fault('ILLEGAL_CAPACITY'));
    }
    expect(() => new Arena({ capacity: 5, capacityMax: 4 })).toThrow(fault('ILLEGAL_CAPACITY'));
  });

  it('a builder or snapshot that is refused opens nothing', () => {
    const arena = new Arena();
    expect(() => arena.builder().limit(TOKENS, 0).build()).toThrow(fault('ZERO_LIMIT'));
    expect(() => arena.open([])).toThrow(fault('ILLEGAL_SNAPSHOT'));
    expect(arena.size).toBe(0);
  });
});
