import type { EpochMs } from '../../units/time.ts';

interface Part {
  /** `null`: never. */
  readonly leavesAt: EpochMs | null;
  count: number;
}

/**
 * How often something has come, each time counting until an instant of its own.
 *
 * Instants that come out of order count until the later one, so never for too short. Holds one
 * entry for each part of the window, not for each time.
 */
export class RecentCount {
  readonly #parts: Part[] = [];

  /** Counts one more, until `leavesAt`. */
  add(leavesAt: EpochMs | null): void {
    const last = this.#parts.at(-1);
    if (last === undefined || isBefore(last.leavesAt, leavesAt)) {
      this.#parts.push({ leavesAt, count: 1 });
    } else last.count += 1;
  }

  /** How many count at `at`; what has left by then is forgotten. */
  countAt(at: EpochMs): number {
    const staying = this.#parts.findIndex(({ leavesAt }) => leavesAt === null || leavesAt > at);
    this.#parts.splice(0, staying === -1 ? this.#parts.length : staying);
    return this.#parts.reduce((sum, { count }) => sum + count, 0);
  }

  /** When fewer than `ceiling` are left, if none is added; `null`: never. */
  roomAt(ceiling: number): EpochMs | null {
    let left = this.#parts.reduce((sum, { count }) => sum + count, 0);
    for (const { leavesAt, count } of this.#parts) {
      left -= count;
      if (left < ceiling) return leavesAt;
    }
    return null;
  }
}

function isBefore(left: EpochMs | null, right: EpochMs | null): boolean {
  if (left === null) return false;
  return right === null || left < right;
}
