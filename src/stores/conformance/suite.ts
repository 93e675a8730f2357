import { admissionCases } from './admission-cases.ts';
import type { ConformanceCase } from './case.ts';
import { changingCases } from './changing-cases.ts';
import { endingCases } from './ending-cases.ts';
import { randomCases } from './random-cases.ts';
import { recordCases } from './record-cases.ts';

/**
 * The tests that every ledger must pass, for any test runner. Titles repeat the numbers of the
 * guarantees in `Ledger`.
 *
 * ```ts
 * import { ledgerConformance } from 'hardcap/conformance';
 *
 * for (const { title, run } of ledgerConformance) it(title, () => run(openEmptyLedger));
 * ```
 */
export const ledgerConformance: readonly ConformanceCase[] = [
  ...admissionCases,
  ...endingCases,
  ...changingCases,
  ...recordCases,
  ...randomCases,
];

export type { ConformanceCase, ConformanceLedger, MakeLedger } from './case.ts';
export { leaseStoreConformance } from './lease-suite.ts';
export type { ConformanceLeaseStore, LeaseConformanceCase, MakeLeaseStore } from './lease-case.ts';
