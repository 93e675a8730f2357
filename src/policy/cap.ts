import type { Ceiling } from '../ledger/account.ts';
import type { Window } from './window.ts';

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
  readonly mode: 'enforce' | 'observe';
  /** What happens to a call that has no value for the dimension. */
  readonly unattributed: 'share' | 'refuse';
  /** Fractions of the cap at which a `threshold` event is emitted, ascending, in (0, 1]. */
  readonly thresholds: readonly number[];
}
