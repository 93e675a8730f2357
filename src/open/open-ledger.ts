import { resolve } from 'node:path';
import { HardcapError, OperationError } from '../errors/error.ts';
import { openFileJournal } from '../journal/file-journal.ts';
import { identifyProcess } from '../journal/identity.ts';
import { recoverHolders, recoverHoldersNow, type RecoveryReport } from '../journal/recovery.ts';
import type { LeaseStore } from '../ledger/leases/lease-store.ts';
import { createLeasedLedger } from '../ledger/leases/leased-ledger.ts';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import type { LeasePolicy } from '../ledger/leases/policy.ts';
import type { HolderJournal } from '../ledger/leases/ports.ts';
import type { SharedLedger } from '../ledger/shared-ledger.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { systemClock, type Clock } from '../units/time.ts';
import { FaultHub, type LedgerFault } from './faults.ts';
import { KnownAccounts } from './known-accounts.ts';
import { createOperations, type Operations } from './operations.ts';

/** What every opener can be told. */
export interface OpenOptions {
  /**
   * `leased` (default) decides most calls in this process and tells the store now and then;
   * `direct` asks the store for each call exactly what that call needs.
   */
  readonly mode?: 'leased' | 'direct' | undefined;
  /** Figures of the lease policy that are to differ from `LEASE_POLICY`. */
  readonly policy?: Partial<LeasePolicy> | undefined;
  /** Caps whose accounts operators may name before a call of this process has drawn on them. */
  readonly config?: BudgetGuardConfig | undefined;
  /** By which windows begin; that of the system unless given. */
  readonly clock?: Clock | undefined;
  /** Told of each fault; a guard's listeners for `drift` hear them too. */
  readonly onFault?: ((fault: LedgerFault) => void) | undefined;
}

/** Where a holder's journal is kept. Without one, a crash charges its slices whole. */
export type JournalPlace = { readonly directory: string } | null;

/** A durable ledger that is ready for a guard. */
export interface OpenedLedger extends SharedLedger {
  readonly operations: Operations;
  /** What became of the holders of this host that had ended without closing. */
  readonly recovery: RecoveryReport;
  /** Tells of faults between the ledger, its store and its journal; returns how to stop. */
  onFault(listener: (fault: LedgerFault) => void): () => void;
}

/** What an opener has by the time that its store is open. */
export interface Opening extends OpenOptions {
  readonly store: LeaseStore;
  readonly journal: JournalPlace;
}

/** Opens a ledger on a store that answers at once. */
export function openLedgerNow(opening: Opening): OpenedLedger {
  const prepared = prepare(opening);
  return assemble(prepared, recoverHoldersNow(prepared));
}

/** Opens a ledger on any store. Rejects with `STORE_UNAVAILABLE`. */
export async function openLedger(opening: Opening): Promise<OpenedLedger> {
  const prepared = prepare(opening);
  return assemble(prepared, await reached(() => recoverHolders(prepared)));
}

interface Prepared extends Opening {
  readonly clock: Clock;
  readonly identity: HolderIdentity;
  readonly known: KnownAccounts;
}

function prepare(opening: Opening): Prepared {
  const { clock = systemClock, config, journal } = opening;
  // Absolute: who recovers may run elsewhere.
  const directory = journal === null ? null : resolve(journal.directory);
  const identity = identifyProcess({ journal: directory, openedAt: clock() });
  return { ...opening, clock, identity, known: new KnownAccounts(clock, config) };
}

/** The dead are recovered by now: what they proved unspent is there for the first grant. */
function assemble(prepared: Prepared, recovery: RecoveryReport): OpenedLedger {
  const { store, identity, clock, known, mode = 'leased', policy, onFault } = prepared;
  const faults = new FaultHub(onFault);
  const journal = journalOf(identity);
  const leased = createLeasedLedger({
    store: known.watching(store),
    identity,
    clock,
    policy: { ...policy, mode },
    onFault: (fault) => faults.tell(fault),
    ...(journal === undefined ? {} : { journal }),
  });
  const operations = createOperations({
    store,
    clock,
    newId: () => globalThis.crypto.randomUUID(),
    holder: identity.holder,
    openHolds: () => leased.openHolds(),
    accounts: (scope) => known.of(scope),
    recoverHost: () => recoverHolders(prepared),
  });
  let ending: Promise<void> | undefined;
  return {
    holder: identity.holder,
    operations,
    recovery,
    onFault: (listener) => faults.on(listener),
    reserve: (order) => leased.reserve(order),
    reserveAsync: (order) => leased.reserveAsync(order),
    extend: (order) => leased.extend(order),
    settle: (order) => leased.settle(order),
    release: (order) => leased.release(order),
    expire: (order) => leased.expire(order),
    adjust: (order) => leased.adjust(order),
    balance: (account) => leased.balance(account),
    openHolds: () => leased.openHolds(),
    warm: (accounts) => leased.warm(accounts),
    refresh: (accounts) => leased.refresh(accounts),
    flush: () => leased.flush(),
    close: () => {
      ending ??= ended(leased, store).catch((failed: unknown) => {
        ending = undefined;
        throw failed;
      });
      return ending;
    },
  };
}

function journalOf(identity: HolderIdentity): HolderJournal | undefined {
  if (identity.journal === null) return undefined;
  try {
    return openFileJournal({ directory: identity.journal, identity });
  } catch (cause) {
    if (cause instanceof HardcapError) throw cause;
    const message = `The journal in ${identity.journal} cannot be opened.`;
    throw new OperationError('STORE_UNAVAILABLE', message, { cause });
  }
}

/** A store that could not be told stays open, so that closing again can tell it. */
async function ended(leased: SharedLedger, store: LeaseStore): Promise<void> {
  await leased.close();
  await store.end();
}

async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof HardcapError) throw cause;
    const message = 'The store cannot be reached, so the ledger is not open.';
    throw new OperationError('STORE_UNAVAILABLE', message, { cause });
  }
}
