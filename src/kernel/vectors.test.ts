import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { outcome } from '../../test/property/kernel-outcome.ts';
import { Arena, Budget, CONTINUE, type Dimension, type Verdict } from './kernel.ts';

type Step = [string, number[], string, number | null, number | null];
interface Row {
  readonly declare: [Dimension, number, number][];
  readonly fault: string | null;
  readonly steps: Step[];
}

const text = readFileSync(new URL('vectors.json', import.meta.url), 'utf8');
const { budgets } = JSON.parse(text) as { readonly budgets: Row[] };

/** The operations of a budget, whichever form keeps it. */
type Subject = Pick<
  Budget,
  'charge' | 'tryCharge' | 'tryChargeAll' | 'refund' | 'reset' | 'spent' | 'remaining'
>;

function apply(subject: Subject, [operation, costs]: Step): Verdict {
  const [first = 0, amount = 0, second, secondAmount = 0, third, thirdAmount = 0] = costs;
  const [a, b, c] = [first, second, third] as Dimension[];
  switch (operation) {
    case 'charge':
      return subject.charge(a!, amount);
    case 'tryCharge':
      return subject.tryCharge(a!, amount);
    case 'refund':
      return subject.refund(a!, amount);
    case 'tryChargeAll':
      if (b === undefined) return subject.tryCharge(a!, amount);
      if (c === undefined) return subject.tryChargeAll(a!, amount, b, secondAmount);
      return subject.tryChargeAll(a!, amount, b, secondAmount, c, thirdAmount);
    case 'reset':
      subject.reset();
      return CONTINUE;
    default:
      throw new Error(`no such operation: ${operation}`);
  }
}

/** A budget of an arena seen as a budget by itself. */
function inArena(arena: Arena, handle: ReturnType<Arena['open']>): Subject {
  const forms = ['charge', 'tryCharge', 'tryChargeAll', 'refund', 'reset', 'spent', 'remaining'];
  const bound = forms.map((form) => {
    const method = Reflect.get(arena, form) as (...given: unknown[]) => unknown;
    return [form, (...given: unknown[]) => method.call(arena, handle, ...given)];
  });
  return Object.fromEntries(bound) as Subject;
}

function replay(row: Row, at: number, build: (row: Row) => Subject): void {
  let subject: Subject | undefined;
  const built = outcome(() => {
    subject = build(row);
    return CONTINUE;
  });
  expect(built, `budget ${at}`).toBe(row.fault ?? 'go');
  for (const [number, step] of row.steps.entries()) {
    const first = step[1][0] as Dimension;
    const where = `budget ${at}, step ${number}: ${step[0]} ${step[1].join(' ')}`;
    expect(
      outcome(() => apply(subject!, step)),
      where,
    ).toBe(step[2]);
    expect(subject!.spent(first) ?? null, where).toBe(step[3]);
    expect(subject!.remaining(first) ?? null, where).toBe(step[4]);
  }
}

it('the frozen vectors cover every outcome', () => {
  const all = budgets.flatMap(({ fault, steps }) => [fault, ...steps.map((step) => step[2])]);
  const kinds = new Set(all.map((kind) => kind?.replace(/:.$/, '')));
  for (const kind of ['go', 'warn', 'exhausted']) expect(kinds).toContain(kind);
  for (const code of ['DUPLICATE_DIMENSION', 'NO_DIMENSIONS', 'ZERO_LIMIT', 'UNKNOWN_DIMENSION'])
    expect(kinds).toContain(`error:${code}`);
  expect(kinds).toContain('error:WARN_NOT_BELOW_LIMIT');
  expect(budgets.flatMap(({ steps }) => steps).length).toBeGreaterThan(800);
  expect(text.length).toBeLessThan(200_000);
});

it('a budget answers every frozen vector as the model did', () => {
  budgets.forEach((row, at) => {
    replay(row, at, ({ declare }) => {
      const builder = Budget.builder();
      for (const [dimension, limit, warn] of declare) {
        if (warn < 0) builder.limit(dimension, limit);
        else builder.limitWithWarn(dimension, limit, warn);
      }
      return builder.build();
    });
  });
});

it('a budget in an arena among others answers every frozen vector as the model did', () => {
  const arena = new Arena({ capacity: 1 });
  budgets.forEach((row, at) => {
    replay(row, at, ({ declare }) => {
      const builder = arena.builder();
      for (const [dimension, limit, warn] of declare) {
        if (warn < 0) builder.limit(dimension, limit);
        else builder.limitWithWarn(dimension, limit, warn);
      }
      return inArena(arena, builder.build());
    });
  });
  expect(arena.size).toBe(budgets.filter(({ fault }) => fault === null).length);
});
