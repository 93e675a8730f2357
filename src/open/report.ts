import type { RecoveredHolder } from '../journal/recovery.ts';
import type { Sums } from '../ledger/leases/sums.ts';

/** Money, tokens and calls in plain JSON: exact integers, and dollars to read. */
export interface ReportedAmount {
  readonly usd: number;
  readonly nano_usd: number;
  readonly tokens: number;
  readonly calls: number;
}

/** One reservation that has not ended. */
export interface ReportedHold extends ReportedAmount {
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
  readonly scopes: readonly string[];
}

/** One process that leases from the store. */
export interface ReportedHolder {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  readonly opened_at: string;
  readonly last_seen_at: string;
  /** Whether it is the one that answers here. */
  readonly is_own: boolean;
}

/** A call that was charged at its bound because nobody recorded how it ended. */
export interface ReportedDoubt extends ReportedAmount {
  readonly id: string;
  readonly holder: string;
  readonly since: string;
  /** Accounts it was charged to. */
  readonly keys: readonly string[];
}

/** One record of the store's journal. */
export interface ReportedEntry {
  readonly seq: number;
  readonly hash: string;
  /** What was ordered, or how a holder ended, as it was recorded. */
  readonly entry: unknown;
}

/** Whether the journal is whole. */
export interface Verification {
  readonly is_whole: boolean;
  readonly records: number;
  /** What is wrong with it; empty when it is whole. */
  readonly faults: readonly string[];
  /** Hash of the last record; keep it elsewhere to notice a journal that was cut at its end. */
  readonly head: string | null;
}

/** What the end of one holder moved. */
export interface ReportedRecovery {
  readonly holder: string;
  /** `proven` by its journal, `charged` whole, or `already-closed`: then nothing changed. */
  readonly how: string;
  /** Why it was not proven; `null` when it was. */
  readonly reason: string | null;
  /** What its slices gave back. */
  readonly freed: ReportedAmount;
  /** What they were charged beyond what the holder had reported. */
  readonly charged: ReportedAmount;
  /** Ids of calls in flight, charged at their bound. */
  readonly in_doubt: readonly string[];
}

/** What became of an order. */
export interface Done {
  readonly id: string;
  readonly at: number;
  /**
   * The same order had been carried out before, so nothing changed this time. `false` after answers
   * that were lost on the way: which giving of the order was carried out cannot be told then.
   */
  readonly repeated: boolean;
}

/** An amount in plain JSON. */
export function reportAmount([usd, tokens, calls]: Sums): ReportedAmount {
  return { usd: usd / 1e9, nano_usd: usd, tokens, calls };
}

/** An instant as people and machines read it. */
export function reportInstant(at: number): string {
  return new Date(at).toISOString();
}

/** The end of a holder in plain JSON. */
export function reportRecovery(done: RecoveredHolder): ReportedRecovery {
  return {
    holder: done.holder,
    how: done.how,
    reason: done.reason ?? null,
    freed: reportAmount(done.freed),
    charged: reportAmount(done.charged),
    in_doubt: done.inDoubt.map(({ id }) => id),
  };
}
