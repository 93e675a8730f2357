import type { LeaseStore } from '../../ledger/leases/lease-store.ts';

/** A lease store under test, with the two handles that some cases need beyond the port. */
export interface ConformanceLeaseStore {
  readonly store: LeaseStore;
  /**
   * The same data opened anew, as another process would after this one was killed; the first store
   * may be left as it is or ended.
   */
  reopened?(): Promise<LeaseStore> | LeaseStore;
  /** Lets the clock of the store go on by so many milliseconds; waits for it when that is real. */
  pass?(ms: number): Promise<void> | void;
}

/** Opens an empty store; called one or more times by a case. */
export type MakeLeaseStore = () => Promise<ConformanceLeaseStore> | ConformanceLeaseStore;

/** One test that every lease store must pass. */
export interface LeaseConformanceCase {
  /** Begins with the number of the guarantee in `LeaseStore`: `S3. ...`. */
  readonly title: string;
  /**
   * The handle without which the case fails. A store that cannot offer it skips the case by name
   * and says why.
   */
  readonly needs: 'reopened' | 'pass' | undefined;
  /** Rejects when the guarantee does not hold. */
  readonly run: (make: MakeLeaseStore) => Promise<void>;
}
