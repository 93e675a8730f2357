import { expect, it } from 'vitest';
import { accountOf } from '../../src/stores/conformance/orders.ts';
import { describeEachStore } from './each-store.ts';
import { runTogether } from './processes.ts';
import type { Task, TaskResult } from './tasks.ts';

const PROCESSES = 4;
const AMOUNT = 2_000_000;

/** Room for 500 and a half. */
const CAP = 500 * AMOUNT + AMOUNT / 2;
/** Far more than it takes, on a machine that is busy with other tests. */
const RACE_MS_MAX = 90_000;
const DOLLAR = 1_000_000_000;

const names = Array.from({ length: PROCESSES }, (_, index) => `process-${index}`);

describeEachStore('four processes', ({ next, open }) => {
  it(
    'are granted exactly 500 amounts under a cap of 500.5, by 64 holders at once',
    { timeout: RACE_MS_MAX },
    async () => {
      const place = next();
      const account = accountOf({ cap: 'race', ceiling: { usd: CAP } });
      const results = await runTogether(
        names.map((name) => ({ kind: 'ask', name, place, account, amount: AMOUNT, holders: 16 })),
      );
      expect(sum(results, 'admitted')).toBe(500);
      const store = await open(place);
      const stands = [{ spent: [0, 0, 0], held: [500 * AMOUNT, 0, 0] }];
      expect(await store.balances([account])).toEqual(stands);
    },
  );

  it(
    'admit exactly 500 calls under a cap of 500.5, 64 at once, in direct mode',
    { timeout: RACE_MS_MAX },
    async () => {
      const place = next();
      const account = accountOf({ cap: 'race', ceiling: { usd: CAP } });
      const results = await runTogether(
        names.map((name) => reserveTask(name, { place, account, mode: 'direct' })),
      );
      expect(others(results)).toEqual({});
      expect(sum(results, 'admitted')).toBe(500);
      expect(sum(results, 'open')).toBe(500);
    },
  );

  it(
    'admit exactly 500 calls under a cap of 500.5, 64 at once, when they lease',
    { timeout: RACE_MS_MAX },
    async () => {
      const place = next();
      const account = accountOf({ cap: 'race', ceiling: { usd: CAP } });
      const results = await runTogether(
        names.map((name) => reserveTask(name, { place, account, mode: 'leased' })),
      );
      expect(others(results)).toEqual({});
      // Nobody is refused while what is idle in all slices together is enough for one more.
      expect(sum(results, 'admitted')).toBe(500);
      expect(sum(results, 'open')).toBe(500);
    },
  );

  for (const mode of ['direct', 'leased'] as const) {
    it(
      `spend from one dollar with 500 calls each at once, and not a cent more (${mode})`,
      { timeout: RACE_MS_MAX },
      async () => {
        const place = next();
        const account = accountOf({ cap: 'dollar', ceiling: { usd: DOLLAR } });
        const results = await runTogether(
          names.map((name, index) => {
            const shape = { account, amount: 1_500_000, calls: 500, seed: 7_001 + index };
            return { kind: 'spend', name, place, mode, ...shape };
          }),
        );
        const spent = sum(results, 'spent');
        expect(others(results)).toEqual({});
        expect(sum(results, 'admitted') + sum(results, 'refused')).toBe(4 * 500);
        expect(sum(results, 'open')).toBe(0);
        expect(spent).toBeLessThanOrEqual(DOLLAR);
        // A third of the calls fit at their bounds, and each of those spends half of it on average.
        expect(spent).toBeGreaterThan(0.45 * DOLLAR);
        const store = await open(place);
        const stands = [{ spent: [spent, 0, sum(results, 'admitted')], held: [0, 0, 0] }];
        expect(await store.balances([account])).toEqual(stands);
      },
    );
  }
});

function reserveTask(
  name: string,
  of: Pick<Extract<Task, { readonly kind: 'reserve' }>, 'place' | 'account' | 'mode'>,
): Task {
  return { kind: 'reserve', name, amount: AMOUNT, lanes: 16, ...of };
}

function sum(
  results: readonly TaskResult[],
  what: 'admitted' | 'refused' | 'spent' | 'open',
): number {
  return results.reduce((all, result) => all + result[what], 0);
}

function others(results: readonly TaskResult[]): Record<string, number> {
  return Object.assign({}, ...results.map(({ other }) => other)) as Record<string, number>;
}
