import { describe, expect, it } from 'vitest';
import { DimensionMap } from './dimension-map.ts';
import {
  ALL,
  AMOUNT_MAX,
  Budget,
  BYTES,
  CALLS,
  CONTINUE,
  CUSTOM_0,
  CUSTOM_1,
  CUSTOM_2,
  dimensionOf,
  exhausted,
  indexOf,
  isContinuing,
  isExhausted,
  MAX_DIMS,
  MEMORY,
  MILLIS,
  nameOf,
  TOKENS,
  warn,
  worst,
} from './kernel.ts';
import type { BudgetBuilder } from './budget-builder.ts';

// The 48 unit tests and the documentation test of the Rust crate budgetkernel 0.1.2, by name. Where
// the crate says 2^64 - 1 the ceiling here is 2^53 - 1. Its 7 properties are in
// test/property/kernel.property.test.ts.

const hundred = () => Budget.builder().limit(TOKENS, 100).build();
const warned = (threshold: number) =>
  Budget.builder().limitWithWarn(TOKENS, 100, threshold).build();

describe('dimension', () => {
  it('index_matches_discriminant', () => {
    for (const dimension of ALL) {
      expect(indexOf(dimension)).toBe(dimension);
      expect(indexOf(dimension)).toBeLessThan(MAX_DIMS);
    }
  });

  it('indices_are_unique_and_dense', () => {
    expect(ALL.map(indexOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const named = [TOKENS, MILLIS, BYTES, CALLS, MEMORY, CUSTOM_0, CUSTOM_1, CUSTOM_2];
    expect([...ALL]).toEqual(named);
  });

  it('all_length_matches_max_dims', () => {
    expect(ALL).toHaveLength(MAX_DIMS);
  });

  it('names_are_unique', () => {
    const names = 'tokens millis bytes calls memory custom0 custom1 custom2';
    expect(ALL.map(nameOf).join(' ')).toBe(names);
    expect(new Set(ALL.map(nameOf)).size).toBe(MAX_DIMS);
  });
});

describe('verdict', () => {
  it('continue_is_continuing_and_not_exhausted', () => {
    expect(isContinuing(CONTINUE)).toBe(true);
    expect(isExhausted(CONTINUE)).toBe(false);
    expect(dimensionOf(CONTINUE)).toBeUndefined();
  });

  it('warn_is_continuing_and_not_exhausted', () => {
    expect(isContinuing(warn(TOKENS))).toBe(true);
    expect(isExhausted(warn(TOKENS))).toBe(false);
    expect(dimensionOf(warn(TOKENS))).toBe(TOKENS);
  });

  it('exhausted_is_not_continuing', () => {
    expect(isContinuing(exhausted(MILLIS))).toBe(false);
    expect(isExhausted(exhausted(MILLIS))).toBe(true);
    expect(dimensionOf(exhausted(MILLIS))).toBe(MILLIS);
  });

  it('worst_prefers_exhausted_over_warn_and_continue', () => {
    expect(worst(CONTINUE, exhausted(TOKENS))).toBe(exhausted(TOKENS));
    expect(worst(warn(MILLIS), exhausted(BYTES))).toBe(exhausted(BYTES));
  });

  it('worst_prefers_warn_over_continue', () => {
    expect(worst(CONTINUE, warn(TOKENS))).toBe(warn(TOKENS));
    expect(worst(warn(MILLIS), CONTINUE)).toBe(warn(MILLIS));
  });

  it('worst_is_left_biased_for_same_severity', () => {
    expect(worst(warn(TOKENS), warn(MILLIS))).toBe(warn(TOKENS));
    expect(worst(exhausted(CALLS), exhausted(BYTES))).toBe(exhausted(CALLS));
  });
});

describe('map of dimensions', () => {
  const count = (map: DimensionMap<number>) => ALL.filter((at) => map.contains(at)).length;
  const filled = (...pairs: readonly (readonly [(typeof ALL)[number], number])[]) => {
    const map = new DimensionMap<number>();
    for (const [dimension, value] of pairs) map.insert(dimension, value);
    return map;
  };

  it('new_map_is_empty', () => {
    const map = new DimensionMap<number>();
    expect(map.isEmpty).toBe(true);
    for (const dimension of ALL) {
      expect(map.contains(dimension)).toBe(false);
      expect(map.get(dimension)).toBeUndefined();
    }
  });

  it('insert_and_get_roundtrip', () => {
    const map = new DimensionMap<number>();
    expect(map.insert(TOKENS, 42)).toBeUndefined();
    expect(map.get(TOKENS)).toBe(42);
    expect(map.contains(TOKENS)).toBe(true);
  });

  it('insert_returns_previous_value', () => {
    const map = filled([TOKENS, 10]);
    expect(map.insert(TOKENS, 20)).toBe(10);
    expect(map.get(TOKENS)).toBe(20);
  });

  it('get_or_returns_default_when_absent', () => {
    expect(filled().getOr(MILLIS, 99)).toBe(99);
  });

  it('get_or_returns_stored_value_when_present', () => {
    expect(filled([MILLIS, 7]).getOr(MILLIS, 99)).toBe(7);
  });

  it('present_count_tracks_distinct_dimensions', () => {
    expect(count(filled())).toBe(0);
    expect(count(filled([TOKENS, 1]))).toBe(1);
    expect(count(filled([TOKENS, 1], [BYTES, 2]))).toBe(2);
    expect(count(filled([TOKENS, 1], [BYTES, 2], [TOKENS, 3]))).toBe(2);
  });

  it('is_empty_tracks_insertions', () => {
    expect(filled().isEmpty).toBe(true);
    expect(filled([TOKENS, 1]).isEmpty).toBe(false);
  });

  it('dimensions_are_independent', () => {
    const map = filled([TOKENS, 100], [BYTES, 200]);
    expect(map.get(TOKENS)).toBe(100);
    expect(map.get(BYTES)).toBe(200);
    expect(map.get(MILLIS)).toBeUndefined();
  });

  it('all_dims_can_be_inserted_and_read', () => {
    const map = filled(...ALL.map((dimension, at) => [dimension, at * 10] as const));
    expect(count(map)).toBe(MAX_DIMS);
    expect(ALL.map((dimension) => map.get(dimension))).toEqual(ALL.map((_, at) => at * 10));
  });

  it('insert_overwrites_without_growing_present_count', () => {
    const map = filled([CALLS, 1], [CALLS, 2], [CALLS, 3]);
    expect(count(map)).toBe(1);
    expect(map.get(CALLS)).toBe(3);
  });
});

describe('building', () => {
  const build = () => Budget.builder();
  const refusals: [string, () => BudgetBuilder<Budget>, string, number | undefined][] = [
    ['build_rejects_empty_budget', build, 'NO_DIMENSIONS', undefined],
    ['build_rejects_zero_limit', () => build().limit(TOKENS, 0), 'ZERO_LIMIT', TOKENS],
    [
      'build_rejects_warn_equal_to_limit',
      () => build().limitWithWarn(TOKENS, 100, 100),
      'WARN_NOT_BELOW_LIMIT',
      TOKENS,
    ],
    [
      'build_rejects_warn_above_limit',
      () => build().limitWithWarn(TOKENS, 100, 101),
      'WARN_NOT_BELOW_LIMIT',
      TOKENS,
    ],
    [
      'build_rejects_duplicate_declaration',
      () => build().limit(TOKENS, 100).limit(TOKENS, 200),
      'DUPLICATE_DIMENSION',
      TOKENS,
    ],
  ];

  it.each(refusals)('%s', (_name, builder, code, dimension) => {
    const expected = expect.objectContaining({ name: 'BuilderError', code, dimension });
    expect(() => builder().build()).toThrow(expected);
  });

  it('build_accepts_single_dimension', () => {
    expect(hundred().remaining(TOKENS)).toBe(100);
  });

  it('build_accepts_all_dimensions', () => {
    const builder = Budget.builder();
    for (const dimension of ALL) builder.limit(dimension, 1);
    const budget = builder.build();
    for (const dimension of ALL) expect(budget.charge(dimension, 1)).toBe(CONTINUE);
  });
});

describe('charging', () => {
  const over = exhausted(TOKENS);
  const near = warn(TOKENS);
  const charges: [string, () => Budget, [amount: number, verdict: number][], number][] = [
    ['charge_below_limit_returns_continue', hundred, [[50, CONTINUE]], 50],
    ['charge_exactly_to_limit_returns_continue', hundred, [[100, CONTINUE]], 100],
    ['charge_one_past_limit_returns_exhausted', hundred, [[101, over]], 101],
    [
      'charge_incremental_to_exact_limit_returns_continue',
      hundred,
      [
        [40, CONTINUE],
        [60, CONTINUE],
      ],
      100,
    ],
    [
      'charge_incremental_past_limit_returns_exhausted',
      hundred,
      [
        [40, CONTINUE],
        [61, over],
      ],
      101,
    ],
    ['charge_crosses_warn_returns_warn', () => warned(80), [[81, near]], 81],
    [
      'warn_fires_every_call_above_threshold',
      () => warned(80),
      [
        [81, near],
        [1, near],
      ],
      82,
    ],
    ['charge_past_limit_reports_exhausted_not_warn', () => warned(80), [[101, over]], 101],
    [
      'charge_saturates_at_u64_max',
      () =>
        Budget.builder()
          .limit(TOKENS, AMOUNT_MAX - 1)
          .build(),
      [
        [AMOUNT_MAX - 1, CONTINUE],
        [10, over],
      ],
      AMOUNT_MAX,
    ],
    [
      'charge_zero_polls_state_without_consuming_budget',
      hundred,
      [
        [50, CONTINUE],
        [0, CONTINUE],
      ],
      50,
    ],
    [
      'charge_zero_reports_exhausted_when_already_exhausted',
      hundred,
      [
        [200, over],
        [0, over],
      ],
      200,
    ],
    [
      'warn_zero_fires_on_positive_charge_and_zero_poll_afterward',
      () => warned(0),
      [
        [0, CONTINUE],
        [1, near],
        [0, near],
      ],
      1,
    ],
  ];

  it.each(charges)('%s', (_name, make, steps, spent) => {
    const budget = make();
    for (const [amount, verdict] of steps) expect(budget.charge(TOKENS, amount)).toBe(verdict);
    expect(budget.spent(TOKENS)).toBe(spent);
  });

  it('charge_unknown_dim_returns_error', () => {
    const expected = { name: 'ChargeError', code: 'UNKNOWN_DIMENSION', dimension: BYTES };
    expect(() => hundred().charge(BYTES, 1)).toThrow(expect.objectContaining(expected));
  });

  it('charge_independent_across_dimensions', () => {
    const budget = Budget.builder().limit(TOKENS, 100).limitWithWarn(BYTES, 1000, 500).build();
    expect(budget.charge(TOKENS, 100)).toBe(CONTINUE);
    expect(budget.charge(BYTES, 600)).toBe(warn(BYTES));
    expect(budget.spent(TOKENS)).toBe(100);
    expect(budget.spent(BYTES)).toBe(600);
  });

  it('remaining_reports_headroom', () => {
    const budget = hundred();
    expect(budget.charge(TOKENS, 30)).toBe(CONTINUE);
    expect(budget.remaining(TOKENS)).toBe(70);
  });

  it('remaining_saturates_at_zero_on_exhaustion', () => {
    const budget = hundred();
    expect(budget.charge(TOKENS, 200)).toBe(over);
    expect(budget.remaining(TOKENS)).toBe(0);
  });

  it('remaining_none_for_undeclared_dim', () => {
    expect(hundred().remaining(BYTES)).toBeUndefined();
  });

  it('spent_reports_zero_before_first_charge', () => {
    expect(hundred().spent(TOKENS)).toBe(0);
  });

  it('spent_none_for_undeclared_dim', () => {
    expect(hundred().spent(BYTES)).toBeUndefined();
  });

  it('reset_zeros_spent_preserves_limits', () => {
    const budget = warned(80);
    expect(budget.charge(TOKENS, 90)).toBe(near);
    budget.reset();
    expect(budget.spent(TOKENS)).toBe(0);
    expect(budget.remaining(TOKENS)).toBe(100);
    expect(budget.charge(TOKENS, 100)).toBe(near);
  });

  it('reset_on_fresh_budget_is_noop', () => {
    const budget = hundred();
    budget.reset();
    expect(budget.spent(TOKENS)).toBe(0);
    expect(budget.remaining(TOKENS)).toBe(100);
  });
});

describe('documentation', () => {
  it('the example in the docstring of Budget answers as it says', () => {
    const budget = Budget.builder().limitWithWarn(TOKENS, 100, 80).limit(CALLS, 2).build();
    expect(budget.charge(TOKENS, 80)).toBe(CONTINUE);
    expect(budget.tryCharge(TOKENS, 21)).toBe(exhausted(TOKENS));
    expect(budget.spent(TOKENS)).toBe(80);
    expect(budget.tryChargeAll(TOKENS, 20, CALLS, 1)).toBe(warn(TOKENS));
    expect(budget.remaining(CALLS)).toBe(1);
  });
});
