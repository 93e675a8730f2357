import type { Account, WindowPart } from './account.ts';
import { FORGET_AFTER_MS, lastPart, leavesAtOf } from './account-table.ts';

/** Rolling windows looked at for each account created. */
const SWEEP_STEPS_PER_ACCOUNT = 4;

/**
 * The newest window seen of every rolling account.
 *
 * A hold stays on the part it was drawn on while later parts fill. Whoever adds to an older part
 * (an extension, or a plan made from an earlier clock reading) must count the later parts too, or
 * the window that holds both would pass its ceiling. What counts is the newest window: adding to
 * a part that it no longer holds is judged by the part's own window only. Memory: one `Account`
 * per scope value that a rolling cap has seen in its last window.
 */
export class RollingWindows {
  /** The latest end of any rolling window that was forgotten. */
  forgottenUpTo = Number.NEGATIVE_INFINITY;
  readonly #newest = new Map<string, Account>();
  #cursor = this.#newest.keys();

  /** Remembers the window if it is the newest of its account. A window of one part is ignored. */
  note(account: Account): void {
    if (account.parts.length === 1) return;
    const key = seriesKey(account);
    const newest = this.#newest.get(key);
    if (newest === undefined || endOf(newest) <= endOf(account)) this.#newest.set(key, account);
  }

  /** The newest window that still holds the account's last part; else the account itself. */
  newestOf(account: Account): Account {
    const newest = this.#newest.get(seriesKey(account));
    const oldestPart = newest?.parts[0];
    if (newest === undefined || oldestPart === undefined) return account;
    const end = endOf(account);
    return endOf(newest) > end && leavesAtOf(oldestPart) <= end ? newest : account;
  }

  /** The parts after the account's last one that lie in a window together with it. */
  laterParts(account: Account): readonly WindowPart[] {
    const newest = this.newestOf(account);
    if (newest === account) return NO_PARTS;
    const end = endOf(account);
    return newest.parts.filter((part) => leavesAtOf(part) > end);
  }

  /** Whether later parts may have existed and been forgotten. */
  isUnknowable(account: Account): boolean {
    return endOf(account) <= this.forgottenUpTo && !this.#newest.has(seriesKey(account));
  }

  /** Forgets windows whose last part left `FORGET_AFTER_MS` before `at`. */
  sweep(at: number, created: number): void {
    for (let step = created * SWEEP_STEPS_PER_ACCOUNT; step > 0; step -= 1) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#newest.keys();
        return;
      }
      const newest = this.#newest.get(next.value);
      if (newest === undefined || endOf(newest) + FORGET_AFTER_MS > at) continue;
      this.forgottenUpTo = Math.max(this.forgottenUpTo, endOf(newest));
      this.#newest.delete(next.value);
    }
  }
}

const NO_PARTS: readonly WindowPart[] = Object.freeze([]);

function endOf(account: Account): number {
  return leavesAtOf(lastPart(account));
}

function seriesKey(account: Account): string {
  return `${account.capId}\u0000${account.scope}`;
}
