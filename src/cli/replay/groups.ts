import { DIMENSIONS, groupOf, type Dimension, type PlannedCall } from '../simulate/traffic.ts';
import type { ReplayedGroup } from './answer.ts';

interface Sums {
  readonly dimension: Dimension;
  readonly value: string;
  calls: number;
  refused: number;
  billed: number;
  underCaps: number;
}

/** What was billed and what would have been, by customer, feature and model. */
export class ReplayedGroups {
  readonly #groups = new Map<string, Sums>();

  /** A call that was made and billed. */
  addBilled(call: PlannedCall): void {
    for (const sums of this.#groupsOf(call)) {
      sums.calls += 1;
      sums.billed += call.cost;
    }
  }

  /** A call that went under the caps, and what it settled at in nano-dollars. */
  addSettled(call: PlannedCall, cost: number): void {
    for (const sums of this.#groupsOf(call)) sums.underCaps += cost;
  }

  /** A call that did not. */
  addRefused(call: PlannedCall): void {
    for (const sums of this.#groupsOf(call)) sums.refused += 1;
  }

  /** All groups: by dimension, the dearest first. */
  rows(): readonly ReplayedGroup[] {
    const all = [...this.#groups.values()];
    return DIMENSIONS.flatMap((dimension) =>
      all
        .filter((sums) => sums.dimension === dimension)
        .toSorted(
          (left, right) => right.billed - left.billed || (left.value < right.value ? -1 : 1),
        )
        .map(({ value, calls, refused, billed, underCaps }) => ({
          dimension,
          value,
          calls,
          refused_calls: refused,
          billed_nano_usd: billed,
          under_caps_nano_usd: underCaps,
        })),
    );
  }

  #groupsOf(call: PlannedCall): readonly Sums[] {
    return DIMENSIONS.map((dimension) => {
      const value = groupOf(call, dimension);
      const key = `${dimension} ${value}`;
      const known = this.#groups.get(key);
      if (known !== undefined) return known;
      const sums = { dimension, value, calls: 0, refused: 0, billed: 0, underCaps: 0 };
      this.#groups.set(key, sums);
      return sums;
    });
  }
}
