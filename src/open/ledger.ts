/** Parts of a shared ledger, for those who bring a store or a journal of their own. */
export { createLeasedLedger } from '../ledger/leases/leased-ledger.ts';
export { LEASE_POLICY, type LeasePolicy } from '../ledger/leases/policy.ts';
export type { SharedLedger } from '../ledger/shared-ledger.ts';
export type { Awaitable, LeaseStore, StoreBalance } from '../ledger/leases/lease-store.ts';
export type * from '../ledger/leases/message.ts';
export type * from '../ledger/leases/operation.ts';
export type * from '../ledger/leases/ports.ts';
export type { Ceilings, Sums } from '../ledger/leases/sums.ts';
export { createMemoryLeaseStore } from '../stores/memory/lease-store.ts';
export { identifyProcess } from '../journal/identity.ts';
export { openFileJournal, type FileJournalOptions } from '../journal/file-journal.ts';
export { recoverHolders, type RecoveryReport } from '../journal/recovery.ts';
export { verifyJournal } from '../stores/journal-chain.ts';
export type { LedgerFault } from './faults.ts';
export {
  openLedgerNow,
  openLedger,
  type JournalPlace,
  type OpenedLedger,
  type Opening,
  type OpenOptions,
} from './open-ledger.ts';
export type { Operations } from './operations.ts';
export type * from './report.ts';
