import { ConfigError, IntegrityError, OperationError } from '../errors/error.ts';
import { describeBalance, type AccountBalance } from '../guard/balance.ts';
import type { Account } from '../ledger/account.ts';
import { recoverHolder, type RecoveryReport } from '../journal/recovery.ts';
import type { OpenHold } from '../ledger/ledger.ts';
import type { Awaitable, LeaseStore } from '../ledger/leases/lease-store.ts';
import type { AdjustOperation, Operation } from '../ledger/leases/operation.ts';
import { amountsOfSums, isWithin, sumsOf, type Sums } from '../ledger/leases/sums.ts';
import { verifyJournal } from '../stores/journal-chain.ts';
import {
  instant,
  readAmount,
  readDifference,
  readOrdered,
  refuse,
  text,
  type OrderPorts,
  type OrderedAmount,
  type Ordered,
} from './order.ts';
import {
  reportAmount,
  reportInstant,
  reportRecovery,
  type Done,
  type ReportedDoubt,
  type ReportedEntry,
  type ReportedHold,
  type ReportedHolder,
  type ReportedRecovery,
  type Verification,
} from './report.ts';

/** What the books are operated through. */
export interface OperationsTerms extends OrderPorts {
  readonly store: LeaseStore;
  /** The holder that answers here; `undefined` for somebody who only operates. */
  readonly holder: string | undefined;
  readonly openHolds: () => Iterable<OpenHold>;
  /** The accounts that can be named: those that a configuration or this process's calls know. */
  readonly accounts: (scope: string | undefined) => readonly Account[];
  /** Recovers the holders of this host that have ended. */
  readonly recoverHost: () => Promise<RecoveryReport>;
}

/** Corrects what stands booked as spent on the accounts of one cap and scope value. */
export interface AdjustOrder extends Ordered, OrderedAmount {
  readonly cap: string;
  /** `'global'` or `'<dimension>:<value>'`. */
  readonly scope: string;
}

/** What a call in doubt truly cost. What is left unsaid stays as it is booked. */
export interface ResolveOrder extends Ordered, OrderedAmount {}

/** Raises one cap for one scope value, in all its windows. */
export interface RaiseOrder extends Ordered, OrderedAmount {
  readonly cap: string;
  readonly scope: string;
  /** Milliseconds since the epoch, by the clock of the store; `null`: for good. */
  readonly until: number | null;
}

/** Names a scope value for every cap: `'global'` or `'<dimension>:<value>'`. */
export interface ScopeOrder extends Ordered {
  readonly scope: string;
}

/** Ends a holder that is gone for good. */
export interface RecoverOrder {
  readonly who: string;
  readonly reason: string;
}

/**
 * What operators do to the books of a shared ledger. Results are plain JSON: money in whole
 * nano-dollars and, to read, in dollars.
 *
 * An order that cannot be meant throws `ORDER_INVALID`, one whose id was used for another
 * `STORE_CONFLICT`, and a store that does not answer `STORE_UNAVAILABLE`; the first two have
 * changed nothing, and after the third the same order with the same `id` and `at` is safe to give
 * again.
 */
export interface Operations {
  /** Balances of the accounts that are known here, of one scope value or of all. */
  balance(scope?: string): Promise<readonly AccountBalance[]>;
  /** Open holds of this process, and every holder that leases from the store. */
  holds(): Promise<{
    readonly own: readonly ReportedHold[];
    readonly holders: readonly ReportedHolder[];
  }>;
  /** Calls charged at their bound because nobody recorded how they ended, oldest first. */
  doubts(): Promise<readonly ReportedDoubt[]>;
  /** What was done to the books by hand or by recovery, after record `after`. */
  journal(after?: number): Promise<readonly ReportedEntry[]>;
  /** Whether every record of the journal is as it was written, and none is missing before it. */
  verify(): Promise<Verification>;
  /** Adds to what stands booked as spent, or takes from it with negative amounts. */
  adjust(order: AdjustOrder): Promise<Done>;
  /** Books what a call in doubt truly cost instead of its bound. */
  resolve(doubtId: string, order: ResolveOrder): Promise<Done>;
  raise(order: RaiseOrder): Promise<Done>;
  /** Nothing more may be spent there, under any cap. */
  closeScope(order: ScopeOrder): Promise<Done>;
  reopenScope(order: ScopeOrder): Promise<Done>;
  /**
   * Ends the holders of this host whose processes have ended, each by its journal, as opening a
   * ledger does. Slices that a dead process held are free again afterwards.
   */
  recoverHost(): Promise<readonly ReportedRecovery[]>;
  /**
   * Ends one holder on the word of an operator, with each of its slices charged whole. Only for one
   * that is gone for good, on a host that is: on its own host `recoverHost` gives the rest back.
   */
  recover(holder: string, order: RecoverOrder): Promise<ReportedRecovery>;
}

/** How often a store that does not answer is told the same again. */
export const TELL_TRIES_MAX = 3;

/** The operations on any lease store. */
export function createOperations(terms: OperationsTerms): Operations {
  const { store, clock, recoverHost } = terms;
  const carryOut = (operation: Operation) => carriedOut(store, operation);
  const closing = (kind: 'close-scope' | 'reopen-scope') => (order: ScopeOrder) =>
    carryOut({ kind, scope: text('scope', order.scope), ...readOrdered(order, terms) });
  return {
    balance: (scope) => balances(terms, scope),
    holds: () => holds(terms),
    doubts: () => doubts(store),
    async journal(after = 0) {
      const entries = await told(() => store.journal(after));
      return entries.map(({ seq, hash, body }) => ({ seq, hash, entry: JSON.parse(body) }));
    },
    async verify() {
      const entries = await told(() => store.journal());
      const faults = verifyJournal(entries);
      const head = entries.at(-1)?.hash ?? null;
      return { is_whole: faults.length === 0, records: entries.length, faults, head };
    },
    async adjust(order) {
      const ordered = readOrdered(order, terms);
      const { add, subtract } = readDifference(order);
      const keys = keysOf(terms, order);
      return carryOut({ kind: 'adjust', ...ordered, keys, subtract, add, resolves: null });
    },
    async resolve(doubtId, order) {
      const ordered = readOrdered(order, terms);
      const open = (await told(() => store.doubts())).find(({ id }) => id === doubtId);
      // The same order again finds its doubt resolved, by itself.
      const doubt = open ?? (await resolvedBy(store, { doubtId, id: order.id }));
      if (doubt === undefined) return refuse('doubtId', doubtId, 'no such call is in doubt');
      const [usd, tokens, calls] = readAmount(order);
      const { amounts, keys } = doubt;
      const add: Sums = [usd ?? amounts[0], tokens ?? amounts[1], calls ?? amounts[2]];
      const resolves = { subtract: amounts, add, resolves: doubtId };
      return carryOut({ kind: 'adjust', ...ordered, keys, ...resolves });
    },
    async raise(order) {
      const [usd = null, tokens = null, calls = null] = readAmount(order);
      if (usd === null && tokens === null && calls === null) {
        return refuse('usd', order.usd, 'must say by how much the cap is raised');
      }
      const until = order.until === null ? null : instant('until', order.until);
      const which = { capId: text('cap', order.cap), scope: text('scope', order.scope) };
      const ordered = readOrdered(order, terms);
      return carryOut({ kind: 'raise', ...which, by: [usd, tokens, calls], until, ...ordered });
    },
    closeScope: async (order) => closing('close-scope')(order),
    reopenScope: async (order) => closing('reopen-scope')(order),
    recoverHost: async () => (await told(recoverHost)).recovered.map(reportRecovery),
    async recover(holder, { who, reason }) {
      if (holder === terms.holder) return refuse('holder', holder, 'it is this process itself');
      const order = { store, clock, holder, by: text('who', who), reason: text('reason', reason) };
      const done = await told(() => recoverHolder({ ...order, how: 'charged' }));
      if (done.how === 'unknown-holder') return refuse('holder', holder, 'there is none such');
      return reportRecovery(done);
    },
  };
}

async function balances({ store, accounts }: OperationsTerms, scope: string | undefined) {
  const named = accounts(scope);
  const found = await told(() => store.balances(named));
  return named.flatMap((account, index) => {
    const balance = found[index];
    if (balance === undefined) return [];
    const [spent, held] = [amountsOfSums(balance.spent), amountsOfSums(balance.held)];
    return [describeBalance(account, { spent, held, overdrawn: isOverdrawn(account, balance) })];
  });
}

function isOverdrawn({ ceiling }: Account, { spent }: { readonly spent: Sums }): boolean {
  const { usd = Infinity, tokens = Infinity, calls = Infinity } = ceiling;
  return !isWithin(spent, [usd, tokens, calls]);
}

async function holds({ store, holder, openHolds }: OperationsTerms) {
  const own = [...openHolds()].map(({ id, at, amounts, scopes }) => ({
    id,
    since: reportInstant(at),
    scopes,
    ...reportAmount(sumsOf(amounts)),
  }));
  const holders = (await told(() => store.holders())).map((state) => ({
    holder: state.holder,
    host: state.host,
    pid: state.pid,
    opened_at: reportInstant(state.openedAt),
    last_seen_at: reportInstant(state.lastSeenAt),
    is_own: state.holder === holder,
  }));
  return { own, holders };
}

async function doubts(store: LeaseStore): Promise<readonly ReportedDoubt[]> {
  return (await told(() => store.doubts())).map(({ id, holder, at, keys, amounts }) => ({
    id,
    holder,
    since: reportInstant(at),
    keys,
    ...reportAmount(amounts),
  }));
}

/** The parts of windows on which the cap and scope value draw now. */
function keysOf({ accounts }: OperationsTerms, { cap, scope }: AdjustOrder): readonly string[] {
  const keys = accounts(text('scope', scope)).flatMap(({ capId, parts }) => {
    const key = parts.at(-1)?.key;
    return capId === cap && key !== undefined ? [key] : [];
  });
  if (keys.length > 0) return [...new Set(keys)];
  const known = [...new Set(accounts(scope).map(({ capId }) => capId))].join(', ') || 'none';
  return refuse('cap', cap, `no account of this cap is known for ${scope}; known caps: ${known}`);
}

/** What the order `id` corrected when it resolved the call; `undefined`: it did not. */
async function resolvedBy(
  store: LeaseStore,
  { doubtId, id }: { readonly doubtId: string; readonly id: string | undefined },
): Promise<(Pick<AdjustOperation, 'keys'> & { readonly amounts: Sums }) | undefined> {
  if (id === undefined) return undefined;
  for (const { body } of await told(() => store.journal())) {
    const entry = JSON.parse(body) as Operation;
    const isIt = entry.kind === 'adjust' && entry.id === id && entry.resolves === doubtId;
    if (isIt) return { keys: entry.keys, amounts: entry.subtract };
  }
  return undefined;
}

async function carriedOut(store: LeaseStore, operation: Operation): Promise<Done> {
  let tries = 0;
  const reply = await told(() => {
    tries += 1;
    return store.operate(operation);
  });
  switch (reply.kind) {
    case 'done': {
      // After an answer that was lost, this very giving may be what was carried out.
      const isRepeated = reply.isRepeated && tries === 1;
      return { id: operation.id, at: operation.at, repeated: isRepeated };
    }
    case 'conflict': {
      const message = `The id ${operation.id} was used for another order. Nothing was changed.`;
      throw new OperationError('STORE_CONFLICT', message);
    }
    case 'unknown-account':
      return refuse('account', reply.key, 'the store has no such account');
    case 'below-zero':
      return refuse(
        'account',
        reply.key,
        'less is booked there by holders that have ended; what an open holder spent can be ' +
          'corrected after its end',
      );
    case 'unknown-doubt':
      return refuse('doubtId', operation.id, 'no such call is in doubt any more');
  }
}

/** The store's answer; asked again, word for word, as long as its fate is unknown. */
async function told<T>(ask: () => Awaitable<T>): Promise<T> {
  let cause: unknown;
  for (let attempt = 0; attempt < TELL_TRIES_MAX; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ConfigError || error instanceof IntegrityError) throw error;
      cause = error;
    }
  }
  const message =
    'The store does not answer; what was ordered may or may not have been carried out.';
  throw new OperationError('STORE_UNAVAILABLE', message, { cause });
}
