import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALL,
  AMOUNT_MAX,
  Arena,
  Budget,
  CONTINUE,
  exhausted,
  isContinuing,
  isExhausted,
  MILLIS,
  TOKENS,
  warn,
  worst,
  type Dimension,
  type Verdict,
} from '../../src/kernel/kernel.ts';
import { faultOf, ModelBudget, type Declaration } from './kernel-model.ts';
import { outcome } from './kernel-outcome.ts';

const RUNS = { numRuns: 512 };

const dimension = fc.constantFrom(...ALL);
/** Every legal amount, with weight on 0, small ones and the very top. */
const amount = fc.oneof(
  fc.constant(0),
  fc.nat(100),
  fc.integer({ min: AMOUNT_MAX - 3, max: AMOUNT_MAX }),
  fc.maxSafeNat(),
);
const amounts = fc.array(amount, { maxLength: 128 });
const limit = fc.integer({ min: 1, max: 1_000_000 });
const limitAndWarn = limit.chain((most) =>
  fc.record({ limit: fc.constant(most), warn: fc.nat(most - 1) }),
);
const limitAndOptionalWarn = fc.oneof(
  limit.map((most) => ({ limit: most, warn: undefined })),
  limitAndWarn,
);

interface Ceiling {
  readonly limit: number;
  readonly warn: number | undefined;
}

function one({ limit, warn: threshold }: Ceiling): Budget {
  const builder = Budget.builder();
  if (threshold === undefined) return builder.limit(TOKENS, limit).build();
  return builder.limitWithWarn(TOKENS, limit, threshold).build();
}

function stateVerdict(spent: bigint, { limit, warn: threshold }: Ceiling): Verdict {
  if (spent > BigInt(limit)) return exhausted(TOKENS);
  return threshold !== undefined && spent > BigInt(threshold) ? warn(TOKENS) : CONTINUE;
}

const ceilingOf = (sum: bigint) => Number(sum > BigInt(AMOUNT_MAX) ? AMOUNT_MAX : sum);

describe('the seven properties of budgetkernel 0.1.2', () => {
  it('single_dimension_charges_match_state_function', () => {
    const property = fc.property(limitAndOptionalWarn, amounts, (ceiling, charges) => {
      const budget = one(ceiling);
      let sum = 0n;
      for (const each of charges) {
        sum += BigInt(each);
        expect(budget.charge(TOKENS, each)).toBe(stateVerdict(sum, ceiling));
        expect(budget.spent(TOKENS)).toBe(ceilingOf(sum));
        const left = BigInt(ceiling.limit) - sum;
        expect(budget.remaining(TOKENS)).toBe(left < 0n ? 0 : Number(left));
      }
    });
    fc.assert(property, RUNS);
  });

  it('spent_never_decreases_without_reset', () => {
    const property = fc.property(limitAndOptionalWarn, amounts, (ceiling, charges) => {
      const budget = one(ceiling);
      let previous = 0;
      for (const each of charges) {
        budget.charge(TOKENS, each);
        const spent = budget.spent(TOKENS);
        expect(spent).toBeGreaterThanOrEqual(previous);
        previous = spent!;
      }
    });
    fc.assert(property, RUNS);
  });

  it('all_dimensions_accumulate_independently', () => {
    const charges = fc.array(fc.tuple(dimension, amount), { maxLength: 128 });
    const property = fc.property(charges, (given) => {
      const builder = Budget.builder();
      for (const each of ALL) builder.limit(each, AMOUNT_MAX);
      const budget = builder.build();
      const sums = ALL.map(() => 0n);
      for (const [each, cost] of given) {
        sums[each]! += BigInt(cost);
        budget.charge(each, cost);
        expect(ALL.map((at) => budget.spent(at))).toEqual(sums.map(ceilingOf));
      }
    });
    fc.assert(property, RUNS);
  });

  it('unknown_dimension_charges_do_not_mutate_declared_dimensions', () => {
    const property = fc.property(limit, amounts, amount, (most, charges, unknown) => {
      const budget = one({ limit: most, warn: undefined });
      for (const each of charges) budget.charge(TOKENS, each);
      const before = budget.snapshot();
      expect(outcome(() => budget.charge(MILLIS, unknown))).toBe('error:UNKNOWN_DIMENSION:1');
      expect(budget.snapshot()).toEqual(before);
      expect(budget.spent(MILLIS)).toBeUndefined();
      expect(budget.remaining(MILLIS)).toBeUndefined();
    });
    fc.assert(property, RUNS);
  });

  it('reset_restores_initial_accounting_state', () => {
    const property = fc.property(limitAndOptionalWarn, amounts, (ceiling, charges) => {
      const budget = one(ceiling);
      for (const each of charges) budget.charge(TOKENS, each);
      budget.reset();
      expect(budget.snapshot()).toEqual(one(ceiling).snapshot());
      expect(budget.spent(TOKENS)).toBe(0);
      expect(budget.remaining(TOKENS)).toBe(ceiling.limit);
      expect(budget.charge(TOKENS, 0)).toBe(CONTINUE);
    });
    fc.assert(property, RUNS);
  });

  it('inclusive_limit_exhausts_only_after_limit', () => {
    const property = fc.property(limit, (most) => {
      const budget = one({ limit: most, warn: undefined });
      expect(budget.charge(TOKENS, most)).toBe(CONTINUE);
      expect(budget.spent(TOKENS)).toBe(most);
      expect(budget.charge(TOKENS, 1)).toBe(exhausted(TOKENS));
      expect(budget.spent(TOKENS)).toBe(most + 1);
    });
    fc.assert(property, RUNS);
  });

  it('warn_fires_before_exhaustion_for_any_valid_threshold', () => {
    const property = fc.property(limitAndWarn, (ceiling) => {
      const budget = one(ceiling);
      expect(budget.charge(TOKENS, ceiling.warn)).toBe(CONTINUE);
      expect(budget.charge(TOKENS, 1)).toBe(warn(TOKENS));
      expect(budget.spent(TOKENS)).toBe(ceiling.warn + 1);
      expect(budget.remaining(TOKENS)).toBe(ceiling.limit - ceiling.warn - 1);
    });
    fc.assert(property, RUNS);
  });
});

describe('worst', () => {
  const verdicts = [CONTINUE, ...ALL.map(warn), ...ALL.map(exhausted)];
  const severity = (verdict: Verdict) => (verdict === CONTINUE ? 0 : isContinuing(verdict) ? 1 : 2);

  it('is associative, idempotent, left-biased, and has continue as its identity, for all verdicts', () => {
    for (const a of verdicts) {
      expect(worst(a, a)).toBe(a);
      expect(worst(a, CONTINUE)).toBe(a);
      expect(worst(CONTINUE, a)).toBe(a);
      for (const b of verdicts) {
        expect(worst(a, b)).toBe(severity(b) > severity(a) ? b : a);
        for (const c of verdicts) expect(worst(worst(a, b), c)).toBe(worst(a, worst(b, c)));
      }
    }
  });
});

/** Declarations as a caller might write them: in any order, sometimes doubled, zero or crossed. */
const declaration: fc.Arbitrary<Declaration> = fc.record({
  dimension,
  limit: fc.oneof(fc.nat(3), fc.nat(1000), amount),
  warn: fc.option(fc.oneof(fc.nat(3), fc.nat(1000), amount), { nil: undefined }),
});

function build(declarations: readonly Declaration[]): Budget {
  const builder = Budget.builder();
  for (const { dimension: each, limit: most, warn: threshold } of declarations) {
    if (threshold === undefined) builder.limit(each, most);
    else builder.limitWithWarn(each, most, threshold);
  }
  return builder.build();
}

const sound = fc
  .uniqueArray(dimension, { minLength: 1 })
  .chain((declared) =>
    fc.tuple(
      ...declared.map((each) => limitAndOptionalWarn.map((c) => ({ dimension: each, ...c }))),
    ),
  );

const operation = fc.record({
  kind: fc.constantFrom('charge', 'charge', 'tryCharge', 'all', 'vector', 'refund', 'reset'),
  costs: fc.uniqueArray(fc.tuple(dimension, fc.oneof(fc.nat(200_000), amount)), {
    selector: ([each]) => each,
    minLength: 1,
    maxLength: 3,
  }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** The eight amounts of a vector, for declared dimensions only. */
function vectorOf(budget: Budget, costs: Operation['costs']): number[] {
  return ALL.map((each) => {
    const cost = costs.find(([charged]) => charged === each)?.[1] ?? 0;
    return budget.spent(each) === undefined ? 0 : cost;
  });
}

function applyToBudget(budget: Budget, { kind, costs }: Operation): Verdict {
  const [[a, x], second, third] = costs as [[Dimension, number], ...[Dimension, number][]];
  if (kind === 'charge') return budget.charge(a, x);
  if (kind === 'tryCharge') return budget.tryCharge(a, x);
  if (kind === 'refund') return budget.refund(a, x);
  if (kind === 'vector') return budget.tryChargeVector(vectorOf(budget, costs));
  if (kind === 'reset') {
    budget.reset();
    return CONTINUE;
  }
  if (second === undefined) return budget.tryCharge(a, x);
  if (third === undefined) return budget.tryChargeAll(a, x, ...second);
  return budget.tryChargeAll(a, x, ...second, ...third);
}

function applyToModel(model: ModelBudget, { kind, costs }: Operation): string {
  const [a, x] = costs[0]!;
  if (kind === 'charge') return model.charge(a, x);
  if (kind === 'tryCharge') return model.tryCharge(a, x);
  if (kind === 'refund') return model.refund(a, x);
  if (kind === 'all') return model.tryChargeAll(costs);
  if (kind === 'reset') {
    model.reset();
    return 'go';
  }
  const declared = ALL.filter((each) => model.spent(each) !== undefined);
  return model.tryChargeAll(
    declared.map((each) => [each, costs.find(([charged]) => charged === each)?.[1] ?? 0]),
  );
}

describe('against the bigint model', () => {
  it('build names the same fault, or none', () => {
    const property = fc.property(fc.array(declaration, { maxLength: 6 }), (declarations) => {
      const built = outcome(() => {
        build(declarations);
        return CONTINUE;
      });
      expect(built).toBe(faultOf(declarations) ?? 'go');
    });
    fc.assert(property, RUNS);
  });

  it('every operation answers and leaves every dimension as the model does', () => {
    const operations = fc.array(operation, { maxLength: 40 });
    const property = fc.property(sound, operations, (declarations, given) => {
      const budget = build(declarations);
      const model = new ModelBudget(declarations);
      for (const each of given) {
        expect(outcome(() => applyToBudget(budget, each))).toBe(applyToModel(model, each));
        for (const at of ALL) {
          expect(budget.spent(at)).toBe(model.spent(at));
          expect(budget.remaining(at)).toBe(model.remaining(at));
          expect(budget.overflowed(at)).toBe(model.overflowed(at));
        }
      }
    });
    fc.assert(property, RUNS);
  });
});

describe('refuse before mutate', () => {
  it('a refused or faulty try leaves the whole budget as it was; an accepted one keeps every limit', () => {
    const tries = fc.array(
      operation.filter(({ kind }) => kind === 'tryCharge' || kind === 'all' || kind === 'vector'),
      { minLength: 1, maxLength: 30 },
    );
    const property = fc.property(sound, tries, (declarations, given) => {
      const budget = build(declarations);
      for (const each of given) {
        const before = budget.snapshot();
        const came = outcome(() => applyToBudget(budget, each));
        const isRecorded = came === 'go' || came.startsWith('warn');
        if (!isRecorded) expect(budget.snapshot()).toEqual(before);
        for (const { dimension: at, limit: most } of declarations) {
          expect(budget.spent(at)).toBeLessThanOrEqual(most);
        }
      }
    });
    fc.assert(property, RUNS);
  });
});

describe('snapshot and restore', () => {
  it('a restored budget gives the same verdicts from then on, alone or in an arena', () => {
    const operations = fc.array(operation, { maxLength: 30 });
    const property = fc.property(sound, operations, operations, (declarations, before, after) => {
      const budget = build(declarations);
      for (const each of before) outcome(() => applyToBudget(budget, each));
      const text = JSON.stringify(budget.snapshot());
      const restored = Budget.restore(JSON.parse(text) as number[]);
      const arena = new Arena({ capacity: 1 });
      arena.open(budget.snapshot());
      const handle = arena.open(restored.snapshot());
      for (const each of after) {
        const expected = outcome(() => applyToBudget(budget, each));
        expect(outcome(() => applyToBudget(restored, each))).toBe(expected);
        if (each.kind !== 'charge') continue;
        const [at, cost] = each.costs[0]!;
        outcome(() => arena.charge(handle, at, cost));
      }
      expect(restored.snapshot()).toEqual(budget.snapshot());
      const charged = Budget.restore(JSON.parse(text) as number[]);
      for (const { kind, costs } of after) {
        if (kind === 'charge') outcome(() => charged.charge(...costs[0]!));
      }
      expect(arena.snapshot(handle)).toEqual(charged.snapshot());
    });
    fc.assert(property, RUNS);
  });
});

describe('saturation', () => {
  it('a counter that passed the maximum is exhausted by whatever follows, until reset', () => {
    const operations = fc.array(
      operation.filter(({ kind }) => kind !== 'reset'),
      { maxLength: 20 },
    );
    const property = fc.property(sound, operations, (declarations, given) => {
      const at = declarations[0]!.dimension;
      const budget = build(declarations);
      budget.charge(at, AMOUNT_MAX);
      budget.charge(at, AMOUNT_MAX);
      for (const each of given) {
        outcome(() => applyToBudget(budget, each));
        expect(isExhausted(budget.charge(at, 0))).toBe(true);
        expect(budget.overflowed(at)).toBe(true);
      }
      budget.reset();
      expect(budget.charge(at, 0)).toBe(CONTINUE);
    });
    fc.assert(property, RUNS);
  });
});
