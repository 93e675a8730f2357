import type { Ceiling } from '../ledger/account.ts';
import type { Tokens } from '../units/count.ts';
import type { Strategy } from './on-short.ts';
import type { Window } from './window.ts';

/** What a cap allows beside money; `undefined`: not capped. Counted in each process by itself. */
export interface LoopCeiling {
  /** Attempts with the same request in the window, and repeats of one tool step in a row. */
  readonly identical: number | undefined;
  /** Values of the cap's dimension nested in one call. */
  readonly depth: number | undefined;
  /** Distinct values of the dimension directly under one chain of values, in the window. */
  readonly fanOut: number | undefined;
}

/** One cap after validation: scope x window x amount. */
export interface Cap {
  /**
   * Stable across runs and renames of other caps: derived from scope, match, window and mode, or
   * given.
   */
  readonly id: string;
  /** `'global'` or a dimension's name. */
  readonly scope: string;
  /**
   * Which values it applies to: exact, or with `*`. `undefined`: each value has its own account.
   */
  readonly match: string | undefined;
  readonly window: Window;
  readonly ceiling: Ceiling;
  /** Absent for a cap that counts money, tokens and calls only. */
  readonly loops?: LoopCeiling | undefined;
  readonly mode: 'enforce' | 'observe';
  /** What happens to a call that has no value for the dimension. */
  readonly unattributed: 'share' | 'refuse';
  /** Fractions of the cap at which a `threshold` event is emitted, ascending, in (0, 1]. */
  readonly thresholds: readonly number[];
  /** What is tried, in this order, with a call that this cap has too little room for. */
  readonly onShort: readonly Strategy[];
  /** The least output ceiling that `fit` leaves such a call. */
  readonly minOutputTokens: Tokens;
  /** Parts of a million of the ceiling that are kept for calls marked `wrapUp`; 0: none. */
  readonly wrapUpParts: number;
}
