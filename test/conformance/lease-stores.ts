import { expect, it } from 'vitest';
import type { MakeLeaseStore } from '../../src/stores/conformance/lease-case.ts';
import { leaseStoreConformance } from '../../src/stores/conformance/lease-suite.ts';

/** Titles of cases that a store cannot run, by the handle that it lacks. */
export const LEASE_CASES_BY_NEED = {
  reopened: ['S2. What was answered stands when the store is opened anew, and holders go on'],
} as const;

/**
 * Runs the suite for a store. A handle that it cannot offer is named with the reason; the cases that
 * need it are left out, by name, and no others.
 */
export function leaseConformance(
  make: MakeLeaseStore,
  lacks: Partial<Record<keyof typeof LEASE_CASES_BY_NEED, string>> = {},
): void {
  const out = leaseStoreConformance.filter(
    ({ needs }) => needs === 'reopened' && lacks.reopened !== undefined,
  );
  for (const { title, run } of leaseStoreConformance.filter((each) => !out.includes(each))) {
    it(title, async () => await run(make));
  }
  if (lacks.reopened === undefined) return;
  it(`runs every case but those that need a store opened anew: ${lacks.reopened}`, () => {
    expect(out.map(({ title }) => title)).toEqual(LEASE_CASES_BY_NEED.reopened);
  });
}
