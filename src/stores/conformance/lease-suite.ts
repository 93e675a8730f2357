import type { LeaseConformanceCase } from './lease-case.ts';
import { leaseEndingCases } from './lease-ending-cases.ts';
import { leaseGrantingCases } from './lease-granting-cases.ts';
import { leaseMessageCases } from './lease-message-cases.ts';
import { leaseRandomCases } from './lease-random-cases.ts';
import { leaseRecordCases } from './lease-record-cases.ts';

/**
 * The tests that every lease store must pass, for any test runner. Titles repeat the numbers of the
 * guarantees in `LeaseStore`.
 *
 * ```ts
 * import { leaseStoreConformance } from 'hardcap/conformance';
 *
 * for (const { title, run } of leaseStoreConformance) it(title, () => run(openEmptyStore));
 * ```
 */
export const leaseStoreConformance: readonly LeaseConformanceCase[] = [
  ...leaseGrantingCases,
  ...leaseMessageCases,
  ...leaseEndingCases,
  ...leaseRecordCases,
  ...leaseRandomCases,
];
