import { describe, expect, it } from 'vitest';
import {
  ALL,
  AMOUNT_MAX,
  Budget,
  BuilderError,
  BYTES,
  CALLS,
  ChargeError,
  CONTINUE,
  exhausted,
  isWarn,
  KernelError,
  MEMORY,
  MILLIS,
  nameOf,
  SATURATED,
  TOKENS,
  warn,
  type Dimension,
} from './kernel.ts';

const fault = (code: string, dimension?: Dimension) =>
  expect.objectContaining({ code, dimension }) as Error;

/** Tokens 100 warn 80, calls 2, and memory already above its limit of 10. */
function three(): Budget {
  const builder = Budget.builder().limitWithWarn(TOKENS, 100, 80).limit(CALLS, 2);
  const budget = builder.limit(MEMORY, 10).build();
  budget.charge(MEMORY, 11);
  return budget;
}

/** Values of every kind that JavaScript lets through where a number is meant. */
const ILLEGAL: readonly unknown[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -0.5,
  0.5,
  1 + Number.EPSILON,
  AMOUNT_MAX + 1,
  1e300,
  '5',
  '',
  5n,
  true,
  null,
  undefined,
  [],
  [5],
  {},
  new Date(5),
  Symbol('5'),
];
const NOT_DIMENSIONS: readonly unknown[] = [8, -1, 0.5, 16, 2 ** 32, Number.NaN, '0', null, 1n, {}];

describe('illegal amounts are refused by every operation and change nothing', () => {
  const operations: [string, (budget: Budget, amount: number) => unknown][] = [
    ['charge', (budget, amount) => budget.charge(TOKENS, amount)],
    ['tryCharge', (budget, amount) => budget.tryCharge(TOKENS, amount)],
    ['tryChargeAll of two, 1st', (budget, amount) => budget.tryChargeAll(TOKENS, amount, CALLS, 1)],
    ['tryChargeAll of two, 2nd', (budget, amount) => budget.tryChargeAll(CALLS, 1, TOKENS, amount)],
    [
      'tryChargeAll of three, 1st',
      (budget, amount) => budget.tryChargeAll(TOKENS, amount, CALLS, 1, BYTES, 1),
    ],
    [
      'tryChargeAll of three, 2nd',
      (budget, amount) => budget.tryChargeAll(CALLS, 1, TOKENS, amount, BYTES, 1),
    ],
    [
      'tryChargeAll of three, 3rd',
      (budget, amount) => budget.tryChargeAll(CALLS, 1, BYTES, 1, TOKENS, amount),
    ],
    ['tryChargeVector', (budget, amount) => budget.tryChargeVector([amount, 0, 1, 1, 0, 0, 0, 0])],
    ['refund', (budget, amount) => budget.refund(TOKENS, amount)],
  ];

  it.each(operations)('%s', (_name, operation) => {
    const budget = Budget.builder()
      .limitWithWarn(TOKENS, AMOUNT_MAX, 80)
      .limit(CALLS, 2)
      .limit(BYTES, 5)
      .build();
    budget.charge(TOKENS, 7);
    const before = budget.snapshot();
    for (const value of ILLEGAL) {
      const call = () => operation(budget, value as number);
      expect(call, String(value)).toThrow(fault('ILLEGAL_AMOUNT', TOKENS));
      expect(budget.snapshot(), String(value)).toEqual(before);
    }
  });

  it('minus zero is an amount of zero and is never stored', () => {
    const budget = Budget.builder().limitWithWarn(TOKENS, 10, -0).build();
    expect(budget.charge(TOKENS, -0)).toBe(CONTINUE);
    expect(budget.tryCharge(TOKENS, -0)).toBe(CONTINUE);
    expect(budget.tryChargeVector([-0, 0, 0, 0, 0, 0, 0, 0])).toBe(CONTINUE);
    expect(budget.refund(TOKENS, -0)).toBe(CONTINUE);
    for (const place of budget.snapshot()) expect(Object.is(place, -0)).toBe(false);
    const restored = Budget.restore(budget.snapshot().map((place) => (place === 0 ? -0 : place)));
    for (const place of restored.snapshot()) expect(Object.is(place, -0)).toBe(false);
  });
});

describe('what is not a dimension is refused by every operation', () => {
  const operations: [string, (budget: Budget, dimension: Dimension) => unknown][] = [
    ['charge', (budget, dimension) => budget.charge(dimension, 1)],
    ['tryCharge', (budget, dimension) => budget.tryCharge(dimension, 1)],
    [
      'tryChargeAll, 2nd of two',
      (budget, dimension) => budget.tryChargeAll(CALLS, 1, dimension, 1),
    ],
    [
      'tryChargeAll, 3rd of three',
      (budget, dimension) => budget.tryChargeAll(CALLS, 1, TOKENS, 1, dimension, 1),
    ],
    ['refund', (budget, dimension) => budget.refund(dimension, 1)],
    ['spent', (budget, dimension) => budget.spent(dimension)],
    ['remaining', (budget, dimension) => budget.remaining(dimension)],
    ['overflowed', (budget, dimension) => budget.overflowed(dimension)],
  ];

  it.each(operations)('%s', (_name, operation) => {
    const budget = three();
    const before = budget.snapshot();
    for (const value of NOT_DIMENSIONS) {
      expect(() => operation(budget, value as Dimension), String(value)).toThrow(KernelError);
      expect(budget.snapshot(), String(value)).toEqual(before);
    }
  });

  it('a dimension left out beside its amount is a fault, not a cost dropped', () => {
    const budget = three();
    const gap = undefined as unknown as Dimension;
    expect(() => budget.tryChargeAll(TOKENS, 1, CALLS, 1, gap, 5)).toThrow(ChargeError);
    expect(() => budget.tryChargeAll(TOKENS, 1, gap, 5)).toThrow(ChargeError);
    expect(() => budget.tryChargeAll(TOKENS, 1, gap, 5, CALLS, 1)).toThrow(ChargeError);
    expect(budget.spent(TOKENS)).toBe(0);
  });
});

describe('building', () => {
  const build = () => Budget.builder();

  it('a duplicate is named before every other fault, and the first repeat met is the one', () => {
    const builder = build().limit(CALLS, 0).limit(TOKENS, 0).limit(TOKENS, 5).limit(CALLS, 5);
    expect(() => builder.build()).toThrow(fault('DUPLICATE_DIMENSION', TOKENS));
  });

  it('faults are named in the order of dimensions, not of declaration', () => {
    const builder = build().limit(CALLS, 0).limitWithWarn(TOKENS, 5, 6);
    expect(() => builder.build()).toThrow(fault('WARN_NOT_BELOW_LIMIT', TOKENS));
    const other = build().limitWithWarn(CALLS, 5, 5).limit(MILLIS, 0);
    expect(() => other.build()).toThrow(fault('ZERO_LIMIT', MILLIS));
  });

  it('a zero limit is named before the warn threshold of the same dimension', () => {
    expect(() => build().limitWithWarn(TOKENS, 0, 9).build()).toThrow(fault('ZERO_LIMIT', TOKENS));
  });

  it('illegal limits and thresholds are named with their dimension', () => {
    for (const value of ILLEGAL) {
      const limit = build().limit(CALLS, value as number);
      expect(() => limit.build(), String(value)).toThrow(fault('ILLEGAL_LIMIT', CALLS));
      const threshold = build().limitWithWarn(CALLS, 9, value as number);
      expect(() => threshold.build(), String(value)).toThrow(fault('ILLEGAL_WARN', CALLS));
    }
  });

  it('what is not a dimension is named after a duplicate and before all else', () => {
    for (const value of NOT_DIMENSIONS) {
      const builder = () =>
        build()
          .limit(value as Dimension, 1)
          .limit(TOKENS, 0);
      expect(() => builder().build()).toThrow(fault('ILLEGAL_DIMENSION'));
      expect(() => builder().limit(TOKENS, 0).build()).toThrow(
        fault('DUPLICATE_DIMENSION', TOKENS),
      );
    }
  });

  it('a builder builds once, and is spent by a build that fails too', () => {
    const good = build().limit(TOKENS, 1);
    good.build();
    expect(() => good.build()).toThrow(fault('BUILDER_SPENT'));
    expect(() => good.limit(CALLS, 1)).toThrow(fault('BUILDER_SPENT'));
    const bad = build();
    expect(() => bad.build()).toThrow(fault('NO_DIMENSIONS'));
    expect(() => bad.limitWithWarn(CALLS, 2, 1)).toThrow(fault('BUILDER_SPENT'));
  });
});

describe('saturation', () => {
  const full = () => Budget.builder().limit(TOKENS, AMOUNT_MAX).limit(CALLS, 1).build();

  it('a limit at the maximum is filled exactly and exhausted by one more', () => {
    const budget = full();
    expect(budget.charge(TOKENS, AMOUNT_MAX)).toBe(CONTINUE);
    expect(budget.overflowed(TOKENS)).toBe(false);
    expect(budget.remaining(TOKENS)).toBe(0);
    expect(budget.charge(TOKENS, 1)).toBe(exhausted(TOKENS));
    expect(budget.overflowed(TOKENS)).toBe(true);
    expect(budget.spent(TOKENS)).toBe(AMOUNT_MAX);
  });

  it('a saturated counter is exhausted by every operation until it is reset', () => {
    const budget = full();
    budget.charge(TOKENS, AMOUNT_MAX);
    budget.charge(TOKENS, AMOUNT_MAX);
    expect(budget.charge(TOKENS, 0)).toBe(exhausted(TOKENS));
    expect(budget.tryCharge(TOKENS, 0)).toBe(exhausted(TOKENS));
    expect(budget.tryChargeAll(CALLS, 1, TOKENS, 0)).toBe(exhausted(TOKENS));
    expect(budget.refund(TOKENS, AMOUNT_MAX)).toBe(exhausted(TOKENS));
    expect(budget.refund(TOKENS, AMOUNT_MAX)).toBe(exhausted(TOKENS));
    expect(budget.overflowed(TOKENS)).toBe(true);
    expect(budget.remaining(TOKENS)).toBe(0);
    expect(Budget.restore(budget.snapshot()).charge(TOKENS, 0)).toBe(exhausted(TOKENS));
    budget.reset();
    expect(budget.overflowed(TOKENS)).toBe(false);
    expect(budget.charge(TOKENS, 1)).toBe(CONTINUE);
  });

  it('an undeclared dimension has no overflow to report', () => {
    expect(full().overflowed(BYTES)).toBeUndefined();
  });
});

describe('tryCharge', () => {
  it('records what fits, and changes nothing where it does not', () => {
    const budget = three();
    expect(budget.tryCharge(TOKENS, 80)).toBe(CONTINUE);
    expect(budget.tryCharge(TOKENS, 21)).toBe(exhausted(TOKENS));
    expect(budget.spent(TOKENS)).toBe(80);
    expect(budget.tryCharge(TOKENS, 20)).toBe(warn(TOKENS));
    expect(budget.spent(TOKENS)).toBe(100);
    expect(budget.tryCharge(TOKENS, AMOUNT_MAX)).toBe(exhausted(TOKENS));
    expect(budget.overflowed(TOKENS)).toBe(false);
  });

  it('an undeclared dimension is a fault', () => {
    expect(() => three().tryCharge(BYTES, 0)).toThrow(fault('UNKNOWN_DIMENSION', BYTES));
  });
});

describe('tryChargeAll and tryChargeVector', () => {
  it('names the first in the order given that does not fit, and records none', () => {
    const budget = three();
    const before = budget.snapshot();
    expect(budget.tryChargeAll(CALLS, 3, TOKENS, 101)).toBe(exhausted(CALLS));
    expect(budget.tryChargeAll(TOKENS, 101, CALLS, 3)).toBe(exhausted(TOKENS));
    expect(budget.tryChargeAll(TOKENS, 1, MEMORY, 0, CALLS, 3)).toBe(exhausted(MEMORY));
    expect(budget.tryChargeAll(TOKENS, 1, CALLS, 3, MEMORY, 0)).toBe(exhausted(CALLS));
    expect(budget.tryChargeAll(CALLS, 1, TOKENS, 1, MEMORY, 0)).toBe(exhausted(MEMORY));
    expect(budget.tryChargeVector([101, 0, 0, 3, 0, 0, 0, 0])).toBe(exhausted(TOKENS));
    expect(budget.tryChargeVector([1, 0, 0, 1, 0, 0, 0, 0])).toBe(exhausted(MEMORY));
    expect(budget.snapshot()).toEqual(before);
  });

  it('names the first that warns when all fit, and records all', () => {
    const builder = Budget.builder().limitWithWarn(TOKENS, 9, 1).limitWithWarn(CALLS, 9, 1);
    const budget = builder.limitWithWarn(BYTES, 9, 1).build();
    expect(budget.tryChargeAll(TOKENS, 1, CALLS, 1, BYTES, 1)).toBe(CONTINUE);
    expect(budget.tryChargeAll(CALLS, 0, TOKENS, 0, BYTES, 1)).toBe(warn(BYTES));
    expect(budget.tryChargeAll(TOKENS, 0, CALLS, 1, BYTES, 0)).toBe(warn(CALLS));
    expect(budget.tryChargeAll(TOKENS, 0, CALLS, 0)).toBe(warn(CALLS));
    expect(budget.tryChargeAll(CALLS, 0, TOKENS, 1)).toBe(warn(CALLS));
    expect(budget.tryChargeVector([1, 0, 1, 1, 0, 0, 0, 0])).toBe(warn(TOKENS));
    expect(ALL.map((dimension) => budget.spent(dimension)).slice(0, 4)).toEqual([
      3,
      undefined,
      3,
      3,
    ]);
  });

  it('an undeclared dimension is a fault even where another does not fit', () => {
    const budget = three();
    const unknown = fault('UNKNOWN_DIMENSION', BYTES);
    expect(() => budget.tryChargeAll(CALLS, 9, BYTES, 0)).toThrow(unknown);
    expect(() => budget.tryChargeAll(BYTES, 0, CALLS, 9)).toThrow(unknown);
    expect(() => budget.tryChargeAll(CALLS, 9, TOKENS, 1, BYTES, 0)).toThrow(unknown);
    expect(() => budget.tryChargeAll(CALLS, 1, BYTES, 1, TOKENS, 1)).toThrow(unknown);
    expect(() => budget.tryChargeVector([0, 0, 1, 9, 0, 0, 0, 0])).toThrow(unknown);
    expect(budget.spent(CALLS)).toBe(0);
  });

  it('a dimension given twice is a fault: each could fit where both do not', () => {
    const budget = three();
    const twice = fault('REPEATED_DIMENSION', TOKENS);
    expect(() => budget.tryChargeAll(TOKENS, 60, TOKENS, 60)).toThrow(twice);
    expect(() => budget.tryChargeAll(TOKENS, 60, TOKENS, 60, CALLS, 1)).toThrow(twice);
    expect(() => budget.tryChargeAll(TOKENS, 60, CALLS, 1, TOKENS, 60)).toThrow(twice);
    expect(() => budget.tryChargeAll(CALLS, 1, TOKENS, 60, TOKENS, 60)).toThrow(twice);
    expect(budget.spent(TOKENS)).toBe(0);
  });

  it('a cost vector has eight amounts, in an array or a Float64Array', () => {
    const budget = Budget.builder().limit(TOKENS, 9).build();
    expect(budget.tryChargeVector(Float64Array.of(4, 0, 0, 0, 0, 0, 0, 0))).toBe(CONTINUE);
    for (const costs of [[], [1], new Float64Array(9), null, { length: 8 }]) {
      expect(() => budget.tryChargeVector(costs as number[])).toThrow(fault('ILLEGAL_COSTS'));
    }
    expect(budget.spent(TOKENS)).toBe(4);
  });
});

describe('refund', () => {
  it('gives back, never below zero, and answers where the counter then stands', () => {
    const budget = three();
    budget.charge(TOKENS, 120);
    expect(budget.refund(TOKENS, 19)).toBe(exhausted(TOKENS));
    expect(budget.refund(TOKENS, 1)).toBe(warn(TOKENS));
    expect(budget.refund(TOKENS, 20)).toBe(CONTINUE);
    expect(budget.spent(TOKENS)).toBe(80);
    expect(budget.refund(TOKENS, AMOUNT_MAX)).toBe(CONTINUE);
    expect(budget.spent(TOKENS)).toBe(0);
    expect(budget.remaining(TOKENS)).toBe(100);
    expect(() => budget.refund(BYTES, 0)).toThrow(fault('UNKNOWN_DIMENSION', BYTES));
  });
});

describe('snapshot and restore', () => {
  it('a snapshot survives JSON and stands for the whole budget', () => {
    const budget = three();
    budget.charge(TOKENS, 81);
    const text = JSON.stringify(budget.snapshot());
    const restored = Budget.restore(JSON.parse(text) as number[]);
    expect(restored.snapshot()).toEqual(budget.snapshot());
    expect(restored.charge(TOKENS, 0)).toBe(warn(TOKENS));
    expect(restored.charge(MEMORY, 0)).toBe(exhausted(MEMORY));
  });

  it('a restored budget and its origin share nothing', () => {
    const budget = three();
    const restored = Budget.restore(budget.snapshot());
    restored.charge(TOKENS, 5);
    expect(budget.spent(TOKENS)).toBe(0);
  });

  it('no snapshot that a budget cannot have stood at is restored', () => {
    const good = three().snapshot();
    const places: [number, unknown][] = [
      [TOKENS, -1],
      [TOKENS, 0.5],
      [TOKENS, Number.NaN],
      [TOKENS, null],
      [TOKENS, '5'],
      [TOKENS, SATURATED * 2],
      [8 + TOKENS, 0],
      [8 + TOKENS, -2],
      [8 + TOKENS, SATURATED],
      [8 + TOKENS, Number.POSITIVE_INFINITY],
      [16 + TOKENS, 100],
      [16 + TOKENS, -2],
      [16 + TOKENS, null],
      [BYTES, 1],
      [16 + BYTES, 1],
    ];
    for (const [place, value] of places) {
      const bad = good.with(place, value as number);
      expect(() => Budget.restore(bad), `${place}: ${String(value)}`).toThrow(
        fault('ILLEGAL_SNAPSHOT', (place % 8) as Dimension),
      );
    }
    const nothing = [...Array<number>(8).fill(0), ...Array<number>(16).fill(-1)];
    for (const bad of [nothing, good.slice(1), [...good, 0], null, 'x', {}]) {
      expect(() => Budget.restore(bad as number[])).toThrow(fault('ILLEGAL_SNAPSHOT'));
    }
    expect(Budget.restore(good.with(TOKENS, SATURATED)).overflowed(TOKENS)).toBe(true);
  });
});

describe('errors', () => {
  it('are known by their marks, carry code and dimension, and survive JSON', () => {
    const error: unknown = catching(() => three().charge(BYTES, 1));
    expect(error).toBeInstanceOf(ChargeError);
    expect(error).toBeInstanceOf(KernelError);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(BuilderError);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ChargeError',
      code: 'UNKNOWN_DIMENSION',
      dimension: nameOf(BYTES),
      message: 'bytes: this budget declares no limit for it.',
    });
    const copy = Object.assign(new Error('from another copy of the package'), {
      [Symbol.for('hardcap.kernel.error')]: true,
    });
    expect(copy).toBeInstanceOf(KernelError);
    expect(null).not.toBeInstanceOf(KernelError);
  });

  it('say what was given and what would be legal', () => {
    const message = (call: () => unknown) => (catching(call) as Error).message;
    expect(message(() => three().charge(TOKENS, -1))).toBe(
      'tokens: -1 is not an amount; give an integer from 0 to 9007199254740991.',
    );
    expect(message(() => Budget.builder().limitWithWarn(CALLS, 5, 7).build())).toBe(
      'calls: warn 7 must be below the limit 5.',
    );
    expect(message(() => three().charge(8 as Dimension, 1))).toBe(
      '8 is not a dimension; give one of the integers 0 to 7.',
    );
  });

  it('isWarn is true for warn only', () => {
    expect([CONTINUE, warn(CALLS), exhausted(CALLS)].map(isWarn)).toEqual([false, true, false]);
  });
});

function catching(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('the call threw nothing');
}
