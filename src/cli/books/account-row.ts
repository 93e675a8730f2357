import type { Ceilings, Sums } from '../../ledger/leases/sums.ts';
import type { EpochMs } from '../../units/time.ts';

/** One part of one window of one account, as a store keeps it. */
export interface AccountRow {
  readonly key: string;
  readonly capId: string;
  readonly scope: string;
  /** How people call the window; `undefined`: this store does not keep it. */
  readonly window: string | undefined;
  /** `null` for a lifetime. */
  readonly leavesAt: EpochMs | null;
  readonly spent: Sums;
  readonly held: Sums;
  /** As last used; `undefined`: this store does not keep it. */
  readonly ceiling: Ceilings | undefined;
}

/** Which rows are wanted. */
export interface RowsAsked {
  /** Only rows that still count after this instant; all that are kept unless given. */
  readonly leavesAfter?: EpochMs | undefined;
  /** `'global'` or `'<dimension>:<value>'`; all unless given. */
  readonly scope?: string | undefined;
}

/** Most rows that are read at once: beyond, a scope must be named. */
export const ROWS_MAX = 200_000;

/** When a window began: it is the last part of the account's key. */
export function startOf({ key }: Pick<AccountRow, 'key'>): number {
  return Number(key.slice(key.lastIndexOf('|') + 1));
}
