import { isThisBoot } from '../../journal/identity.ts';
import { readJournal } from '../../journal/read-journal.ts';
import type { HolderState } from '../../ledger/leases/message.ts';
import { reportAmount, reportInstant, type ReportedAmount } from '../../open/report.ts';
import { EXIT, defineCommand, type Answer, type View, type World } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { countText, lengthText, usdText } from '../books/money.ts';
import { tableOf } from '../frame/text.ts';

/** A call that holds money now, as its process recorded it. */
export interface HeldCall extends ReportedAmount {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
  readonly age_ms: number;
  /** Keys of the accounts that it holds on. */
  readonly keys: readonly string[];
}

/** A process that leases from the ledger. */
export interface HeldBy {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly opened_at: string;
  readonly last_seen_at: string;
  readonly silent_ms: number;
  /** `null`: its journal cannot be read from here; `why` says why. */
  readonly calls: readonly HeldCall[] | null;
  readonly why: string | null;
}

/** What `hardcap holds --json` prints. */
export interface HoldsAnswer {
  readonly holders: readonly HeldBy[];
}

/** `hardcap holds`. */
export const holds = defineCommand({
  name: 'holds',
  summary: 'Lists the processes that lease from the ledger, and the calls that hold money now',
  about: [
    'Calls stand in the journal of their process, which is on its own host: of other hosts only ' +
      'the process is listed. A process that was silent for long may have died: see `hardcap ' +
      'recover`.',
  ],
  options: BOOKS_OPTIONS,
  examples: [{ line: 'hardcap holds', does: 'who holds what, and for how long' }],
  async run({ options }, world) {
    const states = await withBooks(options, world, async ({ store, operations }) => {
      // Through `operations`, so that a store that does not answer is told as one.
      await operations.holds();
      return await store.holders();
    });
    return answerOf(states.map((state) => heldBy(state, world)));
  },
});

function heldBy(state: HolderState, { clock }: World): HeldBy {
  const now = clock();
  const read = callsOf(state, now);
  return {
    holder: state.holder,
    host: state.host,
    pid: state.pid,
    opened_at: reportInstant(state.openedAt),
    last_seen_at: reportInstant(state.lastSeenAt),
    silent_ms: Math.max(0, now - state.lastSeenAt),
    calls: typeof read === 'string' ? null : read,
    why: typeof read === 'string' ? read : null,
  };
}

/** The calls in flight by the journal of a process, or why they cannot be read. */
function callsOf(state: HolderState, now: number): readonly HeldCall[] | string {
  const { journal, holder } = state;
  if (journal === null) return 'it keeps no journal';
  if (!isThisBoot(state)) return 'its journal is on another host, or of an earlier boot';
  const reading = readJournal({ directory: journal, holder });
  switch (reading.kind) {
    case 'missing':
      return 'its journal is not there';
    case 'corrupt':
      return `its journal cannot be read: ${reading.reason}`;
    case 'read':
      return reading.proof.inDoubt.map(({ id, at, amounts, keys }) => ({
        id,
        since: reportInstant(at),
        age_ms: Math.max(0, now - at),
        keys,
        ...reportAmount(amounts),
      }));
  }
}

function answerOf(holders: readonly HeldBy[]): Answer<HoldsAnswer> {
  return {
    exit: EXIT.ok,
    json: { holders },
    text: (view) =>
      holders.length === 0 ? 'No process leases from this ledger.' : tables(holders, view),
  };
}

function tables(holders: readonly HeldBy[], view: View): string {
  const columns = [
    { title: 'process' },
    { title: 'host' },
    { title: 'pid', isNumber: true },
    { title: 'silent for', isNumber: true },
    { title: 'calls', isNumber: true },
    { title: '' },
  ] as const;
  const rows = holders.map(({ holder, host, pid, silent_ms: silent, calls, why }) => [
    holder,
    host,
    String(pid),
    lengthText(silent),
    calls === null ? '?' : countText(calls.length),
    why ?? '',
  ]);
  const held = holders.flatMap(({ calls }) => calls ?? []);
  const table = tableOf(columns, rows, view);
  return held.length === 0 ? table : `${table}\n\n${callTable(held, view)}`;
}

function callTable(held: readonly HeldCall[], view: View): string {
  const columns = [
    { title: 'call' },
    { title: 'for', isNumber: true },
    { title: 'holds', isNumber: true },
    { title: 'tokens', isNumber: true },
    { title: 'on' },
  ] as const;
  const rows = held.map(({ id, age_ms: age, nano_usd: nano, tokens, keys }) => [
    id,
    lengthText(age),
    usdText(nano),
    countText(tokens),
    keys.join(' '),
  ]);
  return tableOf(columns, rows, view);
}
