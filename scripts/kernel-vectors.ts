import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ALL } from '../src/kernel/kernel.ts';
import { faultOf, ModelBudget, type Declaration } from '../test/property/kernel-model.ts';

/**
 * Writes `src/kernel/vectors.json`: what the bigint model answers to a fixed stream of declarations and
 * operations. The kernel takes no part in making them; `src/kernel/vectors.test.ts` replays them on it.
 *
 * Each budget: `declare` rows are [dimension, limit, warn or -1]; `fault` is the outcome of `build()` or null;
 * `steps` rows are [operation, costs, outcome, spent after, remaining after], where costs alternate
 * dimension and amount and the last two are those of the first dimension.
 */

const BUDGETS = 220;
const STEPS_MAX = 14;
const SEED = 0x9e3779b9;
const MAX = Number.MAX_SAFE_INTEGER;
const OPERATIONS = ['charge', 'charge', 'charge', 'tryCharge', 'tryChargeAll', 'refund', 'reset'];

const random = seeded(SEED);
const budgets = Array.from({ length: BUDGETS }, () => {
  const declarations = declare();
  const fault = faultOf(declarations) ?? null;
  const steps = fault === null ? run(new ModelBudget(declarations), declarations) : [];
  const rows = declarations.map(({ dimension, limit, warn }) => [dimension, limit, warn ?? -1]);
  return { declare: rows, fault, steps };
});
const path = fileURLToPath(new URL('../src/kernel/vectors.json', import.meta.url));
const lines = budgets.map((budget) => JSON.stringify(budget)).join(',\n');
writeFileSync(path, `{"seed":${SEED},"budgets":[\n${lines}\n]}\n`);
execFileSync('npx', ['oxfmt', path]);

function declare(): Declaration[] {
  const isSound = below(3) > 0;
  const order = ALL.map((dimension) => ({ dimension, key: random() }))
    .sort((left, right) => left.key - right.key)
    .map(({ dimension }) => dimension);
  const picked = order.slice(0, below(9));
  if (!isSound && below(2) === 0 && picked[0] !== undefined) picked.push(picked[0]);
  return picked.map((dimension) => {
    const limit = isSound ? Math.max(amount(), 1) : amount();
    if (below(2) === 0) return { dimension, limit, warn: undefined };
    return { dimension, limit, warn: isSound ? below(limit) : amount() };
  });
}

function run(model: ModelBudget, declarations: readonly Declaration[]): unknown[] {
  const declared = declarations.map(({ dimension }) => dimension);
  const pick = () => (below(12) === 0 ? ALL[below(8)] : declared[below(declared.length)]) ?? 0;
  return Array.from({ length: 1 + below(STEPS_MAX) }, () => {
    const operation = OPERATIONS[below(OPERATIONS.length)] ?? 'charge';
    const dimensions = [...new Set([pick(), pick(), pick()])];
    const costs = dimensions.map((dimension) => {
      const limit = declarations.find((row) => row.dimension === dimension)?.limit ?? 1;
      return [dimension, below(2) === 0 ? amount() : below(limit / 3 + 2)] as const;
    });
    const [first = 0, cost = 0] = costs[0] ?? [];
    const answers: Readonly<Record<string, () => string>> = {
      charge: () => model.charge(first, cost),
      tryCharge: () => model.tryCharge(first, cost),
      tryChargeAll: () => model.tryChargeAll(costs),
      refund: () => model.refund(first, cost),
      reset: () => {
        model.reset();
        return 'go';
      },
    };
    const answer = answers[operation]?.();
    const used = operation === 'tryChargeAll' ? costs.flat() : [first, cost];
    return [operation, used, answer, model.spent(first) ?? null, model.remaining(first) ?? null];
  });
}

/** Mostly 0, small numbers and the very top, where the edges are. */
function amount(): number {
  const kind = below(6);
  if (kind === 0) return 0;
  if (kind <= 2) return below(100);
  if (kind === 3) return MAX - below(3);
  return below(kind === 4 ? 2 ** 32 : MAX);
}

/** An integer from 0 to `end` - 1. */
function below(end: number): number {
  return Math.floor(((random() * 2 ** 21 + (random() >>> 11)) / 2 ** 53) * end);
}

/** Xorshift, 32 bits: the same stream in every run. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
