import type { NanoUsd } from '../units/money.ts';
import type { Calls, Tokens } from '../units/count.ts';
import type { EpochMs } from '../units/time.ts';

/** What one attempt takes from every account it draws on: money, tokens and calls together. */
export interface Amounts {
  readonly usd: NanoUsd;
  readonly tokens: Tokens;
  readonly calls: Calls;
}

/** A cap's ceiling in each dimension; `undefined` means that dimension is not capped. */
export interface Ceiling {
  readonly usd: NanoUsd | undefined;
  readonly tokens: Tokens | undefined;
  readonly calls: Calls | undefined;
}

/**
 * One stretch of a window. Calendar windows and lifetime have one part; a rolling window has one
 * part for every bucket that can still be inside it, oldest first.
 */
export interface WindowPart {
  /** The account's key: cap, scope value and window start. Unique, and stable across processes. */
  readonly key: string;
  /** When what was spent in this part stops counting; `null` for lifetime. */
  readonly leavesAt: EpochMs | null;
}

/**
 * The account that a call draws on: one cap's balances for one scope value in one window.
 *
 * Balances of all `parts` count against `ceiling`; new holds go to the last part. The window is
 * part of the key, so nothing is ever reset.
 */
export interface Account {
  readonly capId: string;
  /** `'global'` or `'<dimension>:<value>'`. */
  readonly scope: string;
  /** How people call the window: `day`, `rolling 1h`, `lifetime`. */
  readonly window: string;
  readonly ceiling: Ceiling;
  /** `observe` records and reports, and never refuses. */
  readonly mode: 'enforce' | 'observe';
  /** Never empty; the last part is the one that new holds are drawn on. */
  readonly parts: readonly WindowPart[];
  /** Fractions of the cap at which a `threshold` event is emitted. */
  readonly thresholds?: readonly number[];
  /** What of the cap is kept from this account's calls, for calls that wrap up. */
  readonly keptForWrapUp?: Ceiling;
  /** Whether whoever made it has closed it: then nothing more is held there, whatever its room. */
  readonly isClosed?: boolean;
}

/** What stands in an account, over all parts of its window. */
export interface Balance {
  readonly spent: Amounts;
  readonly held: Amounts;
  /** Spent has passed the ceiling: the account is closed until its window ends. */
  readonly overdrawn: boolean;
}
