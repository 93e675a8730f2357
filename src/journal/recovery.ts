import { invariant } from '../errors/error.ts';
import type { LeaseStore } from '../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  CloseReply,
  HolderIdentity,
  HolderState,
  InDoubt,
} from '../ledger/leases/message.ts';
import { NO_SUMS, type Sums } from '../ledger/leases/sums.ts';
import type { Clock } from '../units/time.ts';
import { isGone, isThisBoot } from './identity.ts';
import { isNameable, listSegments, removeSegments } from './journal-files.ts';
import { readIdentity, readJournal, type JournalReading } from './read-journal.ts';

/** What became of one holder that was recovered. */
export interface RecoveredHolder {
  readonly holder: string;
  /** How it was closed; `already-closed` and `unknown-holder` when there was nothing to close. */
  readonly how: CloseOrder['how'] | 'already-closed' | 'unknown-holder';
  /** Why not `proven`; `undefined` when it was. */
  readonly reason: string | undefined;
  /** Given back, and charged, over all its slices. */
  readonly freed: Sums;
  readonly charged: Sums;
  readonly inDoubt: readonly InDoubt[];
}

/** What a recovery did. */
export interface RecoveryReport {
  readonly recovered: readonly RecoveredHolder[];
  /** Open holders of this host of which nobody here can tell whether they ended. */
  readonly unknown: readonly HolderState[];
}

/** Where a recovery works, and who does it. */
export interface RecoveryOptions {
  readonly store: LeaseStore;
  /** Of the process that recovers: it is named in the store's journal, and never recovered. */
  readonly identity: HolderIdentity;
  readonly clock: Clock;
}

/**
 * Closes every open holder of this host whose process has ended, and removes its journal.
 *
 * What a journal of this boot proves unspent goes back, and calls in flight are charged at their
 * bound and listed as in doubt. Without such a journal each slice is charged whole; calls that the
 * journal showed in flight are then listed without keys: they cannot be resolved one by one,
 * because what one of them gave back later may have been spent by a call that nobody knows of.
 *
 * A folder of journals is for one store: a journal in it of which this store knows nothing stays
 * where it is, unless it is empty.
 *
 * Holders that live, and those of which nobody can tell, are left alone. Several processes may
 * recover at once: a holder is closed once. Rejects as the store does; calling it again does the
 * rest.
 */
export async function recoverHolders(options: RecoveryOptions): Promise<RecoveryReport> {
  const { gone, unknown } = sortOut(await options.store.holders(), options.identity);
  const recovered: RecoveredHolder[] = [];
  for (const candidate of gone) {
    const plan = planFor(candidate, options);
    recovered.push(...finish(candidate, plan, await options.store.close(plan.order)));
  }
  return { recovered, unknown };
}

/** The same for a store that answers at once. Throws `INVARIANT_BROKEN` for any other. */
export function recoverHoldersNow(options: RecoveryOptions): RecoveryReport {
  const { gone, unknown } = sortOut(now(options.store.holders()), options.identity);
  const recovered = gone.flatMap((candidate) => {
    const plan = planFor(candidate, options);
    return finish(candidate, plan, now(options.store.close(plan.order)));
  });
  return { recovered, unknown };
}

/**
 * Closes one holder on the word of an operator, who says that it is gone for ever: each of its
 * slices is charged whole, and nothing that it sends later is applied. Its journal stays where it
 * is. A holder that lives in spite of that can spend nothing that was not charged here.
 */
export async function recoverHolder(order: {
  readonly store: LeaseStore;
  readonly holder: string;
  readonly how: 'charged';
  readonly by: string;
  readonly reason: string;
  readonly clock: Clock;
}): Promise<RecoveredHolder> {
  const { store, holder, how, by, reason, clock } = order;
  const common = { finals: [], inDoubt: [] };
  const reply = await store.close({ holder, at: clock(), by, reason, how, ...common });
  return recoveredOf({ holder, how, reason, inDoubt: [] }, reply);
}

interface Plan {
  readonly order: CloseOrder;
  readonly reason: string | undefined;
  /** The journal was read, and nothing was ever recorded in it. */
  readonly isEmpty: boolean;
}

/** A holder whose process has ended. */
interface Candidate extends HolderIdentity {
  /** The store says that it is open; otherwise only a journal of it was found. */
  readonly isListed: boolean;
}

function sortOut(holders: readonly HolderState[], self: HolderIdentity) {
  const [gone, unknown]: [Candidate[], HolderState[]] = [[], []];
  const listed = new Set(holders.map(({ holder }) => holder)).add(self.holder);
  for (const holder of holders) {
    if (holder.holder === self.holder || holder.host !== self.host) continue;
    const fate = isGone(holder);
    if (fate === 'gone') gone.push({ ...holder, isListed: true });
    if (fate === 'unknown') unknown.push(holder);
  }
  gone.push(...leftBehind(self.journal, listed));
  return { gone, unknown };
}

/** Ended processes of which there is a journal in the folder, and no open holder in the list. */
function leftBehind(journal: string | null, listed: ReadonlySet<string>): readonly Candidate[] {
  if (journal === null) return [];
  const found = new Map<string, Candidate>();
  for (const file of listSegments(journal)) {
    if (listed.has(file.holder) || found.has(file.holder)) continue;
    const writer = readIdentity(file);
    if (writer?.holder !== file.holder || isGone(writer) !== 'gone') continue;
    found.set(file.holder, { ...writer, journal, isListed: false });
  }
  return [...found.values()];
}

function planFor(holder: HolderIdentity, { identity, clock }: RecoveryOptions): Plan {
  const common = { holder: holder.holder, at: clock(), by: identity.holder };
  const place = `process ${holder.pid} on ${holder.host}`;
  const reading = readingOf(holder);
  const doubted = faultOf(holder, reading);
  if (reading.kind === 'read' && doubted === undefined) {
    const { finals, inDoubt } = reading.proof;
    const reason = `${place} is gone; its journal was read`;
    const isEmpty = finals.length === 0 && inDoubt.length === 0;
    const order: CloseOrder = { ...common, how: 'proven', reason, finals, inDoubt };
    return { order, reason: undefined, isEmpty };
  }
  const why = doubted ?? 'it proves nothing';
  const reason = `${place} is gone; charged whole: ${why}`;
  const inDoubt = inDoubtOf(reading).map((call) => ({ ...call, keys: [] }));
  const order: CloseOrder = { ...common, how: 'charged', reason, finals: [], inDoubt };
  return { order, reason: why, isEmpty: false };
}

function readingOf({ holder, journal }: HolderIdentity): JournalReading {
  if (journal === null || !isNameable(holder)) return { kind: 'missing' };
  return readJournal({ directory: journal, holder });
}

function inDoubtOf(reading: JournalReading): readonly InDoubt[] {
  switch (reading.kind) {
    case 'read':
      return reading.proof.inDoubt;
    case 'corrupt':
      return reading.inDoubt;
    case 'missing':
      return [];
  }
}

/** Why a reading proves nothing about a holder; `undefined` when it may be trusted. */
function faultOf(holder: HolderIdentity, reading: JournalReading): string | undefined {
  if (reading.kind === 'missing') return 'there is no journal';
  if (reading.kind === 'corrupt') return `the journal is corrupt (${reading.reason})`;
  const { host, boot, pid, incarnation } = reading.identity;
  const isWriter =
    host === holder.host &&
    boot === holder.boot &&
    pid === holder.pid &&
    incarnation === holder.incarnation;
  if (!isWriter) return 'the journal names another process';
  return isThisBoot(holder) ? undefined : 'the journal was written on another boot of the host';
}

/** Removes the journal of a holder that has ended, and says what became of it. */
function finish(
  { holder, journal, isListed }: Candidate,
  { order, reason, isEmpty }: Plan,
  reply: CloseReply,
): readonly RecoveredHolder[] {
  // An empty one was left by a process that died before the store knew it. Any other may belong to
  // another store, and stays for the recovery of that one.
  const isDone = isListed || isEmpty || reply.kind !== 'unknown-holder';
  if (isDone && journal !== null && isNameable(holder)) removeSegments(journal, holder);
  const { how, inDoubt } = order;
  const isClosedNow = isListed || reply.kind === 'closed';
  return isClosedNow ? [recoveredOf({ holder, how, reason, inDoubt }, reply)] : [];
}

function recoveredOf(
  done: Pick<RecoveredHolder, 'holder' | 'how' | 'reason' | 'inDoubt'>,
  reply: CloseReply,
): RecoveredHolder {
  if (reply.kind === 'closed') return { ...done, freed: reply.freed, charged: reply.charged };
  return { ...done, how: reply.kind, freed: NO_SUMS, charged: NO_SUMS, inDoubt: [] };
}

function now<T>(answer: T | Promise<T>): T {
  invariant(!(answer instanceof Promise), 'the store answers at once');
  return answer;
}
