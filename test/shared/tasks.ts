/** What a child process is told to do with a shared store, and what it reports. */

import type { Account } from '../../src/ledger/account.ts';
import type { StorePlace } from './subjects.ts';

/** One task, as JSON. */
export type Task =
  /**
   * Asks for `amount` nano-dollars in exact messages of `holders` holders at once, until refused.
   */
  | {
      readonly kind: 'ask';
      readonly name: string;
      readonly place: StorePlace;
      readonly account: Account;
      readonly amount: number;
      readonly holders: number;
    }
  /** Reserves `amount` nano-dollars in `lanes` lanes at once until refused, and never settles. */
  | {
      readonly kind: 'reserve';
      readonly name: string;
      readonly place: StorePlace;
      readonly account: Account;
      readonly amount: number;
      readonly lanes: number;
      readonly mode: 'leased' | 'direct';
    }
  /** Reserves `calls` times at once and settles each at a seeded fraction of its hold. */
  | {
      readonly kind: 'spend';
      readonly name: string;
      readonly place: StorePlace;
      readonly account: Account;
      readonly amount: number;
      readonly calls: number;
      readonly seed: number;
      readonly mode: 'leased' | 'direct';
    };

/** What a process counted itself. */
export interface TaskResult {
  readonly admitted: number;
  readonly refused: number;
  /** Nano-dollars that it settled. */
  readonly spent: number;
  /** Open holds when it had done. */
  readonly open: number;
  /** Replies other than admitted and refused, by kind. */
  readonly other: Readonly<Record<string, number>>;
}
