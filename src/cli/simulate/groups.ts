import { UNATTRIBUTED } from '../../policy/scope.ts';
import { usageError } from '../usage-error.ts';
import { spreadOf, type Spread } from './spread.ts';
import { DIMENSIONS, groupOf, type Dimension, type PlannedCall, type Traffic } from './traffic.ts';

/** What the calls of one customer, feature or model cost in a day. */
export interface GroupForecast {
  readonly dimension: Dimension;
  readonly value: string;
  readonly calls_per_day: number;
  readonly cost: Spread;
}

/** The dimensions that calls have a value of; where none has, there is nothing to show. */
export function saidDimensions({
  groups,
}: {
  readonly groups: readonly Pick<GroupForecast, 'dimension' | 'value'>[];
}): readonly Dimension[] {
  return DIMENSIONS.filter((dimension) =>
    groups.some((group) => group.dimension === dimension && group.value !== UNATTRIBUTED),
  );
}

/** Most groups of one dimension. */
export const GROUPS_MAX = 20_000;

/** Most figures that are kept: one for each group and drawn day. */
export const FIGURES_MAX = 20_000_000;

interface Group {
  readonly dimension: Dimension;
  readonly value: string;
  /** Nano-dollars of each day so far. */
  readonly days: Float64Array;
  /** Mean nano-dollars and calls a day of what is known exactly. */
  exactNanoUsd: number;
  exactCalls: number;
  /** Sums of what only drawing tells. */
  drawnNanoUsd: number;
  drawnCalls: number;
}

/** Adds up what is drawn, day by day and group by group. */
export class Groups {
  readonly #groups = new Map<Dimension, Map<string, Group>>();
  readonly #daysMax: number;
  #day = 0;
  #figures = 0;
  #today = 0;
  #drawnNanoUsd = 0;
  #exactNanoUsd = 0;

  constructor(traffic: Traffic, daysMax: number) {
    this.#daysMax = daysMax;
    for (const dimension of DIMENSIONS) this.#groups.set(dimension, new Map());
    this.#addExact(traffic);
  }

  /** A drawn call; `isEndless`: its source has no list of calls by which its mean is known. */
  add(call: PlannedCall, isEndless: boolean): void {
    this.#today += call.cost;
    if (isEndless) this.#drawnNanoUsd += call.cost;
    for (const dimension of DIMENSIONS) {
      const group = this.#groupOf(dimension, groupOf(call, dimension));
      group.days[this.#day] = (group.days[this.#day] ?? 0) + call.cost;
      if (!isEndless) continue;
      group.drawnNanoUsd += call.cost;
      group.drawnCalls += 1;
    }
  }

  /** Ends a day; what it cost in nano-dollars. */
  endDay(): number {
    const cost = this.#today;
    this.#today = 0;
    this.#day += 1;
    return cost;
  }

  /** Mean nano-dollars of a day. */
  expectedNanoUsd(): number {
    return this.#exactNanoUsd + this.#drawnNanoUsd / this.#daysMax;
  }

  /** All groups: by dimension, the dearest first. */
  forecasts(): readonly GroupForecast[] {
    return DIMENSIONS.flatMap((dimension) =>
      [...(this.#groups.get(dimension)?.values() ?? [])]
        .map((group) => this.#forecastOf(group))
        .toSorted(
          (left, right) =>
            right.cost.mean_nano_usd - left.cost.mean_nano_usd ||
            (left.value < right.value ? -1 : 1),
        ),
    );
  }

  #forecastOf(group: Group): GroupForecast {
    const { dimension, value, exactCalls, exactNanoUsd, drawnCalls, drawnNanoUsd, days } = group;
    return {
      dimension,
      value,
      calls_per_day: exactCalls + drawnCalls / this.#daysMax,
      cost: spreadOf(days, exactNanoUsd + drawnNanoUsd / this.#daysMax),
    };
  }

  #addExact({ sources, customers }: Traffic): void {
    let exactCalls = 0;
    for (const { units, unitsPerDay } of sources) {
      if (units === undefined) continue;
      const share = unitsPerDay / units.length;
      for (const call of units.flat()) {
        this.#exactNanoUsd += call.cost * share;
        exactCalls += share;
        for (const dimension of DIMENSIONS) {
          if (dimension === 'customer' && customers !== undefined) continue;
          const group = this.#groupOf(dimension, groupOf(call, dimension));
          group.exactNanoUsd += call.cost * share;
          group.exactCalls += share;
        }
      }
    }
    for (const [index, name] of (customers?.names ?? []).entries()) {
      const share = customers?.weights.shareOf(index) ?? 0;
      const group = this.#groupOf('customer', name);
      group.exactNanoUsd += this.#exactNanoUsd * share;
      group.exactCalls += exactCalls * share;
    }
  }

  #groupOf(dimension: Dimension, value: string): Group {
    const ofDimension = this.#groups.get(dimension) ?? new Map<string, Group>();
    const known = ofDimension.get(value);
    if (known !== undefined) return known;
    if (ofDimension.size >= GROUPS_MAX) {
      throw usageError(
        `There are more than ${GROUPS_MAX} values of ${dimension}`,
        'Say fewer --customers, or put calls together under fewer values',
      );
    }
    this.#figures += this.#daysMax;
    if (this.#figures > FIGURES_MAX) {
      throw usageError(
        `${this.#daysMax} days of so many customers, features and models are more than ` +
          `${FIGURES_MAX} figures`,
        'Say fewer --runs, --days or --customers',
      );
    }
    const days = new Float64Array(this.#daysMax);
    const sums = { exactNanoUsd: 0, exactCalls: 0, drawnNanoUsd: 0, drawnCalls: 0 };
    const group: Group = { dimension, value, days, ...sums };
    ofDimension.set(value, group);
    return group;
  }
}
