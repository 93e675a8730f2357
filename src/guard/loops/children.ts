import type { EpochMs } from '../../units/time.ts';
import { RecentMap } from './recent-map.ts';

/** How many parents one cap remembers; the one that was used longest ago is forgotten first. */
export const PARENTS_KEPT_MAX = 10_000;

/** How many children one cap remembers over all parents; whole parents are forgotten past it. */
export const CHILDREN_KEPT_MAX = 100_000;

type Family = Map<string, EpochMs | null>;

/** The distinct values directly under each chain of values, each until it leaves its window. */
export class Children {
  readonly #families = new RecentMap<Family>(PARENTS_KEPT_MAX);
  #size = 0;

  /** How many children the parent has at `at`. */
  countAt(parent: string, at: EpochMs): number {
    const family = this.#families.get(parent);
    if (family === undefined) return 0;
    for (const [child, leavesAt] of family) {
      if (leavesAt === null || leavesAt > at) continue;
      family.delete(child);
      this.#size -= 1;
    }
    return family.size;
  }

  /** Whether the child counts already, so that it is not new. */
  has(parent: string, child: string, at: EpochMs): boolean {
    const leavesAt = this.#families.get(parent)?.get(child);
    return leavesAt === null || (leavesAt !== undefined && leavesAt > at);
  }

  /** When the first of the parent's children leaves; `null`: none ever does. */
  roomAt(parent: string): EpochMs | null {
    let first: EpochMs | null = null;
    for (const leavesAt of this.#families.get(parent)?.values() ?? []) {
      if (leavesAt !== null && (first === null || leavesAt < first)) first = leavesAt;
    }
    return first;
  }

  /** The family in use is the youngest and stays. */
  get #isOverfull(): boolean {
    const isCrowded = this.#size > CHILDREN_KEPT_MAX && this.#families.size > 1;
    return isCrowded || this.#families.isOverfull;
  }

  /** Remembers the child until `leavesAt`; a known one until the later instant. */
  add(parent: string, child: string, leavesAt: EpochMs | null): void {
    const family = this.#families.use(parent, () => new Map());
    const known = family.get(child);
    if (known === undefined) this.#size += 1;
    if (known !== null && (known === undefined || leavesAt === null || leavesAt > known)) {
      family.set(child, leavesAt);
    }
    while (this.#isOverfull) this.#size -= this.#families.dropOldest()?.size ?? 0;
  }
}
