import type { AccountBalance } from '../../guard/balance.ts';
import type { Cap } from '../../policy/cap.ts';
import { windowText } from '../../policy/window-text.ts';
import type { MostUsed, RefusedCall, ReplayedCap } from './answer.ts';

interface Tally {
  readonly window: string;
  readonly isObserved: boolean;
  refused: number;
  first: ReplayedCap['first_refused'];
  mostUsed: MostUsed | null;
}

/** Counts what each cap refused, and how full it became. */
export class ReplayedCaps {
  readonly #caps = new Map<string, Tally>();

  constructor(caps: readonly Cap[]) {
    for (const { id, window, mode } of caps) {
      this.#tallyOf(id, windowText(window), mode === 'observe');
    }
  }

  /** A call that a cap said no to; in the order of their instants. */
  addRefused({ cap_id: id, call, at, scope, window, is_observed: isObserved }: RefusedCall): void {
    if (id === null) return;
    const tally = this.#tallyOf(id, window ?? '', isObserved);
    tally.refused += 1;
    tally.first ??= { call, at, scope };
  }

  /** What stands in the accounts of a call that has just settled. */
  addSettled(accounts: readonly AccountBalance[]): void {
    for (const account of accounts) {
      const tally = this.#caps.get(account.cap_id);
      // What a cap keeps for wrapping up has an account of its own, beside that of the whole cap.
      if (tally === undefined) continue;
      for (const used of usesOf(account)) {
        const isMore = tally.mostUsed === null || used.used_share > tally.mostUsed.used_share;
        if (isMore) tally.mostUsed = used;
      }
    }
  }

  /** Every cap, the one with most refusals first, else as configured. */
  rows(): readonly ReplayedCap[] {
    const rows = [...this.#caps].map(([capId, tally]) => ({
      cap_id: capId,
      window: tally.window,
      is_observed: tally.isObserved,
      refused_calls: tally.refused,
      first_refused: tally.first,
      most_used: tally.mostUsed,
    }));
    return rows.toSorted((left, right) => right.refused_calls - left.refused_calls);
  }

  #tallyOf(capId: string, window: string, isObserved: boolean): Tally {
    const known = this.#caps.get(capId);
    if (known !== undefined) return known;
    const tally: Tally = { window, isObserved, refused: 0, first: null, mostUsed: null };
    this.#caps.set(capId, tally);
    return tally;
  }
}

function usesOf(account: AccountBalance): readonly MostUsed[] {
  const { scope } = account;
  const counted = [
    ['usd', account.spent_nano_usd, account.cap_nano_usd],
    ['tokens', account.spent_tokens, account.cap_tokens],
    ['calls', account.spent_calls, account.cap_calls],
  ] as const;
  return counted.flatMap(([usedOf, spent, cap]) => {
    if (cap === null) return [];
    return [{ scope, used_share: cap === 0 ? 1 : spent / cap, used_of: usedOf, spent, cap }];
  });
}
